"""What Markdown and Material leave to wish for those who read by ear or by keyboard. tests/test_every_page.py holds every page against axe."""

import re

from scripts.project import spoken

_SEARCH = {"ja": "検索", "en": "Search"}


def tables(html: str) -> str:
    """Tables in a box that scrolls where the page is narrower (Material wraps them by a script), their empty corners no headers."""
    html = html.replace("<table>", '<div class="table"><table class="cells">').replace("</table>", "</table></div>")
    return re.sub(r"<th[^>]*>\s*</th>", "<td></td>", html)


def named(html: str, language: str) -> str:
    """A page whose search, which Material makes a dialog, has a name."""
    return html.replace('data-md-component="search" role="dialog"', f'data-md-component="search" role="dialog" aria-label="{spoken(_SEARCH, language)}"', 1)

"""Interactives: boxes on a page, which scripts fill where there is JavaScript, and what loads these."""

from mkdocs.utils import get_relative_url

from scripts.frontend.node import HERE
from scripts.pages.source import nearest

LOADER = "assets/interactives/loader.js"


def known() -> list[str]:
    return sorted(source.stem for source in (HERE / "interactives").glob("*.js"))


def box(name: str) -> str:
    """The box of an interactive. Without JavaScript it takes no space, and the figure above it stands alone.

    Raises:
        LookupError: there is no such interactive.
    """
    if name not in known():
        where = "scripts/frontend/interactives holds them"
        raise LookupError(f"no interactive '{name}'; {nearest(name, known())}. {where}")
    return f'<div class="interactive" data-interactive="{name}"></div>'


def with_loader(html: str, page_url: str) -> str:
    """A page's HTML with the loader, where the page has an interactive."""
    if 'class="interactive"' not in html:
        return html
    loader = f'<script defer src="{get_relative_url(LOADER, page_url)}"></script>'
    return html.replace("</head>", f"{loader}</head>", 1)

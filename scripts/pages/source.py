"""A page's source: where a mistake stands, and what on the page is code, formula, image or prose."""

import re
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

from mkdocs.exceptions import PluginError

from scripts.project import ROOT

# Order matters: what stands in code is neither a formula nor a value.
_PARTS = re.compile(
    r"(?P<code>^```.*?^```|`[^`\n]+`)"
    r"|(?P<display>\$\$.+?\$\$)"
    r"|(?P<inline>(?<!\\)\$[^$\n]+?(?<!\\)\$)"
    r"|(?P<image>!\[[^\]]*\])"
    r"|(?P<brace>\{\{ .+? \}\})",
    re.DOTALL | re.MULTILINE,
)
BRACE = re.compile(r"\{\{ (.+?) \}\}")


class PageError(PluginError):
    """A mistake on a page: its message begins with the file and line, and ends with what to do."""

    def __init__(self, path: Path | str, line: int, message: str):
        path = Path(path)
        shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        super().__init__(f"{shown}:{line}: {message}")


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def nearest(name: str, known: list[str]) -> str:
    """A half-sentence that names the known names most like `name`."""
    close = get_close_matches(name, known, n=3, cutoff=0.4)
    return f"the nearest known: {', '.join(close)}" if close else "nothing known is like it"


def parts(text: str) -> list[re.Match[str]]:
    """The code, formulas, images and braces of a page, in order."""
    return list(_PARTS.finditer(text))


def markdown(path: Path) -> str:
    """A page's Markdown; of a lab that of its cells, which stands in comments. Lines are kept."""
    return markdown_of(path.read_text(encoding="utf-8"), path.suffix)


def markdown_of(text: str, suffix: str) -> str:
    """The Markdown of a file's text, see `markdown`."""
    if suffix == ".py":
        return "\n".join(line[2:] if line.startswith("# ") and not line.startswith("# %%") else "" for line in text.splitlines())
    return text


def replace_braces(text: str, render: Callable[[str, str, int], str]) -> str:
    """Replace every `{{ name }}` outside code by `render(name, context, position)`.

    The context is `display` or `inline` in a formula, `image` in an alternative text, else `brace`.
    """

    def part(match: re.Match[str]) -> str:
        if match.lastgroup == "code":
            return match[0]
        return BRACE.sub(
            lambda brace: render(brace[1], match.lastgroup, match.start() + brace.start()),
            match[0],
        )

    return _PARTS.sub(part, text)


def blank(match: re.Match[str]) -> str:
    """Spaces in place of what matched: lines and columns are kept."""
    return re.sub(r"[^\n]", " ", match[0])


def without(text: str, *kinds: str) -> str:
    """The page with its parts of some kinds (code, display, inline, brace) blanked."""
    return _PARTS.sub(lambda match: blank(match) if match.lastgroup in kinds else match[0], text)

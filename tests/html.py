"""A built page's elements, for tests."""

from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.article = 0  # how deep inside <article>

    def handle_starttag(self, tag: str, attributes: list) -> None:
        self.article += tag == "article"
        self.found.append(
            (tag, {name: value or "" for name, value in attributes} | {"in article": str(bool(self.article))})
        )

    def handle_endtag(self, tag: str) -> None:
        self.article -= tag == "article"


@lru_cache(maxsize=64)
def _found(page: Path, modified_ns: int) -> list[tuple[str, dict[str, str]]]:
    parser = _Elements()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser.found


def elements(page: Path, *tags: str, article: bool = False) -> Iterator[tuple[str, dict[str, str]]]:
    """The elements of a page with their attributes; only those called `tags`, only those of its text."""
    for tag, attributes in _found(page, page.stat().st_mtime_ns):
        if (not tags or tag in tags) and (not article or attributes["in article"] == "True"):
            yield tag, attributes

"""What a reader sees change between two builds of the site: pages, figures and numbers, before → after.

    python -m scripts.changes BEFORE AFTER      (two folders that `mkdocs build` filled)

Plain text without markup: a pull request's comment shows it as it is.
"""

import difflib
import sys
from pathlib import Path

from bs4 import BeautifulSoup

VALUES = "values/index.html"
OTHER = (VALUES, "colophon/index.html")  # a list of numbers, and what every build says of itself


def pages(site: Path) -> dict[str, list[str]]:
    """The lines of text of every page, by its path; figures are told apart."""
    found = {}
    for path in sorted(site.rglob("index.html")):
        name = path.relative_to(site).as_posix()
        article = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").find("article")
        if article and not name.endswith(OTHER):
            for figure in article.find_all("svg"):
                figure.decompose()
            found[name.removesuffix("index.html") or "/"] = list(article.stripped_strings)
    return found


def figures(site: Path) -> dict[str, bytes]:
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in sorted(site.rglob("figures/*.svg"))}


def numbers(site: Path) -> dict[str, str]:
    """What the list of values shows, by the value's name."""
    listed = BeautifulSoup((site / VALUES).read_text(encoding="utf-8"), "html.parser")
    rows = (row.find_all("td") for row in listed.select("article tbody tr"))
    return {cells[0].get_text().strip(): cells[1].get_text().strip() for cells in rows}


def _lines(before: list[str], after: list[str]) -> str:
    changed = [line[0] for line in list(difflib.unified_diff(before, after, n=0))[2:]]  # two lines name the files
    return f"{changed.count('-')} pieces of text out, {changed.count('+')} in"


def _differences(before: dict, after: dict, describe) -> list[str]:
    lines = []
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            lines.append(f"{name}: removed")
        elif name not in before:
            lines.append(f"{name}: new{describe(None, after[name])}")
        elif before[name] != after[name]:
            lines.append(f"{name}{describe(before[name], after[name])}")
    return lines


def changes(before: Path, after: Path) -> str:
    """One block each for pages, figures and numbers."""
    blocks = []
    for title, read, describe in (
        ("Pages", pages, lambda old, new: f": {_lines(old, new)}" if old is not None else ""),
        ("Figures", figures, lambda old, new: ""),
        ("Numbers", numbers, lambda old, new: f": {old} → {new}" if old is not None else f": {new}"),
    ):
        lines = _differences(read(before), read(after), describe) or ["none"]
        blocks.append("\n".join([title, *(f"  {line}" for line in lines)]))
    return "\n\n".join(blocks)


if __name__ == "__main__":
    print(changes(*map(Path, sys.argv[1:3])))

"""Figures stand in the page itself, to follow the theme; below each, where it comes from, and what it shows as a table."""

import html
import json
import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.units import format_unit

from scripts.drawings import Drawing
from scripts.pages import values
from scripts.project import spoken

# Drawn colour → the theme's. Greys become the text's own colour at the same strength, in both themes.
_COLOURS = {"#d55e00": "var(--plain)", "#0072b2": "var(--residual)", "#000000": "currentColor"}
_FIGURE = re.compile(
    r'<img alt="(?P<alt>[^"]*)" src="[^"]*figures/(?P<name>[\w-]+)\.svg"\s*/?>(?P<caption>.*?)</figcaption>',
    re.DOTALL,
)

_WORDS = {
    "ja": {
        "measuring": "測定コード",
        "drawing": "描画コード",
        "data": "記録:",
        "seeds": "{} シード",
        "exact": "シードなし",
        "instant": "1 秒未満",
        "of": "({})",
        "and": "、",
        "table": "データ表",
        "some": "{} 点のうち {} 点",
    },
    "en": {
        "measuring": "measuring code",
        "drawing": "drawing code",
        "data": "Data: ",
        "seeds": "{} seeds",
        "exact": "no seeds",
        "instant": "under 1 sec",
        "of": " ({})",
        "and": ", ",
        "table": "Data table",
        "some": "{1} of {0} points",
    },
}

ROWS, FIELD = 8, 5  # a table's rows; rows and columns of a field's


def _themed_colour(colour: str) -> str:
    colour = colour.lower()
    if colour in _COLOURS:
        return _COLOURS[colour]
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    if not red == green == blue:
        return colour
    return f"color-mix(in srgb, currentColor {round(100 * (1 - red / 255))}%, transparent)"


def _hundredths(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}"


@lru_cache(maxsize=256)
def _themed_svg(path: Path, modified_ns: int) -> str:
    """The drawing as an element of a page: no prologue, no fixed size, the theme's colours, the page's font, and no style of its own."""
    svg = re.sub(r"<metadata>.*?</metadata>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    head, body = svg[svg.index("<svg") :].split(">", 1)
    head = re.sub(r' (?:width|height|version|xmlns|xmlns:xlink)="[^"]*"', "", head)
    body = re.sub(r"<defs><style.*?</style></defs>", "", body).replace("xlink:href", "href")
    svg = f"{head}>{body}"
    svg = re.sub(r'"#[0-9a-fA-F]{6}"', lambda match: f'"{_themed_colour(match[0][1:-1])}"', svg)
    svg = re.sub(r' font-family="[^"]*"| transform="rotate\(-?0 [^"]*"', "", svg)
    return re.sub(r"<[^>]+>", lambda tag: re.sub(r"\d+\.\d{3,}", _hundredths, tag[0]), svg).strip()


def inline(path: Path, alt: str) -> str:
    """The figure in `path` with its alternative text."""
    svg = _themed_svg(path, path.stat().st_mtime_ns)
    return svg.replace(
        "<svg", f'<svg class="figure" role="img" aria-label="{html.escape(alt, quote=True)}"', 1
    )


def source_line(drawing: Drawing, language: str, repository: str, data: str) -> str:
    """The last line of a caption: each record with its seeds, seconds, date and code, and the drawing's code.

    `data` is the records' address as seen from the page.
    """
    words = spoken(_WORDS, language)

    def link(target: str, label: str) -> str:
        return f'<a href="{target}">{label}</a>'

    def code(path: Path, label: str) -> str:
        return link(f"{repository}/blob/main/{path}", label)

    parts = []
    for topic in drawing.topics:
        provenance = values.record(topic)["provenance"]
        seeds, seconds = len(provenance.get("seeds", [])), provenance["seconds"]
        facts = (
            words["seeds"].format(seeds) if seeds else words["exact"],
            words["instant"]
            if seconds < 1
            else format_unit(round(seconds), "duration-second", "short", locale=language),
            format_date(date.fromisoformat(provenance["date"]), "medium", locale=language),
            code(values.source_files(topic)[0], words["measuring"]),
        )
        parts.append(link(f"{data}{topic}.json", topic) + words["of"].format(words["and"].join(facts)))
    parts.append(code(drawing.code, words["drawing"]))
    return f'<p class="figure__source">{words["data"]}{" · ".join(parts)}</p>'


@lru_cache(maxsize=256)
def _tables(path: Path, language: str, modified_ns: int) -> str:
    panels = json.loads(html.unescape(re.search(r"<metadata>(.*?)</metadata>", path.read_text(encoding="utf-8"), re.DOTALL)[1]))
    written = "".join(_field(panel, language) if "field" in panel else _series(panel, language) for panel in panels)
    return f'<details class="figure__data" data-search-exclude><summary>{spoken(_WORDS, language)["table"]}</summary>{written}</details>'


def tables(path: Path, language: str) -> str:
    """What the figure in `path` shows, a table for each panel, folded away. Long ones show some of the points; the record has all."""
    return _tables(path, language, path.stat().st_mtime_ns)


def _number(number: float, language: str) -> str:
    spec = ",.0f" if number == round(number) and abs(number) < 1e6 else ".3g"
    return values.text(values.Value("", "", number), spec, language)


def _some(points: list, count: int) -> list:
    """At most `count` of the points, evenly, the first and the last among them."""
    if len(points) <= count:
        return points
    return [points[round(i * (len(points) - 1) / (count - 1))] for i in range(count)]


def _table(caption: str, head: list[str], rows: list[list[str]]) -> str:
    columns = "".join(f'<th scope="col">{html.escape(name)}</th>' if name else "<td></td>" for name in head)
    body = "".join(
        f'<tr><th scope="row">{html.escape(first)}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<div class="table"><table class="cells"><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _caption(panel: dict[str, Any], shown: int, of: int, language: str, *parts: str) -> str:
    some = spoken(_WORDS, language)["some"].format(f"{of:,}", shown) if shown < of else ""
    return " · ".join(filter(None, (panel["title"].replace("\n", " "), *parts, some)))


def _series(panel: dict[str, Any], language: str) -> str:
    """Lines and points over x: a column each, beside a mean the smallest and largest seed."""
    series = panel["series"]
    longest = max(series, key=lambda one: ("extent" in one, len(one["x"])))
    alike = all(set(one["x"]) & set(longest["x"]) for one in series)
    points = longest["x"] if alike else sorted({x for one in series for x in one["x"]})
    chosen = _some(points, ROWS if alike else len(points))
    words = isinstance(points[0], str)

    def cell(one: dict[str, Any], x: float | str) -> str:
        if x not in one["x"]:
            return ""
        at = one["x"].index(x)
        middle = _number(one["y"][at], language)
        if "extent" not in one:
            return middle
        low, high = (_number(edge[at], language) for edge in one["extent"])
        return middle if low == high else f"{middle} ({low}–{high})"

    rows = [[x if words else _number(x, language), *(cell(one, x) for one in series)] for x in chosen]
    names = ["" if words else panel["x"], *(one["name"] for one in series)]
    return _table(_caption(panel, len(chosen), len(points), language, panel["x"] if words else panel["y"]), names, rows)


def _field(panel: dict[str, Any], language: str) -> str:
    """A field over x and y: x to the right, y downwards from its largest, as it is drawn."""
    name, x, y, z = (panel["field"][key] for key in ("name", "x", "y", "z"))
    columns, lines = _some(list(range(len(x))), FIELD), _some(list(range(len(y)))[::-1], FIELD)
    head = ["", *(f"{panel['x']} = {_number(x[column], language)}" for column in columns)]
    rows = [
        [f"{panel['y']} = {_number(y[line], language)}", *(_number(z[line][column], language) for column in columns)]
        for line in lines
    ]
    return _table(_caption(panel, len(columns) * len(lines), len(x) * len(y), language, name), head, rows)


def inline_all(content: str, folder: Path, language: str, source: Callable[[Path], str]) -> str:
    """A page's HTML with every drawn figure in place of its image, `source(path)` ending its caption, its data below.

    Raises:
        FileNotFoundError: a figure was not drawn.
    """

    def figure(match: re.Match[str]) -> str:
        path = folder / f"{match['name']}.svg"
        drawn = inline(path, html.unescape(match["alt"]))
        return f"{drawn}{match['caption']}{source(path)}</figcaption>{tables(path, language)}"

    return _FIGURE.sub(figure, content)

"""Figures stand in the page itself, to follow the theme; each caption ends with where its figure comes from."""

import html
import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path

from babel.dates import format_date
from babel.units import format_unit

from scripts.drawings import Drawing
from scripts.pages import values

# Drawn colour → the theme's. Greys become the text's own colour at the same strength, in both themes.
_COLOURS = {"#d55e00": "var(--plain)", "#0072b2": "var(--residual)", "#000000": "currentColor"}
_FIGURE = re.compile(
    r'<img alt="(?P<alt>[^"]*)" src="[^"]*figures/(?P<name>[\w-]+)\.svg"\s*/?>(?P<caption>.*?)(?=</figcaption>)',
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
    },
}


def _themed_colour(colour: str) -> str:
    colour = colour.lower()
    if colour in _COLOURS:
        return _COLOURS[colour]
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    if not red == green == blue:
        return colour
    return f"color-mix(in srgb, currentColor {round(100 * (1 - red / 255))}%, transparent)"


@lru_cache(maxsize=256)
def _themed_svg(path: Path, modified_ns: int) -> str:
    """The drawing as an element of a page: no prologue, no fixed size, the theme's colours, the page's font, and no style of its own."""
    svg = path.read_text(encoding="utf-8")
    head, body = svg[svg.index("<svg") :].split(">", 1)
    head = re.sub(r' (?:width|height|version|xmlns|xmlns:xlink)="[^"]*"', "", head)
    body = re.sub(r"<defs><style.*?</style></defs>", "", body).replace("xlink:href", "href")
    svg = f"{head}>{body}"
    svg = re.sub(r'"#[0-9a-fA-F]{6}"', lambda match: f'"{_themed_colour(match[0][1:-1])}"', svg)
    svg = re.sub(r' font-family="[^"]*"| transform="rotate\(-?0 [^"]*"', "", svg)
    return re.sub(r"\d+\.\d{3,}", lambda match: f"{float(match[0]):.2f}", svg).strip()


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
    words = _WORDS[language]

    def link(target: str, label: str) -> str:
        return f'<a href="{target}">{label}</a>'

    def code(path: Path, label: str) -> str:
        return link(f"{repository}/blob/main/{path}", label)

    parts = []
    for topic in drawing.topics:
        provenance = values.record(topic)["provenance"]
        seeds, seconds = len(provenance["seeds"]), provenance["seconds"]
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


def inline_all(content: str, folder: Path, source: Callable[[Path], str]) -> str:
    """A page's HTML with every drawn figure in place of its image, and `source(path)` ending its caption.

    Raises:
        FileNotFoundError: a figure was not drawn.
    """

    def figure(match: re.Match[str]) -> str:
        path = folder / f"{match['name']}.svg"
        return inline(path, html.unescape(match["alt"])) + match["caption"] + source(path)

    return _FIGURE.sub(figure, content)

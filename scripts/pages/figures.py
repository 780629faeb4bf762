"""Figures stand in the page itself, so that they follow the theme and their text is text."""

import html
import re
from functools import lru_cache
from pathlib import Path

# Drawn colour → the theme's. Greys become the text's own colour at the same strength, in both themes.
_COLOURS = {"#d55e00": "var(--plain)", "#0072b2": "var(--residual)", "#000000": "currentColor"}
_IMAGE = re.compile(r'<img alt="(?P<alt>[^"]*)" src="(?P<source>[^"]*figures/(?P<name>[\w-]+)\.svg)"\s*/?>')


def _themed_colour(match: re.Match[str]) -> str:
    colour = match[0].lower()
    if colour in _COLOURS:
        return _COLOURS[colour]
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    if not red == green == blue:
        return colour
    return f"color-mix(in srgb, currentColor {round(100 * (1 - red / 255))}%, transparent)"


@lru_cache(maxsize=256)
def _themed_svg(path: Path, modified_ns: int) -> str:
    """The drawing as an element of a page: no prologue, no fixed size, the theme's colours, the page's font."""
    svg = path.read_text(encoding="utf-8")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(
        r'(?<=<svg)([^>]*?) (?:width|height)="[^"]*"([^>]*?) (?:width|height)="[^"]*"', r"\1\2", svg, count=1
    )
    used = set(re.findall(r"#([\w.-]+)[\")]", svg))
    # An identifier that nothing refers to would stand twice on a page with two figures.
    svg = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in used else "", svg)
    svg = re.sub(r"#[0-9a-fA-F]{6}\b(?=[;\"])", _themed_colour, svg)
    svg = re.sub(r"font: (\d+) ([\d.]+px) [^;\"]*", r"font-weight: \1; font-size: \2", svg)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", svg)
    svg = re.sub(r"font-family: [^;\"]*(; )?", "", svg)
    svg = re.sub(r' transform="rotate\(-?0 [^"]*"', "", svg)
    svg = re.sub(r"\d+\.\d{3,}", lambda match: f"{float(match[0]):.2f}", svg)
    return re.sub(r"\s*\n\s*", " ", svg).replace("> <", "><").strip()


def inline(path: Path, alt: str) -> str:
    """The figure in `path` with its alternative text."""
    svg = _themed_svg(path, path.stat().st_mtime_ns)
    return svg.replace(
        "<svg", f'<svg class="figure" role="img" aria-label="{html.escape(alt, quote=True)}"', 1
    )


def inline_all(content: str, folder: Path) -> str:
    """A page's HTML with every drawn figure in place of its image.

    Raises:
        FileNotFoundError: a figure was not drawn.
    """

    def figure(match: re.Match[str]) -> str:
        return inline(folder / f"{match['name']}.svg", html.unescape(match["alt"]))

    return _IMAGE.sub(figure, content)

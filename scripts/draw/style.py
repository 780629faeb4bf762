"""How every figure looks, and how it is saved."""

import html
import io
import json
import math
import re
import warnings
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
import matplotlib_fontja
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator
from scour import scour

from scripts.numerals import power_of_ten
from scripts.project import DOCS

STYLE = Path(__file__)

# The Okabe–Ito palette; a colour means the same in every figure. Pages replace these by the theme's own.
PLAIN, RESIDUAL, THEORY, OTHER, FAINT = "#d55e00", "#0072b2", "#000000", "#777777", "#cccccc"

# Scour halves the bytes, and the elements; four digits are a tenth of a pixel.
SMALL = scour.sanitizeOptions(
    SimpleNamespace(
        digits=4,
        simple_colors=False,  # a page replaces them, written in full
        strip_ids=True,
        strip_xml_prolog=True,
        remove_metadata=True,
        indent_type="none",
        newlines=False,
    )
)


font_manager.fontManager.addfont(matplotlib_fontja.get_font_ttf_path())
plt.rcParams.update(
    {
        # DejaVu is wider than what browsers use, so labels laid out with it fit everywhere.
        "font.family": ["DejaVu Sans", "IPAexGothic"],
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "axes.unicode_minus": False,
        "legend.frameon": False,
        "lines.linewidth": 1.6,
        "figure.constrained_layout.use": True,
        "svg.fonttype": "none",
        "savefig.transparent": True,
    }
)


def figure_path(name: str, language: str) -> Path:
    """Where the figure of a language stands: beside its pages, and never committed."""
    return DOCS / language / "figures" / f"{name}.svg"


def panels(rows: int = 1, columns: int = 1, height: float = 3.0, **options: Any) -> tuple[Figure, Any]:
    """A figure as wide as a telephone shows it (5.2 in), with rows × columns axes; `height` inches a row."""
    return plt.subplots(rows, columns, figsize=(5.2, height * rows), **options)


def log_axis(axis: Axes, which: str) -> None:
    """A logarithmic x or y axis with plain-text powers of ten: mathtext would not follow the page's font."""
    getattr(axis, f"set_{which}scale")("log")
    ticks = getattr(axis, f"{which}axis")
    ticks.set_major_formatter(FuncFormatter(_tick))
    ticks.set_minor_locator(NullLocator())


def _tick(value: float, _position: int | None = None) -> str:
    """10⁻³ for 0.001; 1 for 1."""
    exponent = round(math.log10(value)) if value > 0 else 0
    return "1" if exponent == 0 else power_of_ten(exponent)


def spread(axis: Axes, x: Any, values: Any, *, color: str, log: bool = False, **options: Any) -> Any:
    """The mean over the first axis (seeds; geometric on a log scale) as a line, all seeds between the band's edges."""
    values = np.asarray(values, dtype=float)
    middle = np.exp(np.log(values).mean(axis=0)) if log else values.mean(axis=0)
    low, high = values.min(axis=0), values.max(axis=0)
    axis.fill_between(x, low, high, color=color, alpha=0.18, linewidth=0)
    (line,) = axis.plot(x, middle, color=color, **options)
    line.extent = low, high
    return middle


def keep(axis: Axes, name: str, x: Any, y: Any, extent: Any = None) -> None:
    """Keep y(x), between the two edges of `extent`, for the figure's data table where no line holds it; x may be words."""
    axis.kept = [*getattr(axis, "kept", []), _series(name, x, y, extent)]


def keep_field(axis: Axes, name: str, x: Any, y: Any, z: Any) -> None:
    """Keep z(x, y), (len(y), len(x)), for the figure's data table: contours do not."""
    axis.field = {"name": name, "x": _list(x), "y": _list(y), "z": [_list(row) for row in z]}


def slices(planes: list[list[tuple[str, str, Any, Any]]], levels: Any, title: str, loss: str) -> Figure:
    """Contours of the loss over α (across) and β (up) on one scale: rows of (title, colour, grid, losses by α and β)."""
    figure, axes = panels(len(planes), len(planes[0]), height=2.4, sharex=True, sharey=True)
    greys = [f"{shade:.2f}" for shade in np.linspace(1, 0.3, len(levels) + 1)]
    for axis, (name, color, grid, losses) in zip(axes.flat, chain.from_iterable(planes), strict=True):
        # Contours between powers of ten are placed on the logarithm, whose steps are even.
        filled = axis.contourf(grid, grid, np.log10(losses.T), levels=np.log10(levels), colors=greys, extend="both")
        keep_field(axis, loss, grid, grid, losses.T)
        axis.plot(0, 0, "+", color=color, markersize=7)
        axis.set_title(name, fontweight="normal", fontsize=9, color=color)
        axis.set(aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ticks = [exponent for exponent in np.log10(levels) if exponent == round(exponent)]
    bar = figure.colorbar(filled, ax=axes, ticks=ticks, shrink=0.7, label=loss)
    bar.ax.set_yticklabels([power_of_ten(round(tick)) for tick in ticks])
    figure.suptitle(title, x=0.02, ha="left", fontsize=10, fontweight="bold")
    figure.supxlabel("α", fontsize=9)
    figure.supylabel("β", fontsize=9)
    return figure


def data(figure: Figure) -> list[dict[str, Any]]:
    """What a figure shows, panel by panel: its title, the names of its axes, and its named lines and points or its field.

    A line is named by its label; one that begins with "_" stays out of the legend. Marks without a line need none.

    Raises:
        ValueError: a line has no name.
    """
    panels = []
    for axis in figure.axes:
        panel = {
            "title": axis.get_title(loc="left") or figure.get_suptitle(),
            "x": axis.get_xlabel() or figure.get_supxlabel() or _shared(other.get_xlabel() for other in figure.axes),
            "y": axis.get_ylabel() or figure.get_supylabel() or _shared(other.get_ylabel() for other in figure.axes),
        }
        lines = [_of_line(line) for line in axis.lines if _is_curve(line)]
        points = [_of_points(found) for found in axis.collections if not str(found.get_label()).startswith("_")]
        series = [*getattr(axis, "kept", []), *lines, *points]
        if hasattr(axis, "field"):
            panels.append(panel | {"field": axis.field})
        elif series:
            panels.append(panel | {"series": series})
    return panels


def _shared(labels: Iterable[str]) -> str:
    """The label that stands once for several panels."""
    return next(filter(None, labels), "")


def _list(values: Any) -> list:
    """Numbers to four digits, as a table shows fewer; words as they are."""
    return [value if isinstance(value, str) else float(f"{value:.4g}") for value in values]


def _series(name: str, x: Any, y: Any, extent: Any = None) -> dict[str, Any]:
    found = {"name": name, "x": _list(x), "y": _list(y)}
    return found if extent is None else found | {"extent": [_list(edge) for edge in extent]}


def _is_curve(line: Line2D) -> bool:
    """Whether it runs through data: no mark, no legend's sample, no straight line across the panel."""
    across = line.get_transform() != line.axes.transData
    return line.get_linestyle() != "None" and len(line.get_xdata()) > 0 and not across


def _of_line(line: Line2D) -> dict[str, Any]:
    name = str(line.get_label()).removeprefix("_")
    if name.startswith("child"):
        raise ValueError("a line has no name: give it a label, or one that begins with _ and stays out of the legend")
    return _series(name, *line.get_data(), getattr(line, "extent", None))


def _of_points(points: Collection) -> dict[str, Any]:
    return _series(str(points.get_label()), *np.asarray(points.get_offsets()).T)


def save(figure: Figure, path: Path) -> None:
    """Write the figure as SVG with its text as text and its data, for a table, as metadata.

    Raises:
        ValueError: no font has a character of its text, or a line has no name.
    """
    drawn = io.StringIO()
    try:
        shown = json.dumps(data(figure), ensure_ascii=False)
        with warnings.catch_warnings(), plt.rc_context({"svg.hashsalt": path.stem, "svg.id": path.stem}):
            warnings.filterwarnings("error", message="Glyph .* missing")
            figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    except UserWarning as missing:
        character = chr(int(re.search(r"Glyph (\d+)", str(missing))[1]))
        shown = path.relative_to(DOCS.parent) if path.is_relative_to(DOCS) else path
        raise ValueError(f"{shown}: no font has '{character}': write another character into TEXT of its task in scripts/draw") from None
    finally:
        plt.close(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    svg, end, _ = scour.scourString(drawn.getvalue(), SMALL).rpartition("</svg>")  # a line break may follow
    path.write_text(f"{svg}<metadata>{html.escape(shown, quote=False)}</metadata>{end}", encoding="utf-8")

"""How every figure looks, and how it is saved."""

import io
import math
import warnings
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
from matplotlib.figure import Figure
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
    axis.fill_between(x, values.min(axis=0), values.max(axis=0), color=color, alpha=0.18, linewidth=0)
    axis.plot(x, middle, color=color, **options)
    return middle


def save(figure: Figure, path: Path) -> None:
    """Write the figure as SVG with its text as text. A character that no font has is an error.

    Raises:
        UserWarning: a glyph is missing.
    """
    drawn = io.StringIO()
    try:
        with warnings.catch_warnings(), plt.rc_context({"svg.hashsalt": path.stem, "svg.id": path.stem}):
            warnings.filterwarnings("error", message="Glyph .* missing")
            figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    finally:
        plt.close(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(scour.scourString(drawn.getvalue(), SMALL), encoding="utf-8")

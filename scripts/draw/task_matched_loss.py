"""Slices of the loss around four kinds of nets at the same training loss."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import PLAIN, RESIDUAL, STYLE, figure_path, keep_field, panels, save
from scripts.numerals import power_of_ten
from scripts.project import DATA, languages
from scripts.record import array, read

TEXT = {
    "ja": {
        "title": "損失をそろえても、ショートカットの側はなだらか",
        "plain": "プレーン",
        "residual": "残差",
        "": "BN なし",
        "_bn": "BN あり",
        "loss": "損失",
    },
    "en": {
        "title": "At equal loss, too, shortcuts make gentler slopes",
        "plain": "plain",
        "residual": "residual",
        "": "without BN",
        "_bn": "with BN",
        "loss": "loss",
    },
}
SEED = 0
LEVELS = 10.0 ** np.arange(-1, 4.5, 0.5)


def draw(record: dict[str, Any], text: dict[str, str]) -> Figure:
    figure, axes = panels(2, 2, height=2.4, sharex=True, sharey=True)
    greys = ["#" + f"{255 - 18 * step:02x}" * 3 for step in range(len(LEVELS) + 1)]
    grid = array(record, "grid")
    for row, bn in enumerate(("", "_bn")):
        for column, (kind, color) in enumerate((("plain", PLAIN), ("residual", RESIDUAL))):
            axis, losses = axes[row, column], array(record, f"surface_{kind}{bn}")[SEED].T
            filled = axis.contourf(
                grid, grid, np.log10(losses), levels=np.log10(LEVELS), colors=greys, extend="both"
            )
            keep_field(axis, text["loss"], grid, grid, losses)
            axis.plot(0, 0, "+", color=color, markersize=7)
            axis.set_title(f"{text[kind]}, {text[bn]}", fontweight="normal", fontsize=9, color=color)
            axis.set(aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ticks = np.arange(-1, 5)
    bar = figure.colorbar(filled, ax=axes, ticks=ticks, shrink=0.7, label=text["loss"])
    bar.ax.set_yticklabels([power_of_ten(tick) for tick in ticks])
    figure.suptitle(text["title"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    figure.supxlabel("α", fontsize=9)
    figure.supylabel("β", fontsize=9)
    return figure


for _language in languages():

    @task(id=_language)
    def task_matched_loss(
        language: str = _language,
        record: Path = DATA / "matched_loss.json",
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path("matched_loss", _language),
    ) -> None:
        save(draw(read("matched_loss"), TEXT[language]), figure)

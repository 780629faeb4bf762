"""Gradient descent on ½λw²: the path of w, and what remains of w by learning rate."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import FAINT, OTHER, PLAIN, STYLE, THEORY, figure_path, log_axis, panels, save
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "paths": "学習率が 2/λ を超えると発散する",
        "step": "更新の回数",
        "w": "重み w",
        "slow": "遅い",
        "monotone": "速い",
        "oscillating": "振動して収束",
        "boundary": "境界 η = 2/λ",
        "diverging": "発散",
        "rates": "収束するのは 0 < η < 2/λ のときだけ",
        "rate": "学習率 η",
        "remaining": "更新後の |w| / |w₀|",
        "inside": "収束する",
    },
    "en": {
        "paths": "Above η = 2/λ the steps diverge",
        "step": "number of updates",
        "w": "weight w",
        "slow": "slow",
        "monotone": "fast",
        "oscillating": "oscillates, converges",
        "boundary": "boundary η = 2/λ",
        "diverging": "diverges",
        "rates": "Only 0 < η < 2/λ converges",
        "rate": "learning rate η",
        "remaining": "|w| / |w₀| after the updates",
        "inside": "converges",
    },
}


def draw_paths(record: dict[str, Any], text: dict[str, str]) -> Figure:
    rates = dict(sorted(record["settings"]["learning_rates"].items(), key=lambda item: item[1]))
    figure, axes = panels(len(rates), height=1.05, sharex=True)
    for axis, (name, rate) in zip(axes, rates.items(), strict=True):
        axis.axhline(0, color=FAINT, linewidth=0.8)
        color = PLAIN if name == "diverging" else THEORY if name == "boundary" else OTHER
        axis.plot(array(record, f"path_{name}"), "o-", color=color, markersize=2.5, linewidth=1, label=text["w"])
        axis.set_title(f"η = {rate:g}  {text[name]}", fontweight="normal", fontsize=9, color=color)
        axis.set_ylim((-7.5, 7.5) if name == "diverging" else (-1.3, 1.3))
    axes[len(rates) // 2].set_ylabel(text["w"])
    axes[-1].set_xlabel(text["step"])
    axes[-1].set_xticks(np.arange(0, record["settings"]["steps"] + 1, 5))
    figure.suptitle(text["paths"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    return figure


def draw_rates(record: dict[str, Any], text: dict[str, str]) -> Figure:
    figure, axis = panels(height=2.8)
    rates, remaining = array(record, "rates"), array(record, "shrinkage_by_rate")
    limit = float(array(record, "limit"))
    axis.axvspan(0, limit, color=FAINT, alpha=0.4, linewidth=0)
    axis.axhline(1, color=THEORY, linestyle="--", linewidth=1)
    axis.plot(rates, np.maximum(remaining, 1e-12), color=PLAIN, label=text["remaining"])
    log_axis(axis, "y")
    axis.text(limit / 2, 3e2, text["inside"], ha="center")
    axis.set_xticks([0, limit / 2, limit], ["0", "1/λ", "2/λ"])
    axis.set(title=text["rates"], xlabel=text["rate"], ylabel=text["remaining"], ylim=(1e-12, 1e5))
    return figure


for _language in languages():

    @task(id=_language)
    def task_gradient_descent(
        language: str = _language,
        record: Path = DATA / "gradient_descent.json",
        style: Path = STYLE,
        paths: Annotated[Path, Product] = figure_path("gradient_descent", _language),
        rates: Annotated[Path, Product] = figure_path("learning_rates", _language),
    ) -> None:
        measured = read("gradient_descent")
        save(draw_paths(measured, spoken(TEXT, language)), paths)
        save(draw_rates(measured, spoken(TEXT, language)), rates)

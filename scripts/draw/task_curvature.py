"""The second derivative of a chain of blocks by its input, without and with shortcuts."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import PLAIN, RESIDUAL, STYLE, figure_path, log_axis, panels, save
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "title": "ショートカットは入力についての曲率を大きくする",
        "x": "入力 x",
        "y": "|y″|",
        "plain": "プレーン",
        "residual": "残差",
        "peak": "最大値(格子は見逃す)",
    },
    "en": {
        "title": "Shortcuts raise the curvature in the input",
        "x": "input x",
        "y": "|y″|",
        "plain": "plain",
        "residual": "residual",
        "peak": "largest (the grid misses it)",
    },
}


def draw(record: dict[str, Any], text: dict[str, str]) -> Figure:
    figure, axis = panels()
    x = array(record, "x")
    # f is odd, so x > 0 is enough; at 0 itself the second derivative is 0.
    right = x > 1e-9
    for kind, color in (("plain", PLAIN), ("residual", RESIDUAL)):
        second = np.abs(array(record, f"second_{kind}"))
        axis.plot(x[right], second[right], color=color, label=text[kind])
        axis.text(2.6, second[-1], text[kind], color=color, va="center")
    peak = float(array(record, "largest_at_residual")), float(array(record, "largest_residual"))
    axis.plot(*peak, "o", color=RESIDUAL)
    axis.text(peak[0] * 1.8, peak[1], text["peak"], color=RESIDUAL, va="center")
    log_axis(axis, "x")
    log_axis(axis, "y")
    axis.set(title=text["title"], xlabel=text["x"], ylabel=text["y"], xlim=(1e-6, 30))
    return figure


for _language in languages():

    @task(id=_language)
    def task_curvature(
        language: str = _language,
        record: Path = DATA / "curvature.json",
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path("input_curvature", _language),
    ) -> None:
        save(draw(read("curvature"), spoken(TEXT, language)), figure)

"""Slices of the loss around plain and residual nets, and the Hessian's largest eigenvalue beside the loss."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from pytask import Product, task

from scripts.draw.style import (
    OTHER,
    PLAIN,
    RESIDUAL,
    STYLE,
    figure_path,
    log_axis,
    panels,
    save,
    slices,
)
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "slices": "断面では、ショートカットのあるネットは滑らかに見える",
        "plain": "プレーン",
        "residual": "残差",
        "wide": "2 倍の幅のプレーン",
        "eval": "統計を固定",
        "train": "統計を計算し直す",
        "loss": "損失",
        "eigenvalues": "曲率の小さいネットは、損失も小さい",
        "train_loss": "訓練損失",
        "lambda_max": "ヘッセ行列の最大固有値",
    },
    "en": {
        "slices": "In a slice, nets with shortcuts look smooth",
        "plain": "plain",
        "residual": "residual",
        "wide": "plain, twice the width",
        "eval": "statistics fixed",
        "train": "statistics recomputed",
        "loss": "loss",
        "eigenvalues": "Nets of smaller curvature also have a smaller loss",
        "train_loss": "training loss",
        "lambda_max": "largest eigenvalue of the Hessian",
    },
}

NET = 0
LEVELS = 10.0 ** np.arange(-3, 1.5, 0.5)


def draw_slices(record: dict[str, Any], text: dict[str, str]) -> Figure:
    kinds = (("plain", record, PLAIN), ("residual", read("loss_landscape_residual"), RESIDUAL))
    planes = [
        [
            (
                f"{text[kind]}, {text[mode]}",
                color,
                array(whole, "full_grid"),
                array(whole, f"full_surface_{mode}")[NET],
            )
            for kind, whole, color in kinds
        ]
        for mode in ("train", "eval")
    ]
    figure = slices(planes, LEVELS, text["slices"], text["loss"])
    reach = record["settings"]["reach"]
    for axis in figure.axes[:4]:  # the square in which the text's shares are counted; behind them the bar of shades
        axis.add_patch(Rectangle((-reach, -reach), 2 * reach, 2 * reach, fill=False, linestyle="--", linewidth=0.8))
    return figure


def draw_eigenvalues(record: dict[str, Any], text: dict[str, str]) -> Figure:
    figure, axis = panels()
    for kind, whole, color, marker in (
        ("plain", record, PLAIN, "o"),
        ("wide", read("loss_landscape_wide"), OTHER, "s"),
        ("residual", read("loss_landscape_residual"), RESIDUAL, "^"),
    ):
        losses, largest = array(whole, "train_loss"), array(whole, "lambda_max")
        axis.scatter(losses, largest, color=color, marker=marker, s=26, label=text[kind])
        middle = np.exp(np.log(losses).mean())
        above = kind == "residual"
        axis.text(
            middle if above else middle * 1.1,
            largest.max() * 1.5 if above else largest.min() / 1.5,
            text[kind],
            color=color,
            ha="center",
            va="bottom" if above else "top",
        )
    log_axis(axis, "x")
    log_axis(axis, "y")
    axis.set(title=text["eigenvalues"], xlabel=text["train_loss"], ylabel=text["lambda_max"])
    axis.margins(x=0.1, y=0.2)
    return figure


# Every figure from the records that it compares: the first is the plain nets' own.
DRAWINGS = {
    "loss_slices": (draw_slices, ("plain", "residual")),
    "largest_eigenvalues": (draw_eigenvalues, ("plain", "wide", "residual")),
}

for _language, (_figure, (_draw, _kinds)) in product(languages(), DRAWINGS.items()):

    @task(id=f"{_figure}-{_language}")
    def task_loss_landscape_plain(
        language: str = _language,
        draw: Callable = _draw,
        records: tuple[Path, ...] = tuple(DATA / f"loss_landscape_{kind}.json" for kind in _kinds),
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path(_figure, _language),
    ) -> None:
        save(draw(read(records[0].stem), spoken(TEXT, language)), figure)

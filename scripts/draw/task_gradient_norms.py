"""Gradients on their way back: by layer, by depth against (1/4)ⁿ, and the factor per layer (the article's figure 1)."""

from itertools import product
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from pytask import Product, task

from scripts.draw.style import OTHER, PLAIN, STYLE, THEORY, figure_path, keep, log_axis, panels, save, spread
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "layers": "Xavier のシグモイドでは層ごとに 1/4 近くになる",
        "layer": "層 l(左が入力側)",
        "norm": "‖∂E/∂aₗ‖(出力層を 1 とする)",
        "depths": "(1/4)ⁿ のように消えるのは Xavier のとき",
        "depth": "層の数 n",
        "first": "‖∂E/∂W₁‖(1 層のときを 1 とする)",
        "factors": "1 層あたりの倍率は重みと幅で決まる",
        "factor": "1 層さかのぼるごとの倍率",
        "width": "幅",
        "sigmoid": "シグモイド",
        "relu": "ReLU",
        "tanh": "tanh",
        "standard": "N(0, 1)",
        "xavier": "Xavier",
        "he": "He",
    },
    "en": {
        "layers": "Sigmoid, Xavier: a layer leaves nearly 1/4",
        "layer": "layer l (input side on the left)",
        "norm": "‖∂E/∂aₗ‖ (output layer = 1)",
        "depths": "With Xavier it falls nearly like (1/4)ⁿ",
        "depth": "number of layers n",
        "first": "‖∂E/∂W₁‖ (one layer = 1)",
        "factors": "Weights and width decide the factor per layer",
        "factor": "factor per layer, going backwards",
        "width": "width",
        "sigmoid": "sigmoid",
        "relu": "ReLU",
        "tanh": "tanh",
        "standard": "N(0, 1)",
        "xavier": "Xavier",
        "he": "He",
    },
}


def draw_layers(record: dict[str, Any], text: dict[str, str]) -> Figure:
    layers, width = array(record, "layers"), record["settings"]["curves_of_width"]
    figure, axis = panels(height=3.4)
    for activation, init, color, line in [
        ("relu", "he", OTHER, "-"),
        ("tanh", "xavier", OTHER, "-."),
        ("sigmoid", "standard", PLAIN, "--"),
        ("relu", "xavier", OTHER, ":"),
        ("sigmoid", "xavier", PLAIN, "-"),
    ]:
        norms = array(record, f"activations_{activation}_{init}_{width}")
        label = f"{text[activation]}, {text[init]}"
        spread(axis, layers, norms / norms[:, -1:], color=color, log=True, linestyle=line, label=label)
    axis.plot(
        layers, 0.25 ** (layers[-1] - layers), color=THEORY, linestyle="--", linewidth=1, label="(1/4)ⁿ⁻ˡ"
    )
    log_axis(axis, "y")
    axis.legend(loc="lower right", fontsize=8)
    axis.set(title=text["layers"], xlabel=text["layer"], ylabel=text["norm"])
    return figure


def draw_depths(record: dict[str, Any], text: dict[str, str]) -> Figure:
    depths = array(record, "depths")
    figure, axis = panels()
    for init, color, line in [("xavier", PLAIN, "-"), ("standard", PLAIN, "--")]:
        first = array(record, f"first_layer_sigmoid_{init}")
        label = f"{text['sigmoid']}, {text[init]}"
        middle = spread(axis, depths, first / first[:, :1], color=color, log=True, linestyle=line, label=label)
        axis.text(depths[-4], middle[-4] * 60, label, color=color)
    quarter = "(1/4)ⁿ⁻¹"
    axis.plot(depths, 0.25 ** (depths - 1.0), color=THEORY, linestyle="--", linewidth=1, label=quarter)
    axis.text(depths[-3], 0.25 ** (depths[-3] - 1.0) * 1e-5, quarter, color=THEORY, ha="right")
    log_axis(axis, "y")
    axis.set(title=text["depths"], xlabel=text["depth"], ylabel=text["first"], ylim=(1e-22, 1e2))
    return figure


def draw_factors(record: dict[str, Any], text: dict[str, str]) -> Figure:
    settings = record["settings"]
    rows = list(product(settings["activations"], settings["initialisations"]))
    figure, axis = panels(height=3.8)
    labels = [f"{text[activation]}, {text[init]}" for activation, init in rows]
    colors = [PLAIN if activation == "sigmoid" else OTHER for activation, _ in rows]
    for width, size in zip(settings["widths"], (14, 36, 80), strict=True):
        factors = np.stack([array(record, f"factor_{activation}_{init}_{width}") for activation, init in rows])
        middle, low, high = factors.mean(axis=1), factors.min(axis=1), factors.max(axis=1)
        axis.hlines(range(len(rows)), low, high, color=colors, linewidth=1)
        axis.scatter(middle, range(len(rows)), s=size, facecolor="none", edgecolor=colors)
        keep(axis, f"{text['width']} {width}", labels, middle, (low, high))
    axis.set_yticks(range(len(rows)), labels)
    axis.invert_yaxis()
    axis.set_xscale("log")
    ticks = [0.25, 0.5, 1, 2, 4, 8]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.axvline(0.25, color=THEORY, linestyle="--", linewidth=1)
    axis.axvline(1, color=THEORY, linewidth=0.8)
    widths = " < ".join(str(width) for width in settings["widths"])
    axis.set(title=text["factors"], xlabel=f"{text['factor']}  (○: {text['width']} {widths})")
    return figure


for _language in languages():

    @task(id=_language)
    def task_gradient_norms(
        language: str = _language,
        record: Path = DATA / "gradient_norms.json",
        style: Path = STYLE,
        layers: Annotated[Path, Product] = figure_path("gradient_norms", _language),
        depths: Annotated[Path, Product] = figure_path("first_layer_gradient", _language),
        factors: Annotated[Path, Product] = figure_path("factor_per_layer", _language),
    ) -> None:
        measured = read("gradient_norms")
        save(draw_layers(measured, spoken(TEXT, language)), layers)
        save(draw_depths(measured, spoken(TEXT, language)), depths)
        save(draw_factors(measured, spoken(TEXT, language)), factors)

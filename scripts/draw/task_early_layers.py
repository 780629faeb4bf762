"""Training sigmoid and ReLU nets: the loss by epoch, and how far each layer's weights move."""

from itertools import product
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import OTHER, PLAIN, STYLE, THEORY, figure_path, log_axis, panels, save, spread
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "loss": "SGD では深いシグモイドのネットの損失が下がらない",
        "epoch": "エポック",
        "cross_entropy": "訓練損失",
        "moved": "シグモイドと SGD では入力側がほとんど動かない",
        "layer": "層 l(左が入力側)",
        "distance": "重みの移動量 ‖W − W₀‖ / ‖W₀‖",
        "sigmoid": "シグモイド",
        "relu": "ReLU",
        "sgd": "SGD",
        "adam": "Adam",
        "depth": "{} 層",
        "chance": "チャンスレベル",
    },
    "en": {
        "loss": "By SGD the deeper sigmoid nets stay at chance",
        "epoch": "epoch",
        "cross_entropy": "training loss",
        "moved": "Sigmoid, SGD: the early layers hardly move",
        "layer": "layer l (input side on the left)",
        "distance": "movement ‖W − W₀‖ / ‖W₀‖",
        "sigmoid": "sigmoid",
        "relu": "ReLU",
        "sgd": "SGD",
        "adam": "Adam",
        "depth": "{} layers",
        "chance": "chance",
    },
}

LINES = {2: "-", 5: "--", 10: ":"}  # by depth
OPTIMISERS = ("sgd", "adam")

Records = dict[tuple[int, str], dict[str, Any]]


def records() -> Records:
    """What these figures are drawn from: one record for each depth and optimiser."""
    return {(depth, optimiser): read(f"early_layers_{depth}_{optimiser}") for depth, optimiser in product(LINES, OPTIMISERS)}


def draw_loss(records: Records, text: dict[str, str]) -> Figure:
    figure, axes = panels(2, 2, height=2.2, sharex=True, sharey=True)
    any_record = records[2, "sgd"]
    epochs = np.arange(1, any_record["settings"]["epochs"] + 1)
    for axis, (activation, optimiser) in zip(axes.flat, product(("sigmoid", "relu"), OPTIMISERS), strict=True):
        axis.axhline(float(array(any_record, "chance_loss")), color=THEORY, linestyle="--", linewidth=0.8)
        color = PLAIN if activation == "sigmoid" else OTHER
        for depth, line in LINES.items():
            losses = array(records[depth, optimiser], f"loss_{activation}")
            label = text["depth"].format(depth)
            spread(axis, epochs, losses, color=color, log=True, linestyle=line, label=label)
        log_axis(axis, "y")
        axis.set_title(f"{text[activation]}, {text[optimiser]}", fontweight="normal", fontsize=9, color=color)
    axes[0, 1].legend(loc="lower left", fontsize=8)
    figure.suptitle(text["loss"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    figure.supxlabel(text["epoch"], fontsize=9)
    figure.supylabel(text["cross_entropy"], fontsize=9)
    return figure


def draw_moved(records: Records, text: dict[str, str]) -> Figure:
    layers = np.arange(1, max(LINES) + 1)
    figure, axis = panels(height=3.2)
    for activation, optimiser in product(("relu", "sigmoid"), ("adam", "sgd")):
        moved = array(records[max(LINES), optimiser], f"moved_{activation}")
        color, line = PLAIN if activation == "sigmoid" else OTHER, "-" if optimiser == "sgd" else "--"
        label = f"{text[activation]}, {text[optimiser]}"
        spread(axis, layers, moved, color=color, log=True, linestyle=line, label=label)
    log_axis(axis, "y")
    axis.legend(loc="lower right", fontsize=8)
    axis.set(title=text["moved"], xlabel=text["layer"], ylabel=text["distance"], xticks=layers)
    return figure


for _language in languages():

    @task(id=_language)
    def task_early_layers(
        language: str = _language,
        shallow_sgd: Path = DATA / "early_layers_2_sgd.json",
        shallow_adam: Path = DATA / "early_layers_2_adam.json",
        middle_sgd: Path = DATA / "early_layers_5_sgd.json",
        middle_adam: Path = DATA / "early_layers_5_adam.json",
        deep_sgd: Path = DATA / "early_layers_10_sgd.json",
        deep_adam: Path = DATA / "early_layers_10_adam.json",
        style: Path = STYLE,
        loss: Annotated[Path, Product] = figure_path("early_layers_loss", _language),
        moved: Annotated[Path, Product] = figure_path("early_layers_moved", _language),
    ) -> None:
        measured = records()
        save(draw_loss(measured, spoken(TEXT, language)), loss)
        save(draw_moved(measured, spoken(TEXT, language)), moved)

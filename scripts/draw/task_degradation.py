"""Degradation: training loss by epoch and by depth; gradients and lengths of weights along the depth before and during training."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import PLAIN, RESIDUAL, STYLE, THEORY, figure_path, log_axis, panels, save, spread
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "curves": "プレーンネットは深いほど悪化し、残差ネットは下がる",
        "final": "20 層より先では、プレーンネットは深いほど損失が大きい",
        "gradients": "勾配は初期に爆発し、その後は重みの側が小さい",
        "lengths": "深いプレーンネットでは、入力側の重みが長くなる",
        "plain": "プレーン",
        "residual": "残差",
        "epoch": "エポック",
        "loss": "訓練損失",
        "depth": "層の数",
        "layers": "{} 層",
        "at": "エポック {}",
        "theory": "理論の傾き",
        "block": "ブロック k の入力",
        "weight": "畳み込み層 l の重み",
        "ratio": "勾配のノルム(最後との比)",
        "length": "重みの長さ",
    },
    "en": {
        "curves": "Plain nets worsen with depth; residual nets come down",
        "final": "Beyond 20 layers, plain nets' loss grows with depth",
        "gradients": "They explode at first; later the weights' are small",
        "lengths": "In deep plain nets, weights near the input grow long",
        "plain": "plain",
        "residual": "residual",
        "epoch": "epoch",
        "loss": "training loss",
        "depth": "number of layers",
        "layers": "{} layers",
        "at": "epoch {}",
        "theory": "slope in theory",
        "block": "input of block k",
        "weight": "weights of convolution l",
        "ratio": "norm of the gradient, relative to the last",
        "length": "length of the weights",
    },
}

KINDS = {"plain": PLAIN, "residual": RESIDUAL}
LINES = ["-", "--", ":"]
Records = dict[str, dict[str, Any]]


def records() -> Records:
    """What these figures are drawn from: one record for each kind of net."""
    return {kind: read(f"degradation_{kind}") for kind in KINDS}


def draw_curves(records: Records, text: dict[str, str]) -> Figure:
    figure, axes = panels(1, 2, height=2.8, sharex=True, sharey=True)
    for axis, (kind, color) in zip(axes, KINDS.items(), strict=True):
        epochs = np.arange(1, records[kind]["settings"]["epochs"] + 1)
        for depth, line in zip((20, 32, 56), LINES, strict=True):
            losses = array(records[kind], f"loss_{depth}")
            spread(
                axis,
                epochs,
                losses,
                color=color,
                log=True,
                linestyle=line,
                label=text["layers"].format(depth),
            )
        log_axis(axis, "y")
        axis.set_title(text[kind], fontweight="normal", fontsize=9, color=color)
        axis.legend(loc="lower left" if kind == "plain" else "upper right", fontsize=8)
    figure.suptitle(text["curves"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    figure.supxlabel(text["epoch"], fontsize=9)
    axes[0].set_ylabel(text["loss"])
    return figure


def draw_final(records: Records, text: dict[str, str]) -> Figure:
    figure, axis = panels(height=2.8)
    for kind, color in KINDS.items():
        depths = records[kind]["settings"]["depths"]
        losses = np.stack([array(records[kind], f"final_loss_{depth}") for depth in depths], axis=1)
        spread(axis, depths, losses, color=color, log=True, label=text[kind])
        for of_seed in losses:
            axis.plot(depths, of_seed, ".", color=color, markersize=4)
    log_axis(axis, "y")
    axis.legend(loc="center left", bbox_to_anchor=(0.02, 0.75), fontsize=8)
    axis.set(title=text["final"], xlabel=text["depth"], ylabel=text["loss"], xticks=depths)
    return figure


def draw_gradients(records: Records, text: dict[str, str]) -> Figure:
    depth, epochs = 56, records["plain"]["settings"]["gradient_epochs"]
    figure, axes = panels(2, 2, height=2.3, sharey="row", sharex="row")
    for (upper, lower), (kind, color) in zip(axes.T, KINDS.items(), strict=True):
        blocks = array(records[kind], f"block_gradients_{depth}")
        weights = array(records[kind], f"weight_gradients_{depth}")[:, :, :-1]  # without the linear layer
        for epoch, line in zip((0, 1, 15), LINES, strict=True):
            label, options = text["at"].format(epoch), {"color": color, "log": True, "linestyle": line}
            for axis, norms in ((upper, blocks), (lower, weights)):
                norms = norms[:, epochs.index(epoch)]
                numbers = np.arange(1, norms.shape[1] + 1)
                spread(axis, numbers, norms / norms[:, -1:], label=label, **options)
        if kind == "plain":
            numbers = np.arange(1, blocks.shape[2] + 1)
            theory = (np.pi / (np.pi - 1)) ** (numbers[-1] - numbers)
            upper.plot(numbers, theory, color=THEORY, linestyle="--", linewidth=0.8, label=text["theory"])
        for axis in (upper, lower):
            log_axis(axis, "y")
        upper.set_title(text[kind], fontweight="normal", fontsize=9, color=color)
        upper.set_xlabel(text["block"])
        lower.set_xlabel(text["weight"])
    axes[0, 0].legend(loc="upper right", fontsize=7)
    axes[0, 1].legend(loc="upper right", fontsize=7)
    figure.suptitle(text["gradients"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    figure.supylabel(text["ratio"], fontsize=9)
    return figure


def draw_lengths(records: Records, text: dict[str, str]) -> Figure:
    depth, epochs = 56, records["plain"]["settings"]["gradient_epochs"]
    figure, axes = panels(1, 2, height=2.6, sharex=True, sharey=True)
    for axis, (kind, color) in zip(axes, KINDS.items(), strict=True):
        lengths = array(records[kind], f"weight_lengths_{depth}")[:, :, :-1]  # without the linear layer
        for epoch, line in zip((0, 1, 15), LINES, strict=True):
            label, options = text["at"].format(epoch), {"color": color, "log": True, "linestyle": line}
            spread(axis, np.arange(1, depth), lengths[:, epochs.index(epoch)], label=label, **options)
        log_axis(axis, "y")
        axis.set_title(text[kind], fontweight="normal", fontsize=9, color=color)
        axis.set_xlabel(text["weight"])
        axis.legend(loc="upper right", fontsize=8)
    axes[0].set_ylabel(text["length"])
    figure.suptitle(text["lengths"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    return figure


for _language in languages():

    @task(id=_language)
    def task_degradation(
        language: str = _language,
        plain: Path = DATA / "degradation_plain.json",
        residual: Path = DATA / "degradation_residual.json",
        style: Path = STYLE,
        curves: Annotated[Path, Product] = figure_path("degradation_curves", _language),
        final: Annotated[Path, Product] = figure_path("degradation_final", _language),
        gradients: Annotated[Path, Product] = figure_path("degradation_gradients", _language),
        lengths: Annotated[Path, Product] = figure_path("degradation_lengths", _language),
    ) -> None:
        measured = records()
        save(draw_curves(measured, spoken(TEXT, language)), curves)
        save(draw_final(measured, spoken(TEXT, language)), final)
        save(draw_gradients(measured, spoken(TEXT, language)), gradients)
        save(draw_lengths(measured, spoken(TEXT, language)), lengths)

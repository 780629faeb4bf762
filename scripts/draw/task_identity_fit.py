"""Stacks fitted to the identity: the error by depth, width and activation, plain, residual and residual with scaled branches."""

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
        "title": "ショートカットと小さな枝の両方があると、深くても合う",
        "depth": "ブロックの数",
        "error": "平均二乗誤差",
        "plain": "プレーン",
        "residual": "残差",
        "scaled": "残差、枝を 1/√L 倍",
        "label": "{}、幅 {}",
        "zero": "つねに 0 と答える",
        "relu": "ReLU",
        "tanh": "tanh",
    },
    "en": {
        "title": "With shortcuts and small branches, deep stacks fit",
        "depth": "number of blocks",
        "error": "mean squared error",
        "plain": "plain",
        "residual": "residual",
        "scaled": "residual, branches × 1/√L",
        "label": "{}, width {}",
        "zero": "always answer 0",
        "relu": "ReLU",
        "tanh": "tanh",
    },
}

KINDS = [("plain", PLAIN, ""), ("residual", RESIDUAL, "x"), ("scaled", RESIDUAL, "o")]
LINES = ["--", "-"]


def draw(record: dict[str, Any], text: dict[str, str]) -> Figure:
    settings = record["settings"]
    figure, axes = panels(1, 2, height=3.2, sharex=True, sharey=True)
    for axis, activation in zip(axes, settings["activations"], strict=True):
        axis.axhline(1, color=THEORY, linestyle="--", linewidth=0.8, label=text["zero"])
        for kind, color, marker in KINDS:
            for width, line in zip(settings["widths"], LINES, strict=True):
                errors = [array(record, f"error_{kind}_{activation}_{width}_{d}") for d in settings["depths"]]
                label = text["label"].format(text[kind], width)
                spread(
                    axis,
                    settings["depths"],
                    np.stack(errors, axis=1),
                    color=color,
                    log=True,
                    linestyle=line,
                    marker=marker,
                    markersize=4,
                    label=label,
                )
        axis.set_xscale("log", base=2)
        axis.set_xticks(settings["depths"], [str(d) for d in settings["depths"]])
        log_axis(axis, "y")
        axis.set_title(text[activation], fontweight="normal", fontsize=9)
        axis.set_xlabel(text["depth"])
    axes[0].set_ylabel(text["error"])
    figure.suptitle(text["title"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    return figure


for _language in languages():

    @task(id=_language)
    def task_identity_fit(
        language: str = _language,
        record: Path = DATA / "identity_fit.json",
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path("identity_fit", _language),
    ) -> None:
        save(draw(read("identity_fit"), spoken(TEXT, language)), figure)

"""Small nets on two spirals: the training loss after the last update by depth, plain and residual."""

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
        "title": "学習率が大きいと、深いプレーンネットは行き詰まる",
        "rates": "学習率 {}",
        "depth": "層の数",
        "loss": "訓練損失",
        "plain": "プレーン",
        "residual": "残差",
        "chance": "log 2",
    },
    "en": {
        "title": "At the larger learning rate, deep plain nets get stuck",
        "rates": "learning rate {}",
        "depth": "layers",
        "loss": "training loss",
        "plain": "plain",
        "residual": "residual",
        "chance": "log 2",
    },
}


def draw(record: dict[str, Any], text: dict[str, str]) -> Figure:
    settings = record["settings"]
    figure, axes = panels(1, 2, height=2.9, sharex=True, sharey=True)
    for axis, name, rate in zip(
        axes, ("loss", "loss_small_rate"), ("learning_rate", "small_learning_rate"), strict=True
    ):
        axis.axhline(np.log(2), color=THEORY, linestyle="--", linewidth=0.8, label=text["chance"])
        for kind, color in (("plain", PLAIN), ("residual", RESIDUAL)):
            losses = np.stack(
                [array(record, f"{name}_{kind}_{depth}") for depth in settings["depths"]], axis=1
            )
            spread(
                axis,
                settings["depths"],
                losses,
                color=color,
                log=True,
                marker="o",
                markersize=3,
                label=text[kind],
            )
        log_axis(axis, "y")
        axis.set_title(text["rates"].format(settings[rate]), fontweight="normal", fontsize=9)
        axis.set_xlabel(text["depth"])
    axes[0].set_ylabel(text["loss"])
    figure.suptitle(text["title"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    return figure


for _language in languages():

    @task(id=_language)
    def task_spirals(
        language: str = _language,
        record: Path = DATA / "spirals.json",
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path("spirals_loss", _language),
    ) -> None:
        save(draw(read("spirals"), spoken(TEXT, language)), figure)

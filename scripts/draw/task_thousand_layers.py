"""Nets of a thousand layers: the size of their signal before training, and their training loss."""

from collections.abc import Callable
from itertools import product
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
        "sizes": "信号は倍率なしでは float32 を超え、プレーンでは消える",
        "layer": "層",
        "deviation": "活性値の標準偏差",
        "limit": "float32 の上限",
        "losses": "枝が小さく始まれば、1000 層でも学習する",
        "epoch": "エポック",
        "loss": "訓練損失",
        "chance": "チャンスレベルの損失",
        "plain": "プレーン",
        "theory": "理論",
        "scaled": "残差、1/√L 倍",
        "rezero": "残差、ReZero",
        "zero": "残差、最後の層が 0",
        "unscaled": "残差、倍率なし",
        "diverged": "{name}:{all} シード中 {gone} シードが発散",
        "same": "残差、ReZero と最後の層 0",
    },
    "en": {
        "sizes": "Unscaled, the signal overflows; in plain nets it fades",
        "layer": "layer",
        "deviation": "deviation of activations",
        "limit": "the end of float32",
        "losses": "With small branches, a thousand layers learn",
        "epoch": "epoch",
        "loss": "training loss",
        "chance": "loss of guessing",
        "plain": "plain",
        "theory": "theory",
        "scaled": "residual, times 1/√L",
        "rezero": "residual, ReZero",
        "zero": "residual, zero last layer",
        "unscaled": "residual, unscaled",
        "diverged": "{name}: {gone} of {all} seeds diverged",
        "same": "residual, ReZero and zero last layer",
    },
}
LINES = {
    "plain": (PLAIN, "-"),
    "scaled": (RESIDUAL, "-"),
    "rezero": (RESIDUAL, "--"),
    "zero": (RESIDUAL, ":"),
}


def records() -> dict[str, dict[str, Any]]:
    return {topic: read(topic) for topic in ("thousand_layers", "signal_size")}


def draw_sizes(records: dict[str, dict[str, Any]], text: dict[str, str]) -> Figure:
    measured, theory = records["thousand_layers"], records["signal_size"]
    layers, width = array(measured, "drawn_layers"), measured["settings"]["width"]
    limit, every_layer = float(array(theory, "float32_largest")), np.arange(1.0, layers[-1] + 1)
    figure, axis = panels(height=3.6)
    for kind, line, label, place in (
        ("unscaled", "-.", "unscaled", (220, 1e24)),
        ("scaled", "-", "scaled", (620, 1e3)),
        ("zero", ":", "same", (620, 1e-4)),
        ("plain", "-", "plain", (620, 1e-18)),
    ):
        color = PLAIN if kind == "plain" else RESIDUAL
        found = array(measured, f"deviation_{kind}")
        middle = spread(axis, layers[: found.shape[1]], found, color=color, log=True, linestyle=line, label=text[label])
        axis.text(*place, text[label], color=color, fontsize=8, va="center")
        if kind in ("unscaled", "plain"):
            expected = middle[0] * float(array(theory, f"typical_factor_{kind}_{width}")) ** (every_layer - 1)
            below = expected <= limit
            name = f"{text['theory']}: {text[label]}"
            axis.plot(every_layer[below], expected[below], color=THEORY, linestyle="--", linewidth=0.8, label=name)
    axis.axhline(limit, color=THEORY, linewidth=0.8)
    axis.text(layers[-1], limit / 10, text["limit"], fontsize=8, ha="right", va="top")
    log_axis(axis, "y")
    axis.set(title=text["sizes"], xlabel=text["layer"], ylabel=text["deviation"], xlim=(1, layers[-1]))
    return figure


def draw_losses(records: dict[str, dict[str, Any]], text: dict[str, str]) -> Figure:
    measured = records["thousand_layers"]
    settings = measured["settings"]
    epochs = np.arange(1, settings["epochs"] + 1)
    figure, axis = panels(height=3.4)
    for kind, (color, line) in LINES.items():
        losses = array(measured, f"loss_{kind}_1000")
        spread(axis, epochs, losses, color=color, log=True, linestyle=line, label=text[kind])
    gone = array(measured, "diverged_unscaled_1000")
    diverged = text["diverged"].format(name=text["unscaled"], gone=round(gone.sum()), all=len(gone))
    axis.plot([], [], color=RESIDUAL, linestyle="-.", label=diverged)
    axis.axhline(
        float(array(measured, "chance_loss")),
        color=THEORY,
        linestyle="--",
        linewidth=0.8,
        label=text["chance"],
    )
    log_axis(axis, "y")
    axis.legend(loc="lower left", fontsize=8)
    axis.set(title=text["losses"], xlabel=text["epoch"], ylabel=text["loss"], xlim=(1, epochs[-1]))
    return figure


# Each figure from the records that it draws.
DRAWINGS = {
    "thousand_sizes": (draw_sizes, ("thousand_layers", "signal_size")),
    "thousand_losses": (draw_losses, ("thousand_layers",)),
}

for _language, (_figure, (_draw, _topics)) in product(languages(), DRAWINGS.items()):

    @task(id=f"{_figure}-{_language}")
    def task_thousand_layers(
        language: str = _language,
        draw: Callable = _draw,
        records: tuple[Path, ...] = tuple(DATA / f"{topic}.json" for topic in _topics),
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path(_figure, _language),
    ) -> None:
        save(draw({record.stem: read(record.stem) for record in records}, spoken(TEXT, language)), figure)

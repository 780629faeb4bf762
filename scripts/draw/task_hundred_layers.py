"""Training accuracy of nets of a hundred layers, every seed: with gates, well-chosen weights, or neither."""

from pathlib import Path
from typing import Annotated, Any

from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import OTHER, PLAIN, RESIDUAL, STYLE, THEORY, figure_path, keep, panels, save
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "title": "100 層は、残差ブロックがなくても学習する",
        "accuracy": "訓練正解率",
        "rate": "学習率 {}",
        "chance": "チャンスレベル",
        "plain_relu": "プレーン、ReLU",
        "plain_tanh": "プレーン、tanh",
        "orthogonal": "プレーン、tanh、直交行列",
        "looks_linear": "プレーン、ReLU、looks-linear",
        "highway": "ハイウェイ、b = −{}",
        "residual": "残差、1/√L 倍",
    },
    "en": {
        "title": "A hundred layers train without residual blocks",
        "accuracy": "training accuracy",
        "rate": "learning rate {}",
        "chance": "chance",
        "plain_relu": "plain, ReLU",
        "plain_tanh": "plain, tanh",
        "orthogonal": "plain, tanh, orthogonal",
        "looks_linear": "plain, ReLU, looks-linear",
        "highway": "highway, b = −{}",
        "residual": "residual, times 1/√L",
    },
}
MARKERS = {0.03: "o", 0.1: "^"}


def draw(record: dict[str, Any], text: dict[str, str]) -> Figure:
    settings = record["settings"]
    highways = {f"highway_{-bias}": text["highway"].format(-bias) for bias in settings["gate_biases"]}
    plain = ("plain_relu", "looks_linear", "plain_tanh", "orthogonal")
    rows = {kind: (text[kind], PLAIN) for kind in plain}
    rows |= {kind: (label, OTHER) for kind, label in highways.items()}
    rows["residual"] = (text["residual"], RESIDUAL)
    figure, axis = panels(height=3.4)
    shown: dict[float, list[tuple[str, Any]]] = {}
    for row, (kind, (label, color)) in enumerate(rows.items()):
        rates = sorted(settings["learning_rates"].values())[1 if kind in highways else 0 :]
        for rate in rates:
            accuracies = array(record, f"train_accuracy_{kind}_{rate:g}".replace(".", "_"))
            # Where there are two learning rates, the smaller one stands a little above.
            shown.setdefault(rate, []).append((label, accuracies))
            height = row + (0.15 if rate == max(MARKERS) else -0.15) * (len(rates) > 1)
            axis.plot(
                accuracies, [height] * len(accuracies), MARKERS[rate], color=color, markersize=5, alpha=0.6
            )
    for rate, found in shown.items():
        labels, seeds = zip(*found, strict=True)
        extent = [min(values) for values in seeds], [max(values) for values in seeds]
        keep(axis, text["rate"].format(f"{rate:g}"), labels, [values.mean() for values in seeds], extent)
    for rate, marker in MARKERS.items():
        axis.plot([], [], marker, color=OTHER, markersize=5, label=text["rate"].format(f"{rate:g}"))
    chance = array(record, "chance_accuracy")
    axis.axvline(chance, color=THEORY, linestyle="--", linewidth=0.8)
    axis.text(chance + 0.015, len(rows) - 2, text["chance"], fontsize=8, va="center")
    axis.set_yticks(range(len(rows)), [label for label, _ in rows.values()])
    axis.set(xlabel=text["accuracy"], xlim=(0, 1.02), ylim=(len(rows) - 0.4, -0.6))
    figure.suptitle(text["title"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    axis.legend(fontsize=8, loc="center", bbox_to_anchor=(0.55, 0.9))
    return figure


for _language in languages():

    @task(id=_language)
    def task_hundred_layers(
        language: str = _language,
        record: Path = DATA / "hundred_layers.json",
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path("hundred_layers", _language),
    ) -> None:
        save(draw(read("hundred_layers"), spoken(TEXT, language)), figure)

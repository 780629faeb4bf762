"""What the ReLU after the addition removes, by depth; and the training of both blocks."""

from pathlib import Path
from typing import Annotated, Any

from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import (
    RESIDUAL,
    STYLE,
    THEORY,
    figure_path,
    log_axis,
    panels,
    save,
    spread,
)
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "masks": "足した後の ReLU は「+1」の大半を消す",
        "masked": "そのブロックで 0 になる行の割合",
        "left": "入力側まで残る「+1」",
        "block": "ブロック l",
        "blocks": "ブロック数 L",
        "2015": "2015年のブロック",
        "preactivation": "事前活性化",
        "width": "{}、幅 {}",
        "theory": "理論",
        "training": "深くなるほど、差が開く",
        "depth": "{} ブロック",
        "epoch": "エポック",
        "loss": "訓練損失",
    },
    "en": {
        "masks": "The ReLU after the addition removes most of the +1",
        "masked": "share of rows set to 0 by block l",
        "left": "what is left of the +1 at the input side",
        "block": "block l",
        "blocks": "blocks L",
        "2015": "block of 2015",
        "preactivation": "pre-activation",
        "width": "{}, width {}",
        "theory": "theory",
        "training": "The deeper, the wider the gap",
        "depth": "{} blocks",
        "epoch": "epoch",
        "loss": "training loss",
    },
}
COMPARED = 128  # the width at which both kinds are measured
LINES = {"preactivation": (RESIDUAL, "-"), "2015": (RESIDUAL, "-.")}


def draw_masks(record: dict[str, Any], text: dict[str, str]) -> Figure:
    figure, axes = panels(2, 1, height=2.4)
    blocks, theory = array(record, "blocks"), array(record, "never_positive")
    spread(
        axes[0],
        blocks[1:],
        array(record, "masked")[:, 1:],
        color=RESIDUAL,
        linestyle="-.",
        label=text["2015"],
    )
    axes[0].plot(blocks[1:], theory[1:], color=THEORY, linestyle="--", linewidth=0.8, label=text["theory"])
    axes[0].set(xlabel=text["block"], ylim=(0, 0.42))
    axes[0].set_title(text["masked"], fontweight="normal", fontsize=9)
    depths = array(record, "depths")
    widest, narrowest = (f(record["settings"]["nets"], key=int) for f in (max, min))
    lines = {f"preactivation_width_{COMPARED}": ("preactivation", COMPARED, "-")}
    lines |= {f"2015_width_{width}": ("2015", width, line) for width, line in ((widest, "-."), (narrowest, ":"))}
    for name, (kind, width, line) in lines.items():
        label = text["width"].format(text[kind], width)
        spread(axes[1], depths, array(record, f"left_{name}"), color=RESIDUAL, linestyle=line, label=label)
    expected = {
        f"_{text['theory']}, {text['preactivation']}": (depths, 0 * depths + 1),
        f"_{text['theory']}, {text['width'].format(text['2015'], narrowest)}": (
            depths,
            array(record, f"expected_width_{narrowest}").mean(axis=0),
        ),
        text["theory"]: (blocks[1:], theory[1:]),
    }
    for label, (x, y) in expected.items():
        axes[1].plot(x, y, color=THEORY, linestyle="--", linewidth=0.8, label=label)
    axes[1].set_xlabel(text["blocks"])
    axes[1].set_title(text["left"], fontweight="normal", fontsize=9)
    axes[0].legend(fontsize=8)
    axes[1].legend(fontsize=8, loc="center", bbox_to_anchor=(0.65, 0.62))
    figure.suptitle(text["masks"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    return figure


def draw_training(record: dict[str, Any], text: dict[str, str]) -> Figure:
    depths = record["settings"]["trained_depths"]
    figure, axes = panels(1, len(depths), height=2.6, sharey=True)
    epochs = range(1, record["settings"]["epochs"] + 1)
    for axis, depth in zip(axes, depths, strict=True):
        for kind, (color, line) in LINES.items():
            losses = array(record, f"loss_{kind}_{depth}")
            spread(axis, epochs, losses, color=color, linestyle=line, log=True, label=text[kind])
        log_axis(axis, "y")
        axis.set_title(text["depth"].format(depth), fontweight="normal", fontsize=9)
        axis.set_xticks([1, 5, 10])
    axes[0].set_ylabel(text["loss"])
    axes[1].set_xlabel(text["epoch"])
    axes[-1].legend(fontsize=7, loc="upper right")
    figure.suptitle(text["training"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    return figure


for _language in languages():

    @task(id=_language)
    def task_relu_after_addition(
        language: str = _language,
        record: Path = DATA / "relu_after_addition.json",
        style: Path = STYLE,
        masks: Annotated[Path, Product] = figure_path("relu_masks", _language),
        training: Annotated[Path, Product] = figure_path("relu_training", _language),
    ) -> None:
        measured = read("relu_after_addition")
        save(draw_masks(measured, spoken(TEXT, language)), masks)
        save(draw_training(measured, spoken(TEXT, language)), training)

"""Four kinds of nets at the same training loss: slices of the loss around them, and their sharpness."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from pytask import Product, task

from scripts.draw.style import PLAIN, RESIDUAL, STYLE, figure_path, keep, log_axis, panels, save, slices
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "title": "損失をそろえても、残差ネットの側はなだらか",
        "plain": "プレーン",
        "residual": "残差",
        "": "BN なし",
        "_bn": "BN あり",
        "loss": "損失",
        "sharpness": "書き方を変えると λmax は動き、相対的な鋭さは動かない",
        "lambda_max": "λmax(H)",
        "relative_lambda_max": "λmax(diag(w) H diag(w))",
        "named": "{}、{}",
        "twin": "残差、α を重みに入れて書く",
    },
    "en": {
        "title": "At equal loss, too, residual nets have gentler slopes",
        "plain": "plain",
        "residual": "residual",
        "": "without BN",
        "_bn": "with BN",
        "loss": "loss",
        "sharpness": "Written otherwise, λmax moves; relative sharpness does not",
        "lambda_max": "λmax(H)",
        "relative_lambda_max": "λmax(diag(w) H diag(w))",
        "named": "{}, {}",
        "twin": "residual, α written into W",
    },
}
FIRST = 0  # of the seeds, the one whose first plane is drawn
LEVELS = 10.0 ** np.arange(-1, 4.5)


def draw_slices(record: dict[str, Any], text: dict[str, str]) -> Figure:
    grid, kinds = array(record, "grid"), {"plain": PLAIN, "residual": RESIDUAL}
    planes = [
        [
            (text["named"].format(text[kind], text[bn]), color, grid, array(record, f"surface_{kind}{bn}")[FIRST])
            for kind, color in kinds.items()
        ]
        for bn in ("", "_bn")
    ]
    figure = slices(planes, LEVELS, text["title"], text["loss"])
    reach = record["settings"]["reach"]
    for axis in figure.axes[:4]:  # the square in which the text's shares are counted; behind them the bar of shades
        axis.add_patch(Rectangle((-reach, -reach), 2 * reach, 2 * reach, fill=False, linestyle="--", linewidth=0.8))
    return figure


def draw_sharpness(record: dict[str, Any], text: dict[str, str]) -> Figure:
    def named(kind: str, bn: str) -> str:
        return text["named"].format(text[kind], text[bn])

    rows = {
        "{}_plain": (named("plain", ""), PLAIN, "o"),
        "{}_residual": (named("residual", ""), RESIDUAL, "o"),
        "twin_{}_residual": (text["twin"], RESIDUAL, "^"),
        "{}_plain_bn": (named("plain", "_bn"), PLAIN, "o"),
        "{}_residual_bn": (named("residual", "_bn"), RESIDUAL, "o"),
    }
    figure, axes = panels(1, 2, height=2.4, sharey=True)
    for axis, measure in zip(axes, ("lambda_max", "relative_lambda_max"), strict=True):
        values = [array(record, name.format(measure)) for name in rows]
        for row, (found, (_, color, marker)) in enumerate(zip(values, rows.values(), strict=True)):
            axis.plot(found, [row] * len(found), marker, color=color, markersize=5, alpha=0.6)
        log_axis(axis, "x")
        axis.set_title(text[measure], fontweight="normal", fontsize=9)
        extent = [found.min() for found in values], [found.max() for found in values]
        centres = [np.exp(np.log(found).mean()) for found in values]
        keep(axis, text[measure], [label for label, _, _ in rows.values()], centres, extent)
    axes[0].set_yticks(range(len(rows)), [label for label, _, _ in rows.values()])
    axes[0].set_ylim(len(rows) - 0.5, -0.5)
    figure.suptitle(text["sharpness"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    return figure


for _language in languages():

    @task(id=_language)
    def task_matched_loss(
        language: str = _language,
        record: Path = DATA / "matched_loss.json",
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path("matched_loss", _language),
        sharpness: Annotated[Path, Product] = figure_path("matched_sharpness", _language),
    ) -> None:
        measured = read("matched_loss")
        save(draw_slices(measured, spoken(TEXT, language)), figure)
        save(draw_sharpness(measured, spoken(TEXT, language)), sharpness)

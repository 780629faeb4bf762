"""Slices of the loss around four kinds of nets at the same training loss."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import PLAIN, RESIDUAL, STYLE, figure_path, save, slices
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "title": "損失をそろえても、ショートカットの側はなだらか",
        "plain": "プレーン",
        "residual": "残差",
        "": "BN なし",
        "_bn": "BN あり",
        "loss": "損失",
    },
    "en": {
        "title": "At equal loss, too, shortcuts make gentler slopes",
        "plain": "plain",
        "residual": "residual",
        "": "without BN",
        "_bn": "with BN",
        "loss": "loss",
    },
}
SEED = 0
LEVELS = 10.0 ** np.arange(-1, 4.5, 0.5)


def draw(record: dict[str, Any], text: dict[str, str]) -> Figure:
    grid, kinds = array(record, "grid"), {"plain": PLAIN, "residual": RESIDUAL}
    planes = [
        [
            (f"{text[kind]}, {text[bn]}", color, grid, array(record, f"surface_{kind}{bn}")[SEED])
            for kind, color in kinds.items()
        ]
        for bn in ("", "_bn")
    ]
    return slices(planes, LEVELS, text["title"], text["loss"])


for _language in languages():

    @task(id=_language)
    def task_matched_loss(
        language: str = _language,
        record: Path = DATA / "matched_loss.json",
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path("matched_loss", _language),
    ) -> None:
        save(draw(read("matched_loss"), spoken(TEXT, language)), figure)

"""|σ′(z) w| over (z, w), with the region above 1 marked."""

from pathlib import Path
from typing import Annotated, Any

from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import PLAIN, STYLE, figure_path, keep_field, panels, save
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "title": "重みが大きければ 1 を超える",
        "x": "z(ユニットへの入力)",
        "y": "重み w",
        "above": "|σ′(z)w| > 1\n勾配が増える",
        "below": "どこでも 1/4 以下",
    },
    "en": {
        "title": "A large weight takes the factor above 1",
        "x": "z (input to the unit)",
        "y": "weight w",
        "above": "|σ′(z)w| > 1\nthe gradient grows",
        "below": "1/4 at most everywhere",
    },
}


def draw(record: dict[str, Any], text: dict[str, str]) -> Figure:
    z, w, factor = (array(record, name) for name in ("z", "w", "factor"))
    figure, axis = panels(height=3.6)
    greys = ["#f2f2f2", "#dddddd", "#c4c4c4", "#aaaaaa"]
    axis.contourf(z, w, factor, levels=[0, 0.25, 0.5, 0.75, 1], colors=greys)
    axis.contourf(z, w, factor, levels=[1, factor.max()], colors=[PLAIN], alpha=0.45)
    axis.contour(z, w, factor, levels=[1], colors=[PLAIN])
    keep_field(axis, "|σ′(z)w|", z, w, factor)
    for edge in (-1, 1):
        axis.axhline(edge, color="#000000", linestyle="--", linewidth=1)
    axis.text(0, 8, text["above"], ha="center", va="center")
    axis.text(-4.6, 0, "|w| ≤ 1", ha="center", va="center")
    axis.text(5.8, 0, text["below"], ha="right", va="center", fontsize=8)
    axis.set(title=text["title"], xlabel=text["x"], ylabel=text["y"])
    return figure


for _language in languages():

    @task(id=_language)
    def task_backward_factor(
        language: str = _language,
        record: Path = DATA / "backward_factor.json",
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path("backward_factor", _language),
    ) -> None:
        save(draw(read("backward_factor"), spoken(TEXT, language)), figure)

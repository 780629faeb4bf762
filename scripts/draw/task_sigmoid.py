"""σ and σ′ with the maximum of σ′ (the article's figure 2)."""

from pathlib import Path
from typing import Annotated, Any

from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import OTHER, PLAIN, STYLE, figure_path, panels, save
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "title": "σ′ は最大でも 1/4 しかない",
        "x": "z(ユニットへの入力)",
        "y": "値",
        "maximum": "σ′(0) = ",
    },
    "en": {
        "title": "σ′ never exceeds 1/4",
        "x": "z (input to the unit)",
        "y": "value",
        "maximum": "σ′(0) = ",
    },
}


def draw(record: dict[str, Any], text: dict[str, str]) -> Figure:
    z = array(record, "z")
    maximum = float(array(record, "derivative_max"))
    figure, axis = panels()
    axis.plot(z, array(record, "sigmoid"), color=OTHER, label="σ(z)")
    axis.plot(z, array(record, "derivative"), color=PLAIN, label="σ′(z)")
    axis.plot(0, maximum, "o", color=PLAIN)
    axis.annotate(f"{text['maximum']}{maximum:g}", (0, maximum), (0.4, maximum + 0.03), color=PLAIN)
    axis.text(3.2, 0.88, "σ(z)", color=OTHER)
    axis.text(2.6, 0.12, "σ′(z)", color=PLAIN)
    axis.set(title=text["title"], xlabel=text["x"], ylabel=text["y"], ylim=(0, 1.03))
    return figure


for _language in languages():

    @task(id=_language)
    def task_sigmoid(
        language: str = _language,
        record: Path = DATA / "sigmoid.json",
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path("sigmoid", _language),
    ) -> None:
        save(draw(read("sigmoid"), spoken(TEXT, language)), figure)

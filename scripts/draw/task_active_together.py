"""The share of units active at both of two inputs, by layer."""

from pathlib import Path
from typing import Annotated, Any

from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import PLAIN, RESIDUAL, STYLE, THEORY, figure_path, panels, save, spread
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "title": "「4分の1」は、BN があるときだけ続く",
        "layer": "層 l",
        "share": "両方の入力で働くユニットの割合",
        "plain": "プレーン",
        "plain_bn": "プレーン + BN",
        "residual": "残差",
        "residual_bn": "残差 + BN",
        "theory": "理論",
    },
    "en": {
        "title": "One quarter lasts only with BN",
        "layer": "layer l",
        "share": "share of units active at both inputs",
        "plain": "plain",
        "plain_bn": "plain + BN",
        "residual": "residual",
        "residual_bn": "residual + BN",
        "theory": "theory",
    },
}


def draw(record: dict[str, Any], text: dict[str, str]) -> Figure:
    figure, axis = panels(height=3.2)
    layers = array(record, "layers")
    for kind, color, line in (
        ("plain", PLAIN, "-"),
        ("residual", RESIDUAL, "-"),
        ("plain_bn", PLAIN, ":"),
        ("residual_bn", RESIDUAL, ":"),
    ):
        spread(axis, layers, array(record, f"share_{kind}"), color=color, linestyle=line, label=text[kind])
    for kind in ("plain", "residual"):
        expected, name = array(record, f"expected_{kind}"), f"_{text['theory']}, {text[kind]}"
        axis.plot(layers, expected, color=THEORY, linestyle="--", linewidth=0.8, label=name)
    axis.axhline(0.25, color=THEORY, linestyle="--", linewidth=0.8, label=text["theory"])
    axis.legend(fontsize=8, ncols=2, loc="lower right", bbox_to_anchor=(1, 0.16))
    axis.set(title=text["title"], xlabel=text["layer"], ylabel=text["share"], ylim=(0.2, 0.56))
    return figure


for _language in languages():

    @task(id=_language)
    def task_active_together(
        language: str = _language,
        record: Path = DATA / "active_together.json",
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path("active_together", _language),
    ) -> None:
        save(draw(read("active_together"), spoken(TEXT, language)), figure)

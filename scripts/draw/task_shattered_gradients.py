"""The correlation of gradients at distinct inputs, by depth, against theory."""

from pathlib import Path
from typing import Annotated, Any

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from pytask import Product, task

from scripts.draw.style import PLAIN, RESIDUAL, STYLE, THEORY, figure_path, log_axis, panels, save, spread
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "title": "相関は深さとともに減り、速さが違う",
        "depth": "層の数 L",
        "correlation": "異なる入力での勾配の相関",
        "plain": "プレーン",
        "plain_bn": "プレーン + BN",
        "residual": "残差",
        "residual_bn": "残差 + BN",
        "theory": "理論",
    },
    "en": {
        "title": "Correlation falls with depth, at different rates",
        "depth": "number of layers L",
        "correlation": "correlation of gradients across inputs",
        "plain": "plain",
        "plain_bn": "plain + BN",
        "residual": "residual",
        "residual_bn": "residual + BN",
        "theory": "theory",
    },
}

NOISE = 3e-3  # below it a mean over 20 seeds is no longer told from 0


def draw(record: dict[str, Any], text: dict[str, str]) -> Figure:
    depths = array(record, "correlation_depths")
    figure, axis = panels(height=3.4)
    for kind, color, line, theory in (
        ("residual_bn", RESIDUAL, "-", "mean_field_residual_bn"),
        ("residual", RESIDUAL, ":", "mean_field_residual"),
        ("plain", PLAIN, ":", "mean_field_plain"),
        ("plain_bn", PLAIN, "-", "textbook_plain_bn"),
    ):
        found = array(record, f"correlation_{kind}")
        shown = found.mean(axis=0) > NOISE
        spread(axis, depths[shown], found[:, shown].clip(1e-4), color=color, linestyle=line, label=text[kind])
        label = f"_{text['theory']}: {text[kind]}"
        axis.plot(depths, array(record, theory), color=THEORY, linestyle="--", linewidth=0.8, label=label)
    log_axis(axis, "y")
    axis.set_xscale("log")
    axis.set_xticks(depths, [f"{depth:g}" for depth in depths])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.legend(loc="lower left", fontsize=8)
    axis.set(title=text["title"], xlabel=text["depth"], ylabel=text["correlation"])
    axis.set_ylim(NOISE / 3, 1.1)
    return figure


for _language in languages():

    @task(id=_language)
    def task_shattered_gradients(
        language: str = _language,
        record: Path = DATA / "shattered_gradients.json",
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path("gradient_correlation", _language),
    ) -> None:
        save(draw(read("shattered_gradients"), spoken(TEXT, language)), figure)

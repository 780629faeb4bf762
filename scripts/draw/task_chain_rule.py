"""How far the central difference and automatic differentiation are from the chain-rule product."""

from pathlib import Path
from typing import Annotated, Any

from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import OTHER, PLAIN, STYLE, figure_path, log_axis, panels, save, spread
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "title": "三つの方法は同じ勾配を返す",
        "x": "中心差分の幅 h",
        "y": "連鎖律の積との相対誤差",
        "difference": "中心差分",
        "autograd": "自動微分",
        "truncation": "h² に比例",
        "rounding": "丸め誤差",
    },
    "en": {
        "title": "Three ways, one gradient",
        "x": "step h of the central difference",
        "y": "relative error to the product",
        "difference": "central difference",
        "autograd": "automatic differentiation",
        "truncation": "falls as h²",
        "rounding": "rounding error",
    },
}


def draw(record: dict[str, Any], text: dict[str, str]) -> Figure:
    figure, axis = panels()
    steps = array(record, "steps")
    spread(axis, steps, array(record, "central_difference_error"), color=PLAIN, log=True, label=text["difference"])
    autograd = array(record, "autograd_error")
    both = autograd[:, None].repeat(2, axis=1)
    spread(axis, steps[[0, -1]], both, color=OTHER, log=True, label=text["autograd"])
    log_axis(axis, "x")
    log_axis(axis, "y")
    axis.text(2e-8, 3e-2, text["difference"], color=PLAIN)
    axis.text(8e-3, 4e-10, text["truncation"], ha="center", fontsize=8)
    axis.text(1e-11, 1e-7, text["rounding"], fontsize=8)
    axis.text(1e-7, 3e-15, text["autograd"], ha="center", color=OTHER)
    axis.set(title=text["title"], xlabel=text["x"], ylabel=text["y"])
    return figure


for _language in languages():

    @task(id=_language)
    def task_chain_rule(
        language: str = _language,
        record: Path = DATA / "chain_rule.json",
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path("chain_rule", _language),
    ) -> None:
        save(draw(read("chain_rule"), spoken(TEXT, language)), figure)

"""Why plain nets fail: the loss by learning rate and by remedy, what blocks pass on of the classes, and the same nets on Fashion-MNIST."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import OTHER, PLAIN, RESIDUAL, STYLE, figure_path, keep, log_axis, panels, save, spread
from scripts.project import DATA, languages, spoken
from scripts.record import array, read

TEXT = {
    "ja": {
        "by_rate": "どの学習率でも、56 層のプレーンネットは 20 層に及ばない",
        "by_remedy": "56 層のプレーンネットにいちばん効くのは、線形な出発点",
        "signal": "56 層のプレーンネットは、初めからクラスを忘れる",
        "fashion": "Fashion-MNIST でも、プレーンネットは深いほど悪い",
        "plain_20": "プレーン 20 層",
        "plain_56": "プレーン 56 層",
        "residual_56": "残差 56 層",
        "plain": "プレーン",
        "residual": "残差",
        "mirrored": "鏡映しの重み",
        "fixed_length": "長さを固定",
        "rate": "学習率",
        "loss": "最後の訓練損失",
        "block": "ブロック(入力側 0、出力側 1)",
        "class_signal": "同じクラスの近さ",
        "gradient_rank": "勾配の向きの数",
        "start": "訓練の前",
        "end": "訓練の後",
        "depth": "層の数",
        "test_error": "テスト誤り率",
        "none": "そのまま",
        "warm_up": "ウォームアップ",
        "clipping": "勾配クリッピング",
        "orthogonal": "直交する重み",
        "four_times": "4 倍の訓練",
        "rate_per_layer": "層ごとの学習率",
        "mispaired": "組をずらした鏡映し",
        "mirrored_at_02": "同、小さい学習率",
    },
    "en": {
        "by_rate": "Plain nets of 56 layers lag behind 20 at each rate",
        "by_remedy": "A linear start helps 56 plain layers most",
        "signal": "Plain nets of 56 layers forget classes from the start",
        "fashion": "On Fashion-MNIST, too, plain nets worsen with depth",
        "plain_20": "plain, 20 layers",
        "plain_56": "plain, 56 layers",
        "residual_56": "residual, 56 layers",
        "plain": "plain",
        "residual": "residual",
        "mirrored": "mirrored weights",
        "fixed_length": "fixed length",
        "rate": "learning rate",
        "loss": "final training loss",
        "block": "block (0 next to the input, 1 to the output)",
        "class_signal": "likeness within classes",
        "gradient_rank": "directions of gradients",
        "start": "before training",
        "end": "after training",
        "depth": "number of layers",
        "test_error": "test error",
        "none": "as it is",
        "warm_up": "warm-up",
        "clipping": "gradient clipping",
        "orthogonal": "orthogonal weights",
        "four_times": "four times as long",
        "rate_per_layer": "a rate per layer",
        "mispaired": "mirrored, mispaired",
        "mirrored_at_02": "the same, a lower rate",
    },
}

NETS = {"plain_20": (PLAIN, "--", "x"), "plain_56": (PLAIN, "-", "o"), "residual_56": (RESIDUAL, "-", "s")}
REMEDIES = ["none", "clipping", "warm_up", "orthogonal", "four_times", "fixed_length", "rate_per_layer", "mispaired", "mirrored", "mirrored_at_02"]
NOTHING_CHANGED = ("degradation_plain", "degradation_residual")
Records = dict[str, dict[str, Any]]


def of_net(measured: Records, net: str, name: str) -> np.ndarray:
    """A measurement of a net at the usual rate and without a remedy, by seed."""
    kind, depth = net.split("_")
    return array(measured[f"degradation_{kind}"], f"{name}_{depth}")


def draw_by_rate(measured: Records, text: dict[str, str]) -> Figure:
    figure, axis = panels(height=3.0)
    for net, (color, line, marker) in NETS.items():
        losses = {measured["degradation_plain"]["settings"]["learning_rate"]: of_net(measured, net, "final_loss")}
        for topic in ("rates", "rates_large"):
            for variant, own in measured[topic]["settings"]["variants"].items():
                losses[own["learning_rate"]] = array(measured[topic], f"final_loss_{net}_{variant}")
        rates = sorted(losses)
        middle = [np.exp(np.log(losses[rate]).mean()) for rate in rates]
        low, high = ([edge(losses[rate]) for rate in rates] for edge in (np.min, np.max))
        axis.fill_between(rates, low, high, color=color, alpha=0.18, linewidth=0)
        (drawn,) = axis.plot(rates, middle, color=color, linestyle=line, marker=marker, markersize=4, label=text[net])
        drawn.extent = low, high
    log_axis(axis, "x")
    log_axis(axis, "y")
    axis.legend(loc="lower left", fontsize=8)
    axis.set(title=text["by_rate"], xlabel=text["rate"], ylabel=text["loss"])
    return figure


def with_remedy(measured: Records, remedy: str, net: str) -> np.ndarray | None:
    """The final losses of a net with a remedy, by seed; None where no such net was trained."""
    if remedy == "none":
        return of_net(measured, net, "final_loss")
    name = f"final_loss_{net}_{remedy}"
    return next((array(measured[topic], name) for topic in ("remedies", "remedies_few", "linear_start") if name in measured[topic]["measurements"]), None)


def draw_by_remedy(measured: Records, text: dict[str, str]) -> Figure:
    figure, axis = panels(height=3.6)
    for net, (color, _, marker) in NETS.items():
        losses = {remedy: with_remedy(measured, remedy, net) for remedy in REMEDIES}
        shown = {remedy: of_remedy for remedy, of_remedy in losses.items() if of_remedy is not None}
        for remedy, of_remedy in shown.items():
            axis.hlines(REMEDIES.index(remedy), of_remedy.min(), of_remedy.max(), color=color, linewidth=0.8, alpha=0.6)
        middle = [np.exp(np.log(of_remedy).mean()) for of_remedy in shown.values()]
        axis.plot(middle, [REMEDIES.index(remedy) for remedy in shown], linestyle="None", marker=marker, color=color, markersize=5, label=text[net])
        extent = [[edge(of_remedy) for of_remedy in shown.values()] for edge in (np.min, np.max)]
        keep(axis, text[net], [text[remedy] for remedy in shown], middle, extent)
    log_axis(axis, "x")
    axis.set_yticks(range(len(REMEDIES)), [text[remedy] for remedy in REMEDIES])
    axis.invert_yaxis()
    axis.grid(axis="y", linewidth=0.4, alpha=0.5)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    axis.set(title=text["by_remedy"], xlabel=text["loss"])
    return figure


def draw_signal(measured: Records, text: dict[str, str]) -> Figure:
    figure, axes = panels(2, 2, height=2.3, sharex=True, sharey="row")
    for row, name in zip(axes, ("class_signal", "gradient_rank"), strict=True):
        for place, axis in enumerate(row):
            for net, (color, line, _) in NETS.items():
                found = of_net(measured, net, name)[:, place]
                spread(axis, np.linspace(0, 1, found.shape[1]), found, color=color, linestyle=line, label=text[net])
        row[0].set_ylabel(text[name])
    for axis, when in zip(axes[0], ("start", "end"), strict=True):
        axis.set_title(text[when], fontweight="normal", fontsize=9, color=OTHER)
    axes[1, 1].legend(loc="upper left", fontsize=7)
    figure.suptitle(text["signal"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    figure.supxlabel(text["block"], fontsize=9)
    return figure


def draw_fashion(measured: Records, text: dict[str, str]) -> Figure:
    record = measured["fashion"]
    figure, axis = panels(height=2.9)
    styles = {"plain": (PLAIN, "-", "o"), "residual": (RESIDUAL, "-", "s"), "fixed_length": (PLAIN, ":", "^"), "mirrored": (PLAIN, "--", "D")}
    for kind, (color, line, marker) in styles.items():
        depths = record["settings"]["nets"][kind]
        errors = np.stack([array(record, f"test_error_{kind}_{depth}") for depth in depths], axis=1)
        spread(axis, depths, errors, color=color, linestyle=line, marker=marker, markersize=4, label=text[kind])
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axis.set_ylim(bottom=0)
    axis.legend(loc="upper left", fontsize=8)
    axis.set(title=text["fashion"], xlabel=text["depth"], ylabel=text["test_error"], xticks=record["settings"]["nets"]["plain"])
    return figure


# Each figure from the records that it draws.
DRAWINGS = {
    "loss_by_rate": (draw_by_rate, (*NOTHING_CHANGED, "rates", "rates_large")),
    "loss_by_remedy": (draw_by_remedy, (*NOTHING_CHANGED, "remedies", "remedies_few", "linear_start")),
    "class_signal": (draw_signal, NOTHING_CHANGED),
    "fashion_errors": (draw_fashion, ("fashion",)),
}

for _language, (_figure, (_draw, _topics)) in product(languages(), DRAWINGS.items()):

    @task(id=f"{_figure}-{_language}")
    def task_why_plain_nets_fail(
        language: str = _language,
        draw: Callable = _draw,
        records: tuple[Path, ...] = tuple(DATA / f"{topic}.json" for topic in _topics),
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path(_figure, _language),
    ) -> None:
        save(draw({record.stem: read(record.stem) for record in records}, spoken(TEXT, language)), figure)

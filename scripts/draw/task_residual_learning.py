"""Residual learning: gains where "+ 1" fails, how steps add up, path lengths, the second moment by depth, the lesion test."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure
from pytask import Product, task

from scripts.draw.style import (
    FAINT,
    OTHER,
    PLAIN,
    RESIDUAL,
    STYLE,
    THEORY,
    figure_path,
    keep,
    log_axis,
    panels,
    save,
    spread,
)
from scripts.project import DATA, languages, spoken
from scripts.record import array, centre, read

TEXT = {
    "ja": {
        "gain": "「+1」があっても、消えるし爆発する",
        "blocks": "ブロック数 L",
        "gain_axis": "勾配の倍率",
        "minus_one": "J = −1(1ブロックで 0)",
        "slope": "J = {}",
        "shortcut": "λ = {}, J = 0",
        "steps": "ばらばらなら 1/√L で足り、そろえば足りない",
        "depth": "ブロック数 L",
        "drawn_gain": "倍率の 2 乗平均の平方根",
        "independent_root": "独立、1/√L 倍",
        "repeated_root": "同じ枝を反復、1/√L 倍",
        "repeated_inverse": "同じ枝を反復、1/L 倍",
        "aligned": "理論: 入力と同じ向き",
        "net_gain": "勾配の倍率",
        "bounds": "下限から上限",
        "at_right_angles": "同じ大きさで直角なら",
        "all_along": "同じ向きなら",
        "measured": "測定値",
        "root_initial": "1/√L 倍\n初期値",
        "root_trained": "1/√L 倍\n訓練後",
        "inverse_trained": "1/L 倍\n訓練後",
        "zero_trained": "枝を 0 で開始\n訓練後",
        "paths": "どの経路が勾配を運ぶかは定義しだい",
        "length": "経路の長さ k(通る枝の数)",
        "share": "割合",
        "sums": "定義1: 長さ k の経路の和のノルム",
        "singles": "定義2: 経路の数 × 1本のノルムの平均",
        "binomial": "経路の数",
        "scaled": "1/√L 倍、訓練後",
        "unscaled": "倍率なし、初期値",
        "scale": "倍率なしの残差ネットは 2ᴸ で爆発する",
        "moment": "活性値の2乗平均",
        "plain": "プレーンネット",
        "residual": "残差ネット",
        "kind_unscaled": "倍率なし",
        "kind_bn": "枝に BN",
        "kind_scaled": "1/√L 倍",
        "kind_zero": "最後の層が 0",
        "theory": "理論",
        "lesion": "1ブロック抜くと、プレーンネットは壊れる",
        "deleted_block": "抜いたブロック(左が入力側)",
        "deleted_count": "抜いた個数",
        "accuracy": "テスト正解率",
        "lesion_plain": "プレーン",
        "lesion_residual": "残差、1/√L 倍",
        "lesion_residual_bn": "残差、BN",
    },
    "en": {
        "gain": "Even with the +1, gradients vanish or explode",
        "blocks": "blocks L",
        "gain_axis": "gain of the gradient",
        "minus_one": "J = −1 (0 after one block)",
        "slope": "J = {}",
        "shortcut": "λ = {}, J = 0",
        "steps": "1/√L suits independent branches, not aligned ones",
        "depth": "blocks L",
        "drawn_gain": "root mean square gain",
        "independent_root": "independent, times 1/√L",
        "repeated_root": "one branch repeated, times 1/√L",
        "repeated_inverse": "one branch repeated, times 1/L",
        "aligned": "theory: along the input",
        "net_gain": "gain of the gradient",
        "bounds": "between the bounds",
        "at_right_angles": "steps as long, at right angles",
        "all_along": "steps as long, along it",
        "measured": "measured",
        "root_initial": "times 1/√L\ninitial",
        "root_trained": "times 1/√L\ntrained",
        "inverse_trained": "times 1/L\ntrained",
        "zero_trained": "zero start\ntrained",
        "paths": "Which paths carry it depends on the definition",
        "length": "path length k (branches taken)",
        "share": "share",
        "sums": "1: norm of the sum over paths of length k",
        "singles": "2: number of paths × mean norm of one",
        "binomial": "number of paths",
        "scaled": "scaled by 1/√L, trained",
        "unscaled": "unscaled, initial",
        "scale": "Unscaled residual nets explode as 2ᴸ",
        "moment": "mean square of activations",
        "plain": "plain",
        "residual": "residual",
        "kind_unscaled": "unscaled",
        "kind_bn": "BN in the branch",
        "kind_scaled": "times 1/√L",
        "kind_zero": "zero last layer",
        "theory": "theory",
        "lesion": "Without one block, plain nets break",
        "deleted_block": "deleted block (input side on the left)",
        "deleted_count": "blocks deleted",
        "accuracy": "test accuracy",
        "lesion_plain": "plain",
        "lesion_residual": "residual, times 1/√L",
        "lesion_residual_bn": "residual, BN",
    },
}


def draw_gain(record: dict[str, Any], text: dict[str, str]) -> Figure:
    figure, axis = panels(height=3.2)
    depths = array(record, "depths")
    last, bottom = depths[-1], 1e-16

    def line(name: str, label: str, color: str, style: str) -> None:
        gains = array(record, name)
        axis.plot(depths, gains, color=color, linestyle=style, label=label)
        axis.text(last + 1, gains[-1], label, color=color, fontsize=8, va="center")

    for name, label, style in (("one", "1", "-"), ("zero", "0", "--")):
        line(f"gain_slope_{name}", text["slope"].format(label), RESIDUAL, style)
    for shortcut, style in zip((1.1, 0.9, 0.5), (":", "-.", "-"), strict=True):
        name = f"gain_shortcut_{shortcut:g}".replace(".", "_")
        line(name, text["shortcut"].format(f"{shortcut:g}"), OTHER, style)
    # No zero on a logarithmic axis: the line leaves the figure within the first block.
    axis.plot([0, 1], [1, 0], color=RESIDUAL, linestyle=":", label=text["minus_one"])
    axis.text(2, bottom * 10, text["minus_one"], color=RESIDUAL, fontsize=8, va="center")
    log_axis(axis, "y")
    axis.set(title=text["gain"], xlabel=text["blocks"], ylabel=text["gain_axis"], xlim=(0, last * 1.35))
    axis.set_ylim(bottom=bottom)
    axis.set_xticks(depths[::10])
    return figure


def draw_steps(record: dict[str, Any], text: dict[str, str]) -> Figure:
    figure, (top, bottom) = panels(2, 1, height=2.9)
    depths = array(record, "depths")
    for name, line in {"repeated_root": ":", "independent_root": "-", "repeated_inverse": "-."}.items():
        spread(top, depths, array(record, name), color=RESIDUAL, log=True, linestyle=line, marker="o", markersize=3, label=text[name])
    for scale, label in {"root": text["aligned"], "inverse": f"_{text['aligned']}, 1/L"}.items():
        top.plot(depths, array(record, f"theory_aligned_{scale}"), color=THEORY, linestyle="--", linewidth=0.8, label=label)
    log_axis(top, "x")
    log_axis(top, "y")
    top.set_xticks(depths, [str(depth) for depth in depths])
    top.set(title=text["steps"], xlabel=text["depth"], ylabel=text["drawn_gain"])
    top.legend(loc="upper left", fontsize=8)

    moments = ["root_initial", "root_trained", "inverse_trained", "zero_trained"]
    words = [text[moment].replace("\n", ", ") for moment in moments]
    found = {name: [centre(record["measurements"][f"{name}_{moment}"]) for moment in moments] for name in ("low", "high", "orthogonal", "aligned", "gain")}
    rows = np.arange(len(moments))[::-1]
    bottom.hlines(rows, found["low"], found["high"], color=FAINT, linewidth=9, label=f"_{text['bounds']}")
    keep(bottom, text["bounds"], words, found["gain"], (found["low"], found["high"]))
    for name, label, marker, color in (
        ("orthogonal", "at_right_angles", "|", THEORY),
        ("aligned", "all_along", ">", THEORY),
        ("gain", "measured", "o", RESIDUAL),
    ):
        bottom.plot(found[name], rows, marker, color=color, markersize=5 if marker != "|" else 11, label=text[label], linestyle="None")
        keep(bottom, text[label], words, found[name])
    log_axis(bottom, "x")
    bottom.set_yticks(rows, [text[moment] for moment in moments], fontsize=8)
    bottom.set(xlabel=text["net_gain"], ylim=(-0.6, len(moments) - 0.4))
    bottom.legend(loc="lower left", fontsize=8)
    return figure


def draw_paths(record: dict[str, Any], text: dict[str, str]) -> Figure:
    figure, axes = panels(2, 1, height=2.3, sharex=True, sharey=True)
    lengths, settings = array(record, "lengths"), record["settings"]
    for axis, name, title in zip(axes, ("carried", "carried_single"), ("sums", "singles"), strict=True):
        axis.axvspan(settings["shortest"], settings["longest"], color=FAINT, alpha=0.4, linewidth=0)
        spread(axis, lengths, array(record, f"{name}_scaled_trained"), color=RESIDUAL, label=text["scaled"])
        spread(
            axis,
            lengths,
            array(record, f"{name}_unscaled_initial"),
            color=RESIDUAL,
            linestyle=":",
            label=text["unscaled"],
        )
        axis.plot(
            lengths, array(record, "share_of_paths"), color=THEORY, linestyle="--", label=text["binomial"]
        )
        axis.set_title(text[title], fontweight="normal", fontsize=9)
    axes[0].legend(loc="upper right", fontsize=8)
    figure.suptitle(text["paths"], x=0.02, ha="left", fontsize=10, fontweight="bold")
    axes[1].set_xlabel(text["length"])
    figure.supylabel(text["share"], fontsize=9)
    return figure


def draw_scale(record: dict[str, Any], text: dict[str, str]) -> Figure:
    figure, axis = panels(height=3.4)
    layers = array(record, "layers")
    for kind, line in zip(("unscaled", "bn", "scaled", "zero"), ("-", "-.", ":", (0, (1, 3))), strict=True):
        label = f"{text['residual']}, {text[f'kind_{kind}']}"
        moments = array(record, f"second_moment_{kind}")
        spread(axis, layers, moments, color=RESIDUAL, log=kind == "unscaled", linestyle=line, label=label)
        theory = f"_{text['theory']}: {text[f'kind_{kind}']}"
        axis.plot(layers, array(record, f"expected_{kind}"), color=THEORY, linestyle="--", linewidth=0.8, label=theory)
    spread(axis, layers, array(record, "second_moment_plain"), color=PLAIN, log=True, label=text["plain"])
    axis.plot([], [], color=THEORY, linestyle="--", linewidth=0.8, label=text["theory"])
    log_axis(axis, "y")
    axis.legend(loc="upper left", fontsize=8)
    axis.set(title=text["scale"], xlabel=text["blocks"], ylabel=text["moment"])
    return figure


def draw_lesion(record: dict[str, Any], text: dict[str, str]) -> Figure:
    figure, axes = panels(2, 1, height=2.2, sharey=True)
    curves = ("accuracy_without", "accuracy_without_several")
    for axis, curve, across in zip(axes, curves, ("blocks", "deleted"), strict=True):
        for kind, color, line in (
            ("plain", PLAIN, "-"),
            ("residual", RESIDUAL, "-"),
            ("residual_bn", RESIDUAL, "--"),
        ):
            spread(
                axis,
                array(record, across),
                array(record, f"{curve}_{kind}"),
                color=color,
                linestyle=line,
                label=text[f"lesion_{kind}"],
            )
        axis.set_ylim(0, 1)
        axis.set_xticks(np.asarray(array(record, across), dtype=int))
    axes[0].legend(loc="center right", fontsize=8)
    axes[0].set(title=text["lesion"], xlabel=text["deleted_block"])
    axes[1].set_xlabel(text["deleted_count"])
    figure.supylabel(text["accuracy"], fontsize=9)
    return figure


# A chapter's figures, each from the record of its own experiment.
TOPICS = {draw_gain: "block_algebra", draw_steps: "trained_branches", draw_paths: "paths", draw_scale: "scale", draw_lesion: "lesion"}
FIGURES = {
    draw_gain: "shortcut_gain",
    draw_steps: "how_steps_add",
    draw_paths: "path_lengths",
    draw_scale: "second_moment",
    draw_lesion: "lesion",
}

for _language, (_draw, _topic) in product(languages(), TOPICS.items()):

    @task(id=f"{FIGURES[_draw]}-{_language}")
    def task_residual_learning(
        language: str = _language,
        draw: Callable = _draw,
        record: Path = DATA / f"{_topic}.json",
        style: Path = STYLE,
        figure: Annotated[Path, Product] = figure_path(FIGURES[_draw], _language),
    ) -> None:
        save(draw(read(record.stem), spoken(TEXT, language)), figure)

"""The second moment of activations by depth at initialisation: residual nets, unscaled and cured, and a plain one."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets.initialisation import gaussian_weights, he
from snippets.scale import expected_second_moment, second_moments
from snippets.streams import streams

SETTINGS = {"depth": 50, "width": 128, "batch": 64, "seeds": 20}


def measure(settings: dict, seeds: list[int]) -> Measurements:
    depth = settings["depth"]
    layers = np.arange(depth + 1)
    kinds = {
        "unscaled": {"scale": 1.0, "shortcut": 1.0, "normalise": False},
        "scaled": {"scale": depth**-0.5, "shortcut": 1.0, "normalise": False},
        "bn": {"scale": 1.0, "shortcut": 1.0, "normalise": True},
        "zero": {"scale": 0.0, "shortcut": 1.0, "normalise": False},  # zero last layer, and ReZero: at first the same
        "plain": {"scale": 1.0, "shortcut": 0.0, "normalise": False},
    }
    found = {kind: [] for kind in kinds}
    for run in streams("scale", seeds):
        x = run.numpy("inputs").standard_normal((settings["batch"], settings["width"]))
        x /= np.sqrt(np.mean(x**2))
        weights = gaussian_weights(depth, settings["width"], he, run.numpy("weights"))
        for kind, net in kinds.items():
            found[kind].append(second_moments(x, weights, **net))
    measured = {"layers": exact(layers)}
    for kind, moments in found.items():
        moments = np.array(moments)
        spreads = kind in ("unscaled", "plain")
        measured[f"second_moment_{kind}"] = sampled(moments, log=spreads)
        measured[f"final_second_moment_{kind}"] = sampled(moments[:, -1], log=spreads)
        measured[f"factor_per_block_{kind}"] = sampled((moments[:, -1] / moments[:, 0]) ** (1 / depth))
        if kind != "plain":
            expected = expected_second_moment(layers, kinds[kind]["scale"], kinds[kind]["normalise"])
            measured[f"expected_{kind}"] = exact(expected)
            measured[f"final_expected_{kind}"] = exact(expected[-1])
    return measured


def task_scale(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "scale.json",
) -> None:
    measure_into(
        record,
        measure,
        settings,
        orderings=[
            ("final_second_moment_zero", "final_second_moment_scaled"),
            ("final_second_moment_scaled", "final_second_moment_bn"),
            ("final_second_moment_bn", "final_second_moment_unscaled"),
        ],
    )

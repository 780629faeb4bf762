"""The share of units active at both of two inputs, by layer, at initialisation: four kinds of nets."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets.active_together import active_together, expected_active_together
from snippets.initialisation import gaussian_weights, he
from snippets.shattered_gradients import forward
from snippets.streams import Streams, streams

SETTINGS = {"width": 200, "inputs": 100, "depth": 50, "seeds": 20, "layers": [2, 5, 10, 20, 50]}
KINDS = {
    "plain": {"residual": False, "normalise": False},
    "plain_bn": {"residual": False, "normalise": True},
    "residual": {"residual": True, "normalise": False},
    "residual_bn": {"residual": True, "normalise": True},
}


def shares(settings: dict, run: Streams) -> list[list[float]]:
    """For every kind, layer by layer. The kinds share Gaussian inputs and the weights."""
    x = run.numpy("inputs").standard_normal((settings["inputs"], settings["width"]))
    weights = gaussian_weights(settings["depth"], settings["width"], he, run.numpy("weights"))
    return [
        [active_together(slope > 0) for slope in forward(x, weights, **form)[1]] for form in KINDS.values()
    ]


def measure(settings: dict, seeds: list[int]) -> Measurements:
    measured = {"layers": exact(np.arange(1, settings["depth"] + 1))}
    by_seed = np.array([shares(settings, run) for run in streams("active_together", seeds)])
    for (kind, form), found in zip(KINDS.items(), by_seed.swapaxes(0, 1), strict=True):
        measured[f"share_{kind}"] = sampled(found)
        for layer in settings["layers"]:
            measured[f"share_{kind}_{layer}"] = sampled(found[:, layer - 1])
        if not form["normalise"]:
            expected = expected_active_together(settings["depth"], form["residual"])
            measured[f"expected_{kind}"] = exact(expected)
            for layer in settings["layers"]:
                measured[f"expected_{kind}_{layer}"] = exact(expected[layer - 1])
    return measured


def task_active_together(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "active_together.json",
) -> None:
    measure_into(
        record,
        measure,
        settings,
        orderings=[("share_plain_bn_20", "share_plain_20"), ("share_residual_bn_20", "share_residual_20")],
    )

"""How fast a wide plain net with BN forgets what two images have in common; by the closed form, and simulated in one layer."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets.correlation_map import correlation_after, correlation_after_relu
from snippets.streams import streams

SETTINGS = {"first": 0.3, "width": 1_000_000, "seeds": 20}


def measure(settings: dict, seeds: list[int]) -> Measurements:
    first, step = settings["first"], 1e-6
    measured = {
        "first": exact(first),
        "slope_at_0": exact(correlation_after_relu(step) / step),
        "after_one": exact(correlation_after_relu(first)),
        **{f"left_after_{layers}": exact(correlation_after(layers, first)) for layers in (18, 54)},
    }
    simulated = []
    for run in streams("correlation_map", seeds):
        u, noise = run.numpy("units").standard_normal((2, settings["width"]))
        v = first * u + np.sqrt(1 - first**2) * noise
        simulated.append(np.corrcoef(np.maximum(u, 0), np.maximum(v, 0))[0, 1])
    return measured | {"simulated_after_one": sampled(simulated)}


def task_correlation_map(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "correlation_map.json",
) -> None:
    measure_into(record, measure, settings)

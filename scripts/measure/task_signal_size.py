"""What a thousand layers do to a signal: where float32 ends, and how far a plain net's sinks."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

SETTINGS = {
    "depth": 1000,
    "widths": [32, 64, 128],
    "images": 64,
    "growing_layers": 200,
    "percent": 1,
    "seeds": 10,
}


def run(x, width: int, settings: dict, seed: int) -> tuple[float, float, int]:
    """The unscaled net's factor per layer, the plain net's final size by its first, the overflow."""
    from snippets.initialisation import he
    from snippets.signal_size import layers, overflow_layer

    rng = np.random.default_rng(seed)
    inputs = [x.shape[1]] + [width] * (settings["depth"] - 1)
    weights = [
        np.float32(he(n, width) ** 0.5) * rng.standard_normal((width, n), dtype=np.float32) for n in inputs
    ]

    def sizes(residual: bool, depth: int) -> np.ndarray:
        return np.array(
            [np.sqrt(np.mean(np.square(z, dtype=float))) for z in layers(x, weights[:depth], residual)]
        )

    growing, sinking = sizes(True, settings["growing_layers"]), sizes(False, settings["depth"])
    factor = (growing[-1] / growing[0]) ** (1 / (len(growing) - 1))
    with np.errstate(over="ignore", invalid="ignore"):
        return factor, sinking[-1] / sinking[0], overflow_layer(x, weights)


def measure(settings: dict) -> Measurements:
    from snippets.digits import digits
    from snippets.signal_size import typical_factor

    depth, small = settings["depth"], settings["percent"] / 100
    largest = float(np.finfo(np.float32).max)
    measured = {
        "growth_by_a_percent": exact((1 + small) ** depth),
        "decay_by_a_percent": exact((1 - small) ** depth),
        "scaled_growth": exact((1 + 1 / depth) ** depth),
        "float32_largest": exact(largest),
    }
    x = digits()[0][: settings["images"]]
    for width in settings["widths"]:
        runs = [run(x, width, settings, seed) for seed in range(settings["seeds"])]
        factors, final, overflow = zip(*runs, strict=True)
        growing, sinking = typical_factor(width, residual=True), typical_factor(width, residual=False)
        measured |= {
            f"factor_unscaled_{width}": sampled(factors, log=True),
            f"typical_factor_unscaled_{width}": exact(growing),
            f"overflow_layer_{width}": sampled(overflow),
            f"typical_overflow_layer_{width}": exact(np.log(largest) / np.log(growing)),
            f"final_size_plain_{width}": sampled(final, log=True),
            f"typical_factor_plain_{width}": exact(sinking),
            f"typical_final_size_plain_{width}": exact(sinking ** (depth - 1)),
        }
    return measured


def task_signal_size(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "signal_size.json",
) -> None:
    measure_into(record, measure, settings)

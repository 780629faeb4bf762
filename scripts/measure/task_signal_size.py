"""What a thousand layers do to a signal: where float32 ends, how far a plain net's sinks, and how fast an unscaled one's grows."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

SETTINGS = {
    "depth": 1000,
    "widths": [32, 64, 128],
    "images": 16,
    "growing_layers": 200,
    "percent": 1,
    "coin_factors": [1.5, 0.5],
    "coin_tosses": 100,
    "simulated_widths": [32, 64, 128, 256],
    "simulated_layers": 100,
    "simulated_nets": 150,
    "seeds": 20,
}


def sizes(x, weights, residual: bool) -> np.ndarray:
    """The root mean square of every layer's z."""
    from snippets.signal_size import layers

    return np.array([np.sqrt(np.mean(np.square(z, dtype=float))) for z in layers(x, weights, residual)])


def run(x, width: int, settings: dict, rng: np.random.Generator) -> dict[str, float]:
    from snippets.initialisation import he
    from snippets.signal_size import overflow_layer

    inputs = [x.shape[1]] + [width] * (settings["depth"] - 1)
    weights = [
        np.float32(he(n, width) ** 0.5) * rng.standard_normal((width, n), dtype=np.float32) for n in inputs
    ]
    few = weights[: settings["growing_layers"]]
    growing, sinking = sizes(x, few, residual=True), sizes(x, weights, residual=False)
    with np.errstate(over="ignore", invalid="ignore"):
        overflow = overflow_layer(x, weights)
    found = {
        "factor_unscaled": (growing[-1] / growing[0]) ** (1 / (len(growing) - 1)),
        "overflow_layer": overflow,
        "final_size_plain": sinking[-1] / sinking[0],
        "factor_plain": (sinking[-1] / sinking[0]) ** (1 / (len(sinking) - 1)),
    }
    if width == min(settings["widths"]):
        found["float64_to_float32"] = sizes(x.astype(float), few, residual=True)[-1] / growing[-1]
    return found


def identity(x, settings: dict) -> dict[str, float]:
    """Nets that must keep the signal as it is: branches of zero, and a plain net of identity matrices on inputs ≥ 0."""
    width = x.shape[1]
    one, zero = np.eye(width, dtype=np.float32), np.zeros((width, width), np.float32)
    others = settings["depth"] - 1
    found = {"residual": (x, [one] + [zero] * others, True), "plain": (np.abs(x), [one] * (others + 1), False)}
    factors = {}
    for kind, (images, weights, residual) in found.items():
        every = sizes(images, weights, residual)
        factors[f"identity_factor_{kind}"] = every[-1] / every[0]
    return factors


def measure(settings: dict, seeds: list[int]) -> Measurements:
    from snippets.digits import digits
    from snippets.signal_size import growth_shift, simulated_growth, typical_factor
    from snippets.streams import streams

    depth, small, tosses = settings["depth"], settings["percent"] / 100, settings["coin_tosses"]
    largest = float(np.finfo(np.float32).max)
    runs = streams("signal_size", seeds)
    images = [digits(of.numpy("split"))[0][: settings["images"]] for of in runs]
    coins = [of.numpy("coins").choice(settings["coin_factors"], tosses) for of in runs]
    measured = {
        "growth_by_a_percent": exact((1 + small) ** depth),
        "decay_by_a_percent": exact((1 - small) ** depth),
        "scaled_growth": exact((1 + 1 / depth) ** depth),
        "float32_largest": exact(largest),
        "typical_coin_product": exact(np.prod(settings["coin_factors"]) ** (tosses / 2)),
        "coin_product": sampled([float(np.prod(row)) for row in coins], log=True),
        "growth_shift": exact(growth_shift()),
        "typical_shift": exact(9 / 8 - growth_shift() / 2),
        **{name: exact(value) for name, value in identity(images[0], settings).items()},
    }
    for width in settings["widths"]:
        found = [run(x, width, settings, of.numpy(f"weights {width}")) for x, of in zip(images, runs, strict=True)]
        growing, sinking = typical_factor(width, residual=True), typical_factor(width, residual=False)
        measured |= {
            f"{name}_{width}": sampled([each[name] for each in found], log=name == "final_size_plain") for name in found[0]
        }
        measured |= {
            f"typical_factor_unscaled_{width}": exact(growing),
            f"typical_overflow_layer_{width}": exact(np.log(largest) / np.log(growing)),
            f"typical_factor_plain_{width}": exact(sinking),
            f"typical_final_size_plain_{width}": exact(sinking ** (depth - 1)),
            f"typical_spread_plain_{width}": exact(np.exp(np.sqrt(5 * (depth - 1) / (4 * width)))),
        }
    shifts = {}
    for width in settings["simulated_widths"]:
        size = settings["simulated_layers"], settings["simulated_nets"]
        grown = np.array([simulated_growth(width, *size, of.numpy(f"noise {width}")) for of in runs])
        shifts[width] = width * (np.log(2) - grown)
        measured[f"simulated_shift_{width}"] = sampled(shifts[width])
    # What is left of order 1/N in the two widest nets falls out of twice the one less the other.
    narrow, wide = settings["simulated_widths"][-2:]
    measured["simulated_shift"] = sampled((wide * shifts[wide] - narrow * shifts[narrow]) / (wide - narrow))
    return measured


def task_signal_size(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "signal_size.json",
) -> None:
    measure_into(record, measure, settings)

"""Gradients of nets ℝ → ℝ and their autocorrelation; correlation between distinct inputs against theory's rates."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets.gradient_correlation import mean_field, mean_field_normalised, textbook
from snippets.initialisation import gaussian_weights, he
from snippets.shattered_gradients import (
    autocorrelation,
    correlation,
    forward,
    input_gradients,
    looks_linear,
    through_the_batch,
)
from snippets.streams import Streams, streams

SETTINGS = {
    "width": 200,
    "points": 256,
    "x_max": 2.0,
    "seeds": 20,
    "drawn_seeds": 3,
    "drawn_lags": 64,
    "nets": {
        "plain_1": {"depth": 1, "residual": False, "normalise": False},
        "plain_24": {"depth": 24, "residual": False, "normalise": False},
        "plain_bn_24": {"depth": 24, "residual": False, "normalise": True},
        "residual_50": {"depth": 50, "residual": True, "normalise": False},
        "residual_bn_50": {"depth": 50, "residual": True, "normalise": True},
        "looks_linear_24": {"depth": 24, "residual": False, "normalise": False},
    },
    "depths": [1, 2, 4, 8, 16, 24, 50],
    "inputs": 200,
    "correlation_depths": [1, 2, 3, 5, 10, 20, 50],
    "own_inputs": 10,
    "own_depth": 10,
    "summed_depths": [10, 50],
}
KINDS = {
    "plain": {"residual": False, "normalise": False},
    "plain_bn": {"residual": False, "normalise": True},
    "residual": {"residual": True, "normalise": False},
    "residual_bn": {"residual": True, "normalise": True},
}


def line_gradients(
    settings: dict, run: Streams, depths: list[int], residual: bool, normalise: bool, linear: bool = False
):
    """f′ at the grid's points, for each depth the net ℝ → ℝ: a₀ = w x + b, `depth` layers, a readout."""
    ends, rng = run.numpy("first layer and readout"), run.numpy("weights")
    width = settings["width"]
    x = np.linspace(-settings["x_max"], settings["x_max"], settings["points"])[:, np.newaxis]
    if linear:
        first, bias, readout = (np.concatenate([v, -v]) for v in ends.standard_normal((3, width // 2)))
        # Mirrored pairs cancel the ReLU, so variance 1/inputs keeps the scale, where He's 2/inputs makes up for the ReLU.
        weights = [looks_linear(W / np.sqrt(2)) for W in gaussian_weights(max(depths), width // 2, he, rng)]
    else:
        first, bias, readout = ends.standard_normal((3, width))
        weights = gaussian_weights(max(depths), width, he, rng)
    _, slopes = forward(x * first + bias, weights, residual, normalise)
    # The first d layers of the deepest net are the net of depth d.
    return np.array(
        [input_gradients(slopes[:d], weights[:d], readout / np.sqrt(width), residual) @ first for d in depths]
    )


def at_inputs(settings: dict, run: Streams, depth: int):
    """Gaussian inputs of `width` dimensions, a readout, the weights of `depth` layers."""
    x = run.numpy("inputs").standard_normal((settings["inputs"], settings["width"]))
    readout = run.numpy("readout").standard_normal(settings["width"])
    return x, readout, gaussian_weights(depth, settings["width"], he, run.numpy("weights"))


def pair_correlations(
    settings: dict, run: Streams, depths: list[int], residual: bool, normalise: bool
) -> list[float]:
    """For each depth, of the gradients over all pairs of distinct inputs; BN's statistics are held constant."""
    x, readout, weights = at_inputs(settings, run, max(depths))
    _, slopes = forward(x, weights, residual, normalise)
    return [correlation(input_gradients(slopes[:d], weights[:d], readout, residual)) for d in depths]


def differentiated(settings: dict, run: Streams) -> dict[str, float]:
    """The same of residual nets with BN, whose statistics are differentiated, too.

    `own`: of the output at each of some inputs in that input, beside the `held` statistics at the same inputs. `summed`:
    of the outputs of the whole batch, summed.
    """
    own_depth, deepest = settings["own_depth"], max(settings["summed_depths"])
    x, readout, weights = at_inputs(settings, run, deepest)
    some, few = np.arange(settings["own_inputs"]), weights[:own_depth]
    g = np.zeros((len(some), *x.shape))
    g[some, some] = readout
    own = through_the_batch(x, few, g, True)[some, some]
    held = input_gradients(forward(x, few, True, True)[1], few, readout, True)[some]
    ones = np.broadcast_to(readout, x.shape)
    return {f"own_{own_depth}": correlation(own), f"held_{own_depth}": correlation(held)} | {
        f"summed_{depth}": correlation(through_the_batch(x, weights[:depth], ones, True))
        for depth in settings["summed_depths"]
    }


def measure(settings: dict, seeds: list[int]) -> Measurements:
    def runs() -> list[Streams]:  # anew for every kind, so that the kinds share what is drawn
        return streams("shattered_gradients", seeds)

    quarter = settings["drawn_lags"] // 4  # 16 grid steps of 4/255: the inputs are 0.25 apart
    x = np.linspace(-settings["x_max"], settings["x_max"], settings["points"])
    measured = {
        "x": exact(x),
        "lags": exact((x - x[0])[: settings["drawn_lags"]]),
        "depths": exact(settings["depths"]),
        "correlation_depths": exact(settings["correlation_depths"]),
    }
    for name, net in settings["nets"].items():
        linear = name.startswith("looks_linear")
        depth, form = [net["depth"]], {key: net[key] for key in ("residual", "normalise")}
        gradients = np.array(
            [line_gradients(settings, run, depth, **form, linear=linear)[0] for run in runs()]
        )
        scaled = gradients / np.sqrt((gradients**2).mean(axis=1, keepdims=True))
        by_lag = np.array([autocorrelation(g) for g in gradients])
        measured[f"gradient_{name}"] = sampled(scaled[: settings["drawn_seeds"]])
        measured[f"autocorrelation_{name}"] = sampled(by_lag[:, : settings["drawn_lags"]])
        measured[f"neighbours_{name}"] = sampled(by_lag[:, 1])
        measured[f"quarter_apart_{name}"] = sampled(by_lag[:, quarter])
    for kind, net in KINDS.items():
        by_seed = [line_gradients(settings, run, settings["depths"], **net) for run in runs()]
        by_depth = np.array([[autocorrelation(g) for g in gradients] for gradients in by_seed])
        measured[f"neighbours_by_depth_{kind}"] = sampled(by_depth[:, :, 1])
        measured[f"quarter_apart_by_depth_{kind}"] = sampled(by_depth[:, :, quarter])
    for kind, net in KINDS.items():
        found = np.array(
            [pair_correlations(settings, run, settings["correlation_depths"], **net) for run in runs()]
        )
        measured[f"correlation_{kind}"] = sampled(found)
        measured[f"textbook_{kind}"] = exact(
            [textbook(depth, **net) for depth in settings["correlation_depths"]]
        )
        for column, depth in enumerate(settings["correlation_depths"]):
            measured[f"correlation_{kind}_{depth}"] = sampled(found[:, column])
    found = [differentiated(settings, run) for run in runs()]
    for name in found[0]:
        measured[f"correlation_residual_bn_{name}"] = sampled([of_run[name] for of_run in found])
    for kind, rate in {
        "plain": lambda depth: mean_field(depth, False),
        "residual": lambda depth: mean_field(depth, True),
        "residual_bn": mean_field_normalised,
    }.items():
        measured[f"mean_field_{kind}"] = exact([rate(depth) for depth in settings["correlation_depths"]])
    return measured


def task_shattered_gradients(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "shattered_gradients.json",
) -> None:
    measure_into(
        record,
        measure,
        settings,
        orderings=[
            ("neighbours_plain_bn_24", "neighbours_residual_bn_50"),
            ("neighbours_residual_bn_50", "neighbours_plain_1"),
            ("neighbours_plain_24", "neighbours_looks_linear_24"),
            ("correlation_plain_10", "correlation_residual_10"),
            ("correlation_residual_10", "correlation_residual_bn_10"),
            ("correlation_plain_bn_10", "correlation_plain_10"),
        ],
    )

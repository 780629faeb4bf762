"""Gradient norms by layer at initialisation: activations × initialisations × widths, of weights and of activations."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets import activations, initialisation
from snippets.backpropagation import backward, forward
from snippets.streams import Streams, streams

SETTINGS = {
    "depth": 30,
    "batch": 64,
    "seeds": 20,
    "widths": [16, 64, 256],
    "activations": ["sigmoid", "tanh", "relu"],
    "initialisations": ["xavier", "he", "standard"],
    "curves_of_width": 64,
    "depths": [1, 2, 3, 5, 7, 10, 15, 20, 25, 30],
}


def norms(activation: str, init: str, width: int, depth: int, batch: int, run: Streams) -> tuple[np.ndarray, np.ndarray]:
    """‖∂E/∂Wₗ‖ and ‖∂E/∂aₗ‖ for l = 1 … depth; E the batch's mean of g·a_depth, inputs x and directions g Gaussian.

    A gradient at the output that does not depend on the net: what is left is what the layers do to it.
    """
    weights = initialisation.gaussian_weights(depth, width, getattr(initialisation, init), run.numpy("weights"))
    x, g = (run.numpy(purpose).standard_normal((batch, width)) for purpose in ("inputs", "output gradient"))
    return norms_of(weights, x, g, getattr(activations, activation))


def norms_of(weights: list[np.ndarray], x: np.ndarray, g: np.ndarray, phi: Callable) -> tuple[np.ndarray, np.ndarray]:
    """The same, of a net at hand."""
    z, a = forward(x, weights, phi)
    of_weights, of_activations = backward(z, a, weights, g / len(x), phi)
    return np.array([np.linalg.norm(g) for g in of_weights]), np.array([np.linalg.norm(g) for g in of_activations])


def factors(of_activations: np.ndarray) -> np.ndarray:
    """What a layer multiplies the norm by, going backwards: the geometric mean over the layers, of each seed."""
    return (of_activations[:, 0] / of_activations[:, -1]) ** (1 / (of_activations.shape[1] - 1))


def permuting(width: int, depth: int, batch: int, run: Streams) -> np.ndarray:
    """‖∂E/∂aₗ‖ of a net whose layers only put the units in another order: ReLU, all of whose inputs are positive. None can change."""
    rng = run.numpy("weights")
    weights = [np.eye(width)[rng.permutation(width)] for _ in range(depth)]
    x, g = (run.numpy(purpose).standard_normal((batch, width)) for purpose in ("inputs", "output gradient"))
    return norms_of(weights, np.abs(x), g, activations.relu)[1]


def measure(settings: dict, seeds: list[int]) -> Measurements:
    depth, batch = settings["depth"], settings["batch"]
    measured = {"layers": exact(np.arange(1, depth + 1)), "depths": exact(settings["depths"])}
    for activation, init, width in product(*(settings[k] for k in ("activations", "initialisations", "widths"))):
        by_seed = [norms(activation, init, width, depth, batch, run) for run in streams("gradient_norms", seeds)]
        of_weights, of_activations = (np.array(kind) for kind in zip(*by_seed, strict=True))
        name = f"{activation}_{init}_{width}"
        if width == settings["curves_of_width"]:
            measured[f"weights_{name}"] = sampled(of_weights, log=True)
            measured[f"activations_{name}"] = sampled(of_activations, log=True)
        measured[f"factor_{name}"] = sampled(factors(of_activations))
    width = settings["curves_of_width"]
    control = [permuting(width, depth, batch, run) for run in streams("gradient_norms", seeds)]
    measured["factor_permutations"] = sampled(factors(np.array(control)))
    for w in settings["widths"]:
        measured[f"theory_sigmoid_standard_{w}"] = exact(initialisation.wide_sigmoid_factor(w))
    measured["theory_sigmoid_xavier"] = exact(initialisation.sigmoid_factor(1.0))
    measured["theory_relu_xavier"] = exact(initialisation.relu_factor(1.0))
    measured["theory_relu_he"] = exact(initialisation.relu_factor(2.0))
    for init in ("xavier", "standard"):
        first = np.array(
            [
                [norms("sigmoid", init, width, d, batch, run)[0][0] for run in streams("gradient_norms", seeds)]
                for d in settings["depths"]
            ]
        ).T
        measured[f"first_layer_sigmoid_{init}"] = sampled(first, log=True)
        for d in (1, 10, 30):
            measured[f"first_layer_sigmoid_{init}_depth_{d}"] = sampled(first[:, settings["depths"].index(d)], log=True)
    return measured


def task_gradient_norms(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "gradient_norms.json",
) -> None:
    measure_into(
        record,
        measure,
        settings,
        orderings=[
            ("factor_sigmoid_xavier_64", "factor_relu_he_64"),
            ("factor_sigmoid_xavier_64", "factor_sigmoid_standard_64"),
            ("factor_sigmoid_standard_16", "factor_sigmoid_standard_64"),
            ("factor_sigmoid_standard_64", "factor_sigmoid_standard_256"),
            ("factor_relu_xavier_64", "factor_relu_he_64"),
        ],
    )

"""Gradient norms by layer at initialisation: activations × initialisations × widths, of weights and of activations."""

from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets import activations, initialisation
from snippets.backpropagation import backward, forward

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


def norms(activation: str, init: str, width: int, depth: int, batch: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """‖∂E/∂Wₗ‖ and ‖∂E/∂aₗ‖ for l = 1 … depth; E the batch's mean of g·a_depth, inputs x and directions g Gaussian.

    A gradient at the output that does not depend on the net: what is left is what the layers do to it.
    """
    rng = np.random.default_rng(seed)
    phi = getattr(activations, activation)
    weights = initialisation.gaussian_weights(depth, width, getattr(initialisation, init), rng)
    x, g = rng.standard_normal((2, batch, width))
    z, a = forward(x, weights, phi)
    of_weights, of_activations = backward(z, a, weights, g / batch, phi)
    return np.array([np.linalg.norm(g) for g in of_weights]), np.array([np.linalg.norm(g) for g in of_activations])


def measure(settings: dict) -> Measurements:
    depth, batch, seeds = settings["depth"], settings["batch"], range(settings["seeds"])
    measured = {"layers": exact(np.arange(1, depth + 1)), "depths": exact(settings["depths"])}
    for activation, init, width in product(*(settings[k] for k in ("activations", "initialisations", "widths"))):
        by_seed = [norms(activation, init, width, depth, batch, seed) for seed in seeds]
        of_weights, of_activations = (np.array(kind) for kind in zip(*by_seed, strict=True))
        name = f"{activation}_{init}_{width}"
        if width == settings["curves_of_width"]:
            measured[f"weights_{name}"] = sampled(of_weights, log=True)
            measured[f"activations_{name}"] = sampled(of_activations, log=True)
        measured[f"factor_{name}"] = sampled((of_activations[:, 0] / of_activations[:, -1]) ** (1 / (depth - 1)), log=True)
    for width in settings["widths"]:
        measured[f"theory_sigmoid_standard_{width}"] = exact(initialisation.wide_sigmoid_factor(width))
    measured["theory_relu_xavier"] = exact(initialisation.relu_factor(1.0))
    measured["theory_relu_he"] = exact(initialisation.relu_factor(2.0))
    width = settings["curves_of_width"]
    for init in ("xavier", "standard"):
        first = [[norms("sigmoid", init, width, d, batch, seed)[0][0] for d in settings["depths"]] for seed in seeds]
        measured[f"first_layer_sigmoid_{init}"] = sampled(np.array(first), log=True)
        for d in (1, 10, 30):
            column = np.array(first)[:, settings["depths"].index(d)]
            measured[f"first_layer_sigmoid_{init}_depth_{d}"] = sampled(column, log=True)
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

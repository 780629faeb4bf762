"""|σ′(z) w| over the plane of pre-activations z and weights w, and where it exceeds 1."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, settings_node
from snippets.activations import sigmoid_derivative
from snippets.backpropagation import backward_factor

SETTINGS = {"z_max": 6, "z_points": 61, "w_max": 10, "w_points": 51}


def measure(settings: dict) -> Measurements:
    z = np.linspace(-settings["z_max"], settings["z_max"], settings["z_points"])
    w = np.linspace(-settings["w_max"], settings["w_max"], settings["w_points"])
    factor = backward_factor(z[np.newaxis, :], w[:, np.newaxis])
    return {
        "z": exact(z),
        "w": exact(w),
        "factor": exact(factor),
        "smallest_weight_above_one": exact(1 / sigmoid_derivative(0.0)),
        "share_above_one": exact(np.mean(factor > 1)),
        "share_above_one_for_small_weights": exact(np.mean(factor[np.abs(w) <= 1] > 1)),
    }


def task_backward_factor(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "backward_factor.json",
) -> None:
    measure_into(record, measure, settings)

"""σ and σ′ from their closed forms; the maximum of σ′ also found by a numerical search; (¼)ⁿ."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, settings_node
from snippets.activations import sigmoid, sigmoid_derivative

SETTINGS = {"z_min": -8, "z_max": 8, "points": 161, "layers": 10, "slope_step": 6, "weight": 8}


def measure(settings: dict) -> Measurements:
    # Imported above, it would be a third of what collecting the tasks costs, which each build does.
    from scipy.optimize import minimize_scalar

    z = np.linspace(settings["z_min"], settings["z_max"], settings["points"])
    search = minimize_scalar(lambda z: -sigmoid_derivative(z), bounds=(-5, 4), method="bounded", options={"xatol": 1e-9})
    maximum = sigmoid_derivative(0.0)
    return {
        "z": exact(z),
        "sigmoid": exact(sigmoid(z)),
        "derivative": exact(sigmoid_derivative(z)),
        "derivative_max": exact(maximum),
        # A search knows the place of a maximum only to the square root of machine precision.
        "argmax_found": exact(round(float(search.x), 6) + 0.0),
        "derivative_max_found": exact(round(float(-search.fun), 12)),
        "saturated_derivative": exact(sigmoid_derivative(float(settings["slope_step"]))),
        "quarter_power": exact(maximum ** settings["layers"]),
        "powers": exact(maximum ** np.arange(31)),
        "factor_with_large_weight": exact(maximum * settings["weight"]),
    }


def task_sigmoid(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "sigmoid.json",
) -> None:
    measure_into(record, measure, settings)

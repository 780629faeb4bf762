"""Gradient descent on ½λw²: with small, good, oscillating and too large learning rates."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, settings_node
from snippets.gradient_descent import descend, largest_learning_rate, quadratic_gradient

SETTINGS = {
    "curvature": 2.0,
    "start": 1.0,
    "steps": 20,
    "control_steps": 200,
    "learning_rates": {"slow": 0.05, "monotone": 0.3, "oscillating": 0.9, "boundary": 1.0, "diverging": 1.05},
}


def measure(settings: dict) -> Measurements:
    curvature, steps = settings["curvature"], settings["steps"]
    measured = {"limit": exact(largest_learning_rate(curvature))}
    for name, rate in settings["learning_rates"].items():
        path = descend(settings["start"], lambda w: quadratic_gradient(w, curvature), rate, steps)
        measured[f"path_{name}"] = exact(path)
        measured[f"factor_{name}"] = exact(1 - rate * curvature)
        measured[f"end_{name}"] = exact(path[-1])
    rates = np.linspace(-0.1, 1.2, 131)
    ends = np.array([descend(settings["start"], lambda w: quadratic_gradient(w, curvature), r, steps)[-1] for r in rates])
    measured["rates"] = exact(rates)
    measured["shrinkage_by_rate"] = exact(np.abs(ends / settings["start"]))
    # The control: λ log cosh w has the same λ at its minimum, and is a parabola nowhere.
    for name in ("oscillating", "diverging"):
        path = descend(settings["start"], lambda w: curvature * np.tanh(w), settings["learning_rates"][name], settings["control_steps"])
        measured[f"log_cosh_end_{name}"] = exact(abs(path[-1]))
    return measured


def task_gradient_descent(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "gradient_descent.json",
) -> None:
    measure_into(record, measure, settings)

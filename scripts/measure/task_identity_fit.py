"""Stacks fitted to x ↦ x, plain and residual, by depth, width and activation; and the exact construction."""

from itertools import product
from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

SETTINGS = {
    "n": 16,
    "widths": [16, 32, 64],
    "depths": [1, 4, 16],
    "activations": ["relu", "tanh"],
    "seeds": 5,
    "steps": 500,
    "batch": 64,
    "learning_rate": 0.003,
}


def measure(settings: dict) -> Measurements:
    import torch

    from snippets.identity_fit import Stack, fit_identity, make_identity

    n, seeds = settings["n"], range(settings["seeds"])
    measured = {"depths": exact(settings["depths"]), "widths": exact(settings["widths"])}
    x = torch.randn(len(seeds), 1000, n, generator=torch.Generator().manual_seed(0))
    for depth in settings["depths"]:
        constructed = make_identity(Stack(n, 2 * n, depth, "relu", False, seeds))
        with torch.no_grad():
            measured[f"constructed_error_{depth}"] = exact(float((constructed(x) - x).abs().max()))
    training = [settings[key] for key in ("steps", "batch", "learning_rate")]
    for shortcut, activation, width, depth in product(
        (False, True), settings["activations"], settings["widths"], settings["depths"]
    ):
        kind = "residual" if shortcut else "plain"
        error = fit_identity(Stack(n, width, depth, activation, shortcut, seeds), n, seeds, *training)
        measured[f"error_{kind}_{activation}_{width}_{depth}"] = sampled(
            [float(e) if e.isfinite() else None for e in error], log=True
        )
    return measured


def task_identity_fit(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "identity_fit.json",
) -> None:
    measure_into(record, measure, settings)

"""Stacks fitted to x ↦ x, plain, residual and residual with scaled branches; and the exact construction."""

from itertools import product
from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

SETTINGS = {
    "n": 16,
    "widths": [32, 64],
    "depths": [1, 4, 16],
    "activations": ["relu", "tanh"],
    "seeds": 10,
    "steps": 500,
    "batch": 64,
    "learning_rate": 0.003,
}
KINDS = {"plain": (False, lambda depth: 1), "residual": (True, lambda depth: 1), "scaled": (True, lambda depth: depth**-0.5)}


def measure(settings: dict, seeds: list[int]) -> Measurements:
    import torch

    from snippets.identity_fit import Stack, fit_identity, make_identity
    from snippets.streams import streams

    def drawn(purpose):
        return [run.torch(purpose) for run in streams("identity_fit", seeds)]

    n, training = settings["n"], [settings[key] for key in ("steps", "batch", "learning_rate")]
    measured = {"depths": exact(settings["depths"]), "widths": exact(settings["widths"])}
    x = torch.stack([torch.randn(1000, n, generator=generator) for generator in drawn("probes")])
    for depth in settings["depths"]:
        constructed = make_identity(Stack(n, 2 * n, depth, "relu", False, drawn("weights")))
        with torch.no_grad():
            measured[f"constructed_error_{depth}"] = exact(float((constructed(x) - x).abs().max()))
    # A control with a known answer: where the error is 0 its gradient is, and training has to stay.
    kept = fit_identity(constructed, n, drawn("inputs"), *training)
    measured["constructed_then_fitted_error"] = exact(float(kept.max()))
    diverged = dict.fromkeys(KINDS, 0)
    for (kind, (shortcut, scale)), activation, width, depth in product(
        KINDS.items(), settings["activations"], settings["widths"], settings["depths"]
    ):
        # The kinds are compared: a seed's stacks share weights and inputs.
        stack = Stack(n, width, depth, activation, shortcut, drawn("weights"), scale(depth))
        error = fit_identity(stack, n, drawn("inputs"), *training)
        diverged[kind] += int((~error.isfinite()).sum())
        measured[f"error_{kind}_{activation}_{width}_{depth}"] = sampled(
            [float(e) if e.isfinite() else None for e in error], log=True
        )
    return measured | {f"diverged_{kind}": exact(count) for kind, count in diverged.items()}


def task_identity_fit(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "identity_fit.json",
) -> None:
    measure_into(record, measure, settings)

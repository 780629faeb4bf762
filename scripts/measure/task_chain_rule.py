"""One gradient three ways: the chain-rule product, automatic differentiation, and the central difference."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets.backpropagation import central_difference, chain_gradient, chain_loss
from snippets.streams import streams

# Steps below 1e-11 change no seed's loss on one machine and some seed's last bit on another: all spread would be the machines'.
SETTINGS = {"units": 6, "seeds": 20, "target": 1.0, "exponents": list(range(1, 12))}


def autograd_gradient(x: float, weights: np.ndarray, target: float) -> float:
    import torch

    w = torch.tensor(weights, dtype=torch.float64, requires_grad=True)
    a = torch.tensor(x, dtype=torch.float64)
    for w_l in w:
        a = torch.sigmoid(w_l * a)
    ((a - target) ** 2 / 2).backward()
    return float(w.grad[0])


def measure(settings: dict, seeds: list[int]) -> Measurements:
    steps = [10.0**-k for k in settings["exponents"]]
    target = settings["target"]
    product, autograd_error, difference_error, remainder, unweighted_error = [], [], [], [], []
    for run in streams("chain_rule", seeds):
        x, weights = run.numpy("inputs").normal(), run.numpy("weights").normal(size=settings["units"])

        def loss_of_first(w, x=x, weights=weights):
            return chain_loss(x, np.concatenate([[w], weights[1:]]), target)

        gradient = chain_gradient(x, weights, target)
        product.append(abs(gradient))
        autograd_error.append(abs(autograd_gradient(x, weights, target) / gradient - 1))
        differences = np.array([central_difference(loss_of_first, weights[0], h) for h in steps])
        difference_error.append(np.abs(differences / gradient - 1))
        # The largest two steps, where rounding is not seen yet.
        changes = np.array([loss_of_first(weights[0] + h) - loss_of_first(weights[0]) for h in steps[:2]])
        remainder.append(np.abs(changes - np.array(steps[:2]) * gradient))
        # The control: a formula that forgets the weights must be found out.
        unweighted_error.append(abs(gradient / np.prod(weights[1:]) / differences[2] - 1))
    floor = np.finfo(float).eps
    by_step = np.maximum(difference_error, floor)
    return {
        "steps": exact(steps),
        "gradient": sampled(np.array(product), log=True),
        # Where two results agree to the last bit, the error is below what a double can say: recorded as that bound.
        "autograd_error": sampled(np.maximum(autograd_error, floor), log=True),
        "central_difference_error": sampled(by_step, log=True),
        "best_central_difference_error": sampled(by_step.min(axis=1), log=True),
        "smallest_step_error": sampled(by_step[:, -1], log=True),
        "first_order_remainder_order": sampled(_order(np.array(remainder), steps)),
        "central_difference_order": sampled(_order(by_step, steps)),
        "error_without_weights": sampled(np.array(unweighted_error), log=True),
    }


def _order(errors: np.ndarray, steps: list[float]) -> np.ndarray:
    """p where an error falls as hᵖ, from the largest two steps."""
    return np.log(errors[:, 0] / errors[:, 1]) / np.log(steps[0] / steps[1])


def task_chain_rule(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "chain_rule.json",
) -> None:
    measure_into(
        record,
        measure,
        settings,
        orderings=[("autograd_error", "best_central_difference_error"), ("best_central_difference_error", "smallest_step_error")],
    )

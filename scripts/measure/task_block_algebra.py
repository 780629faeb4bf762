"""I + J against autograd, D(I + J) for the 2015 block, the bounds of a stack, where "+ 1" fails, and what learns from zero."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets.activations import relu, relu_derivative
from snippets.block_algebra import (
    block_jacobian,
    block_jacobian_2015,
    branch,
    branch_jacobian,
    gain_bounds,
    stack_jacobian,
)
from snippets.streams import Streams, streams

SETTINGS = {
    "width": 64,
    "seeds": 20,
    "stack_depth": 50,
    "stack_width": 16,
    "epsilons": [0.01, 0.1, 0.3],
    "shortcuts": [0.5, 0.9, 1.0, 1.1],
    "article_slope": 0.00001,
    "article_layers": 1000,
    "zero_start": {"blocks": 5, "width": 16, "images": 32, "learning_rate": 0.1},
    "zero_start_steps": 30,
}


def autograd_jacobian(x: np.ndarray, W1: np.ndarray, W2: np.ndarray, relu_after: bool) -> np.ndarray:
    import torch

    W1, W2 = torch.from_numpy(W1), torch.from_numpy(W2)

    def block(x):
        y = x + W2 @ torch.relu(W1 @ x)
        return torch.relu(y) if relu_after else y

    return torch.autograd.functional.jacobian(block, torch.from_numpy(x)).numpy()


def one_block(run: Streams, width: int) -> dict[str, float]:
    # What enters a block of 2015 comes out of a ReLU: it is never negative.
    x = relu(run.numpy("block's input").standard_normal(width))
    W1, W2 = np.sqrt(2 / width) * run.numpy("block's weights").standard_normal((2, width, width))
    J = branch_jacobian(x, W1, W2)
    mask = relu_derivative(x + branch(x, W1, W2))
    floor = np.finfo(float).eps
    pre_error = np.abs(autograd_jacobian(x, W1, W2, False) - block_jacobian(J)).max()
    post_error = np.abs(autograd_jacobian(x, W1, W2, True) - block_jacobian_2015(J, mask)).max()
    return {
        # Equal to the last bit is recorded as the bound a double can state.
        "jacobian_error": max(pre_error, floor),
        "jacobian_error_2015": max(post_error, floor),
        "plus_one_error_2015": np.abs(autograd_jacobian(x, W1, W2, True) - block_jacobian(J)).max(),
        "masked_share_2015": 1 - mask.mean(),
    }


def stack_gain(run: Streams, width: int, depth: int, epsilon: float) -> float:
    """‖∏(I + Jₗ) v‖ / ‖v‖ for random Jₗ with ‖Jₗ‖₂ = ε."""
    draws = run.numpy(f"branches of norm {epsilon}").standard_normal((depth, width, width))
    jacobians = [epsilon * J / np.linalg.norm(J, 2) for J in draws]
    v = run.numpy(f"vector through norm {epsilon}").standard_normal(width)
    return np.linalg.norm(stack_jacobian(jacobians) @ v) / np.linalg.norm(v)


def commuting_error(run: Streams, width: int, depth: int) -> float:
    """A control: Jₗ = Q Λₗ Qᵀ commute, so that ∏(I + Jₗ) = Q ∏(1 + Λₗ) Qᵀ. The largest difference, relative."""
    rng = run.numpy("commuting branches")
    Q = np.linalg.qr(rng.standard_normal((width, width)))[0]
    slopes = rng.uniform(-0.5, 0.5, (depth, width))
    known = Q * np.prod(1 + slopes, axis=0) @ Q.T
    return np.abs(stack_jacobian([Q * slope @ Q.T for slope in slopes]) - known).max() / np.abs(known).max()


def learnt_from_zero(run: Streams, layers: int, last_only: bool, steps: int, settings: dict) -> dict[str, float]:
    """How far stem, branch weights, last biases and readout move by SGD when branches of `layers` layers start from zero.

    With `last_only` just each branch's last layer does.
    """
    import torch
    from torch import nn

    n, width = settings["images"], settings["width"]
    generator = run.torch(f"zero start, weights, {layers} {last_only}")
    data = run.torch(f"zero start, data, {layers} {last_only}")

    def linear(zero: bool) -> nn.Linear:
        layer = nn.Linear(width, width)
        nn.init.zeros_(layer.bias)
        nn.init.normal_(layer.weight, std=0.0 if zero else (2 / width) ** 0.5, generator=generator)
        return layer

    stem, readout = linear(False), linear(False)
    branches = [[linear(not last_only or place == layers - 1) for place in range(layers)] for _ in range(settings["blocks"])]
    x, target = torch.randn(2, n, width, generator=data)
    parts = {
        "stem": [stem.weight],
        "branch": [layer.weight for one in branches for layer in one],
        "last_bias": [one[-1].bias for one in branches],
        "readout": [readout.weight],
    }
    optimiser = torch.optim.SGD([p for one in branches for layer in one for p in layer.parameters()] + [*stem.parameters(), *readout.parameters()], lr=settings["learning_rate"])
    before = {part: [p.detach().clone() for p in found] for part, found in parts.items()}
    for _ in range(steps):
        z = stem(x)
        for one in branches:
            F = z
            for layer in one:
                F = layer(torch.relu(F))
            z = z + F
        optimiser.zero_grad()
        nn.functional.mse_loss(readout(torch.relu(z)), target).backward()
        optimiser.step()
    return {
        part: max(float((new.detach() - old).abs().max()) for new, old in zip(found, before[part], strict=True))
        for part, found in parts.items()
    }


def measure(settings: dict, seeds: list[int]) -> Measurements:
    width, depth, runs = settings["stack_width"], settings["stack_depth"], streams("block_algebra", seeds)
    blocks = [one_block(run, settings["width"]) for run in runs]
    measured = {
        name: sampled([block[name] for block in blocks], log=name.startswith("jacobian_error"))
        for name in blocks[0]
    }
    measured["commuting_error"] = sampled([commuting_error(run, width, depth) for run in runs], log=True)
    for name, (layers, last_only) in {
        "one_layer": (1, False),
        "two_layers": (2, False),
        "three_layers": (3, False),
        "last_of_two": (2, True),
    }.items():
        moved = [learnt_from_zero(run, layers, last_only, settings["zero_start_steps"], settings["zero_start"]) for run in runs]
        for part in moved[0]:
            measured[f"moved_{part}_{name}"] = sampled([one[part] for one in moved])
    measured["depths"] = exact(np.arange(depth + 1))
    one = np.ones((1, 1))
    for name, slope in {"minus_one": -1.0, "one": 1.0, "zero": 0.0}.items():
        gains = [1.0] + [stack_jacobian([slope * one] * d)[0, 0] for d in range(1, depth + 1)]
        measured[f"gain_slope_{name}"] = exact(gains)
        measured[f"gain_slope_{name}_at_{depth}"] = exact(gains[-1])
    for shortcut in settings["shortcuts"]:
        gains = [1.0] + [stack_jacobian([0 * one] * d, shortcut)[0, 0] for d in range(1, depth + 1)]
        name = f"{shortcut:g}".replace(".", "_")
        measured[f"gain_shortcut_{name}"] = exact(gains)
        measured[f"gain_shortcut_{name}_at_{depth}"] = exact(gains[-1])
    for epsilon in settings["epsilons"]:
        name = f"{epsilon:g}".replace(".", "_")
        low, high = gain_bounds([epsilon] * depth)
        measured[f"gain_epsilon_{name}"] = sampled([stack_gain(run, width, depth, epsilon) for run in runs])
        measured[f"gain_epsilon_{name}_low"] = exact(low)
        measured[f"gain_epsilon_{name}_high"] = exact(high)
    slope = settings["article_slope"]
    measured["article_one_block"] = exact(1 + slope)
    measured["article_all_blocks"] = exact((1 + slope) ** settings["article_layers"])
    return measured


def task_block_algebra(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "block_algebra.json",
) -> None:
    measure_into(record, measure, settings, orderings=[("jacobian_error_2015", "plus_one_error_2015")])

"""I + J against autograd, D(I + J) for the 2015 block, the bounds of a stack, and where "+ 1" fails."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets.activations import relu_derivative
from snippets.block_algebra import (
    block_jacobian,
    block_jacobian_2015,
    branch,
    branch_jacobian,
    gain_bounds,
    stack_jacobian,
)

SETTINGS = {
    "width": 16,
    "seeds": 20,
    "stack_depth": 50,
    "epsilons": [0.01, 0.1, 0.3],
    "shortcuts": [0.5, 0.9, 1.0, 1.1],
    "article_slope": 0.00001,
    "article_layers": 1000,
}


def autograd_jacobian(x: np.ndarray, W1: np.ndarray, W2: np.ndarray, relu_after: bool) -> np.ndarray:
    import torch

    W1, W2 = torch.from_numpy(W1), torch.from_numpy(W2)

    def block(x):
        y = x + W2 @ torch.relu(W1 @ x)
        return torch.relu(y) if relu_after else y

    return torch.autograd.functional.jacobian(block, torch.from_numpy(x)).numpy()


def one_block(seed: int, width: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(width)
    W1, W2 = np.sqrt(2 / width) * rng.standard_normal((2, width, width))
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


def stack_gain(seed: int, width: int, depth: int, epsilon: float) -> float:
    """‖∏(I + Jₗ) v‖ / ‖v‖ for random Jₗ with ‖Jₗ‖₂ = ε."""
    rng = np.random.default_rng(seed)
    draws = rng.standard_normal((depth, width, width))
    jacobians = [epsilon * J / np.linalg.norm(J, 2) for J in draws]
    v = rng.standard_normal(width)
    return np.linalg.norm(stack_jacobian(jacobians) @ v) / np.linalg.norm(v)


def measure(settings: dict) -> Measurements:
    width, depth, seeds = settings["width"], settings["stack_depth"], range(settings["seeds"])
    blocks = [one_block(seed, width) for seed in seeds]
    measured = {
        name: sampled([block[name] for block in blocks], log=name != "masked_share_2015")
        for name in blocks[0]
    }
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
        measured[f"gain_epsilon_{name}"] = sampled(
            [stack_gain(s, width, depth, epsilon) for s in seeds], log=True
        )
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

"""Curvature in the input and the loss's Hessian in the weights, on nets where they disagree."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

SETTINGS = {
    "depth": 20,
    "slope": 0.9,
    "x_max": 2.0,
    "points": 401,
    "smallest_exponent": -9,
    "factors": [1.0, 2.0, 4.0, 8.0],
    "net_depth": 6,
    "net_width": 4,
    "seeds": 10,
    "steps": 600,
    "learning_rate": 0.01,
}


def small_net(flat, x, depth: int, width: int, shortcut: float):
    """y(x) of a tanh net ℝ → ℝ, x of shape (n, 1); `flat` holds its weights and biases, in order."""
    import torch

    z = x * flat[:width] + flat[width : 2 * width]
    at = 2 * width
    for _ in range(depth):
        W = flat[at : at + width * width].view(width, width)
        b = flat[at + width * width : at + width * (width + 1)]
        at += width * (width + 1)
        z = shortcut * z + torch.tanh(z) @ W.T + b
    return z @ flat[at : at + width]


def trained(seed: int, shortcut: float, settings: dict) -> dict[str, float]:
    """A small net fitted to sin 2x: its loss, max |y″| on the grid and λmax of the loss's Hessian."""
    import torch

    from snippets.curvature import top_eigenvalue

    depth, width = settings["net_depth"], settings["net_width"]
    count = 2 * width + depth * width * (width + 1) + width
    generator = torch.Generator().manual_seed(seed)
    flat = torch.randn(count, generator=generator, dtype=torch.float64) / width**0.5
    flat.requires_grad_()
    x = torch.linspace(-settings["x_max"], settings["x_max"], 64, dtype=torch.float64)[:, None]

    def loss(flat):
        return ((small_net(flat, x, depth, width, shortcut) - torch.sin(2 * x[:, 0])) ** 2).mean() / 2

    optimiser = torch.optim.Adam([flat], lr=settings["learning_rate"])
    for _ in range(settings["steps"]):
        optimiser.zero_grad()
        loss(flat).backward()
        optimiser.step()
    grid = x.clone().requires_grad_()
    (first,) = torch.autograd.grad(
        small_net(flat, grid, depth, width, shortcut).sum(), grid, create_graph=True
    )
    (second,) = torch.autograd.grad(first.sum(), grid)
    return {
        "loss": loss(flat).item(),
        "input_curvature": second.abs().max().item(),
        "top_eigenvalue": top_eigenvalue(loss, flat.detach()),
    }


def measure(settings: dict) -> Measurements:
    import torch

    from snippets.curvature import compose, rescaled_pair, top_eigenvalue

    x = np.linspace(-settings["x_max"], settings["x_max"], settings["points"])
    near = np.logspace(settings["smallest_exponent"], np.log10(settings["x_max"]), 4001)
    measured = {"x": exact(x)}
    for kind, shortcut in {"plain": 0.0, "residual": 1.0}.items():
        _, _, second = compose(settings["depth"], x, settings["slope"], shortcut)
        _, _, fine = compose(settings["depth"], near, settings["slope"], shortcut)
        measured[f"second_{kind}"] = exact(second)
        measured[f"largest_on_grid_{kind}"] = exact(np.abs(second).max())
        # A regular grid misses the peak of the residual net, which lies within 1e-5 of 0: f is odd, so x > 0 is enough.
        measured[f"largest_{kind}"] = exact(np.abs(fine).max())
        measured[f"largest_at_{kind}"] = exact(near[np.abs(fine).argmax()])
        measured[f"slope_at_zero_{kind}"] = exact((shortcut + settings["slope"]) ** settings["depth"])
    unit = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    for factor in settings["factors"]:
        eigenvalue = top_eigenvalue(
            lambda w: ((w[0] * w[1] * unit - unit) ** 2).mean() / 2, rescaled_pair(factor)
        )
        measured[f"rescaled_top_eigenvalue_{factor:g}"] = exact(eigenvalue)
    for kind, shortcut in {"plain": 0.0, "residual": 1.0}.items():
        nets = [trained(seed, shortcut, settings) for seed in range(settings["seeds"])]
        for name in nets[0]:
            measured[f"{name}_{kind}"] = sampled([net[name] for net in nets], log=True)
    return measured


def task_curvature(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "curvature.json",
) -> None:
    measure_into(record, measure, settings)

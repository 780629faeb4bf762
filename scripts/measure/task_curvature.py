"""Curvature in the input and the loss's Hessian in the weights, on nets where they disagree."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets.streams import Streams, streams

SETTINGS = {
    "depth": 20,
    "slope": 0.9,
    "x_max": 2.0,
    "points": 401,
    "smallest_exponent": -9,
    "factors": [1.0, 2.0, 4.0, 8.0],
    "net_depth": 6,
    "net_width": 4,
    "seeds": 20,
    "steps": 600,
    "learning_rate": 0.01,
}


def small_net(flat, x, depth: int, width: int, shortcut: float):
    """y(x) of tanh nets ℝ → ℝ, x of shape (n, 1); `flat` holds their weights and biases in order, of one net or (nets, count)."""
    import torch

    first, rest = flat[..., : 2 * width].unsqueeze(-2), flat[..., 2 * width :]
    z = x * first[..., :width] + first[..., width:]
    for _ in range(depth):
        W, b, rest = rest.split([width**2, width, rest.shape[-1] - width**2 - width], dim=-1)
        z = shortcut * z + torch.tanh(z) @ W.unflatten(-1, (width, width)).mT + b.unsqueeze(-2)
    return (z @ rest.unsqueeze(-1)).squeeze(-1)


def trained(runs: list[Streams], shortcut: float, settings: dict) -> list[dict[str, float] | None]:
    """Of small nets fitted to sin 2x: loss, max |y″| on the grid, alone and over the slope's square, λmax of the loss's Hessian.

    The nets are trained side by side, a run each; None if one diverged.
    """
    import torch

    from snippets.curvature import top_eigenvalue

    depth, width = settings["net_depth"], settings["net_width"]
    count = 2 * width + depth * width * (width + 1) + width
    drawn = [torch.randn(count, generator=run.torch("weights"), dtype=torch.float64) for run in runs]
    nets = (torch.stack(drawn) / width**0.5).requires_grad_()
    x = torch.linspace(-settings["x_max"], settings["x_max"], 64, dtype=torch.float64)[:, None]

    def loss(flat):
        return ((small_net(flat, x, depth, width, shortcut) - torch.sin(2 * x[:, 0])) ** 2).mean(-1) / 2

    optimiser = torch.optim.Adam([nets], lr=settings["learning_rate"])
    for _ in range(settings["steps"]):
        optimiser.zero_grad()
        loss(nets).sum().backward()
        optimiser.step()
    return [
        {
            "loss": loss(flat).item(),
            **bends(lambda at, flat=flat: small_net(flat, at, depth, width, shortcut), x),
            "top_eigenvalue": top_eigenvalue(loss, flat),
        }
        if loss(flat).isfinite()
        else None
        for flat in nets.detach()
    ]


def bends(y, x) -> dict[str, float]:
    """max |y″| over the grid x, and what it is over max y′²."""
    import torch

    grid = x.clone().requires_grad_()
    (first,) = torch.autograd.grad(y(grid).sum(), grid, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), grid)
    largest, slope = second.abs().max().item(), first.abs().max().item()
    return {"input_curvature": largest, "relative_input_curvature": largest / slope**2}


def measure(settings: dict, seeds: list[int]) -> Measurements:
    import torch

    from snippets.curvature import compose, rescaled_pair, top_eigenvalue

    x = np.linspace(-settings["x_max"], settings["x_max"], settings["points"])
    near = np.logspace(settings["smallest_exponent"], np.log10(settings["x_max"]), 4001)
    measured = {"x": exact(x)}
    for kind, shortcut in {"plain": 0.0, "residual": 1.0}.items():
        _, _, second = compose(settings["depth"], x, settings["slope"], shortcut)
        _, slope, fine = compose(settings["depth"], near, settings["slope"], shortcut)
        measured[f"second_{kind}"] = exact(second)
        measured[f"largest_on_grid_{kind}"] = exact(np.abs(second).max())
        # A regular grid misses the peak of the residual net, which lies within 1e-5 of 0: f is odd, so x > 0 is enough.
        measured[f"largest_{kind}"] = exact(np.abs(fine).max())
        measured[f"largest_at_{kind}"] = exact(near[np.abs(fine).argmax()])
        measured[f"relative_{kind}"] = exact(np.abs(fine).max() / slope.max() ** 2)
        measured[f"slope_at_zero_{kind}"] = exact((shortcut + settings["slope"]) ** settings["depth"])
    unit = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    for factor in settings["factors"]:
        eigenvalue = top_eigenvalue(
            lambda w: ((w[0] * w[1] * unit - unit) ** 2).mean() / 2, rescaled_pair(factor)
        )
        measured[f"rescaled_top_eigenvalue_{factor:g}"] = exact(eigenvalue)
    for kind, shortcut in {"plain": 0.0, "residual": 1.0}.items():
        nets = trained(streams("curvature", seeds), shortcut, settings)
        for name in next(net for net in nets if net):
            measured[f"{name}_{kind}"] = sampled([net and net[name] for net in nets], log=True)
    return measured


def task_curvature(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "curvature.json",
) -> None:
    measure_into(record, measure, settings)

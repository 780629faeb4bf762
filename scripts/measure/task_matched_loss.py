"""Landscape and Hessian at the same training loss: with and without shortcuts, with and without BN."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.measure.surroundings import extremes, four_digits, read_off
from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

SETTINGS = {
    "depth": 10,
    "width": 32,
    "seeds": 5,
    "target": 0.1,
    "learning_rate": 0.05,
    "batch": 128,
    "clip": 1.0,
    "updates": 440,
    "every": 2,
    "images": 128,
    "grid": 25,
    "nonconvex_threshold": 0.1,
    "hessian_images": 256,
    "lanczos_tolerance": 0.01,
    "lanczos_restarts": 10,
}
KINDS = {
    "plain": {"shortcut": 0, "normalise": False},
    "residual": {"shortcut": 1, "normalise": False},
    "plain_bn": {"shortcut": 0, "normalise": True},
    "residual_bn": {"shortcut": 1, "normalise": True},
}


def run(settings: dict, kind: dict, seed: int) -> dict | None:
    """A net at the target loss, its Hessian and its plane; None if it never got there."""
    import torch
    from torch.nn.functional import cross_entropy

    from snippets.digits import digits
    from snippets.loss_landscape import plane, surface
    from snippets.matched_loss import Mlp, train_until

    x, labels, _, _ = (torch.from_numpy(array) for array in digits())
    # A residual net without BN needs small branches; BN sets their size by itself (chapter 4).
    scale = settings["depth"] ** -0.5 if kind["shortcut"] and not kind["normalise"] else 1.0
    net = Mlp(64, settings["width"], 10, settings["depth"], **kind, scale=scale, seed=seed)
    arguments = (settings[key] for key in ("updates", "batch", "clip", "every"))
    updates = train_until(net, settings["target"], settings["learning_rate"], x, labels, seed, *arguments)
    if updates is None:
        return None
    with torch.no_grad():
        train_loss = cross_entropy(net(x), labels).item()
    found = extremes(settings, net, x, labels, seed)
    smallest, largest = found["lambda_min"], found["lambda_max"]
    grid, few = np.linspace(-1, 1, settings["grid"]), slice(settings["images"])
    E = surface(net, plane(net, seed), grid, grid, x[few], labels[few])
    return {
        "updates": updates,
        "train_loss": train_loss,
        "ratio": None if smallest is None else abs(smallest / largest),
        "surface": four_digits(E),
        **found,
        **read_off(settings, E),
    }


def measure(settings: dict) -> Measurements:
    measured = {"grid": exact(np.linspace(-1, 1, settings["grid"]))}
    for kind, form in KINDS.items():
        runs = [run(settings, form, seed) for seed in range(settings["seeds"])]
        measured[f"arrived_{kind}"] = sampled([int(found is not None) for found in runs])
        for name in next(found for found in runs if found):
            log = name in ("train_loss", "lambda_max", "ratio", "surface")
            measured[f"{name}_{kind}"] = sampled([(found or {}).get(name) for found in runs], log=log)
    return measured


def task_matched_loss(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "matched_loss.json",
) -> None:
    measure_into(
        record,
        measure,
        settings,
        orderings=[
            ("lambda_max_residual", "lambda_max_plain"),
            ("lambda_max_residual_bn", "lambda_max_plain_bn"),
            ("lambda_max_plain_bn", "lambda_max_plain"),
            ("nonconvex_share_residual", "nonconvex_share_plain"),
            ("nonconvex_share_residual_bn", "nonconvex_share_plain_bn"),
        ],
    )

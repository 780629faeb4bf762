"""Landscapes whose answer is known, through the code that looks at those of trained nets: what could fool chapter 5."""

import copy
from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.measure.surroundings import extremes, images, read_off
from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets.streams import Streams, streams

SETTINGS = {
    "seeds": 10,
    "images": 64,
    "reach": 0.5,
    "inner": 13,
    "nonconvex_threshold": 0.1,
    "lanczos_tolerance": 0.01,
    "lanczos_restarts": 20,
    "depth": 8,
    "widths": [4, 8, 16],
    "epochs": 2,
    "batch": 128,
    "learning_rate": 0.05,
    "factor": 0.3,
}


def quadratics(settings: dict) -> dict[str, float]:
    """A bowl, convex everywhere, and a saddle, convex nowhere, each with unequal curvatures."""
    alphas, betas = np.meshgrid(*[np.linspace(-settings["reach"], settings["reach"], settings["inner"])] * 2, indexing="ij")
    surfaces = {"bowl": 3 * alphas**2 + alphas * betas + betas**2, "saddle": 3 * alphas**2 + alphas * betas - betas**2}
    return {
        f"{name}_{kind}": value
        for kind, E in surfaces.items()
        for name, value in read_off(settings, E, settings["reach"]).items()
    }


def linear(settings: dict, run: Streams, x, labels) -> dict[str, float]:
    """A single linear layer at random weights: its cross-entropy is convex in them, so every slice is."""
    from torch import nn

    from snippets.loss_landscape import plane, surface

    net = nn.Linear(64, 10)
    nn.init.kaiming_normal_(net.weight, nonlinearity="linear", generator=run.torch("linear weights"))
    nn.init.zeros_(net.bias)
    grid = np.linspace(-settings["reach"], settings["reach"], settings["inner"])
    E = surface(net, plane(net, run.torch("linear plane")), grid, grid, x.flatten(1), labels)
    return {f"{name}_linear": value for name, value in read_off(settings, E, settings["reach"]).items()}


def rescaled(net, factor: float):
    """The same function in eval mode: the first convolution's weights times `factor`, and BN's statistics behind it."""
    twin = copy.deepcopy(net)
    twin.conv.weight.data *= factor
    twin.bn.running_mean *= factor
    # BN divides by √(variance + ε).
    twin.bn.running_var.copy_((twin.bn.running_var + twin.bn.eps) * factor**2 - twin.bn.eps)
    return twin


def against_its_twin(settings: dict, run: Streams, net, x, labels) -> dict[str, float]:
    """One function written with two sets of weights: what of its landscape and Hessian stays."""
    from torch.nn.functional import cross_entropy

    from snippets.hessian import hessian
    from snippets.loss_landscape import plane, surface
    from snippets.sharpness import largest_eigenvalue, relative

    nets = net.eval(), rescaled(net, settings["factor"]).eval()
    grid = np.linspace(-settings["reach"], settings["reach"], settings["inner"])
    drawing = run.torch("plane")
    kept = drawing.get_state()
    surfaces, largest, relatives = [], [], []
    for form in nets:
        drawing.set_state(kept)  # the same directions before they are scaled to the weights
        surfaces.append(surface(form, plane(form, drawing), grid, grid, x, labels))
    for form, name in zip(nets, ("net", "twin"), strict=True):
        largest.append(extremes(settings, form, x, labels, run.numpy(f"lanczos {name}"))["lambda_max"])
        H = relative(hessian(cross_entropy(form(x), labels), form.parameters()), form.parameters())
        options = settings["lanczos_tolerance"], settings["lanczos_restarts"], run.numpy(f"relative lanczos {name}")
        relatives.append(largest_eigenvalue(H, *options))
    return {
        "twin_surface_change": float(np.abs(surfaces[1] / surfaces[0] - 1).max()),
        "twin_lambda_max_ratio": largest[1] / largest[0],
        "twin_relative_lambda_max_ratio": relatives[1] / relatives[0],
    }


def of_one_stream(settings: dict, seed: int) -> float:
    """The fault that these controls are for: a direction and the initial weights drawn by one stream; their cosine."""
    from snippets.convnets import ConvNet
    from snippets.loss_landscape import cosine, planar, plane

    net = ConvNet(settings["depth"], settings["widths"], 1, 10, False, Streams("landscape_controls", seed).torch("weights"))
    direction, _ = plane(net, Streams("landscape_controls", seed).torch("weights"))
    return cosine(direction, planar(net))


def measure(settings: dict, seeds: list[int]) -> Measurements:
    import torch

    from snippets.convnet_training import train_side_by_side
    from snippets.convnets import ConvNet
    from snippets.digits import splits

    runs = streams("landscape_controls", seeds)
    x, labels, _, _ = (torch.from_numpy(array) for array in splits([run.numpy("split") for run in runs]))
    x = x.unflatten(2, (1, 8, 8))
    nets = [ConvNet(settings["depth"], settings["widths"], 1, 10, False, run.torch("weights")) for run in runs]
    training = [settings[key] for key in ("epochs", "batch", "learning_rate")]
    train_side_by_side(nets, x, labels, [run.torch("batches") for run in runs], *training)
    found = []
    for run, net, pixels, answers in zip(runs, nets, x, labels, strict=True):
        few = images(settings["images"], pixels, answers, run.numpy("images"))
        found.append(linear(settings, run, *few) | against_its_twin(settings, run, net, *few))
        found[-1]["cosine_of_one_stream"] = of_one_stream(settings, run.seed)
    measured = {name: exact(value) for name, value in quadratics(settings).items()}
    return measured | {name: sampled([of_net[name] for of_net in found], log="ratio" in name) for name in found[0]}


def task_landscape_controls(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "landscape_controls.json",
) -> None:
    measure_into(record, measure, settings)

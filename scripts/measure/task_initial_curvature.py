"""The Hessian of untrained nets with the same weights, with and without the +1: does the +1 alone make a landscape smooth?"""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.measure.surroundings import extremes, images
from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, measure_into, sampled, settings_node
from snippets.streams import Streams, streams

SETTINGS = {
    "depth": 10,
    "width": 32,
    "seeds": 20,
    "images": 256,
    "lanczos_tolerance": 0.01,
    "lanczos_restarts": 20,
}
KINDS = {"plain": 0, "residual": 1}


def look(settings: dict, run: Streams, shortcut: int) -> dict[str, float | None]:
    """Both kinds are written in the same weights W, each branch at its full size (α = 1), and have the same ones."""
    import torch
    from torch.nn.functional import cross_entropy

    from snippets.digits import digits
    from snippets.hessian import hessian
    from snippets.matched_loss import Mlp
    from snippets.sharpness import largest_eigenvalue, relative

    x, labels, _, _ = (torch.from_numpy(array) for array in digits(run.numpy("split")))
    x, labels = images(settings["images"], x, labels, run.numpy("images"))
    net = Mlp(64, settings["width"], 10, settings["depth"], shortcut, 1.0, False, run.torch("weights"))
    loss = cross_entropy(net(x), labels)
    found = {"loss": loss.item()} | extremes(settings, net, x, labels, run.numpy("lanczos"))
    largest = found["lambda_max"]
    found["lambda_max_over_loss"] = None if largest is None else largest / loss.item()
    H = relative(hessian(loss, net.parameters()), net.parameters())
    options = settings["lanczos_tolerance"], settings["lanczos_restarts"], run.numpy("relative lanczos")
    return found | {"relative_lambda_max": largest_eigenvalue(H, *options)}


def measure(settings: dict, seeds: list[int]) -> Measurements:
    measured = {}
    for kind, shortcut in KINDS.items():
        found = [look(settings, run, shortcut) for run in streams("initial_curvature", seeds)]
        for name in found[0]:
            measured[f"{name}_{kind}"] = sampled([of_net[name] for of_net in found], log=name != "lambda_min")
    return measured


def task_initial_curvature(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "initial_curvature.json",
) -> None:
    measure_into(record, measure, settings)

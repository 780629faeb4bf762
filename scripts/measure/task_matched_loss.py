"""Landscape, Hessian and sharpness at the same training loss: with and without shortcuts, with and without BN."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.measure.surroundings import extremes, four_digits, images, read_off
from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

EXPERIMENT = "matched_loss"
SETTINGS = {
    "depth": 10,
    "width": 32,
    "seeds": 10,
    "target": 0.1,
    "learning_rate": 0.05,
    "batch": 128,
    "clip": 1.0,
    "updates": 440,
    "every": 2,
    "planes": 5,
    "images": 128,
    "reach": 0.5,
    "inner": 13,
    "grid": 17,
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
_SHARPNESS = ("lambda_max", "relative_lambda_max", "twin_lambda_max", "twin_relative_lambda_max")
LOG = ("train_loss", "plane_images_loss", "hessian_images_loss", "ratio", "surface", *_SHARPNESS)


def loss(net, x, labels) -> float:
    import torch
    from torch.nn.functional import cross_entropy

    with torch.no_grad():
        return cross_entropy(net(x), labels).item()


def surroundings(settings: dict, net, initial: list, x, labels, run) -> dict:
    """What a run's planes show near the net: the mean over them, the first one's whole surface, and that they are random indeed.

    Far from the net BN, its statistics taken anew, makes any plane not convex: chapter 5 reads within the same reach.
    """
    import torch

    from snippets.loss_landscape import plane, planar
    from snippets.matched_loss import losses_on_plane

    grid, reach = np.linspace(-1, 1, settings["grid"]), settings["reach"]
    near = np.linspace(-reach, reach, settings["inner"])
    some = images(settings["images"], x, labels, run.numpy("plane images"))
    surfaces, cosines, whole = [], [], None
    for number in range(settings["planes"]):
        directions = plane(net, run.torch(f"plane {number}"))
        surfaces.append(losses_on_plane(net, directions, near, near, *some))
        if whole is None:
            whole = losses_on_plane(net, directions, grid, grid, *some)
        first, second, start, end = (
            torch.cat([w.detach().flatten() for w in weights]) for weights in (*directions, initial, planar(net))
        )
        pairs = [(d, w) for d in (first, second) for w in (start, end)] + [(first, second)]
        cosines += [abs(float(torch.cosine_similarity(a, b, dim=0))) for a, b in pairs]
    seen = [read_off(settings, E, reach) for E in surfaces]
    return {name: float(np.mean([of[name] for of in seen])) for name in seen[0]} | {
        "nonconvex_share_by_plane": [of["nonconvex_share"] for of in seen],
        "surface": four_digits(whole),
        "largest_cosine": max(cosines),
        "plane_images_loss": loss(net, *some),
    }


def sharpness(settings: dict, net, x, labels, run, stream: str) -> tuple[float | None, float | None]:
    """λmax of the Hessian and of the relative Hessian over these images; None where Lanczos did not converge."""
    from torch.nn.functional import cross_entropy

    from snippets.hessian import hessian
    from snippets.sharpness import largest_eigenvalue, relative

    H = hessian(cross_entropy(net(x), labels), net.parameters())
    how = settings["lanczos_tolerance"], settings["lanczos_restarts"]
    return tuple(
        largest_eigenvalue(operator, *how, run.numpy(f"{stream} {name}"))
        for name, operator in (("plain", H), ("relative", relative(H, net.parameters())))
    )


def look(settings: dict, kind: dict, run, planes: bool = True) -> dict | None:
    """A net at the target loss and what surrounds it; None if it never got there."""
    import torch

    from snippets.digits import digits
    from snippets.loss_landscape import planar
    from snippets.matched_loss import Mlp, absorbed, train_until

    x, labels, _, _ = (torch.from_numpy(array) for array in digits(run.numpy("split")))
    # A residual net without BN needs small branches; BN sets their size by itself (chapter 4).
    scale = settings["depth"] ** -0.5 if kind["shortcut"] and not kind["normalise"] else 1.0
    net = Mlp(64, settings["width"], 10, settings["depth"], **kind, scale=scale, generator=run.torch("weights"))
    initial = [w.detach().clone() for w in planar(net)]
    how = (settings[key] for key in ("updates", "batch", "clip", "every"))
    updates = train_until(net, settings["target"], settings["learning_rate"], x, labels, run.torch("batches"), *how)
    if updates is None:
        return None
    some = images(settings["hessian_images"], x, labels, run.numpy("hessian images"))
    found = {"train_loss": loss(net, x, labels), "hessian_images_loss": loss(net, *some)}
    found |= extremes(settings, net, *some, run.numpy("lanczos"))
    smallest, largest = found["lambda_min"], found["lambda_max"]
    found["ratio"] = None if smallest is None else abs(smallest / largest)
    _, found["relative_lambda_max"] = sharpness(settings, net, *some, run, "lanczos")
    if scale != 1:
        # The control: the same function written otherwise.
        twin = absorbed(net)
        with torch.no_grad():
            found["twin_difference"] = ((twin(x) - net(x)).abs().max() / net(x).abs().max()).item()
        of_twin = sharpness(settings, twin, *some, run, "lanczos of the twin")
        found["twin_lambda_max"], found["twin_relative_lambda_max"] = of_twin
        relatives = found["twin_relative_lambda_max"], found["relative_lambda_max"]
        found["twin_relative_quotient"] = None if None in relatives else relatives[0] / relatives[1]
    seen = surroundings(settings, net, initial, x, labels, run) if planes else {}
    return {"updates": updates} | found | seen


def measure(settings: dict, seeds: list[int]) -> Measurements:
    from snippets.streams import streams

    measured = {"grid": exact(np.linspace(-1, 1, settings["grid"]))}
    plan = [(EXPERIMENT, kind, form, True) for kind, form in KINDS.items()]
    # The control: a second set of nets of one kind, with draws of its own.
    plan.append((f"{EXPERIMENT}, again", "residual_again", KINDS["residual"], False))
    for experiment, name, form, planes in plan:
        found = [look(settings, form, run, planes) for run in streams(experiment, seeds)]
        measured[f"arrived_{name}"] = sampled([int(of is not None) for of in found])
        for measurement in next((of for of in found if of), ()):
            values = [(of or {}).get(measurement) for of in found]
            measured[f"{measurement}_{name}"] = sampled(values, log=measurement in LOG)
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
            ("lambda_max_residual_bn", "lambda_max_plain_bn"),
            ("relative_lambda_max_residual_bn", "relative_lambda_max_plain_bn"),
            ("nonconvex_share_residual_bn", "nonconvex_share_plain_bn"),
        ],
    )

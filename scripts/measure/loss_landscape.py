"""Loss landscapes of trained nets as Li et al. 2018 draw them; one task for each kind of net shares it."""

import math

import numpy as np

from scripts.measure.surroundings import extremes, four_digits, read_off
from scripts.record import Measurements, exact, sampled

SETTINGS = {
    "depth": 32,
    "widths": [8, 16, 32],
    "residual": False,
    "epochs": 20,
    "batch": 128,
    "learning_rate": 0.05,
    "seeds": 5,
    "modes": ["eval", "train"],
    "images": 128,
    "coarse": 25,
    "full": 51,
    "full_planes": 1,
    "nonconvex_threshold": 0.1,
    "hessian_images": 256,
    "lanczos_tolerance": 0.01,
    "lanczos_restarts": 10,
}


ABREAST = 4  # points computed side by side: more leave the cache


def runs(settings: dict) -> list[dict | None]:
    """Train the nets and look around each, in a plane drawn by its seed; None if the training diverged."""
    import torch

    from snippets.convnet_training import loss_and_error, train_side_by_side
    from snippets.convnets import ConvNet
    from snippets.digits import digits

    x, labels, test_x, test_labels = (torch.from_numpy(array) for array in digits())
    x, test_x = x.view(-1, 1, 8, 8), test_x.view(-1, 1, 8, 8)
    architecture = settings["depth"], settings["widths"], 1, 10, settings["residual"]
    nets = [ConvNet(*architecture, seed) for seed in range(settings["seeds"])]
    training = [settings[key] for key in ("epochs", "batch", "learning_rate")]
    found = []
    for seed, loss in enumerate(train_side_by_side(nets, x, labels, range(len(nets)), *training)[-1].tolist()):
        if not math.isfinite(loss):
            found.append(None)
            continue
        measured = {"final_loss": loss, "train_loss": loss_and_error(nets[seed], x, labels)[0]}
        measured["test_error"] = loss_and_error(nets[seed], test_x, test_labels)[1]
        found.append(measured | surroundings(settings, nets[seed], x, labels, seed))
    return found


def surroundings(settings: dict, net, x, labels, seed: int) -> dict:
    """The plane in each of BN's modes, and the Hessian's extremes in all weights, BN's statistics fixed."""
    from snippets.folding import folded
    from snippets.loss_landscape import plane, with_batch_statistics

    directions, measured = plane(net, seed), {}
    images = x[: settings["images"]], labels[: settings["images"]]
    views = {"eval": folded(net, directions), "train": (with_batch_statistics(net), directions)}
    for mode in settings["modes"]:
        seen = look(settings, *views[mode], *images, seed)
        measured |= {f"{name}_{mode}": value for name, value in seen.items()}
    return measured | extremes(settings, net, x, labels, seed)


def look(settings: dict, net, directions, x, labels, seed: int) -> dict:
    """The surface over [−1, 1]², its centre line along the first direction, and what is read off the grid."""
    from snippets.loss_landscape import surface

    coarse, full = (np.linspace(-1, 1, settings[grid]) for grid in ("coarse", "full"))
    E = surface(net, directions, coarse, coarse, x, labels, ABREAST)
    seen = {
        "surface": E,
        "slice": surface(net, directions, full, [0.0], x, labels, ABREAST)[:, 0],
        "centre_loss": float(E[len(E) // 2, len(E) // 2]),
        "highest_loss": float(E.max()),
    } | read_off(settings, E)
    if seed < settings["full_planes"]:
        E = surface(net, directions, full, full, x, labels, ABREAST)
        seen |= {"full_surface": E} | {f"full_{name}": value for name, value in read_off(settings, E).items()}
    return seen


def measure(settings: dict) -> Measurements:
    found = runs(settings)
    measured = {f"{grid}_grid": exact(np.linspace(-1, 1, settings[grid])) for grid in ("coarse", "full")}
    measured["diverged"] = sampled([int(run is None) for run in found])
    converged = [run or {} for run in found]
    measured["lanczos_unconverged"] = sampled(
        [int(run.get("lambda_max") is None or run.get("lambda_min") is None) for run in converged]
    )
    for name in next(run for run in found if run):
        # A full plane is drawn for the first seeds only.
        values = [
            run.get(name) for run in converged[: settings["full_planes"] if name.startswith("full") else None]
        ]
        linear = any(part in name for part in ("error", "share", "minima", "lambda_min"))
        measured[name] = sampled([four_digits(v) for v in values], log=not linear)
    return measured

"""Loss landscapes of trained nets as Li et al. 2018 draw them; one task for each kind of net shares it."""

import copy
import math

import numpy as np

from scripts.measure.surroundings import extremes, four_digits, images, read_off
from scripts.record import Measurements, exact, sampled

EXPERIMENT = "loss_landscape"  # of every kind of net: they share splits, initial weights, batches, images and planes
SETTINGS = {
    "depth": 32,
    "widths": [8, 16, 32],
    "residual": False,
    "epochs": 20,
    "batch": 128,
    "learning_rate": 0.05,
    "seeds": 10,
    "modes": ["eval", "train"],
    "images": 128,
    "planes": 5,
    "plane_images": 64,
    "reach": 0.5,
    "inner": 13,
    "coarse": 17,
    "full": 49,
    "full_nets": 1,
    "nonconvex_threshold": 0.1,
    "lanczos_tolerance": 0.01,
    "lanczos_restarts": 10,
}
TEST_IMAGES = 360
ABREAST = 4  # points computed side by side: more leave the cache


def runs(settings: dict, seeds: list[int]) -> list[dict | None]:
    """Train the nets and look around each; None if the training diverged."""
    import torch

    from snippets.convnet_training import loss_and_error, train_side_by_side
    from snippets.convnets import ConvNet
    from snippets.digits import splits
    from snippets.streams import streams

    of_seeds = streams(EXPERIMENT, seeds)
    data = splits([run.numpy("split") for run in of_seeds])
    x, labels, test_x, test_labels = (torch.from_numpy(array) for array in data)
    x, test_x = (pixels.unflatten(2, (1, 8, 8)) for pixels in (x, test_x))
    architecture = settings["depth"], settings["widths"], 1, 10, settings["residual"]
    nets = [ConvNet(*architecture, run.torch("weights")) for run in of_seeds]
    initial = copy.deepcopy(nets)
    training = [settings[key] for key in ("epochs", "batch", "learning_rate")]
    losses = train_side_by_side(nets, x, labels, [run.torch("batches") for run in of_seeds], *training)[-1].tolist()
    found = []
    for place, (run, net, loss) in enumerate(zip(of_seeds, nets, losses, strict=True)):
        if not math.isfinite(loss):
            found.append(None)
            continue
        measured = {"train_loss": loss_and_error(net, x[place], labels[place])[0]}
        measured["test_error"] = loss_and_error(net, test_x[place], test_labels[place])[1]
        around = surroundings(settings, net, initial[place], x[place], labels[place], run, place)
        found.append(measured | around)
    return found


def surroundings(settings: dict, net, initial, x, labels, run, place: int) -> dict:
    """The planes in each of BN's modes, and the Hessian's extremes in all weights, BN's statistics fixed."""
    from torch.nn.functional import cross_entropy

    from snippets.folding import folded
    from snippets.hessian import hessian
    from snippets.loss_landscape import plane, with_batch_statistics
    from snippets.sharpness import largest_eigenvalue, relative

    x, labels = images(settings["images"], x, labels, run.numpy("images"))
    planes = [plane(net, run.torch(f"plane {number}")) for number in range(settings["planes"])]
    measured = cosines(planes, initial, net) if planes else {}
    views = {"eval": folded, "train": lambda net, directions: (with_batch_statistics(net), directions)}
    for mode in settings["modes"]:
        seen = look(settings, [views[mode](net, directions) for directions in planes], x, labels, place)
        measured |= {f"{name}_{mode}": value for name, value in seen.items()}
    measured |= extremes(settings, net, x, labels, run.numpy("lanczos"))
    H = relative(hessian(cross_entropy(net(x), labels), net.parameters()), net.parameters())
    options = settings["lanczos_tolerance"], settings["lanczos_restarts"], run.numpy("relative lanczos")
    return measured | {"relative_lambda_max": largest_eigenvalue(H, *options)}


def cosines(planes, initial, net) -> dict[str, float]:
    """The largest |cosine| of any direction with the net's initial and trained weights: of random ones about 1/√(count)."""
    from snippets.loss_landscape import cosine, planar

    directions = [direction for plane in planes for direction in plane]
    expected = sum(w.numel() for w in planar(net)) ** -0.5
    return {"cosine_expected": expected} | {
        f"cosine_{name}": max(abs(cosine(direction, planar(weights))) for direction in directions)
        for name, weights in (("initial", initial), ("trained", net))
    }


def look(settings: dict, views: list, x, labels, place: int) -> dict:
    """What is read off the inner square of each plane, the first one's surface over [−1, 1]², and a finer one to be drawn."""
    from snippets.loss_landscape import surface

    few, reach = settings["plane_images"], settings["reach"]

    def over(view, name: str, reach: float) -> np.ndarray:
        grid = np.linspace(-reach, reach, settings[name])
        return surface(*view, grid, grid, x[:few], labels[:few], ABREAST)

    inner = [over(view, "inner", reach) for view in views]
    read = [read_off(settings, E, reach) for E in inner]
    whole = over(views[0], "coarse", 1)
    seen = {f"{name}_by_plane": [of_plane[name] for of_plane in read] for name in read[0]}
    seen |= {name: float(np.mean(seen[f"{name}_by_plane"])) for name in read[0]}
    seen |= {f"whole_{name}": value for name, value in read_off(settings, whole).items()}
    seen |= {"edge_loss": float(np.median([border(E) for E in inner])), "highest_loss": float(whole.max()), "surface": whole}
    if place < settings["full_nets"]:
        E = over(views[0], "full", 1)
        start = round((1 - reach) / 2 * (len(E) - 1))
        within = E[start : len(E) - start, start : len(E) - start]
        seen["full_surface"] = E
        seen |= {f"full_inner_{name}": value for name, value in read_off(settings, within, reach).items()}
    return seen


def border(E: np.ndarray) -> np.ndarray:
    """The losses on the four sides of a surface."""
    return np.concatenate([E[0], E[-1], E[1:-1, 0], E[1:-1, -1]])


def measure(settings: dict, seeds: list[int]) -> Measurements:
    found = runs(settings, seeds)
    measured = {f"{grid}_grid": exact(np.linspace(-1, 1, settings[grid])) for grid in ("coarse", "full")}
    measured["diverged"] = sampled([int(run is None) for run in found])
    converged = [run or {} for run in found]
    measured["lanczos_unconverged"] = sampled(
        [int(None in (run.get("lambda_max"), run.get("lambda_min"))) for run in converged]
    )
    for name in next(run for run in found if run):
        # A full plane is drawn of the first nets only.
        values = [run.get(name) for run in converged[: settings["full_nets"] if name.startswith("full") else None]]
        log = any(part in name for part in ("loss", "lambda_max", "surface"))
        counted = TEST_IMAGES if name == "test_error" else None
        measured[name] = sampled([four_digits(value) for value in values], log=log, images=counted)
    return measured

"""∏(I + Jₗ) against the sum over its 2ᴸ paths; how long paths are, and which lengths carry the gradient."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets.block_algebra import stack_jacobian
from snippets.paths import along_path, path_sum, share_of_bound, share_of_paths, sums_by_length

SETTINGS = {
    "expanded_depths": [1, 2, 4, 8, 12],
    "expanded_width": 8,
    "seeds": 10,
    "blocks": 54,
    "shortest": 5,
    "longest": 17,
    "epsilons": [0.1, 0.25, 1.0],
    "width": 32,
    "epochs": 15,
    "batch": 128,
    "learning_rate": 0.1,
    "clip": 1.0,
    "images": 32,
    "paths_a_length": 10,
}


def expansion_error(seed: int, depth: int, width: int) -> float:
    """Largest difference between product and sum, relative to the largest entry."""
    jacobians = np.random.default_rng(seed).standard_normal((depth, width, width)) / np.sqrt(width)
    whole = stack_jacobian(jacobians)
    return max(np.abs(path_sum(jacobians) - whole).max() / np.abs(whole).max(), np.finfo(float).eps)


def branch_jacobians(net, x, labels, images: int):
    """For the first images: every block's Jacobian, (seeds, images, width, width), and the loss's gradient at the last."""
    import torch

    x, labels = x[:images].expand(net.layers[0].weight.shape[0], -1, -1), labels[:images]
    jacobians = []
    with torch.no_grad():
        z = net.layers[0](x)
        for layer in net.layers[1:]:
            jacobians.append(net.scale * layer.weight[:, None] * (z > 0)[:, :, None, :])
            z = torch.add(z, net.branch(layer, z), alpha=net.scale)
    z.requires_grad_()
    logits = net.readout(net.activation(z))
    loss = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), labels.repeat(len(logits)), reduction="sum"
    )
    (gradient,) = torch.autograd.grad(loss, z)
    return [J.double().numpy() for J in jacobians], gradient.double().numpy()


def carried(net, x, labels, settings: dict) -> tuple[np.ndarray, np.ndarray]:
    """Shares by path length, (seeds, L + 1): of ‖Sₖ‖, and of Veit's count of paths × mean norm along single ones."""
    jacobians, gradient = branch_jacobians(net, x, labels, settings["images"])
    depth = len(jacobians)
    sums = np.linalg.norm(sums_by_length(jacobians, gradient), axis=-1).mean(axis=2).T
    rng = np.random.default_rng(0)
    singles = np.zeros_like(sums)
    for length in range(depth + 1):
        for _ in range(settings["paths_a_length"]):
            taken = np.isin(np.arange(depth), rng.choice(depth, length, replace=False))
            singles[:, length] += np.linalg.norm(along_path(jacobians, gradient, taken), axis=-1).mean(axis=1)
        singles[:, length] *= share_of_paths(depth, length)
    return sums / sums.sum(axis=1, keepdims=True), singles / singles.sum(axis=1, keepdims=True)


def measure(settings: dict) -> Measurements:
    import torch

    from snippets import initialisation
    from snippets.deep_training import accuracies, train_clipped
    from snippets.digits import digits
    from snippets.networks import Residual

    seeds, blocks = range(settings["seeds"]), settings["blocks"]
    lengths = np.arange(blocks + 1)
    veit = slice(settings["shortest"], settings["longest"] + 1)
    measured = {"lengths": exact(lengths), "expanded_depths": exact(settings["expanded_depths"])}
    errors = np.array(
        [
            [expansion_error(s, d, settings["expanded_width"]) for d in settings["expanded_depths"]]
            for s in seeds
        ]
    )
    measured["expansion_error"] = sampled(errors, log=True)
    measured["largest_expansion_error"] = sampled(errors.max(axis=1), log=True)
    shares = np.array([share_of_paths(blocks, k) for k in range(blocks + 1)])
    measured["share_of_paths"] = exact(shares)
    measured["share_of_paths_veit"] = exact(shares[veit].sum())
    for epsilon in settings["epsilons"]:
        name = f"{epsilon:g}".replace(".", "_")
        bound = np.array([share_of_bound(blocks, k, epsilon) for k in range(blocks + 1)])
        measured[f"share_of_bound_{name}"] = exact(bound)
        measured[f"share_of_bound_{name}_veit"] = exact(bound[veit].sum())
        measured[f"mean_length_of_bound_{name}"] = exact(bound @ lengths)
    x, labels, _, _ = (torch.from_numpy(array) for array in digits())
    for kind, scale in {"scaled": blocks**-0.5, "unscaled": 1.0}.items():
        net = Residual(64, settings["width"], 10, blocks + 1, "relu", initialisation.he, seeds, scale)
        nets = {f"{kind}_initial": carried(net, x, labels, settings)}
        if kind == "scaled":
            training = (settings[key] for key in ("epochs", "batch", "clip"))
            train_clipped(net, settings["learning_rate"], x, labels, seeds, *training)
            measured["accuracy_trained"] = sampled(accuracies(net, x, labels, seeds).tolist())
            nets["scaled_trained"] = carried(net, x, labels, settings)
        for name, (sums, singles) in nets.items():
            measured[f"carried_{name}"] = sampled(sums)
            measured[f"carried_single_{name}"] = sampled(singles)
            measured[f"mean_length_{name}"] = sampled(sums @ lengths)
            measured[f"mean_length_single_{name}"] = sampled(singles @ lengths)
            measured[f"carried_veit_{name}"] = sampled(sums[:, veit].sum(axis=1))
            measured[f"carried_single_veit_{name}"] = sampled(singles[:, veit].sum(axis=1))
    return measured


def task_paths(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "paths.json",
) -> None:
    measure_into(
        record, measure, settings, orderings=[("mean_length_scaled_trained", "mean_length_unscaled_initial")]
    )

"""∏(I + Jₗ) against the sum over its 2ᴸ paths; how long paths are, and which lengths carry the gradient."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets.block_algebra import stack_jacobian
from snippets.paths import along_path, path_sum, share_of_bound, share_of_paths, sums_by_length
from snippets.streams import Streams, streams

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


def expansion_error(run: Streams, depth: int, width: int) -> float:
    """Largest difference between product and sum, relative to the largest entry."""
    jacobians = run.numpy(f"{depth} branches").standard_normal((depth, width, width)) / np.sqrt(width)
    whole = stack_jacobian(jacobians)
    return max(np.abs(path_sum(jacobians) - whole).max() / np.abs(whole).max(), np.finfo(float).eps)


def gradients_back(net, x, labels):
    """Every block's Jacobian at each image, the loss's gradient behind the last block, and autograd's before the first."""
    import torch

    from snippets.trained_branches import branch_jacobians

    jacobians, _ = branch_jacobians(net, x)
    first = last = net.layers[0](x).detach().requires_grad_()
    for layer in net.layers[1:]:
        last = torch.add(last, net.branch(layer, last), alpha=net.scale)
    logits = net.readout(net.activation(last))
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    before, behind = torch.autograd.grad(loss, (first, last))
    return np.stack([J.double().numpy() for J in jacobians]), behind.double().numpy(), before.double().numpy()


def carried(jacobians: np.ndarray, gradient: np.ndarray, rng: np.random.Generator, paths: int) -> tuple[np.ndarray, ...]:
    """Of one net, by path length: the shares of ‖Sₖ‖, those of Veit's count of paths × mean norm of single ones; and Σ Sₖ.

    `jacobians` is (L, images, width, width).
    """
    depth = len(jacobians)
    by_length = sums_by_length(jacobians, gradient)
    sums = np.linalg.norm(by_length, axis=-1).mean(axis=1)
    singles = np.zeros_like(sums)
    for length in range(depth + 1):
        for _ in range(paths):
            taken = np.isin(np.arange(depth), rng.choice(depth, length, replace=False))
            singles[length] += np.linalg.norm(along_path(jacobians, gradient, taken), axis=-1).mean()
        singles[length] *= share_of_paths(depth, length)
    return sums / sums.sum(), singles / singles.sum(), by_length.sum(axis=0)


def carried_by_seed(net, x, labels, rngs: list[np.random.Generator], paths: int) -> tuple[np.ndarray, ...]:
    """Both shares, (seeds, L + 1), and how far the sum over all lengths is from autograd's gradient, relative, (seeds,)."""
    jacobians, behind, before = gradients_back(net, x, labels)
    found = [carried(jacobians[:, s], behind[s], rng, paths) for s, rng in enumerate(rngs)]
    sums, singles, whole = (np.stack(part) for part in zip(*found, strict=True))
    error = np.linalg.norm(whole - before, axis=(1, 2)) / np.linalg.norm(before, axis=(1, 2))
    return sums, singles, error


def measure(settings: dict, seeds: list[int]) -> Measurements:
    import torch

    from snippets import initialisation
    from snippets.deep_training import accuracies, train_clipped
    from snippets.digits import splits
    from snippets.networks import Residual

    blocks = settings["blocks"]
    lengths = np.arange(blocks + 1)
    veit = slice(settings["shortest"], settings["longest"] + 1)
    measured = {"lengths": exact(lengths), "expanded_depths": exact(settings["expanded_depths"])}
    errors = np.array(
        [
            [expansion_error(run, depth, settings["expanded_width"]) for depth in settings["expanded_depths"]]
            for run in streams("paths", seeds)
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
    measured["mean_length_single_estimated"] = exact(blocks / (blocks**0.5 + 1))
    for kind, scale in {"scaled": blocks**-0.5, "unscaled": 1.0}.items():
        runs = streams("paths", seeds)
        x, labels, _, _ = (torch.from_numpy(array) for array in splits([run.numpy("split") for run in runs]))
        chosen = torch.stack([torch.randperm(x.shape[1], generator=run.torch("images"))[: settings["images"]] for run in runs])
        seen = torch.arange(len(seeds)).unsqueeze(1), chosen
        net = Residual(64, settings["width"], 10, blocks + 1, "relu", initialisation.he, [run.torch("weights") for run in runs], scale)

        def lengths_of(moment: str, net=net, x=x[seen], labels=labels[seen], runs=runs):
            return carried_by_seed(net, x, labels, [run.numpy(f"paths {moment}") for run in runs], settings["paths_a_length"])

        nets = {f"{kind}_initial": lengths_of("initial")}
        if kind == "scaled":
            training = (settings[key] for key in ("epochs", "batch", "clip"))
            train_clipped(net, settings["learning_rate"], x, labels, [run.torch("batches") for run in runs], *training)
            measured["accuracy_trained"] = sampled(accuracies(net, x, labels).tolist(), images=x.shape[1])
            nets["scaled_trained"] = lengths_of("trained")
        for name, (sums, singles, error) in nets.items():
            measured[f"carried_{name}"] = sampled(sums)
            measured[f"carried_single_{name}"] = sampled(singles)
            measured[f"mean_length_{name}"] = sampled(sums @ lengths)
            measured[f"mean_length_single_{name}"] = sampled(singles @ lengths)
            measured[f"carried_veit_{name}"] = sampled(sums[:, veit].sum(axis=1))
            measured[f"carried_single_veit_{name}"] = sampled(singles[:, veit].sum(axis=1))
            measured[f"sum_error_{name}"] = sampled(error, log=True)
    return measured


def task_paths(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "paths.json",
) -> None:
    measure_into(
        record, measure, settings, orderings=[("mean_length_scaled_trained", "mean_length_unscaled_initial")]
    )

"""Branches that add at right angles and branches that add along one another: drawn, and in nets before and after training."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets.block_algebra import gain_of_steps, stack_jacobian
from snippets.streams import Streams, streams

SETTINGS = {
    "seeds": 10,
    "depths": [4, 16, 64, 256],
    "drawn_width": 32,
    "blocks": 50,
    "width": 32,
    "epochs": 15,
    "batch": 128,
    "clip": 1.0,
    "images": 16,
    "learning_rates": {"root": 0.1, "inverse": 0.1, "zero": 0.05},
}


def drawn_gain(run: Streams, depth: int, width: int, scale: float, repeated: bool) -> float:
    """√mean ‖∏(I + Jₗ) v‖² over all v of length 1: each Jₗ of independent N(0, scale²/n), or one draw in every block."""
    draws = run.numpy(f"drawn branches {depth} {scale} {repeated}").standard_normal((1 if repeated else depth, width, width))
    product = stack_jacobian(np.broadcast_to(scale / np.sqrt(width) * draws, (depth, width, width)))
    return np.linalg.norm(product) / np.sqrt(width)


def drawn(settings: dict, runs: list[Streams]) -> Measurements:
    depths, width = settings["depths"], settings["drawn_width"]
    measured: Measurements = {"depths": exact(depths), "deepest": exact(depths[-1])}
    for name, power in {"root": -0.5, "inverse": -1.0}.items():
        scales = [depth**power for depth in depths]
        at_right_angles = [gain_of_steps([scale] * depth, np.zeros(depth)) for depth, scale in zip(depths, scales, strict=True)]
        aligned = [gain_of_steps([scale] * depth, np.ones(depth)) for depth, scale in zip(depths, scales, strict=True)]
        measured[f"theory_independent_{name}"] = exact(at_right_angles)
        measured[f"theory_aligned_{name}"] = exact(aligned)
        for draw, repeated in {"independent": False, "repeated": True}.items():
            gains = np.array([[drawn_gain(run, depth, width, scale, repeated) for depth, scale in zip(depths, scales, strict=True)] for run in runs])
            spreads = draw == "repeated" and name == "root"
            measured[f"{draw}_{name}"] = sampled(gains, log=spreads)
            for place, depth in enumerate(depths):
                measured[f"{draw}_{name}_{depth}"] = sampled(gains[:, place], log=spreads)
        for place, depth in enumerate(depths):
            measured[f"theory_independent_{name}_{depth}"] = exact(at_right_angles[place])
            measured[f"theory_aligned_{name}_{depth}"] = exact(aligned[place])
    return measured


def met_by_a_gradient(net, x, labels) -> dict[str, np.ndarray]:
    """By seed: ‖Jₗ‖₂ in the mean and at most, both bounds of the stack, and the gain of the loss's gradient beside two others.

    `orthogonal` is the gain of steps as long, all at right angles to the gradient, `aligned` that of steps along it;
    gains and bounds are geometric means over the images.
    """
    import torch

    from snippets.trained_branches import branch_jacobians, steps

    jacobians, z = branch_jacobians(net, x)
    z.requires_grad_()
    logits = net.readout(net.activation(z))
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    (gradient,) = torch.autograd.grad(loss, z)
    jacobians, gradient = [J.double() for J in jacobians], gradient.double()
    norms = torch.stack([torch.linalg.matrix_norm(J, 2) for J in jacobians])
    sizes, cosines, first = steps(jacobians, gradient)
    gains = {
        "low": (1 - norms).prod(0),
        "orthogonal": torch.from_numpy(gain_of_steps(sizes, 0 * cosines)),
        "gain": first.norm(dim=-1) / gradient.norm(dim=-1),
        "aligned": (1 + sizes).prod(0),
        "high": (1 + norms).prod(0),
    }
    error = (gains["gain"] / gain_of_steps(sizes, cosines) - 1).abs().amax(1)
    return {
        "norm": norms.mean((0, 2)),
        "largest_norm": norms.amax((0, 2)),
        "size": sizes.mean((0, 2)),
        "cosine": cosines.mean((0, 2)),
        "error": error.clamp(min=torch.finfo(error.dtype).eps),
        **{name: found.log().mean(1).exp() for name, found in gains.items()},
    }


def measure(settings: dict, seeds: list[int]) -> Measurements:
    import torch

    from snippets import initialisation
    from snippets.deep_training import accuracies, train_clipped
    from snippets.digits import splits
    from snippets.networks import Residual, zero_branches

    blocks = settings["blocks"]
    measured = drawn(settings, streams("trained_branches", seeds))
    for kind, scale in {"root": blocks**-0.5, "inverse": 1 / blocks, "zero": 1.0}.items():
        runs = streams("trained_branches", seeds)
        x, labels, _, _ = (torch.from_numpy(array) for array in splits([run.numpy("split") for run in runs]))
        chosen = torch.stack([torch.randperm(x.shape[1], generator=run.torch("images"))[: settings["images"]] for run in runs])
        seen = torch.arange(len(seeds)).unsqueeze(1), chosen
        net = Residual(64, settings["width"], 10, blocks + 1, "relu", initialisation.he, [run.torch("weights") for run in runs], scale)
        if kind == "zero":
            zero_branches(net)
        moments = {"initial": met_by_a_gradient(net, x[seen], labels[seen])}
        training = (settings[key] for key in ("epochs", "batch", "clip"))
        train_clipped(net, settings["learning_rates"][kind], x, labels, [run.torch("batches") for run in runs], *training)
        measured[f"accuracy_{kind}"] = sampled(accuracies(net, x, labels).tolist(), images=x.shape[1])
        moments["trained"] = met_by_a_gradient(net, x[seen], labels[seen])
        for moment, found in moments.items():
            for name, values in found.items():
                measured[f"{name}_{kind}_{moment}"] = sampled(values.tolist(), log=name in ("low", "high", "aligned", "error"))
    return measured


def task_trained_branches(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "trained_branches.json",
) -> None:
    measure_into(
        record,
        measure,
        settings,
        orderings=[
            ("cosine_root_trained", "cosine_zero_trained"),
            ("orthogonal_zero_trained", "gain_zero_trained"),
            ("gain_zero_trained", "aligned_zero_trained"),
        ],
    )

"""Do the early layers stay where they began? Sigmoid and ReLU nets; each depth and optimiser has its task."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from scripts.record import Measurements, exact, sampled
from snippets.streams import streams

EXPERIMENT = "early_layers"  # of all depths and optimisers: they begin with equal weights
SETTINGS = {
    "width": 32,
    "epochs": 30,
    "batch": 64,
    "seeds": 20,
    "control_seeds": 10,
}
OPTIMISERS = {
    "sgd": {"optimiser": "SGD", "learning_rate": 0.1, "control": {"learning_rate": 3.0}},
    "adam": {"optimiser": "Adam", "learning_rate": 0.003, "control": {"shuffled": True}},
}


@dataclass(frozen=True)
class Trained:
    """How many images each seed trained on, and by seed: every epoch's loss, the loss after training over all images, and
    ‖W − W₀‖ / ‖W₀‖ of every layer. None of a seed that diverged."""

    images: int
    losses: list[Any]
    final: list[Any]
    moved: list[Any]


def trained(settings: dict, seeds: list[int], activation: str, shuffled: bool = False) -> Trained:
    """Nets of one activation, trained; `shuffled` gives every image the label of another."""
    import torch

    from snippets import initialisation
    from snippets.digits import splits
    from snippets.networks import Plain
    from snippets.training import seed_losses, train

    runs = streams(EXPERIMENT, seeds)
    x, labels, _, _ = splits([run.numpy("split") for run in runs])
    if shuffled:
        labels = np.stack([run.numpy("labels").permutation(of_seed) for run, of_seed in zip(runs, labels, strict=True)])
    # A deep sigmoid net steps by 1e-8 of a weight: lost to rounding in single precision.
    x, labels = torch.from_numpy(x).double(), torch.from_numpy(labels)
    variance = {"sigmoid": initialisation.xavier, "relu": initialisation.he}[activation]
    net = Plain(64, settings["width"], 10, settings["depth"], activation, variance, [run.torch("weights") for run in runs]).double()
    began = [layer.weight.detach().clone() for layer in net.layers]
    optimiser = getattr(torch.optim, settings["optimiser"])(net.parameters(), lr=settings["learning_rate"])
    batches = [run.torch("batches") for run in runs]
    losses = train(net, optimiser, x, labels, batches, settings["epochs"], settings["batch"])
    moved = [
        (layer.weight.detach() - start).flatten(1).norm(dim=1) / start.flatten(1).norm(dim=1)
        for layer, start in zip(net.layers, began, strict=True)
    ]
    with torch.no_grad():
        final = seed_losses(net(x), labels)
    finite = (losses.isfinite().all(0) & final.isfinite()).tolist()
    by_seed = (losses.T.tolist(), final.tolist(), torch.stack(moved, dim=1).tolist())
    return Trained(labels.shape[1], *([value if kept else None for value, kept in zip(values, finite, strict=True)] for values in by_seed))


def measure(settings: dict, seeds: list[int]) -> Measurements:
    measured = {"chance_loss": exact(math.log(10))}
    for activation in ("sigmoid", "relu"):
        found = trained(settings, seeds, activation)
        measured["images"] = exact(found.images)
        measured[f"loss_{activation}"] = sampled(found.losses, log=True)
        measured[f"final_loss_{activation}"] = sampled(found.final, log=True)
        measured[f"moved_{activation}"] = sampled(found.moved, log=True)
        for place, layer in (("first", 0), ("last", -1)):
            measured[f"{place}_layer_moved_{activation}"] = sampled(_of_layer(found.moved, layer), log=True)
    changed = dict(settings["control"])
    shuffled = changed.pop("shuffled", False)
    control = trained(settings | changed, seeds[: settings["control_seeds"]], "sigmoid", shuffled)
    measured["control_final_loss"] = sampled(control.final, log=True)
    measured["control_first_layer_moved"] = sampled(_of_layer(control.moved, 0), log=True)
    return measured


def _of_layer(moved: list[Any], layer: int) -> list[Any]:
    return [None if of_seed is None else of_seed[layer] for of_seed in moved]

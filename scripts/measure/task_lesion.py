"""The lesion test: delete blocks of trained residual nets and of their plain twins; ‖F‖ / ‖x‖ by depth."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node
from snippets.streams import Streams, streams

SETTINGS = {
    "depth": 15,
    "width": 32,
    "seeds": 10,
    "epochs": 30,
    "batch": 128,
    "learning_rate": 0.05,
    "clip": 1.0,
    "deleted": [1, 2, 3, 4, 6, 8, 10],
    "draws": 10,
}


def kinds(settings: dict):
    """What makes a net of each kind, given a generator for each seed."""
    from functools import partial

    from snippets.initialisation import he
    from snippets.networks import NormalisedResidual, Plain, Residual

    arguments = (64, settings["width"], 10, settings["depth"], "relu", he)
    return {
        "plain": partial(Plain, *arguments),
        "residual": partial(Residual, *arguments, scale=settings["depth"] ** -0.5),
        "residual_bn": partial(NormalisedResidual, *arguments),
    }


def zero_branches_change(run: Streams, settings: dict, x) -> float:
    """A control: where every branch is 0, a deleted block changes nothing. The largest change of a logit."""
    import torch

    from snippets.lesion import delete
    from snippets.networks import zero_branches

    net = zero_branches(kinds(settings)["residual"](generators=[run.torch("weights")]))
    with torch.no_grad():
        whole = net(x)
        return max(float((delete(net, [block])(x) - whole).abs().max()) for block in range(1, settings["depth"]))


def measure(settings: dict, seeds: list[int]) -> Measurements:
    import torch

    from snippets.deep_training import accuracies, train_clipped
    from snippets.digits import splits
    from snippets.lesion import branch_ratios, delete, of_seed
    from snippets.training import seed_losses

    blocks = range(1, settings["depth"])
    epochs, batch, limit = (settings[key] for key in ("epochs", "batch", "clip"))
    measured = {"blocks": exact(list(blocks)), "deleted": exact(settings["deleted"])}
    for kind, make in kinds(settings).items():
        runs = streams("lesion", seeds)
        train_x, train_y, test_x, test_y = (torch.from_numpy(array) for array in splits([run.numpy("split") for run in runs]))
        images = test_y.shape[1]

        def tested(net, x=test_x, y=test_y) -> tuple[np.ndarray, np.ndarray]:
            with torch.no_grad():
                return seed_losses(net(x), y).numpy(), accuracies(net, x, y).numpy()

        net = make(generators=[run.torch("weights") for run in runs])
        train_clipped(net, settings["learning_rate"], train_x, train_y, [run.torch("batches") for run in runs], epochs, batch, limit)
        loss, accuracy = tested(net)
        measured[f"train_accuracy_{kind}"] = sampled(accuracies(net, train_x, train_y).tolist(), images=train_y.shape[1])
        measured[f"whole_loss_{kind}"] = sampled(loss, log=True)
        measured[f"whole_accuracy_{kind}"] = sampled(accuracy, images=images)
        one = [tested(delete(net, [block])) for block in blocks]
        losses, found = (np.stack(part, axis=1) for part in zip(*one, strict=True))
        measured[f"loss_without_{kind}"] = sampled(losses, log=True)
        measured[f"accuracy_without_{kind}"] = sampled(found, images=images)
        measured[f"mean_accuracy_without_{kind}"] = sampled(found.mean(axis=1))
        measured[f"worst_accuracy_without_{kind}"] = sampled(found.min(axis=1))
        measured[f"lost_{kind}"] = sampled(accuracy - found.mean(axis=1))
        several = np.empty((len(seeds), len(settings["deleted"])))
        for place, run in enumerate(runs):
            rng, its, x, y = run.numpy("lesions"), of_seed(net, place), test_x[[place]], test_y[[place]]
            for column, count in enumerate(settings["deleted"]):
                drawn = [rng.choice(blocks, count, replace=False).tolist() for _ in range(settings["draws"])]
                several[place, column] = np.mean([accuracies(delete(its, lesion), x, y) for lesion in drawn])
        measured[f"accuracy_without_several_{kind}"] = sampled(several)
        if kind != "plain":
            ratios = branch_ratios(net, test_x).numpy()
            measured[f"branch_ratio_{kind}"] = sampled(ratios)
            measured[f"first_branch_ratio_{kind}"] = sampled(ratios[:, 0])
            measured[f"last_branch_ratio_{kind}"] = sampled(ratios[:, -1])
    measured["zero_branches_change"] = sampled([zero_branches_change(run, settings, test_x[[0]]) for run in streams("lesion", seeds)])
    return measured


def task_lesion(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "lesion.json",
) -> None:
    measure_into(
        record,
        measure,
        settings,
        orderings=[
            ("mean_accuracy_without_plain", "mean_accuracy_without_residual"),
            ("mean_accuracy_without_plain", "mean_accuracy_without_residual_bn"),
        ],
    )

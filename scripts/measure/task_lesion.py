"""The lesion test: delete blocks of trained residual nets and of their plain twins; ‖F‖ / ‖x‖ by depth."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

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


def nets(settings: dict):
    from snippets.initialisation import he
    from snippets.networks import NormalisedResidual, Plain, Residual

    arguments = (64, settings["width"], 10, settings["depth"], "relu", he, range(settings["seeds"]))
    return {
        "plain": Plain(*arguments),
        "residual": Residual(*arguments, scale=settings["depth"] ** -0.5),
        "residual_bn": NormalisedResidual(*arguments),
    }


def measure(settings: dict) -> Measurements:
    import torch

    from snippets.deep_training import accuracies, train_clipped
    from snippets.digits import digits
    from snippets.lesion import branch_ratios, delete
    from snippets.training import seed_losses

    train_x, train_y, test_x, test_y = (torch.from_numpy(array) for array in digits())
    seeds = range(settings["seeds"])
    blocks = range(1, settings["depth"])
    epochs, batch, limit = (settings[key] for key in ("epochs", "batch", "clip"))

    def tested(net) -> tuple[np.ndarray, np.ndarray]:
        with torch.no_grad():
            losses = seed_losses(net(test_x.expand(len(seeds), -1, -1)), test_y.expand(len(seeds), -1))
        return losses.numpy(), accuracies(net, test_x, test_y, seeds).numpy()

    measured = {"blocks": exact(list(blocks)), "deleted": exact(settings["deleted"])}
    for kind, net in nets(settings).items():
        train_clipped(net, settings["learning_rate"], train_x, train_y, seeds, epochs, batch, limit)
        loss, accuracy = tested(net)
        measured[f"train_accuracy_{kind}"] = sampled(accuracies(net, train_x, train_y, seeds).tolist())
        measured[f"whole_loss_{kind}"] = sampled(loss, log=True)
        measured[f"whole_accuracy_{kind}"] = sampled(accuracy)
        one = [tested(delete(net, [block])) for block in blocks]
        losses, found = (np.stack(part, axis=1) for part in zip(*one, strict=True))
        measured[f"loss_without_{kind}"] = sampled(losses, log=True)
        measured[f"accuracy_without_{kind}"] = sampled(found)
        measured[f"mean_accuracy_without_{kind}"] = sampled(found.mean(axis=1))
        measured[f"worst_accuracy_without_{kind}"] = sampled(found.min(axis=1))
        rng = np.random.default_rng(0)
        several = [
            np.mean([tested(delete(net, drawn))[1] for drawn in draws], axis=0)
            for draws in (
                [rng.choice(blocks, count, replace=False).tolist() for _ in range(settings["draws"])]
                for count in settings["deleted"]
            )
        ]
        measured[f"accuracy_without_several_{kind}"] = sampled(np.stack(several, axis=1))
        if kind != "plain":
            ratios = branch_ratios(net, test_x.expand(len(seeds), -1, -1)).numpy()
            measured[f"branch_ratio_{kind}"] = sampled(ratios, log=True)
            measured[f"first_branch_ratio_{kind}"] = sampled(ratios[:, 0], log=True)
            measured[f"last_branch_ratio_{kind}"] = sampled(ratios[:, -1], log=True)
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

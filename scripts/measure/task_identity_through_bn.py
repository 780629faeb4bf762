"""Trained plain nets of 8 layers deepened to 56 by identity blocks: what BatchNorm lets through, in evaluation and by the batch."""

import math
from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.measure import degradation
from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, measure_into, sampled, settings_node

SETTINGS = {key: degradation.SETTINGS[key] for key in ("widths", "epochs", "batch", "learning_rate", "seeds")} | {
    "depth": 8,
    "deepened": 56,
}


def off(shallow, deep) -> float:
    """How far the deep net's logits are from the shallow one's, root mean square over their own deviation."""
    return ((deep - shallow).square().mean() / shallow.var()).sqrt().item()


def measure(settings: dict, seeds: list[int]) -> Measurements:
    from torch.nn.functional import cross_entropy

    from snippets.convnet_training import train_side_by_side
    from snippets.convnets import ConvNet, blocks_per_stage
    from snippets.identity_through_bn import by_batches, deepened
    from snippets.streams import streams

    runs = streams("identity_through_bn", seeds)
    x, labels, _, _ = degradation.data(runs)
    batch, shape = settings["batch"], (settings["depth"], settings["widths"], 1, 10)
    nets = [ConvNet(*shape, False, run.torch("weights")) for run in runs]
    training = settings["epochs"], batch, settings["learning_rate"]
    train_side_by_side(nets, x, labels, [run.torch("batches") for run in runs], *training)
    extra = blocks_per_stage(settings["deepened"]) - blocks_per_stage(settings["depth"])
    found: dict[str, list[float | None]] = {}
    for plain, run, images, true in zip(nets, runs, x, labels, strict=True):
        residual = ConvNet(*shape, True, run.torch("residual weights"))  # untrained: its identities hold whatever the weights
        deep, deep_residual = deepened(plain, extra, images), deepened(residual, extra, images)
        whole, true = images[: len(images) // batch * batch], true[: len(images) // batch * batch]  # as in training
        evaluated, trained = ([by_batches(net, whole, batch, training) for net in (plain, deep)] for training in (False, True))
        measured = {
            "loss": cross_entropy(evaluated[0], true).item(),
            "loss_deepened": cross_entropy(evaluated[1], true).item(),
            "off_in_evaluation": off(*evaluated),
            "loss_by_batches": cross_entropy(trained[0], true).item(),
            "loss_by_batches_deepened": cross_entropy(trained[1], true).item(),
            "off_by_batches": off(*trained),
            "off_by_batches_residual": off(*(by_batches(net, whole[:batch], batch) for net in (residual, deep_residual))),
        }
        for name, number in measured.items():
            found.setdefault(name, []).append(number if math.isfinite(measured["loss"]) else None)
    return {name: sampled(values) for name, values in found.items()}


def task_identity_through_bn(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    shared: Path = Path(degradation.__file__),
    record: Annotated[Path, Product] = DATA / "identity_through_bn.json",
) -> None:
    measure_into(record, measure, settings)

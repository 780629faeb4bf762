"""A hundred layers without residual blocks: highway nets, and plain nets with well-chosen initial weights."""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.measure.trained import outcome
from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, settings_node

SETTINGS = {
    "depth": 100,
    "width": 32,
    "seeds": 10,
    "epochs": 8,
    "batch": 128,
    "clip": 1.0,
    "gate_biases": [-2, -4, -6],
    "learning_rates": {"small": 0.03, "large": 0.1},
}


def build(kind: str, settings: dict, runs: list):
    """A net of each run, of the kind asked for, with fresh weights."""
    from snippets.highway import Highway, make_looks_linear, make_orthogonal
    from snippets.initialisation import he, xavier
    from snippets.networks import Plain, Residual

    depth, weights = settings["depth"], [run.torch("weights") for run in runs]
    shape = (64, settings["width"], 10)
    if kind.startswith("highway"):
        gates = [run.torch("gates") for run in runs]
        return Highway(*shape, depth, "tanh", xavier, weights, gates, gate_bias=-int(kind.split("_")[1]))
    if kind in ("plain_tanh", "orthogonal", "single_layer"):
        net = Plain(*shape, 1 if kind == "single_layer" else depth, "tanh", xavier, weights)
        return make_orthogonal(net) if kind == "orthogonal" else net
    if kind in ("plain_relu", "looks_linear"):
        net = Plain(*shape, depth, "relu", he, weights)
        return make_looks_linear(net) if kind == "looks_linear" else net
    return Residual(*shape, depth, "relu", he, weights, scale=depth**-0.5)


def kinds(settings: dict) -> dict[str, list[float]]:
    """Every kind and its learning rates."""
    small, large = settings["learning_rates"].values()
    both = ("plain_relu", "plain_tanh", "orthogonal", "looks_linear", "residual")
    # Gates double the cost, so highway nets are trained at the larger rate only. The last two are controls.
    one = [f"highway_{-bias}" for bias in settings["gate_biases"]] + ["single_layer", "shuffled_labels"]
    return {kind: [small, large] for kind in both} | {kind: [large] for kind in one}


def measure(settings: dict, seeds: list[int]) -> Measurements:
    import torch

    from snippets.deep_training import train_clipped
    from snippets.digits import splits
    from snippets.highway import carried
    from snippets.streams import streams

    measured = {}
    for bias in settings["gate_biases"]:
        measured[f"carried_{-bias}"] = exact(carried(bias, settings["depth"] - 1))
    epochs, batch, limit = (settings[key] for key in ("epochs", "batch", "clip"))
    for kind, rates in kinds(settings).items():
        for rate in rates:
            runs = streams("hundred_layers", seeds)
            arrays = splits([run.numpy("split") for run in runs])
            train_x, train_y, test_x, test_y = (torch.from_numpy(array) for array in arrays)
            if kind == "shuffled_labels":
                orders = [torch.randperm(train_y.shape[1], generator=run.torch("labels")) for run in runs]
                train_y = train_y.gather(1, torch.stack(orders))
            net = build(kind, settings, runs)
            batches = [run.torch("batches") for run in runs]
            losses = train_clipped(net, rate, train_x, train_y, batches, epochs, batch, limit)
            name = f"{kind}_{rate:g}".replace(".", "_")
            measured |= outcome(net, name, losses, (train_x, train_y), (test_x, test_y))
    # Splits are drawn class by class, so this share is the same for every seed.
    return {"chance_accuracy": exact(float(torch.bincount(train_y[0]).max() / train_y.shape[1]))} | measured


def task_hundred_layers(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "hundred_layers.json",
) -> None:
    measure_into(
        record,
        measure,
        settings,
        orderings=[
            ("train_accuracy_plain_tanh_0_1", "train_accuracy_highway_4_0_1"),
            ("train_accuracy_highway_2_0_1", "train_accuracy_highway_4_0_1"),
            ("train_accuracy_highway_4_0_1", "train_accuracy_highway_6_0_1"),
            ("train_accuracy_plain_tanh_0_03", "train_accuracy_orthogonal_0_03"),
            ("train_accuracy_plain_relu_0_03", "train_accuracy_looks_linear_0_03"),
        ],
    )

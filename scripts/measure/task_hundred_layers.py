"""A hundred layers without residual blocks: highway nets, and plain nets with well-chosen initial weights."""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

SETTINGS = {
    "depth": 100,
    "width": 32,
    "seeds": 5,
    "epochs": 8,
    "batch": 128,
    "clip": 1.0,
    "gate_biases": [-2, -4, -6],
    "learning_rates": {"small": 0.03, "large": 0.1},
}


def nets(settings: dict):
    """Every kind's maker: each learning rate starts from the same fresh weights."""
    from snippets.highway import Highway, make_looks_linear, make_orthogonal
    from snippets.initialisation import he, xavier
    from snippets.networks import Plain, Residual

    shape = (64, settings["width"], 10, settings["depth"])
    relu, tanh = ((*shape, *rest, range(settings["seeds"])) for rest in (("relu", he), ("tanh", xavier)))
    return {
        "plain_relu": lambda: Plain(*relu),
        "plain_tanh": lambda: Plain(*tanh),
        "orthogonal": lambda: make_orthogonal(Plain(*tanh)),
        "looks_linear": lambda: make_looks_linear(Plain(*relu)),
        "residual": lambda: Residual(*relu, scale=settings["depth"] ** -0.5),
    } | {
        f"highway_{-bias}": lambda bias=bias: Highway(*tanh, gate_bias=bias)
        for bias in settings["gate_biases"]
    }


def measure(settings: dict) -> Measurements:
    import torch

    from snippets.deep_training import accuracies, train_clipped
    from snippets.digits import digits
    from snippets.highway import carried

    train_x, train_y, test_x, test_y = (torch.from_numpy(array) for array in digits())
    seeds = range(settings["seeds"])
    epochs, batch, limit = (settings[key] for key in ("epochs", "batch", "clip"))
    measured = {"chance_accuracy": exact(float(torch.bincount(train_y).max() / len(train_y)))}
    for bias in settings["gate_biases"]:
        measured[f"carried_{-bias}"] = exact(carried(bias, settings["depth"] - 1))
    for kind, make in nets(settings).items():
        rates = settings["learning_rates"]
        # Gates double the cost, so highway nets are trained at the larger rate only.
        for rate in [rates["large"]] if kind.startswith("highway") else rates.values():
            net, name = make(), f"{kind}_{rate:g}".replace(".", "_")
            losses = train_clipped(net, rate, train_x, train_y, seeds, epochs, batch, limit)
            measured[f"loss_{name}"] = sampled(losses.T.tolist(), log=True)
            measured[f"train_accuracy_{name}"] = sampled(accuracies(net, train_x, train_y, seeds).tolist())
            measured[f"test_accuracy_{name}"] = sampled(accuracies(net, test_x, test_y, seeds).tolist())
    return measured


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

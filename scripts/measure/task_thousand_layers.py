"""Nets of 1000 layers on the digits: three residual ones that train, and what happens to the unscaled and the plain."""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

SETTINGS = {
    "depth": 1000,
    "width": 32,
    "seeds": 5,
    "epochs": 16,
    "batch": 256,
    "clip": 1.0,
    "learning_rates": {"scaled": 0.1, "rezero": 0.1, "zero": 0.03, "unscaled": 0.1, "plain": 0.1},
    "drawn_layers": [1, 2, 5, 10, 20, 50, 100, 150, 200, 300, 400, 500, 600, 700, 800, 900, 1000],
}


def build(kind: str, settings: dict):
    from snippets import networks
    from snippets.initialisation import he

    arguments = (64, settings["width"], 10, settings["depth"], "relu", he, range(settings["seeds"]))
    if kind == "plain":
        return networks.Plain(*arguments)
    if kind == "rezero":
        return networks.ReZero(*arguments)
    net = networks.Residual(*arguments, scale=settings["depth"] ** -0.5 if kind == "scaled" else 1.0)
    return networks.zero_branches(net) if kind == "zero" else net


def deviations(net, x, settings: dict):
    """The standard deviation of each seed's activations ReLU(z) at the drawn layers; infinite where float32 overflows."""
    import torch

    found = []
    hooks = [
        layer.register_forward_pre_hook(lambda _, inputs: found.append(inputs[0].double().std(dim=(1, 2))))
        for layer in [*net.layers[1:], net.readout]
    ]
    with torch.no_grad():
        net(x.expand(settings["seeds"], -1, -1))
    for hook in hooks:
        hook.remove()
    return torch.stack(found, dim=1)[:, [layer - 1 for layer in settings["drawn_layers"]]]


def finite(values) -> list[float | None]:
    return [float(value) if value.isfinite().all() else None for value in values]


def measure(settings: dict) -> Measurements:
    import torch

    from snippets.deep_training import accuracies, train_clipped
    from snippets.digits import digits

    train_x, train_y, test_x, test_y = (torch.from_numpy(array) for array in digits())
    seeds = range(settings["seeds"])
    measured = {
        "drawn_layers": exact(settings["drawn_layers"]),
        "chance_loss": exact(float(torch.tensor(10.0, dtype=torch.float64).log())),
        "chance_accuracy": exact(float(torch.bincount(train_y).max() / len(train_y))),
    }
    epochs, batch, limit = (settings[key] for key in ("epochs", "batch", "clip"))
    for kind, rate in settings["learning_rates"].items():
        net = build(kind, settings)
        spread = deviations(net, train_x, settings)
        overflow = [int(row.isfinite().sum()) for row in spread]
        drawn = min(overflow)
        # A residual net's deviation may be infinite from some layer on: the curve ends where any seed's does.
        measured[f"deviation_{kind}"] = sampled(spread[:, :drawn].clamp_min(1e-45).tolist(), log=True)
        measured[f"last_finite_layer_{kind}"] = sampled([settings["drawn_layers"][n - 1] for n in overflow])
        if drawn == len(settings["drawn_layers"]):
            measured[f"final_deviation_{kind}"] = sampled(spread[:, -1].clamp_min(1e-45).tolist(), log=True)
        losses = train_clipped(net, rate, train_x, train_y, seeds, epochs, batch, limit)
        alive = losses[-1].isfinite()
        measured[f"loss_{kind}"] = sampled(
            [losses[:, s].tolist() if alive[s] else None for s in seeds], log=True
        )
        measured[f"final_loss_{kind}"] = sampled(finite(losses[-1]), log=True)
        for name, x, labels in (("train", train_x, train_y), ("test", test_x, test_y)):
            reached = accuracies(net, x, labels, seeds)
            measured[f"{name}_accuracy_{kind}"] = sampled(
                [float(reached[s]) if alive[s] else None for s in seeds]
            )
        measured[f"diverged_{kind}"] = exact(int((~alive).sum()))
    return measured


def task_thousand_layers(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "thousand_layers.json",
) -> None:
    measure_into(
        record,
        measure,
        settings,
        orderings=[
            ("train_accuracy_plain", f"train_accuracy_{kind}") for kind in ("scaled", "rezero", "zero")
        ],
    )

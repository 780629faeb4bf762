"""Nets of 10, 100 and 1000 layers on the digits: residual ones with small branches, and what happens to the unscaled and the plain."""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

SETTINGS = {
    "depth": 1000,
    "fewest": 10,
    "some": 100,
    "width": 32,
    "seeds": 10,
    "epochs": 16,
    "batch": 256,
    "clip": 1.0,
    "target_share": 0.1,  # of the loss of guessing
    # Of 0.01, 0.03, 0.1, 0.3 and 1 the one with the smallest final training loss on the exploration seeds.
    "learning_rates": {
        "scaled_10": 0.3,
        "scaled_100": 0.3,
        "scaled_1000": 0.3,
        "rezero_10": 0.3,
        "rezero_100": 0.3,
        "rezero_1000": 0.1,
        "zero_10": 0.3,
        "zero_100": 0.1,
        "zero_1000": 0.03,
        "unscaled_10": 0.3,
        "unscaled_1000": 0.1,
        "plain_10": 0.3,
        "plain_1000": 0.1,
    },
    "smallest_rate": 0.01,
    "largest_rate": 1.0,
    "drawn_layers": [1, 2, 5, 10, 20, 50, 100, 150, 200, 300, 400, 500, 600, 700, 800, 900, 1000],
}


def build(kind: str, depth: int, width: int, generators: list):
    from snippets import networks
    from snippets.initialisation import he

    arguments = (64, width, 10, depth, "relu", he, generators)
    if kind == "plain":
        return networks.Plain(*arguments)
    if kind == "rezero":
        return networks.ReZero(*arguments)
    net = networks.Residual(*arguments, scale=depth**-0.5 if kind == "scaled" else 1.0)
    return networks.zero_branches(net) if kind == "zero" else net


def deviations(net, x):
    """The standard deviation of each seed's activations ReLU(z), (seeds, layers); not finite where float32 overflows."""
    import torch

    found = []
    hooks = [
        layer.register_forward_pre_hook(lambda _, inputs: found.append(inputs[0].double().std(dim=(1, 2))))
        for layer in [*net.layers[1:], net.readout]
    ]
    with torch.no_grad():
        net(x)
    for hook in hooks:
        hook.remove()
    return torch.stack(found, dim=1)


def before_training(net, x, kind: str, settings: dict) -> Measurements:
    """How large the activations are at the drawn layers: up to the last at which every seed's are finite."""
    spread = deviations(net, x)
    finite = [int(row.isfinite().sum()) for row in spread]
    drawn = [layer - 1 for layer in settings["drawn_layers"] if layer <= min(finite)]
    measured = {f"deviation_{kind}": sampled(spread[:, drawn].clamp_min(1e-45).tolist(), log=True)}
    if min(finite) == settings["depth"]:
        return measured | {f"final_deviation_{kind}": sampled(spread[:, -1].clamp_min(1e-45).tolist(), log=True)}
    return measured | {f"overflow_layer_{kind}": sampled([layers + 1 for layers in finite])}


def trained(kind: str, depth: int, rate: float, settings: dict, seeds: list[int], *, again: str = "", shuffled: bool = False) -> Measurements:
    """Fresh nets of one kind and depth, before and after training. `again` gives their streams names of their own."""
    import torch

    from snippets.deep_training import accuracies, train_clipped
    from snippets.digits import splits
    from snippets.streams import streams

    runs = streams("thousand_layers", seeds)
    train_x, train_y, test_x, test_y = (
        torch.from_numpy(array) for array in splits([of.numpy("split" + again) for of in runs])
    )
    if shuffled:
        orders = [torch.randperm(train_y.shape[1], generator=of.torch("labels")) for of in runs]
        train_y = train_y.gather(1, torch.stack(orders))
    net = build(kind, depth, settings["width"], [of.torch("weights" + again) for of in runs])
    measured = {}
    if depth == settings["depth"]:
        measured |= before_training(net, train_x, kind, settings)
    untrained = accuracies(net, train_x, train_y)
    losses = train_clipped(
        net, rate, train_x, train_y, [of.torch("batches" + again) for of in runs], settings["epochs"], settings["batch"], settings["clip"]
    )
    alive = losses[-1].isfinite().tolist()

    def living(values: list) -> list:
        return [value if lives else None for value, lives in zip(values, alive, strict=True)]

    name = f"{kind}_{depth}{again.replace(' ', '_')}{'_shuffled' if shuffled else ''}"
    low = losses <= settings["target_share"] * torch.log(torch.tensor(10.0))
    first = [int(column.argmax()) + 1 if column.any() else None for column in low.int().T]
    return measured | {
        f"loss_{name}": sampled(living(losses.T.tolist()), log=True),
        f"final_loss_{name}": sampled(living(losses[-1].tolist()), log=True),
        f"epochs_to_target_{name}": sampled(first),
        f"untrained_accuracy_{name}": sampled(untrained.tolist(), images=train_y.shape[1]),
        f"train_accuracy_{name}": sampled(living(accuracies(net, train_x, train_y).tolist()), images=train_y.shape[1]),
        f"test_accuracy_{name}": sampled(living(accuracies(net, test_x, test_y).tolist()), images=test_y.shape[1]),
        f"diverged_{name}": sampled([int(not lives) for lives in alive]),
    }


def measure(settings: dict, seeds: list[int]) -> Measurements:
    import math

    measured = {
        "drawn_layers": exact(settings["drawn_layers"]),
        "chance_loss": exact(math.log(10)),
        "target_loss": exact(settings["target_share"] * math.log(10)),
    }
    for name, rate in settings["learning_rates"].items():
        kind, depth = name.split("_")
        measured |= trained(kind, int(depth), rate, settings, seeds)
    fewest, rate = settings["fewest"], settings["learning_rates"][f"scaled_{settings['fewest']}"]
    measured |= trained("scaled", fewest, rate, settings, seeds, again=" again")
    return measured | trained("scaled", fewest, rate, settings, seeds, shuffled=True)


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
            ("train_accuracy_plain_1000", f"train_accuracy_{kind}_1000") for kind in ("scaled", "rezero", "zero")
        ],
    )

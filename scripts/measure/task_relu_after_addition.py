"""The block of 2015 against pre-activation, by depth: masked rows, what is left of the +1, gain, training."""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

SETTINGS = {
    "seeds": 5,
    "probes": 8,
    "width": 128,
    "batch": 128,
    "wide": 512,
    "wide_depths": [10, 30],
    "blocks": 100,
    "depths": [1, 2, 5, 10, 20, 30, 50, 100],
    "trained_width": 32,
    "trained_depths": [10, 30, 100],
    "epochs": 10,
    "trained_batch": 256,
    "learning_rate": 0.1,
    "clip": 1.0,
}


def kinds():
    from snippets.relu_after_addition import PreActivation, ReluAfterAddition

    return {"2015": ReluAfterAddition, "preactivation": PreActivation}


def masked(states):
    """By seed and block, z₀ first: the share of rows that the last ReLU sets to 0, (seeds, blocks + 1)."""
    import torch

    return torch.stack([(z <= 0).float().mean(dim=(1, 2)) for z in states], dim=1).detach()


def unbroken(states):
    """By seed and block, z₀ first: the share of rows that no ReLU so far set to 0, (seeds, blocks + 1)."""
    import torch

    return torch.stack([z > 0 for z in states], dim=1).float().cumprod(dim=1).mean(dim=(2, 3))


def projections(net, states, probes, depths: list[int]):
    """What is left of the +1 and the gradient's gain, mean over the probes: (seeds, depths) each."""
    import torch

    from snippets.relu_after_addition import ReluAfterAddition, left_of_plus_one

    left, gain = [], []
    for depth in depths:
        found = []
        for g in probes:
            (first,) = torch.autograd.grad((states[depth] * g).sum(), states[0], retain_graph=True)
            if isinstance(net, ReluAfterAddition):
                # The first ReLU counts as one more on the way: the gradient is taken before it.
                first = first * (states[0] > 0)
            factor = first.flatten(1).norm(dim=1) / g.flatten(1).norm(dim=1)
            found.append(torch.stack([left_of_plus_one(first, g), factor]))
        of_depth = torch.stack(found).mean(dim=0)
        left.append(of_depth[0])
        gain.append(of_depth[1])
    return torch.stack(left, dim=1), torch.stack(gain, dim=1)


def initial(settings: dict, cls, width: int, blocks: int):
    """A net, its states at Gaussian inputs, and Gaussian gradients behind its last block."""
    import torch

    from snippets.initialisation import he

    seeds = range(settings["seeds"])
    shape = (1 + settings["probes"], settings["batch"], width)
    drawn = [torch.randn(shape, generator=torch.Generator().manual_seed(10_000 + seed)) for seed in seeds]
    x, *probes = torch.stack(drawn, dim=1)
    net = cls(width, width, 10, blocks + 1, "relu", he, seeds)
    return net, list(net.states(x.requires_grad_())), probes


def at_initialisation(settings: dict) -> Measurements:
    from snippets.relu_after_addition import ReluAfterAddition, never_positive

    blocks, depths = settings["blocks"], settings["depths"]
    measured = {
        "blocks": exact(list(range(blocks + 1))),
        "never_positive": exact([never_positive(block + 1) for block in range(blocks + 1)]),
        "depths": exact(depths),
    } | {f"never_positive_{depth}": exact(never_positive(depth + 1)) for depth in depths}
    for kind, cls in kinds().items():
        net, states, probes = initial(settings, cls, settings["width"], blocks)
        if kind == "2015":
            for name, shares in (("masked", masked(states)), ("unbroken", unbroken(states))):
                measured[name] = sampled(shares.tolist())
                for depth in depths:
                    measured[f"{name}_{depth}"] = sampled(shares[:, depth].tolist())
        left, gain = projections(net, states, probes, depths)
        for name, values in (("left", left), ("gain", gain)):
            measured[f"{name}_{kind}"] = sampled(values.tolist(), log=name == "gain")
            for column, depth in enumerate(depths):
                measured[f"{name}_{kind}_{depth}"] = sampled(values[:, column].tolist(), log=name == "gain")
    net, states, probes = initial(settings, ReluAfterAddition, settings["wide"], max(settings["wide_depths"]))
    left, _ = projections(net, states, probes, settings["wide_depths"])
    for column, depth in enumerate(settings["wide_depths"]):
        measured[f"left_wide_{depth}"] = sampled(left[:, column].tolist())
    return measured


def trained(settings: dict) -> Measurements:
    import torch

    from snippets.deep_training import accuracies, train_clipped
    from snippets.digits import digits
    from snippets.initialisation import he

    train_x, train_y, test_x, test_y = (torch.from_numpy(array) for array in digits())
    seeds = range(settings["seeds"])
    measured = {}
    for depth in settings["trained_depths"]:
        for kind, cls in kinds().items():
            net = cls(64, settings["trained_width"], 10, depth + 1, "relu", he, seeds)
            everything, name = train_x.expand(len(seeds), -1, -1), f"{kind}_{depth}"

            def record_masked(when: str, net=net, everything=everything, depth=depth) -> None:
                with torch.no_grad():
                    share = masked(net.states(everything))[:, 1:]
                measured[f"masked_{when}_by_block_{depth}"] = sampled(share.tolist())
                measured[f"masked_{when}_{depth}"] = sampled(share.mean(dim=1).tolist())

            if kind == "2015":
                record_masked("before")
            rate, epochs, batch, limit = (
                settings[key] for key in ("learning_rate", "epochs", "trained_batch", "clip")
            )
            losses = train_clipped(net, rate, train_x, train_y, seeds, epochs, batch, limit)
            if kind == "2015":
                record_masked("after")
            measured[f"loss_{name}"] = sampled(losses.T.tolist(), log=True)
            measured[f"final_loss_{name}"] = sampled(losses[-1].tolist(), log=True)
            measured[f"train_accuracy_{name}"] = sampled(accuracies(net, train_x, train_y, seeds).tolist())
            measured[f"test_accuracy_{name}"] = sampled(accuracies(net, test_x, test_y, seeds).tolist())
    return measured


def measure(settings: dict) -> Measurements:
    return at_initialisation(settings) | trained(settings)


def task_relu_after_addition(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "relu_after_addition.json",
) -> None:
    measure_into(
        record,
        measure,
        settings,
        orderings=[
            ("left_2015_100", "left_preactivation_100"),
            ("gain_preactivation_100", "gain_2015_100"),
            ("final_loss_preactivation_100", "final_loss_2015_100"),
        ],
    )

"""The block of 2015 against pre-activation, by depth: masked rows, what is left of the +1, gain, training."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pytask import Product

from scripts.measure.trained import outcome, rows
from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

EXPERIMENT = "relu_after_addition"
SETTINGS = {
    "seeds": 10,
    "probes": 2,
    "batch": 128,
    # The narrower a net, the less certain one net's gradient is, and the cheaper: so the more of them a seed has.
    "nets": {"32": 16, "128": 2, "512": 1},
    "blocks": 100,
    "depths": [1, 2, 5, 10, 20, 30, 50, 100],
    "walks": 10_000,
    "simulated_images": 64,
    "trained_width": 32,
    "trained_depths": [10, 30, 100],
    "repeated_depth": 10,
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
    """What is left of the +1 and the gradient's gain, mean over the probes: (nets, depths) each."""
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


def initial(settings: dict, cls, width: int, count: int, seed: int):
    """`count` nets of one seed, their states at Gaussian inputs, and Gaussian gradients behind their last block."""
    import torch

    from snippets.initialisation import he
    from snippets.streams import Streams

    run = Streams(EXPERIMENT, seed)
    weights = [run.torch(f"weights {width}, {net}") for net in range(count)]
    net = cls(width, width, 10, settings["blocks"] + 1, "relu", he, weights).requires_grad_(False)
    shape = (count, settings["batch"], width)
    x = torch.randn(shape, generator=run.torch(f"inputs {width}"))
    generator = run.torch(f"probes {width}")
    probes = [torch.randn(shape, generator=generator) for _ in range(settings["probes"])]
    return net, list(net.states(x.requires_grad_())), probes


def at_initialisation(settings: dict, seeds: list[int]) -> Measurements:
    import torch

    depths, found = settings["depths"], {}
    # Pre-activation at one width only: there theory knows no width.
    plan = [("2015", width) for width in settings["nets"]] + [("preactivation", "128")]
    for seed in seeds:
        for kind, width in plan:
            net, states, probes = initial(settings, kinds()[kind], int(width), settings["nets"][width], seed)
            left, gain = projections(net, states, probes, depths)
            by_name = {f"left_{kind}_width_{width}": left}
            if width == "128":
                by_name[f"gain_{kind}"] = gain
                if kind == "2015":
                    by_name |= {"masked": masked(states), "unbroken": unbroken(states)}
            for name, values in by_name.items():
                found.setdefault(name, []).append(values.mean(dim=0))
    measured = {}
    for name, values in found.items():
        values, log = torch.stack(values), name.startswith("gain")
        measured[name] = sampled(values.tolist(), log=log)
        for column, depth in enumerate(depths):
            at = depth if name in ("masked", "unbroken") else column
            measured[f"{name}_{depth}"] = sampled(values[:, at].tolist(), log=log)
    return measured


def walks(settings: dict, seeds: list[int]) -> Measurements:
    """The theory, and two simulations of it: walks with steps that are not normal, and nets of finite width."""
    from snippets.relu_after_addition import added_by_width, never_positive
    from snippets.streams import Streams

    blocks, depths = settings["blocks"], settings["depths"]
    theory = [never_positive(block + 1) for block in range(blocks + 1)]
    measured = {"blocks": exact(list(range(blocks + 1))), "never_positive": exact(theory), "depths": exact(depths)}
    measured |= {f"never_positive_{depth}": exact(theory[depth]) for depth in depths}
    at_zero, added = [], []
    narrow = min(map(int, settings["nets"]))
    simulation = narrow, blocks, settings["simulated_images"], settings["batch"]
    for seed in seeds:
        run = Streams(EXPERIMENT, seed)
        z, shares = np.zeros(settings["walks"]), []
        for step in run.numpy("walks").laplace(size=(blocks + 1, settings["walks"])):
            z = np.maximum(z + step, 0)
            shares.append(np.mean(z == 0))
        at_zero.append(np.array(shares))
        added.append(added_by_width(*simulation, run.numpy("simulated nets")))
    for depth in depths:
        measured[f"simulated_{depth}"] = sampled([shares[depth] for shares in at_zero])
    # What finite width adds is proportional to 1/N (a test tries two widths).
    for width in settings["nets"]:
        expected = np.array([theory + by_block * narrow / int(width) for by_block in added])
        measured[f"expected_width_{width}"] = sampled(expected[:, depths].tolist())
        for depth in depths:
            measured[f"expected_width_{width}_{depth}"] = sampled(expected[:, depth].tolist())
    return measured


def trained(settings: dict, seeds: list[int]) -> Measurements:
    import torch

    from snippets.deep_training import train_clipped
    from snippets.digits import splits
    from snippets.initialisation import he
    from snippets.streams import streams

    rate, epochs, batch, limit = (settings[key] for key in ("learning_rate", "epochs", "trained_batch", "clip"))
    plan = [(EXPERIMENT, kind, depth, f"{kind}_{depth}") for depth in settings["trained_depths"] for kind in kinds()]
    # The control: the same kind twice, with draws of its own.
    again = settings["repeated_depth"]
    plan.append((f"{EXPERIMENT}, again", "preactivation", again, f"again_{again}"))
    measured = {}
    for experiment, kind, depth, name in plan:
        runs = streams(experiment, seeds)
        arrays = splits([run.numpy("split") for run in runs])
        train_x, train_y, test_x, test_y = (torch.from_numpy(array) for array in arrays)
        weights = [run.torch("weights") for run in runs]
        net = kinds()[kind](64, settings["trained_width"], 10, depth + 1, "relu", he, weights)

        def masks(net=net, train_x=train_x):
            with torch.no_grad():
                return masked(net.states(train_x))[:, 1:]

        before = masks()
        batches = [run.torch("batches") for run in runs]
        losses = train_clipped(net, rate, train_x, train_y, batches, epochs, batch, limit)
        measured |= outcome(net, name, losses, (train_x, train_y), (test_x, test_y))
        if kind == "2015":
            alive = losses[-1].isfinite()
            for when, share in (("before", before), ("after", masks())):
                measured[f"masked_{when}_{depth}"] = sampled(rows(share.mean(dim=1), alive))
    return measured


def measure(settings: dict, seeds: list[int]) -> Measurements:
    return walks(settings, seeds) | at_initialisation(settings, seeds) | trained(settings, seeds)


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
            ("left_2015_width_128_100", "left_preactivation_width_128_100"),
            ("gain_preactivation_100", "gain_2015_100"),
            ("final_loss_preactivation_100", "final_loss_2015_100"),
            ("final_loss_preactivation_10", "final_loss_preactivation_100"),
        ],
    )

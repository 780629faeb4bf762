"""Degradation: convolutional nets with BatchNorm on the digits, by depth; both kinds' tasks share it."""

import math

from scripts.record import Measurements, exact, sampled

EXPERIMENT = "degradation"  # of both kinds: a seed's plain and residual nets share weights, split and batches
SETTINGS = {
    "depths": [8, 20, 32, 44, 56],
    "widths": [8, 16, 32],
    "epochs": 15,
    "batch": 128,
    "learning_rate": 0.05,
    "seeds": 10,
    "gradient_epochs": [0, 1, 5, 10, 15],
    "gradient_images": 256,
    "passed_on_epochs": [0, 15],
}
PER_SEED = ["loss", "final_loss", "evaluated_loss", "train_error", "test_error", "weight_gradients", "block_gradients", "weight_lengths"]
IMAGES = {"train_error": 1437, "test_error": 360}
PASSED_ON = ["class_signal", "rank", "gradient_rank"]  # of each block's output, first to last; of its gradient
PER_EPOCH = ["first_layer_gradient", "first_layer_length", "first_layer_step", "first_to_last_weights", "first_to_last_blocks", "first_to_last_unit_weights"]


def data(runs: list) -> tuple:
    """Images (seeds, count, 1, 8, 8) and labels (seeds, count), training and test, each seed by a split of its own."""
    import torch

    from snippets.digits import splits

    x, labels, test_x, test_labels = (torch.from_numpy(part) for part in splits([run.numpy("split") for run in runs]))
    return x.unflatten(2, (1, 8, 8)), labels, test_x.unflatten(2, (1, 8, 8)), test_labels


def prepared(settings: dict, nets: list, runs: list, x, labels):
    """Gives nets other weights where the remedy is that; returns what `train_side_by_side` does with any other one, None without."""
    import torch

    from snippets import remedies
    from snippets.convnet_training import loss_and_error
    from snippets.training import nothing

    name, count = settings.get("remedy"), len(nets)
    if name == "orthogonal":
        for net, run in zip(nets, runs, strict=True):
            remedies.orthogonal(net, run.torch("orthogonal"))
    elif name in ("mirrored", "mispaired"):
        for net in nets:
            remedies.mirrored(net, paired=name == "mirrored")
    elif name == "clipping":
        return lambda net: (remedies.clipping(net, count, settings["longest"]), nothing, nothing)
    elif name == "rate_per_layer":
        return lambda net: (remedies.rate_per_layer(net, count), nothing, nothing)
    elif name == "fixed_length":
        return lambda net: (nothing, remedies.fixed_length(net, count), nothing)
    elif name == "warm_up":

        def errors():
            return torch.tensor([loss_and_error(net, x[s], labels[s])[1] for s, net in enumerate(nets)])

        def with_warm_up(net):
            before, after_epoch = remedies.warm_up(net, count, settings["share"], settings["threshold"], errors)
            return before, nothing, after_epoch

        return with_warm_up
    elif name is not None:
        raise ValueError(f"no remedy is called '{name}': see snippets/remedies.py")
    return None


def trained(settings: dict, seeds: list[int], depth: int, experiment: str = EXPERIMENT, shuffled: bool = False) -> list[dict | None]:
    """What training nets of one depth gives, by name, for each seed; None if it diverged. `shuffled`: training labels are."""
    import torch

    from snippets.convnet_training import gradient_norms, loss_and_error, train_side_by_side, weight_lengths
    from snippets.convnets import ConvNet
    from snippets.passed_on import passed_on
    from snippets.streams import streams

    runs = streams(experiment, seeds)
    x, labels, test_x, test_labels = data(runs)
    if shuffled:
        labels = torch.stack([of_seed[torch.randperm(len(of_seed), generator=run.torch("shuffled labels"))] for of_seed, run in zip(labels, runs, strict=True)])
    nets = [ConvNet(depth, settings["widths"], 1, 10, settings["residual"], run.torch("weights")) for run in runs]
    remedy = prepared(settings, nets, runs, x, labels)
    some, observed, passed = slice(settings["gradient_images"]), [[] for _ in runs], [[] for _ in runs]

    def observe(epoch):
        for s, (net, images, true) in enumerate(zip(nets, x, labels, strict=True)):
            if epoch in settings["gradient_epochs"]:
                observed[s].append((*gradient_norms(net, images[some], true[some]), weight_lengths(net)))
            if epoch in settings["passed_on_epochs"]:
                passed[s].append(passed_on(net, images[some], true[some]))

    training = [settings[key] for key in ("epochs", "batch", "learning_rate")]
    losses = train_side_by_side(nets, x, labels, [run.torch("batches") for run in runs], *training, observe, remedy)
    found = []
    for s, net in enumerate(nets):
        errors = loss_and_error(net, x[s], labels[s]), loss_and_error(net, test_x[s], test_labels[s])
        measured = summary(settings, losses[:, s], observed[s], *errors)
        found.append(measured and measured | last_blocks(settings, passed[s]))
    return found


def last_blocks(settings: dict, passed: list) -> dict:
    """What blocks pass on, by name: all of them, and the last one's numbers by epoch."""
    measured = dict(zip(PASSED_ON, zip(*passed, strict=True), strict=True))
    for epoch, numbers in zip(settings["passed_on_epochs"], passed, strict=True):
        measured |= {f"last_{name}_epoch_{epoch}": of_blocks[-1] for name, of_blocks in zip(PASSED_ON, numbers, strict=True)}
    return measured


def summary(settings: dict, losses, observed, on_training_set, on_test_set) -> dict | None:
    """One seed's measurements by name; None if it diverged."""
    if not (math.isfinite(losses[-1]) and math.isfinite(on_training_set[0])):
        return None
    of_weights, of_blocks, lengths = zip(*observed, strict=True)
    final = losses.tolist(), losses[-1].item(), *on_training_set, on_test_set[1]
    measured = dict(zip(PER_SEED, (*final, of_weights, of_blocks, lengths), strict=True))
    for epoch, g, a, w in zip(settings["gradient_epochs"], of_weights, of_blocks, lengths, strict=True):
        # The last convolution, not the linear layer: BN follows the one as it follows the first.
        numbers = g[0], w[0], settings["learning_rate"] * g[0] / w[0], g[0] / g[-2], a[0] / a[-1], (w[0] * g[0]) / (w[-2] * g[-2])
        measured |= {f"{name}_epoch_{epoch}": number for name, number in zip(PER_EPOCH, numbers, strict=True)}
    return measured


def measure(settings: dict, seeds: list[int]) -> Measurements:
    measured = {key: exact(settings[key]) for key in ("depths", "gradient_epochs")}
    for depth in settings["depths"]:
        measured |= named(trained(settings, seeds, depth), names(settings), str(depth))
    return measured


def names(settings: dict) -> list[str]:
    """All that is measured of a net."""
    during = [f"{name}_epoch_{epoch}" for epoch in settings["gradient_epochs"] for name in PER_EPOCH]
    of_last = [f"last_{name}_epoch_{epoch}" for epoch in settings["passed_on_epochs"] for name in PASSED_ON]
    return PER_SEED + PASSED_ON + during + of_last


def named(runs: list[dict | None], chosen: list[str], suffix: str) -> Measurements:
    """What was chosen of these runs, each name with the suffix before its epoch."""
    measured = {f"diverged_{suffix}": sampled([int(run is None) for run in runs])}
    for name in chosen:
        head, _, epoch = name.partition("_epoch_")
        full = f"{head}_{suffix}_epoch_{epoch}" if epoch else f"{head}_{suffix}"
        log = name not in IMAGES and not any(of_blocks in name for of_blocks in PASSED_ON)
        measured[full] = sampled([run and run[name] for run in runs], log=log, images=IMAGES.get(name))
    return measured

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
}
PER_SEED = ["loss", "final_loss", "evaluated_loss", "train_error", "test_error", "weight_gradients", "block_gradients", "weight_lengths"]
PER_EPOCH = ["first_layer_gradient", "first_layer_length", "first_layer_step", "first_to_last_weights", "first_to_last_blocks", "first_to_last_unit_weights"]


def data(runs: list) -> tuple:
    """Images (seeds, count, 1, 8, 8) and labels (seeds, count), training and test, each seed by a split of its own."""
    import torch

    from snippets.digits import splits

    x, labels, test_x, test_labels = (torch.from_numpy(part) for part in splits([run.numpy("split") for run in runs]))
    return x.unflatten(2, (1, 8, 8)), labels, test_x.unflatten(2, (1, 8, 8)), test_labels


def trained(settings: dict, seeds: list[int], depth: int, experiment: str = EXPERIMENT, shuffled: bool = False) -> list[dict | None]:
    """What training nets of one depth gives, by name, for each seed; None if it diverged. `shuffled`: training labels are."""
    import torch

    from snippets.convnet_training import gradient_norms, loss_and_error, train_side_by_side, weight_lengths
    from snippets.convnets import ConvNet
    from snippets.streams import streams

    runs = streams(experiment, seeds)
    x, labels, test_x, test_labels = data(runs)
    if shuffled:
        labels = torch.stack([of_seed[torch.randperm(len(of_seed), generator=run.torch("shuffled labels"))] for of_seed, run in zip(labels, runs, strict=True)])
    nets = [ConvNet(depth, settings["widths"], 1, 10, settings["residual"], run.torch("weights")) for run in runs]
    some, observed = slice(settings["gradient_images"]), [[] for _ in runs]

    def observe(epoch):
        if epoch in settings["gradient_epochs"]:
            for net, of_net, images, true in zip(nets, observed, x, labels, strict=True):
                of_net.append((*gradient_norms(net, images[some], true[some]), weight_lengths(net)))

    training = [settings[key] for key in ("epochs", "batch", "learning_rate")]
    losses = train_side_by_side(nets, x, labels, [run.torch("batches") for run in runs], *training, observe)
    found = []
    for s, net in enumerate(nets):
        errors = loss_and_error(net, x[s], labels[s]), loss_and_error(net, test_x[s], test_labels[s])
        found.append(summary(settings, losses[:, s], observed[s], *errors))
    return found


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
    names = PER_SEED + [f"{name}_epoch_{epoch}" for epoch in settings["gradient_epochs"] for name in PER_EPOCH]
    images = {"train_error": 1437, "test_error": 360}
    for depth in settings["depths"]:
        of_depth = trained(settings, seeds, depth)
        measured[f"diverged_{depth}"] = sampled([int(run is None) for run in of_depth])
        for name in names:
            head, _, epoch = name.partition("_epoch_")
            full = f"{head}_{depth}_epoch_{epoch}" if epoch else f"{head}_{depth}"
            values = [run and run[name] for run in of_depth]
            measured[full] = sampled(values, log=name not in images, images=images.get(name))
    return measured

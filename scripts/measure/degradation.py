"""Degradation: convolutional nets with BatchNorm on the digits, by depth; both kinds' tasks share it."""

import math

from scripts.record import Measurements, exact, sampled

SETTINGS = {
    "depths": [8, 20, 32, 44, 56],
    "widths": [8, 16, 32],
    "epochs": 15,
    "batch": 128,
    "learning_rate": 0.05,
    "seeds": 5,
    "gradient_epochs": [0, 1, 5, 10, 15],
    "gradient_images": 256,
}


def runs(settings: dict, depth: int) -> list[dict | None]:
    """What training nets of one depth gives, by name, for each seed; None if it diverged."""
    import torch

    from snippets.convnet_training import gradient_norms, loss_and_error, train_side_by_side
    from snippets.convnets import ConvNet
    from snippets.digits import digits

    x, labels, test_x, test_labels = (torch.from_numpy(array) for array in digits())
    x, test_x = x.view(-1, 1, 8, 8), test_x.view(-1, 1, 8, 8)
    seeds, some = range(settings["seeds"]), slice(settings["gradient_images"])
    nets = [ConvNet(depth, settings["widths"], 1, 10, settings["residual"], seed) for seed in seeds]
    norms = [[] for _ in seeds]

    def observe(epoch):
        if epoch in settings["gradient_epochs"]:
            for net, of_net in zip(nets, norms, strict=True):
                of_net.append(gradient_norms(net, x[some], labels[some]))

    training = [settings[key] for key in ("epochs", "batch", "learning_rate")]
    losses = train_side_by_side(nets, x, labels, seeds, *training, observe)
    return [
        summary(
            settings, loss, of_net, loss_and_error(net, x, labels), loss_and_error(net, test_x, test_labels)
        )
        for net, loss, of_net in zip(nets, losses.T, norms, strict=True)
    ]


def summary(settings: dict, losses, norms, on_training_set, on_test_set) -> dict | None:
    """One seed's measurements by name; None if it diverged."""
    if not (math.isfinite(losses[-1]) and math.isfinite(on_training_set[0])):
        return None
    of_weights, of_blocks = zip(*norms, strict=True)
    measured = {
        "loss": losses.tolist(),
        "final_loss": losses[-1].item(),
        "evaluated_loss": on_training_set[0],
        "train_error": on_training_set[1],
        "test_error": on_test_set[1],
        "weight_gradients": of_weights,
        "block_gradients": of_blocks,
    }
    for epoch, weights, blocks in zip(settings["gradient_epochs"], of_weights, of_blocks, strict=True):
        measured[f"first_layer_gradient_epoch_{epoch}"] = weights[0]
        # The last convolution, not the linear layer: BN follows the one as it follows the first.
        measured[f"first_to_last_weights_epoch_{epoch}"] = weights[0] / weights[-2]
        measured[f"first_to_last_blocks_epoch_{epoch}"] = blocks[0] / blocks[-1]
    return measured


def measure(settings: dict) -> Measurements:
    measured = {key: exact(settings[key]) for key in ("depths", "gradient_epochs")}
    for depth in settings["depths"]:
        of_depth = runs(settings, depth)
        for name in next(run for run in of_depth if run):
            values = [run and run[name] for run in of_depth]
            head, _, epoch = name.partition("_epoch_")
            full = f"{head}_{depth}_epoch_{epoch}" if epoch else f"{head}_{depth}"
            measured[full] = sampled(values, log=not name.endswith("error"))
    return measured

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
    "gradient_images": 512,
}


def run(settings: dict, depth: int, residual: bool, seed: int) -> dict | None:
    """What one training gives, by name; None if it diverged."""
    import torch

    from snippets.convnet_training import gradient_norms, loss_and_error, train
    from snippets.convnets import ConvNet
    from snippets.digits import digits

    x, labels, test_x, test_labels = (torch.from_numpy(array) for array in digits())
    x, test_x = x.view(-1, 1, 8, 8), test_x.view(-1, 1, 8, 8)
    net, norms = ConvNet(depth, settings["widths"], 1, 10, residual, seed), []

    def observe(epoch):
        if epoch in settings["gradient_epochs"]:
            norms.append(
                gradient_norms(net, x[: settings["gradient_images"]], labels[: settings["gradient_images"]])
            )

    loss = train(
        net, x, labels, seed, settings["epochs"], settings["batch"], settings["learning_rate"], observe
    )
    evaluated_loss, train_error = loss_and_error(net, x, labels)
    test_error = loss_and_error(net, test_x, test_labels)[1]
    of_weights, of_blocks = zip(*norms, strict=True)
    measured = {
        "loss": loss.tolist(),
        "final_loss": loss[-1].item(),
        "evaluated_loss": evaluated_loss,
        "train_error": train_error,
        "test_error": test_error,
        "weight_gradients": of_weights,
        "block_gradients": of_blocks,
    }
    for epoch, weights, blocks in zip(settings["gradient_epochs"], of_weights, of_blocks, strict=True):
        measured[f"first_layer_gradient_epoch_{epoch}"] = weights[0]
        # The last convolution, not the linear layer: BN follows the one as it follows the first.
        measured[f"first_to_last_weights_epoch_{epoch}"] = weights[0] / weights[-2]
        measured[f"first_to_last_blocks_epoch_{epoch}"] = blocks[0] / blocks[-1]
    return measured if math.isfinite(measured["final_loss"]) and math.isfinite(evaluated_loss) else None


def measure(settings: dict) -> Measurements:
    measured = {key: exact(settings[key]) for key in ("depths", "gradient_epochs")}
    for depth in settings["depths"]:
        runs = [run(settings, depth, settings["residual"], seed) for seed in range(settings["seeds"])]
        for name in next(run for run in runs if run):
            values = [run and run[name] for run in runs]
            head, _, epoch = name.partition("_epoch_")
            full = f"{head}_{depth}_epoch_{epoch}" if epoch else f"{head}_{depth}"
            measured[full] = sampled(values, log=not name.endswith("error"))
    return measured

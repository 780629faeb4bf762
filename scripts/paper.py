"""Degradation at the scale of the paper: He et al.'s nets for CIFAR-10 at full width and schedule, on a GPU where there is one.

    python -m scripts.paper FOLDER [plain] [residual]      (FOLDER holds CIFAR-10's published binary form)

Records go to docs/data/paper/, and only there: no value, claim or verification of the site's own scale reads them.
"""

import sys
from functools import partial
from pathlib import Path
from typing import Any

from scripts.project import DATA
from scripts.record import Measurements, exact, measure_into, sampled

PAPER = DATA / "paper"
EXPERIMENT = "degradation_cifar10"
SETTINGS = {
    "depths": [20, 32, 44, 56],
    "widths": [16, 32, 64],
    "batch": 128,
    "epochs": 164,  # 63,960 of the paper's 64,000 steps
    "milestones": [32_000, 48_000],
    "learning_rate": 0.1,
    "weight_decay": 1e-4,
    "seeds": 5,
    "images": "CIFAR-10",
}


def run(settings: dict[str, Any], data: tuple, depth: int, residual: bool, seed: int) -> dict[str, Any] | None:
    """One net, trained: its loss by epoch, and its errors at the end; None if it diverged.

    Nets of one seed, plain or residual, share initial weights, minibatches and augmentation.
    """
    import torch

    from snippets.cifar10 import Augmented, stepwise
    from snippets.convnets import ConvNet
    from snippets.streams import Streams
    from snippets.training import train

    x, labels, test_x, test_labels = data
    streams = Streams(EXPERIMENT, seed)
    net = ConvNet(depth, settings["widths"], 3, 10, residual, streams.torch("weights")).to(x.device).train()
    optimiser = torch.optim.SGD(
        net.parameters(), lr=settings["learning_rate"], momentum=0.9, weight_decay=settings["weight_decay"]
    )
    loss = train(
        lambda x: net(x[0])[None],
        optimiser,
        Augmented(x, streams.torch("augmentation")),
        labels[None],
        [streams.torch("batches")],
        settings["epochs"],
        settings["batch"],
        after_step=stepwise(optimiser, settings["milestones"]),
    )
    if not loss[-1].isfinite():
        return None
    return {"loss": loss[:, 0].tolist(), "train_error": _error(net, x, labels), "test_error": _error(net, test_x, test_labels)}


def _error(net, x, labels) -> float:
    """The share of wrong answers, with BN's running statistics and no augmentation."""
    import torch

    net.eval()
    with torch.no_grad():
        wrong = sum((net(part).argmax(1) != true).sum().item() for part, true in zip(x.split(500), labels.split(500), strict=True))
    return wrong / len(x)


def measure(settings: dict[str, Any], seeds: list[int], folder: Path) -> Measurements:
    from snippets.cifar10 import cifar10

    data = tuple(part.to(settings["device"]) for part in cifar10(folder))
    measured = {"depths": exact(settings["depths"])}
    for depth in settings["depths"]:
        runs = []
        for seed in seeds:
            runs.append(run(settings, data, depth, settings["residual"], seed))
            print(f"depth {depth}, seed {seed}: {'diverged' if runs[-1] is None else runs[-1]['test_error']}", flush=True)
        for name, images in (("loss", None), ("train_error", len(data[0])), ("test_error", len(data[2]))):
            measured[f"{name}_{depth}"] = sampled([each and each[name] for each in runs], log=name == "loss", images=images)
    return measured


def main(folder: Path, kinds: list[str], settings: dict[str, Any] = SETTINGS, records: Path = PAPER) -> int:
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    for kind in kinds or ["plain", "residual"]:
        chosen = settings | {"scale": "paper", "residual": kind == "residual", "device": device, "device_name": name}
        command = f"python -m scripts.paper FOLDER {kind}"
        measure_into(records / f"degradation_{kind}.json", partial(measure, folder=folder), chosen, command=command, experiment=EXPERIMENT)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))

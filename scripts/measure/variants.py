"""Plain 20, plain 56 and residual 56 once more, with another learning rate or with what might cure degradation."""

from scripts.measure import degradation
from scripts.record import Measurements

NETS = {"plain_20": (20, False), "plain_56": (56, False), "residual_56": (56, True)}
BASE = {key: value for key, value in degradation.SETTINGS.items() if key != "depths"} | {"gradient_epochs": [0, 1, 15]}
FINAL = ["loss", "final_loss", "train_error", "test_error"]
LAYERS = ["weight_gradients", "weight_lengths"]


def measure(settings: dict, seeds: list[int]) -> Measurements:
    """Each variant of each of its nets: `settings["variants"]` says what is different in it."""
    measured = {}
    for variant, own in settings["variants"].items():
        for net in own.get("nets", NETS):
            depth, residual = NETS[net]
            changed = settings | own | {"residual": residual}
            if "epochs" in own:
                last = own["epochs"]
                changed |= {"gradient_epochs": [0, 1, last], "passed_on_epochs": [0, last]}
            during = [name for name in degradation.names(changed) if "_epoch_" in name]
            runs = degradation.trained(changed, seeds, depth)
            measured |= degradation.named(runs, FINAL + settings["layers"] + during, f"{net}_{variant}")
    return measured

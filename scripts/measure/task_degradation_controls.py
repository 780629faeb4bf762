"""Controls of degradation, whose answers are known: shuffled labels teach nothing, and other seeds change nothing."""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.measure import degradation
from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, measure_into, sampled, settings_node

SETTINGS = degradation.SETTINGS | {"residual": False, "depths": [8], "gradient_epochs": [0]}


def measure(settings: dict, seeds: list[int]) -> Measurements:
    measured, (depth,) = {}, settings["depths"]
    for name, shuffled in (("again", False), ("shuffled", True)):
        runs = degradation.trained(settings, seeds, depth, "degradation_controls", shuffled)
        measured[f"final_loss_{name}"] = sampled([run and run["final_loss"] for run in runs], log=True)
        measured[f"test_error_{name}"] = sampled([run and run["test_error"] for run in runs], images=360)
    return measured


def task_degradation_controls(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    shared: Path = Path(degradation.__file__),
    record: Annotated[Path, Product] = DATA / "degradation_controls.json",
) -> None:
    measure_into(record, measure, settings)

"""Small nets on two spirals, which a reader can train in the page too: their last loss by depth."""

from itertools import product
from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.project import DATA, snippets_behind
from scripts.record import Measurements, exact, measure_into, sampled, settings_node

SETTINGS = {
    "count": 100,
    "width": 12,
    "depths": [2, 5, 10, 20, 30, 40],
    "updates": 500,
    "learning_rate": 0.03,
    "small_learning_rate": 0.003,
    "momentum": 0.9,
    "seeds": 20,
}


def measure(settings: dict, seeds: list[int]) -> Measurements:
    from snippets.spirals import losses

    measured = {"depths": exact(settings["depths"])}
    for kind, rate, depth in product(
        ("plain", "residual"), ("learning_rate", "small_learning_rate"), settings["depths"]
    ):
        training = settings[rate], settings["momentum"], settings["updates"]
        last = losses(kind, settings["count"], settings["width"], depth, seeds, *training)[-1]
        name = f"{'loss' if rate == 'learning_rate' else 'loss_small_rate'}_{kind}_{depth}"
        measured[name] = sampled([float(loss) if loss.isfinite() else None for loss in last], log=True)
    return measured


def task_spirals(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    record: Annotated[Path, Product] = DATA / "spirals.json",
) -> None:
    measure_into(record, measure, settings)

"""The loss landscape around residual nets of 32 layers."""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.measure import loss_landscape
from scripts.measure.loss_landscape import measure
from scripts.project import DATA, snippets_behind
from scripts.record import measure_into, settings_node

SETTINGS = loss_landscape.SETTINGS | {"residual": True}


def task_loss_landscape_residual(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    shared: Path = Path(loss_landscape.__file__),
    record: Annotated[Path, Product] = DATA / "loss_landscape_residual.json",
) -> None:
    measure_into(record, measure, settings, experiment=loss_landscape.EXPERIMENT)

"""Do the early layers stay where they began? Nets of 10 layers, by Adam."""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.measure import early_layers
from scripts.measure.early_layers import measure
from scripts.project import DATA, snippets_behind
from scripts.record import measure_into, settings_node

SETTINGS = early_layers.SETTINGS | {"depth": 10} | early_layers.OPTIMISERS["adam"]


def task_early_layers_10_adam(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    shared: Path = Path(early_layers.__file__),
    record: Annotated[Path, Product] = DATA / "early_layers_10_adam.json",
) -> None:
    measure_into(record, measure, settings, experiment=early_layers.EXPERIMENT)

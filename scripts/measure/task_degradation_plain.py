"""Degradation, the plain nets with BatchNorm: loss, test error, gradient norms and lengths of weights at depths 8 to 56."""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.measure import degradation
from scripts.measure.degradation import measure
from scripts.project import DATA, snippets_behind
from scripts.record import measure_into, settings_node

SETTINGS = degradation.SETTINGS | {"residual": False}


def task_degradation_plain(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    shared: Path = Path(degradation.__file__),
    record: Annotated[Path, Product] = DATA / "degradation_plain.json",
) -> None:
    measure_into(record, measure, settings, experiment=degradation.EXPERIMENT)

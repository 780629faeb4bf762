"""Degradation at the learning rate that is best for plain nets of 20 layers, twice the usual one, on ten seeds."""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.measure import degradation, variants
from scripts.measure.variants import measure
from scripts.project import DATA, snippets_behind
from scripts.record import measure_into, settings_node

SETTINGS = variants.BASE | {"seeds": 10, "layers": variants.LAYERS, "variants": {"at_1": {"learning_rate": 0.1}}}


def task_rates_large(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    shared: list[Path] = [Path(degradation.__file__), Path(variants.__file__)],  # noqa: B006
    record: Annotated[Path, Product] = DATA / "rates_large.json",
) -> None:
    measure_into(record, measure, settings, experiment=degradation.EXPERIMENT)

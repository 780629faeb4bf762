"""Degradation at learning rates far below the usual one, on three seeds: is it only that the rate is too large for deep nets?"""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.measure import degradation, variants
from scripts.measure.variants import measure
from scripts.project import DATA, snippets_behind
from scripts.record import measure_into, settings_node

SETTINGS = variants.BASE | {
    "seeds": 3,
    "layers": variants.LAYERS,
    "variants": {
        "at_0001": {"learning_rate": 0.0001},
        "at_0005": {"learning_rate": 0.0005},
        "at_002": {"learning_rate": 0.002},
        "at_01": {"learning_rate": 0.01},
    },
}


def task_rates(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    shared: list[Path] = [Path(degradation.__file__), Path(variants.__file__)],  # noqa: B006
    record: Annotated[Path, Product] = DATA / "rates.json",
) -> None:
    measure_into(record, measure, settings, experiment=degradation.EXPERIMENT)

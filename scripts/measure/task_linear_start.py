"""A linear start at a lower learning rate, beside the usual one: is what is left of degradation a matter of the rate?"""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.measure import degradation, variants
from scripts.measure.variants import measure
from scripts.project import DATA, snippets_behind
from scripts.record import measure_into, settings_node

PLAIN = ["plain_20", "plain_56"]
SETTINGS = variants.BASE | {
    "seeds": 10,
    "layers": [],
    "variants": {
        "mirrored_at_02": {"remedy": "mirrored", "learning_rate": 0.02, "nets": PLAIN},
        "at_02": {"learning_rate": 0.02, "nets": PLAIN},
    },
}


def task_linear_start(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    shared: list[Path] = [Path(degradation.__file__), Path(variants.__file__)],  # noqa: B006
    record: Annotated[Path, Product] = DATA / "linear_start.json",
) -> None:
    measure_into(record, measure, settings, experiment=degradation.EXPERIMENT)

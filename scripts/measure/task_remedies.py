"""What might remove degradation without a shortcut, on ten seeds of plain nets: each remedy tests one explanation of it.

mirrored        a net that is linear at the start: if the start is the cause, 56 layers train like 20
mispaired       its control: as many equal weights in a net that is not linear: if equal weights were what helps, this helps as well
fixed_length    weights as long as at first: if their growth is the cause, 56 layers train like 20
rate_per_layer  steps that are the same share of the weights in each layer: if uneven steps are the cause, 56 layers train like 20"""

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
        "mirrored": {"remedy": "mirrored", "nets": PLAIN},
        "mispaired": {"remedy": "mispaired", "nets": PLAIN},
        "fixed_length": {"remedy": "fixed_length", "nets": PLAIN},
        "rate_per_layer": {"remedy": "rate_per_layer", "learning_rate": 0.01, "nets": PLAIN},
    },
}


def task_remedies(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    shared: list[Path] = [Path(degradation.__file__), Path(variants.__file__)],  # noqa: B006
    record: Annotated[Path, Product] = DATA / "remedies.json",
) -> None:
    measure_into(record, measure, settings, experiment=degradation.EXPERIMENT)

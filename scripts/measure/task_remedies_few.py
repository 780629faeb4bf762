"""What might remove degradation, on three seeds: remedies that did nothing in exploration, and residual nets with those of plain ones.

warm_up      a tenth of the rate until the training error is below 80 %: if the first steps are the cause, 56 layers train like 20
clipping     no gradient longer than 1: likewise
orthogonal   orthogonal weights at first: if the spread of random products is the cause, 56 layers train like 20
four_times   four times as many epochs: if deep nets are only slow, 56 layers get where 20 get"""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.measure import degradation, variants
from scripts.measure.variants import measure
from scripts.project import DATA, snippets_behind
from scripts.record import measure_into, settings_node

RESIDUAL = ["residual_56"]
SETTINGS = variants.BASE | {
    "seeds": 3,
    "layers": [],
    "variants": {
        "warm_up": {"remedy": "warm_up", "share": 0.1, "threshold": 0.8},
        "clipping": {"remedy": "clipping", "longest": 1.0},
        "orthogonal": {"remedy": "orthogonal"},
        "four_times": {"epochs": 60},
        "mirrored": {"remedy": "mirrored", "nets": RESIDUAL},
        "fixed_length": {"remedy": "fixed_length", "nets": RESIDUAL},
        "rate_per_layer": {"remedy": "rate_per_layer", "learning_rate": 0.01, "nets": RESIDUAL},
    },
}


def task_remedies_few(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    shared: list[Path] = [Path(degradation.__file__), Path(variants.__file__)],  # noqa: B006
    record: Annotated[Path, Product] = DATA / "remedies_few.json",
) -> None:
    measure_into(record, measure, settings, experiment=degradation.EXPERIMENT)

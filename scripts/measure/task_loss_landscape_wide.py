"""The Hessian of plain nets of 32 layers and twice the width: is the shortcut the only way?"""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.measure import loss_landscape
from scripts.measure.loss_landscape import measure
from scripts.project import DATA, snippets_behind
from scripts.record import measure_into, settings_node

SETTINGS = loss_landscape.SETTINGS | {"widths": [16, 32, 64], "modes": [], "planes": 0}


def task_loss_landscape_wide(
    settings: Annotated[dict, settings_node(SETTINGS)],
    snippets: list[Path] = snippets_behind(__file__),
    shared: Path = Path(loss_landscape.__file__),
    record: Annotated[Path, Product] = DATA / "loss_landscape_wide.json",
) -> None:
    measure_into(record, measure, settings, experiment=loss_landscape.EXPERIMENT)

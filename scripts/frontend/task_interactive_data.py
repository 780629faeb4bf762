"""What interactives need of the records, and no more; it travels inside their scripts."""

import json
from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.frontend import node
from scripts.project import DATA
from scripts.record import read

FOLDER = node.HERE / "interactives/data"
DEGRADATION = FOLDER / "degradation.json"
SPIRALS = FOLDER / "spirals.json"


def task_degradation_data(
    plain: Path = DATA / "degradation_plain.json",
    residual: Path = DATA / "degradation_residual.json",
    data: Annotated[Path, Product] = DEGRADATION,
) -> None:
    """{depths, loss: {kind: {depth: by seed, by epoch}}}; a seed that diverged is null."""
    records = {kind: read(f"degradation_{kind}") for kind in ("plain", "residual")}
    depths = records["plain"]["settings"]["depths"]
    loss = {
        kind: {depth: record["measurements"][f"loss_{depth}"]["values"] for depth in depths}
        for kind, record in records.items()
    }
    data.parent.mkdir(exist_ok=True)
    data.write_text(json.dumps({"depths": depths, "loss": loss}), encoding="utf-8")


def task_spirals_data(record: Path = DATA / "spirals.json", data: Annotated[Path, Product] = SPIRALS) -> None:
    """The record's settings: what a reader trains is what was measured."""
    data.parent.mkdir(exist_ok=True)
    data.write_text(json.dumps(read("spirals")["settings"]), encoding="utf-8")

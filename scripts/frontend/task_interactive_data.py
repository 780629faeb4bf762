"""What interactives need of the records, and no more; it travels inside their scripts."""

import json
from pathlib import Path
from typing import Annotated, Any

from pytask import Product

from scripts.frontend import node
from scripts.project import DATA
from scripts.record import array, read

FOLDER = node.HERE / "interactives/data"
DEGRADATION = FOLDER / "degradation.json"
LOSS_LANDSCAPE = FOLDER / "loss_landscape.json"
SPIRALS = FOLDER / "spirals.json"


def _write(data: Path, needed: dict[str, Any]) -> None:
    data.parent.mkdir(exist_ok=True)
    data.write_text(json.dumps(needed), encoding="utf-8")


def task_degradation_data(
    plain: Path = DATA / "degradation_plain.json",
    residual: Path = DATA / "degradation_residual.json",
    data: Annotated[Path, Product] = DEGRADATION,
) -> None:
    """{depths, loss: {kind: {depth: by seed, by epoch}}}, to four digits; a seed that diverged is null."""
    records = {kind: read(f"degradation_{kind}") for kind in ("plain", "residual")}
    depths = records["plain"]["settings"]["depths"]
    loss = {
        kind: {depth: _rounded(record["measurements"][f"loss_{depth}"]["values"], 4) for depth in depths}
        for kind, record in records.items()
    }
    _write(data, {"depths": depths, "loss": loss})


def task_spirals_data(
    record: Path = DATA / "spirals.json",
    data: Annotated[Path, Product] = SPIRALS,
) -> None:
    """The record's settings, with the seeds themselves: what a reader trains is what was measured."""
    measured = read("spirals")
    _write(data, measured["settings"] | {"seeds": measured["provenance"]["seeds"]})


def task_loss_landscape_data(
    plain: Path = DATA / "loss_landscape_plain.json",
    residual: Path = DATA / "loss_landscape_residual.json",
    data: Annotated[Path, Product] = LOSS_LANDSCAPE,
) -> None:
    """{grid, modes, losses: {mode: {kind: by seed, α and β}}}; the mode that a reader sees first comes first.

    A seed of which one net diverged is left out, for the two are shown side by side.
    """
    records = {kind: read(f"loss_landscape_{kind}") for kind in ("plain", "residual")}
    modes = sorted(records["plain"]["settings"]["modes"], reverse=True)
    surfaces = {
        (mode, kind): record["measurements"][f"surface_{mode}"]["values"] for mode in modes for kind, record in records.items()
    }
    whole = [place for place, pair in enumerate(zip(*surfaces.values(), strict=True)) if None not in pair]
    losses = {
        mode: {kind: [_rounded(surfaces[mode, kind][place]) for place in whole] for kind in records} for mode in modes
    }
    grid = array(records["plain"], "coarse_grid").tolist()
    _write(data, {"grid": grid, "modes": modes, "losses": losses})


def _rounded(values: list | float | None, digits: int = 3) -> list | float | None:
    """So many significant digits; three are what is said of them."""
    if isinstance(values, list):
        return [_rounded(value, digits) for value in values]
    return values if values is None else float(f"{values:.{digits}g}")

"""What interactives need of the records, and no more; it travels inside their scripts."""

import json
import re
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
    small: Path = DATA / "rates.json",
    large: Path = DATA / "rates_large.json",
    data: Annotated[Path, Product] = DEGRADATION,
) -> None:
    """{rate, depths, loss: {rate: {kind: {depth: by seed, by epoch}}}}, to four digits; a seed that diverged is null.

    `rate` is the one at which every depth was trained. At the others fewer were, on the first of the same seeds.
    """
    kinds = ("plain", "residual")
    usual = {kind: read(f"degradation_{kind}") for kind in kinds}
    settings = usual["plain"]["settings"]
    loss = {settings["learning_rate"]: {kind: _losses(record, r"loss_(\d+)") for kind, record in usual.items()}}
    for record in (read("rates"), read("rates_large")):
        for variant, own in record["settings"]["variants"].items():
            loss[own["learning_rate"]] = {kind: _losses(record, rf"loss_{kind}_(\d+)_{variant}") for kind in kinds}
    by_rate = {f"{rate:g}": loss[rate] for rate in sorted(loss)}
    _write(data, {"rate": f"{settings['learning_rate']:g}", "depths": settings["depths"], "loss": by_rate})


def _losses(record: dict[str, Any], name: str) -> dict[str, list]:
    """By depth, which is the group in the names of these measurements."""
    found = {each: re.fullmatch(name, each) for each in record["measurements"]}
    return {match[1]: _rounded(record["measurements"][each]["values"], 4) for each, match in found.items() if match}


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

"""Re-measure everything into a scratch folder and hold it against the records, which stay as they are.

    python -m scripts.verify [TOPIC …] [--seeds fresh]     with the records' seeds, or with some that nobody has seen (scripts/fresh.py)
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scripts import fresh, proof, seeds
from scripts.project import DATA, ROOT
from scripts.record import SIGNIFICANT_DIGITS, centre, of_pipeline, read, topics, write
from scripts.statistics import factor, prediction_quantile

CONFIDENCE = 0.999
TOLERANCE = fresh.TOLERANCE
CRITERION = f"""\
Criterion: closed forms and deterministic computations to {TOLERANCE:g}, relative (1e-15 where they vanish). What training or
random weights bring: the re-measured mean over seeds lies in the {CONFIDENCE:.1%} prediction interval from the recorded
seeds (in logarithms for losses, norms and ratios; for a curve or a grid, all its points at once, by Bonferroni). Seeds
that diverge: all, some or none, as recorded. Where the recorded seeds all agree, the spread is that of the re-measured ones. Every ordering that a page asserts holds again."""


@dataclass(frozen=True)
class Row:
    measurement: str
    recorded: str
    remeasured: str
    agrees: bool


def hold(name: str, recorded: dict[str, Any], remeasured: dict[str, Any] | None) -> Row:
    """One measurement against its record."""
    if remeasured is None or remeasured["kind"] != recorded["kind"]:
        return Row(name, _shown(recorded), "no such measurement", False)
    agrees = _exact_agrees if recorded["kind"] == "exact" else _sample_agrees
    return Row(name, _shown(recorded), _shown(remeasured), agrees(recorded, remeasured))


def _exact_agrees(recorded: dict[str, Any], remeasured: dict[str, Any]) -> bool:
    return fresh.same(recorded["value"], remeasured["value"])


def _sample_agrees(recorded: dict[str, Any], remeasured: dict[str, Any]) -> bool:
    ours, theirs = _sample(recorded), _sample(remeasured)
    if ours.shape[1:] != theirs.shape[1:] or _divergence(recorded) != _divergence(remeasured):
        return False
    if len(ours) == 0:
        return True
    rounding = 10.0**-SIGNIFICANT_DIGITS * np.abs(_rounded_against(recorded, ours))
    if len(ours) < 2:
        return bool(np.all(np.abs(theirs.mean(axis=0) - ours.mean(axis=0)) <= rounding))
    spread = ours.std(axis=0, ddof=1)
    if len(theirs) > 1:
        # Where all agreed, as in an accuracy of 1, one seed of many may differ on another machine.
        spread = np.where(spread == 0, theirs.std(axis=0, ddof=1) / np.sqrt(2), spread)
    half_width = prediction_quantile(len(ours), ours[0].size, CONFIDENCE) * spread * np.sqrt(1 / len(ours) + 1 / len(theirs))
    return bool(np.all(np.abs(theirs.mean(axis=0) - ours.mean(axis=0)) <= half_width + rounding))


def _sample(measurement: dict[str, Any]) -> np.ndarray:
    values = np.asarray([value for value in measurement["values"] if value is not None], dtype=float)
    return np.log(values) if measurement["scale"] == "log" else values


def _rounded_against(measurement: dict[str, Any], sample: np.ndarray) -> np.ndarray | float:
    """What the rounding of a value moves its sample by, relative to: 1 on a log scale, else the mean itself."""
    return 1.0 if measurement["scale"] == "log" else sample.mean(axis=0)


def _divergence(measurement: dict[str, Any]) -> str:
    diverged = [value is None for value in measurement["values"]]
    return "all" if all(diverged) else "some" if any(diverged) else "none"


def _shown(measurement: dict[str, Any]) -> str:
    if measurement["kind"] == "sampled" and _divergence(measurement) == "all":
        return "diverged"
    middle = np.asarray(centre(measurement))
    if middle.ndim:
        return f"{' × '.join(map(str, middle.shape))} points"
    if measurement["kind"] == "exact":
        return f"{measurement['value']:.12g}" if middle.dtype.kind in "fiu" else str(measurement["value"])
    values = np.asarray([value for value in measurement["values"] if value is not None])
    if len(values) == 1:
        return f"{middle:.4g} (one seed)"
    if measurement["scale"] == "log":
        return f"{middle:.4g} ×/÷ {factor(values):.3g}"
    return f"{middle:.4g} ± {values.std(ddof=1):.2g}"


def hold_records(recorded: Path, remeasured: Path) -> list[Row]:
    """Every measurement and every ordering of every record."""
    rows = []
    for topic in of_pipeline(recorded):
        ours = read(topic, recorded)
        theirs = read(topic, remeasured)["measurements"] if topic in topics(remeasured) else {}
        rows += [
            hold(f"{topic}.{name}", value, theirs.get(name)) for name, value in ours["measurements"].items()
        ]
        for low, high in ours["orderings"]:
            again = low in theirs and high in theirs and bool(centre(theirs[low]) < centre(theirs[high]))
            rows.append(Row(f"{topic}: {low} < {high}", "holds", "holds" if again else "fails", again))
    return rows


def remeasure(scratch: Path, *options: str, block: str = seeds.EDITION) -> Path:
    """Run every measurement, or what pytask's options select, in a copy of the code; returns the folder of the new records.

    `block` says which seeds: the records' own, or others.
    """
    for folder in ("snippets", "scripts"):
        ignored = shutil.ignore_patterns("node_modules", "__pycache__", ".pytask")
        shutil.copytree(ROOT / folder, scratch / folder, ignore=ignored)
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / file, scratch)
    for topic in of_pipeline():  # what each task took last time, for the order of tasks; nothing that was measured
        write(scratch / DATA.relative_to(ROOT) / f"{topic}.json", read(topic) | {"orderings": [], "measurements": {}})
    # Output to standard error: standard output is the table's.
    command = [sys.executable, "-m", "pytask", "build", "--force", *options]
    subprocess.run(command, cwd=scratch, check=True, stdout=sys.stderr, env=os.environ | {seeds.VARIABLE: block})
    return scratch / DATA.relative_to(ROOT)


def _asked(arguments: list[str]) -> tuple[list[str], str | None]:
    parser = argparse.ArgumentParser(prog="python -m scripts.verify", description="measure again, and hold it against the records")
    parser.add_argument("topics", nargs="*", help="records; all without it")
    parser.add_argument("--seeds", help="`fresh`, or a whole number for a block that can be repeated; the records' own without it")
    found = parser.parse_args(arguments)
    try:
        return found.topics, None if found.seeds is None else seeds.chosen(found.seeds)
    except seeds.SeedsError as error:
        sys.exit(str(error))


def main(arguments: list[str]) -> int:
    """Of all topics, or of those chosen."""
    chosen, block = _asked(arguments)
    if unknown := set(chosen) - set(of_pipeline()):
        sys.exit(f"no record is called {', '.join(sorted(unknown))}: they are {', '.join(of_pipeline())}")
    records, only = proof.digests(), ["-k", " or ".join(f"task_{topic}" for topic in chosen)] if chosen else []
    if block:
        print(f"seeds that nobody has seen: make verify SEEDS={block} repeats them", flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            return fresh.report(chosen or of_pipeline(), remeasure(Path(scratch), "-n", "2", *only, block=block))
    with tempfile.TemporaryDirectory() as scratch:
        rows = hold_records(DATA, remeasure(Path(scratch), "-n", "2", *only))
    if chosen:
        rows = [row for row in rows if re.match(r"\w+", row.measurement)[0] in chosen]
    else:
        proof.keep([asdict(row) for row in rows], {"tolerance": TOLERANCE, "confidence": CONFIDENCE}, records)
    width = max(len(row.measurement) for row in rows)
    print(f"{'measurement':{width}}  {'recorded':>24}  {'re-measured':>24}  verdict")
    for row in rows:
        print(
            f"{row.measurement:{width}}  {row.recorded:>24}  {row.remeasured:>24}  {'agrees' if row.agrees else 'DISAGREES'}"
        )
    disagreeing = [row.measurement for row in rows if not row.agrees]
    print(
        f"\n{CRITERION}\n\n{len(rows) - len(disagreeing)} agree, {len(disagreeing)} disagree"
        + "".join(f"\n  {name}" for name in disagreeing)
    )
    return 1 if disagreeing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

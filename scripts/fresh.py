"""Measurements with seeds that nobody has seen, held against the records: does what the site says depend on which seeds were drawn?

How many measurements chance puts outside is not assumed but counted: what each seed differs by from its side's mean is dealt to the two
sides again and again, whole seeds at a time, since what one seed gives is correlated, and no law is supposed.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scripts.pages import claims
from scripts.pages.evidence import Identity, parse
from scripts.project import DATA
from scripts.record import SIGNIFICANT_DIGITS, read
from scripts.statistics import prediction_quantile, unevenly_dealt
from snippets.streams import Streams

CONFIDENCE = 0.99  # of the prediction interval of one measurement
IMPROBABLE = 0.001  # a count this improbable means that a record does not tell the truth
DEALS = 4999
TOLERANCE = 1e-12


@dataclass
class Held:
    """What became of one experiment's measurements: which fell outside, and how many do when its seeds are dealt at random."""

    inside: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)  # what does not depend on seeds, and differs all the same
    by_chance: np.ndarray = field(default_factory=lambda: np.zeros(DEALS, int))


def hold(topics: list[str], recorded: Path, fresh: Path) -> dict[str, Held]:
    """Every measurement of these topics, by experiment: topics of one experiment have the same seeds and are dealt together."""
    experiments: dict[str, list[str]] = {}
    for topic in topics:
        provenance = read(topic, recorded)["provenance"]
        experiments.setdefault(provenance.get("experiment", topic), []).append(topic)
    return {name: _experiment(name, members, recorded, fresh) for name, members in experiments.items()}


def _experiment(name: str, topics: list[str], recorded: Path, fresh: Path) -> Held:
    held, deals = Held(), None
    for topic in topics:
        ours, theirs = read(topic, recorded)["measurements"], read(topic, fresh)["measurements"]
        for measurement, of_record in ours.items():
            full, again = f"{topic}.{measurement}", theirs.get(measurement)
            if again is None or again["kind"] != of_record["kind"]:
                held.changed.append(f"{full} has no fresh measurement")
            elif of_record["kind"] == "exact":
                if not same(of_record["value"], again["value"]):
                    held.changed.append(f"{full} does not depend on seeds, and is another")
            elif np.shape(_shape(of_record)) != np.shape(_shape(again)):
                held.changed.append(f"{full} has another shape")
            else:
                sample, count = _pooled(of_record, again), len(of_record["values"])
                if deals is None or deals.shape[1] != len(sample):
                    deals = _deals(name, count, len(sample))
                rounding = 10.0**-SIGNIFICANT_DIGITS * (1.0 if of_record["scale"] == "log" else np.abs(np.nan_to_num(sample)).max(axis=0))
                found = _outside(sample, deals[:1], rounding)[0]
                (held.outside if found else held.inside).append(full)
                held.by_chance += _outside(_centred(sample, count), deals[1:], rounding)
    return held


def same(ours: Any, theirs: Any) -> bool:
    """Whether two closed forms or deterministic computations agree, to rounding."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if ours.dtype.kind not in "fiub" or ours.shape != theirs.shape:
        return bool(ours.shape == theirs.shape and np.all(ours == theirs))
    return bool(np.allclose(theirs, ours, rtol=TOLERANCE, atol=1e-15))


def _shape(measurement: dict[str, Any]) -> Any:
    return next((value for value in measurement["values"] if value is not None), 0.0)


def _pooled(*measurements: dict[str, Any]) -> np.ndarray:
    """The values of all seeds, (seeds, points); a row of NaN for a seed that diverged."""
    values = [value for measurement in measurements for value in measurement["values"]]
    like = np.asarray(next((v for v in values if v is not None), np.nan), float)
    rows = [np.full(like.shape, np.nan) if value is None else np.asarray(value, float) for value in values]
    sample = np.stack(rows).reshape(len(rows), -1)
    return np.log(sample) if measurements[0]["scale"] == "log" else sample


def _centred(sample: np.ndarray, count: int) -> np.ndarray:
    """The same less each side's mean: seeds of one law, whatever the two sides' means are."""
    sides = []
    for side in (sample[:count], sample[count:]):
        finite = np.isfinite(side[:, :1])
        sides.append(side - np.where(finite, side, 0.0).sum(0) / max(1, finite.sum()))
    return np.concatenate(sides)


def _deals(name: str, count: int, total: int) -> np.ndarray:
    """Which seeds count as recorded, (1 + DEALS, total): first as they are, then at random, the same for a whole experiment."""
    rng = Streams(name, 0).numpy("deals")
    as_it_is = np.arange(total) < count
    return np.stack([as_it_is, *(rng.permutation(as_it_is) for _ in range(DEALS))]).astype(float)


def _outside(sample: np.ndarray, deals: np.ndarray, rounding: Any) -> np.ndarray:
    """For each deal, whether the mean of the fresh seeds lies outside the prediction interval from the recorded ones, or many more or fewer diverge."""
    finite = np.isfinite(sample[:, 0])
    values = np.where(finite[:, None], sample, 0.0)
    centre = values.sum(0) / max(1, finite.sum())
    values = np.where(finite[:, None], values - centre, 0.0)  # else squares lose the digits that matter
    sides = []
    for side in (deals, 1 - deals):
        count = (side @ finite)[:, None]
        mean = side @ values / np.maximum(count, 1)
        sides.append((count, mean, np.maximum(side @ values**2 / np.maximum(count, 1) - mean**2, 0)))
    (n, mean, variance), (m, fresh, _) = sides
    deviation = np.sqrt(variance * n / np.maximum(n - 1, 1))
    half_width = prediction_quantile(n, values.shape[1], CONFIDENCE) * deviation * np.sqrt(1 / np.maximum(n, 1) + 1 / np.maximum(m, 1))
    far = ((np.abs(fresh - mean) > half_width + rounding) & (n > 1) & (m > 0)).any(axis=1)
    return (far | _diverging(finite, deals)).astype(int)


def _diverging(finite: np.ndarray, deals: np.ndarray) -> np.ndarray:
    """Whether the seeds that diverge are so unevenly dealt that Fisher's exact test says so."""
    lost, count = int((~finite).sum()), int(deals[0].sum())
    if not lost or lost == len(finite):
        return np.zeros(len(deals), bool)
    total = len(finite)
    improbable = [
        unevenly_dealt(k, count, lost, total) < 1 - CONFIDENCE
        if max(0, lost + count - total) <= k <= min(lost, count) else False
        for k in range(lost + 1)
    ]
    return np.array(improbable)[(deals @ ~finite).astype(int)]


def evidence(topics: list[str], fresh: Path) -> tuple[int, list[str]]:
    """How many lines of claims' evidence rest on these topics, and those that fail on the fresh records, with claim, line and value."""
    count, failing = 0, []
    for name, claim in claims.claims().items():
        for entry in claim["evidence"]:
            piece = parse(entry)
            if isinstance(piece, Identity) or not set(piece.topics()) - {"published"} <= set(topics):
                continue
            count += 1
            if not piece.holds(fresh):
                ((side, line),) = entry.items()
                failing.append(f"docs/claims.yml: {name}: `{side}: {line}` fails: {piece.said(fresh)}")
    return count, failing


def report(topics: list[str], fresh: Path, recorded: Path = DATA) -> int:
    """Print what fell outside, what chance allows and every line of evidence that fails; 1 if there is too much of it."""
    held = hold(topics, recorded, fresh)
    width = max(map(len, held))
    print(f"{'experiment':{width}}  measurements  outside  by chance")
    for name, of in held.items():
        print(f"{name:{width}}  {len(of.inside) + len(of.outside):12}  {len(of.outside):7}  {of.by_chance.mean():9.1f}")
    outside = [name for of in held.values() for name in of.outside]
    changed = [name for of in held.values() for name in of.changed]
    by_chance = sum(of.by_chance for of in held.values())
    p = (1 + np.sum(by_chance >= len(outside))) / (1 + DEALS)
    total = sum(len(of.inside) for of in held.values()) + len(outside)
    print(
        f"\n{len(outside)} of {total} measurements lie outside the {CONFIDENCE:.0%} prediction interval of their record. Dealing the same seeds at random puts "
        f"{by_chance.mean():.1f} outside on average, {int(np.quantile(by_chance, 1 - IMPROBABLE))} or fewer in {1 - IMPROBABLE:.1%} of the deals: p = {p:.4f}"
    )
    for name in outside:
        print(f"  outside: {name}")
    for line in changed:
        print(f"  CHANGED: {line}")
    lines, failing = evidence(topics, fresh)
    orderings = _orderings(topics, recorded, fresh)
    print(f"\n{lines} lines of evidence on fresh seeds: {lines - len(failing)} hold, {len(failing)} fail")
    for line in [*failing, *orderings]:
        print(f"  {line}")
    return int(p < IMPROBABLE or bool(failing) or bool(changed) or bool(orderings))


def _orderings(topics: list[str], recorded: Path, fresh: Path) -> list[str]:
    from scripts.record import centre

    failing = []
    for topic in topics:
        again = read(topic, fresh)["measurements"]
        for low, high in read(topic, recorded)["orderings"]:
            if not (low in again and high in again and bool(centre(again[low]) < centre(again[high]))):
                failing.append(f"docs/data/{topic}.json: the ordering {low} < {high} fails")
    return failing

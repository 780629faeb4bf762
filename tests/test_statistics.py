"""Statistics against what defines them: every arrangement counted, closed forms, and how often an interval holds the truth."""

import math
import re
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from scipy.integrate import quad

from scripts.project import ROOT
from scripts.statistics import (
    CONFIDENCE,
    RANK_LEVEL,
    binomial_error,
    difference,
    factor,
    mean_interval,
    prediction_quantile,
    smaller,
    unevenly_dealt,
)
from snippets.streams import Streams

DRAWS = 1000


def draws(purpose: str, *shape: int) -> np.ndarray:
    return Streams("statistics", 0).numpy(purpose).standard_normal((DRAWS, *shape))


def arrangements(a: list[float], b: list[float]) -> Iterator[int]:
    """How many pairs have a below b, for every way in which the values could have been shared out; first as they were."""
    whole = [*a, *b]
    for chosen in combinations(range(len(whole)), len(a)):
        ours = [whole[n] for n in chosen]
        theirs = [whole[n] for n in range(len(whole)) if n not in chosen]
        yield sum((x < y) + (x == y) / 2 for x in ours for y in theirs)


SAMPLES = [
    ([0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8, 0.9]),
    ([0.1, 0.55, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]),
    ([3.0, 1.0, 2.0], [1.5, 2.5, 0.5, 9.0, 7.0]),
    ([0.9, 0.8, 0.7], [0.1, 0.2, 0.3, 0.4]),
]


@pytest.mark.parametrize(("a", "b"), SAMPLES)
def test_the_rank_test_counts_every_arrangement(a: list[float], b: list[float]) -> None:
    found, middle = list(arrangements(a, b)), len(a) * len(b) / 2
    assert smaller(a, b) == pytest.approx(np.mean([x >= found[0] for x in found]), rel=1e-12)
    assert difference(a, b).p == pytest.approx(np.mean([abs(x - middle) >= abs(found[0] - middle) for x in found]), rel=1e-12)


def test_tied_ranks_are_near_what_every_arrangement_says() -> None:
    a, b = [1, 1, 2, 2, 3, 3, 4.0], [2, 3, 4, 4, 5, 5, 5.0]
    found = list(arrangements(a, b))
    assert smaller(a, b) == pytest.approx(np.mean([x >= found[0] for x in found]), abs=0.01)


def test_what_is_the_same_is_seldom_called_smaller() -> None:
    called = np.mean([smaller(*pair) < RANK_LEVEL for pair in draws("same", 2, 10)])
    assert called <= RANK_LEVEL + 3 * math.sqrt(RANK_LEVEL / DRAWS)
    assert np.mean([smaller(a, b + 3) < RANK_LEVEL for a, b in draws("apart", 2, 10)]) > 0.99


def within(quantile: float, freedom: float) -> float:
    """How probable Student's t is to lie within ± a quantile, by integrating its density."""
    log_constant = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - math.log(freedom * math.pi) / 2
    return 2 * quad(lambda t: math.exp(log_constant - (freedom + 1) / 2 * math.log1p(t * t / freedom)), 0, quantile)[0]


@pytest.mark.parametrize("log", [False, True])
def test_a_difference_is_that_of_the_means_with_welchs_interval(log: bool) -> None:
    a, b = np.array([1.0, 2.0, 4.0, 3.5]), np.array([5.0, 9.0, 30.0, 12.0, 20.0, 17.0])
    x, y = (np.log(a), np.log(b)) if log else (a, b)
    variances = [side.var(ddof=1) / len(side) for side in (x, y)]
    freedom = sum(variances) ** 2 / sum(v**2 / (len(side) - 1) for v, side in zip(variances, (x, y), strict=True))
    found = difference(a, b, log)
    effect, low, high = (math.log(end) if log else end for end in (found.effect, found.low, found.high))
    assert effect == pytest.approx(y.mean() - x.mean(), rel=1e-12)
    assert effect - low == pytest.approx(high - effect, rel=1e-9)
    assert within((high - effect) / math.sqrt(sum(variances)), freedom) == pytest.approx(CONFIDENCE, abs=1e-8)
    assert found.counts == (4, 6) and found.ratio == log
    turned = difference(b, a, log)
    assert turned.p == found.p
    assert turned.effect == pytest.approx(1 / found.effect if log else -found.effect, rel=1e-12)
    assert turned.low == pytest.approx(1 / found.high if log else -found.high, rel=1e-9)


def test_a_difference_of_what_never_varies_has_no_width_and_one_seed_has_none() -> None:
    found = difference([2.0, 2.0], [3.0, 3.0, 3.0])
    assert (found.effect, found.low, found.high) == (1, 1, 1)
    with pytest.raises(ValueError, match="two seeds or more on each side"):
        difference([1.0], [1.0, 2.0])


@pytest.mark.parametrize("log", [False, True])
def test_the_interval_of_a_difference_holds_the_true_one_as_often_as_it_says(log: bool) -> None:
    held = 0
    for a, b in draws("difference", 2, 10):
        a, b = a, 1 + 3 * b[:6]  # unlike in spread and count
        found = difference(np.exp(a), np.exp(b), log=True) if log else difference(a, b)
        held += found.low <= (math.e if log else 1) <= found.high
    assert held / DRAWS == pytest.approx(CONFIDENCE, abs=3 * math.sqrt(CONFIDENCE * (1 - CONFIDENCE) / DRAWS))


@pytest.mark.parametrize("log", [False, True])
def test_the_interval_of_a_mean_holds_the_true_one_as_often_as_it_says(log: bool) -> None:
    ends = np.array([mean_interval(np.exp(1 + x) if log else 1 + x, log) for x in draws("mean", 5)])
    held = np.mean((ends[:, 0] <= (math.e if log else 1)) & ((math.e if log else 1) <= ends[:, 1]))
    assert held == pytest.approx(CONFIDENCE, abs=3 * math.sqrt(CONFIDENCE * (1 - CONFIDENCE) / DRAWS))
    low, high = mean_interval([1.0, 3.0])  # two values: Cauchy's quantile, tan
    assert (high - 2) == pytest.approx(2 - low) == pytest.approx(math.tan(math.pi * CONFIDENCE / 2))
    assert mean_interval([3.0]) == mean_interval([3.0, 3.0]) == (3, 3)


def test_a_factor_is_the_deviation_of_logarithms() -> None:
    assert factor([1.0, math.e**2]) == pytest.approx(math.exp(math.sqrt(2)), rel=1e-12)
    values = np.array([0.3, 0.5, 0.2, 0.9])
    assert factor(values) == pytest.approx(factor(1e6 * values)) == pytest.approx(factor(1 / values))
    many = np.exp(2 * draws("factor"))
    assert np.mean((many < factor(many)) & (many > 1 / factor(many))) == pytest.approx(within(1, 10**6), abs=0.05)


def test_a_share_has_the_error_of_counting() -> None:
    count, share = 360, 0.1
    probabilities = [math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(count + 1)]
    variance = sum(p * (k / count - share) ** 2 for k, p in enumerate(probabilities))
    assert binomial_error(share, count) == pytest.approx(math.sqrt(variance), rel=1e-9)
    assert binomial_error(0, count) == binomial_error(1, count) == 0


@pytest.mark.parametrize(("ours", "count", "hits", "total"), [(0, 5, 4, 9), (3, 5, 4, 9), (4, 6, 5, 8), (2, 5, 2, 10)])
def test_hits_are_dealt_unevenly_as_often_as_counting_says(ours: int, count: int, hits: int, total: int) -> None:
    found = [sum(place < count for place in places) for places in combinations(range(total), hits)]
    shares = {k: found.count(k) / len(found) for k in found}
    assert unevenly_dealt(ours, count, hits, total) == pytest.approx(sum(p for p in shares.values() if p <= shares[ours] * (1 + 1e-9)))


def test_a_mean_of_new_seeds_lies_within_the_prediction_interval_as_often_as_it_says() -> None:
    count, new, points, confidence = 10, 7, 5, 0.9
    samples = draws("prediction", count + new, points)
    old, fresh = samples[:, :count], samples[:, count:]
    half_width = prediction_quantile(count, 1, confidence) * old.std(axis=1, ddof=1) * math.sqrt(1 / count + 1 / new)
    inside = np.abs(fresh.mean(axis=1) - old.mean(axis=1)) <= half_width
    assert inside.mean() == pytest.approx(confidence, abs=0.015)
    all_at_once = prediction_quantile(count, points, confidence) / prediction_quantile(count, 1, confidence) * half_width
    curves = (np.abs(fresh.mean(axis=1) - old.mean(axis=1)) <= all_at_once).all(axis=1)
    assert confidence <= curves.mean() + 0.02 and curves.mean() < 1 - (1 - confidence) / 3


def test_statistics_are_computed_in_one_place() -> None:
    where = [
        path.relative_to(ROOT).as_posix()
        for folder in ("scripts", "snippets", "docs")
        for path in ROOT.glob(f"{folder}/**/*.py")
        if "node_modules" not in path.parts and re.search(r"scipy\.stats|from scipy import.*\bstats\b", path.read_text(encoding="utf-8"))
    ]
    assert where == ["scripts/statistics.py"], "what is said of measurements over seeds is computed there"

"""What is said of measurements over seeds: how large a difference is, how sure, and what chance alone would do."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy  # scipy.stats is slow to import: it comes when it is first used

CONFIDENCE = 0.95
RANK_LEVEL = 0.01  # a difference is one where the two-sided rank test says so at this level


@dataclass(frozen=True)
class Difference:
    """Of two measurements over seeds: of their means, or the ratio of their geometric means where logarithms are compared."""

    effect: float
    low: float
    high: float
    p: float
    counts: tuple[int, int]
    ratio: bool


def difference(a: Any, b: Any, log: bool = False) -> Difference:
    """b against a: effect and 95 % interval by Welch's t (of logarithms if `log`), and the p-value of Mann and Whitney's rank test.

    Raises:
        ValueError: one of them has fewer than two seeds.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if min(len(a), len(b)) < 2:
        raise ValueError("a difference needs two seeds or more on each side")
    p = _rank_test(a, b, "two-sided")
    if log:
        a, b = np.log(a), np.log(b)
    effect = b.mean() - a.mean()
    if a.std() == 0 and b.std() == 0:
        low = high = effect
    else:
        low, high = scipy.stats.ttest_ind(b, a, equal_var=False).confidence_interval(CONFIDENCE)
    found = [float(np.exp(x)) if log else float(x) for x in (effect, low, high)]
    return Difference(*found, p, (len(a), len(b)), log)


def smaller(a: Any, b: Any) -> float:
    """The p-value of the one-sided rank test that a tends to lie below b."""
    return _rank_test(np.asarray(a, float), np.asarray(b, float), "less")


def _rank_test(a: np.ndarray, b: np.ndarray, alternative: str) -> float:
    tied = len(np.unique([*a, *b])) < len(a) + len(b)
    return float(scipy.stats.mannwhitneyu(a, b, alternative=alternative, method="asymptotic" if tied else "exact").pvalue)


def mean_interval(values: Any, log: bool = False) -> tuple[float, float]:
    """The 95 % interval of a mean (geometric if `log`), by Student's t. One value, or values all alike, give no width."""
    x = np.log(np.asarray(values, float)) if log else np.asarray(values, float)
    if len(x) < 2 or x.std() == 0:
        low = high = x.mean()
    else:
        low, high = scipy.stats.t.interval(CONFIDENCE, len(x) - 1, x.mean(), scipy.stats.sem(x))
    return (float(np.exp(low)), float(np.exp(high))) if log else (float(low), float(high))


def factor(values: Any) -> float:
    """exp of the standard deviation of logarithms: most values lie between the geometric mean ÷ and × this."""
    return float(np.exp(np.log(np.asarray(values, float)).std(ddof=1)))


def binomial_error(share: float, count: int) -> float:
    """The standard deviation of a share of `count` independent cases: √(p(1 − p)/n)."""
    return float(np.sqrt(share * (1 - share) / count))


def unevenly_dealt(ours: int, count: int, hits: int, total: int) -> float:
    """Fisher's exact p-value that `ours` of all `hits` among `total` lie among `count` of them by chance."""
    return float(scipy.stats.fisher_exact([[ours, count - ours], [hits - ours, total - count - hits + ours]]).pvalue)


def prediction_quantile(count: Any, points: int, confidence: float) -> Any:
    """Student's t for the prediction interval from `count` seeds, for all points of a curve at once by Bonferroni.

    A mean of m new seeds lies within this × deviation × √(1/count + 1/m) of the old ones' mean.
    """
    return scipy.stats.t.ppf(1 - (1 - confidence) / 2 / max(1, points), np.maximum(count, 2) - 1)

"""Values in prose: `{{ topic.measurement }}` becomes the recorded number, with a way back to its record.

{{ sigmoid.derivative_max }}             an exact value; or the mean ± standard deviation over seeds; of what is measured on a
                                         log scale the geometric mean ×/÷ a factor, or (min–max) where the factor is above 3
{{ early_layers_2_sgd.final_loss_relu.mean }}  also .median, .min, .max, .n; .low and .high, the 95 % interval of the mean; .sd, or
                                         .factor on a log scale; .binomial, the error of a share of so many images
{{ gradient_norms.settings.depth }}      a setting, {{ gradient_norms.provenance.seconds }} where it came from
{{ sigmoid.quarter_power | .2g }}        Python's format specification, default .3g
{{ compare topic.a topic.b }}            how much larger b is than a, with interval, n and rank test; `| .2g` as above
{{ published.veit2016.blocks }}          a figure quoted from a paper, see references.py
"""

import math
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from babel.numbers import get_decimal_symbol, get_group_symbol

from scripts import statistics
from scripts.numerals import power_of_ten
from scripts.pages import references
from scripts.pages.source import nearest
from scripts.project import DATA, ROOT, spoken
from scripts.record import array, centre, read, topics

STATISTICS = ("mean", "sd", "factor", "min", "max", "median", "n", "low", "high", "binomial")
WIDEST_FACTOR = 3  # beyond it "×/÷" says less than the two ends do


class UnknownValue(LookupError):
    """No record holds a value of this name; the message names the nearest ones."""


class NoValue(UnknownValue):
    """Every seed diverged: there is no number."""


@dataclass(frozen=True)
class Value:
    name: str
    topic: str
    number: Any
    sd: float | None = None  # over seeds, on a linear scale
    factor: float | None = None  # exp of the standard deviation of logarithms, on a log scale
    extent: tuple[float, float] | None = None  # the smallest and largest seed, where the factor is large


@lru_cache(maxsize=256)
def _read(topic: str, folder: Path, modified_ns: int) -> dict[str, Any]:
    return read(topic, folder)


def record(topic: str, folder: Path = DATA) -> dict[str, Any]:
    """The record of a topic, read again only when its file changed."""
    return _read(topic, folder, (folder / f"{topic}.json").stat().st_mtime_ns)


def names(folder: Path = DATA) -> list[str]:
    """Every name that a page can use, statistics left out."""
    known = []
    for topic in topics(folder):
        whole = record(topic, folder)
        known += [f"{topic}.{name}" for name, measurement in whole["measurements"].items() if np.ndim(centre(measurement)) == 0]
        known += [f"{topic}.{part}.{name}" for part in ("settings", "provenance") for name in whole[part]]
    return known + [f"published.{name}" for name in references.published()]


def names_in(inside: str) -> list[str]:
    """What a brace names: the two measurements that it compares, else its one value."""
    word, *rest = inside.partition("|")[0].split()
    return rest if word == "compare" else [" ".join([word, *rest])]


def lookup(name: str, folder: Path = DATA) -> Value:
    """The value of a dotted name, in the records of a folder.

    Raises:
        UnknownValue: no record, measurement or setting is called so, or it is a curve, not a number.
    """
    topic, _, rest = name.partition(".")
    if topic == "published":
        return Value(name, topic, references.figure(rest))
    whole = _record_behind(name, folder)
    first, *keys = rest.split(".")
    if first in ("settings", "provenance"):
        found: Any = whole[first]
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None and not isinstance(found, dict | list):
            return Value(name, topic, found)
    elif (
        first in whole["measurements"]
        and len(keys) <= 1
        and np.ndim(centre(whole["measurements"][first])) == 0
    ):
        measurement = whole["measurements"][first]
        if measurement["kind"] == "exact" and not keys:
            return Value(name, topic, measurement["value"])
        if measurement["kind"] == "sampled":
            values = array(whole, first)
            return _statistic(name, topic, measurement, values, keys[0]) if keys else _spread(name, topic, measurement, values)
    raise UnknownValue(f"unknown value '{name}'; {nearest(name, names(folder))}")


def _record_behind(name: str, folder: Path) -> dict[str, Any]:
    topic = name.partition(".")[0]
    if not (folder / f"{topic}.json").is_file():
        raise UnknownValue(f"unknown value '{name}': no record docs/data/{topic}.json; {nearest(name, names(folder))}")
    return record(topic, folder)


def _require_any(name: str, values: np.ndarray) -> None:
    if not len(values):
        raise NoValue(f"'{name}' has no value: every seed diverged; say so on the page, and count them")


def _spread(name: str, topic: str, measurement: dict[str, Any], values: np.ndarray) -> Value:
    _require_any(name, values)
    middle = float(centre(measurement))
    if len(values) < 2:
        return Value(name, topic, middle)
    if measurement["scale"] == "linear":
        return Value(name, topic, middle, sd=float(values.std(ddof=1)))
    factor = statistics.factor(values)
    extent = (float(values.min()), float(values.max())) if factor > WIDEST_FACTOR else None
    return Value(name, topic, middle, factor=factor, extent=extent)


def _statistic(name: str, topic: str, measurement: dict[str, Any], values: np.ndarray, which: str) -> Value:
    if which not in STATISTICS:
        raise UnknownValue(f"unknown value '{name}': '{which}' is none of {', '.join(STATISTICS)}")
    if which == "n":
        return Value(name, topic, len(values))
    _require_any(name, values)
    log = measurement["scale"] == "log"
    if which in ("sd", "factor") and log != (which == "factor"):
        other, scale = ("factor", "a log") if log else ("sd", "a linear")
        raise UnknownValue(f"unknown value '{name}': it is measured on {scale} scale: write .{other}")
    if which == "binomial":
        if "images" not in measurement:
            raise UnknownValue(f"unknown value '{name}': the record does not say how many images were counted: give sampled(…, images=…)")
        return Value(name, topic, statistics.binomial_error(float(centre(measurement)), measurement["images"]))
    number: dict[str, Callable[[], float]] = {
        "mean": lambda: centre(measurement),
        "sd": lambda: values.std(ddof=1),
        "factor": lambda: statistics.factor(values),
        "min": values.min,
        "max": values.max,
        "median": lambda: np.median(values),
        "low": lambda: statistics.mean_interval(values, log)[0],
        "high": lambda: statistics.mean_interval(values, log)[1],
    }
    return Value(name, topic, float(number[which]()))


def sample(name: str, folder: Path = DATA) -> tuple[np.ndarray, bool]:
    """What every seed gave for `topic.measurement`, and whether it is measured on a log scale.

    Raises:
        UnknownValue: it is not the name of such a measurement.
    """
    topic, _, rest = name.partition(".")
    whole = _record_behind(name, folder)
    measurement = whole["measurements"].get(rest)
    if measurement is None or measurement["kind"] != "sampled" or np.ndim(centre(measurement)) != 0:
        lookup(name, folder)  # an unknown name is said in its own words
        raise UnknownValue(f"'{name}' is not what each of several seeds gave: write topic.measurement, without a statistic such as .mean")
    values = array(whole, rest)
    _require_any(name, values)
    return values, measurement["scale"] == "log"


def difference(a: str, b: str, folder: Path = DATA) -> statistics.Difference:
    """b against a: of their means, or the ratio of their geometric means where both are measured on a log scale.

    Raises:
        UnknownValue: one of them is not what several seeds gave, or they are measured on different scales.
    """
    (ours, log), (theirs, other) = sample(a, folder), sample(b, folder)
    if log != other:
        raise UnknownValue(f"'{a}' and '{b}' cannot be compared: one is measured on a log scale, the other on a linear one")
    if min(len(ours), len(theirs)) < 2:
        raise UnknownValue(f"'{a}' and '{b}' cannot be compared: fewer than two seeds of one of them did not diverge")
    return statistics.difference(ours, theirs, log)


@dataclass(frozen=True)
class _Style:
    """How a number is written: in prose, or in TeX."""

    language: str
    times: str
    power: Callable[[int], str]
    pm: str
    over: str


def _prose(language: str) -> _Style:
    return _Style(language, " × ", power_of_ten, " ± ", " ×/÷ ")


def text(value: Value, spec: str, language: str) -> str:
    """The number as a reader of `language` writes it: 1,437; 0.2356 ± 0.0021; 9.54 × 10⁻⁷."""
    return _written(value, spec, _prose(language))


def plain(number: float, language: str) -> str:
    """A number alone, three digits of it."""
    return _formatted(number, ".3g", _prose(language))


def tex(value: Value, spec: str, language: str) -> str:
    """The number inside a formula."""
    style = _Style(language, r" \times ", lambda n: f"10^{{{n}}}", r" \pm ", r" \mathbin{{\times}/{\div}} ")
    return _written(value, spec, style).replace("−", "-").replace(",", "{,}").replace("%", r"\%")


def said(inside: str, context: str, language: str) -> str:
    """What a brace that names values becomes: in a formula TeX, else text.

    Raises:
        UnknownValue: a name is unknown, or what is compared cannot be.
    """
    if inside.startswith("compare "):
        if context in ("display", "inline"):
            raise UnknownValue(f"'{inside}' stands in a formula, and its words belong in a sentence")
        return "".join(compared(inside, language))
    name, _, spec = (part.strip() for part in inside.partition("|"))
    return (tex if context in ("display", "inline") else text)(lookup(name), spec, language)


def _written(value: Value, spec: str, style: _Style) -> str:
    if isinstance(value.number, str):
        return value.number
    if value.extent:
        middle, low, high = (
            _formatted(number, spec, style) if spec else _significant(number, 2, style) for number in (value.number, *value.extent)
        )
        return f"{middle} ({low}–{high})"
    if value.factor and not spec:
        return _with_factor(value.number, value.factor, style)
    if value.sd and not spec:
        return _with_spread(value.number, value.sd, style)
    return _formatted(value.number, spec or (",d" if isinstance(value.number, int) else ".3g"), style)


def _formatted(number: float, spec: str, style: _Style) -> str:
    mantissa, _, exponent = format(number, spec).partition("e")
    if not exponent:
        return _plain(mantissa, style.language)
    return f"{_plain(mantissa, style.language)}{style.times}{style.power(int(exponent))}"


def _with_spread(mean: float, sd: float, style: _Style) -> str:
    """Both to the second digit of the spread: 0.2356 ± 0.0021; (4.1 ± 0.5) × 10⁻⁶ where the mean is far from 1."""
    scale = _power(mean)
    mean, sd = mean / 10.0**scale, sd / 10.0**scale
    decimals = max(0, 1 - math.floor(math.log10(sd)))
    both = style.pm.join(_plain(f"{number:.{decimals}f}", style.language) for number in (mean, sd))
    return f"({both}){style.times}{style.power(scale)}" if scale else both


def _with_factor(middle: float, factor: float, style: _Style) -> str:
    """The factor to the first digit of what it is above 1, the number as finely: 0.43 ×/÷ 1.5; 0.0721 ×/÷ 1.04."""
    decimals = 1 if factor >= 1.25 else min(4, max(2, math.ceil(-math.log10(max(factor - 1, 1e-4)))))
    return f"{_significant(middle, 1 + decimals, style)}{style.over}{_plain(f'{factor:.{decimals}f}', style.language)}"


def _significant(number: float, digits: int, style: _Style) -> str:
    """So many significant digits, without an exponent where the number is not far from 1: 330, 0.0721, 2.1 × 10⁻⁷."""
    number = float(f"{number:.{digits}g}")
    exponent, scale = math.floor(math.log10(abs(number))) if number else 0, _power(number)
    if scale:
        return f"{_plain(f'{number / 10.0**scale:.{digits - 1}f}', style.language)}{style.times}{style.power(scale)}"
    return _plain(f"{number:,.{max(0, digits - 1 - exponent)}f}", style.language)


def _power(number: float) -> int:
    """The power of ten that stands beside a number far from 1, else 0."""
    exponent = math.floor(math.log10(abs(number))) if number else 0
    return exponent if exponent < -3 or exponent > 4 else 0


def _plain(digits: str, language: str) -> str:
    table = {".": get_decimal_symbol(language), ",": get_group_symbol(language), "-": "−"}
    return digits.translate(str.maketrans(table))


_COMPARED = {
    "ja": {
        "ratio": "{} 倍",
        "larger": "{} 大きい値",
        "smaller": "{} 小さい値",
        "details": "({})",
        "interval": "{:.0f} % 信頼区間 {}〜{}",
        "each": "各 n = {}",
        "both": "n = {} と {}",
        "test": "順位検定 {}",
        ", ": "、",
    },
    "en": {
        "ratio": "{} times as large",
        "larger": "larger by {}",
        "smaller": "smaller by {}",
        "details": " ({})",
        "interval": "{:.0f} % interval {} to {}",
        "each": "n = {} each",
        "both": "n = {} and {}",
        "test": "rank test {}",
        ", ": ", ",
    },
}


def compared(inside: str, language: str) -> tuple[str, str]:
    """What `compare a b` becomes, b against a, to stand in a sentence: 2.1 times as large, and how sure that is, in brackets.

    Raises:
        UnknownValue: it does not name two measurements, or see `difference`.
    """
    names, spec = names_in(inside), inside.partition("|")[2].strip()
    if len(names) != 2:
        raise UnknownValue(f"'{inside}' is no comparison: write {{{{ compare topic.a topic.b }}}}")
    words, found = spoken(_COMPARED, language), difference(*names)
    same, (ours, theirs) = len(set(found.counts)) == 1, found.counts
    details = (
        interval(found, spec, language),
        words["each"].format(ours) if same else words["both"].format(ours, theirs),
        words["test"].format(probability(found.p, language)),
    )
    if found.ratio:
        form, numbers = "ratio", (found.effect, found.low, found.high)
    else:
        form, numbers = ("smaller" if found.effect < 0 else "larger"), (abs(found.effect), found.low, found.high)
    return words[form].format(_alike(*numbers, spec, language)[0]), words["details"].format(words[", "].join(details))


def interval(found: statistics.Difference, spec: str, language: str) -> str:
    """The interval of a difference, in words; of one below 0 it is how much smaller."""
    low, high = (found.low, found.high) if found.ratio or found.effect >= 0 else (-found.high, -found.low)
    return spoken(_COMPARED, language)["interval"].format(100 * statistics.CONFIDENCE, *_alike(found.effect, low, high, spec, language)[1:])


def probability(p: float, language: str) -> str:
    """p = 0.034; p < 0.001."""
    return f"p < {_plain('0.001', language)}" if p < 0.001 else f"p = {_plain(f'{p:.2g}', language)}"


def _alike(effect: float, low: float, high: float, spec: str, language: str) -> list[str]:
    """An effect and the ends of its interval, to the same decimal: as fine as the interval is wide."""
    style, width, numbers = _prose(language), high - low, (effect, low, high)
    largest = max(map(abs, numbers))
    if spec:
        return [_formatted(number, spec, style) for number in numbers]
    if width <= 0 or _power(largest) or (low > 0 and high > 2 * low):
        return [_significant(number, 3 if width <= 0 else 2, style) for number in numbers]
    decimals = math.ceil(-math.log10(width / 5))
    return [_plain(f"{round(number, decimals):,.{max(0, decimals)}f}", language) for number in numbers]


def source_files(topic: str) -> list[Path]:
    """The task and the test behind a topic's record; records of one experiment (degradation_plain, …) share its test, or one names them."""
    words = topic.split("_")
    tests = [Path(f"tests/test_{'_'.join(words[:n])}.py") for n in range(len(words), 0, -1)]
    task = Path(f"scripts/measure/task_{topic}.py")
    by_name = (test for test in tests if (ROOT / test).exists())
    naming = (path.relative_to(ROOT) for path in sorted(ROOT.glob("tests/test_*.py")) if f'"{topic}"' in path.read_text(encoding="utf-8"))
    return [task if (ROOT / task).exists() else Path(f"scripts/{topic}.py"), next(by_name, None) or next(naming, tests[0])]


_COLUMNS = {
    "ja": {
        "columns": ("値", "数値", "求め方"),
        "links": ("記録", "測定コード", "テスト"),
        "exact": "閉じた式・決定的な計算",
        "seeds": "乱数シード n = {} 個",
        "diverged": "乱数シード {1} 個のうち、発散しなかった n = {0} 個",
        "binomial": "{}(画像 {} 枚のうちの割合。二項分布の誤差 {})",
        "setting": "実験の設定",
    },
    "en": {
        "columns": ("Value", "Number", "How"),
        "links": ("record", "measuring code", "test"),
        "exact": "closed form or deterministic",
        "seeds": "n = {} seeds",
        "diverged": "the n = {} of {} seeds that did not diverge",
        "binomial": "{} (a share of {} images, binomial error {})",
        "setting": "setting",
    },
}


def table(used: list[str], language: str, repository: str, data: str) -> str:
    """The Markdown of the page that every number links to, by topic. `data` is the address of the records, as seen from the page."""
    words = spoken(_COLUMNS, language)
    blocks = []
    found: dict[str, Value] = {}
    for name in used:
        with suppress(UnknownValue):  # the page that uses it says so, with its line
            found[name] = lookup(name)
    for topic in sorted({value.topic for value in found.values()}):
        whole = record(topic)
        task, test = source_files(topic)
        targets = (f"{data}{topic}.json", f"{repository}/blob/main/{task}", f"{repository}/blob/main/{test}")
        rows = [f"| {' | '.join(words['columns'])} |", "|---|---|---|"]
        for name, value in ((name, value) for name, value in found.items() if value.topic == topic):
            broken = re.sub("[._]", r"\\\g<0><wbr>", name)  # on a phone, a name goes on at the next word
            number = f'<span class="nowrap">{text(value, "", language)}</span>'
            rows.append(f'| <code id="{name}">{broken}</code> | {number} | {_how(name, whole, language)} |')
        head = f"## {topic} {{ #{topic} }}\n\n" + " · ".join(
            f'<a href="{target}">{label}</a>' for target, label in zip(targets, words["links"], strict=True)
        )
        blocks.append(f"{head} · {whole['provenance']['date']}\n\n" + "\n".join(rows))
    return "\n\n".join(blocks)


def _how(name: str, whole: dict[str, Any], language: str) -> str:
    words, measured = spoken(_COLUMNS, language), name.split(".")[1]
    measurement = whole["measurements"].get(measured)
    if measurement is None:
        return words["setting"]
    if measurement["kind"] == "exact":
        return words["exact"]
    kept, count = len(array(whole, measured)), len(measurement["values"])
    seeds = words["seeds"].format(count) if kept == count else words["diverged"].format(kept, count)
    if "images" not in measurement or not kept:
        return seeds
    error = text(lookup(f"{'.'.join(name.split('.')[:2])}.binomial"), ".2g", language)
    return words["binomial"].format(seeds, measurement["images"], error)

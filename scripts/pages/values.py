"""Values in prose: `{{ topic.measurement }}` becomes the recorded number, with a way back to its record.

{{ sigmoid.derivative_max }}             an exact value, or the mean ± standard deviation over seeds; where they
                                         spread over more than half of it on a log scale, the geometric mean (min–max)
{{ early_layers_2_sgd.final_loss_relu.mean }}  also .sd, .min, .max (geometric mean for what is measured on a log scale)
{{ gradient_norms.settings.depth }}      a setting, {{ gradient_norms.provenance.seconds }} where it came from
{{ sigmoid.quarter_power | .2g }}        Python's format specification, default .3g
{{ published.veit2016.blocks }}          a figure quoted from a paper, see references.py
"""

import math
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from babel.numbers import get_decimal_symbol, get_group_symbol

from scripts.numerals import power_of_ten
from scripts.pages import references
from scripts.pages.source import nearest
from scripts.project import DATA, ROOT, spoken
from scripts.record import array, centre, read, topics

STATISTICS = ("mean", "sd", "min", "max")


class UnknownValue(LookupError):
    """No record holds a value of this name; the message names the nearest ones."""


@dataclass(frozen=True)
class Value:
    name: str
    topic: str
    number: Any
    sd: float | None = None  # where the spread over seeds is small beside the number
    extent: tuple[float, float] | None = None  # the smallest and largest seed, where it is not


@lru_cache
def _read(topic: str, modified_ns: int) -> dict[str, Any]:
    return read(topic)


def record(topic: str) -> dict[str, Any]:
    """The record of a topic, read again only when its file changed."""
    return _read(topic, (DATA / f"{topic}.json").stat().st_mtime_ns)


def names() -> list[str]:
    """Every name that a page can use, statistics left out."""
    known = []
    for topic in topics():
        for name, measurement in record(topic)["measurements"].items():
            if np.ndim(centre(measurement)) == 0:
                known.append(f"{topic}.{name}")
        known += [f"{topic}.settings.{name}" for name in record(topic)["settings"]]
        known += [f"{topic}.provenance.{name}" for name in record(topic)["provenance"]]
    return known + [f"published.{name}" for name in references.published()]


def lookup(name: str) -> Value:
    """The value of a dotted name.

    Raises:
        UnknownValue: no record, measurement or setting is called so, or it is a curve, not a number.
    """
    topic, _, rest = name.partition(".")
    if topic == "published":
        return Value(name, topic, references.figure(rest))
    if not (DATA / f"{topic}.json").is_file():
        raise UnknownValue(
            f"unknown value '{name}': no record docs/data/{topic}.json; {nearest(name, names())}"
        )
    whole = record(topic)
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
            return _statistic(name, topic, measurement, array(whole, first), keys[0] if keys else "")
    raise UnknownValue(f"unknown value '{name}'; {nearest(name, names())}")


def _statistic(name: str, topic: str, measurement: dict[str, Any], values: np.ndarray, which: str) -> Value:
    if not len(values):
        raise UnknownValue(f"'{name}' has no value: every seed diverged; say so on the page, and count them")
    middle = float(centre(measurement))
    if not which:
        sd = float(values.std(ddof=1))
        if measurement["scale"] == "log" and sd > middle / 2:
            return Value(name, topic, middle, extent=(float(values.min()), float(values.max())))
        return Value(name, topic, middle, sd)
    if which == "mean":
        return Value(name, topic, middle)
    if which in STATISTICS:
        number = values.std(ddof=1) if which == "sd" else getattr(np, which)(values)
        return Value(name, topic, float(number))
    raise UnknownValue(f"unknown value '{name}': '{which}' is none of {', '.join(STATISTICS)}")


def text(value: Value, spec: str, language: str) -> str:
    """The number as a reader of `language` writes it: 1,437; 0.2356 ± 0.0021; 9.54 × 10⁻⁷."""
    return _written(
        value, spec, language, times=" × ", power=power_of_ten, pm=" ± "
    )


def tex(value: Value, spec: str, language: str) -> str:
    """The number inside a formula."""
    written = _written(value, spec, language, times=r" \times ", power=lambda n: f"10^{{{n}}}", pm=r" \pm ")
    return written.replace("−", "-").replace(",", "{,}").replace("%", r"\%")


def _written(value: Value, spec: str, language: str, *, times: str, power: Any, pm: str) -> str:
    if isinstance(value.number, str):
        return value.number
    if value.extent:
        low, high = (
            _written(Value("", "", end), spec or ".2g", language, times=times, power=power, pm=pm)
            for end in value.extent
        )
        return f"{_written(Value('', '', value.number), spec or '.2g', language, times=times, power=power, pm=pm)} ({low}–{high})"
    if value.sd and not spec:
        return _with_spread(value.number, value.sd, language, times=times, power=power, pm=pm)
    spec = spec or (",d" if isinstance(value.number, int) else ".3g")
    mantissa, _, exponent = format(value.number, spec).partition("e")
    if not exponent:
        return _plain(mantissa, language)
    return f"{_plain(mantissa, language)}{times}{power(int(exponent))}"


def _with_spread(mean: float, sd: float, language: str, *, times: str, power: Any, pm: str) -> str:
    """Both to the second digit of the spread: 0.2356 ± 0.0021; (4.1 ± 0.5) × 10⁻⁶ where the mean is far from 1."""
    exponent = math.floor(math.log10(abs(mean))) if mean else 0
    scale = exponent if exponent < -3 or exponent > 4 else 0
    mean, sd = mean / 10.0**scale, sd / 10.0**scale
    decimals = max(0, 1 - math.floor(math.log10(sd)))
    both = pm.join(_plain(f"{number:.{decimals}f}", language) for number in (mean, sd))
    return f"({both}){times}{power(scale)}" if scale else both


def _plain(digits: str, language: str) -> str:
    table = {".": get_decimal_symbol(language), ",": get_group_symbol(language), "-": "−"}
    return digits.translate(str.maketrans(table))


def source_files(topic: str) -> list[Path]:
    """The task and the test behind a topic's record; records of one experiment (degradation_plain, …) share its test."""
    words = topic.split("_")
    tests = [Path(f"tests/test_{'_'.join(words[:n])}.py") for n in range(len(words), 0, -1)]
    return [Path(f"scripts/measure/task_{topic}.py"), next((test for test in tests if (ROOT / test).exists()), tests[0])]


_COLUMNS = {
    "ja": (
        "値",
        "数値",
        "求め方",
        "記録",
        "測定コード",
        "テスト",
        "閉じた式・決定的な計算",
        "{} 個の乱数シード",
        "実験の設定",
    ),
    "en": (
        "Value",
        "Number",
        "How",
        "record",
        "measuring code",
        "test",
        "closed form or deterministic",
        "{} seeds",
        "setting",
    ),
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
        links = [
            (words[3], f"{data}{topic}.json"),
            (words[4], f"{repository}/blob/main/{task}"),
            (words[5], f"{repository}/blob/main/{test}"),
        ]
        rows = [f"| {words[0]} | {words[1]} | {words[2]} |", "|---|---|---|"]
        for name, value in ((name, value) for name, value in found.items() if value.topic == topic):
            broken = re.sub("[._]", r"\\\g<0><wbr>", name)  # on a phone, a name goes on at the next word
            number = f'<span class="nowrap">{text(value, "", language)}</span>'
            rows.append(f'| <code id="{name}">{broken}</code> | {number} | {_how(name, whole, words)} |')
        head = f"## {topic} {{ #{topic} }}\n\n" + " · ".join(
            f'<a href="{target}">{label}</a>' for label, target in links
        )
        blocks.append(f"{head} · {whole['provenance']['date']}\n\n" + "\n".join(rows))
    return "\n\n".join(blocks)


def _how(name: str, whole: dict[str, Any], words: tuple[str, ...]) -> str:
    measurement = whole["measurements"].get(name.split(".")[1])
    if measurement is None:
        return words[8]
    return words[6] if measurement["kind"] == "exact" else words[7].format(len(measurement["values"]))

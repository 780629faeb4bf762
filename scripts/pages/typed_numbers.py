"""Numbers typed by hand that a record or docs/published.yml holds: they would stay behind when it changes, so a page names the value."""

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from scripts.pages import claims, references, values
from scripts.pages.prose_numbers import NOT_PROSE
from scripts.pages.source import BRACE, PageError, blank, line_of, without
from scripts.project import DATA, DOCS
from scripts.record import topics

_POWER = r"\s*(?:×|\\times|\\cdot)\s*10(?:\^\{?(?P<tex>[-−]?\d+)\}?|(?P<superscript>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))"
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.])(?<![A-Za-z]-)(?P<digits>\d{1,3}(?:(?:,|\{,\})\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    rf"(?:[eE](?P<e>[-+]?\d+)|{_POWER})?(?P<percent>\s*\\?%)?(?![A-Za-z0-9_]|\.\d)"
)
_PLAIN_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def _scalars() -> dict[str, tuple[float, bool]]:
    """Every scalar measurement by its name: its value or mean, and whether it is exact."""
    return {name: of for topic in topics() for name, of in _of(topic, (DATA / f"{topic}.json").stat().st_mtime_ns).items()}


@lru_cache(maxsize=256)
def _of(topic: str, modified_ns: int) -> dict[str, tuple[float, bool]]:
    found = {}
    for name, measurement in values.record(topic)["measurements"].items():
        number = values.centre(measurement)
        if np.ndim(number) == 0 and np.isfinite(number):
            found[f"{topic}.{name}"] = (abs(float(number)), measurement["kind"] == "exact")
    return found


def find(text: str) -> Iterator[tuple[int, str, str]]:
    """Position, number and the value's name, for each number in the prose and formulas of a page that a record or a paper holds.

    A number counts when it has a decimal point, an exponent or three digits, and is no year. It is a record's when it equals an
    exact value in full; or, with three significant digits, any value rounded as it is; with two, a value that the page names.
    A number that is part of a named value's name, as the width in `factor_256`, says which value it is.
    It is a paper's when it has two significant digits and is printed so in docs/published.yml.
    """
    named = {name.removesuffix(".mean") for brace in BRACE.finditer(text) for name in values.names_in(brace[1])}
    labels = {label for name in named for label in re.findall(r"_(\d+)", name)}
    known = _scalars()
    printed = {str(figure["value"]): f"published.{name}" for name, figure in references.published().items()}
    for match in _NUMBER.finditer(NOT_PROSE.sub(blank, without(text, "code", "brace"))):
        digits = re.sub(r"[,{}]", "", match["digits"])
        exponent = int((match["e"] or match["tex"] or match["superscript"] or "0").translate(_PLAIN_DIGITS))
        has_exponent = match["e"] or match["tex"] or match["superscript"]
        if not ("." in digits or has_exponent or len(digits) >= 3) or re.fullmatch(
            r"(19|20)\d\d", match[0].strip()
        ):
            continue
        if digits in labels:
            continue
        scale = 10.0**exponent / (100 if match["percent"] else 1)
        number, half_a_unit = float(digits) * scale, 0.5 * 10.0 ** -len(digits.partition(".")[2]) * scale
        significant = len((digits if "." in digits else digits.rstrip("0")).replace(".", "").lstrip("0"))
        quoted = printed.get(digits + ("%" if match["percent"] else ""))
        if quoted and significant >= 2:
            yield match.start(), match[0].strip(), quoted
            continue
        in_full = [name for name, (value, is_exact) in known.items() if is_exact and math.isclose(number, value, rel_tol=1e-12)]
        rounded = (
            name
            for name, (value, _) in known.items()
            if significant >= (2 if name in named else 3) and abs(number - value) <= half_a_unit * (1 + 1e-9)
        )
        if name := next(iter(in_full), None) or next(rounded, None):
            yield match.start(), match[0].strip(), name


def check(path: Path, text: str | None = None) -> None:
    """Hold a page, or a text that stands in the file `path`, against the records.

    Raises:
        PageError: it types a number that a record holds.
    """
    whole = path.read_text(encoding="utf-8")
    start = whole.find(text.splitlines()[0].strip()) if text else 0
    for position, number, name in find(text or whole):
        message = f"the number {number} is typed by hand, and a record or a paper holds it: write {{{{ {name} }}}}, with a format after | if need be"
        raise PageError(
            path, line_of(whole, max(start, 0)) + (text or whole).count("\n", 0, position), message
        )


def check_all() -> None:
    """Hold every page, and the reason given for every claim, against the records; what the article itself says stays as it says it."""
    for page in sorted(DOCS.rglob("*.md")):
        check(page)
    for claim in claims.claims().values():
        for reason in claim["reason"].values():
            check(claims.CLAIMS, reason)

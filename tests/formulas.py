"""Every formula of every page and claim, and what tests/formulas.yml says of those that need more."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sympy
import yaml

from scripts.pages.claims import CLAIMS
from scripts.pages.source import line_of, markdown, parts
from scripts.project import DOCS, ROOT
from tests.tex import Refuted, Statement, Unreadable, hold, statements

LIST = ROOT / "tests/formulas.yml"
# States nothing: a symbol with its index and argument, |w|, or a recorded value.
_NAME = re.compile(r"\|?\\?[A-Za-z]+'*(?:_\w|_\{[^{}]*\})?(?:\(\\?[A-Za-z]+(?:_\w)?\))?\|?|\{\{ .+? \}\}")
# What `holds` may use beside SymPy's own names.
_REAL = sympy.symbols("x w w0 w1 w2 w3 eta lam z t h J1 J2 J3", real=True)
_POSITIVE = sympy.symbols("c L N p", positive=True)
_x, *_w = (_REAL[0], *_REAL[3:6])


def sigma(u: sympy.Expr) -> sympy.Expr:
    return 1 / (1 + sympy.exp(-u))


def chain(units: int) -> sympy.Expr:
    """The output of a chain of units, x to σ(w₁x) to σ(w₂σ(w₁x))."""
    return sigma(_w[units - 1] * chain(units - 1)) if units else _x


NAMES = {
    **{symbol.name: symbol for symbol in (*_REAL, *_POSITIVE)},
    "n": sympy.Symbol("n", integer=True),
    "J": sympy.Symbol("J"),
    "sigma": sigma,
    "dsigma": lambda u: sympy.exp(-u) / (1 + sympy.exp(-u)) ** 2,
    "relu": lambda u: sympy.Max(u, 0),
    "A": chain,
    "Z": lambda units: _w[units - 1] * chain(units - 1),
    "G": lambda u, v: sympy.sin(2 * u + v**2) + u * v**3,  # any function of two variables
    "d": sympy.Matrix(_REAL[:2]),
    "R": sympy.Matrix([[sympy.cos(_x), -sympy.sin(_x)], [sympy.sin(_x), sympy.cos(_x)]]),
    "signs": (sympy.Symbol("v", nonnegative=True), sympy.Symbol("v", negative=True)),
}


@dataclass(frozen=True)
class Formula:
    """A formula in its place; `page` is its key in tests/formulas.yml."""

    path: Path
    line: int
    page: str
    tex: str


@dataclass(frozen=True)
class Entry:
    """What a statement follows from, a SymPy statement that stands for it, or why it is not checked."""

    given: tuple[str, ...] | None = None
    holds: str | None = None
    reason: str | None = None


def pages() -> list[Path]:
    return [*sorted(DOCS.glob("*/*.md")), *sorted(DOCS.glob("*/labs/*.py")), CLAIMS]


def key(path: Path) -> str:
    """What a page is called in tests/formulas.yml: learning, labs/learning, claims."""
    return "claims" if path == CLAIMS else path.relative_to(DOCS).with_suffix("").as_posix().partition("/")[2]


def formulas(path: Path, text: str | None = None) -> Iterator[Formula]:
    """The formulas of a page, a lab or docs/claims.yml, in order; `text` stands in for its Markdown."""
    text = markdown(path) if text is None else text
    for part in parts(text):
        if part.lastgroup in ("display", "inline"):
            start = part.start() + len(part[0]) - len(part[0].lstrip("$\n"))
            yield Formula(path, line_of(text, start), key(path), part[0])


def entries() -> dict[str, list[tuple[str, Entry]]]:
    """The list: of each page, its statements and what is said of them, in order."""
    return _entries(LIST.stat().st_mtime_ns)


@cache
def _entries(modified_ns: int) -> dict[str, list[tuple[str, Entry]]]:
    def entry(raw: dict) -> Entry:
        given = raw.get("given")
        return Entry(None if given is None else tuple(given), raw.get("holds"), raw.get("reason"))

    return {
        page: [
            (said.text, entry(raw))
            for raw in listed
            for line in raw["formulas"].splitlines()
            for said in statements(line)
        ]
        for page, listed in yaml.safe_load(LIST.read_text(encoding="utf-8")).items()
    }


def listed(page: str) -> dict[str, Entry]:
    return dict(entries().get(page, []))


def states_nothing(statement: Statement) -> bool:
    """Whether it is no more than a name or a recorded value."""
    return bool(_NAME.fullmatch(statement.text))


@cache
def failure(statement: Statement, entry: Entry | None) -> str | None:
    """Why a statement cannot stand as it does; None where it can."""
    try:
        if entry is None:
            if states_nothing(statement):
                return None
            # A weaker bound would be true as well: what is no equality is listed.
            if statement.relation not in ("=", "iff") or "O(" in statement.text:
                return "is no equality that could be proved as it stands, and is not listed"
            hold(statement)
        elif entry.given is not None:
            hold(statement, entry.given)
        elif entry.holds is not None and not eval(entry.holds, {**vars(sympy), **NAMES}):
            return f"is listed with what does not hold: {entry.holds}"
    except (Refuted, Unreadable) as error:
        return (
            f"is neither proved nor listed: {error}"
            if entry is None
            else f"is not proved by what is given: {error}"
        )
    return None


def failures(formula: Formula) -> Iterator[tuple[Statement, str]]:
    """The statements of a formula that cannot stand, each with its place and why."""
    for statement in statements(formula.tex):
        why = failure(statement, listed(formula.page).get(statement.text))
        if why:
            yield statement, f"{formula.path.relative_to(ROOT)}:{formula.line}: '{statement.text}' {why}"


def entry_to_add(page: str, wrong: Iterable[Statement]) -> str:
    """What to write into tests/formulas.yml if statements are meant as they stand."""
    lines = "".join(f"      {text}\n" for text in dict.fromkeys(statement.text for statement in wrong))
    return f"{page}:\n  - reason: …  # or given, or holds: see the top of that file\n    formulas: |\n{lines}"


def stale(page: str, said: set[str]) -> list[str]:
    """The listed statements that are not among those which a page makes."""
    return [text for text in listed(page) if text not in said]

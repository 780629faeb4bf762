"""What a claim rests on: one line each in docs/claims.yml, for it or against it, that a test evaluates.

for: sigmoid.derivative_max = 1/4                      a recorded value and what it should be (to 1e-12)
for: gradient_norms.factor_relu_he_64 = 1 ± 0.05       the same, within a tolerance
for: early_layers_10_sgd.first_layer_moved_sigmoid.max < 1e-4      a statistic, see values.py, against a number or a value
for: degradation_plain.final_loss_20 << degradation_plain.final_loss_56       smaller: the rank test says so, p < 0.01
for: degradation_residual.test_error_56 ≈ degradation_residual.test_error_20 ± 0.02     no difference that matters: its 95 % interval
                                                       lies within ± 0.02; within `× 1.2`, that of the ratio of geometric means
for: diff(F(x) + x, x) == diff(F(x), x) + 1            an identity that SymPy proves
"""

import ast
import operator
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from scripts import statistics
from scripts.pages import values
from scripts.project import DATA

_MEASUREMENT = re.compile(
    r"(?P<measured>[a-z]\w*\.[\w.]+) (?P<relation>=|<<|<|>|≈) (?P<expected>.+?)(?: (?P<sign>[±×]) (?P<tolerance>\S+))?"
)
_SIGNS = {"=": ("", "±"), "≈": ("±", "×")}  # how a relation's tolerance may be given; of the others there is none
_NAME = re.compile(r"[a-z]\w*\.[a-z_][\w.]*")
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
}
EXACT = 1e-12


@dataclass(frozen=True)
class Measurement:
    """A recorded value beside what it should be: a number, or another recorded value."""

    supports: bool
    measured: str
    relation: str
    expected: str
    sign: str  # of the tolerance: "±", "×", or "" where there is none
    tolerance: float | None  # of "=" absolute, None means 1e-12 of the expected number; of "≈" what would matter

    def holds(self, folder: Path = DATA) -> bool:
        """Whether the records of a folder say so; where every seed diverged they do not."""
        try:
            return self._holds(folder)
        except values.NoValue:
            return False

    def _holds(self, folder: Path) -> bool:
        if self.relation == "<<":
            return self.probability(folder) < statistics.RANK_LEVEL
        if self.relation == "≈":
            low, high = self.interval(folder)
            least, most = (1 / self.tolerance, self.tolerance) if self.sign == "×" else (-self.tolerance, self.tolerance)
            return bool(least <= low and high <= most)
        measured, expected = (number(text, folder) for text in (self.measured, self.expected))
        if self.relation == "=":
            return abs(measured - expected) <= self.allowed(folder)
        return measured < expected if self.relation == "<" else measured > expected

    def allowed(self, folder: Path = DATA) -> float | None:
        """How far the measured value may be from the expected one; None where the line does not say."""
        if self.relation != "=":
            return None
        return EXACT * abs(float(number(self.expected, folder))) if self.tolerance is None else self.tolerance

    def probability(self, folder: Path = DATA) -> float:
        """Of "<<": the p-value of the one-sided rank test."""
        return statistics.smaller(*(values.sample(name, folder)[0] for name in (self.measured, self.expected)))

    def interval(self, folder: Path = DATA) -> tuple[float, float]:
        """Of "≈": the 95 % interval of measured − expected, or of their ratio where the tolerance is a factor.

        Raises:
            ValueError: the ratio of what is not positive is asked for, or the difference of two geometric means.
        """
        (ours, log), ratio = values.sample(self.measured, folder), self.sign == "×"
        theirs = values.sample(self.expected, folder)[0] if self._expects_seeds(folder) else float(number(self.expected, folder))
        if ratio and not (np.all(ours > 0) and np.all(np.asarray(theirs) > 0)):
            raise ValueError(f"'{self.line()}' asks for the ratio of numbers of which some are not positive: write ± instead")
        if isinstance(theirs, float):
            low, high = statistics.mean_interval(ours, log or ratio)
            return (low / theirs, high / theirs) if ratio else (low - theirs, high - theirs)
        if log and not ratio:
            raise ValueError(f"'{self.line()}' compares what is measured on a log scale: give the factor that would matter, as in ≈ topic.name × 1.2")
        found = statistics.difference(theirs, ours, ratio)
        return found.low, found.high

    def _expects_seeds(self, folder: Path) -> bool:
        """Whether a recorded measurement over seeds is expected, rather than a number or a statistic."""
        if not self.expected_is_recorded() or self.expected.count(".") > 1:
            return False
        topic, name = self.expected.split(".")
        number(self.expected, folder)  # an unknown name is said in its own words
        return values.record(topic, folder)["measurements"][name]["kind"] == "sampled"

    def expected_is_recorded(self) -> bool:
        return bool(_NAME.fullmatch(self.expected))

    def topics(self) -> list[str]:
        named = [self.measured, self.expected] if self.expected_is_recorded() else [self.measured]
        return list(dict.fromkeys(name.partition(".")[0] for name in named))

    def check(self) -> None:
        """Hold the names that the line uses against the records.

        Raises:
            UnknownValue: a name is unknown, or is not of the kind that the relation needs.
            ValueError: the expected number is none, or see `interval`.
        """
        for text in (self.measured, self.expected):
            number(text)
        if self.relation == "<<":
            self.probability()
        elif self.relation == "≈":
            self.interval()

    def line(self) -> str:
        """As docs/claims.yml has it."""
        return f"{self.measured} {self.relation} {self.expected}" + (f" {self.sign} {self.tolerance:g}" if self.sign else "")

    def said(self, folder: Path = DATA) -> str:
        """What was measured, for whoever reads in a terminal that the line holds or fails."""
        named = [self.measured, self.expected] if self.expected_is_recorded() else [self.measured]
        try:
            shown = " against ".join(_shown(values.lookup(name, folder)) for name in named)
            if self.relation == "<<":
                return f"{shown}, rank test {values.probability(self.probability(folder), 'en')}"
            if self.relation == "≈":
                low, high = self.interval(folder)
                return f"{shown}, {100 * statistics.CONFIDENCE:.0f} % interval of the {'ratio' if self.sign == '×' else 'difference'} {low:.3g} to {high:.3g}"
            return shown
        except values.NoValue as error:
            return str(error)


def _shown(value: values.Value) -> str:
    return values.text(value, "" if value.sd or value.factor or isinstance(value.number, int | str) else ".6g", "en")


@dataclass(frozen=True)
class Identity:
    """An equation that SymPy proves (for), or refutes (against): `left == right`."""

    supports: bool
    left: str
    right: str


Evidence = Measurement | Identity


def parse(entry: dict[str, str]) -> Evidence:
    """One line of a claim's evidence.

    Raises:
        ValueError: it is neither a measurement nor an identity.
    """
    ((side, line),) = entry.items()
    if side not in ("for", "against"):
        raise ValueError(f"'{side}: {line}' is neither 'for' nor 'against'")
    if " == " in line:
        left, right = line.split(" == ")
        return Identity(side == "for", left, right)
    match = _MEASUREMENT.fullmatch(line)
    if not match:
        raise ValueError(
            f"'{line}' is no evidence: write 'topic.name = number ± tolerance', 'topic.name > topic.name', "
            "'topic.name << topic.name', 'topic.name ≈ topic.name ± tolerance' or 'left == right'"
        )
    relation, expected, sign = match["relation"], match["expected"], match["sign"] or ""
    if sign not in _SIGNS.get(relation, ("",)):
        allowed = {"=": "'= number' or '= number ± tolerance'", "≈": "'≈ … ± what would matter' or '≈ … × factor'"}
        raise ValueError(f"'{line}' is no evidence: write {allowed.get(relation, f'no tolerance behind {relation}')}")
    if relation == "<<" and not _NAME.fullmatch(expected):
        raise ValueError(f"'{line}' is no evidence: << is a rank test between the seeds of two measurements; write < for a number")
    tolerance = float(number(match["tolerance"])) if sign else None
    if sign == "×" and tolerance <= 1:
        raise ValueError(f"'{line}' is no evidence: a ratio lies within a factor that is larger than 1")
    return Measurement(side == "for", match["measured"], relation, expected, sign, tolerance)


def number(text: str, folder: Path = DATA) -> float | Fraction:
    """The recorded value of a name, or the number that arithmetic such as `4**-10` says.

    Raises:
        LookupError: no record holds a value of this name.
        ValueError: it is neither a name nor arithmetic on numbers.
    """
    if _NAME.fullmatch(text):
        found = values.lookup(text, folder).number
        if isinstance(found, str):
            raise ValueError(f"'{text}' is '{found}', no number that can be compared")
        return found
    try:
        return _evaluate(ast.parse(text, mode="eval").body)
    except (SyntaxError, KeyError):
        raise ValueError(f"'{text}' is neither a value's name nor arithmetic on numbers") from None


def _evaluate(node: ast.expr) -> float | Fraction:
    match node:
        case ast.Constant(value=int() as value):
            return Fraction(value)
        case ast.Constant(value=float() as value):
            return value
        case ast.UnaryOp():
            return _OPERATIONS[type(node.op)](_evaluate(node.operand))
        case ast.BinOp():
            return _OPERATIONS[type(node.op)](_evaluate(node.left), _evaluate(node.right))
    raise KeyError(type(node))


def verdicts(kind: str, evidence: list[Evidence]) -> set[str]:
    """The verdicts that such evidence allows: a claim's verdict is one of them, or the claim is wrong."""
    sides = {piece.supports for piece in evidence}
    if sides == {True}:
        return {"empirical"} if kind == "experimental" else {"exact"}
    if sides == {False}:
        return {"false"}
    if sides == {True, False}:
        return {"heuristic", "misleading"} if kind == "experimental" else {"conditional", "misleading"}
    return set()

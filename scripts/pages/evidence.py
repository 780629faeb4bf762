"""What a claim rests on: one line each in docs/claims.yml, for it or against it, that a test evaluates.

for: sigmoid.derivative_max = 1/4                      a recorded value and what it should be (to 1e-12)
for: gradient_norms.factor_relu_he_64 = 1 ± 0.05       the same, within a tolerance
against: degradation_plain.test_error_56.min > degradation_plain.test_error_20.max
for: diff(F(x) + x, x) == diff(F(x), x) + 1            an identity that SymPy proves
"""

import ast
import operator
import re
from dataclasses import dataclass
from fractions import Fraction

from scripts.pages import values

_MEASUREMENT = re.compile(
    r"(?P<measured>[a-z]\w*\.[\w.]+) (?P<relation>=|<|>) (?P<expected>.+?)(?: ± (?P<tolerance>\S+))?"
)
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
    tolerance: float | None  # of "=" alone: absolute; None means 1e-12 of the expected number

    def holds(self) -> bool:
        measured, expected = (number(text) for text in (self.measured, self.expected))
        if self.relation == "=":
            return abs(measured - expected) <= self.allowed()
        return measured < expected if self.relation == "<" else measured > expected

    def allowed(self) -> float | None:
        """How far the measured value may be from the expected one; None where it is only larger or smaller."""
        if self.relation != "=":
            return None
        return EXACT * abs(float(number(self.expected))) if self.tolerance is None else self.tolerance

    def expected_is_recorded(self) -> bool:
        return bool(_NAME.fullmatch(self.expected))

    def topics(self) -> list[str]:
        named = [self.measured, self.expected] if self.expected_is_recorded() else [self.measured]
        return list(dict.fromkeys(name.partition(".")[0] for name in named))


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
            f"'{line}' is no evidence: write 'topic.name = number ± tolerance', 'topic.name > topic.name' or 'left == right'"
        )
    tolerance = match["tolerance"] and float(number(match["tolerance"]))
    return Measurement(side == "for", match["measured"], match["relation"], match["expected"], tolerance)


def number(text: str) -> float | Fraction:
    """The recorded value of a name, or the number that arithmetic such as `4**-10` says.

    Raises:
        LookupError: no record holds a value of this name.
        ValueError: it is neither a name nor arithmetic on numbers.
    """
    if _NAME.fullmatch(text):
        return values.lookup(text).number
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

"""TeX on pages as mathematics: a formula's statements, and their sides as SymPy expressions.

SymPy's own parser reads a side. What it does not know is rewritten before (ReLU, norms, derivatives, primes,
values) or refused: nothing is dropped in silence. Norms are absolute values and the identity matrix is 1:
of a formula of matrices the 1 × 1 case is read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import pairwise
from random import Random

import mpmath
import sympy
from sympy.core.function import AppliedUndef
from sympy.parsing.latex import LaTeXParsingError, parse_latex

from scripts.pages import values

RELATIONS = {"=": "=", "<": "<", ">": ">", r"\le": "<=", r"\ge": ">=", r"\ne": "!=", r"\approx": "~"}
_UNCHECKED = (r"\propto", r"\leftarrow", r"\mapsto", r"\to", r"\in", r"\sim")
_SEPARATORS = (r"\qquad", r"\quad", r"\Rightarrow", r"\Longrightarrow", r"\implies", ",", "\\\\")
_TOKEN = re.compile(r"\{\{.*?\}\}|\\[A-Za-z]+|\\.|\S")
_OPEN, _CLOSE = ("{", "(", "[", r"\{", r"\begin"), ("}", ")", "]", r"\}", r"\end")
_GROUP = r"(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*"  # what stands between braces
_SYMBOL = r"\\?[A-Za-z]+(?:_\w|_\{[^{}]*\})?"
_D = r"(?:\\partial|d(?=[A-Za-z\\]))"
_D2 = r"(?:\\partial|d)\^2"
_KNOWN = set(
    r"\frac \sqrt \cdot \times \int \sum \prod \binom \log \exp \sin \cos \tanh \cosh \infty \pi \Xi \Delta "
    r"\alpha \beta \gamma \delta \varepsilon \eta \lambda \mu \rho \sigma \theta".split()
)

GENERIC = set("EFHfg")  # names that stand for any function; other names before a parenthesis are factors
_u = sympy.Symbol("u")


class Unreadable(ValueError):
    """A side that cannot be read as a SymPy expression."""


@dataclass(frozen=True)
class Statement:
    """What a formula says in one place: `left relation right`, two chains that are equivalent, or a term."""

    text: str
    relation: str = ""  # one of RELATIONS or _UNCHECKED, "iff", or "" of a term
    left: str = ""
    right: str = ""


def normalised(tex: str) -> str:
    """A formula without what differs by language or look alone: words, spaces, sizes, braces under terms."""
    tex = re.sub(rf"\\text\{{{_GROUP}\}}", "", tex.strip("$ \n"))
    tex = re.sub(r"\\(?:left|right|[bB]igg?[lr]?)(?![A-Za-z])", "", tex)
    tex = re.sub(r"(?<!\\)\\[,;:! ]|~|&(?=\s*(?:=|<|>|\\[lg]e\b))", " ", tex)
    tex = re.sub(rf"\\underbrace\{{({_GROUP})\}}(?:_\{{\s*\}})?", r" \1 ", tex)
    tex = re.sub(r"\\begin\{aligned\}|\\end\{aligned\}", " ", tex).replace(r"\tfrac", r"\frac")
    tex = tex.replace(r"\lvert", "|").replace(r"\rvert", "|")
    return re.sub(r"(?<=[(\[]) | (?=[)\]])|(?<=[\w}])\s(?=[(\[])", "", re.sub(r"\s+", " ", tex)).strip()


def _split(tex: str, separators: tuple[str, ...]) -> list[str]:
    """The pieces of TeX between `separators` that stand in no bracket; every second piece is a separator."""
    pieces, depth, start = [], 0, 0
    for token in _TOKEN.finditer(tex):
        depth += (token[0] in _OPEN) - (token[0] in _CLOSE)
        if depth == 0 and token[0] in separators:
            pieces += [tex[start : token.start()], token[0]]
            start = token.end()
    return [piece.strip() for piece in [*pieces, tex[start:]]]


def _chain(tex: str) -> list[str]:
    return _split(tex, (*RELATIONS, *_UNCHECKED))


def statements(tex: str) -> Iterator[Statement]:
    """What a formula says, in order."""
    # A row of an aligned formula that begins with a relation goes on with the row before.
    tex = re.sub(r"\\\\\s*(?==|\\le\b|\\ge\b|<|>|\\approx)", "", normalised(tex))
    for part in _split(tex, _SEPARATORS)[::2]:
        equivalents = _split(part, (r"\iff",))[::2]
        for left, right in pairwise(equivalents):
            yield Statement(rf"{left} \iff {right}", "iff", left, right)
        if len(equivalents) > 1:
            continue
        sides = [side.rstrip(" .;") for side in _chain(part)]
        if len(sides) == 1 and sides[0]:
            yield Statement(sides[0])
        for left, relation, right in zip(sides[::2], sides[1::2], sides[2::2], strict=False):
            yield Statement(f"{left} {relation} {right}".strip(), relation, left, right)


def _recorded(match: re.Match[str]) -> str:
    return f"({Decimal(repr(values.lookup(match[1].partition('|')[0].strip()).number)):f})"


def _nested(inside: str, variables: list[str]) -> str:
    for variable in variables:
        inside = rf"\Delta({inside},{variable})"
    return inside


_REWRITINGS = [
    (r"\{\{ (.+?) \}\}", _recorded),
    (r"\\mathrm\{ReLU\}", r"\\Xi"),
    (r"_\{\\(max|min)\}", r"_{\1}"),
    (r"\\frac\s*(\w)\s*(\w|\\[A-Za-z]+)", r"\\frac{\1}{\2}"),
    (rf"\\frac\{{{_D2}\s*({_GROUP})\}}\{{{_D}\s*({_SYMBOL})\^2\}}", lambda m: _nested(m[1], [m[2]] * 2)),
    (
        rf"\\frac\{{{_D2}\s*({_GROUP})\}}\{{{_D}\s*({_SYMBOL})\s*{_D}\s*({_SYMBOL})\}}",
        lambda m: _nested(m[1], [m[2], m[3]]),
    ),
    (rf"\\frac\{{{_D}\s*({_GROUP})\}}\{{{_D}\s*({_SYMBOL})\}}", lambda m: _nested(m[1], [m[2]])),
    (rf"{_D2}\s*({_SYMBOL})\s*/\s*{_D}\s*({_SYMBOL})\^2", lambda m: _nested(m[1], [m[2]] * 2)),
    (rf"{_D}\s*({_SYMBOL})\s*/\s*{_D}\s*({_SYMBOL})", lambda m: _nested(m[1], [m[2]])),
    (r"\((\w) \\circ (\w)\)('+)\((\w)\)", lambda m: _nested(f"{m[1]}({m[2]}({m[4]}))", [m[4]] * len(m[3]))),
    (r"\[([^\[\]]*)\]('+)", lambda m: _nested(m[1], ["x"] * len(m[2]))),
    (r"(?<![A-Za-z'])\(([^()]*)\)('+)", lambda m: _nested(m[1], ["x"] * len(m[2]))),
    (r"(\\?[A-Za-z]+)('+)(?!\s*\(|')", lambda m: f"{m[1]}_{{{'d' * len(m[2])}}}"),  # a bare σ′ is a name
    (r"\\\|_\w(?!\w)|\\\|", "|"),
    (r"_\{\s*\}", ""),
    (r"\{,\}", ""),
]


@cache
def parse(side: str) -> sympy.Basic:
    """A side as SymPy's parser reads it.

    Raises:
        Unreadable: it holds what has no meaning here.
    """
    matrix = re.fullmatch(r"\\begin\{pmatrix\}(.*)\\end\{pmatrix\}", side)
    if matrix:
        return sympy.Matrix(
            [[parse(entry.strip()) for entry in row.split("&")] for row in matrix[1].split(r"\\")]
        )
    for pattern, replacement in _REWRITINGS:
        side = re.sub(pattern, replacement, side)
    unknown = set(re.findall(r"\\[A-Za-z]+|\\.", side)) - _KNOWN
    if unknown or not side:
        raise Unreadable(f"'{side}' holds {', '.join(sorted(unknown)) or 'nothing'}")
    try:
        return parse_latex(side, strict=True, backend="antlr")
    except (LaTeXParsingError, TypeError, AttributeError) as error:
        raise Unreadable(f"'{side}': {str(error).splitlines()[0]}") from None


def _generic(name: str) -> sympy.Lambda:
    """A function that no identity holds for by chance, one for each name."""
    a, b, c = (sympy.Rational(3 + ord(name[-1]) % 7, n) for n in (5, 7, 11))
    return sympy.Lambda(_u, sympy.sin(a * _u + b) + c * _u**2)


_NOTATION = {
    "sigma": sympy.Lambda(_u, 1 / (1 + sympy.exp(-_u))),
    "Xi": sympy.Lambda(_u, sympy.Max(0, _u)),
    **{name: _generic(name) for name in GENERIC},
}
_CONSTANTS = {"e": sympy.E, "pi": sympy.pi, "I": sympy.Integer(1)}


def _is_derivative(expression: sympy.Basic) -> bool:
    return isinstance(expression, AppliedUndef) and expression.func.__name__ == "Delta"


class Meaning:
    """What symbols stand for: this site's notation, and what `given` says.

    Args:
        given: TeX, each `symbol = …`, `function(symbol) = …`, or a condition such as `\\eta > 0`.
    """

    def __init__(self, given: tuple[str, ...] = ()):
        self.functions, self.symbols = dict(_NOTATION), {sympy.Symbol(k): v for k, v in _CONSTANTS.items()}
        self.conditions = []
        for line in given:
            for statement in statements(line):
                left = parse(statement.left)
                if statement.relation == "=" and isinstance(left, AppliedUndef):
                    self.functions[left.func.__name__] = sympy.Lambda(
                        left.args, self._factors(parse(statement.right))
                    )
                elif statement.relation == "=" and left.is_Symbol:
                    self.symbols[left] = parse(statement.right)
                else:
                    self.conditions.append(statement)

    def of(self, side: str) -> sympy.Basic:
        """A side with everything put in that is known."""
        return self._derived(self._substituted(parse(side)))

    def _substituted(self, expression: sympy.Basic) -> sympy.Basic:
        for _ in range(8):
            new = self._factors(expression).xreplace(self.symbols).replace(self._is_known, self._applied)
            if new == expression:
                return new
            expression = new
        raise Unreadable(f"{expression}: what is given goes round in a circle")

    def _factors(self, expression: sympy.Basic) -> sympy.Basic:
        """s(1 − s) is a product where s is no function."""
        return expression.replace(
            lambda e: (
                isinstance(e, AppliedUndef)
                and e.func.__name__.rstrip("'") not in (*self.functions, "Delta", "O")
            ),
            lambda e: sympy.Mul(sympy.Symbol(e.func.__name__), *e.args),
        )

    def _is_known(self, expression: sympy.Basic) -> bool:
        return isinstance(expression, AppliedUndef) and expression.func.__name__.rstrip("'") in self.functions

    def _applied(self, call: AppliedUndef) -> sympy.Basic:
        name = call.func.__name__
        primes = len(name) - len(name.rstrip("'"))
        function = self.functions[name.rstrip("'")]
        if len(call.args) != len(function.variables):
            raise Unreadable(f"{call}: '{name}' takes one argument")
        if not primes:
            return function(*call.args)
        return function(_u).diff(_u, primes).subs(_u, call.args[0])

    def _derived(self, expression: sympy.Basic) -> sympy.Basic:
        """Derivatives, once what is differentiated is known."""

        def derivative(call: AppliedUndef) -> sympy.Basic:
            inside, variables = call, []
            while _is_derivative(inside):
                inside, variable = inside.args
                variables.append(variable)
            for variable in variables:
                if variable not in inside.free_symbols or GENERIC & {
                    symbol.name for symbol in inside.free_symbols
                }:
                    raise Unreadable(f"it is not said how {inside} depends on {variable}")
            return self._derived(inside).doit().diff(*reversed(variables))

        if isinstance(expression, sympy.MatrixBase):
            return expression.applyfunc(self._derived)
        if _is_derivative(expression):
            return derivative(expression)
        return expression.func(*map(self._derived, expression.args)) if expression.args else expression


_COMPARED = {
    "=": lambda a, b: abs(a - b) <= SLACK * (1 + abs(a)),
    "!=": lambda a, b: abs(a - b) > SLACK,
    "~": lambda a, b: abs(a - b) <= abs(b) / 100,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b + SLACK,
    ">=": lambda a, b: a >= b - SLACK,
}
POINTS, DIGITS, SLACK = 6, 50, sympy.Float("1e-30", 50)

Chain = list[tuple[sympy.Basic, str, sympy.Basic]]


class Refuted(ValueError):
    """A statement that fails at a point; the message says where."""


def _read(tex: str, meaning: Meaning) -> Chain:
    """A chain of relations as expressions; matrices become chains of their entries."""
    pieces = _split(tex, (*RELATIONS, *_UNCHECKED))
    if len(pieces) == 1 or set(pieces[1::2]) - set(RELATIONS):
        raise Unreadable(f"'{tex}' is no relation that can be checked")
    sides = [meaning.of(side) for side in pieces[::2]]
    read: Chain = []
    for left, relation, right in zip(sides, pieces[1::2], sides[1:], strict=False):
        matrices = [side for side in (left, right) if isinstance(side, sympy.MatrixBase)]
        if len(matrices) == 1 or (matrices and left.shape != right.shape):
            raise Unreadable(f"'{tex}': {left} and {right} are not of one shape")
        read += [
            (a, RELATIONS[relation], b)
            for a, b in (zip(left, right, strict=True) if matrices else [(left, right)])
        ]
    return read


def _number(expression: sympy.Basic, point: dict[sympy.Symbol, sympy.Rational]) -> sympy.Float | None:
    """The value at a point, None where it is no real number."""

    def integral(whole: sympy.Integral) -> sympy.Float:
        ((variable, *ends),) = whole.limits
        with mpmath.workdps(DIGITS):
            low, high = sympy.lambdify((), ends, "mpmath")()
            pieces = [low, 0, high] if low < 0 < high else [low, high]
            return sympy.Float(
                mpmath.quad(sympy.lambdify(variable, whole.function, "mpmath"), pieces), DIGITS
            )

    placed = expression.xreplace(point).replace(
        lambda e: isinstance(e, sympy.Sum | sympy.Product), lambda e: e.doit()
    )
    try:
        number = sympy.N(placed.replace(lambda e: isinstance(e, sympy.Integral), integral), DIGITS)
    except ValueError:  # a series that diverges at this point
        return None
    return number if number.is_real and number.is_finite else None


def _holds(chain: Chain, point: dict[sympy.Symbol, sympy.Rational]) -> bool | None:
    """Whether a chain holds at a point, None where it says nothing there."""
    for left, relation, right in chain:
        numbers = [_number(side, point) for side in (left, right)]
        if None in numbers:
            return None
        if not _COMPARED[relation](*numbers):
            return False
    return True


def _vanishes_as_said(chain: Chain, point: dict[sympy.Symbol, sympy.Rational]) -> bool | None:
    """Whether what `O(h**n)` stands for stays below a constant times h**n when h goes to 0."""
    ((left, _, right),) = chain
    (order,) = (left + right).atoms(AppliedUndef)
    (h,) = order.free_symbols
    rest = (left - right).xreplace({order: sympy.Integer(0)}) / order.args[0]
    near, far = (_number(abs(rest), point | {h: sympy.Rational(1, 10**n)}) for n in (9, 6))
    return None if near is None or far is None else bool(near <= 10 * far)


def hold(tex: Statement, given: tuple[str, ...] = ()) -> None:
    """Hold a statement at random points that meet what is given, to 50 digits.

    Raises:
        Refuted: it fails at one.
        Unreadable: a side has no meaning, or hardly a value at any point.
    """
    meaning = Meaning(given)
    chains = [
        _read(chain, meaning) for chain in (tex.text.split(r"\iff") if tex.relation == "iff" else [tex.text])
    ]
    conditions = [_read(condition.text, meaning) for condition in meaning.conditions]
    sides = [side for chain in chains + conditions for left, _, right in chain for side in (left, right)]
    symbols = sorted(set().union(*(side.free_symbols for side in sides)), key=str)
    has_order = any(side.has(sympy.Function("O")) for side in sides)
    sums = set().union(*(side.atoms(sympy.Sum, sympy.Product) for side in sides))
    counts = set().union(*(end.free_symbols for whole in sums for _, *ends in whole.limits for end in ends))
    random, held = Random(0), 0
    # An inequality fails in a part of the plane, an identity everywhere.
    wanted = POINTS if tex.relation == "=" else 10 * POINTS
    for _ in range(20 * wanted):
        point = {
            s: sympy.Integer(random.randint(1, 9))
            if s in counts
            else sympy.Rational(random.randint(-300, 300), 97)
            for s in symbols
        }
        if not all(_holds(condition, point) for condition in conditions):
            continue
        found = [_vanishes_as_said(chain, point) if has_order else _holds(chain, point) for chain in chains]
        if None in found:
            continue
        if len(set(found)) > 1 or (tex.relation != "iff" and not found[0]):
            where = ", ".join(f"{symbol} = {value}" for symbol, value in point.items()) or "its numbers"
            raise Refuted(f"it fails at {where}")
        held += 1
        if held == wanted or not symbols:
            return
    if held < POINTS // 2:
        raise Unreadable(f"'{tex.text}' has a value at {held} points: say in what is given where it holds")

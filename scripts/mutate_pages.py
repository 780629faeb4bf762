"""Mutants of what pages and claims state, and the checks of `make test` that kill them.

A formula: each sign flipped, each relation turned round, each number and exponent one larger; in every
language at once, where SymPy or the list in tests/formulas.yml must notice, and in one alone.
A claim: each expected number a tenth larger, each bound moved past what was measured, each relation, side and
verdict replaced, and the signs and numbers of each identity. Survivors stand in tests/survivors.yml with the
reason; one that does not, or one that stands there and is killed, is an error.
"""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

from scripts.pages import claims, evidence, parity
from scripts.pages.claims import CLAIMS
from scripts.pages.evidence import Evidence, Identity, number
from scripts.pages.source import markdown, parts
from scripts.project import DOCS, SOURCE, languages
from scripts.survivors import report
from tests import formulas, test_claims
from tests.tex import Statement, statements

_TURNED = {"=": r"\ne", r"\ne": "=", "<": ">", ">": "<", r"\le": r"\ge", r"\ge": r"\le", r"\approx": "="}
_SKIPPED = r"\{\{.*?\}\}|\\(?:text|begin|end|mathrm|mathbb)\{[^}]*\}"
_PLACE = re.compile(
    rf"(?P<skipped>{_SKIPPED})|(?P<relation>\\(?:le|ge|ne|approx)\b|[=<>])|(?P<sign>[+-])"
    r"|(?P<number>(?<=\\frac)\d|(?<=\\frac\d)\d|(?<![A-Za-z])\d+(?:\.\d+)?)|(?P<exponent>\^(?:[A-Za-z]|\{[A-Za-z]\}))|\\[A-Za-z]+",
    re.DOTALL,
)


def mutants(text: str) -> Iterator[str]:
    """A formula, in TeX or SymPy, changed in one place."""
    for place in _PLACE.finditer(text):
        match place.lastgroup:
            case "relation":
                new = _TURNED[place[0]]
            case "sign":
                new = "+" if place[0] == "-" else "-"
            case "number":
                head, point, decimals = place[0].partition(".")
                new = f"{head}{point}{int(decimals) + 1:0{len(decimals)}}" if point else str(int(head) + 1)
            case "exponent":
                new = f"^{{{place[0].strip('^{}')}+1}}"
            case _:
                continue
        yield text[: place.start()] + new + text[place.end() :]


def _shown(tex: str) -> str:
    return re.sub(r"\s+", " ", tex.strip("$")).strip()


@dataclass(frozen=True)
class Twins:
    """A page in every language (of claims.yml the lines of each); `key` names it in tests/formulas.yml."""

    key: str
    texts: dict[str, str]


def twins() -> list[Twins]:
    def lines_of(language: str) -> str:
        lines = CLAIMS.read_text(encoding="utf-8").splitlines()
        return "\n".join(line if line.startswith(f"    {language}: ") else "" for line in lines)

    source = DOCS / SOURCE
    pages = [page for page in formulas.pages() if page.is_relative_to(source)]
    return [
        *(
            Twins(
                formulas.key(page),
                {
                    language: markdown(DOCS / language / page.relative_to(source))
                    for language in languages()
                },
            )
            for page in pages
        ),
        Twins("claims", {language: lines_of(language) for language in languages()}),
    ]


@cache
def said(tex: str) -> tuple[Statement, ...]:
    return tuple(statements(tex))


def is_refused(key: str, tex: str) -> bool:
    return any(
        formulas.failure(statement, formulas.listed(key).get(statement.text)) for statement in said(tex)
    )


def formula_mutants(page: Twins, language: str) -> Iterator[tuple[str, str, str]]:
    """Each different formula of a page, changed in one place: the mutant's name, its TeX, and the page."""
    text, seen = page.texts[language], set()
    for part in parts(text):
        if (
            part.lastgroup not in ("display", "inline")
            or part[0] in seen
            or all(map(formulas.states_nothing, said(part[0])))
        ):
            continue
        seen.add(part[0])
        for mutant in mutants(part[0]):
            yield (
                f"{page.key}: {_shown(part[0])} → {_shown(mutant)}",
                mutant,
                text[: part.start()] + mutant + text[part.end() :],
            )


def in_every_language() -> Iterator[tuple[str, bool]]:
    """Whether SymPy or the list refuses a formula changed alike in every language."""
    for page in twins():
        for name, mutant, text in formula_mutants(page, SOURCE):
            left = {
                statement.text
                for part in parts(text)
                if part.lastgroup in ("display", "inline")
                for statement in said(part[0])
            }
            yield name, is_refused(page.key, mutant) or bool(formulas.stale(page.key, left))


def in_one_language() -> Iterator[tuple[str, bool]]:
    """Whether that, or parity, refuses a formula changed in one language alone."""

    def shared(text: str) -> list[set[str]]:
        return [set(items) for _, items in parity.skeleton(text)]

    for page in twins():
        alike = shared(page.texts[SOURCE])  # what parity has every language share
        for language in languages():
            for name, mutant, text in formula_mutants(page, language):
                yield f"{language}: {name}", is_refused(page.key, mutant) or shared(text) != alike


def of_claims() -> Iterator[tuple[str, bool]]:
    """Whether tests/test_claims.py refuses a claim whose evidence or verdict was changed."""
    for name, claim in claims.claims().items():
        for verdict in claims.VERDICTS:
            if verdict != claim["verdict"]:
                yield (
                    f"{name}: {claim['verdict']} → {verdict}",
                    fails_as_a_whole(name, claim | {"verdict": verdict}),
                )
        for place, entry in enumerate(claim["evidence"]):
            ((side, line),) = entry.items()
            other = {"for": "against", "against": "for"}[side]
            changed = [(f"{side}: {line} → {other}", {other: line})]
            changed += [(f"{line} → {new}", {side: new}) for new in evidence_mutants(evidence.parse(entry))]
            for what, new in changed:
                lines = [*claim["evidence"][:place], new, *claim["evidence"][place + 1 :]]
                yield (
                    f"{name}: {what}",
                    fails(evidence.parse(new)) or fails_as_a_whole(name, claim | {"evidence": lines}),
                )


def evidence_mutants(piece: Evidence) -> Iterator[str]:
    """The lines that one line of evidence becomes."""
    if isinstance(piece, Identity):
        yield from (f"{left} == {piece.right}" for left in mutants(piece.left))
        yield from (f"{piece.left} == {right}" for right in mutants(piece.right))
        return
    if piece.relation == "<<":
        yield f"{piece.expected} << {piece.measured}"
        return
    measured, expected = (float(number(text)) for text in (piece.measured, piece.expected))
    tolerance = f" {piece.sign} {piece.tolerance!r}" if piece.sign else ""
    match piece.relation:
        case "=":
            yield f"{piece.measured} = {1.1 * expected if expected else 1.0!r}{tolerance}"
        case "≈":
            beyond = 2 * piece.tolerance
            yield f"{piece.measured} ≈ {expected * beyond if piece.sign == '×' else expected + beyond!r}{tolerance}"
        case _:
            beyond = 0.1 * abs(measured) or 1.0
            yield f"{piece.measured} {_TURNED[piece.relation]} {piece.expected}"
            past = measured - beyond if piece.relation == "<" else measured + beyond
            yield f"{piece.measured} {piece.relation} {past!r}"


def raises(check: Callable[..., None], *arguments: object) -> bool:
    try:
        check(*arguments)
    except (AssertionError, ValueError, TypeError, SyntaxError):
        return True
    return False


def fails(piece: Evidence) -> bool:
    if isinstance(piece, Identity):
        return raises(test_claims.test_an_identity_is_proved_or_refuted, piece)
    return raises(test_claims.test_a_measurement_is_what_the_claim_expects, piece)


def fails_as_a_whole(name: str, claim: dict[str, Any]) -> bool:
    with patch.dict(test_claims.ALL, {name: claim}):
        return raises(test_claims.test_a_verdict_follows_from_both_sides_of_the_evidence, name) or raises(
            test_claims.test_a_claim_with_evidence_on_both_sides_is_judged_alike_twice, name
        )


def main() -> int:
    made = (
        ("formulas in every language", in_every_language()),
        ("formulas in one language", in_one_language()),
        ("claims", of_claims()),
    )
    return report("pages", ((kind, dict(outcomes)) for kind, outcomes in made))


if __name__ == "__main__":
    sys.exit(main())

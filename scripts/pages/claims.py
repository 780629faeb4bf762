"""Claims from docs/claims.yml on a page: `{{ claim ten-layers }}` states one in a box, `{{ mark ten-layers }}` stands behind a sentence.

Both show the verdict, the reason and what it rests on, and lead to the claim's row in the ledger.
"""

import html
from functools import lru_cache
from typing import Any

import yaml

from scripts.pages import values
from scripts.pages.evidence import Evidence, Identity, Measurement, parse
from scripts.pages.source import PageError, line_of, nearest
from scripts.project import DOCS, ROOT, spoken
from scripts.statistics import CONFIDENCE

CLAIMS = DOCS / "claims.yml"
VERDICTS = ("exact", "conditional", "empirical", "heuristic", "misleading", "false")
SIGNS = {"exact": "✓", "empirical": "✓", "conditional": "◐", "heuristic": "◐", "misleading": "✗", "false": "✗"}

WORDS = {
    "ja": {
        "article": "記事の主張 {} · {}",
        "section": "記事の{}節",
        "intro": "記事の冒頭",
        "site": "このサイトの主張",
        "exact": "正確",
        "conditional": "条件つきで正しい",
        "empirical": "実験で確かめられる",
        "heuristic": "目安としては正しい",
        "misleading": "誤解を招く",
        "false": "誤り",
        "test": "検証コード",
        "ledger": "台帳",
        "mark": "この文の根拠(判定:{})",
        "for": "裏づけ",
        "against": "反証",
        "evidence": "根拠と測定値",
        "identity": "数式処理で確認",
        "expected": "期待",
        "smaller": "{} は {} より小さい(順位検定 {})",
        "difference": "{} と {} の差は {:g} 以内(差の {:.0f} % 信頼区間 {}〜{})",
        "ratio": "{} と {} の比は {:g} 倍以内(比の {:.0f} % 信頼区間 {}〜{})",
    },
    "en": {
        "article": "The article's claim {} · {}",
        "section": "its section {}",
        "intro": "its introduction",
        "site": "A claim of this site",
        "exact": "exact",
        "conditional": "true on a condition",
        "empirical": "empirical",
        "heuristic": "a rule of thumb",
        "misleading": "misleading",
        "false": "false",
        "test": "test",
        "ledger": "ledger",
        "mark": "How do you know? (verdict: {})",
        "for": "for",
        "against": "against",
        "evidence": "Evidence and measured values",
        "identity": "checked by computer algebra",
        "expected": "expected",
        "smaller": "{} is smaller than {} (rank test {})",
        "difference": "{} and {} differ by at most {:g} ({:.0f} % interval of the difference {} to {})",
        "ratio": "{} and {} differ by at most a factor of {:g} ({:.0f} % interval of the ratio {} to {})",
    },
}


@lru_cache
def _read(modified_ns: int) -> dict[str, dict[str, Any]]:
    found = {}
    try:
        written = yaml.safe_load(CLAIMS.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        raise PageError(CLAIMS, error.problem_mark.line + 1, f"not YAML ({error.problem}): a text with a colon and a space, or a quotation mark in front, stands in quotation marks") from None
    for claim in written:
        if claim["id"] in found:
            raise LookupError(f"docs/claims.yml: two claims are called '{claim['id']}': rename one")
        found[claim["id"]] = claim
    return found


def claims() -> dict[str, dict[str, Any]]:
    """Every claim by its identifier: the article's in its order, then this site's."""
    return _read(CLAIMS.stat().st_mtime_ns)


def claim_called(identifier: str) -> dict[str, Any]:
    """The claim of an identifier.

    Raises:
        LookupError: no claim is called so.
    """
    if identifier not in claims():
        raise LookupError(
            f"unknown claim '{identifier}'; {nearest(identifier, list(claims()))}; see docs/claims.yml"
        )
    return claims()[identifier]


def evidence(claim: dict[str, Any]) -> list[Evidence]:
    """What a claim rests on.

    Raises:
        PageError: a line of it cannot be read, or names a value that there is not.
    """
    found = []
    for entry in claim["evidence"]:
        try:
            piece = parse(entry)
            if isinstance(piece, Measurement):
                piece.check()
        except (ValueError, LookupError) as error:
            raise PageError(CLAIMS, _line(claim["id"], *entry.values()), f"{claim['id']}: {error.args[0]}") from None
        found.append(piece)
    return found


def _line(identifier: str, text: str) -> int:
    """The line of docs/claims.yml on which a claim says something, else that on which it begins."""
    whole = CLAIMS.read_text(encoding="utf-8")
    start = max(whole.find(f"- id: {identifier}\n"), 0)
    return line_of(whole, max(whole.find(text, start), start))


def topics(claim: dict[str, Any]) -> list[str]:
    """The records that a claim rests on.

    Raises:
        LookupError: it rests on none.
    """
    pieces = [piece for piece in evidence(claim) if not isinstance(piece, Identity)]
    found = list(dict.fromkeys(topic for piece in pieces for topic in piece.topics()))
    if not found:
        raise LookupError(f"docs/claims.yml: {claim['id']}: nothing measured speaks for or against it: add a line of evidence that names a value")
    return found


def render(identifier: str, language: str, repository: str, anchor: str = "claim-{}") -> str:
    """The Markdown of a claim's box, with its verdict, its reason, what it rests on, and the way to its test and its row.

    Raises:
        LookupError: no claim is called so.
    """
    claim, words = claim_called(identifier), spoken(WORDS, language)
    paper = f" {{{{ citet {claim['paper']} }}}}" if "paper" in claim else ""
    return (
        f'<div class="claim claim--{claim["verdict"]}" id="{anchor.format(identifier)}" markdown>\n\n'
        f'<span class="claim__label">{label(claim, language)}</span>\n'
        f"{spoken(claim['statement'], language).strip()}\n\n"
        f'<span class="claim__verdict"><span aria-hidden="true">{SIGNS[claim["verdict"]]}</span> {words[claim["verdict"]]}</span>\n'
        f"{spoken(claim['reason'], language).strip()}\n\n"
        f'<details class="claim__evidence" markdown>\n<summary>{words["evidence"]}</summary>\n\n{_pieces(claim, language)}\n\n</details>\n\n'
        f'[{words["test"]}]({address_of_test(claim, repository)}){{.claim__link title="{claim["test"]}"}} '
        f"[{words['ledger']}](ledger.md#{identifier}){{.claim__link}}{paper}\n\n"
        f"</div>\n"
    )


def mark(identifier: str, language: str) -> str:
    """A small button behind a sentence; it opens the claim's box, which `popovers` puts at the page's end.

    Raises:
        LookupError: no claim is called so.
    """
    verdict = claim_called(identifier)["verdict"]
    words = spoken(WORDS, language)
    label = words["mark"].format(words[verdict])
    return (
        f'<button type="button" class="mark mark--{verdict}" id="claim-{identifier}" popovertarget="about-{identifier}" '
        f'aria-label="{label}" title="{label}">{SIGNS[verdict]}</button>'
    )


def popovers(identifiers: list[str], language: str, repository: str) -> str:
    """The boxes that a page's marks open."""
    boxes = [render(identifier, language, repository, anchor="about-{}") for identifier in identifiers]
    return "\n".join(box.replace("<div ", '<div popover="auto" ', 1).replace("<details ", "<details open ", 1) for box in boxes)


def label(claim: dict[str, Any], language: str) -> str:
    """Whose claim it is, and where the article makes it."""
    words = spoken(WORDS, language)
    if "number" not in claim:
        return words["site"]
    where = words["intro"] if claim["section"] == "intro" else words["section"].format(claim["section"])
    return words["article"].format(claim["number"], where)


def _pieces(claim: dict[str, Any], language: str) -> str:
    """The evidence as a list, its recorded values as braces that the page fills in."""
    words = spoken(WORDS, language)
    lines = []
    for piece in evidence(claim):
        side = f'<span class="claim__side">{words["for" if piece.supports else "against"]}</span>'
        if isinstance(piece, Identity):
            sign = "=" if piece.supports else "≠"
            lines.append(f"- {side} `{piece.left}` {sign} `{piece.right}` ({words['identity']})")
            continue
        lines.append(f"- {side} {_measured(piece, language)}")
    return "\n".join(lines)


def _measured(piece: Measurement, language: str) -> str:
    """What one line of evidence says, and what was measured."""
    words = spoken(WORDS, language)
    shown = f"`{piece.measured}` = {{{{ {piece.measured} }}}}"
    recorded = piece.expected_is_recorded()
    expected = f"{{{{ {piece.expected} }}}}" if recorded else f"`{piece.expected}`"
    named = f"`{piece.expected}` = {expected}" if recorded else expected
    match piece.relation:
        case "<<":
            return words["smaller"].format(shown, named, html.escape(values.probability(piece.probability(), language)))
        case "≈":
            ends = (values.plain(end, language) for end in piece.interval())
            form = words["ratio" if piece.sign == "×" else "difference"]
            return form.format(shown, named, piece.tolerance, 100 * CONFIDENCE, *ends)
    within = f" ± {piece.tolerance:g}" if piece.tolerance else ""
    return f"{shown} ({words['expected']} {html.escape(piece.relation)} {expected}{within})"


def address_of_test(claim: dict[str, Any], repository: str) -> str:
    """Where the test stands on the repository's host, with its line.

    Raises:
        LookupError: there is no such test.
    """
    file, _, function = claim["test"].partition("::")
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines() if (ROOT / file).is_file() else []
    for number, line in enumerate(lines, 1):
        if line.startswith(f"def {function}("):
            return f"{repository}/blob/main/{file}#L{number}"
    raise LookupError(f"docs/claims.yml: {claim['id']}: no test '{claim['test']}'")

"""The ledger: every claim, what it rests on, and where it is argued; as a page and as claims.json."""

import re
from typing import Any

from scripts.pages import claims, values
from scripts.pages.evidence import Identity, number
from scripts.pages.source import BRACE, replace_braces
from scripts.project import DOCS, spoken

_TITLE = re.compile(r"^# (.+?)(?: \{ #[\w-]+ \})?$", re.MULTILINE)

_WORDS = {
    "ja": {
        "verdict": "判定",
        "chapter": "章",
        "all": "すべて",
        "argued": "論じている段落",
        "record": "記録",
        "code": "測定コード",
        "measured": "最終測定日",
        "machines": "同じ内容を機械で読むには:",
    },
    "en": {
        "verdict": "Verdict",
        "chapter": "Chapter",
        "all": "all",
        "argued": "argued here",
        "record": "record",
        "code": "measuring code",
        "measured": "last measured",
        "machines": "The same for machines:",
    },
}


def title(page: str) -> str:
    """The title of a page, from its Markdown."""
    return _TITLE.search(page)[1]


def places(language: str, pages: list[str]) -> dict[str, str]:
    """The page that argues each claim: the first of `pages` on which it stands.

    Raises:
        LookupError: a claim stands on no page.
    """
    found: dict[str, str] = {}
    for page in pages:
        text = (DOCS / language / page).read_text(encoding="utf-8")
        for brace in BRACE.findall(text):
            word, _, identifier = brace.partition(" ")
            if word in ("claim", "mark"):
                found.setdefault(identifier.strip(), page)
    homeless = [identifier for identifier in claims.claims() if identifier not in found]
    if homeless:
        raise LookupError(
            f"docs/claims.yml: no page of docs/{language} argues {', '.join(homeless)}: "
            "write {{ claim … }} or {{ mark … }} there"
        )
    return found


def page(language: str, repository: str, pages: list[str], root: str) -> str:
    """The Markdown of the ledger. `pages` are the chapters in order, `root` the site's address as seen from the page."""
    words, where = spoken(_WORDS, language), places(language, pages)
    chapters = [chapter for chapter in pages if chapter in where.values()]
    titles = [title((DOCS / language / chapter).read_text(encoding="utf-8")) for chapter in chapters]
    verdicts = [(verdict, spoken(claims.WORDS, language)[verdict]) for verdict in claims.VERDICTS]
    rows = []
    for identifier, claim in claims.claims().items():
        chapter = chapters.index(where[identifier])
        links = [
            (words["argued"], f"{where[identifier]}#claim-{identifier}"),
            *((f"{words['record']} {topic}", f"{root}data/{topic}.json") for topic in claims.topics(claim)),
            *(
                (f"{words['code']} {topic}", f"{repository}/blob/main/{values.source_files(topic)[0]}")
                for topic in claims.topics(claim)
            ),
        ]
        written = " · ".join(
            f"[{label}]({target})" if ".md#" in target else f'<a href="{target}">{label}</a>' for label, target in links
        )
        measured = f" · {words['measured']} {last_measured(claim)}"
        rows.append(
            f'<div class="row {claim["verdict"]} chapter-{chapter}" markdown>\n\n'
            f"{claims.render(identifier, language, repository, anchor='{}')}\n"
            f"{written}{measured}\n{{: .row__links }}\n\n</div>\n"
        )
    chosen = [(f"chapter-{n}", title) for n, title in enumerate(titles)]
    filters = _filter("verdict", words["verdict"], words["all"], verdicts) + _filter(
        "chapter", words["chapter"], words["all"], chosen
    )
    machines = f'{words["machines"]} <a href="{root}claims.json">claims.json</a>'
    return f'{machines}\n\n<div class="ledger" markdown>\n\n<form class="filters">{filters}</form>\n\n' + "\n".join(rows) + "\n</div>\n"


def _filter(name: str, title: str, everything: str, choices: list[tuple[str, str]]) -> str:
    """A choice that the style sheet answers: it works without a script."""
    options = [("all", everything), *choices]
    labels = "".join(
        f'<label><input type="radio" name="{name}" value="{value}"{" checked" if value == "all" else ""}> {text}</label>'
        for value, text in options
    )
    return f"<fieldset><legend>{title}</legend>{labels}</fieldset>"


def last_measured(claim: dict[str, Any]) -> str:
    """The oldest date among the records that a claim rests on."""
    return min(values.record(topic)["provenance"]["date"] for topic in claims.topics(claim))


def published() -> list[dict[str, Any]]:
    """claims.json: every claim with its evidence as numbers. The first measurement is also given on top."""
    return [_published(claim) for claim in claims.claims().values()]


def _published(claim: dict[str, Any]) -> dict[str, Any]:
    pieces = [_piece(piece) for piece in claims.evidence(claim)]
    first = next(piece for piece in pieces if piece["record"])
    return {
        "id": claim["id"],
        "number": claim.get("number"),
        "section": claim.get("section"),
        "statement": {language: text.strip() for language, text in claim["statement"].items()},
        "reason": {language: _plain(text, language) for language, text in claim["reason"].items()},
        "kind": claim["kind"],
        "verdict": claim["verdict"],
        **{key: first[key] for key in ("measured", "tolerance", "record")},
        "expected": first["expected"] if first["relation"] == "=" else f"{first['relation']} {first['expected']:g}",
        "evidence": pieces,
        "test": claim["test"],
        "paper": claim.get("paper"),
        "date": last_measured(claim),
    }


def _piece(piece) -> dict[str, Any]:
    side = "for" if piece.supports else "against"
    if isinstance(piece, Identity):
        proved = "proved" if piece.supports else "refuted"
        return {"side": side, "expected": f"{piece.left} == {piece.right}", "measured": proved, "tolerance": 0, "record": None}
    value = values.lookup(piece.measured)
    found = {
        "side": side,
        "name": piece.measured,
        "measured": value.number,
        "spread": value.sd,
        "factor": value.factor,
        "relation": piece.relation,
        "expected": float(number(piece.expected)),
        "tolerance": piece.tolerance if piece.relation == "≈" else piece.allowed(),
        "record": f"data/{value.topic}.json",
    }
    match piece.relation:
        case "<<":
            return found | {"p": piece.probability()}
        case "≈":
            return found | {"tolerance_is": "factor" if piece.sign == "×" else "absolute", "interval": piece.interval()}
    return found


def _plain(text: str, language: str) -> str:
    return replace_braces(text.strip(), lambda inside, context, _: values.said(inside, context, language))


def chapters(config) -> list[str]:
    """The pages of the navigation that may argue a claim, in its order: the home page only repeats what they argue."""
    return [page for page in _pages(config.nav) if page.endswith(".md") and page != "index.md"]


def _pages(nav: Any) -> list[str]:
    """The files of a navigation, whatever groups and titles it has."""
    match nav:
        case str():
            return [nav]
        case dict():
            return _pages(list(nav.values()))
    return [page for part in nav for page in _pages(part)]

"""The article's claims: `{{ claim sigmoid-derivative-maximum }}` states one with its verdict, from docs/claims.yml."""

from functools import lru_cache
from typing import Any

import yaml

from scripts.pages.source import nearest
from scripts.project import DOCS

CLAIMS = DOCS / "claims.yml"
VERDICTS = ("exact", "conditional", "empirical", "heuristic", "misleading", "false")

WORDS = {
    "ja": {
        "claim": "記事の主張",
        "section": "記事の{}節",
        "intro": "記事の冒頭",
        "exact": "正確",
        "conditional": "条件つきで正しい",
        "empirical": "実験で確かめられる",
        "heuristic": "目安としては正しい",
        "misleading": "誤解を招く",
        "false": "誤り",
        "test": "検証コード",
    },
    "en": {
        "claim": "The article's claim",
        "section": "its section {}",
        "intro": "its introduction",
        "exact": "exact",
        "conditional": "true on a condition",
        "empirical": "empirical",
        "heuristic": "a rule of thumb",
        "misleading": "misleading",
        "false": "false",
        "test": "test",
    },
}


@lru_cache
def _read(modified_ns: int) -> dict[str, dict[str, Any]]:
    return {claim["id"]: claim for claim in yaml.safe_load(CLAIMS.read_text(encoding="utf-8"))}


def claims() -> dict[str, dict[str, Any]]:
    """Every claim by its identifier, in the article's order."""
    return _read(CLAIMS.stat().st_mtime_ns)


def render(identifier: str, language: str, repository: str) -> str:
    """The Markdown of a claim's box.

    Raises:
        LookupError: no claim is called so.
    """
    if identifier not in claims():
        raise LookupError(
            f"unknown claim '{identifier}'; {nearest(identifier, list(claims()))}; see docs/claims.yml"
        )
    claim, words = claims()[identifier], WORDS[language]
    where = words["intro"] if claim["section"] == "intro" else words["section"].format(claim["section"])
    test = f"{repository}/blob/main/{claim['test'].partition('::')[0]}"
    return (
        f'<div class="claim claim--{claim["verdict"]}" id="claim-{identifier}" markdown>\n\n'
        f'<span class="claim__label">{words["claim"]} {claim["number"]} · {where}</span>\n'
        f"{claim['statement'][language].strip()}\n\n"
        f'<span class="claim__verdict">{words[claim["verdict"]]}</span>\n'
        f"{claim['reason'][language].strip()} "
        f'[{words["test"]}]({test}){{.claim__test title="{claim["test"]}"}}\n\n'
        "</div>\n"
    )

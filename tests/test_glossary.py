"""The glossary: the same terms in both languages, each explained somewhere and linked from somewhere."""

import re
from pathlib import Path

import pytest

from scripts.pages.source import line_of, without
from scripts.project import DOCS, languages
from tests.html import elements
from tests.test_pages import PAGES, built, name

_ENTRY = re.compile(
    r"^(?P<term>\S.*?)(?: \*(?P<other>[^*]+)\*\{ lang=(?P<language>\w+) \})? \{ #(?P<id>[\w-]+) \}\n"
    r": {3}(?P<text>.+)$",
    re.MULTILINE,
)
_LINK = re.compile(r"\]\(glossary\.md#([\w-]+)\)")


def entries(language: str) -> list[dict[str, str]]:
    text = (DOCS / language / "glossary.md").read_text(encoding="utf-8")
    found = [match.groupdict() for match in _ENTRY.finditer(text)]
    assert len(found) == len(re.findall(r"^: ", text, re.MULTILINE)), f"{language}: an entry that is not read"
    return found


def test_both_languages_have_the_same_terms_in_the_same_order_each_with_the_others_word() -> None:
    ja, en = entries("ja"), entries("en")
    assert [entry["id"] for entry in ja] == [entry["id"] for entry in en]
    assert len({entry["id"] for entry in ja}) == len(ja) >= 35
    for ours, theirs in zip(ja, en, strict=True):
        assert (ours["other"] or ours["term"]) == theirs["term"]
        assert (theirs["other"] or theirs["term"]) == ours["term"]
        assert (ours["language"] or "en", theirs["language"] or "ja") == ("en", "ja")


@pytest.mark.parametrize("language", languages())
def test_every_term_leads_to_its_explanation_and_is_linked_from_a_page(language: str) -> None:
    linked = {
        term
        for page in PAGES
        if page.parent.name == language
        for term in _LINK.findall(page.read_text(encoding="utf-8"))
    }
    for entry in entries(language):
        assert re.search(r"\]\((?!glossary)\w+\.md#[\w-]+\)$", entry["text"]), entry["id"]
        assert entry["id"] in linked, f"no page links to {entry['id']}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_links_to_known_terms_each_once(page: Path) -> None:
    known, seen = {entry["id"] for entry in entries(page.parent.name)}, set()
    text = page.read_text(encoding="utf-8")
    for match in _LINK.finditer(without(text, "code", "brace")):
        place = f"{name(page)}:{line_of(text, match.start())}"
        assert match[1] in known, f"{place}: no term '{match[1]}' in the glossary"
        assert match[1] not in seen, f"{place}: '{match[1]}' is linked above already; only its first use is"
        seen.add(match[1])


@pytest.mark.parametrize("language", languages())
def test_every_term_is_an_element_of_the_page(site: Path, language: str) -> None:
    page = built(DOCS / language / "glossary.md", site)
    assert [attributes.get("id") for _, attributes in elements(page, "dt", article=True)] == [
        entry["id"] for entry in entries(language)
    ]

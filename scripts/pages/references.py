"""Papers: pages cite entries of docs/references.bib, and quote figures of docs/published.yml as printed.

{{ citet he2015 }}                      He et al. (2015)
{{ citep he2015 }}                      (He et al., 2015)
{{ citeauthor he2015 }}                 He et al.; the names are natbib's
{{ published.he2015.test_error_1202 }}  7.93%, with a way to where it stands in the paper
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pybtex.backends.html import Backend
from pybtex.database import Entry, parse_file
from pybtex.style.formatting.unsrt import Style

from scripts.pages.source import nearest
from scripts.project import DOCS, ROOT, SNIPPETS, spoken

BIBLIOGRAPHY, PUBLISHED = DOCS / "references.bib", DOCS / "published.yml"
FORMS = ("citet", "citep", "citeauthor")

# In a docstring: Cho & Saul 2009, "Kernel Methods for Deep Learning". A title may be cut short.
_IN_CODE = re.compile(
    r"\b(?P<first>[A-Z][a-z]+)(?: et al\.|(?:, [A-Z][a-z]+)* & [A-Z][a-z]+)? (?P<year>(?:19|20)\d\d)\b"
    r'(?:, "(?P<title>[^"…]+))?'
)

WORDS = {
    "ja": {
        "two": "{} と {}",
        "many": "{} ら",
        "citet": "{}({})",
        "citep": "({}、{})",
        "table": "表 {}",
        "figure": "図 {}",
        "section": "{} 節",
        ", ": "、",
        "cited": "引用元",
        "bibtex": "BibTeX 形式の一覧をダウンロード",
        "columns": ("引用した値", "数値", "論文中の場所"),
    },
    "en": {
        "two": "{} and {}",
        "many": "{} et al.",
        "citet": "{} ({})",
        "citep": "({}, {})",
        "table": "table {}",
        "figure": "figure {}",
        "section": "section {}",
        ", ": ", ",
        "cited": "Cited in",
        "bibtex": "Download the list as BibTeX",
        "columns": ("Figure quoted", "Value", "Where in the paper"),
    },
}


@lru_cache
def _papers(modified_ns: int) -> Mapping[str, Entry]:
    return parse_file(BIBLIOGRAPHY).entries


def papers() -> Mapping[str, Entry]:
    """Every paper by its key."""
    return _papers(BIBLIOGRAPHY.stat().st_mtime_ns)


@lru_cache
def _entries(modified_ns: int) -> dict[str, str]:
    style = Style()
    return {key: style.format_entry("", entry).text.render(Backend()) for key, entry in papers().items()}


def entries() -> dict[str, str]:
    """Every paper as a list of references writes it, in HTML, by its key."""
    return _entries(BIBLIOGRAPHY.stat().st_mtime_ns)


@lru_cache
def _published(modified_ns: int) -> dict[str, dict[str, Any]]:
    whole = yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))
    return {f"{key}.{name}": figure for key, figures in whole.items() for name, figure in figures.items()}


def published() -> dict[str, dict[str, Any]]:
    """Every quoted figure by its name, as he2015.test_error_1202: value, where it stands, what it is."""
    return _published(PUBLISHED.stat().st_mtime_ns)


def figure(name: str) -> str:
    """The value of a published figure.

    Raises:
        LookupError: docs/published.yml holds no figure of this name.
    """
    if name not in published():
        known = [f"published.{known}" for known in published()]
        raise LookupError(
            f"unknown value 'published.{name}'; {nearest(f'published.{name}', known)}; see docs/published.yml"
        )
    return str(published()[name]["value"])


def label(key: str, form: str, language: str) -> str:
    """How a text names a paper: He et al. (2015); (He et al., 2015); He et al.

    Raises:
        LookupError: docs/references.bib has no entry of this key.
    """
    if key not in papers():
        raise LookupError(f"unknown paper '{key}'; {nearest(key, list(papers()))}; see docs/references.bib")
    words = spoken(WORDS, language)
    authors = [" ".join(person.last_names) for person in papers()[key].persons["author"]]
    names = words["many"].format(authors[0]) if len(authors) > 2 else authors[0]
    if len(authors) == 2:
        names = words["two"].format(*authors)
    return names if form == "citeauthor" else words[form].format(names, re.search(r"\d{4}\w?$", key)[0])


def cite(inside: str, language: str) -> str:
    """The Markdown of `citet he2015`: a link to the entry, with the paper's title.

    Raises:
        LookupError: there is no such paper, or not one key.
    """
    form, *keys = inside.split()
    if len(keys) != 1:
        raise LookupError(
            f"'{inside}' is no citation: write {{{{ {form} key }}}}, with one key of docs/references.bib"
        )
    text = label(keys[0], form, language)
    title = re.sub(r"[{}]", "", papers()[keys[0]].fields["title"])
    return f'[{text}](references.md#{keys[0]}){{.citation title="{title}"}}'


def cited_in_code() -> dict[str, list[Path]]:
    """The snippets that cite a paper, by its key; one that has no entry comes under "Name year"."""
    found: dict[str, list[Path]] = {}
    for path in sorted(SNIPPETS.glob("*.py")):
        titled: dict[str, str] = {}
        for match in _IN_CODE.finditer(re.sub(r"\s+", " ", path.read_text(encoding="utf-8"))):
            short = f"{match['first'].lower()}{match['year']}"
            if match["title"]:
                start = match["title"].rstrip(" .,").lower()
                of_title = [key for key, entry in papers().items() if _plain(entry).startswith(start)]
                titled[short] = of_title[0] if of_title else ""
            key = titled.get(short, short)
            files = found.setdefault(key if key in papers() else f"{match['first']} {match['year']}", [])
            if path not in files:
                files.append(path)
    return found


def _plain(entry: Entry) -> str:
    return re.sub(r"[{}]", "", entry.fields["title"]).lower()


def where(place: str, language: str) -> str:
    """`section 4.2, figure 6` in the page's language.

    Raises:
        LookupError: a part of it is no table, figure or section with a number.
    """
    words, written = spoken(WORDS, language), []
    for part in place.split(", "):
        kind, _, number = part.partition(" ")
        if kind not in ("table", "figure", "section") or not number:
            raise LookupError(f"docs/published.yml: '{place}': write `table 6`, `figure 6` or `section 4.2`")
        written.append(words[kind].format(number))
    return words[", "].join(written)


def table(pages: dict[str, list[tuple[str, str]]], language: str, repository: str, bibliography: str) -> str:
    """The Markdown of every paper by author: its entry, who cites it, and the figures quoted from it.

    `pages`: for each key, the pages citing it as (title, file); `bibliography`: where the BibTeX file is.
    """
    words, code = spoken(WORDS, language), cited_in_code()
    blocks = [f'<a href="{bibliography}" download>{words["bibtex"]}</a>']
    for key, entry in sorted(entries().items()):
        citing = [f"[{title}]({file})" for title, file in pages.get(key, [])]
        for path in code.get(key, []):
            file = path.relative_to(ROOT)
            citing.append(f"[`{file}`]({repository}/blob/main/{file})")
        heading = f"## {label(key, 'citet', language)} {{ #{key} }}"
        block = [heading, entry.replace("\n", " "), f"{words['cited']}: {' · '.join(citing)}"]
        quoted = {name: figure for name, figure in published().items() if name.partition(".")[0] == key}
        if quoted:
            rows = [f"| {' | '.join(words['columns'])} |", "|---|---|---|"]
            for name, found in quoted.items():
                what = f'<span id="published.{name}">{spoken(found["what"], language)}</span>'
                rows.append(f"| {what} | {found['value']} | {where(found['where'], language)} |")
            block.append("\n".join(rows))
        blocks.append("\n\n".join(block))
    return "\n\n".join(blocks)

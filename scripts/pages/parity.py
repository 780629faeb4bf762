"""Both languages say the same: the same pages, and on each the same headings, formulas, figures, values, numbers, code and claims.

The order is that of the paragraphs; within one paragraph each language has its own word order, and may say a symbol twice.
"""

import re
import sys
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path

from scripts.pages import claims, prose_numbers
from scripts.pages.source import BRACE, PageError, line_of, markdown, parts
from scripts.project import DOCS, SOURCE, languages

_HEADING_ID = re.compile(r"^(#+)\s.*?\{\s*#([\w.-]+)[^}]*\}\s*$", re.MULTILINE)
_HEADING = re.compile(r"^#+\s", re.MULTILINE)
_INCLUDE = re.compile(r'^--8<-- "([^"]+)"', re.MULTILINE)
_FIGURE = re.compile(r"!\[[^\]]*\]\(([^)]+)\)")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)]+)\)")
_TEXT_IN_FORMULA = re.compile(r"\\text\{[^}]*\}")


@lru_cache(maxsize=1024)
def skeleton(text: str) -> list[tuple[int, dict[str, int]]]:
    """What both languages must share, paragraph by paragraph: the line it starts at, and its items with the line of each."""
    items: list[tuple[int, str]] = [(position, f"number {number}") for position, number in prose_numbers.find(text)]
    for match in parts(text):
        if match.lastgroup in ("display", "inline"):
            formula = re.sub(r"\s+", " ", _TEXT_IN_FORMULA.sub("", match[0])).strip("$ ")
            items.append((match.start(), f"formula ${formula}$"))
        elif match.lastgroup == "brace":
            items.append((match.start(), f"value {match[0]}"))
        elif match.lastgroup == "image":
            items += [(match.start(), f"value {brace[0]}") for brace in BRACE.finditer(match[0])]
    for pattern, kind in ((_INCLUDE, "code"), (_FIGURE, "figure"), (_LINK, "link")):
        items += [(m.start(), f"{kind} {m[1]}") for m in pattern.finditer(text)]
    for match in _HEADING.finditer(text):
        identified = _HEADING_ID.match(text, match.start())
        items.append(
            (
                match.start(),
                f"heading {identified[1]} #{identified[2]}"
                if identified
                else "heading without {#identifier}",
            )
        )
    paragraphs: dict[int, dict[str, int]] = {}
    starts = [0] + [m.end() for m in re.finditer(r"\n\s*\n", text)]
    for position, item in sorted(items):
        start = max(start for start in starts if start <= position)
        paragraphs.setdefault(start, {}).setdefault(item, line_of(text, position))
    return [(line_of(text, start), found) for start, found in sorted(paragraphs.items())]


def check(reference: str, other: str, docs: Path = DOCS) -> None:
    """Hold every page of language `other` against its twin in `reference`.

    Raises:
        PageError: a page has no twin, or differs from it; names the first difference.
    """
    pages = {
        language: {p.relative_to(docs / language) for pattern in ("*.md", "labs/*.py") for p in (docs / language).glob(pattern)}
        for language in (reference, other)
    }
    for language, twin in ((reference, other), (other, reference)):
        for page in sorted(pages[language] - pages[twin]):
            raise PageError(
                docs / language / page,
                1,
                f"this page has no twin: write {(docs / twin / page).relative_to(docs.parent)}, or remove it",
            )
    for page in sorted(pages[reference]):
        ours, theirs = (markdown(docs / language / page) for language in (reference, other))
        _hold(docs / reference / page, skeleton(ours), docs / other / page, skeleton(theirs))


def _hold(path: Path, ours: list, twin: Path, theirs: list) -> None:
    for mine, yours in zip_longest(ours, theirs):
        if mine and yours and mine[1].keys() == yours[1].keys():
            continue
        line, items = mine or (len(path.read_text(encoding="utf-8").splitlines()), {})
        twin_line, twin_items = yours or (len(twin.read_text(encoding="utf-8").splitlines()), {})
        only, twin_only = items.keys() - twin_items.keys(), twin_items.keys() - items.keys()
        line = min((items[item] for item in only), default=line)
        twin_line = min((twin_items[item] for item in twin_only), default=twin_line)
        name = twin.relative_to(twin.parents[2])
        raise PageError(
            path,
            line,
            f"this paragraph and its twin, docs/{name.relative_to('docs') if name.parts[0] == 'docs' else name}:{twin_line}, differ: "
            f"here {_list(only)}; there {_list(twin_only)}. "
            "Both languages show the same headings, formulas, figures, values, numbers, code, links and claims: mend one of them",
        )


def check_claims() -> None:
    """Hold what docs/claims.yml says of each claim in one language against the Japanese.

    Raises:
        PageError: the languages differ.
    """
    whole = claims.CLAIMS.read_text(encoding="utf-8")
    for name, claim in claims.claims().items():
        for part in ("statement", "reason"):
            lines = {language: line_of(whole, whole.find(text.splitlines()[0])) for language, text in claim[part].items()}
            said = {language: {item for _, items in skeleton(text) for item in items} for language, text in claim[part].items()}
            for language, items in said.items():
                if items != said[SOURCE]:
                    raise PageError(
                        claims.CLAIMS,
                        lines[SOURCE],
                        f"the {part} of {name} and its twin, docs/claims.yml:{lines[language]}, differ: "
                        f"here {_list(said[SOURCE] - items)}; there {_list(items - said[SOURCE])}: mend one of them",
                    )


def _list(items: set[str]) -> str:
    return ", ".join(sorted(items)) or "nothing more"


def check_all() -> None:
    """Hold every language against Japanese, the source."""
    check_claims()
    for language in languages():
        if language != SOURCE:
            check(SOURCE, language)


def main() -> int:
    try:
        check_all()
    except PageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

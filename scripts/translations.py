"""Translations: which sections changed in one language alone since they were last agreed, and how many changes a page lags.

docs/translations.yml holds a hash of every section in every language. `python -m scripts.translations` holds the pages against it;
`… accept` notes what is new or changed in every language, `… accept docs/en/learning.md#loss` a change that needs no translation,
`… lag docs/ja/learning.md#loss` one that is published before it is translated: until then the page says so to its readers.
"""

import argparse
import difflib
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from scripts.pages.source import line_of, markdown_of, nearest, without
from scripts.project import DOCS, languages

AGREED = DOCS / "translations.yml"
HEAD = """\
# A hash of every section in every language, as last agreed; `behind` counts the changes that a language has yet to follow.
# Written by `python -m scripts.translations`, never by hand; a merge conflict: take either side and run it.
"""
CLAIMS = "claims.yml"
LEDGER = "ledger.md"  # the page that shows every claim

_HEADING = re.compile(r"^#+ (?P<title>.*?)(?:\{\s*#(?P<id>[\w.-]+)[^}]*\})?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    page: str  # relative to its language's folder, or claims.yml
    identifier: str
    texts: dict[str, str]  # by language
    lines: dict[str, int]

    def place(self, language: str) -> str:
        return f"{_file(self.page, language).relative_to(DOCS.parent).as_posix()}:{self.lines[language]}"

    def name(self, language: str) -> str:
        return f"{_file(self.page, language).relative_to(DOCS.parent).as_posix()}#{self.identifier}"


@dataclass(frozen=True)
class Change:
    section: Section
    agreed: dict[str, Any]
    changed: tuple[str, ...]
    lagging: tuple[str, ...]  # the languages that did not follow; none where all did, or one caught up


def _file(page: str, language: str) -> Path:
    return DOCS / page if page == CLAIMS else DOCS / language / page


def digest(text: str) -> str:
    """A section's hash. How its lines are broken does not count."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:12]


def sections_of(text: str, page: str, language: str) -> dict[str, tuple[int, str]]:
    """Line and text of each section of a file by its identifier: a heading with what follows; in a lab by its number, as on its page."""
    if page == CLAIMS:
        return {
            claim["id"]: (
                line_of(text, text.find(f"- id: {claim['id']}\n")),
                "\n\n".join(claim[part][language].strip() for part in ("statement", "reason") if language in claim[part]),
            )
            for claim in yaml.load(text, yaml.CSafeLoader)
            if language in claim["statement"]
        }
    whole = markdown_of(text, Path(page).suffix)
    headings = list(_HEADING.finditer(without(whole, "code")))
    ends = [match.start() for match in headings[1:]] + [len(whole)]
    return {
        match["id"] or f"section-{number}": (line_of(whole, match.start()), whole[match.start() : end].strip())
        for number, (match, end) in enumerate(zip(headings, ends, strict=True), 1)
    }


def pages() -> list[str]:
    """Every file that both languages have, as a page of Markdown or a lab, and the claims."""
    found = {
        file.relative_to(DOCS / language).as_posix()
        for language in languages()
        for pattern in ("*.md", "labs/*.py")
        for file in (DOCS / language).glob(pattern)
    }
    return [*sorted(found), CLAIMS]


def sections(page: str) -> list[Section]:
    """The sections of a page, each with the languages that have it; scripts/pages/parity.py names those that do not."""
    read = {
        language: sections_of(_file(page, language).read_text(encoding="utf-8"), page, language)
        for language in languages()
        if _file(page, language).is_file()
    }
    names = dict.fromkeys(name for found in read.values() for name in found)
    having = {name: {language: found[name] for language, found in read.items() if name in found} for name in names}
    return [
        Section(page, name, {language: text for language, (_, text) in found.items()}, {language: line for language, (line, _) in found.items()})
        for name, found in having.items()
    ]


@lru_cache(maxsize=4)
def _read(file: Path, modified_ns: int) -> dict[str, dict[str, Any]]:
    return yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader) or {}


def agreed() -> dict[str, dict[str, Any]]:
    """What was last agreed: by page and section the hash of each language's text."""
    return _read(AGREED, AGREED.stat().st_mtime_ns) if AGREED.is_file() else {}


def changes(page: str) -> Iterator[Change]:
    """What differs from what was agreed. A section that is new has no hashes yet."""
    for section in sections(page):
        known = agreed().get(page, {}).get(section.identifier, {})
        hashes = {language: digest(text) for language, text in section.texts.items()}
        changed = tuple(language for language, digest_ in hashes.items() if known.get(language) != digest_)
        if not changed:
            continue
        still = tuple(language for language in hashes if language not in changed)
        # A new section or language, and one that catches up, leave no other behind.
        follows = all(language not in known or language in known.get("behind", {}) for language in changed)
        yield Change(section, known, changed, () if follows else still)


def behind(page: str, language: str) -> dict[str, int]:
    """By how many changes each section of a page lags in a language, those that nobody has noted yet among them."""
    found: dict[str, int] = {}
    for part in (page, CLAIMS) if page == LEDGER else (page,):
        caught_up = set()
        for change in changes(part):
            if language in change.lagging:
                found[change.section.identifier] = 1
            elif language in change.changed:
                caught_up.add(change.section.identifier)
        for identifier, known in agreed().get(part, {}).items():
            if language in known.get("behind", {}) and identifier not in caught_up:
                found[identifier] = found.get(identifier, 0) + known["behind"][language]
    return found


def gone() -> list[tuple[str, str]]:
    """Sections in docs/translations.yml that no page has any more."""
    there = {(page, section.identifier) for page in pages() for section in sections(page)}
    return [(page, identifier) for page, known in agreed().items() for identifier in known if (page, identifier) not in there]


def problems() -> list[str]:
    """What the next commit must settle, one message each; ends with how to."""
    found, noted = [], 0
    for page in pages():
        for change in changes(page):
            if change.lagging:
                found.append(_message(change))
            else:
                noted += 1
    noted += len(gone())
    if noted:
        found.append(
            f"docs/translations.yml:1: {noted} sections are new, gone or changed in every language: run `python -m scripts.translations accept`"
        )
    return found


def _message(change: Change) -> str:
    section, first = change.section, change.changed[0]
    shown = "\n".join(_diff(section, language, change.agreed[language]) for language in change.changed if language in change.agreed)
    name = section.name(first)
    return (
        f"{section.place(first)}: section #{section.identifier} changed, and "
        f"{', '.join(section.place(language) for language in change.lagging)} did not:\n{shown}\n"
        f"Change it there too. If it needs no translation: `python -m scripts.translations accept {name}`. "
        f"To publish it before it is translated, with a note to readers: `python -m scripts.translations lag {name}`"
    )


def _diff(section: Section, language: str, hash_: str) -> str:
    before = _text_when_agreed(section, language, hash_)
    if before is None:
        return "  (git has no version of it as it was agreed, so what changed cannot be shown)"
    lines = difflib.unified_diff(before.splitlines(), section.texts[language].splitlines(), "agreed", "now", lineterm="", n=0)
    return "\n".join(f"  {line}" for line in lines if not line.startswith(("---", "+++", "@@")))


def _git(*arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], cwd=DOCS.parent, capture_output=True, text=True, encoding="utf-8")
    return ran.stdout if ran.returncode == 0 else ""


def _text_when_agreed(section: Section, language: str, hash_: str) -> str | None:
    """The text of a section that has a hash, from git's newest commit that holds it; None without git, or where none does."""
    path = f"./{_file(section.page, language).relative_to(DOCS.parent).as_posix()}"
    try:
        for commit in _git("log", "--format=%H", "--", path).split():
            found = sections_of(_git("show", f"{commit}:{path}"), section.page, language).get(section.identifier)
            if found and digest(found[1]) == hash_:
                return found[1]
    except FileNotFoundError:
        pass  # no git on this machine
    return None


def settle(names: list[str], lag: bool = False) -> int:
    """Write docs/translations.yml anew: with the sections named, those of a page, or else all that no language lags in. Returns how many changed.

    Raises:
        LookupError: a name is that of no section that changed.
    """
    written: dict[str, dict[str, Any]] = {}
    count, left = len(gone()), set(names)
    for page in pages():
        found = {change.section.identifier: change for change in changes(page)}
        for section in sections(page):
            change = found.get(section.identifier)
            entry = dict(agreed().get(page, {}).get(section.identifier, {}))
            called = {name for language in section.texts for name in (section.name(language), section.name(language).partition("#")[0])}
            called &= set(names)
            if change and (called if names else not change.lagging):
                left -= called
                count += 1
                waits = {one: n for one, n in entry.get("behind", {}).items() if one not in change.changed}
                if lag:
                    waits |= {one: waits.get(one, 0) + 1 for one in change.lagging}
                entry = {language: digest(text) for language, text in section.texts.items()} | ({"behind": waits} if waits else {})
            if entry:
                written.setdefault(page, {})[section.identifier] = entry
    if left:
        known = [change.section.name(change.changed[0]) for page in pages() for change in changes(page)]
        raise LookupError(f"no section that changed is called {sorted(left)[0]}; {nearest(sorted(left)[0], known)}")
    text = HEAD + yaml.safe_dump(written, sort_keys=False, allow_unicode=True, default_flow_style=None, width=200)
    AGREED.write_text(text, encoding="utf-8", newline="\n")
    return count


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.translations", description=__doc__.split("\n")[0])
    parser.add_argument("do", nargs="?", choices=("accept", "lag"), help="note changes; without it they are only shown")
    parser.add_argument("sections", nargs="*", metavar="docs/LANGUAGE/PAGE[#SECTION]")
    chosen = parser.parse_args(arguments)
    if chosen.do == "lag" and not chosen.sections:
        parser.error("lag needs the name of a section")
    if chosen.do:
        try:
            print(f"docs/translations.yml: {settle(chosen.sections, lag=chosen.do == 'lag')} sections noted")
        except LookupError as error:
            print(error.args[0], file=sys.stderr)
            return 1
        return 0
    found = problems()
    print("\n\n".join(found) or "every section is as agreed")
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())

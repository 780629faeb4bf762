"""What each page offers its readers: its source, the records behind it, a form for an error; and whether its translation lags."""

import re
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from scripts import translations
from scripts.drawings import drawings
from scripts.pages import claims, values
from scripts.pages.source import replace_braces
from scripts.project import DOCS, spoken
from scripts.record import topics

_FIGURE = re.compile(r"!\[[^\]]*\]\((figures/[^)]+)\)")
_WORDS = {
    "ja": {
        "edit": "このページを編集する",
        "records": "このページの記録:",
        "report": "この節の誤りを報告する",
        "behind": "この翻訳は、{newer}の変更 {count} 件にまだ追いついていません。",
        "where": "該当箇所:",
        "and": "、",
    },
    "en": {
        "edit": "Edit this page",
        "records": "Records behind this page: ",
        "report": "Report an error in this section",
        "behind": "This translation has yet to follow {count} of the changes made in {newer}.",
        "where": "They concern: ",
        "and": ", ",
    },
}


def records(source: Path, language: str) -> list[str]:
    """The topics whose records a page shows, in its values, its claims and its figures; those that a lab names."""
    text, known, found = source.read_text(encoding="utf-8"), set(topics()), set()
    if source.suffix == ".py":
        return sorted(topic for topic in known if f'"{topic}"' in text)

    def collect(inside: str, *_: object) -> str:
        word, _, rest = inside.partition(" ")
        if word in ("claim", "mark"):
            found.update(claims.topics(claims.claim_called(rest.strip())))
            replace_braces(claims.render(rest.strip(), language, ""), collect)
        else:
            found.update({name.partition(".")[0] for name in values.names_in(inside)} & known)
        return ""

    replace_braces(text, collect)
    for figure in _FIGURE.findall(text):
        found.update(drawings()[(source.parent / figure).resolve()].topics)
    return sorted(found)


def report_address(repository: str, source: str, section: str, language: str) -> str:
    """The form .github/ISSUE_TEMPLATE/error.yml, filled in. Its fields have these names."""
    filled = {"template": "error.yml", "page": source, "section": section, "language": language}
    return f"{repository.rstrip('/')}/issues/new?{urlencode(filled)}"


def with_links(html: str, source: Path, language: str, repository: str, edit: str, data: str) -> str:
    """A page's HTML with a link to the form at the end of each section, and the page's own links at its end.

    `source` is what is edited, `edit` its address, `data` that of the records as seen from the page.
    """
    words = spoken(_WORDS, language)
    name = f"docs/{source.relative_to(DOCS).as_posix()}" if source.is_relative_to(DOCS) else source.name

    def report(section: str) -> str:
        address = escape(report_address(repository, name, section, language))
        return f'<a href="{address}">{words["report"]}</a>'

    parts = re.split(r'(?=<h2 id=")', html)
    first = re.search(r'<h1 id="([^"]+)"', parts[0])
    ids = [first[1] if first else ""] + [re.match(r'<h2 id="([^"]+)"', part)[1] for part in parts[1:]]
    written = "".join(
        f'{part}<p class="report">{report(section)}</p>' for part, section in zip(parts[:-1], ids[:-1], strict=True)
    )
    behind = records(source, language)
    links = [f'<a href="{escape(edit)}">{words["edit"]}</a>', report(ids[-1])]
    listed = words["and"].join(f'<a href="{data}{topic}.json">{topic}</a>' for topic in behind)
    shown = f"<br>{words['records']}{listed}" if behind else ""
    return f'{written}{parts[-1]}<p class="report report--page">{" · ".join(links)}{shown}</p>'


def lag_note(source: Path, language: str, twins: dict[str, tuple[str, str | None]]) -> str:
    """A note for readers, where the page's translation lags; `twins` are the names of all languages, with the address of the page in each that is built."""
    page = source.relative_to(DOCS / language).as_posix()
    behind = translations.behind(page, language)
    if not behind:
        return ""
    words = spoken(_WORDS, language)
    newer = words["and"].join(
        f'<a href="{address}" hreflang="{other}">{name}</a>' if address else name
        for other, (name, address) in twins.items()
        if other != language and not set(behind) <= set(translations.behind(page, other))
    )
    sections = words["and"].join(f'<a href="#{section}">#{section}</a>' for section in behind)
    said_so = words["behind"].format(count=sum(behind.values()), newer=newer)
    return f'<div class="admonition warning"><p class="admonition-title">{said_so}</p><p>{words["where"]}{sections}</p></div>'

"""What no page may hold: HTML that runs or loads something, what comes from another host, and one identifier twice."""

import re
from collections.abc import Iterator

from scripts.pages import claims
from scripts.pages.source import PageError, line_of, markdown, without
from scripts.project import DOCS, languages

TAGS = {"br", "details", "div", "kbd", "p", "small", "span", "sub", "summary", "sup"}
ATTRIBUTES = {"class", "hreflang", "id", "lang", "markdown", "open", "title"}

_TAG = re.compile(r"""<(?P<tag>[a-zA-Z][\w-]*)(?P<attributes>[\s/](?:[^>"']|"[^"]*"|'[^']*')*)?>""")
_BUILT = re.compile(r'<a href="[\w./-]+">')  # a link to what only the build makes: Markdown's are held against the sources
_ATTRIBUTE = re.compile(r"([^\s=\"'/]+)(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
_LIST = re.compile(r"\{:?(?P<attributes>[^{}\n]*)\}")  # attr_list's: { #identifier .class name="value" }
_TARGET = re.compile(r"(?P<image>!?)\[[^\]]*\](?:\(|:)\s*<?(?P<address>[^)\s>]+)")  # also [name]: address
_IDENTIFIER = re.compile(r"\{:?[^}\n]*#(?P<braced>[\w.-]+)[^}\n]*\}|<[a-z]+[^>]* id=[\"']?(?P<id>[\w.-]+)")


def mistakes(text: str) -> Iterator[tuple[int, str]]:
    """Position and message of each such thing in a page's Markdown."""
    bare = without(text, "code", "display", "inline", "brace")
    for match in _TAG.finditer(bare):
        if _BUILT.fullmatch(match[0]):
            continue
        if match["tag"].lower() not in TAGS:
            yield match.start(), f"<{match['tag']}> is not allowed on a page: write it in Markdown; a page may use {', '.join(sorted(TAGS))}"
        for name in _ATTRIBUTE.findall(match["attributes"] or ""):
            if name.lower() not in ATTRIBUTES:
                yield match.start(), f"the attribute '{name}' is not allowed on a page: leave it out; allowed are {', '.join(sorted(ATTRIBUTES))}"
    for match in _LIST.finditer(bare):
        for name in re.findall(r"([^\s=\"']+)\s*=", match["attributes"]):
            if name.lower() not in ATTRIBUTES:
                yield match.start(), f"the attribute '{name}' is not allowed on a page: leave it out; allowed are {', '.join(sorted(ATTRIBUTES))}"
    for match in _TARGET.finditer(bare):
        scheme = match["address"].partition(":")[0].lower() if ":" in match["address"] else ""
        if match["image"] and (scheme or match["address"].startswith("//")):
            yield match.start(), f"the image {match['address']} is loaded from elsewhere: draw it from a record, in scripts/draw"
        elif scheme not in ("", "http", "https", "mailto"):
            yield match.start(), f"a link may not begin with '{scheme}:': link to a page, or to https://"
    seen: dict[str, int] = {}
    for match in _IDENTIFIER.finditer(bare):
        name = match["braced"] or match["id"]
        if name in seen:
            yield match.start(), f"the identifier '{name}' is taken on this page, line {line_of(text, seen[name])}: choose another, in every language"
        seen.setdefault(name, match.start())


def check_all() -> None:
    """Hold every page, lab and claim against it.

    Raises:
        PageError: the first that may not stand there.
    """
    for path in sorted(path for language in languages() for pattern in ("*.md", "labs/*.py") for path in (DOCS / language).glob(pattern)):
        text = markdown(path)
        for position, message in mistakes(text):
            raise PageError(path, line_of(text, position), message)
    whole = claims.CLAIMS.read_text(encoding="utf-8")
    for claim in claims.claims().values():
        for text in (text for part in ("statement", "reason") for text in claim[part].values()):
            for _, message in mistakes(text):
                raise PageError(claims.CLAIMS, line_of(whole, whole.find(text.splitlines()[0])), message)

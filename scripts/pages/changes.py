"""What changed, and how to cite the site: docs/changes.yml and CITATION.cff, as pages and as an Atom feed show them."""

from functools import cache
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import yaml

from scripts.project import DOCS, ROOT, place, site_name, spoken

ATOM = "http://www.w3.org/2005/Atom"
_TITLE = {"ja": "{}: 更新履歴", "en": "{}: changes"}


@cache
def changes() -> list[dict[str, Any]]:
    """What changed, newest first: `date`, `page` (the Markdown file's stem) and a sentence for each language."""
    listed = yaml.safe_load((DOCS / "changes.yml").read_text(encoding="utf-8"))
    return sorted(reversed(listed), key=lambda change: change["date"], reverse=True)


@cache
def citation() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def first() -> str:
    return changes()[-1]["date"].isoformat()


def last() -> str:
    return changes()[0]["date"].isoformat()


def table(language: str) -> str:
    """The changes as a Markdown list."""
    return "\n".join(f"- {change['date'].isoformat()}: [{spoken(change, language)}]({change['page']}.md)" for change in changes())


def bibtex(address: str) -> str:
    """An entry for BibTeX, from CITATION.cff."""
    cited = citation()
    author = cited["authors"][0]["name"]
    released = cited["date-released"]
    return f"""```bibtex
@online{{why-resnet-works,
  author  = "{{{author}}}",
  title   = "{{{cited["title"]}}}",
  year    = {released.year},
  version = "{cited["version"]}",
  url     = "{address}",
}}
```"""


def address(language: str) -> str:
    """Where a language's feed stands in the site."""
    return f"{place(language)}feed.xml"


def feed(language: str, root: str) -> bytes:
    """The changes as an Atom feed (RFC 4287); `root` is the site's address."""
    ET.register_namespace("", ATOM)
    home = urljoin(root, place(language))
    whole = ET.Element(f"{{{ATOM}}}feed", {"xml:lang": language})

    def add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
        element = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
        element.text = text
        return element

    add(whole, "title", spoken(_TITLE, language).format(site_name(language)))
    add(whole, "id", home)
    add(whole, "updated", f"{last()}T00:00:00Z")
    add(whole, "link", rel="self", href=urljoin(root, address(language)))
    add(whole, "link", href=home)
    add(add(whole, "author"), "name", citation()["authors"][0]["name"])
    for change in changes():
        entry = add(whole, "entry")
        page = urljoin(home, "" if change["page"] == "index" else f"{change['page']}/")
        date = change["date"].isoformat()
        add(entry, "title", spoken(change, language))
        add(entry, "id", f"{page}?changed={date}")
        add(entry, "updated", f"{date}T00:00:00Z")
        add(entry, "link", href=page)
    ET.indent(whole)
    return ET.tostring(whole, encoding="utf-8", xml_declaration=True)

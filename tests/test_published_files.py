"""Every file that is published, read back with a tool like its readers': what no one reads may be broken for long."""

import ast
import json
import re
import subprocess
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import nbformat
import pytest
import tinycss2
import yaml
from fontTools.ttLib import TTFont
from PIL import Image
from pybtex.database import parse_file

from scripts.frontend import node
from scripts.pages import offline
from scripts.project import DOCS, ROOT

SVG, ATOM, SITEMAP = (f"{{{name}}}" for name in ("http://www.w3.org/2000/svg", "http://www.w3.org/2005/Atom", "http://www.sitemaps.org/schemas/sitemap/0.9"))
VOID = set("area base br col embed hr img input link meta source track wbr".split())
# HTML lets these end without a tag.
ENDLESS = set("body colgroup dd dt head html li option p tbody td tfoot th thead tr".split())


class Unbalanced(ValueError):
    pass


class Balance(HTMLParser):
    """A browser mends what does not match, each in its way; a page need not be mended."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list) -> None:
        if tag not in VOID and not {"svg", "math"} & set(self.open):
            self.open.append(tag)  # outside SVG and MathML the slash means nothing

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in ENDLESS:
            self.open.pop()
        if not self.open or self.open.pop() != tag:
            raise Unbalanced(f"line {self.getpos()[0]}: </{tag}> ends nothing")


def page(path: Path) -> None:
    text, balance = path.read_text(encoding="utf-8"), Balance()
    balance.feed(text)
    balance.close()
    assert set(balance.open) <= ENDLESS, balance.open
    for data in re.findall(r'<script type="application/(?:ld\+)?json"[^>]*>(.*?)</script>', text, re.DOTALL):
        strict(data)


def strict(text: str):
    """JSON as browsers read it: without NaN and Infinity, and no name twice."""

    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no JSON")

    def once(pairs: list) -> dict:
        assert len(dict(pairs)) == len(pairs), f"a name twice: {[name for name, _ in pairs]}"
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=once)


def drawing(path: Path) -> None:
    root = ET.parse(path).getroot()
    assert root.tag == f"{SVG}svg" and root.get("viewBox")
    (data,) = root.findall(f"{SVG}metadata")
    assert root.find(f".//{SVG}text") is not None and strict(data.text)


def picture(path: Path) -> None:
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG" and (not path.name.startswith("social_") or image.size == (1200, 630))


def notebook(path: Path) -> None:
    strict(path.read_text(encoding="utf-8"))
    nbformat.validate(nbformat.read(path, as_version=nbformat.NO_CONVERT))


def xml(path: Path) -> None:
    root = ET.parse(path).getroot()
    {f"{ATOM}feed": feed, f"{SITEMAP}urlset": sitemap}[root.tag](root)


def feed(root: ET.Element) -> None:
    """What RFC 4287, 4.1, demands of a feed and of its entries."""

    def one(element: ET.Element, name: str) -> str:
        (found,) = element.findall(ATOM + name)
        assert found.text.strip()
        return found.text

    entries = root.findall(f"{ATOM}entry")
    for element in (root, *entries):
        assert one(element, "title") and urlsplit(one(element, "id")).scheme
        assert datetime.fromisoformat(one(element, "updated")).tzinfo
        assert all(urlsplit(link.get("href")).scheme for link in element.findall(f"{ATOM}link"))
        assert all(one(author, "name") for author in element.findall(f"{ATOM}author"))
    assert entries and (root.find(f"{ATOM}author") is not None or all(entry.find(f"{ATOM}author") is not None for entry in entries))
    for entry in entries:
        alternate = [link for link in entry.findall(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"]
        assert alternate or entry.find(f"{ATOM}content") is not None


def sitemap(root: ET.Element) -> None:
    places = [url.findtext(f"{SITEMAP}loc") for url in root]
    assert places and len(set(places)) == len(places) and all(urlsplit(place).scheme == "https" for place in places)


def bibliography(path: Path) -> None:
    entries = parse_file(str(path), "bibtex").entries
    assert entries
    for key, entry in entries.items():
        assert {"title", "year"} <= set(entry.fields) and entry.persons["author"], key
        assert entry.type != "article" or "journal" in entry.fields, key
        assert entry.type != "inproceedings" or "booktitle" in entry.fields, key


def stylesheet(path: Path) -> None:
    def wrong(nodes: list) -> list[str]:
        found = []
        for part in nodes:
            if part.type == "error":
                found.append(f"line {part.source_line}: {part.message}")
            elif part.type in ("qualified-rule", "at-rule") and part.content is not None:
                found += wrong(tinycss2.parse_blocks_contents(part.content) if part.type == "qualified-rule" else inside(part))
        return found

    def inside(rule) -> list:
        rules = rule.lower_at_keyword in ("media", "supports", "layer", "container") or rule.lower_at_keyword.endswith("keyframes")
        return (tinycss2.parse_rule_list if rules else tinycss2.parse_blocks_contents)(rule.content)

    assert wrong(tinycss2.parse_stylesheet(path.read_text(encoding="utf-8"))) == []


def script(path: Path) -> None:
    ran = subprocess.run([node.node(), "--check", path], env=node.environment(), capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def source_map(path: Path) -> None:
    found = strict(path.read_text(encoding="utf-8"))
    assert found["version"] == 3 and len(found.get("sourcesContent", found["sources"])) == len(found["sources"]) > 0


def font(path: Path) -> None:
    with TTFont(path) as read:
        assert read.flavor == "woff2" and read.getBestCmap()
        for table in read.keys():
            read[table]


def archive(path: Path) -> None:
    with ZipFile(path) as read:
        assert read.testzip() is None
        names = read.namelist()
        assert len(set(names)) == len(names) and {name.partition("/")[0] for name in names} == {"why-resnet-works"}
        balance = Balance()
        balance.feed(read.read("why-resnet-works/index.html").decode())
        index = read.read("why-resnet-works/search/search_index.js").decode()
        assert strict(index.removeprefix("var __index = "))["docs"]


READERS: dict[str, Callable[[Path], object]] = {
    ".bib": bibliography,
    ".css": stylesheet,
    ".html": page,
    ".ipynb": notebook,
    ".js": script,
    ".json": lambda path: strict(path.read_text(encoding="utf-8")),
    ".map": source_map,
    ".png": picture,
    ".py": lambda path: ast.parse(path.read_text(encoding="utf-8")),
    ".svg": drawing,
    ".woff2": font,
    ".xml": xml,
    ".zip": archive,
}


def test_every_kind_of_file_has_a_reader_here(site: Path) -> None:
    assert {path.suffix for path in site.rglob("*") if path.is_file()} == set(READERS)
    assert {path.name for path in site.glob("*.zip")} == {offline.ARCHIVE}


@pytest.mark.parametrize("suffix", READERS)
def test_every_file_is_read_back(site: Path, suffix: str) -> None:
    broken = []
    for path in sorted(site.rglob(f"*{suffix}")):
        try:
            READERS[suffix](path)
        except Exception as error:  # whatever a tool says of a file that it cannot read
            broken.append(f"{path.relative_to(site)}: {type(error).__name__}: {error}")
    assert not broken, f"{len(broken)} broken\n" + "\n".join(broken[:9])


def test_the_citation_is_read_as_github_does() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(cited), "demanded by the Citation File Format 1.2.0"
    assert cited["cff-version"] == "1.2.0" and cited["type"] in ("software", "dataset")
    assert all({"name"} <= set(author) or {"family-names", "given-names"} <= set(author) for author in cited["authors"])


@pytest.mark.browser
def test_a_browser_shows_every_picture_as_a_file(page, site: Path, served: str) -> None:
    page.goto("")
    pictures = sorted(path.relative_to(site).as_posix() for path in [*site.rglob("*.svg"), *site.rglob("*.png")])
    assert len(pictures) > len(list(DOCS.glob("*/figures/*.svg"))) > 0
    broken = page.evaluate(
        """async (addresses) => {
            const broken = [];
            for (const address of addresses) {
                const image = new Image();
                image.src = address;
                await image.decode().catch(() => broken.push(address));
            }
            return broken;
        }""",
        [served + picture for picture in pictures],
    )
    assert broken == []

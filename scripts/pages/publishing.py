"""What surrounds a page's text: a strict Content-Security-Policy, what search engines and social networks read, sitemap, feed, offline edition.

MkDocs calls these hooks after those of hooks.py.
"""

import html
import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from textwrap import shorten
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url
from mkdocs.utils.templates import TemplateContext

from scripts.pages import changes, offline
from scripts.pages.accessible import named
from scripts.pages.loading import STYLESHEET
from scripts.project import DOCS, SOURCE, languages, place, spoken

LICENSE = "https://creativecommons.org/licenses/by/4.0/"
LOCALES = {"ja": "ja_JP", "en": "en_US"}
NOT_FOUND = {"ja": ("このページはありません。", "表紙へ"), "en": ("There is no such page.", "Home page")}

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_STYLED = re.compile(r'<[a-z][^<>]*? style="([^"]*)"[^<>]*>')
_serving = False
_styles: dict[str, str] = {}  # the class that stands for a `style` attribute
_places: dict[str, dict[str, str]] = {}  # each page's address, and its twins' by language


def on_startup(command: str, dirty: bool) -> None:
    global _serving
    _serving = command == "serve"


def on_page_context(context: TemplateContext, page: Page, config: MkDocsConfig, nav: Navigation) -> None:
    if "description" not in page.meta:  # a lab
        page.meta["description"] = _beginning(f"{page.title}: ", page.content)


def _beginning(title: str, content: str) -> str:
    """The title and as much of a page's first paragraph as a search engine shows beside it."""
    text = title + html.unescape(re.sub(r"<[^>]*>", "", re.search(r"<p>(.*?)</p>", content, re.DOTALL)[1]))
    return html.escape(shorten(text, 160, placeholder=" …") if text.isascii() else " ".join(text.split())[:120])


@event_priority(-100)
def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    twins = {language: urljoin(config.site_url, file.url) for language, file in page.file.alternates.items()}
    _places[page.canonical_url] = twins
    output = output.replace("</head>", f"{_metadata(page, config, twins)}</head>", 1)
    root = urlsplit(config.site_url).path
    relative = re.sub(
        rf'(?<=href="){root}([^"]*)(?=" hreflang=)', lambda link: get_relative_url(link[1] or ".", page.url), output
    )
    return secured(relative)


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    if template_name != "404.html":
        return output_content
    root = urlsplit(config.site_url).path
    homes = {language: f"{root}{place(language)}" for language in sorted(languages(), key=place)}  # the root's first
    said = "".join(
        f'<p lang="{language}">{spoken(NOT_FOUND, language)[0]} <a href="{home}">{spoken(NOT_FOUND, language)[1]}</a></p>'
        for language, home in homes.items()
    )
    output = output_content.replace("<h1>404 - Not found</h1>", f"<h1>404</h1>{said}")
    output = named(output.replace(' data-md-component="source"', ""), config.theme["language"])  # as hooks.py does
    return secured(output.replace("</head>", '<meta name="robots" content="noindex"></head>', 1))


def secured(page: str) -> str:
    """A page on which nothing runs and nothing is styled but what the site's own files and the scripts named here hold.

    `mkdocs serve` adds a script of its own to each page that it sends, which no page can name: there is no policy then.
    """
    page = _STYLED.sub(_classed, page)
    if _serving:
        return page
    scripts = " ".join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in _INLINE.findall(page))
    # In the stylesheet, the theme's icons and the font that gives formulas' lines their height are given as data:.
    policy = (
        f"default-src 'self'; script-src 'self' {scripts}; img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'"
    )
    return page.replace('<meta charset="utf-8">', f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">', 1)


def _classed(tag: re.Match[str]) -> str:
    """An element with a class in place of its style, which the policy would not apply."""
    name = _styles.setdefault(tag[1], f"s{len(_styles)}")
    without = tag[0].replace(f' style="{tag[1]}"', "", 1)
    if ' class="' in without:
        return without.replace(' class="', f' class="{name} ', 1)
    return re.sub(r"(/?>)$", rf' class="{name}"\1', without)


def _rules() -> str:
    """What the classes stand for; as strong as the attributes were."""
    return "".join(
        f".{name}{{{';'.join(f'{part.strip()}!important' for part in style.split(';') if part.strip())}}}"
        for style, name in _styles.items()
    )


def _metadata(page: Page, config: MkDocsConfig, twins: dict[str, str]) -> str:
    """The tags for search engines and social networks."""
    language = page.file.locale
    title = re.sub(r"<[^>]*>", "", page.title)
    description = html.unescape(page.meta["description"])
    home = urljoin(config.site_url, place(language))
    picture = _picture(page, home)
    article = {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "headline": title,
        "description": description,
        "inLanguage": language,
        "url": page.canonical_url,
        "image": picture,
        "datePublished": changes.first(),
        "dateModified": changes.last(),
        "license": LICENSE,
        "isAccessibleForFree": True,
        "author": {"@type": "Organization", "name": changes.citation()["authors"][0]["name"], "url": config.repo_url},
        "isPartOf": {"@type": "WebSite", "name": config.site_name, "url": home},
    }
    graph = {
        "og:type": "article",
        "og:site_name": config.site_name,
        "og:title": title,
        "og:description": description,
        "og:url": page.canonical_url,
        "og:image": picture,
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:locale": LOCALES.get(language, language),
    }
    tags = [f'<link rel="alternate" hreflang="{other}" href="{address}">' for other, address in sorted(twins.items())]
    tags.append(f'<link rel="alternate" hreflang="x-default" href="{twins.get(SOURCE, page.canonical_url)}">')
    feed = get_relative_url(changes.address(language), page.url)
    tags.append(f'<link rel="alternate" type="application/atom+xml" title="{html.escape(config.site_name)}" href="{feed}">')
    tags += [f'<meta property="{name}" content="{html.escape(content)}">' for name, content in graph.items()]
    tags.append('<meta name="twitter:card" content="summary_large_image">')
    written = json.dumps(article, ensure_ascii=False).replace("<", "\\u003c")
    return f'{"".join(tags)}<script type="application/ld+json">{written}</script>'


def _picture(page: Page, home: str) -> str:
    """The preview's address: the page's own, of a lab its chapter's; else the home page's."""
    topic = Path(page.file.src_uri).stem
    own = DOCS / page.file.locale / "figures" / f"social_{topic}.png"
    return urljoin(home, f"figures/social_{topic if own.exists() else 'index'}.png")


@event_priority(-200)  # after mkdocs-static-i18n, which builds the other languages in this event
def on_post_build(config: MkDocsConfig) -> None:
    if config.plugins["i18n"].building:
        return
    site = Path(config.site_dir)
    with (site / STYLESHEET).open("a", encoding="utf-8") as stylesheet:
        stylesheet.write(_rules())
    for found in site.glob("sitemap.xml*"):
        found.unlink()
    (site / "sitemap.xml").write_bytes(_sitemap())
    for language in languages():
        feed = site / changes.address(language)
        if feed.parent.is_dir():  # else it was not built
            feed.write_bytes(changes.feed(language, config.site_url))
    if not _serving:
        offline.write(site, config.site_url)


def _sitemap() -> bytes:
    """Every page and its twins; mkdocs-static-i18n's own leaves the labs out."""
    ET.register_namespace("", "http://www.sitemaps.org/schemas/sitemap/0.9")
    ET.register_namespace("xhtml", "http://www.w3.org/1999/xhtml")
    whole = ET.Element("{http://www.sitemaps.org/schemas/sitemap/0.9}urlset")
    for address, twins in sorted(_places.items()):
        url = ET.SubElement(whole, "{http://www.sitemaps.org/schemas/sitemap/0.9}url")
        ET.SubElement(url, "{http://www.sitemaps.org/schemas/sitemap/0.9}loc").text = address
        for language, twin in sorted(twins.items()):
            ET.SubElement(url, "{http://www.w3.org/1999/xhtml}link", rel="alternate", hreflang=language, href=twin)
    ET.indent(whole)
    return ET.tostring(whole, encoding="utf-8", xml_declaration=True)

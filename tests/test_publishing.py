"""What surrounds the pages: the policy, twins, sitemap, citation, feed, previews, the offline edition, paper, motion, colours."""

import json
import re
import struct
import tomllib
from collections import Counter
from html import unescape
from itertools import combinations
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import numpy as np
import pytest
import yaml
from playwright.sync_api import expect
from pybtex.database import parse_string

from scripts.browser import whole
from scripts.pages import offline, publishing
from scripts.project import DOCS, ROOT, languages
from tests.conftest import PATIENCE, has_scheme
from tests.html import elements
from tests.test_browser import ADDRESSES

SITEMAP = {"map": "http://www.sitemaps.org/schemas/sitemap/0.9", "xhtml": "http://www.w3.org/1999/xhtml"}
ATOM = {"atom": "http://www.w3.org/2005/Atom"}


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, Path]:
    """The pages' files by their address in the site."""
    return {path: site / path / "index.html" for path in ADDRESSES}


@pytest.fixture(scope="session")
def heads(pages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """The tags of each page's head."""
    head = tmp_path_factory.mktemp("heads") / "head.html"
    found = {}
    for path, file in pages.items():
        head.write_text(file.read_text(encoding="utf-8").partition("</head>")[0], encoding="utf-8")
        found[path] = list(elements(head))
    return found


@pytest.fixture(scope="session")
def root(heads: dict[str, list[tuple[str, dict[str, str]]]]) -> str:
    """The address at which the site is published."""
    (home,) = (tag["href"] for _, tag in heads[""] if tag.get("rel") == "canonical")
    return home


@pytest.fixture(scope="session")
def unpacked(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The offline edition's folder."""
    folder = tmp_path_factory.mktemp("offline")
    with ZipFile(site / offline.ARCHIVE) as archive:
        archive.extractall(folder)
    return folder / "why-resnet-works"


def test_every_page_has_a_strict_policy(site: Path) -> None:
    for path in site.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        before, policy, after = re.split(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', html)
        assert policy.startswith("default-src 'self'; ") and "unsafe" not in policy and "*" not in policy
        assert not re.search(r"<(script|style|link)\b", before), "it comes too late"
        assert not re.search(r"""<style\b|<[a-z][^<>]*\s(style|on[a-z]+)=["']""", after), path


@pytest.mark.browser
def test_what_the_policy_does_not_name_does_not_run(page, traffic) -> None:
    page.goto("")
    whole(page)
    assert traffic.errors == []
    with page.expect_console_message(lambda _: len(traffic.errors) == 2):
        page.evaluate(
            """() => { const script = document.createElement('script'); script.textContent = 'window.ran = true';
                       document.body.append(script);
                       document.body.insertAdjacentHTML('beforeend', '<p id="styled" style="color: rgb(1, 2, 3)">x</p>'); }"""
        )
    assert page.evaluate("window.ran") is None
    assert page.evaluate("getComputedStyle(document.getElementById('styled')).color") != "rgb(1, 2, 3)"
    assert len(traffic.errors) == 2 and all("Content Security Policy" in error for error in traffic.errors)


def test_a_style_becomes_a_class() -> None:
    page = '<meta charset="utf-8"><a b="c" style="top: 1px">x</a><p class="d" style="top: 1px;">y</p><math displaystyle="true">'
    styled = publishing.secured(page)
    names = re.findall(r'class="(s\d+)(?: d)?"', styled)
    assert len(names) == 2 and ' style="' not in styled and 'displaystyle="true"' in styled
    assert all(f".{name}{{top: 1px!important}}" in publishing._rules() for name in names)


@pytest.mark.browser
def test_formulas_look_as_with_their_own_styles(page) -> None:
    """The classes give each element what MathJax's attributes said."""
    page.goto("vanishing_gradients/")
    whole(page)
    rules = dict(re.findall(r"\.(s\d+)\{([^}]*)\}", page.request.get("assets/pages.css", timeout=PATIENCE).text()))
    assert len(rules) > 50
    found = page.evaluate(
        """rules => [...document.querySelectorAll('mjx-container *')].flatMap(element => {
            const name = [...element.classList].find(name => name in rules);
            if (!name) return [];
            const own = element.cloneNode(true);
            own.classList.remove(name);
            own.style.cssText = rules[name].replaceAll('!important', '');
            element.after(own);
            const keys = [...own.style], pair = [getComputedStyle(element), getComputedStyle(own)];
            const same = keys.every(key => pair[0].getPropertyValue(key) === pair[1].getPropertyValue(key));
            own.remove();
            return [keys.length > 0 && same];
        })""",
        rules,
    )
    assert len(found) > 100 and all(found)


def test_pages_name_their_twins_and_the_sitemap_names_all(heads, root: str, site: Path) -> None:
    named = {}
    for path, tags in heads.items():
        links = [tag for name, tag in tags if name == "link"]
        assert [tag["href"] for tag in links if tag["rel"] == "canonical"] == [root + path]
        named[root + path] = {tag["hreflang"]: tag["href"] for tag in links if "hreflang" in tag}
        language = "en" if path.startswith("en/") else "ja"
        assert named[root + path][language] == root + path
        assert named[root + path].pop("x-default") == named[root + path]["ja"]
        assert set(named[root + path]) == set(languages())
    for twins in named.values():
        assert all(named[twin] == twins for twin in twins.values()), "a twin names other twins"
    mapped = ET.parse(site / "sitemap.xml").findall("map:url", SITEMAP)
    assert {
        url.find("map:loc", SITEMAP).text: {link.get("hreflang"): link.get("href") for link in url.findall("xhtml:link", SITEMAP)}
        for url in mapped
    } == named
    assert len(mapped) == len(heads)


@pytest.mark.browser
@pytest.mark.parametrize("path", ["vanishing_gradients/", "labs/degradation/", "glossary/"])
def test_the_language_switcher_keeps_the_section(page, path: str) -> None:
    page.goto(f"{path}?block.J=0.5")
    whole(page)
    identifier = page.evaluate(
        """() => { const heading = [...document.querySelectorAll('article h2[id]')].at(-2);
                   heading.scrollIntoView({behavior: 'instant'}); scrollBy(0, -20); return heading.id; }"""
    )
    for language, start in (("en", f"en/{path}"), ("ja", path)):
        with page.expect_navigation():
            page.locator(f"header .md-select__link[hreflang={language}]").evaluate("link => link.click()")
        expect(page).to_have_url(re.compile(rf"/{start}\?block\.J=0\.5#{re.escape(quote(identifier))}$"))
        # the section is in view
        page.wait_for_function("id => { const { top } = document.getElementById(id).getBoundingClientRect(); return 0 <= top && top < 450; }", arg=identifier)


@pytest.mark.browser
def test_at_a_pages_beginning_the_switch_leads_to_the_beginning(page, served: str) -> None:
    page.goto("degradation/")
    whole(page)
    page.locator("header .md-select__link[hreflang=en]").evaluate("link => link.click()")
    expect(page).to_have_url(f"{served}en/degradation/")


@pytest.mark.browser
def test_what_is_not_there_is_said_in_both_languages(page, traffic, served: str) -> None:
    page.goto("404.html")
    whole(page)
    assert traffic.errors == [] and traffic.foreign == []
    said = page.locator("article p[lang]")
    assert [said.nth(place).get_attribute("lang") for place in range(said.count())] == ["ja", "en"]
    homes = page.locator("article p[lang] a").evaluate_all("links => links.map(link => link.href)")
    assert homes == [served, f"{served}en/"]
    assert "noindex" in page.locator("meta[name=robots]").get_attribute("content")


def test_every_page_says_what_it_is(pages: dict[str, Path], heads, root: str, site: Path) -> None:
    descriptions: Counter[str] = Counter()
    for path, file in pages.items():
        html = file.read_text(encoding="utf-8")
        metas = {tag.get("name") or tag.get("property"): tag.get("content", "") for name, tag in heads[path] if name == "meta"}
        description = metas["description"]
        descriptions[description] += 1
        assert 15 <= len(description) <= 170 and "{" not in description, (path, description)
        written = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
        assert len(written) == 1
        article = json.loads(written[0])
        title = unescape(re.search(r"<title>(.*?)</title>", html)[1])
        assert article["@type"] == "ScholarlyArticle" and article["headline"] in title
        assert article["description"] == metas["og:description"] == description
        assert article["url"] == metas["og:url"] == root + path
        assert article["inLanguage"] == metas["og:locale"][:2] == ("en" if path.startswith("en/") else "ja")
        assert article["image"] == metas["og:image"]
        picture = (site / metas["og:image"].removeprefix(root)).read_bytes()
        assert picture[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", picture[16:24]) == (1200, 630)
        assert "social_index" not in metas["og:image"] or path in ("", "en/"), "a page without a picture of its own"
    assert max(descriptions.values()) == 1, descriptions.most_common(2)


def test_the_entry_for_bibtex_is_that_of_citation_cff(pages: dict[str, Path], root: str) -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cited["version"] == project["version"]
    assert yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), yaml.BaseLoader)["repo_url"] == cited["repository-code"]
    for path in ("cite/", "en/cite/"):
        block = re.search(r'<div class="language-bibtex.*?<code>(.*?)</code>', pages[path].read_text(encoding="utf-8"), re.DOTALL)[1]
        (entry,) = parse_string(unescape(re.sub("<[^>]*>", "", block)), "bibtex").entries.values()
        assert entry.type == "online"
        assert {key: value.strip("{}") for key, value in entry.fields.items()} == {
            "title": cited["title"],
            "year": str(cited["date-released"].year),
            "version": cited["version"],
            "url": root,
        }
        assert [str(person) for person in entry.persons["author"]] == [f"{{{author['name']}}}" for author in cited["authors"]]


def test_the_feeds_say_what_changed(site: Path, root: str, heads) -> None:
    changes = yaml.safe_load((DOCS / "changes.yml").read_text(encoding="utf-8"))
    for language, home in (("ja", root), ("en", f"{root}en/")):
        feed = ET.parse(site / home.removeprefix(root) / "feed.xml").getroot()
        assert feed.tag == f"{{{ATOM['atom']}}}feed"
        entries = feed.findall("atom:entry", ATOM)
        identifiers = [element.text for element in feed.iter(f"{{{ATOM['atom']}}}id")]
        assert len(set(identifiers)) == len(identifiers) == len(changes) + 1
        assert feed.find("atom:updated", ATOM).text == f"{max(change['date'] for change in changes)}T00:00:00Z"
        assert feed.find("atom:author/atom:name", ATOM).text
        (name,) = (tag["content"] for _, tag in heads[home.removeprefix(root)] if tag.get("property") == "og:site_name")
        assert feed.find("atom:title", ATOM).text.startswith(f"{name}: ")
        assert feed.find("atom:link[@rel='self']", ATOM).get("href") == f"{home}feed.xml"
        assert [(entry.find("atom:updated", ATOM).text[:10], entry.find("atom:title", ATOM).text) for entry in entries] == sorted(
            ((change["date"].isoformat(), change[language]) for change in reversed(changes)), key=lambda entry: entry[0], reverse=True
        ), "of one day, what was written last comes first"
        for entry in entries:
            assert (site / entry.find("atom:link", ATOM).get("href").removeprefix(root) / "index.html").exists()


def test_the_offline_edition_has_every_page_and_all_that_they_link(unpacked: Path, pages: dict[str, Path]) -> None:
    found = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*.html")}
    assert found == {f"{path}index.html" for path in pages}
    for path in found:
        for target in set(re.findall(r'<[a-z][^<>]* (?:href|src)="([^"]+)"', (unpacked / path).read_text(encoding="utf-8"))):
            address = urlsplit(unescape(target))
            if not (address.scheme or address.netloc or not address.path):
                assert (unpacked / path).parent.joinpath(unquote(address.path)).resolve().is_file(), (path, target)


@pytest.mark.browser
def test_the_offline_edition_is_read_and_searched_from_the_disk(browser, unpacked: Path) -> None:
    page, errors, foreign = browser.new_page(viewport={"width": 1280, "height": 900}), [], []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: foreign.append(request.url) if not request.url.startswith("file:") else None)
    for path in ("labs/degradation/", "en/ledger/", "en/vanishing_gradients/", ""):
        page.goto((unpacked / path / "index.html").as_uri())
        whole(page)
        for interactive in page.locator(".interactive").all()[:1]:
            interactive.scroll_into_view_if_needed()
            expect(interactive.locator(".interactive__says")).not_to_be_empty()
        if page.locator("mjx-container").count():
            loaded = page.evaluate("[...document.fonts].filter(font => font.status === 'loaded').map(font => font.family)")
            assert "MJXTEX-I" in loaded
    search(page, "残差")
    with page.expect_navigation():
        page.locator(".md-search-result__link[href*='residual_learning/index.html']").first.evaluate("link => link.click()")
    expect(page).to_have_url(re.compile(r"/residual_learning/index\.html(\?|#|$)"))
    whole(page)
    with page.expect_navigation():
        page.locator("header .md-select__link[hreflang=en]").evaluate("link => link.click()")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert errors == [] and [url for url in foreign if not url.startswith(("data:", "blob:"))] == []
    page.close()


def search(page, query: str) -> None:
    page.locator("label.md-search__icon[for=__search]").first.click(force=True)
    field = page.locator("input.md-search__input")
    field.fill("")
    field.dispatch_event("keyup")
    expect(page.locator(".md-search-result__item")).to_have_count(0)  # what was found before is gone
    field.fill(query)
    field.dispatch_event("keyup")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("home", "queries"),
    [
        ("", {"勾配消失": "vanishing_gradients", "残差": "residual_learning", "ヘッセ": "loss_landscape", "恒等写像": "degradation"}),
        ("en/", {"vanishing gradient": "vanishing_gradients", "vanishing": "vanishing_gradients", "shortcut": "residual_learning", "Hessian": "loss_landscape"}),
    ],
)
def test_what_a_reader_would_type_is_found(page, traffic, home: str, queries: dict[str, str]) -> None:
    page.goto(home)
    whole(page)
    for query, chapter in queries.items():
        search(page, query)
        expect(page.locator(f".md-search-result__link[href*='/{home}{chapter}/']").first).to_be_attached()
        marked = page.locator(".md-search-result__item mark").first.text_content()
        assert marked.lower() in query.lower() or query.lower() in marked.lower()
    assert traffic.errors == [] and traffic.foreign == []


@pytest.mark.browser
def test_nothing_moves_for_who_wants_less_motion(page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("residual_learning/")
    whole(page)
    moving = page.evaluate(
        """() => [...document.querySelectorAll('*')].filter(element => ['', '::before', '::after'].some(part => {
            const style = getComputedStyle(element, part);
            return style.animationName !== 'none' || style.transitionProperty !== 'none' && parseFloat(style.transitionDuration) > 0
                || style.scrollBehavior === 'smooth'; })).map(element => element.outerHTML.slice(0, 80))"""
    )
    assert moving == []
    page.emulate_media(reduced_motion="no-preference")
    page.wait_for_function("() => getComputedStyle(document.querySelector('.md-top, .md-overlay, .md-nav__link')).transitionProperty !== 'none'")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_has_the_text_alone_black_on_white(page, scheme: str) -> None:
    page.emulate_media(media="print", color_scheme=scheme)
    page.goto("vanishing_gradients/")
    whole(page)
    has_scheme(page, scheme)
    shown = page.evaluate(
        """() => ['.md-header', '.md-sidebar', '.md-footer', '.interactive', '.mark', '.headerlink'].filter(selector =>
            [...document.querySelectorAll(selector)].some(element => element.checkVisibility()))"""
    )
    assert shown == []
    colours = "element => [getComputedStyle(element).color, getComputedStyle(document.body).backgroundColor]"
    assert page.locator("article > p").first.evaluate(colours) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    clipped = page.evaluate(
        """() => [...document.querySelectorAll('article :is(.table, pre > code, mjx-container[display])')]
            .filter(element => element.checkVisibility() && getComputedStyle(element).overflowX !== 'visible').map(e => e.outerHTML.slice(0, 80))"""
    )
    assert clipped == []


# What the eye without one kind of cone sees, in linear RGB: Machado, Oliveira and Fernandes 2009, "A physiologically-based model for
# simulation of color vision deficiency", table 1, severity 1.
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
# IEC 61966-2-1: linear sRGB to XYZ, whose white is D65.
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
OKABE_ITO = ["#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"]


def lab(colour: str, deficiency: str) -> np.ndarray:
    """CIE L*a*b* of an sRGB colour as it is seen."""
    encoded = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    ratio = XYZ @ np.clip(np.array(DEFICIENCIES[deficiency]) @ linear, 0, 1) / XYZ.sum(axis=1)
    x, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / 3 / (6 / 29) ** 2 + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def closest(colours: list[str], deficiency: str) -> float:
    return min(float(np.linalg.norm(lab(one, deficiency) - lab(other, deficiency))) for one, other in combinations(colours, 2))


def test_colour_distances_are_those_of_textbooks() -> None:
    np.testing.assert_allclose(np.array(list(DEFICIENCIES.values())).sum(axis=2), 1, atol=1e-5)  # greys are seen as they are
    np.testing.assert_allclose(lab("#ffffff", "deuteranopia"), [100, 0, 0], atol=0.02)
    np.testing.assert_allclose(lab("#777777", "protanopia"), [50.03, 0, 0], atol=0.02)
    red, green = "#d00000", "#6b7000"  # of one lightness or so: close for who lacks a cone for red or green, not for blue
    assert closest([red, green], "tritanopia") > 2 * closest([red, green], "deuteranopia")


MEANT = {"figures": ["--plain", "--residual", "--md-typeset-color"], "verdicts": ["--holds", "--partly", "--fails"]}


@pytest.mark.browser
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("variables", MEANT.values(), ids=MEANT)
def test_the_colour_blind_tell_colours_apart(page, variables: list[str], scheme: str, deficiency: str) -> None:
    """As well as the two closest colours of Okabe and Ito's palette, which was made for that."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto("degradation/")
    has_scheme(page, scheme)
    colours = page.evaluate(
        """variables => { const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
            const hex = colour => { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
                return '#' + [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(part => part.toString(16).padStart(2, '0')).join(''); };
            const probe = document.querySelector('article').appendChild(document.createElement('span'));
            return variables.map(variable => {
                probe.style.color = `var(${variable})`; return hex(getComputedStyle(probe).color); }); }""",
        [*variables, "--md-default-bg-color"],
    )
    assert len(set(colours)) == 4
    assert closest(colours, deficiency) >= closest(OKABE_ITO, deficiency)

"""Every page in a real browser, with every other host blocked."""

import re
from pathlib import Path

import pytest

from scripts.project import DOCS, SOURCE, languages

pytestmark = pytest.mark.browser

SOURCES = sorted([*DOCS.rglob("*.md"), *DOCS.glob("*/labs/*.py")])


def address(source: Path) -> str:
    """The address of a page within the site."""
    language, *rest = source.relative_to(DOCS).with_suffix("").parts
    parts = ([] if language == SOURCE else [language]) + [part for part in rest if part != "index"]
    return "".join(f"{part}/" for part in parts)


ADDRESSES = [address(source) for source in SOURCES]


@pytest.mark.parametrize("path", ADDRESSES, ids=lambda path: path or "home")
def test_a_page_loads_alone_and_fits(page, traffic, path: str) -> None:
    page.goto(path, wait_until="networkidle")
    assert traffic.foreign == []
    assert traffic.errors == []
    first = path.partition("/")[0]
    assert page.locator("html").get_attribute("lang") == (first if first in languages() else SOURCE)

    # Text far from the view waits to be laid out: here all of it is looked at.
    page.evaluate(
        """() => { const sheet = new CSSStyleSheet(); sheet.replaceSync("* { content-visibility: visible !important; }");
                   document.adoptedStyleSheets = [sheet]; }"""
    )
    formulas = page.evaluate(
        """() => [...document.querySelectorAll('mjx-container')].filter(formula => formula.checkVisibility()).map(formula => ({
            tex: formula.dataset.tex,
            glyphs: formula.querySelectorAll('mjx-c, mjx-utext, mjx-rule, svg use').length,
            width: formula.querySelector('mjx-math, svg').getBoundingClientRect().width,
            error: formula.querySelector('mjx-merror, merror, [data-mjx-error]') !== null,
            font: getComputedStyle(formula.querySelector('mjx-c') ?? formula, '::before').fontFamily,
        }))"""
    )
    for formula in formulas:
        assert formula["glyphs"] and formula["width"] > 1 and not formula["error"], formula
        assert "MJX" in formula["font"], f"the formulas' stylesheet does not reach {formula}"
    text = page.locator("article").inner_text()
    assert not re.search(
        r"\\[()\[\]]|\$\$|\\frac|\{\{",
        re.sub(
            r"mjx.*",
            "",
            page.evaluate(
                """() => { const article = document.querySelector('article').cloneNode(true);
                   article.querySelectorAll('pre, code, mjx-container').forEach(element => element.remove());
                   return article.textContent; }"""
            ),
        ),
    )
    if first not in languages():
        assert re.search(r"[ぁ-んァ-ン]", text), "a Japanese page without Japanese"

    page.set_viewport_size({"width": 390, "height": 844})
    wide = page.evaluate(
        """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
            [...document.querySelectorAll('body *')].filter(element => element.getBoundingClientRect().right > innerWidth + 1)
            .map(element => element.tagName + '.' + element.className).slice(-8)"""
    )
    assert wide == [], "wider than 390 pixels"


@pytest.mark.parametrize("language", languages())
def test_figures_show_their_labels(page, language: str) -> None:
    seen = 0
    for source in (
        source
        for source in SOURCES
        if source.parent.name == language and "](figures/" in source.read_text(encoding="utf-8")
    ):
        page.goto(address(source))
        figures = page.locator("article svg.figure")
        for index in range(figures.count()):
            figure = figures.nth(index)
            box = figure.bounding_box()
            assert box["width"] > 200 and box["height"] > 100
            labels = "".join(figure.locator("text").all_text_contents())
            assert labels and (language == "en" or re.search(r"[ぁ-んァ-ン一-龥]", labels))
            seen += 1
    assert seen


@pytest.mark.parametrize(
    ("home", "query", "chapter"),
    [("", "勾配消失", "vanishing_gradients"), ("en/", "vanishing gradient", "en/vanishing_gradients")],
)
def test_search_finds(page, traffic, home: str, query: str, chapter: str) -> None:
    page.goto(home, wait_until="networkidle")
    field = page.locator("input.md-search__input")
    page.locator("label.md-search__icon[for=__search]").first.click(force=True)
    field.fill(query)
    field.dispatch_event("keyup")
    result = page.locator(f".md-search-result__link[href*='{chapter}/']").first
    result.wait_for(state="attached", timeout=10_000)
    assert traffic.foreign == [] and traffic.errors == []


@pytest.mark.parametrize(
    "path", [path for path in ADDRESSES if not path.startswith("en/")], ids=lambda path: path or "home"
)
def test_the_language_switcher_keeps_the_page(page, served: str, path: str) -> None:
    page.goto(path)
    for language, target in (("en", f"en/{path}"), ("ja", path)):
        with page.expect_navigation() as navigation:
            page.locator(f"header .md-select__link[hreflang={language}]").evaluate("link => link.click()")
        assert navigation.value.ok and page.url == served + target
        assert page.locator("html").get_attribute("lang") == language


def colours(page) -> set[tuple[str, str]]:
    return {
        tuple(pair)
        for pair in page.evaluate(
            """() => [...document.querySelectorAll('article svg.figure *')].map(element => getComputedStyle(element))
                .map(style => [style.fill, style.stroke])"""
        )
    }


def test_the_dark_scheme_changes_the_figures_colours(page) -> None:
    source = next(source for source in SOURCES if "](figures/" in source.read_text(encoding="utf-8"))
    found = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(address(source))
        page.evaluate("localStorage.clear()")  # where Material keeps the scheme of the first visit
        page.reload(wait_until="networkidle")
        page.wait_for_selector(
            f"body[data-md-color-scheme={'slate' if scheme == 'dark' else 'default'}]", timeout=5000
        )
        found[scheme] = colours(page)
        text, background = page.evaluate(
            """() => [getComputedStyle(document.querySelector('article svg.figure text')).fill,
                      getComputedStyle(document.body).backgroundColor].map(colour =>
                      { const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
                        canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
                        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).reduce((a, b) => a + b) / 3; })"""
        )
        assert abs(text - background) > 90, f"labels are hard to read in the {scheme} scheme"
    assert found["light"] != found["dark"]

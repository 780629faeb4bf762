"""What makes pages light: figures, fonts, rules and the search index. What each page weighs: tests/test_every_page.py."""

import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from scripts import budgets
from scripts.browser import whole
from scripts.pages import figures, loading
from scripts.pages.stylesheet import without_unused
from scripts.project import DOCS
from tests.test_accessible import OPEN


@pytest.mark.browser
def test_the_search_index_is_loaded_when_the_search_opens(page) -> None:
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto("")
    whole(page)
    assert not [url for url in requests if "search_index" in url]
    with page.expect_response("**/search_index.json") as index:
        page.locator("input.md-search__input").click()
    assert index.value.ok


def test_figures_are_light(site: Path) -> None:
    drawn = sorted(DOCS.glob("*/figures/*.svg"))
    assert drawn
    for path in drawn:
        assert budgets.weight("document", figures.inline(path, "").encode()) <= budgets.FIGURE, path


def test_the_fonts_hold_every_glyph_of_the_formulas(site: Path) -> None:
    css = (site / loading.STYLESHEET).read_text(encoding="utf-8")
    fonts = {
        family: TTFont(site / "assets" / file).getBestCmap()
        for family, file in re.findall(r'font-family:([\w-]+);src:url\("([\w-]+\.woff2)"\)', css)
    }
    assert {"MJXTEX", "MJXTEX-I"} <= set(fonts)
    seen = 0
    for code, variant, content in re.findall(r'mjx-c\.mjx-c([0-9A-F]+)(?:\.TEX-(\w+))?::before\s*\{[^}]*content: "([^"]+)"', css):
        escaped = re.fullmatch(r"\\([0-9A-Fa-f]+) ?", content)
        character = int(escaped[1], 16) if escaped else ord(content[-1])
        assert character in fonts["MJXTEX-" + variant if variant else "MJXTEX"], (code, variant, content)
        seen += 1
    assert seen > 100


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    ("late", "within", "least"),
    [
        pytest.param("**/*.woff2", ".md-content__inner > *, .claim > *, mjx-container *", 1000, id="glyphs"),
        pytest.param("**/bundle.*.js", ".md-header__inner > :not(form, div.md-search), .md-main__inner", 5, id="script"),
    ],
)
def test_a_page_stands_still_when_what_may_be_late_comes(page, context, late: str, within: str, least: int, width: int) -> None:
    """Where it never comes, everything stands where it stands when it has come."""
    without, places, asked = context.new_page(), [], []
    without.route(late, lambda route: asked.append(route.request.url) or route.abort())
    for loaded in (page, without):
        loaded.set_viewport_size({"width": width, "height": 900})
        loaded.goto("vanishing_gradients/")
        whole(loaded)
        places.append(
            loaded.evaluate(
                """within => [...document.querySelectorAll(within)].map(element => {
                    const { x, y, width, height } = element.getBoundingClientRect();
                    return [element.tagName, x, y, width, height];
                })""",
                within,
            )
        )
    without.close()
    assert asked, "it is loaded under another name"
    assert len(places[0]) >= least and places[0] == places[1]


@pytest.mark.browser
def test_the_browser_draws_formulas_with_those_fonts_alone(page) -> None:
    page.set_viewport_size({"width": 1280, "height": 30_000})
    page.goto("vanishing_gradients/")
    whole(page)
    page.evaluate(OPEN)
    whole(page)
    session = page.context.new_cdp_session(page)
    root = session.send("DOM.getDocument", {"depth": -1})["root"]["nodeId"]
    session.send("CSS.enable")
    glyphs = 0
    for node in session.send("DOM.querySelectorAll", {"nodeId": root, "selector": "mjx-math mjx-c"})["nodeIds"][:300]:
        for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]:
            assert font["isCustomFont"], font
            glyphs += font["glyphCount"]
    assert glyphs > 250


def test_rules_that_no_page_can_use_are_left_out() -> None:
    css = """
        .a,.b>.c{color:red} .b:not(.d){color:blue} :is(.c,.a) p{margin:0} :is(.c,.d) p{margin:1px} p{--x:1;--y:2;top:var(--x)}
        [dir=rtl] .a{left:0} table:not([class]) td{padding:0} @media print{.c{top:0}.a{top:1px}} @media screen{.c{top:0}}
        .icon{--i:url("data:image/svg+xml,<svg fill='a;b'/>");mask:var(--i)} @keyframes .c{from{top:0}}
    """
    kept = without_unused(css, frozenset({"a", "b", "icon"}))
    assert re.sub(r"\s+", "", kept) == re.sub(
        r"\s+",
        "",
        """.a{color:red}.b:not(.d){color:blue}:is(.c,.a) p{margin:0}p{--x:1;top:var(--x)}@media print{.a{top:1px}}
        .icon{--i:url("data:image/svg+xml,<svg fill='a;b'/>");mask:var(--i)}@keyframes .c{from{top:0}}""",
    )

"""Every page, loaded once in a real browser with every other host blocked, and looked at in turn: what it weighs, asks and shows;
what axe finds on it, in both schemes, wide and narrow; where its language switch leads."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from scripts import budgets
from scripts.browser import whole
from scripts.project import SOURCE, languages
from tests.conftest import Traffic, fresh, has_scheme
from tests.test_accessible import NARROW, OPEN, findings
from tests.test_browser import ADDRESSES

pytestmark = pytest.mark.browser

# What axe would look at for long and in vain: the glyphs of formulas, which it passes over as a screen reader does, and rows of a table
# after its fifth, which are made as those are. Formulas keep their place.
WITHOUT_REPETITION = """() => {
    const formulas = [...document.querySelectorAll('mjx-math[aria-hidden=true]')].map(formula => [formula, formula.getBoundingClientRect()]);
    for (const [formula, { width, height }] of formulas) {
        formula.style.cssText += `; display: inline-block; width: ${width}px; height: ${height}px`;
        formula.replaceChildren();
    }
    document.querySelectorAll('tbody > tr:nth-child(n + 6)').forEach(row => row.remove());
}"""


@dataclass
class Visit:
    """A page as it was first loaded on a telephone. Each test brings it to the width and the scheme that it needs."""

    path: str
    page: object
    traffic: Traffic
    weights: Counter[str]
    shift: float
    seen: tuple[str, int] | None = None

    def look(self, scheme: str, width: int) -> None:
        """Turn to a scheme by the page's own switch; lay all of the page out, and show all that opens."""
        if self.seen == (scheme, width):
            return
        page = self.page
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("width => innerWidth === width", arg=width)
        if scheme != (self.seen[0] if self.seen else "light"):
            page.locator("form[data-md-component=palette] label:not([hidden])").evaluate("label => label.click()")
        has_scheme(page, scheme)
        page.evaluate(OPEN)
        for interactive in page.locator("[data-interactive]").all():
            expect(interactive.locator("output.interactive__says")).not_to_be_empty()
        whole(page)
        self.seen = scheme, width


@pytest.fixture(scope="module", params=ADDRESSES, ids=lambda path: path or "home")
def visit(request, context, served: str) -> Iterator[Visit]:
    page, traffic = fresh(context, served), Traffic()
    traffic.of(page, served)
    page.set_viewport_size({"width": 412, "height": 823})

    late: list | None = []

    def font_is_asked_for(route) -> None:
        route.continue_() if late is None else late.append(route)

    def page_is_drawn() -> None:
        nonlocal late
        fonts, late = late, None
        for route in fonts:
            route.continue_()

    page.route("**/*.woff2", font_is_asked_for)
    page.add_init_script(budgets.SHIFTS)
    weights = budgets.load(page, request.param, drawn=page_is_drawn)
    page.unroute_all()
    shift = page.evaluate("shifted()")
    page.emulate_media(reduced_motion="reduce")
    yield Visit(request.param, page, traffic, weights, shift)
    page.close()


def test_it_stays_within_its_budgets_and_does_not_move(visit: Visit) -> None:
    weights = visit.weights
    assert all(weights[kind] <= budget for kind, budget in budgets.BUDGETS.items()), weights
    assert "labs/" not in visit.path or weights["all"] <= budgets.LAB, weights
    assert weights["CSS"] and weights["JavaScript"], "nothing was weighed"
    assert visit.shift < budgets.SHIFT


def test_it_loads_alone(visit: Visit) -> None:
    assert visit.traffic.foreign == []
    assert visit.traffic.errors == []
    first = visit.path.partition("/")[0]
    language = first if first in languages() else SOURCE
    assert visit.page.locator("html").get_attribute("lang") == language
    if language == SOURCE:
        assert re.search(r"[ぁ-んァ-ン]", visit.page.locator("article").inner_text()), "a Japanese page without Japanese"


def test_it_fits_a_telephone(visit: Visit) -> None:
    visit.look("light", 390)
    wide = visit.page.evaluate(
        """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
            [...document.querySelectorAll('body *')].filter(element => element.getBoundingClientRect().right > innerWidth + 1)
            .map(element => element.tagName + '.' + element.className).slice(-8)"""
    )
    assert wide == []


def test_its_formulas_are_drawn(visit: Visit) -> None:
    visit.look("light", 390)
    formulas = visit.page.evaluate(
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
    left = visit.page.evaluate(
        """() => { const article = document.querySelector('article').cloneNode(true);
           article.querySelectorAll('pre, code, mjx-container').forEach(element => element.remove());
           return article.textContent; }"""
    )
    assert not re.search(r"\\[()\[\]]|\$\$|\\frac|\{\{", left), "left as it was written"


def test_axe_finds_nothing_on_a_light_telephone(visit: Visit) -> None:
    visit.look("light", 390)
    visit.page.evaluate(WITHOUT_REPETITION)
    assert findings(visit.page, rules=NARROW) == []


def test_axe_finds_nothing_on_a_dark_screen(visit: Visit) -> None:
    visit.look("dark", 1280)
    assert findings(visit.page) == []


def test_its_language_switch_keeps_the_page(visit: Visit, served: str) -> None:
    """Last, for it leaves the page."""
    first, _, rest = visit.path.partition("/")
    inside = rest if first in languages() else visit.path
    here = served + visit.path
    for language in [language for language in languages() if language != SOURCE] + [SOURCE]:
        target = f"{served}{'' if language == SOURCE else f'{language}/'}{inside}"
        if here == target:
            continue
        with visit.page.expect_navigation() as navigation:
            visit.page.locator(f"header .md-select__link[hreflang={language}]").evaluate("link => link.click()")
        assert navigation.value.ok
        expect(visit.page).to_have_url(target)
        expect(visit.page.locator("html")).to_have_attribute("lang", language)
        here = target

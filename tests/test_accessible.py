"""What axe finds in claims that are open and in interactives in use: nothing. What scrolls is reached by keyboard. Every page: tests/test_every_page.py."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from scripts.browser import whole
from scripts.pages.claims import claims
from scripts.project import DOCS
from tests.conftest import has_scheme
from tests.test_browser import ADDRESSES, SOURCES
from tests.test_interactives import PLACES, Box

pytestmark = pytest.mark.browser

# Everything open, and once in view: what the browser has not laid out, axe does not see, and what scrolls becomes a stop in view.
# A window as high as the page would do as well, were it not for the painting.
OPEN = """async () => {
    for (const element of document.querySelectorAll('body *'))
        if (getComputedStyle(element).contentVisibility === 'auto') element.style.contentVisibility = 'visible';
    document.querySelectorAll('details').forEach(details => details.open = true);
    for (let y = 0; y < document.body.scrollHeight; y += innerHeight) {
        scrollTo(0, y);
        await new Promise(requestAnimationFrame);
    }
    scrollTo(0, 0);
}"""


# What colours, or a narrow screen, can spoil on a page in which all else is well.
NARROW = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]


def findings(page, context: str | None = None, rules: list[str] | None = None) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    found = page.evaluate("([context, options]) => axe.run(context ?? document, options)", [context, options])["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]}: {node['failureSummary']}" for rule in found for node in rule["nodes"]
    ]


@pytest.mark.parametrize(("scheme", "spoken"), [("light", "ja"), ("dark", "en")])
def test_axe_finds_nothing_in_the_claims_that_marks_open(page, scheme: str, spoken: str) -> None:
    """One of each verdict that is marked; the ledger has them all, on every language's page."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    seen = set()
    for source, path in zip(SOURCES, ADDRESSES, strict=True):
        if source.relative_to(DOCS).parts[0] != spoken:
            continue
        marked = re.findall(r"\{\{ mark (\S+) \}\}", source.read_text(encoding="utf-8"))
        new = {claims()[identifier]["verdict"]: f"about-{identifier}" for identifier in marked}
        new = {verdict: box for verdict, box in new.items() if verdict not in seen}
        if new:
            page.goto(path)
            whole(page)
            has_scheme(page, scheme)
        for identifier in new.values():
            page.locator(f"[popovertarget={identifier}]").first.press("Enter")
            expect(page.locator(f"#{identifier}:popover-open")).to_be_visible()
            assert findings(page, f"#{identifier}") == []
            page.keyboard.press("Escape")
            expect(page.locator(":popover-open")).to_have_count(0)
        seen |= set(new)
    assert seen >= {"exact", "empirical"}, "a mark judges a true sentence; the other verdicts stand in the ledger"


@pytest.mark.parametrize(("scheme", "language", "rules"), [("light", "", NARROW), ("dark", "en/", None)])
def test_axe_finds_nothing_in_interactives_in_use(page, scheme: str, language: str, rules: list[str] | None) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for path in dict.fromkeys(PLACES.values()):
        page.goto(language + path)
        has_scheme(page, scheme)
        for name in (name for name in PLACES if PLACES[name] == path):
            box = Box(page, name, "")
            first = box.locator.locator("input").first
            before = box.says()
            for select in box.locator.locator("select").all():
                select.press("Home")  # where there are fewer nets, boxes are disabled
            for key in ("Home", "ArrowRight", "Space"):
                first.press(key)
            expect(box.sentence).not_to_have_text(before)
            for button in box.locator.get_by_role("button").all()[:1]:
                button.click()
                expect(box.locator.locator("circle").first).to_be_visible()  # one for every net that is trained
            assert box.rows()
        assert findings(page, ".interactive", rules) == []


def test_what_scrolls_is_a_stop_for_the_keyboard_and_nothing_else_is(page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("vanishing_gradients/")
    whole(page)
    stops = {True: 0, False: 0}
    for formula in page.locator("article mjx-container[display]").all():
        formula.scroll_into_view_if_needed()
        whole(page)
        scrolls = formula.evaluate("formula => formula.scrollWidth > formula.clientWidth")
        expect(formula).to_have_js_property("tabIndex", 0 if scrolls else -1)
        stops[scrolls] += 1
    assert stops[True] and stops[False]


def test_what_a_claim_links_is_large_enough_for_a_finger(page) -> None:
    """WCAG 2.2, 2.5.8: 24 pixels, whatever stands around it."""
    page.set_viewport_size({"width": 390, "height": 30_000})
    page.goto("vanishing_gradients/")
    whole(page)
    page.evaluate(OPEN)
    sizes = page.locator("article > .claim:not([popover]) :is(.claim__link, .claim__evidence > summary)").evaluate_all(
        "targets => targets.map(target => target.getBoundingClientRect()).map(box => [box.width, box.height]).flat()"
    )
    assert len(sizes) > 10 and min(sizes) >= 24

"""What surrounds the reading: the navigation's groups, wide and on a phone, and lines that break only where they may."""

import re
from pathlib import Path

import pytest
from mkdocs.config import load_config
from playwright.sync_api import expect

from scripts.browser import whole
from scripts.project import ROOT, languages, place

GROUPS = [group for entry in load_config(str(ROOT / "mkdocs.yml")).nav if isinstance(entry, dict) for group in entry]


@pytest.mark.parametrize("language", languages())
def test_the_navigations_groups_are_named_in_the_pages_language(site: Path, language: str) -> None:
    home = (site / place(language) / "index.html").read_text(encoding="utf-8")
    named = re.findall(r'md-nav__item--section.*?<span class="md-ellipsis">\s*(.*?)\s*</span>', home, re.DOTALL)
    assert len(named) == len(GROUPS) > 1
    if language == "ja":
        assert all(re.search(r"[ぁ-んァ-ン一-龥]", name) for name in named), named
    elif language == "en":
        assert named == GROUPS


@pytest.mark.browser
def test_on_a_wide_screen_all_pages_stand_below_their_groups(page) -> None:
    page.goto("en/labs/learning/")
    whole(page)
    links = page.locator(".md-nav--primary > ul a:not(#__toc ~ nav a)")
    assert links.count() == len(links.locator("visible=true").all()) > 15
    expect(page.locator(".md-nav__link--active:visible")).to_have_text("Lab of chapter 1: change the learning rate")
    tops = [page.locator(f".md-nav__item--section > label:has-text('{group}')").bounding_box()["y"] for group in GROUPS]
    assert tops == sorted(tops)


@pytest.mark.browser
def test_on_a_phone_the_drawer_leads_through_the_groups_to_a_page(page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("en/labs/learning/")
    whole(page)
    page.locator("label.md-header__button[for=__drawer]").click()
    page.locator(".md-nav__link--active:visible").click(trial=True)  # the drawer opens where the reader is
    page.locator("label.md-nav__title:has-text('Labs')").click()
    page.locator(".md-nav__item--section > label:has-text('Chapters')").click()
    page.locator(".md-nav__link:has-text('Residual learning')").click()
    expect(page).to_have_url(re.compile("/en/residual_learning/$"))


@pytest.mark.browser
@pytest.mark.parametrize("language", ["ja", "en"])
def test_on_a_phone_the_header_has_the_sites_whole_name(page, language: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(place(language))
    whole(page)
    name = page.locator(".md-header__topic").first.locator(".md-ellipsis")
    assert name.evaluate("name => name.scrollWidth <= name.clientWidth && name.scrollHeight <= name.clientHeight")


@pytest.mark.browser
def test_no_line_breaks_between_a_formula_and_what_closes_it(page) -> None:
    page.goto("glossary/")
    whole(page)
    orphans = page.evaluate(
        """() => {
            const closing = [...document.querySelectorAll('dd mjx-container')].filter(formula => /^[。、)」]/.test(after(formula)?.data));
            function after(formula) {
                const walker = document.createTreeWalker(formula.closest('dd'), NodeFilter.SHOW_TEXT);
                while (walker.nextNode())
                    if (formula.compareDocumentPosition(walker.currentNode) === Node.DOCUMENT_POSITION_FOLLOWING) return walker.currentNode;
            }
            const orphans = [];
            for (let width = 120; width < 400; width += 5)
                for (const formula of closing) {
                    formula.closest('dd').style.cssText = `width: ${width}px; content-visibility: visible`;
                    const range = document.createRange();
                    range.setStart(after(formula), 0);
                    range.setEnd(after(formula), 1);
                    if (range.getBoundingClientRect().left < formula.getBoundingClientRect().left) orphans.push([width, formula.dataset.tex]);
                }
            return closing.length ? orphans : ['no formula is closed'];
        }"""
    )
    assert orphans == []

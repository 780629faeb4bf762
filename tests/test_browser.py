"""The site in a real browser: figures and the dark scheme. What holds of every page: tests/test_every_page.py."""

import re
from pathlib import Path

import pytest
from scripts.browser import whole
from scripts.project import DOCS, SOURCE, languages
from tests.conftest import fresh, has_scheme

pytestmark = pytest.mark.browser

SOURCES = sorted([*DOCS.rglob("*.md"), *DOCS.glob("*/labs/*.py")])


def address(source: Path) -> str:
    """The address of a page within the site."""
    language, *rest = source.relative_to(DOCS).with_suffix("").parts
    parts = ([] if language == SOURCE else [language]) + [part for part in rest if part != "index"]
    return "".join(f"{part}/" for part in parts)


ADDRESSES = [address(source) for source in SOURCES]


@pytest.mark.parametrize("language", languages())
def test_figures_show_their_labels(page, language: str) -> None:
    seen = 0
    for source in (
        source
        for source in SOURCES
        if source.parent.name == language and "](figures/" in source.read_text(encoding="utf-8")
    ):
        page.goto(address(source))
        whole(page)
        figures = page.locator("article svg.figure")
        for index in range(figures.count()):
            figure = figures.nth(index)
            box = figure.bounding_box()
            assert box["width"] > 200 and box["height"] > 100
            labels = "".join(figure.locator("text").all_text_contents())
            assert labels and (language == "en" or re.search(r"[ぁ-んァ-ン一-龥]", labels))
            seen += 1
    assert seen


def colours(page) -> set[tuple[str, str]]:
    return {
        tuple(pair)
        for pair in page.evaluate(
            """() => [...document.querySelectorAll('article svg.figure *')].map(element => getComputedStyle(element))
                .map(style => [style.fill, style.stroke])"""
        )
    }


def test_the_dark_scheme_changes_the_figures_colours(context, served: str) -> None:
    source = next(source for source in SOURCES if "](figures/" in source.read_text(encoding="utf-8"))
    found = {}
    for scheme in ("light", "dark"):
        page = fresh(context, served)  # for Material keeps the scheme of the first visit
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.goto(address(source))
        whole(page)
        has_scheme(page, scheme)
        found[scheme] = colours(page)
        text, background = page.evaluate(
            """() => [getComputedStyle(document.querySelector('article svg.figure text')).fill,
                      getComputedStyle(document.body).backgroundColor].map(colour =>
                      { const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
                        canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
                        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).reduce((a, b) => a + b) / 3; })"""
        )
        assert abs(text - background) > 90, f"labels are hard to read in the {scheme} scheme"
        page.close()
    assert found["light"] != found["dark"]

"""Every figure draws in every language from its record, with words of that language only, or leaves nothing behind."""

import html
import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from scripts.draw import style
from scripts.pages import figures, typed_numbers
from scripts.project import DOCS, ROOT, languages
from scripts.record import read

MODULES = [
    importlib.import_module(f"scripts.draw.{file.stem}")
    for file in sorted((ROOT / "scripts/draw").glob("task_*.py"))
    if file.stem != "task_labs"
]
DRAWINGS = [
    pytest.param(module, function, id=f"{module.__name__.rpartition('task_')[2]}-{function.__name__}")
    for module in MODULES
    for function in vars(module).values()
    if inspect.isfunction(function)
    and function.__module__ == module.__name__
    and function.__name__.startswith("draw")
]
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def labels(svg: str) -> list[str]:
    return [
        html.unescape(re.sub("<[^>]+>", "", text)).strip()
        for text in re.findall(r"<text.*?</text>", svg, re.DOTALL)
    ]


def without(text: str, words: list[str]) -> str:
    """What stays of a label when the words of TEXT are taken away, line by line and around their {fields}."""
    for word in sorted(
        (part.strip() for word in words for part in re.split(r"\n|\{[^}]*\}", word)), key=len, reverse=True
    ):
        text = text.replace(word, " ") if word else text
    return text


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("module", "draw"), DRAWINGS)
def test_a_figure_is_drawn_with_words_of_its_language_only(
    module, draw: Callable, language: str, tmp_path: Path
) -> None:
    text = module.TEXT[language]
    topic = getattr(module, "TOPICS", {}).get(draw, module.__name__.rpartition("task_")[2])
    drawn_from = module.records() if hasattr(module, "records") else read(topic)
    style.save(draw(drawn_from, text), tmp_path / "figure.svg")
    svg = (tmp_path / "figure.svg").read_text(encoding="utf-8")
    found = labels(svg)
    assert found, "a figure without a word"
    for label in found:
        rest = without(label, list(text.values()))
        assert not JAPANESE.search(rest) and not re.search(r"[A-Za-z]{3,}", rest), (
            f"'{rest}' of '{label}' is not in TEXT['{language}']"
        )
    assert (language == "ja") == bool(JAPANESE.search("".join(found)))
    assert not re.search(r"\b(nan|inf)\b", "".join(found))
    assert not plt.get_fignums(), "a figure stays open"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition("task_")[2])
def test_both_languages_have_the_same_labels(module) -> None:
    assert sorted(module.TEXT) == languages()
    assert len({tuple(text) for text in module.TEXT.values()}) == 1
    assert not any(JAPANESE.search(label) for label in module.TEXT["en"].values())


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition("task_")[2])
def test_no_label_types_a_number_that_a_record_holds(module) -> None:
    for text in module.TEXT.values():
        for label in text.values():
            assert not list(typed_numbers.find(label)), label


def test_both_languages_have_the_same_figures(site: Path) -> None:
    drawn = {
        language: {figure.name for figure in (DOCS / language / "figures").glob("*.svg")}
        for language in languages()
    }
    assert drawn["ja"] == drawn["en"] and drawn["ja"]


@pytest.mark.filterwarnings("default")  # pytest's own filter would make it an error without save()
def test_a_glyph_that_no_font_has_is_an_error_and_the_old_figure_stays(tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    path.write_text("the old figure", encoding="utf-8")
    figure, axis = style.panels()
    axis.set_title("\U00013000")  # an Egyptian hieroglyph
    with pytest.raises(UserWarning, match=r"Glyph .* missing"):
        style.save(figure, path)
    assert path.read_text(encoding="utf-8") == "the old figure" and [
        file.name for file in tmp_path.iterdir()
    ] == ["figure.svg"]
    assert not plt.get_fignums()


def test_the_same_record_draws_the_same_bytes(tmp_path: Path) -> None:
    module = next(module for module in MODULES if module.__name__.endswith("task_sigmoid"))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        style.save(module.draw(read("sigmoid"), module.TEXT["ja"]), tmp_path / name / "figure.svg")
    assert (tmp_path / "one/figure.svg").read_bytes() == (tmp_path / "two/figure.svg").read_bytes()


@pytest.mark.parametrize("language", languages())
def test_a_figure_in_a_page_follows_the_theme_and_keeps_its_identifiers_to_itself(
    language: str, site: Path
) -> None:
    identifiers: list[str] = []
    for path in sorted((DOCS / language / "figures").glob("*.svg")):
        svg = figures.inline(path, 'what is "seen" <here>')
        assert svg.startswith("<svg") and 'aria-label="what is &quot;seen&quot; &lt;here&gt;"' in svg
        assert not re.search(r"#(d55e00|0072b2|000000|777777|cccccc)\b", svg, re.IGNORECASE)
        assert not re.search(r"font-family|IPAexGothic|DejaVu", svg)
        assert "viewBox" in svg and not re.search(r'<svg[^>]* (width|height)="', svg)
        assert labels(svg) == labels(path.read_text(encoding="utf-8"))
        identifiers += re.findall(r' id="([^"]*)"', svg)
    assert len(identifiers) == len(set(identifiers)), "two figures on one page would share an identifier"

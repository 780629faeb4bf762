"""Every figure is drawn in every language from its record, with words of that language only, or leaves nothing behind."""

import html
import importlib
import json
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from scripts.draw import style
from scripts.pages import figures, typed_numbers
from scripts.project import DOCS, ROOT, SOURCE, languages
from scripts.record import of_pipeline, read
from tests.conftest import Project
from tests.html import elements

MODULES = [
    importlib.import_module(f"scripts.draw.{file.stem}")
    for file in sorted((ROOT / "scripts/draw").glob("task_*.py"))
    if file.stem not in ("task_labs", "task_social")  # no figures of a record
]
# Prints what each figure is said to be drawn from; then runs the source language's drawing tasks with a `read` that keeps what it is asked
# for, and a `save` that writes nothing. In a process of its own, as pytask also collects the tasks of whatever module this one has imported.
PRINT_DRAWINGS = """
import json
from matplotlib import pyplot
from pytask.tree_util import tree_map
from scripts import drawings, record
from scripts.draw import style
from scripts.project import DOCS, SOURCE

read, asked, saved = record.read, [], {}
record.read = lambda topic: asked.append(topic) or read(topic)
def save(figure, path):
    saved[str(path)] = sorted(set(asked))
    pyplot.close(figure)
style.save = save
session, _ = drawings.dry_run(drawings.CONFIG)
drawings.dry_run = lambda config: (session, "")
said = {str(figure): [drawing.code.stem, sorted(drawing.topics)] for figure, drawing in drawings.drawings().items()}
for task in session.tasks:
    if str(DOCS / SOURCE / "figures") in str(task.produces):
        asked.clear()
        task.function(**tree_map(lambda node: node.load(), {**task.depends_on, **task.produces}))
print(json.dumps([said, saved]))
"""
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def labels(svg: str) -> list[str]:
    return [
        html.unescape(re.sub("<[^>]+>", "", text)).strip()
        for text in re.findall(r"<text.*?</text>", svg, re.DOTALL)
    ]


def without(text: str, words: list[str]) -> str:
    """What stays of a label when the words of TEXT are taken away, line by line and around their {fields}."""
    for word in sorted(
        (part.strip() for each in words for part in re.split(r"\n|\{[^}]*\}", each)), key=len, reverse=True
    ):
        text = text.replace(word, " ") if word else text
    return text


@pytest.fixture(scope="module")
def printed(site: Path) -> list[dict[str, list]]:
    return json.loads(Project(ROOT).python(PRINT_DRAWINGS))


@pytest.fixture(scope="module")
def drawn(printed) -> dict[Path, tuple[str, list[str]]]:
    """Every figure of the site, the module that drew it and the records that it is said to be drawn from."""
    return {Path(figure): tuple(of) for figure, of in printed[0].items()}


@pytest.mark.parametrize("language", languages())
def test_a_figure_is_drawn_with_words_of_its_language_only(language: str, drawn) -> None:
    texts = {module.__name__.rpartition(".")[2]: module.TEXT[language] for module in MODULES}
    figures_here = [figure for figure in drawn if figure.parent == DOCS / language / "figures"]
    assert {drawn[figure][0] for figure in figures_here} == set(texts)
    for figure in figures_here:
        name, found = figure.relative_to(ROOT), labels(figure.read_text(encoding="utf-8"))
        assert found, f"{name}: a figure without a word"
        for label in found:
            rest = without(label, list(texts[drawn[figure][0]].values()))
            assert not JAPANESE.search(rest) and not re.search(r"[A-Za-z]{3,}", rest), (
                f"{name}: '{rest}' of '{label}' is not in TEXT['{language}'] of {drawn[figure][0]}"
            )
        assert (language == "ja") == bool(JAPANESE.search("".join(found))), name
        assert not re.search(r"\b(nan|inf)\b", "".join(found)), name
        assert not re.search(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]\.", " ".join(found)), f"{name}: a power of ten whose exponent is no integer"


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
    with pytest.raises(ValueError, match="no font has '\U00013000': write another character"):
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


def test_what_a_figure_is_said_to_be_drawn_from_is_what_its_task_reads(drawn, printed) -> None:
    is_read = {Path(figure): topics for figure, topics in printed[1].items()}
    said = {language: {figure.name: topics for figure, (_, topics) in drawn.items() if figure.parent == DOCS / language / "figures"} for language in languages()}
    assert said[SOURCE] == {figure.name: topics for figure, topics in is_read.items()} and all(said[SOURCE].values())
    assert all(of_language == said[SOURCE] for of_language in said.values())
    assert set(drawn) == set(DOCS.glob("*/figures/*.svg"))


def test_each_figure_on_each_page_says_where_it_comes_from(site: Path) -> None:
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    repository = re.search(r"^repo_url: (\S+)", config, re.MULTILINE)[1]
    code_address = f"{repository}/blob/main/"
    seen = 0
    for page in site.rglob("index.html"):
        article = page.read_text(encoding="utf-8")
        figures_here = [found for tag, found in elements(page, "svg") if found.get("class") == "figure"]
        lines = re.findall(r'<p class="figure__source">(.*?)</p></figcaption>', article)
        assert len(lines) == len(figures_here), page
        for line in lines:
            links = re.findall(r'href="([^"]+)"', line)
            code = [link.removeprefix(code_address) for link in links if link.startswith(code_address)]
            data = [link for link in links if not link.startswith(code_address)]
            assert data and all((page.parent / link).is_file() for link in data), line
            measured = ["scripts" if Path(link).stem not in of_pipeline() else "measure" for link in data]
            assert [Path(file).parent.name for file in code] == [*measured, "draw"], line
            assert all((ROOT / file).is_file() for file in code), line
            for link, facts in zip(data, re.findall(r"\(([^<]*)", line), strict=True):
                provenance = json.loads((page.parent / link).read_text(encoding="utf-8"))["provenance"]
                year, _, day = provenance["date"].split("-")
                assert {year, day.lstrip("0")} <= set(re.findall(r"[1-9]\d*", facts)), line
                seeds, seconds = len(provenance.get("seeds", [])), round(provenance["seconds"])
                assert re.search(rf"\b{seeds} (seeds|シード)" if seeds else "no seeds|シードなし", facts), line
                assert seconds < 1 or re.search(rf"\b{seconds:,} (sec|秒)", facts), line
            seen += 1
    assert seen == len(list(DOCS.glob("*/figures/*.svg")))

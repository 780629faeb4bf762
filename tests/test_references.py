"""Papers, what is quoted from them, and where pages and snippets cite them."""

import re
from math import comb
from pathlib import Path

import pytest

from scripts.pages import claims, hooks, references, values
from scripts.project import DOCS, SNIPPETS, languages
from tests.html import elements
from tests.test_pages import built

# Typed from the papers a second time.
PRINTED = {
    "he2015.test_error_20": "8.75%",
    "he2015.test_error_32": "7.51%",
    "he2015.test_error_44": "7.17%",
    "he2015.test_error_56": "6.97%",
    "he2015.test_error_110": "6.43%",
    "he2015.test_error_1202": "7.93%",
    "he2015.train_error_1202": "0.1%",
    "he2016.test_error_1001_original": "7.61%",
    "he2016.test_error_1001": "4.92%",
    "li2018.learning_rate": "0.1",
    "li2018.learning_rate_deep_without_shortcuts": "0.01",
    "li2018.test_error_56": "5.89%",
    "li2018.test_error_56_without_shortcuts": "13.31%",
    "li2018.test_error_56_without_shortcuts_8_times_as_wide": "8.70%",
    "veit2016.blocks": "54",
    "veit2016.shortest": "5",
    "veit2016.longest": "17",
    "veit2016.share_of_paths": "0.45%",
}


def test_published_figures_are_as_typed_a_second_time() -> None:
    """The numbers of parameters have a better test: the nets themselves, in test_convnets.py."""
    counted = {name for name in references.published() if name.startswith("he2015.parameters_")}
    assert {
        name: references.figure(name) for name in references.published() if name not in counted
    } == PRINTED


def test_veit_et_als_share_is_that_of_the_binomial_distribution() -> None:
    blocks, shortest, longest = (
        int(references.figure(f"veit2016.{name}")) for name in ("blocks", "shortest", "longest")
    )
    share = sum(comb(blocks, length) for length in range(shortest, longest + 1)) / 2**blocks
    assert f"{share:.2%}" == references.figure("veit2016.share_of_paths")
    measured = values.record("paths")["settings"]
    assert (measured["blocks"], measured["shortest"], measured["longest"]) == (blocks, shortest, longest)


@pytest.mark.parametrize("language", languages())
def test_every_published_figure_is_quoted_says_what_it_is_and_where_it_stands(language: str) -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (DOCS / language).glob("*.md"))
    quoted = re.findall(r"\{\{ published\.([\w.]+) \}\}", pages)
    for name, figure in references.published().items():
        assert name.partition(".")[0] in references.papers(), name
        assert name in quoted, f"no page of {language} quotes {name}"
        assert figure["what"][language]
        assert re.fullmatch(r"\d+(\.\d+)?[%M]?", references.figure(name)), name
        for part in re.split(", |、", references.where(figure["where"], language)):
            assert re.fullmatch(r"(table|figure|section) [\d.]+|[表図] \d+|[\d.]+ 節", part), name


def test_every_paper_is_cited_and_every_citation_in_code_is_a_paper() -> None:
    in_code = references.cited_in_code()
    assert set(in_code) <= set(references.papers()), "a docstring cites what docs/references.bib lacks"
    for language in languages():
        cited = set(hooks._citing(DOCS / language, language)) | set(in_code)
        assert set(references.papers()) == cited


def test_the_paper_of_a_claim_is_one() -> None:
    assert {claim["paper"] for claim in claims.claims().values() if "paper" in claim} <= set(
        references.papers()
    )


def test_citations_in_code_are_found_by_title_before_name() -> None:
    found = {key: {path.name for path in paths} for key, paths in references.cited_in_code().items()}
    assert "identity_fit.py" in found["he2015"] and "identity_fit.py" not in found["he2016"]
    assert "initialisation.py" in found["he2015b"] and "initialisation.py" not in found["he2015"]
    assert found["veit2016"] == {"paths.py", "lesion.py"}
    for path in SNIPPETS.glob("*.py"):  # authors and years by another reading than the module's
        text = path.read_text(encoding="utf-8")
        for name, year in re.findall(r"([A-Z][a-z]+) et al\.? ?,? ?\(?(\d{4})", text):
            keys = [
                key for key, files in found.items() if path.name in files and key.startswith(name.lower())
            ]
            assert keys, f"{path.name}: {name} {year}"


def test_a_citation_in_code_without_an_entry_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.py").write_text('"""Nobody & Other 2031, "On nothing", eq. 1."""\n', encoding="utf-8")
    monkeypatch.setattr(references, "SNIPPETS", tmp_path)
    assert set(references.cited_in_code()) == {"Nobody 2031"}


def test_a_key_is_the_first_authors_name_and_the_year() -> None:
    for key, paper in references.papers().items():
        name = re.sub(r"[^a-zà-ÿ]", "", "".join(paper.persons["author"][0].last_names).lower())
        assert re.fullmatch(rf"{name}{paper.fields['year']}[b-z]?", key), key


@pytest.mark.parametrize(
    ("key", "form", "en", "ja"),
    [
        ("he2015", "citet", "He et al. (2015)", "He ら(2015)"),
        ("he2015b", "citep", "(He et al., 2015b)", "(He ら、2015b)"),
        ("he2016", "citeauthor", "He et al.", "He ら"),
        ("ioffe2015", "citet", "Ioffe and Szegedy (2015)", "Ioffe と Szegedy(2015)"),
        ("pearlmutter1994", "citep", "(Pearlmutter, 1994)", "(Pearlmutter、1994)"),
    ],
)
def test_a_citation_names_the_authors_in_the_pages_language(key: str, form: str, en: str, ja: str) -> None:
    assert (references.label(key, form, "en"), references.label(key, form, "ja")) == (en, ja)
    assert references.cite(f"{form} {key}", "en").startswith(f"[{en}](references.md#{key}){{.citation title=")


@pytest.mark.parametrize("language", languages())
def test_the_page_of_references_has_every_paper_and_figure(site: Path, language: str) -> None:
    page = built(DOCS / language / "references.md", site)
    ids = {attributes.get("id") for _, attributes in elements(page, article=True)}
    assert set(references.papers()) <= ids
    assert {f"published.{name}" for name in references.published()} <= ids
    html = page.read_text(encoding="utf-8")
    assert "bibtex" in html.lower() and "Master" not in html and "None" not in html
    assert "table 6" in html if language == "en" else "表 6" in html


@pytest.mark.parametrize("language", languages())
def test_a_quoted_number_leads_to_its_row(site: Path, language: str) -> None:
    page = built(DOCS / language / "loss_landscape.md", site)
    links = [attributes["href"] for tag, attributes in elements(page, "a", article=True)]
    assert "../references/#published.li2018.test_error_56" in links and "../references/#li2018" in links

"""Pages against their twins, the records, their own sources and the built site."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import jupytext
import numpy as np
import pytest
from mkdocs.config import load_config
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from scripts.draw import task_labs
from scripts.pages import claims, hooks, labs, ledger, parity, remembered, typed_numbers, values
from scripts.pages.source import PageError, parts, replace_braces
from scripts.project import DOCS, SOURCE, languages
from scripts.record import centre, exact, sampled, topics, write
from tests.html import elements

PAGES = sorted(DOCS.rglob("*.md"))
LABS = sorted(DOCS.glob("*/labs/*.py"))
CHAPTERS = ("learning", "vanishing_gradients")


def name(path: Path) -> str:
    return str(path.relative_to(DOCS))


def built(source: Path, site: Path) -> Path:
    """The page of the built site that a Markdown file or a lab became."""
    language, *rest = source.relative_to(DOCS).with_suffix("").parts
    folder = site.joinpath(*([] if language == SOURCE else [language]), *rest)
    return folder.parent / "index.html" if folder.name == "index" else folder / "index.html"


def test_the_site_has_its_pages_in_both_languages(site: Path) -> None:
    assert {"en", "ja"} <= set(languages())
    for chapter in ("index", *CHAPTERS):
        assert (DOCS / "ja" / f"{chapter}.md").exists()
    pages = {str(page.relative_to(site)) for page in site.rglob("*.html")} - {"404.html", *(f"{language}/404.html" for language in languages())}
    by_language = {
        language: {page.removeprefix(f"{language}/") for page in pages if page.startswith(f"{language}/")} for language in languages()
    }
    ours = {page for page in pages if page.partition("/")[0] not in languages()}
    assert all(found == ours for language, found in by_language.items() if language != SOURCE)
    for source in PAGES + LABS:
        assert built(source, site).exists(), name(source)


def test_both_languages_hold_the_same_headings_formulas_figures_values_and_code() -> None:
    parity.check_all()


def test_no_page_types_a_number_that_a_record_holds() -> None:
    typed_numbers.check_all()


MAXIMUM, TENTH = "sigmoid.derivative_max", "sigmoid.quarter_power"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("at most 0.25 a layer", MAXIMUM),
        ("最大0.25です", MAXIMUM),
        ("at most 25.0 % of it", MAXIMUM),
        (r"$\sigma' \le 0.25$", MAXIMUM),
        (r"$9.54 \times 10^{-7}$", TENTH),
        ("about 9.537 × 10⁻⁷", TENTH),
        ("about 9.5367e-7", TENTH),
        ("1,437 images", "early_layers_10_adam.images"),
        ("1437枚", "early_layers_10_adam.images"),
        (f"{{{{ {TENTH} | .2g }}}} is 9.5 × 10⁻⁷", TENTH),
        ("a layer keeps {} of it", "gradient_norms.factor_sigmoid_xavier_64"),
        ("誤り率は 7.93% でした", "published.he2015.test_error_1202"),
        (r"$4.92\,\%$ or 4.92 %", "published.he2016.test_error_1001"),
    ],
)
def test_a_typed_number_is_found(text: str, found: str) -> None:
    written = text.format(f"{values.lookup(found).number:.4f}") if "{}" in text else text
    assert found in [value for _, _, value in typed_numbers.find(written)]


@pytest.mark.parametrize(
    "text",
    [
        "{{ sigmoid.derivative_max }}",
        "`0.25`",
        "```python\nx = 0.25\n```",
        "[so](0.25.md)",
        '<span id="0.25">so</span>',
        "## Title { #at-0.25 }",
        "He et al. 2015",
        "arXiv:1512.03385",
        "ResNet-1437 and v0.25",
        "25 of 4",
        "81.7 of it",
    ],
)
def test_what_is_no_number_of_a_record_is_left_alone(text: str) -> None:
    assert list(typed_numbers.find(text)) == []


def test_a_typed_number_is_reported_with_its_place_and_the_name_to_write(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title { #title }\n\nIt is 0.25 there.\n", encoding="utf-8")
    with pytest.raises(PageError, match=rf"page\.md:3: the number 0\.25 .* write \{{\{{ {MAXIMUM} \}}\}}"):
        typed_numbers.check(page)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_value_and_claim_of_a_page_resolves(page: Path) -> None:
    def resolve(inside: str, context: str, position: int) -> str:
        word, _, identifier = inside.partition(" ")
        if word in ("claim", "mark"):
            return replace_braces(claims.render(identifier, page.parent.name, "https://host/owner/name"), resolve)
        return "" if word in ("all", "interactive") else hooks._value(inside, context, page.parent.name)

    rendered = replace_braces(page.read_text(encoding="utf-8"), resolve)
    assert not re.search(r"\bnan\b|\binf\b", re.sub(r"\{\.value[^}]*\}", "", rendered))


def test_chapters_1_and_2_answer_claims_3_to_11_in_place() -> None:
    text = "".join((DOCS / "ja" / f"{chapter}.md").read_text(encoding="utf-8") for chapter in CHAPTERS)
    answered = {
        str(claims.claims()[identifier]["number"])
        for identifier in re.findall(r"\{\{ claim ([\w-]+) \}\}", text)
    }
    assert {str(number) for number in range(3, 12)} <= answered


def test_no_brace_reaches_the_reader(site: Path) -> None:
    for source in PAGES:
        article = re.search(
            r"<article.*</article>", built(source, site).read_text(encoding="utf-8"), re.DOTALL
        )[0]
        assert not re.search(r"\{\{|\}\}|--8&lt;--|--8<--|<p>(?:!!!|///|\?\?\?)", re.sub(r'data-tex="[^"]*"', "", article)), name(
            source
        )


@pytest.mark.parametrize("source", PAGES, ids=name)
def test_a_page_holds_as_many_formulas_as_its_source(source: Path, site: Path) -> None:
    def claim(inside: str, context: str, _: int) -> str:
        word, _, identifier = inside.partition(" ")
        boxes = {"claim": [identifier], "mark": [identifier], "all": claims.claims() if identifier == "claims" else []}
        shown = boxes.get(word, [])
        return "".join(claims.render(one, source.parent.name, "https://h/o/n") for one in shown) or "1"

    whole = replace_braces(source.read_text(encoding="utf-8"), claim)
    written = [part for part in parts(whole) if part.lastgroup in ("display", "inline")]
    typeset = list(elements(built(source, site), "mjx-container", article=True))
    assert len(typeset) == len(written)
    assert sum("display" in attributes for _, attributes in typeset) == sum(
        part.lastgroup == "display" for part in written
    )


def test_links_and_anchors(host, site: Path) -> None:
    pages = [str(page) for page in site.rglob("*.html") if page.name != "404.html"]
    lychee = Path(sys.executable).parent / "lychee"
    options = [
        "--offline",
        "--include-fragments",
        "--index-files",
        "index.html",
        "--no-progress",
        "--root-dir",
        str(host.root),
    ]
    checked = subprocess.run([lychee, *options, *pages], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_image_says_what_is_seen(site: Path) -> None:
    for page in site.rglob("index.html"):
        japanese = page.relative_to(site).parts[0] not in languages()
        for _, image in elements(page, "img", "svg", article=True):
            if image.get("role") != "img" and "alt" not in image:
                assert "figure" not in image.get("class", ""), f"{page}: a figure without role and text"
                continue  # an icon beside its words
            text = image.get("aria-label", image.get("alt", ""))
            assert len(text) >= (25 if japanese else 50), (
                f"{page.relative_to(site)}: '{text}' does not say what is seen"
            )
            assert not japanese or re.search(r"[ぁ-んァ-ン]", text), (
                f"{page.relative_to(site)}: '{text}' is not Japanese"
            )


def test_no_page_names_another_host_for_what_it_loads(site: Path) -> None:
    def is_foreign(address: str) -> bool:
        return bool(urlsplit(address).netloc)

    for page in site.rglob("*.html"):
        for tag, attributes in elements(page):
            loaded = [attributes.get(key, "") for key in ("src", "poster", "data")] + attributes.get(
                "srcset", ""
            ).split()
            if tag == "link" and attributes.get("rel") not in (
                "canonical",
                "alternate",
                "prev",
                "next",
                "edit",
            ):
                loaded.append(attributes.get("href", ""))
            if tag in ("image", "use"):
                loaded += [attributes.get("href", ""), attributes.get("xlink:href", "")]
            assert not [address for address in loaded if is_foreign(address)], (
                f"{page.relative_to(site)}: <{tag}> {attributes}"
            )
        assert not re.search(r"@import|url\(\s*[\"']?(https?:)?//", page.read_text(encoding="utf-8")), page
    for style in site.rglob("*.css"):
        loaded = re.findall(
            r"@import\s+[\"']([^\"']+)|url\(\s*[\"']?([^\"')]+)", style.read_text(encoding="utf-8")
        )
        assert not [address for pair in loaded for address in pair if is_foreign(address)], style


def test_each_chapter_has_a_lab_in_both_languages() -> None:
    for language in languages():
        assert {lab.stem for lab in LABS if lab.parent.parent.name == language} >= {
            *CHAPTERS,
            "degradation",
            "residual_learning",
            "thousand_layers",
            "loss_landscape",
        }


@pytest.mark.parametrize("lab", [lab for lab in LABS if "ja" in lab.parts], ids=name)
def test_labs_share_their_code_exactly(lab: Path) -> None:
    def cells(language: str) -> list[tuple[str, str]]:
        notebook = jupytext.read(DOCS / language / "labs" / lab.name)
        return [(cell.cell_type, cell.source if cell.cell_type == "code" else "") for cell in notebook.cells]

    assert cells("ja") == cells("en")


@pytest.mark.parametrize("lab", LABS, ids=name)
def test_a_lab_is_a_page(lab: Path, site: Path) -> None:
    page = built(lab, site)
    html = page.read_text(encoding="utf-8")
    assert '"nbformat"' not in html and '"cell_type"' not in html
    assert 'class="jp-' in html or "jp-Cell" in html
    assert not re.search(r"jp-\w*Prompt|jp-Collapser|clipboard-copy", html), "the search would find what no reader sees"
    headings = [attributes for _, attributes in elements(page, "h1", "h2", "h3", article=True)]
    assert headings and all(heading.get("id") for heading in headings)
    assert len({heading["id"] for heading in headings}) == len(headings)
    assert len(html) < 400_000  # not the 600 kB of style that each notebook brings
    downloads = [link["href"] for _, link in elements(page, "a") if link.get("href", "").endswith(".ipynb")]
    assert any((page.parent / link).is_file() for link in downloads if not urlsplit(link).netloc), (
        "a lab can be downloaded"
    )


@pytest.mark.parametrize("lab", LABS, ids=name)
def test_a_lab_ran_and_imports_the_snippets(lab: Path, site: Path) -> None:
    notebook = json.loads(lab.with_suffix(".ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in code)
    assert not [output for cell in code for output in cell["outputs"] if output["output_type"] == "error"]
    assert any("from snippets" in "".join(cell["source"]) for cell in code)
    colab = [link["href"] for _, link in elements(built(lab, site), "a") if "colab" in link.get("href", "")]
    linked = [
        link["href"]
        for page in lab.parent.parent.glob("*.md")
        for _, link in elements(built(page, site), "a")
    ]
    assert colab or any("colab" in href and lab.stem in href for href in linked), (
        "a lab can be opened in Colab"
    )


def test_the_list_of_values_leaves_an_unknown_one_to_the_page_that_uses_it() -> None:
    listed = values.table(["sigmoid.derivative_max", "sigmoid.derivative_maxx", "sigmod.derivative_max"], "en", "repository", "data/")
    assert re.findall(r'<code id="([^"]*)"', listed) == ["sigmoid.derivative_max"]


def test_the_list_of_values_holds_what_is_compared_and_says_how_many_seeds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    records(monkeypatch, tmp_path)
    (tmp_path / "page.md").write_text("It is {{ compare seeds.low seeds.high | .2g }} there.", encoding="utf-8")
    monkeypatch.setattr(claims, "claims", dict)
    used = hooks._used_values(tmp_path, "en")
    assert used == ["seeds.high", "seeds.low"]
    rows = dict(re.findall(r'<code id="seeds\.(\w+)">.*? \| (.*) \|\n', values.table([*used, "seeds.some", "seeds.share", "seeds.quarter", "seeds.settings.depth"], "en", "r", "d/") + "\n"))
    assert rows["low"] == '<span class="nowrap">0.500 ± 0.067</span> | n = 10 seeds'
    assert rows["some"].endswith("| the n = 2 of 3 seeds that did not diverge")
    assert rows["share"].endswith("| n = 10 seeds (a share of 360 images, binomial error 0.026)")
    assert rows["quarter"].endswith("| closed form or deterministic")
    japanese = values.table(["seeds.some", "seeds.share"], "ja", "r", "d/")
    assert "| 乱数シード 3 個のうち、発散しなかった n = 2 個 |" in japanese and "| 乱数シード n = 10 個(画像 360 枚のうちの割合。二項分布の誤差 0.026) |" in japanese


def records(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A folder whose one record has values of each kind."""
    seeds = np.linspace(-1, 1, 10)
    measured = {
        "quarter": exact(0.25),
        "low": sampled(0.5 + 0.1 * seeds),
        "high": sampled(0.75 + 0.1 * seeds),
        "wider": sampled(np.append(0.5 + 0.2 * seeds, 0.5)),
        "share": sampled(0.5 + 0.1 * seeds, images=360),
        "norm": sampled(0.43 * np.exp(0.6 * seeds), log=True),
        "norm_high": sampled(2.1 * 0.43 * np.exp(0.6 * seeds), log=True),
        "exactly": sampled(330 * np.exp(0.03 * seeds), log=True),
        "wide": sampled(2e-7 * np.exp(4 * seeds), log=True),
        "tiny": sampled(4e-6 + 5e-7 * seeds),
        "constant": sampled([1.0] * 10),
        "some": sampled([0.1, None, 0.3]),
        "lost": sampled([None, None]),
    }
    whole = {"provenance": {"date": "2026-01-01"}, "settings": {"depth": 56}, "orderings": [], "measurements": measured}
    write(folder / "seeds.json", whole)
    for module in (values, hooks):
        monkeypatch.setattr(module, "topics", lambda folder=folder: ["seeds"])
    for function in (values.lookup, values.sample, values.difference, values.record, values.names):
        monkeypatch.setattr(function, "__defaults__", (folder,))


@pytest.mark.parametrize(
    ("inside", "en", "ja"),
    [
        ("seeds.quarter", "0.25", None),
        ("seeds.low", "0.500 ± 0.067", None),
        ("seeds.tiny", "(4.00 ± 0.34) × 10⁻⁶", None),
        ("seeds.norm", "0.43 ×/÷ 1.5", None),  # exp(0.6 · 0.6728)
        ("seeds.exactly", "330 ×/÷ 1.02", None),
        ("seeds.wide", "2.0 × 10⁻⁷ (3.7 × 10⁻⁹–1.1 × 10⁻⁵)", None),
        ("seeds.constant", "1", None),
        ("seeds.norm | .3g", "0.43", None),
        ("seeds.norm.mean", "0.43", None),
        ("seeds.norm.factor", "1.5", None),
        ("seeds.norm.median", "0.431", None),
        ("seeds.norm.low | .3f", "0.322", None),
        ("seeds.norm.high | .3f", "0.574", None),
        ("seeds.low.sd", "0.0673", None),
        ("seeds.low.n", "10", None),
        ("seeds.some.n", "2", None),
        ("seeds.lost.n", "0", None),
        ("seeds.low.low", "0.452", None),
        ("seeds.low.high", "0.548", None),
        ("seeds.share.binomial | .1%", "2.6%", None),
        ("compare seeds.low seeds.high", "larger by 0.25 (95 % interval 0.19 to 0.31, n = 10 each, rank test p < 0.001)", "0.25 大きい値(95 % 信頼区間 0.19〜0.31、各 n = 10、順位検定 p < 0.001)"),
        ("compare seeds.high seeds.low", "smaller by 0.25 (95 % interval 0.19 to 0.31, n = 10 each, rank test p < 0.001)", "0.25 小さい値(95 % 信頼区間 0.19〜0.31、各 n = 10、順位検定 p < 0.001)"),
        ("compare seeds.high seeds.low | .1%", "smaller by 25.0% (95 % interval 18.7% to 31.3%, n = 10 each, rank test p < 0.001)", "25.0% 小さい値(95 % 信頼区間 18.7%〜31.3%、各 n = 10、順位検定 p < 0.001)"),
        ("compare seeds.low seeds.wider", "larger by 0.00 (95 % interval −0.09 to 0.09, n = 10 and 11, rank test p = 1)", "0.00 大きい値(95 % 信頼区間 −0.09〜0.09、n = 10 と 11、順位検定 p = 1)"),
        ("compare seeds.norm seeds.norm_high", "2.1 times as large (95 % interval 1.4 to 3.1, n = 10 each, rank test p = 0.0015)", "2.1 倍(95 % 信頼区間 1.4〜3.1、各 n = 10、順位検定 p = 0.0015)"),
        ("compare seeds.norm_high seeds.norm", "0.48 times as large (95 % interval 0.33 to 0.70, n = 10 each, rank test p = 0.0015)", "0.48 倍(95 % 信頼区間 0.33〜0.70、各 n = 10、順位検定 p = 0.0015)"),
    ],
)
def test_a_value_is_written_with_its_spread(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inside: str, en: str, ja: str | None) -> None:
    records(monkeypatch, tmp_path)
    assert values.said(inside, "brace", "en") == values.said(inside, "image", "en") == en
    assert values.said(inside, "brace", "ja") == (ja or en)
    assert values.said(inside, "brace", "fr") == re.sub(r"(?<=\d)\.(?=\d)", ",", en)


def test_a_number_in_a_formula_is_tex(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    records(monkeypatch, tmp_path)
    assert values.said("seeds.norm", "inline", "en") == r"0.43 \mathbin{{\times}/{\div}} 1.5"
    assert values.said("seeds.low", "display", "en") == r"0.500 \pm 0.067"


def test_what_is_compared_links_to_the_list_of_values(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    records(monkeypatch, tmp_path)
    link, _, details = hooks._value("compare seeds.low seeds.high | .2g", "brace", "en").partition("}")
    assert link == '[larger by 0.25](values.md#seeds.low){.value title="compare seeds.low seeds.high"'
    assert details == " (95 % interval 0.19 to 0.31, n = 10 each, rank test p &lt; 0.001)"
    claim = {"reason": {"en": "It is {{ compare seeds.low seeds.high }}."}}
    assert ledger._plain(claim["reason"]["en"], "en").startswith("It is larger by 0.25 (95 % interval")


@pytest.mark.parametrize("topic", topics())
def test_no_logarithmic_quantity_has_a_plus_minus_nor_a_linear_one_a_factor(topic: str) -> None:
    for name, measurement in values.record(topic)["measurements"].items():
        if measurement["kind"] == "sampled" and np.ndim(centre(measurement)) == 0 and np.isfinite(centre(measurement)):
            written = values.text(values.lookup(f"{topic}.{name}"), "", "en")
            assert not re.search("±" if measurement["scale"] == "log" else "÷|–", written), f"{topic}.{name}: {written}"


def test_a_lab_takes_from_its_twin_only_what_the_same_code_printed() -> None:
    def notebook(code: str) -> NotebookNode:
        return new_notebook(cells=[new_markdown_cell("words"), new_code_cell(code)])

    ran, same, other = notebook("print(1)"), notebook("print(1)"), notebook("print(2)")
    ran.metadata["language_info"] = {"name": "python"}
    ran.cells[1].update(outputs=[new_output("stream", text="1\n")], execution_count=7)
    assert task_labs.take(ran, same) and not task_labs.take(ran, other)
    assert same.cells[1].outputs == ran.cells[1].outputs and same.cells[1].execution_count == 7
    assert same.metadata.language_info == ran.metadata.language_info
    assert other.cells[1].outputs == [] and other.cells[1].execution_count is None


def test_labs_headings_keep_ids_of_their_own() -> None:
    html = '<h1 id="">勾配<a class="anchor-link" href="#">¶</a></h1><style>x</style><script src=""></script><h2 id="">二</h2>'
    tidied = labs.tidy(html, "ja/labs/x.ipynb", "ja", "https://example.org/owner/name")
    assert re.findall(r'id="([^"]+)"', tidied) == ["section-1", "section-2"]
    assert "<style" not in tidied and "<script" not in tidied and "anchor-link" not in tidied
    assert [heading["id"] for heading in labs.contents(tidied)] == ["section-1"]


def test_japanese_lines_join_without_a_space_and_lists_stay_lists() -> None:
    assert hooks._without_breaks_between_characters("学習が\n進む。\nRe") == "学習が進む。Re"
    listed = "次の二つです。\n1. 一つ目。\n2. 二つ目。\n- 三つ目。"
    assert hooks._without_breaks_between_characters(listed) == listed


def test_a_page_that_did_not_change_is_rendered_once_but_a_wrong_link_is_said_each_time(tmp_path: Path, caplog) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: x\nplugins: []", encoding="utf-8")
    (tmp_path / "docs").mkdir()
    config = load_config(str(tmp_path / "mkdocs.yml"))
    contents = []
    for text in ("[to b](b.md#there)", "[to b](b.md#there)", "[to c](c.md)", "[to c](c.md)"):
        files = Files([File(name, "docs", "site", True) for name in ("a.md", "b.md")])
        page = Page(None, files.get_file_from_path("a.md"), config)
        page.markdown = text
        page.render = remembered.page(page, lambda markdown: [])
        page.render(config, files)
        contents.append(page.content)
        assert page.links_to_anchors == ({files.get_file_from_path("b.md"): {"there": "b.md#there"}} if "to b" in text else {})
    assert contents[0] is contents[1] == '<p><a href="../b/#there">to b</a></p>'
    assert [record.message for record in caplog.records] == [caplog.records[0].message] * 2

"""Each mistake gets one clear error that says where it is and what to do, stops with a non-zero exit, and leaves nothing half-written."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts import browser as browser_program
from scripts.drawings import Drawing
from scripts.frontend import node
from scripts.pages import formulas, hooks, parity
from scripts.pages.source import PageError
from scripts.project import DOCS

CONFIG = SimpleNamespace(repo_url="https://host/owner/name")


@pytest.fixture
def page(tmp_path: Path):
    """A page of the English site from its Markdown, as MkDocs hands it to the hooks."""

    def make(markdown: str) -> SimpleNamespace:
        (tmp_path / "figures").mkdir(exist_ok=True)
        (tmp_path / "page.md").write_text(f"---\ntitle: T\n---\n{markdown}", encoding="utf-8")
        file = SimpleNamespace(src_uri="page.md", abs_src_path=str(tmp_path / "page.md"), locale="en")
        return SimpleNamespace(file=file, url="page/")

    return make


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (
            "{{ sigmoid.derivative_maxx }}",
            r"unknown value 'sigmoid\.derivative_maxx'; the nearest known: sigmoid\.derivative_max\b",
        ),
        (
            "$x = {{ sigmod.derivative_max }}$",
            r"unknown value 'sigmod\.derivative_max': no record docs/data/sigmod\.json; the nearest .*sigmoid\.",
        ),
        ("{{ sigmoid.z }}", r"unknown value 'sigmoid\.z'"),
        ("{{ gradient_norms.factor_relu_he_64.mode }}", r"'mode' is none of mean, sd, factor, min, max, median, n, low, high, binomial"),
        ("{{ spirals.loss_plain_40.sd }}", r"it is measured on a log scale: write \.factor"),
        ("{{ degradation_plain.test_error_56.factor }}", r"it is measured on a linear scale: write \.sd"),
        ("{{ gradient_norms.factor_relu_he_64.binomial }}", r"the record does not say how many images were counted: give sampled\(…, images=…\)"),
        ("{{ compare sigmoid.derivative_max }}", r"'compare sigmoid\.derivative_max' is no comparison: write \{\{ compare topic\.a topic\.b \}\}"),
        ("{{ compare degradation_plain.final_loss_20 degradation_plain.final_los_56 }}", r"unknown value 'degradation_plain\.final_los_56'; the nearest known: degradation_plain\.final_loss_56\b"),
        ("{{ compare degradation_plain.final_loss_20.mean degradation_plain.final_loss_56 }}", r"'degradation_plain\.final_loss_20\.mean' is not what each of several seeds gave: write topic\.measurement, without"),
        ("{{ compare degradation_plain.final_loss_20 degradation_plain.test_error_20 }}", r"cannot be compared: one is measured on a log scale, the other on a linear one"),
        ("$x = {{ compare degradation_plain.final_loss_20 degradation_plain.final_loss_56 }}$", r"stands in a formula, and its words belong in a sentence"),
        ("{{ citet he2105 }}", r"unknown paper 'he2105'; the nearest known: he2015\b.*; see docs/references\.bib"),
        ("{{ citep }}", r"'citep' is no citation: write \{\{ citep key \}\}"),
        (
            "{{ published.he2015.test_error_1203 }}",
            r"unknown value 'published\.he2015\.test_error_1203'; the nearest known: published\.he2015\.test_error_\d+.*; "
            r"see docs/published\.yml",
        ),
        ("{{ claim sigmoid-maximun }}", r"unknown claim 'sigmoid-maximun'; .*; see docs/claims\.yml"),
        ("{{ interactive backwards_product }}", r"no interactive 'backwards_product'; the nearest known: backward_product\b"),
        (
            '```python\n--8<-- "snippets/activations.py:sigmiod"\n```',
            r"snippets/activations\.py has no section 'sigmiod'; the nearest known: sigmoid",
        ),
        (
            '```python\n--8<-- "snippets/activation.py:relu"\n```',
            r"no file 'snippets/activation\.py' .* nearest known: snippets/activations\.py",
        ),
        ("![A curve](figures/sigmod.svg)", r"no figure 'figures/sigmod\.svg'"),
    ],
)
def test_an_unknown_name_stops_with_file_line_and_the_nearest_names(page, mistake: str, message: str) -> None:
    markdown = f"# Title {{ #title }}\n\nSome text.\n\n{mistake}\n"
    line = 8 + mistake.startswith("```")
    with pytest.raises(PageError, match=rf"page\.md:{line}: .*{message}"):
        hooks.on_page_markdown(
            markdown.rstrip(), page(markdown), CONFIG, None
        )  # mkdocs-static-i18n drops the last newline


@pytest.mark.parametrize(
    ("topics", "caption", "message"),
    [
        ((), "/// caption\nLook.\n///", r"no record behind 'figures/f\.svg'.* a parameter `record: Path"),
        (None, "/// caption\nLook.\n///", r"no record behind 'figures/f\.svg'"),
        (("sigmoid",), "Text.", r"'figures/f\.svg' has no caption: write one right below it"),
    ],
)
def test_a_figure_without_a_record_or_a_caption_stops_with_file_and_line(
    page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, topics, caption: str, message: str
) -> None:
    markdown = f"# Title {{ #title }}\n\n![A curve](figures/f.svg)\n{caption}\n"
    built = page(markdown)
    figure = tmp_path / "figures/f.svg"
    figure.write_text("<svg/>", encoding="utf-8")
    known = {} if topics is None else {figure.resolve(): Drawing(Path("scripts/draw/task_f.py"), topics)}
    monkeypatch.setattr(hooks, "drawings", lambda: known)
    with pytest.raises(PageError, match=rf"page\.md:6: {message}"):
        hooks.on_page_markdown(markdown.rstrip(), built, CONFIG, None)


def test_a_correct_page_passes(page) -> None:
    markdown = '{{ sigmoid.derivative_max }}\n\n`{{ nothing }}`\n\n```python\n--8<-- "snippets/activations.py:sigmoid"\n```\n'
    assert "[0.25](values.md#sigmoid.derivative_max)" in hooks.on_page_markdown(
        markdown, page(markdown), CONFIG, None
    )


@pytest.fixture(scope="module")
def mathjax(site: Path) -> Iterator[formulas.MathJax]:
    assert (node.HERE / "node_modules").exists()
    process = formulas.MathJax()
    yield process
    process.close()


@pytest.mark.parametrize("tex", [r"\frac{1}{2", r"\sigmaa(z)", r"x^2^3", r"\begin{aligned} x"])
def test_a_formula_that_mathjax_rejects_stops_with_file_and_line(
    page, mathjax, monkeypatch: pytest.MonkeyPatch, tex: str
) -> None:
    monkeypatch.setattr(hooks, "_mathjax", mathjax)
    made = page(f"# Title {{ #title }}\n\nAs ${tex}$ says.\n")
    with pytest.raises(
        PageError, match=rf"page\.md:6: MathJax rejects the formula \${re.escape(tex)}\$: \w+"
    ):
        hooks.on_page_content(
            f'<p>As <span class="arithmatex">\\({tex}\\)</span> says.</p>', made, CONFIG, None
        )
    typeset = hooks.on_page_content('<p><span class="arithmatex">\\(x^2\\)</span></p>', made, CONFIG, None)
    assert "<mjx-container" in typeset, "the process goes on after a mistake"


@pytest.fixture
def twins(tmp_path: Path):
    """Two languages' pages in a folder of their own."""

    def make(ja: str | None, en: str | None) -> Path:
        for language, text in (("ja", ja), ("en", en)):
            (tmp_path / "docs" / language).mkdir(parents=True)
            if text is not None:
                (tmp_path / "docs" / language / "page.md").write_text(text, encoding="utf-8")
        return tmp_path / "docs"

    return make


JA = "# 題 { #title }\n\n式 $x^2$ と {{ sigmoid.derivative_max }}。\n\n## 節 { #part }\n\n![図](figures/sigmoid.svg)\n"
EN = "# Title { #title }\n\nA formula $x^2$ and {{ sigmoid.derivative_max }}.\n\n## Part { #part }\n\n![F](figures/sigmoid.svg)\n"


def test_twins_pass(twins) -> None:
    parity.check("ja", "en", twins(JA, EN))


@pytest.mark.parametrize(("ja", "en", "here", "twin"), [(JA, None, "ja", "en"), (None, EN, "en", "ja")])
def test_a_page_in_one_language_only_is_named(
    twins, ja: str | None, en: str | None, here: str, twin: str
) -> None:
    with pytest.raises(
        PageError,
        match=rf"docs/{here}/page\.md:1: this page has no twin: write docs/{twin}/page\.md, or remove it",
    ):
        parity.check("ja", "en", twins(ja, en))


@pytest.mark.parametrize(
    ("old", "new", "line", "named"),
    [
        ("## Part { #part }", "### Part { #part }", 5, "heading ## #part"),
        ("## Part { #part }", "## Part { #other }", 5, "heading ## #other"),
        ("## Part { #part }", "## Part", 5, "heading without"),
        ("## Part { #part }\n\n", "", 5, "heading ## #part"),
        ("$x^2$", "$x^3$", 3, r"formula \$x\^3\$"),
        ("$x^2$", "$x^2$ $y$", 3, r"formula \$y\$"),
        ("derivative_max", "quarter_power", 3, "quarter_power"),
        ("figures/sigmoid", "figures/relu", 7, r"figure figures/relu\.svg"),
    ],
)
def test_what_differs_between_the_languages_is_named_with_both_places(
    twins, old: str, new: str, line: int, named: str
) -> None:
    assert old in EN
    with pytest.raises(
        PageError,
        match=rf"docs/ja/page\.md:{line}: .*docs/en/page\.md:{line}, differ: .*{named}.*: mend one of them",
    ):
        parity.check("ja", "en", twins(JA, EN.replace(old, new)))


def test_the_same_headings_are_no_code(twins) -> None:
    code = "\n```python\n# no heading\nx = '$not a formula$'\n```\n"
    parity.check("ja", "en", twins(JA + code, EN + code))


@pytest.mark.slow
def test_a_mistake_in_the_second_language_stops_the_real_build_and_leaves_no_site_in_the_first_alone(
    project_copy,
) -> None:
    page = project_copy.root / "docs/en/index.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text + "\n{{ sigmoid.derivative_maxx }}\n", encoding="utf-8")
    # Parity would find it while reading the first language; a mistake that both languages share is found there too.
    project_copy.edit("scripts/pages/parity.py", "if language != SOURCE:", 'if language == "none":')
    # The home page alone: of what is missing MkDocs only warns.
    project_copy.edit("mkdocs.yml", "  labs/*.py\n", "  *.md\n  *.ipynb\n  labs/*.py\n  !index.md\n")
    built = project_copy.run("mkdocs", "build")
    assert built.returncode != 0 and "Traceback" not in built.stdout
    line = text.count("\n") + 2
    assert (
        f"docs/en/index.md:{line}: unknown value 'sigmoid.derivative_maxx'; the nearest known" in built.stdout
    ), built.stdout
    assert "Building 'en' documentation" in built.stdout and not (project_copy.root / "site").exists()
    assert project_copy.changed() == ["docs/en/index.md", "mkdocs.yml", "scripts/pages/parity.py"]


def test_without_a_browser_the_error_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(subprocess, "run", lambda command: subprocess.CompletedProcess(command, 1))
    assert browser_program.executable() is None
    assert browser_program.main() != 0
    assert re.search(
        r"no browser: install Chromium \(Debian: apt-get install chromium\)", capsys.readouterr().err
    )


def test_tests_without_a_browser_fail_and_say_how_to_get_one(tmp_path: Path) -> None:
    program = "import pytest, scripts.browser; scripts.browser.executable = lambda: '/no/browser'; raise SystemExit(pytest.main({}))"
    (tmp_path / "test_any.py").write_text(
        "from tests.conftest import browser\n\ndef test_any(browser):\n    pass\n", encoding="utf-8"
    )
    arguments = ["-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    ran = subprocess.run(
        [sys.executable, "-c", program.format(arguments)], cwd=DOCS.parent, capture_output=True, text=True
    )
    assert ran.returncode != 0 and "no browser: run `python -m scripts.browser`" in ran.stdout

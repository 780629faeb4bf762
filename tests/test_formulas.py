"""Formulas on pages: proved by SymPy, or listed in tests/formulas.yml; a change of one is found."""

import re
import shutil
from pathlib import Path

import pytest

from scripts.mutate_pages import mutants
from scripts.pages import claims, parity, prose_numbers
from scripts.pages.source import PageError, line_of
from scripts.project import DOCS, languages
from tests import formulas, tex

PAGES = formulas.pages()


def statement(text: str) -> tex.Statement:
    (only,) = tex.statements(text)
    return only


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_what_a_page_states_is_proved_or_listed(page: Path) -> None:
    wrong = [failure for formula in formulas.formulas(page) for failure in formulas.failures(formula)]
    assert not wrong, (
        "\n".join(message for _, message in wrong)
        + "\nMend the formula. If it is meant as it stands, add to tests/formulas.yml:\n"
        + formulas.entry_to_add(formulas.key(page), [one for one, _ in wrong])
    )


def test_what_is_listed_stands_on_its_page() -> None:
    said: dict[str, set[str]] = {}
    for page in PAGES:
        for formula in formulas.formulas(page):
            said.setdefault(formula.page, set()).update(one.text for one in tex.statements(formula.tex))
    left = [
        f"{page}: {text}"
        for page in formulas.entries()
        for text in formulas.stale(page, said.get(page, set()))
    ]
    assert not left, "tests/formulas.yml lists what no page states any more: take it out\n" + "\n".join(left)


def test_an_entry_says_one_thing_once() -> None:
    for page, listed in formulas.entries().items():
        texts = [text for text, _ in listed]
        assert len(set(texts)) == len(texts), (
            f"{page}: listed twice: {sorted({text for text in texts if texts.count(text) > 1})}"
        )
        for text, entry in listed:
            assert sum(part is not None for part in (entry.given, entry.holds, entry.reason)) == 1, (
                f"{page}: {text}"
            )


@pytest.mark.parametrize("page", formulas.entries())
def test_nothing_is_listed_that_is_proved_without(page: str) -> None:
    needless = [text for text in formulas.listed(page) if not formulas.failure(statement(text), None)]
    assert not needless, f"tests/formulas.yml: {page}: these need no entry: {needless}"


TRUE = [
    r"\sigma'(z) = \sigma(z)\,\bigl(1 - \sigma(z)\bigr)",
    r"\mathrm{ReLU}(z) - \mathrm{ReLU}(-z) = z",
    r"(g \circ f)''(x) = g''(f(x))\, f'(x)^2 + g'(f(x))\, f''(x)",
    r"\int_0^1 s(1-s)\,ds = \frac16",
    r"\int_{-\infty}^{\infty} \sigma'(z)^2\, dz = \frac16",
    r"\prod_{l=0}^{L-1} (1 + v) = (1 + v)^L",
    r"|1 - \eta| < 1 \iff 0 < \eta < 2",
    r"{{ sigmoid.derivative_max }} = \frac14",
    r"\binom{n}{k} = \binom{n}{n - k}",
    r"\sqrt{1/2} \approx {{ gradient_norms.theory_relu_xavier | .3g }}",
]
FALSE = [
    r"\sigma'(z) = \sigma(z)\,\bigl(1 + \sigma(z)\bigr)",
    r"\mathrm{ReLU}(z) + \mathrm{ReLU}(-z) = z",
    r"(g \circ f)''(x) = g''(f(x))\, f'(x)^3 + g'(f(x))\, f''(x)",
    r"\int_0^1 s(1-s)\,ds = \frac17",
    r"\int_{-\infty}^{\infty} \sigma'(z)^3\, dz = \frac16",
    r"\prod_{l=0}^{L} (1 + v) = (1 + v)^L",
    r"|1 - \eta| < 1 \iff 0 < \eta < 3",
    r"{{ sigmoid.derivative_max }} = \frac15",
    r"\frac14 - \left(s - \frac12\right)^2 \le \frac15",
    r"\sqrt{1/3} \approx {{ gradient_norms.theory_relu_xavier | .3g }}",
    r"f'(x) = g'(x)",
    r"p = \sigma(z)",
]
UNREADABLE = [
    r"\nabla E = 0",
    r"\cdots + x = x",
    r"\mathrm{diag}(x) = x",
    r"\frac{\partial y}{\partial x} = 0",
    r"\max_i z_i = z",
    "x = ",
    r"x \propto x",
]


@pytest.mark.parametrize("text", TRUE)
def test_what_is_true_holds(text: str) -> None:
    tex.hold(statement(text))


@pytest.mark.parametrize("text", FALSE)
def test_what_is_false_is_refuted(text: str) -> None:
    with pytest.raises(tex.Refuted, match="it fails at"):
        tex.hold(statement(text))


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_has_no_meaning_is_not_taken_for_true(text: str) -> None:
    with pytest.raises(tex.Unreadable):
        tex.hold(statement(text))


def test_what_is_given_is_used_and_does_not_prove_everything() -> None:
    given = (r"E(w) = \frac12 \lambda w^2",)
    tex.hold(statement(r"E'(w) = \lambda w"), given)
    with pytest.raises(tex.Refuted):
        tex.hold(statement(r"E'(w) = -\lambda w"), given)
    tex.hold(statement(r"0 < \eta\lambda < 2 \iff 0 < \eta < \frac{2}{\lambda}"), (r"\lambda > 0",))
    with pytest.raises(tex.Refuted):
        tex.hold(statement(r"0 < \eta\lambda < 2 \iff 0 < \eta < \frac{2}{\lambda}"))


@pytest.mark.parametrize(("order", "holds"), [("h^2", True), ("h^3", True), ("h^4", False)])
def test_an_order_is_what_is_left(order: str, holds: bool) -> None:
    left = statement(rf"E(w+h) = E(w) + E'(w)\,h + \frac12 E''(w)\,h^2 + O({order})")
    if holds:
        tex.hold(left)
    else:
        with pytest.raises(tex.Refuted):
            tex.hold(left)


def test_statements_of_a_formula() -> None:
    aligned = r"\begin{aligned} a &= b \\ &= c, \quad \text{so } d \le e \Rightarrow f(x = 1) \end{aligned}"
    assert [one.text for one in tex.statements(aligned)] == ["a = b", "b = c", r"d \le e", "f(x = 1)"]


CHANGES = [  # file, what stands there, what is put in its place, what a message names
    ("en/vanishing_gradients.md", r"\le \frac14", r"\le \frac13", r"\frac14 - (s - \frac12)^2 \le \frac13"),
    ("ja/vanishing_gradients.md", r"\frac{|w|}{4}", r"\frac{|w|}{3}", r"\frac{|w|}{3}"),
    ("en/vanishing_gradients.md", "at most 1/4 {", "at most 1/3 {", "number 1/3"),
    ("ja/vanishing_gradients.md", "1/4 以下なのか {", "1/3 以下なのか {", "number 1/3"),
    (
        "en/vanishing_gradients.md",
        "a quarter at most everywhere.]",
        "a third at most everywhere.]",
        "number 1/3",
    ),
    ("ja/vanishing_gradients.md", "4 分の 1 以下。]", "3 分の 1 以下。]", "number 1/3"),
    ("en/index.md", "the famous 1/4", "the famous 1/3", "number 1/3"),
    ("claims.yml", "最大でも 4 分の 1", "最大でも 3 分の 1", "number 1/4"),
    ("claims.yml", "at most one quarter", "at most one third", "number 1/4"),
    ("claims.yml", "For ten layers $(1/4)^{10}$", "For ten layers $(1/4)^{11}$", "(1/4)^{11}"),
    ("claims.yml", "10 層なら", "11 層なら", "number 11"),
    (
        "claims.yml",
        r"is $\partial y/\partial x = \partial F/\partial x + 1$",
        r"is $\partial y/\partial x = \partial F/\partial x - 1$",
        "x - 1",
    ),
    ("ja/residual_learning.md", "= J + 1, ", "= J - 1, ", "J - 1"),
]


@pytest.mark.parametrize(("file", "old", "new", "named"), CHANGES)
def test_a_change_in_one_language_is_found_with_file_and_line(
    file: str, old: str, new: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = tmp_path / "docs"
    for name in (
        [file] if file == "claims.yml" else [f"{language}/{Path(file).name}" for language in languages()]
    ):
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DOCS / name, docs / name)
    text = (docs / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (docs / file).write_text(text.replace(old, new), encoding="utf-8")
    line = line_of(text, text.index(old))

    found = [
        said
        for formula in formulas.formulas(DOCS / file, text.replace(old, new))
        for _, said in formulas.failures(formula)
    ]
    monkeypatch.setattr(claims, "CLAIMS", docs / "claims.yml")
    try:
        if file == "claims.yml":
            parity.check_claims()
        else:
            parity.check("ja", "en", docs)
    except PageError as error:
        found.append(str(error))
    assert [
        said for said in found if re.search(rf"docs/{re.escape(file)}:{line}\b", said) and named in said
    ], found


def test_a_formula_is_changed_in_every_place() -> None:
    assert list(mutants(r"\frac14 - s^2 \le e^{n}\text{ a = 1}")) == [
        r"\frac24 - s^2 \le e^{n}\text{ a = 1}",
        r"\frac15 - s^2 \le e^{n}\text{ a = 1}",
        r"\frac14 + s^2 \le e^{n}\text{ a = 1}",
        r"\frac14 - s^3 \le e^{n}\text{ a = 1}",
        r"\frac14 - s^2 \ge e^{n}\text{ a = 1}",
        r"\frac14 - s^2 \le e^{n+1}\text{ a = 1}",
    ]


@pytest.mark.parametrize(
    ("ja", "en", "numbers"),
    [
        ("最大でも 4 分の 1", "a quarter at most", {"1/4"}),
        ("3/4 まで", "three quarters", {"3/4"}),
        ("半分", "½", {"1/2"}),
        ("(¼)¹⁰", "(1/4)¹⁰", {"1/4", "^¹⁰"}),
        ("10 の 15 乗", "1e15", {"10", "15"}),
        ("100 万分の 1", "one millionth", {"1000000"}),
        ("千層", "1000 layers", {"1000"}),
        ("一万層", "ten thousand layers", {"10000"}),
        ("1,437 枚", "1437 images", {"1437"}),
        ("四種の網", "four nets", {"4"}),
        ("16 ブロック", "Sixteen blocks", {"16"}),
        ("2乗、2.1 節、`8`、$9$", "the square, section 2.1, `8`, $9$", set()),
    ],
)
def test_a_number_is_the_same_in_the_words_of_both_languages(ja: str, en: str, numbers: set[str]) -> None:
    for text in (ja, en):
        assert {number for _, number in prose_numbers.find(text)} == numbers

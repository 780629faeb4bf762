"""The ledger: every claim against its evidence, recomputed by SymPy and mpmath, and its verdict against both sides of it."""

import hashlib
import json
import re
import tomllib
from pathlib import Path

import mpmath
import pytest
import sympy

from scripts.pages import claims, evidence, values
from scripts.pages.evidence import Identity, Measurement
from scripts.project import DATA, ROOT, languages
from scripts.record import topics
from tests.conftest import COLLECTED

ALL = claims.claims()
PIECES = [
    pytest.param(piece, id=f"{name}-{number}")
    for name, claim in ALL.items()
    for number, piece in enumerate(claims.evidence(claim))
]
MEASUREMENTS = [piece for piece in PIECES if isinstance(piece.values[0], Measurement)]
IDENTITIES = [piece for piece in PIECES if isinstance(piece.values[0], Identity)]
x = sympy.symbols("x", real=True)
NAMES = {
    **{name: sympy.symbols(name, real=True) for name in "w eta lam h z t w1 w2 J1 J2".split()},
    **{name: sympy.Function(name) for name in "E F H".split()},
    "x": x,
    "p": sympy.symbols("p", positive=True),
    "sigma": lambda z: 1 / (1 + sympy.exp(-z)),
    "dsigma": lambda z: sympy.exp(-z) / (1 + sympy.exp(-z)) ** 2,
}


def proved(piece: Identity) -> bool:
    left, right = (sympy.sympify(side, locals=NAMES) for side in (piece.left, piece.right))
    return sympy.simplify(sympy.expand((left - right).doit().rewrite(sympy.Piecewise).rewrite(sympy.exp))) == 0


@pytest.mark.parametrize("piece", IDENTITIES)
def test_an_identity_is_proved_or_refuted(piece: Identity) -> None:
    assert proved(piece) == piece.supports


@pytest.mark.parametrize("piece", MEASUREMENTS)
def test_a_measurement_is_what_the_claim_expects(piece: Measurement) -> None:
    assert piece.holds(), f"{piece.measured} is {evidence.number(piece.measured)}, expected {piece.relation} {piece.expected}"


@pytest.mark.parametrize("piece", [p for p in MEASUREMENTS if not p.values[0].expected_is_recorded()])
def test_an_expected_number_is_the_same_at_fifty_digits(piece: Measurement) -> None:
    with mpmath.workdps(50):
        exact = sympy.sympify(piece.expected, rational=True).evalf(50)
        assert abs(mpmath.mpf(float(evidence.number(piece.expected))) - exact) <= abs(exact) * mpmath.mpf(1e-13)


@pytest.mark.parametrize("piece", [p for p in MEASUREMENTS if p.values[0].relation == "="])
def test_a_mean_ten_spreads_off_is_found(piece: Measurement) -> None:
    spread = values.lookup(piece.measured).sd
    if spread:
        assert piece.allowed() < max(10 * spread, 1e-8), f"± {piece.allowed()} lets ten spreads of {spread} pass"


@pytest.mark.parametrize("name", ALL)
def test_a_verdict_follows_from_both_sides_of_the_evidence(name: str) -> None:
    allowed = evidence.verdicts(ALL[name]["kind"], claims.evidence(ALL[name]))
    assert ALL[name]["verdict"] in allowed, f"docs/claims.yml: {name}: its evidence says {' or '.join(sorted(allowed))}"


# Verdict, lines for and lines against. Evidence on both sides leaves open how a claim is to be judged, and which side a measurement
# speaks for is a reading of it: both are said a second time here, so that a slip in docs/claims.yml is found.
JUDGED = {
    "update-rule": ("conditional", 2, 1),
    "quarter-per-layer": ("conditional", 1, 1),
    "quarter-power": ("misleading", 1, 1),
    "early-layers-frozen": ("heuristic", 1, 3),
    "relu-derivative": ("conditional", 2, 1),
    "two-walls": ("misleading", 1, 1),
    "identity-construction": ("conditional", 2, 1),
    "identity-is-hard": ("heuristic", 1, 1),
    "convex-landscape": ("misleading", 1, 1),
    "second-derivative": ("conditional", 3, 1),
    "shattering": ("misleading", 1, 1),
    "zero-branch-identity": ("conditional", 1, 1),
    "plus-one": ("conditional", 2, 1),
    "undiminished-gradient": ("conditional", 2, 2),
    "short-paths-depend-on-the-definition": ("conditional", 1, 1),
    "quarter-active-together": ("conditional", 2, 2),
    "small-nets-degrade-too": ("heuristic", 2, 1),
}


@pytest.mark.parametrize("name", ALL)
def test_a_claim_with_evidence_on_both_sides_is_judged_alike_twice(name: str) -> None:
    sides = [piece.supports for piece in claims.evidence(ALL[name])]
    found = (ALL[name]["verdict"], sides.count(True), sides.count(False))
    assert (len(set(sides)) == 2) == (name in JUDGED) and found == JUDGED.get(name, found), (
        f"docs/claims.yml: {name} is {found}, and JUDGED in {__name__} says {JUDGED.get(name)}: change both or neither"
    )


@pytest.mark.parametrize("name", ALL)
def test_a_claim_is_whole(name: str) -> None:
    claim = ALL[name]
    assert claim["kind"] in ("analytic", "numeric", "experimental", "historical")
    for part in ("statement", "reason"):
        assert sorted(claim[part]) == languages(), f"{name}: {part}"
        assert re.search(r"[ぁ-んァ-ン]", claim[part]["ja"]) and not re.search(r"[ぁ-んァ-ン]", claim[part]["en"])
    assert claims.topics(claim), f"{name}: no record speaks for it or against it"
    claims.address_of_test(claim, "")


def test_the_articles_claims_are_all_there() -> None:
    assert sorted(claim["number"] for claim in ALL.values() if "number" in claim) == list(range(1, 26))
    assert len(ALL) >= 40


def test_every_named_test_was_collected(request: pytest.FixtureRequest) -> None:
    collected = request.config.stash[COLLECTED]
    files = {identifier.partition("::")[0] for identifier in collected}
    for name, claim in ALL.items():
        if claim["test"].partition("::")[0] in files:
            assert claim["test"] in collected, f"docs/claims.yml: {name}: pytest finds no {claim['test']}"


def test_every_record_speaks_for_a_claim() -> None:
    assert set(topics()) == {topic for claim in ALL.values() for topic in claims.topics(claim)}


def resting_on(topic: str) -> list[str]:
    return [name for name, claim in ALL.items() if topic in claims.topics(claim)]


@pytest.mark.parametrize("topic", topics())
def test_a_record_is_as_it_was_measured(topic: str) -> None:
    tasks = tomllib.loads((ROOT / "pytask.lock").read_text(encoding="utf-8"))["task"]
    measured = {path: digest for task in tasks for path, digest in task["produces"].items()}
    path = DATA / f"{topic}.json"
    assert measured[str(path.relative_to(ROOT))] == hashlib.sha256(path.read_bytes()).hexdigest(), (
        f"{path.relative_to(ROOT)} was changed after it was measured (pytask.lock holds another hash), "
        f"and these claims rest on it: {', '.join(resting_on(topic))}. "
        f"Restore it with `git checkout {path.relative_to(ROOT)}`, or measure it again with `make measure`"
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"for": "sigmoid.derivative_max is a quarter"}, "is no evidence"),
        ({"for": "sigmoid.derivative_max = a quarter"}, "neither a value's name nor arithmetic"),
        ({"perhaps": "sigmoid.derivative_max = 1/4"}, "neither 'for' nor 'against'"),
    ],
)
def test_evidence_that_says_nothing_is_refused(line: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evidence.parse(line).holds()


def test_the_published_claims_say_what_was_expected_and_measured(site: Path) -> None:
    published = json.loads((site / "claims.json").read_text(encoding="utf-8"))
    assert [claim["id"] for claim in published] == list(ALL)
    for claim in published:
        assert sorted(claim["statement"]) == languages()
        assert claim["verdict"] in claims.VERDICTS and claim["kind"] and claim["test"]
        assert {"section", "expected", "measured", "tolerance"} <= set(claim)
        assert (site / claim["record"]).is_file()
    (quarter,) = (claim for claim in published if claim["id"] == "sigmoid-derivative-maximum")
    assert (quarter["expected"], quarter["measured"], quarter["record"]) == (0.25, 0.25, "data/sigmoid.json")


def test_the_ledger_has_a_row_for_every_claim(site: Path) -> None:
    for home in (site, site / "en"):
        text = (home / "ledger/index.html").read_text(encoding="utf-8")
        for name, claim in ALL.items():
            row = re.search(rf'<div class="row {claim["verdict"]} chapter-\d+">.{{0,60}}id="{name}".*?row__links', text, re.DOTALL)
            assert row, name
            assert f"#claim-{name}" in text[row.end() :][:400], f"{name}: no way to the paragraph that argues it"


def test_chapters_of_the_ledger_can_all_be_chosen(site: Path) -> None:
    text = (site / "ledger/index.html").read_text(encoding="utf-8")
    style = (site / "assets/site.css").read_text(encoding="utf-8")
    for value in set(re.findall(r'<input type="radio" name="\w+" value="([\w-]+)"', text)) - {"all"}:
        assert f'[value="{value}"]:checked' in style, f"docs/assets/site.css hides nothing for {value}"


@pytest.mark.browser
@pytest.mark.parametrize("path", ["ledger/", "en/ledger/"])
def test_the_ledger_is_filtered_without_a_script(browser, served: str, path: str) -> None:
    page = browser.new_context(java_script_enabled=False, base_url=served).new_page()
    page.goto(path)
    page.locator('input[value="false"]').check()
    shown = page.locator(".row:visible")
    assert shown.count() == sum(claim["verdict"] == "false" for claim in ALL.values())
    page.locator('input[value="chapter-0"]').check()
    assert page.locator(".row:visible").count() == 0
    page.context.close()


@pytest.mark.browser
def test_a_mark_opens_its_claim_by_keyboard(page) -> None:
    page.goto("learning/")
    mark, box = page.locator("#claim-contraction-per-step"), page.locator("#about-contraction-per-step")
    assert not box.is_visible()
    mark.focus()
    page.keyboard.press("Enter")
    assert box.is_visible() and box.locator(".claim__verdict").inner_text() == f"{claims.SIGNS['exact']} {claims.WORDS['ja']['exact']}"
    page.keyboard.press("Escape")
    box.wait_for(state="hidden", timeout=2000)

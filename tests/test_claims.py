"""The ledger: every claim against its evidence, recomputed by SymPy and mpmath, and its verdict against both sides of it."""

import hashlib
import json
import re
import tomllib
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy
from playwright.sync_api import expect

from scripts import fashion, statistics
from scripts.pages import claims, evidence, ledger, values
from scripts.pages.evidence import Identity, Measurement
from scripts.pages.source import PageError
from scripts.project import DATA, ROOT, languages
from scripts.record import exact, of_pipeline, read, sampled, topics, write
from tests.conftest import COLLECTED

ALL = claims.claims()
PIECES = [
    pytest.param(piece, id=f"{name}-{number}")
    for name, claim in ALL.items()
    for number, piece in enumerate(map(evidence.parse, claim["evidence"]))  # a wrong name fails the test of its line alone
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
    assert piece.holds(), f"`{piece.line()}` fails: {piece.said()}"


@pytest.mark.parametrize("piece", [p for p in MEASUREMENTS if not p.values[0].expected_is_recorded()])
def test_an_expected_number_is_the_same_at_fifty_digits(piece: Measurement) -> None:
    with mpmath.workdps(50):
        exact = sympy.sympify(piece.expected, rational=True).evalf(50)
        assert abs(mpmath.mpf(float(evidence.number(piece.expected))) - exact) <= abs(exact) * mpmath.mpf(1e-13)


def deviation(piece: Measurement) -> tuple[float, int]:
    """How far single seeds lie from the centre, as the tolerance counts it, and how many there are; 0 where nothing depends on seeds."""
    name = piece.measured.removesuffix(".mean")
    if name.count(".") > 1 or values.lookup(name).sd is values.lookup(name).factor is None:
        return 0.0, 1
    seeds, log = values.sample(name)
    spread = np.exp(np.log(seeds).mean()) * np.log(seeds).std(ddof=1) if log else seeds.std(ddof=1)
    return float(spread), len(seeds)


@pytest.mark.parametrize("piece", [p for p in MEASUREMENTS if p.values[0].relation == "="])
def test_a_mean_ten_spreads_off_is_found_and_fresh_seeds_have_room(piece: Measurement) -> None:
    spread, count = deviation(piece)
    if spread:
        assert piece.allowed() < max(10 * spread, 1e-8), f"`{piece.line()}`: ± {piece.allowed()} lets ten spreads of {spread} pass"
        off = abs(float(evidence.number(piece.measured) - evidence.number(piece.expected)))
        assert off + 3 * spread / count**0.5 <= piece.allowed() or piece.allowed() <= 1e-8, (
            f"`{piece.line()}`: {piece.said()}; the mean of {count} fresh seeds differs by {spread / count**0.5:.2g}: what holds by less than three of it need not hold again"
        )


@pytest.mark.parametrize("name", ALL)
def test_a_verdict_follows_from_both_sides_of_the_evidence(name: str) -> None:
    allowed = evidence.verdicts(ALL[name]["kind"], list(map(evidence.parse, ALL[name]["evidence"])))
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
    "identity-construction": ("conditional", 3, 2),
    "identity-is-hard": ("heuristic", 2, 2),
    "convex-landscape": ("heuristic", 3, 2),
    "second-derivative": ("conditional", 3, 1),
    "residual-lowers-curvature": ("misleading", 1, 1),
    "shattering": ("misleading", 1, 1),
    "zero-branch-identity": ("conditional", 2, 2),
    "plus-one": ("conditional", 2, 1),
    "undiminished-gradient": ("conditional", 2, 2),
    "thousand-layers": ("heuristic", 1, 2),
}


@pytest.mark.parametrize("name", ALL)
def test_a_claim_with_evidence_on_both_sides_is_judged_alike_twice(name: str) -> None:
    sides = [evidence.parse(entry).supports for entry in ALL[name]["evidence"]]
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
    if topic not in of_pipeline():
        record = read(topic)
        assert record["provenance"]["sha256"] == fashion.digest(record["measurements"]), f"docs/data/{topic}.json was changed by hand: restore it with git checkout"
        return
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
        ({"for": "seeds.low < seeds.high ± 0.1"}, "write no tolerance behind <"),
        ({"for": "seeds.low << 3"}, "<< is a rank test between the seeds of two measurements; write < for a number"),
        ({"for": "seeds.low << seeds.high ± 1"}, "write no tolerance behind <<"),
        ({"for": "seeds.low ≈ seeds.high"}, "write '≈ … ± what would matter' or '≈ … × factor'"),
        ({"for": "seeds.low = 3 × 1.2"}, "write '= number' or '= number ± tolerance'"),
        ({"for": "seeds.low ≈ 3 × 0.9"}, "a ratio lies within a factor that is larger than 1"),
        ({"for": "seeds.low ≈ seeds.high ± 0.1 "}, "is no evidence"),
        ({"for": "published.he2015.test_error_1202 < 3"}, "no number that can be compared"),
    ],
)
def test_evidence_that_says_nothing_is_refused(line: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        evidence.parse(line).holds()


SEEDS = np.linspace(-1, 1, 10)  # of mean 0 and deviation √(330/729) = 0.6728; Student's t of 9 degrees is 2.262 at 95 %


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A record of which every statistic is known."""
    measured = {
        "quarter": exact(0.25),
        "low": sampled(0.5 + 0.1 * SEEDS, images=360),
        "twin": sampled(0.501 - 0.1 * SEEDS),
        "high": sampled(0.7 + 0.1 * SEEDS),
        "norm": sampled(np.exp(SEEDS), log=True),
        "norm_twin": sampled(1.01 * np.exp(SEEDS), log=True),
        "norm_high": sampled(9 * np.exp(SEEDS), log=True),
        "some": sampled([0.1, None, 0.3]),
        "lost": sampled([None] * 10),
        "signed": sampled(SEEDS),
        "curve": sampled([[1.0, 2.0]] * 10),
    }
    write(tmp_path / "seeds.json", {"provenance": {"date": "2026-01-01", "seconds": 1.5}, "settings": {"seeds": 10}, "orderings": [], "measurements": measured})
    return tmp_path


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("seeds.quarter = 1/4", True),
        ("seeds.quarter = 0.26", False),
        ("seeds.low = 1/2 ± 0.01", True),
        ("seeds.low = 0.52 ± 0.01", False),
        ("seeds.norm = 1 ± 1e-6", True),  # of a logarithmic one the geometric mean
        ("seeds.low.n = 10", True),
        ("seeds.some.n = 2", True),
        ("seeds.lost.n = 0", True),
        ("seeds.low.min = 0.4", True),
        ("seeds.low.max = 0.6", True),
        ("seeds.low.median = 0.5", True),
        ("seeds.low.sd < 0.0673", True),
        ("seeds.low.sd > 0.0672", True),
        ("seeds.low.high < 0.5482", True),
        ("seeds.low.high > 0.5481", True),
        ("seeds.low.low > 0.4518", True),
        ("seeds.norm.low < 0.62", True),
        ("seeds.norm.factor > 1.95", True),
        ("seeds.low.binomial = 0.0263523 ± 1e-6", True),
        ("seeds.low.max < seeds.high.min", False),
        ("seeds.low < seeds.twin", True),
        ("seeds.twin < seeds.low", False),
        ("seeds.low << seeds.high", True),
        ("seeds.high << seeds.low", False),
        ("seeds.low << seeds.twin", False),  # nets of one kind: no difference is found
        ("seeds.norm << seeds.norm_high", True),
        ("seeds.low ≈ seeds.twin ± 0.1", True),
        ("seeds.low ≈ seeds.twin ± 0.05", False),  # too few seeds to say so
        ("seeds.low ≈ seeds.high ± 0.15", False),
        ("seeds.low ≈ 0.5 ± 0.05", True),
        ("seeds.low ≈ 0.5 ± 0.04", False),
        ("seeds.low ≈ 0.56 ± 0.1", False),
        ("seeds.norm ≈ seeds.norm_twin × 2", True),
        ("seeds.norm ≈ seeds.norm_twin × 1.5", False),
        ("seeds.norm_high ≈ seeds.norm × 20", True),
        ("seeds.norm_high ≈ seeds.norm × 12", False),
        ("seeds.norm ≈ seeds.norm_high × 20", True),
        ("seeds.norm ≈ seeds.norm_high × 12", False),
        ("seeds.norm ≈ 1 × 1.7", True),
        ("seeds.norm ≈ 1 × 1.5", False),
        ("seeds.norm ≈ 1 ± 0.7", True),
        ("seeds.low ≈ seeds.quarter ± 0.3", True),
        ("seeds.low ≈ seeds.twin.median ± 0.1", True),
        ("seeds.lost < 1", False),  # where every seed diverged nothing holds
        ("seeds.lost > 1", False),
        ("seeds.lost << seeds.low", False),
        ("seeds.low ≈ seeds.lost ± 1e9", False),
    ],
)
def test_a_line_holds_of_the_records_of_a_folder(folder: Path, line: str, holds: bool) -> None:
    piece = evidence.parse({"for": line})
    assert piece.holds(folder) == holds
    assert evidence.parse({"for": piece.line()}) == piece and piece.topics() == ["seeds"]
    assert evidence.parse({"against": line}).holds(folder) == holds, "on which side it speaks is another question"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("seeds.lwo < 1", r"unknown value 'seeds\.lwo'; the nearest known: seeds\.low"),
        ("sedes.low < 1", r"unknown value 'sedes\.low': no record docs/data/sedes\.json; the nearest known: seeds\."),
        ("seeds.low << seeds.hihg", r"unknown value 'seeds\.hihg'; the nearest known: seeds\.high"),
        ("seeds.low ≈ seeds.hihg ± 1", r"unknown value 'seeds\.hihg'; the nearest known: seeds\.high"),
        ("seeds.curve < 1", r"unknown value 'seeds\.curve'"),
        ("seeds.low.mode < 1", r"'mode' is none of mean, sd, "),
        ("seeds.low << seeds.quarter", r"'seeds\.quarter' is not what each of several seeds gave"),
        ("seeds.low.mean << seeds.high", r"'seeds\.low\.mean' is not what each of several seeds gave"),
        ("seeds.signed ≈ seeds.low × 2", r"asks for the ratio of numbers of which some are not positive: write ± instead"),
        ("seeds.norm ≈ seeds.norm_twin ± 1", r"compares what is measured on a log scale: give the factor that would matter"),
        ("seeds.some.factor < 1", r"it is measured on a linear scale: write \.sd"),
        ("seeds.norm.sd < 1", r"it is measured on a log scale: write \.factor"),
        ("seeds.high.binomial < 1", r"the record does not say how many images were counted"),
    ],
)
def test_a_line_that_the_records_cannot_answer_is_an_error(folder: Path, line: str, message: str) -> None:
    with pytest.raises((LookupError, ValueError), match=message):
        evidence.parse({"for": line}).holds(folder)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("seeds.quarter = 1/4", "0.25"),
        ("seeds.low = 1/2 ± 0.01", "0.500 ± 0.067"),
        ("seeds.norm < seeds.norm_high", "1.0 ×/÷ 2.0 against 9.0 ×/÷ 2.0"),
        ("seeds.low << seeds.high", "0.500 ± 0.067 against 0.700 ± 0.067, rank test p < 0.001"),
        ("seeds.low ≈ seeds.twin ± 0.1", "0.500 ± 0.067 against 0.501 ± 0.067, 95 % interval of the difference -0.0642 to 0.0622"),
        ("seeds.norm ≈ 1 × 2", "1.0 ×/÷ 2.0, 95 % interval of the ratio 0.618 to 1.62"),
        ("seeds.lost < 1", "'seeds.lost' has no value: every seed diverged; say so on the page, and count them"),
    ],
)
def test_what_was_measured_is_said(folder: Path, line: str, said: str) -> None:
    assert evidence.parse({"for": line}).said(folder) == said


def test_ranks_decide_at_the_level_that_is_said() -> None:
    piece = evidence.parse({"for": "a.b << a.c"})
    assert statistics.RANK_LEVEL == 0.01 and "p < 0.01" in evidence.__doc__ and piece.relation == "<<"


@pytest.fixture
def among(monkeypatch: pytest.MonkeyPatch, folder: Path):
    """A claim whose evidence is given, in a docs/claims.yml of its own, beside those records."""
    monkeypatch.setattr(values, "DATA", folder)
    for function in (values.lookup, values.sample, values.difference, values.record, values.names, evidence.number, *(getattr(Measurement, name) for name in ("holds", "allowed", "probability", "interval", "said"))):
        monkeypatch.setattr(function, "__defaults__", (folder,))

    def make(*lines: str) -> dict:
        listed = "\n".join(f"    - for: {line}" for line in lines)
        path = folder / "claims.yml"
        path.write_text(f"- id: first\n  said: '{lines[-1]}'\n- id: ours\n  verdict: empirical\n  evidence:\n{listed}\n", encoding="utf-8")
        monkeypatch.setattr(claims, "CLAIMS", path)
        return claims.claims()["ours"]

    return make


@pytest.mark.parametrize("line", ["seeds.lwo < 1", "seeds.low << seeds.lwo", "seeds.low ≈ seeds.lwo ± 1"])
def test_an_unknown_value_in_evidence_is_named_with_file_line_claim_and_the_nearest(among, line: str) -> None:
    claim = among("seeds.low < 1", line)
    with pytest.raises(PageError, match=r"claims\.yml:7: ours: unknown value 'seeds\.lwo'; the nearest known: seeds\.low"):
        claims.evidence(claim)


def test_a_bad_line_of_evidence_is_named_with_file_line_and_claim(among) -> None:
    claim = among("seeds.low < 1", "seeds.low is small")
    with pytest.raises(PageError, match=r"claims\.yml:7: ours: 'seeds\.low is small' is no evidence: write 'topic\.name = number"):
        claims.evidence(claim)


def test_a_text_that_breaks_the_list_of_claims_is_named_with_its_line(among) -> None:
    with pytest.raises(PageError, match=r"claims\.yml:7: not YAML \(mapping values are not allowed here\): a text with a colon"):
        among("seeds.low < 1", "so it is: this")


@pytest.mark.parametrize(
    ("line", "language", "shown"),
    [
        ("seeds.low << seeds.high", "en", "`seeds.low` = {{ seeds.low }} is smaller than `seeds.high` = {{ seeds.high }} (rank test p &lt; 0.001)"),
        ("seeds.low << seeds.high", "ja", "`seeds.low` = {{ seeds.low }} は `seeds.high` = {{ seeds.high }} より小さい(順位検定 p &lt; 0.001)"),
        ("seeds.low ≈ seeds.twin ± 0.1", "en", "`seeds.low` = {{ seeds.low }} and `seeds.twin` = {{ seeds.twin }} differ by at most 0.1 (95 % interval of the difference −0.0642 to 0.0622)"),
        ("seeds.low ≈ seeds.twin ± 0.1", "ja", "`seeds.low` = {{ seeds.low }} と `seeds.twin` = {{ seeds.twin }} の差は 0.1 以内(差の 95 % 信頼区間 −0.0642〜0.0622)"),
        ("seeds.norm ≈ 1 × 2", "en", "`seeds.norm` = {{ seeds.norm }} and `1` differ by at most a factor of 2 (95 % interval of the ratio 0.618 to 1.62)"),
        ("seeds.norm ≈ 1 × 2", "ja", "`seeds.norm` = {{ seeds.norm }} と `1` の比は 2 倍以内(比の 95 % 信頼区間 0.618〜1.62)"),
        ("seeds.low.max < 1", "en", "`seeds.low.max` = {{ seeds.low.max }} (expected &lt; `1`)"),
        ("seeds.low << seeds.high", "fr", "`seeds.low` = {{ seeds.low }} is smaller than `seeds.high` = {{ seeds.high }} (rank test p &lt; 0,001)"),
    ],
)
def test_a_claims_box_says_what_each_line_found(among, line: str, language: str, shown: str) -> None:
    assert claims._pieces(among(line), language).endswith(f"</span> {shown}")


def test_machines_are_told_what_each_line_found(among) -> None:
    smaller, alike, near, value = map(ledger._piece, claims.evidence(among("seeds.low << seeds.high", "seeds.norm ≈ seeds.norm_twin × 2", "seeds.low ≈ 0.5 ± 0.1", "seeds.low = 0.5 ± 0.01")))
    assert smaller["p"] < 1e-3 and (smaller["measured"], smaller["expected"]) == pytest.approx((0.5, 0.7))
    assert (alike["tolerance"], alike["tolerance_is"]) == (2, "factor") and alike["interval"][0] < 1 < alike["interval"][1] and alike["factor"] > 1.9 and alike["spread"] is None
    assert (near["tolerance"], near["tolerance_is"], near["relation"]) == (0.1, "absolute", "≈")
    assert (value["tolerance"], value["record"], value["factor"]) == (0.01, "data/seeds.json", None)


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
    expect(shown).to_have_count(sum(claim["verdict"] == "false" for claim in ALL.values()))
    page.locator('input[value="chapter-0"]').check()
    expect(shown).to_have_count(0)
    page.context.close()


@pytest.mark.browser
def test_a_mark_opens_its_claim_by_keyboard(page) -> None:
    page.goto("learning/")
    mark, box = page.locator("#claim-contraction-per-step"), page.locator("#about-contraction-per-step")
    expect(box).to_be_hidden()
    mark.press("Enter")
    expect(box).to_be_visible()
    expect(box.locator(".claim__verdict")).to_have_text(f"{claims.SIGNS['exact']} {claims.WORDS['ja']['exact']}")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()

"""`make verify SEEDS=…`: seeds like the recorded ones agree as often as chance has it, others do not, and a claim that fails is named."""

from pathlib import Path

import numpy as np
import pytest

from scripts import fresh, seeds, verify
from scripts.record import exact, sampled, write
from snippets.streams import Streams

POINTS = 30


def records(folder: Path, seed: int, shift: float = 0.0, lost: int = 0, level: float = 0.5) -> Path:
    """Two records of one experiment with ten seeds: forty numbers that share most of what their seed gives, and a curve."""
    rng = Streams("toy", seed).numpy("values")
    shared, own = rng.standard_normal(10), rng.standard_normal((40, 10))
    curves = np.exp(rng.standard_normal((10, POINTS)) + shared[:, None])
    for topic in ("toy_one", "toy_two"):
        measured = {f"number_{i}": sampled((shared + 0.3 * x + shift).tolist()) for i, x in enumerate(own)}
        measured["curve"] = sampled(curves, log=True)
        measured["level"] = sampled([level + 0.001 * i for i in range(10)])
        measured["loss"] = sampled([None] * lost + [1.0 + 0.1 * i for i in range(10 - lost)])
        measured["closed"] = exact(0.25)
        write(
            folder / f"{topic}.json",
            {"provenance": {"experiment": "toy", "seeds": list(range(10))}, "settings": {}, "orderings": [["level", "closed"]] if level < 0.2 else [], "measurements": measured},
        )
    return folder


@pytest.fixture
def no_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh.claims, "claims", dict)


def test_seeds_of_the_same_law_are_improbable_as_rarely_as_they_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers are correlated, so a count that took them for independent would call one block in ten improbable."""
    monkeypatch.setattr(fresh, "DEALS", 199)
    outside, improbable = [], []
    for pair in range(100):
        recorded, again = (records(tmp_path / f"{pair} {side}", 2 * pair + side) for side in (0, 1))
        held = fresh.hold(["toy_one"], recorded, again)["toy"]
        assert not held.changed
        outside.append(len(held.outside))
        improbable.append((1 + np.sum(held.by_chance >= len(held.outside))) / 200 <= 0.05)
    # Of 41 measurements with a spread 1 % lie outside, but together: the counts spread far more than a binomial's.
    assert 0.1 < np.mean(outside) < 1.2 and np.var(outside) > 2 * np.mean(outside)
    assert np.mean(improbable) <= 0.11, "more often than 1 in 20, by three deviations of 100 draws"


def test_the_intervals_are_students(tmp_path: Path) -> None:
    recorded, again = records(tmp_path / "recorded", 0), records(tmp_path / "again", 1, shift=3.0)
    held = fresh.hold(["toy_one"], recorded, again)["toy"]
    for i in range(40):
        ours, theirs = (fresh.read("toy_one", folder)["measurements"][f"number_{i}"]["values"] for folder in (recorded, again))
        width = 3.2498 * np.std(ours, ddof=1) * np.sqrt(1 / 10 + 1 / 10)  # the table's t for 9 degrees of freedom, 99 %
        assert (f"toy_one.number_{i}" in held.outside) == (abs(np.mean(ours) - np.mean(theirs)) > width)


@pytest.mark.usefixtures("no_claims")
def test_seeds_of_another_law_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded = records(tmp_path / "recorded", 0)
    assert fresh.report(["toy_one", "toy_two"], records(tmp_path / "same", 1), recorded) == 0
    assert fresh.report(["toy_one", "toy_two"], records(tmp_path / "other", 1, shift=5.0), recorded) == 1
    assert "outside: toy_two.number_39" in capsys.readouterr().out


@pytest.mark.usefixtures("no_claims")
def test_what_does_not_depend_on_seeds_may_not_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded, again = records(tmp_path / "recorded", 0), records(tmp_path / "again", 1)
    file = again / "toy_two.json"
    file.write_text(file.read_text(encoding="utf-8").replace("0.25", "0.26"), encoding="utf-8")
    assert fresh.report(["toy_one", "toy_two"], again, recorded) == 1
    assert "CHANGED: toy_two.closed does not depend on seeds, and is another" in capsys.readouterr().out


def test_seeds_that_diverge_are_counted(tmp_path: Path) -> None:
    recorded = records(tmp_path / "recorded", 0)
    for lost, outside in ((0, False), (1, False), (9, True), (10, True)):
        held = fresh.hold(["toy_one"], recorded, records(tmp_path / f"lost {lost}", 0, lost=lost))["toy"]
        assert ("toy_one.loss" in held.outside) == outside, lost


def test_an_ordering_that_fails_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh.claims, "claims", dict)
    recorded = records(tmp_path / "recorded", 0, level=0.1)
    assert fresh.report(["toy_one"], records(tmp_path / "again", 1, level=0.3), recorded) == 1
    assert "docs/data/toy_one.json: the ordering level < closed fails" in capsys.readouterr().out


def test_evidence_that_fails_on_fresh_seeds_is_named_with_its_line_and_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    recorded, again = records(tmp_path / "recorded", 0), records(tmp_path / "again", 1)
    lines = [{"for": "toy_one.level.min > 0.4"}, {"against": "toy_one.level.max < 0.503"}, {"for": "x == x"}, {"for": "other.level.min > 9"}]
    monkeypatch.setattr(fresh.claims, "claims", lambda: {"toy-claim": {"id": "toy-claim", "evidence": lines}})
    assert fresh.report(["toy_one", "toy_two"], again, recorded) == 1
    said = capsys.readouterr().out
    assert "2 lines of evidence on fresh seeds: 1 hold, 1 fail" in said
    assert "docs/claims.yml: toy-claim: `against: toy_one.level.max < 0.503` fails: " in said and "0.509" in said


@pytest.mark.parametrize("asked", ["ten", "-1", "1e3", "", "２０"])
def test_seeds_that_are_no_number_get_one_clear_error(asked: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        verify.main(["sigmoid", f"--seeds={asked}"])
    assert stopped.value.code == f"SEEDS={asked} is no block of seeds: write SEEDS=fresh, or a whole number such as SEEDS=12345"


def test_a_block_is_the_same_again_and_fresh_ones_differ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert seeds.seeds("toy", 3, "12345") == seeds.seeds("toy", 3, "12345") != seeds.seeds("toy", 3, "12346")
    assert seeds.chosen("fresh") != seeds.chosen("fresh")
    asked = []
    monkeypatch.setattr(verify, "remeasure", lambda scratch, *options, block: asked.append(block) or tmp_path)
    monkeypatch.setattr(fresh, "report", lambda topics, folder: asked.append(topics) or 0)
    assert verify.main(["sigmoid", "--seeds", "12345"]) == 0
    assert asked == ["12345", ["sigmoid"]]

"""Seeds: records hold those that chose nothing, derived from the experiment's name; a block that is none is one clear error."""

import hashlib
import subprocess
import sys
from itertools import combinations

import pytest

from scripts import seeds
from scripts.project import ROOT
from scripts.record import read, topics

EXPLORATION = "exploration"
FEWEST = 10
# What decides nothing has three (learning rates far from the best, remedies that did nothing), 60,000 images a net five.
FEWER = {"rates": 3, "remedies_few": 3, "fashion": 5}


def derived(experiment: str, block: str, count: int) -> list[int]:
    digests = [hashlib.sha256(f"{experiment}/{block}/{place}".encode()).hexdigest() for place in range(count)]
    return [int(digest[:8], 16) for digest in digests]


WITH_SEEDS = [topic for topic in topics() if read(topic)["settings"].get("seeds") or read(topic)["provenance"].get("seeds")]


@pytest.mark.parametrize("topic", WITH_SEEDS)
def test_a_record_holds_the_seeds_of_its_experiment_that_chose_nothing(topic: str) -> None:
    whole = read(topic)
    provenance, count = whole["provenance"], whole["settings"]["seeds"]
    assert provenance["block"] == seeds.EDITION == "2026"
    assert provenance["seeds"] == derived(provenance["experiment"], "2026", count)
    assert count >= FEWER.get(topic, FEWEST)


@pytest.mark.parametrize("topic", WITH_SEEDS)
def test_no_record_holds_a_seed_on_which_settings_were_chosen(topic: str) -> None:
    assert seeds.seeds(topic, 4, EXPLORATION) == [0, 1, 2, 3]
    assert min(read(topic)["provenance"]["seeds"]) > 1000


def test_what_takes_no_seeds_is_exact() -> None:
    for topic in set(topics()) - set(WITH_SEEDS):
        assert {measurement["kind"] for measurement in read(topic)["measurements"].values()} == {"exact"}, topic


def test_records_of_one_experiment_have_the_same_seeds_and_other_experiments_others() -> None:
    by_experiment: dict[str, list[int]] = {}
    for topic in WITH_SEEDS:
        provenance = read(topic)["provenance"]
        shorter, longer = sorted((by_experiment.get(provenance["experiment"], []), provenance["seeds"]), key=len)
        assert longer[: len(shorter)] == shorter, topic
        by_experiment[provenance["experiment"]] = longer
    for one, other in combinations(by_experiment.values(), 2):
        assert not set(one) & set(other)


def test_blocks_share_no_seed() -> None:
    blocks = [seeds.seeds("paths", 100, block) for block in (EXPLORATION, "2026", "2027", "20", "101", "1012026")]
    assert all(len(set(block)) == 100 and max(block) < 2**32 for block in blocks)
    for one, other in combinations(blocks, 2):
        assert not set(one) & set(other)


def test_the_block_is_the_edition_unless_verification_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(seeds.VARIABLE, raising=False)
    assert seeds.seeds("paths", 3) == derived("paths", "2026", 3)
    monkeypatch.setenv(seeds.VARIABLE, "77")
    assert seeds.block() == "77" and seeds.seeds("paths", 3) == derived("paths", "77", 3)


def test_fresh_draws_a_block_that_nobody_has_seen() -> None:
    drawn = {seeds.chosen("fresh") for _ in range(50)}
    assert len(drawn) == 50 and all(block.isdecimal() and int(block) > 9999 for block in drawn)
    assert seeds.chosen("12345") == "12345"


@pytest.mark.parametrize("asked", ["", "frsh", "-3", "1.5", "१२", "2026 ", EXPLORATION])
def test_a_block_that_is_none_is_said(asked: str) -> None:
    with pytest.raises(seeds.SeedsError, match=rf"SEEDS={asked} is no block of seeds: write SEEDS=fresh, or a whole number such as SEEDS=12345"):
        seeds.chosen(asked)


def test_a_measurement_with_such_a_block_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(seeds.VARIABLE, "frsh")
    with pytest.raises(seeds.SeedsError, match="SEEDS=frsh is no block"):
        seeds.seeds("paths", 3)


def test_verification_answers_such_a_block_in_one_line() -> None:
    ran = subprocess.run([sys.executable, "-m", "scripts.verify", "--seeds", "frsh"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 1 and ran.stdout == ""
    assert ran.stderr == "SEEDS=frsh is no block of seeds: write SEEDS=fresh, or a whole number such as SEEDS=12345\n"

"""The paper's scale, on tiny files of the form in which CIFAR-10 is published: the reader, the augmentation, the schedule, the records."""

import json
import re
import statistics
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from scripts import paper
from scripts.pages import hooks, scales
from scripts.record import RecordError, sampled, topics, write
from scripts.record import read as read_record
from snippets.cifar10 import TEST, TRAIN, Augmented, cifar10, read, stepwise


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six files of a few images each, made byte by byte."""
    rng = np.random.default_rng(0)
    for name in TRAIN + TEST:
        images = [bytes([label]) + bytes(rng.integers(0, 256, 3072, dtype=np.uint8)) for label in rng.permutation(10)[:4]]
        (tmp_path / name).write_bytes(b"".join(images))
    return tmp_path


def test_every_byte_is_read_to_its_place(folder: Path) -> None:
    x, labels = read(folder, TRAIN)
    whole = b"".join((folder / name).read_bytes() for name in TRAIN)
    assert x.shape == (20, 3, 32, 32) and x.dtype == torch.float32 and labels.dtype == torch.int64
    for image in (0, 7, 19):
        start = image * 3073
        assert labels[image] == whole[start]
        for channel, row, column in ((0, 0, 0), (0, 0, 31), (1, 2, 3), (2, 31, 31)):
            assert x[image, channel, row, column] == whole[start + 1 + channel * 1024 + row * 32 + column]


def test_the_mean_image_is_the_training_sets(folder: Path) -> None:
    x, _, test_x, _ = cifar10(folder)
    raw, raw_test = read(folder, TRAIN)[0].double(), read(folder, TEST)[0].double()
    torch.testing.assert_close(x.double(), (raw - raw.mean(0)) / 255, atol=1e-6, rtol=0)
    torch.testing.assert_close(test_x.double(), (raw_test - raw.mean(0)) / 255, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("break_", "message"),
    [
        (lambda path: path.unlink(), "test_batch.bin is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "test_batch.bin is not CIFAR-10's binary form"),
        (lambda path: path.write_bytes(b"\x0a" + path.read_bytes()[1:]), "the first a label 0 … 9"),
        (lambda path: path.write_bytes(b""), "test_batch.bin is not"),
    ],
)
def test_another_file_is_named(folder: Path, break_, message: str) -> None:
    break_(folder / "test_batch.bin")
    with pytest.raises(ValueError, match=message):
        cifar10(folder)


def test_each_image_is_a_crop_of_itself_padded_and_maybe_mirrored() -> None:
    x = torch.rand(200, 3, 5, 6) + 1
    drawn, again, other = (Augmented(x, torch.Generator().manual_seed(seed))[0, torch.arange(200)[None]] for seed in (0, 0, 1))
    assert drawn.shape == (1, 200, 3, 5, 6)
    offsets, mirrors = set(), 0
    for image, result in zip(x, drawn[0], strict=True):
        padded = torch.zeros(3, 13, 14)
        padded[:, 4:9, 4:10] = image
        crops = {(i, j, m): padded[:, i : i + 5, j : j + 6].flip(2) if m else padded[:, i : i + 5, j : j + 6] for i in range(9) for j in range(9) for m in (0, 1)}
        (found,) = [key for key, crop in crops.items() if torch.equal(crop, result)] if result.any() else [(0, 0, 0)]
        offsets.add(found[:2])
        mirrors += found[2]
    assert len(offsets) > 60 and 70 < mirrors < 130
    assert not torch.equal(drawn, other)
    assert torch.equal(drawn, again)


def test_the_schedule_divides_the_learning_rate_by_ten() -> None:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    step, rates = stepwise(optimiser, [2, 4]), []
    for _ in range(6):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        step()
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


def test_the_settings_are_the_papers() -> None:
    """He et al. 2015, §4.2: widths 16 to 64, batches of 128, 0.1 divided at 32k and 48k steps, the end at 64k."""
    steps = paper.SETTINGS["epochs"] * (50_000 // paper.SETTINGS["batch"])
    assert 0 <= 64_000 - steps < 391
    assert paper.SETTINGS["widths"] == [16, 32, 64] and paper.SETTINGS["milestones"] == [32_000, 48_000]
    assert {depth % 6 for depth in paper.SETTINGS["depths"]} == {2}


def test_its_records_stand_apart(folder: Path, tmp_path: Path) -> None:
    before = topics()
    settings = paper.SETTINGS | {"depths": [8], "widths": [2, 2, 2], "batch": 5, "epochs": 2, "milestones": [4], "seeds": 2}
    assert paper.main(folder, [], settings, tmp_path / "paper") == 0
    for kind in ("plain", "residual"):
        record = json.loads((tmp_path / f"paper/degradation_{kind}.json").read_text(encoding="utf-8"))
        assert record["settings"]["scale"] == "paper" and record["settings"]["residual"] == (kind == "residual")
        assert record["provenance"]["command"] == f"python -m scripts.paper FOLDER {kind}"
        assert np.shape(record["measurements"]["loss_8"]["values"]) == (2, 2)
        assert all(0 <= error <= 1 for error in record["measurements"]["test_error_8"]["values"])
    assert topics() == before and paper.PAPER.parent.name == "data" and paper.PAPER.name == "paper"


def rows(folder: Path) -> tuple[dict[str, list[str]], str]:
    """The cells of each row of the table on a page, by the net, as a reader sees them; and what stands below."""
    page = folder / "page.md"
    page.write_text("{{ scales degradation }}\n", encoding="utf-8")
    file = SimpleNamespace(src_uri="en/page.md", abs_src_path=str(page), locale="en")
    shown = hooks.on_page_markdown("{{ scales degradation }}", SimpleNamespace(file=file, url="en/page/"), SimpleNamespace(repo_url=""), None)
    table, _, below = re.sub(r"<[^>]*>|\[(.*?)\]\(.*?\)\{\.value\}", r"\1", shown).partition("\n\n")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {net.replace("&nbsp;", " "): rest for net, *rest in cells}, below


def in_percent(measurement: dict) -> str:
    values = measurement["values"]
    return f"{100 * statistics.mean(values):.1f}% ± {100 * statistics.stdev(values):.1f}%"


def errors(record: dict, depth: int) -> list[str]:
    return [in_percent(record["measurements"][f"{name}_{depth}"]) for name in ("train_error", "test_error")]


def alternating(ours: Iterable[str], theirs: Iterable[str]) -> list[str]:
    return list(chain.from_iterable(zip(ours, theirs, strict=True)))


def test_what_is_not_measured_says_so_beside_the_sites_own_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "PAPER", tmp_path / "paper")
    shown, below = rows(tmp_path)
    assert len(shown) == 2 * len(paper.SETTINGS["depths"])
    plain, residual = read_record("degradation_plain"), read_record("degradation_residual")
    for depth, printed in zip(paper.SETTINGS["depths"], ("8.75%", "7.51%", "7.17%", "6.97%"), strict=True):
        assert shown[f"Plain {depth}"] == [*alternating(errors(plain, depth), ["not measured"] * 2), "not printed"]
        assert shown[f"Residual {depth}"] == [*alternating(errors(residual, depth), ["not measured"] * 2), printed]
    assert "`python -m scripts.paper FOLDER plain residual`" in below


def test_both_scales_stand_side_by_side_each_from_its_own_record(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "PAPER", tmp_path / "paper")
    monkeypatch.setitem(paper.SETTINGS, "depths", [20])
    settings = paper.SETTINGS | {"depths": [14, 20], "widths": [2, 2, 2], "batch": 5, "epochs": 1, "milestones": [4], "seeds": 3}
    paper.main(folder, ["plain"], settings, tmp_path / "paper")
    ours, theirs = read_record("degradation_plain"), read_record("degradation_plain", tmp_path / "paper")
    shown, below = rows(tmp_path)
    assert errors(ours, 20) != errors(theirs, 20)
    assert shown["Plain 14"] == [*alternating("——", errors(theirs, 14)), "not printed"]
    assert shown["Plain 20"] == [*alternating(errors(ours, 20), errors(theirs, 20)), "not printed"]
    assert shown["Residual 20"] == [*alternating(errors(read_record("degradation_residual"), 20), ["not measured"] * 2), "8.75%"]
    assert "CIFAR-10, widths 2, 2, 2, 1 epochs, 3 seeds" in below and theirs["settings"]["device_name"] in below
    assert "`python -m scripts.paper FOLDER residual`" in below
    table = scales.table("degradation", "en", "data/")
    (line,) = re.findall(r"^\| Plain&nbsp;20 .*", table, re.MULTILINE)
    assert re.findall(r'href="([^"]*)"', line) == ["data/degradation_plain.json", "data/paper/degradation_plain.json"] * 2
    assert '<a href="data/paper/degradation_plain.json">' in table.partition("\n\n")[2]


def test_a_record_of_another_scale_or_a_broken_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "PAPER", tmp_path)
    path = tmp_path / "degradation_plain.json"
    write(path, read_record("degradation_plain"))
    with pytest.raises(RecordError, match=r"degradation_plain\.json: a record of another scale: .*`python -m scripts\.paper FOLDER plain`"):
        scales.table("degradation", "en", "")
    path.write_text("{", encoding="utf-8")
    with pytest.raises(RecordError, match=r"degradation_plain\.json:1: .* or measure it again with `python -m scripts\.paper FOLDER plain`"):
        scales.table("degradation", "en", "")


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.5, None, 0.7], "60.0% ± 14.1% (1 of 3 diverged)"),
        ([0.5, None], "50.0% (1 of 2 diverged)"),
        ([None, None], "2 of 2 diverged"),
    ],
)
def test_seeds_that_diverged_are_counted_beside_the_mean_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: list, shown: str
) -> None:
    monkeypatch.setattr(paper, "PAPER", tmp_path)
    record = read_record("degradation_plain")
    record["settings"] |= {"scale": "paper", "images": "CIFAR-10", "device_name": "CPU"}
    record["measurements"]["test_error_20"] = sampled(values)
    write(tmp_path / "degradation_plain.json", record)
    assert rows(tmp_path)[0]["Plain 20"][3] == shown

"""Records are written whole or not at all, hold no NaN, and are read with an error that says where they are broken."""

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from scripts import record
from scripts.project import DATA, ROOT
from scripts.record import (
    RecordError,
    array,
    centre,
    exact,
    of_pipeline,
    read,
    sampled,
    settings_node,
    topics,
    write,
)
from scripts.scratch import without_packages


@pytest.fixture
def folder() -> Iterator[Path]:
    """On the project's own disk, as records are."""
    (ROOT / ".pytask").mkdir(exist_ok=True)
    with TemporaryDirectory(dir=ROOT / ".pytask") as name:
        yield Path(name)


def a_record(**measurements: dict) -> dict:
    return {"provenance": {}, "settings": {}, "orderings": [], "measurements": measurements}


def write_for_ever(path: Path) -> None:
    for count in range(10**9):
        write(path, a_record(grid=exact(np.full(20_000, float(count)))))


def test_a_writer_killed_at_any_moment_leaves_a_whole_record_and_nothing_beside_it(folder: Path) -> None:
    path = folder / "topic.json"
    write(path, a_record(grid=exact(np.zeros(20_000))))
    writer = multiprocessing.get_context("fork").Process(target=write_for_ever, args=(path,))
    writer.start()
    # What a reader finds at some moment is what a process killed at that moment would leave.
    found, until = set(), time.monotonic() + 30
    try:
        while len(found) < 50 and time.monotonic() < until:
            text = path.read_bytes()
            assert text.startswith(b"{") and text.endswith(b"}\n}\n")
            found.add(hash(text))
    finally:
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
    assert len(found) > 3, "the writer did not write"
    grid = read("topic", folder)["measurements"]["grid"]["value"]
    assert len(grid) == 20_000 and len(set(grid)) == 1
    assert [file.name for file in folder.iterdir()] == ["topic.json"]


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), [1.0, [2.0, float("nan")]]])
def test_what_is_not_finite_is_refused_by_name_and_the_record_stays(folder: Path, broken: object) -> None:
    path = folder / "topic.json"
    write(path, a_record(loss=exact(1.0)))
    before = path.read_bytes()
    with pytest.raises(
        RecordError,
        match=r"scripts/measure/task_topic\.py: measurement 'loss'.* is (nan|inf): .*left as it was",
    ):
        write(path, a_record(loss={"kind": "exact", "value": broken}))
    assert path.read_bytes() == before and len(list(folder.iterdir())) == 1


def test_a_nan_of_one_seed_is_refused_with_the_seed(folder: Path) -> None:
    with pytest.raises(RecordError, match=r"'loss', index \[1\] \(the first is the seed\) is nan"):
        write(folder / "topic.json", a_record(loss=sampled(np.array([1.0, np.nan]))))
    assert list(folder.iterdir()) == []


def test_an_exception_while_writing_leaves_the_old_record(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "topic.json"
    write(path, a_record(loss=exact(1.0)))

    def full_disk(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(record.os, "fsync", full_disk)
    scratch = set((ROOT / ".pytask").iterdir())
    with pytest.raises(RecordError, match=r"topic\.json cannot be written \(No space left on device\) and was left as it was: free some space"):
        write(path, a_record(loss=exact(2.0)))
    assert array(read("topic", folder), "loss") == 1.0
    assert set((ROOT / ".pytask").iterdir()) == scratch


def test_an_exception_while_measuring_leaves_the_old_record(folder: Path) -> None:
    path = folder / "topic.json"
    write(path, a_record(loss=exact(1.0)))
    with pytest.raises(ZeroDivisionError):
        record.measure_into(path, lambda settings: {"loss": exact(1 / settings["zero"])}, {"zero": 0})
    assert array(read("topic", folder), "loss") == 1.0


def test_an_ordering_of_something_not_measured_is_refused(folder: Path) -> None:
    with pytest.raises(RecordError, match=r"topic\.json: an ordering names 'larger', and there is no such measurement"):
        write(folder / "topic.json", a_record(smaller=exact(1.0)) | {"orderings": [("smaller", "larger")]})


def test_a_diverged_seed_is_none_and_is_left_out_of_the_mean(folder: Path) -> None:
    write(
        folder / "topic.json",
        a_record(loss=sampled([1.0, None, 4.0], log=True), curve=sampled([[1.0, 2.0], None])),
    )
    whole = read("topic", folder)
    assert whole["measurements"]["loss"]["values"] == [1.0, None, 4.0]
    assert array(whole, "loss").tolist() == [1.0, 4.0]
    assert centre(whole["measurements"]["loss"]) == pytest.approx(2.0)
    assert array(whole, "curve").tolist() == [[1.0, 2.0]]


def test_none_within_a_seeds_curve_is_refused(folder: Path) -> None:
    with pytest.raises(RecordError, match=r"'curve', index \[0, 1\]"):
        write(folder / "topic.json", a_record(curve=sampled([[1.0, None]])))


def test_a_truncated_record_is_named_with_its_line_and_its_mend(folder: Path) -> None:
    path = folder / "topic.json"
    write(path, a_record(first=exact(1.0), second=exact(np.zeros(100))))
    path.write_text(path.read_text(encoding="utf-8")[:-200], encoding="utf-8")
    with pytest.raises(
        RecordError,
        match=r"topic\.json:\d+: not a whole JSON record .*: restore it with `git checkout .*`, or",
    ):
        read("topic", folder)


def test_a_missing_record_or_part_is_named(folder: Path) -> None:
    with pytest.raises(RecordError, match=r"absent\.json: no such record: restore it"):
        read("absent", folder)
    (folder / "topic.json").write_text(json.dumps({"provenance": {}, "settings": {}}), encoding="utf-8")
    with pytest.raises(RecordError, match=r"topic\.json:1: the record lacks measurements, orderings"):
        read("topic", folder)


def test_what_is_written_is_what_is_read(folder: Path) -> None:
    value = np.array([[1 / 3, 2e-308], [1e300, -0.1]])
    write(folder / "topic.json", a_record(grid=exact(value), loss=sampled([0.123456789, 2])))
    assert (array(read("topic", folder), "grid") == value).all()
    assert read("topic", folder)["measurements"]["loss"]["values"] == [0.123457, 2]


def test_settings_are_compared_by_content() -> None:
    state = settings_node({"seeds": 3, "depths": [1, 2]}).state()
    assert settings_node({"depths": [1, 2], "seeds": 3}).state() == state
    for changed in ({"seeds": 4, "depths": [1, 2]}, {"seeds": 3, "depths": [2, 1]}, {"seeds": 3}):
        assert settings_node(changed).state() != state


@pytest.mark.parametrize("topic", topics())
def test_every_record_says_where_it_came_from_and_keeps_every_seed(topic: str) -> None:
    whole = read(topic)
    provenance = whole["provenance"]
    assert {"command", "threads", "seconds", "versions", "date"} <= set(provenance)
    assert provenance["threads"] == 1
    by_pipeline = topic in of_pipeline()
    assert (ROOT / (f"scripts/measure/task_{topic}.py" if by_pipeline else f"scripts/{topic}.py")).exists()
    for name, measurement in whole["measurements"].items():
        if measurement["kind"] == "sampled":
            # What is drawn in full, for its looks, comes from the first few seeds; a control does with ten.
            kept, seeds = len(measurement["values"]), len(provenance["seeds"])
            fewest = 1 if name.startswith(("full_", "gradient_")) else 10 if name.startswith("control_") else seeds
            assert fewest <= kept <= seeds, name
            assert measurement["scale"] == "linear" or np.all(array(whole, name) > 0), (
                f"{name}: its logarithm is taken"
            )
            if "images" in measurement:
                counted = array(whole, name) * measurement["images"]
                assert np.allclose(counted, np.round(counted), atol=1e-3), f"{name}: no share of {measurement['images']} images"


def test_records_are_light() -> None:
    sizes = {topic: (DATA / f"{topic}.json").stat().st_size for topic in topics()}
    assert max(sizes.values()) <= 300_000, f"{max(sizes, key=sizes.get)} is the largest record"
    assert sum(sizes.values()) <= 5_000_000


def test_a_number_whose_logarithm_cannot_be_taken_is_not_written(tmp_path: Path) -> None:
    whole = {"provenance": {}, "settings": {}, "orderings": [], "measurements": {"norm": record.sampled([1.0, 0.0], log=True)}}
    with pytest.raises(record.RecordError, match=r"task_x\.py: measurement 'norm' holds a number that is not positive"):
        record.write(tmp_path / "x.json", whole)
    assert not (tmp_path / "x.json").exists()


def test_a_records_seconds_are_the_processors_and_its_peak_is_in_mib(folder: Path) -> None:
    def measure(_settings: dict) -> record.Measurements:
        time.sleep(1)
        return {"one": exact(1)}

    record.measure_into(folder / "topic.json", measure, {})
    provenance = read("topic", folder)["provenance"]
    assert provenance["seconds"] < 0.5
    assert 50 < provenance["process_peak_mib"] < 16 * 1024


def measured_by(folder: Path, settings: dict, experiment: str = "") -> tuple[dict, list]:
    """The record of an experiment that keeps its seeds, and what it was called with."""
    called: list = []

    def measure(*given: object) -> record.Measurements:
        called.extend(given)
        return {"one": exact(1), "seed": sampled(given[1])} if len(given) > 1 else {"one": exact(1)}

    record.measure_into(folder / "topic.json", measure, settings, experiment=experiment)
    return read("topic", folder), called


def test_an_experiment_with_seeds_is_given_its_own_and_its_record_says_which(folder: Path) -> None:
    whole, (settings, seeds) = measured_by(folder, {"seeds": 12, "depth": 3})
    assert settings == whole["settings"] == {"seeds": 12, "depth": 3}
    assert seeds == whole["provenance"]["seeds"] == record.seeds("topic", 12, "2026") and len(set(seeds)) == 12
    assert (whole["provenance"]["experiment"], whole["provenance"]["block"]) == ("topic", "2026")


def test_records_of_one_experiment_have_its_seeds(folder: Path) -> None:
    whole, (_, seeds) = measured_by(folder, {"seeds": 10}, "of_both")
    assert whole["provenance"]["experiment"] == "of_both" and seeds == record.seeds("of_both", 10, "2026") != record.seeds("topic", 10, "2026")


def test_verification_measures_with_another_block_and_the_record_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHY_RESNET_WORKS_SEEDS", "77")
    whole, (_, seeds) = measured_by(folder, {"seeds": 10})
    assert whole["provenance"]["block"] == "77" and seeds == whole["provenance"]["seeds"] == record.seeds("topic", 10, "77")


def test_what_depends_on_no_seed_is_measured_without(folder: Path) -> None:
    whole, called = measured_by(folder, {"depth": 3})
    assert called == [{"depth": 3}] and not {"seeds", "experiment", "block"} & set(whole["provenance"])


def test_a_share_says_of_how_many_images(folder: Path) -> None:
    assert sampled([0.25, 0.5], images=360) == {"kind": "sampled", "scale": "linear", "images": 360, "values": [0.25, 0.5]}
    assert "images" not in sampled([0.25])


def test_without_the_modules_that_windows_lacks_a_record_says_nothing_of_its_peak(folder: Path, tmp_path: Path) -> None:
    lacking = without_packages(tmp_path, "fcntl", "grp", "pwd", "resource", "termios")
    program = f"from pathlib import Path; from scripts.record import exact, measure_into; measure_into(Path({str(folder / 'topic.json')!r}), lambda _: {{'one': exact(1)}}, {{}})"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([lacking, str(ROOT)])}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True)
    provenance = read("topic", folder)["provenance"]
    assert "seconds" in provenance and "process_peak_mib" not in provenance

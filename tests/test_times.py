"""The table of what each task took, against the records; and the order in which pytask starts them."""

import json
import re

import pytest

from scripts import times
from scripts.project import DATA
from scripts.record import exact, write
from scripts.verify import hold_records, remeasure
from tests.conftest import run

ROW = re.compile(r"^(\w+) +(\d+\.\d) +(\d+\.\d)% +(\d+|nan)$", re.MULTILINE)


def recorded() -> dict[str, float]:
    """Of what the pipeline measures: a record of another scale says so in its settings."""
    records = {path.stem: json.loads(path.read_text()) for path in DATA.glob("*.json")}
    return {topic: record["provenance"]["seconds"] for topic, record in records.items() if "scale" not in record["settings"]}


def test_the_table_is_the_records() -> None:
    seconds = recorded()
    *rows, (everything, total, whole, _) = ROW.findall(times.table())
    printed = {name: float(number) for name, number, _, _ in rows}
    assert printed == pytest.approx(seconds, abs=0.051)
    assert list(printed.values()) == sorted(printed.values(), reverse=True)
    assert (everything, whole) == ("all", "100.0")
    assert float(total) == pytest.approx(sum(seconds.values()), abs=0.051)
    for name, _, share, _ in rows:
        assert float(share) == pytest.approx(100 * seconds[name] / sum(seconds.values()), abs=0.051), name


def test_two_workers_and_pytask_hold_at_most_three_peaks(tmp_path) -> None:
    untold = {}  # on Windows
    for name, seconds, peak in (("short", 1.0, {"process_peak_mib": 1024}), ("longer", 2.0, untold), ("long", 3.0, {"process_peak_mib": 512})):
        provenance = {"seconds": seconds, **peak}
        record = {"settings": {}, "orderings": [], "measurements": {"one": exact(1)}}
        write(tmp_path / f"{name}.json", record | {"provenance": provenance})
    printed = times.table(tmp_path)
    assert ROW.findall(printed) == [
        ("long", "3.0", "50.0", "512"),
        ("longer", "2.0", "33.3", "nan"),
        ("short", "1.0", "16.7", "1024"),
        ("all", "6.0", "100.0", "1024"),
    ]
    assert "2 workers take 3 or more" in printed and "have 3.0 GiB at most" in printed


@pytest.mark.slow
def test_what_took_longest_starts_first_and_before_it_what_has_no_record(tmp_path) -> None:
    remeasured = remeasure(tmp_path, "--dry-run")
    # A scratch folder knows what tasks took, and nothing that they measured.
    assert not any(row.agrees for row in hold_records(DATA, remeasured))
    (remeasured / "sigmoid.json").unlink()
    options = ["--force", "--dry-run", "--do-not-sort-table"]
    ran = run("pytask", "build", *options, folder=tmp_path)
    assert ran.returncode == 0, ran.stdout
    started = re.findall(r"::task_(\w+)", ran.stdout)
    seconds = recorded()
    assert started[0] == "sigmoid" and set(started) == set(seconds)
    order = [seconds[name] for name in started[1:]]
    assert order == sorted(order, reverse=True)

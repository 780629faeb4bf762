"""A Dask cluster measures what this process measures: the same bytes, but for the provenance."""

import importlib
import json
from pathlib import Path

import pytest

from scripts.measure import task_chain_rule, task_sigmoid
from scripts.verify import remeasure

TASKS = {"chain_rule": task_chain_rule.task_chain_rule, "sigmoid": task_sigmoid.task_sigmoid}


def measured(record: Path) -> str:
    """All of a record's file but where it came from."""
    text = record.read_text(encoding="utf-8")
    return text[text.index('"settings"') :]


@pytest.mark.slow
def test_a_worker_of_a_cluster_measures_the_same_bytes(monkeypatch, tmp_path: Path) -> None:
    from distributed import Client, LocalCluster  # slow to import

    scratch = tmp_path / "project"
    scratch.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(scratch))
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.scheduler_address)
        chosen = " or ".join(f"task_{topic}" for topic in TASKS)
        records = remeasure(scratch, "--parallel-backend", "dask", "-n", "1", "-k", chosen)
        with Client(cluster, set_as_default=False) as client:  # it was this cluster that measured
            assert client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter) > 0
    for topic, task in TASKS.items():
        task(importlib.import_module(task.__module__).SETTINGS, record=tmp_path / f"{topic}.json")
        assert measured(records / f"{topic}.json") == measured(tmp_path / f"{topic}.json")
        assert json.loads((records / f"{topic}.json").read_text(encoding="utf-8"))["measurements"]

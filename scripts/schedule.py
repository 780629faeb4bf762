"""Hooks of pytask (see pyproject.toml): one run at a time; what took longest starts first, so that the workers end together; and which workers they are."""

import os
import sys
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from pytask import ExecutionReport, PTask, Session, hookimpl
from pytask_parallel import ParallelBackend, registry

from scripts import workers
from scripts.project import ROOT
from scripts.record import RecordError, read

AHEAD = 1  # a task beyond the workers' number waits at their door: pytask-parallel looks whether one has ended only every second
_held: list[object] = []  # else the lock ends with its last reference


def _seconds(task: PTask) -> float:
    """What the task took when its record was made; infinite where there is none, for it may be long."""
    path = task.produces["record"].path
    try:
        return read(path.stem, path.parent)["provenance"]["seconds"]
    except RecordError:
        return float("inf")


def _lock() -> None:
    """Hold the lock of a run until this process ends; the system lets go of it when the process is killed."""
    from filelock import FileLock, Timeout  # where nothing is measured it need not be installed

    (ROOT / ".pytask").mkdir(exist_ok=True)
    lock = FileLock(ROOT / ".pytask/run.lock", is_singleton=True)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        sys.exit("another `pytask build` measures here (.pytask/run.lock): two would measure the same; wait for it, or stop it")
    _held.append(lock)


@hookimpl(tryfirst=True)
def pytask_parse_config(config: dict[str, Any]) -> None:
    if config["parallel_backend"] is ParallelBackend.NONE and config["n_workers"] != 1:
        config["parallel_backend"] = ParallelBackend.CUSTOM
        registry.register_parallel_backend(ParallelBackend.CUSTOM, lambda n_workers: workers.Workers(n_workers - AHEAD))
        workers.prepare()


@hookimpl(tryfirst=True)
def pytask_execute_build(session: Session) -> None:
    if not session.config["dry_run"]:
        _lock()
    if session.config["parallel_backend"] is ParallelBackend.CUSTOM:
        session.config["n_workers"] += AHEAD
    session.scheduler.priorities = {task.signature: _seconds(task) for task in session.tasks}
    if os.environ.get("DASK_SCHEDULER_ADDRESS"):  # else `--parallel-backend dask` starts workers of its own
        from distributed import Client

        Client()  # pytask-parallel takes the current one


@hookimpl(tryfirst=True)
def pytask_execute_task_process_report(report: ExecutionReport) -> None:
    if report.exc_info and isinstance(report.exc_info[1], BrokenProcessPool):
        sys.exit(
            "a worker was killed, perhaps for want of memory: what is recorded stands; go on with `make measure`, or with one task at a time, `pytask build`"
        )

"""Hooks of pytask (see pyproject.toml): one run at a time; what took longest starts first, so that the workers end together; and whose workers they are."""

import os
import sys

from pytask import PTask, Session, hookimpl

from scripts.project import ROOT
from scripts.record import RecordError, read

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
def pytask_execute_build(session: Session) -> None:
    if not session.config["dry_run"]:
        _lock()
    session.scheduler.priorities = {task.signature: _seconds(task) for task in session.tasks}
    if os.environ.get("DASK_SCHEDULER_ADDRESS"):  # else `--parallel-backend dask` starts workers of its own
        from distributed import Client

        Client()  # pytask-parallel takes the current one

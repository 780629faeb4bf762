"""Hooks of pytask (see pyproject.toml): what took longest starts first, so that the workers end together; and whose workers they are."""

import os

from pytask import PTask, Session, hookimpl

from scripts.record import RecordError, read


def _seconds(task: PTask) -> float:
    """What the task took when its record was made; infinite where there is none, for it may be long."""
    path = task.produces["record"].path
    try:
        return read(path.stem, path.parent)["provenance"]["seconds"]
    except RecordError:
        return float("inf")


@hookimpl(tryfirst=True)
def pytask_execute_build(session: Session) -> None:
    session.scheduler.priorities = {task.signature: _seconds(task) for task in session.tasks}
    if os.environ.get("DASK_SCHEDULER_ADDRESS"):  # else `--parallel-backend dask` starts workers of its own
        from distributed import Client

        Client()  # pytask-parallel takes the current one

"""Which records no longer belong to the code that makes them, and why: what `pytask build --dry-run --explain` finds."""

import contextlib
import io
import sys
from pathlib import Path
from typing import Any

import pytask

from scripts.project import ROOT


def run_tasks(config: Path, **options: Any) -> tuple[pytask.Session, str]:
    """What `pytask build` does with a configuration, and what it prints."""
    printed = io.StringIO()
    pytask.console.width = 500  # else it breaks its messages
    sys.path.insert(0, str(ROOT))
    with contextlib.redirect_stdout(printed):
        session = pytask.build(config=config, **options)
    sys.path.pop(0)
    return session, printed.getvalue()


def dry_run(config: Path, **options: Any) -> tuple[pytask.Session, str]:
    """The tasks of a configuration, none of them run. PyTorch is not needed."""
    return run_tasks(config, dry_run=True, **options)


def stale() -> list[str]:
    """One line a stale record: its task and what changed."""
    session, printed = dry_run(ROOT / "pyproject.toml", paths=ROOT / "scripts/measure", explain=True)
    if session.exit_code not in (pytask.ExitCode.OK, pytask.ExitCode.FAILED):
        return [f"the measurements cannot be read:\n{printed}"]
    found = []
    for report in session.execution_reports:
        if report.outcome == pytask.TaskOutcome.WOULD_BE_EXECUTED:
            explanation = report.task.attributes.get("explanation")
            # pytask's names begin with the project's folder, whatever it is called.
            reasons = [f"{reason.node_name.removeprefix(f'{ROOT.name}/')} ({reason.reason})" for reason in explanation.reasons]
            name = report.task.name.rpartition("::")[2]
            found.append(f"{report.task.path.relative_to(ROOT)}: {name} is stale: {', '.join(reasons)}")
    return sorted(found)

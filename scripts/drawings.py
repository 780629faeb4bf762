"""Drawing the figures, running the labs and fetching what pages load; and what is behind each figure."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytask
from pytask.tree_util import tree_leaves

from scripts.project import DATA, DOCS, ROOT
from scripts.stale import dry_run, run_tasks

CONFIG = ROOT / "scripts/draw/pyproject.toml"
_behind: dict[Path, "Drawing"] = {}
_drawn_from: dict[Path, int] = {}


@dataclass(frozen=True)
class Drawing:
    code: Path  # relative to the project
    topics: tuple[str, ...]  # the records, in the task's order


class DrawingError(Exception):
    """A figure, a lab or a package could not be made."""


def draw() -> None:
    """Make what is missing or stale, if this process has not, or a drawing, a lab or a record was saved since.

    Raises:
        DrawingError: with a line a failure where each names its file, else with all that pytask prints.
    """
    sources = [*ROOT.glob("scripts/draw/*.py"), *DOCS.glob("*/labs/*.py"), *DATA.glob("*.json")]
    saved = {path: path.stat().st_mtime_ns for path in sources}
    if saved == _drawn_from:
        return
    if _drawn_from:
        for name in [name for name in sys.modules if name.startswith(("scripts.draw.", "scripts.frontend.task_"))]:
            del sys.modules[name]  # else pytask takes them as they were
    session, printed = run_tasks(CONFIG)
    if session.exit_code != pytask.ExitCode.OK:
        said = [str(report.exc_info[1]) for report in session.execution_reports if report.exc_info]
        named = [message for message in said if message.startswith(("docs/", "scripts/"))]
        raise DrawingError("\n".join(named) or f"the figures, labs or front-end packages could not be made:\n{printed[-6000:]}")
    _behind.clear()
    _behind.update(_read(session))
    _drawn_from.clear()
    _drawn_from.update(saved)


def drawings() -> dict[Path, Drawing]:
    """Every figure that a task of scripts/draw makes.

    Raises:
        RuntimeError: pytask cannot collect the tasks.
    """
    if not _behind:
        session, printed = dry_run(CONFIG)
        if session.exit_code not in (pytask.ExitCode.OK, pytask.ExitCode.FAILED):
            raise RuntimeError(f"the figures' tasks cannot be read:\n{printed}")
        _behind.update(_read(session))
    return _behind


def _read(session: pytask.Session) -> dict[Path, Drawing]:
    found = {}
    for task in session.tasks:
        inputs, products = (
            [node.path for node in tree_leaves(nodes) if isinstance(node, pytask.PPathNode)]
            for nodes in (task.depends_on, task.produces)
        )
        topics = tuple(path.stem for path in inputs if path.parent == DATA)
        for product in products:
            if product.suffix == ".svg":
                found[product] = Drawing(task.path.relative_to(ROOT), topics)
    return found

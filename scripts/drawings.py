"""What is behind each figure: the records that its drawing task reads, and the file that draws it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytask
from pytask.tree_util import tree_leaves

from scripts.project import DATA, ROOT
from scripts.stale import dry_run


@dataclass(frozen=True)
class Drawing:
    code: Path  # relative to the project
    topics: tuple[str, ...]  # the records, in the task's order


@cache
def drawings() -> dict[Path, Drawing]:
    """Every figure that a task of scripts/draw makes.

    Raises:
        RuntimeError: pytask cannot collect the tasks.
    """
    session, printed = dry_run(ROOT / "scripts/draw/pyproject.toml")
    if session.exit_code not in (pytask.ExitCode.OK, pytask.ExitCode.FAILED):
        raise RuntimeError(f"the figures' tasks cannot be read:\n{printed}")
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

"""Run each lab and keep it, in each language, as a notebook, which mkdocs-jupyter renders and a reader can download."""

from pathlib import Path
from typing import Annotated

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from pytask import Product, task

from scripts.project import DATA, DOCS, ROOT, SNIPPETS, configuration, languages

PATIENCE = 1800  # seconds a cell, only to end what hangs: a busy machine takes minutes over what takes one

# Colab opens a notebook without the project around it.
SETUP = f"""import importlib.util, subprocess, sys
if importlib.util.find_spec("snippets") is None:
    subprocess.run(["git", "clone", "--depth", "1", "{configuration()['repo_url']}", "project"], check=True)
    sys.path.insert(0, "project")"""


def records_read_by(lab: Path) -> list[Path]:
    """The records whose topics a lab names in quotes: it runs again when one of them changes."""
    source = lab.read_text(encoding="utf-8")
    return [record for record in sorted(DATA.glob("*.json")) if f'"{record.stem}"' in source]


def _raising(lab: Path, notebook: NotebookNode) -> str:
    """File and line of the first cell that raised."""
    cell = next(cell for cell in notebook.cells for output in cell.get("outputs", []) if output["output_type"] == "error")
    before = lab.read_text(encoding="utf-8").partition(cell.source)[0]
    return f"{lab.relative_to(ROOT)}:{before.count(chr(10)) + 1}"


def _run(lab: Path, notebook: NotebookNode) -> None:
    """Run a lab's cells in a kernel of their own, in the project's root."""
    client = NotebookClient(notebook, timeout=PATIENCE, coalesce_streams=True, resources={"metadata": {"path": ROOT}})
    try:
        client.execute()
    except CellExecutionError as error:
        raise RuntimeError(f"{_raising(lab, notebook)}: this cell raises {error.ename}: {error.evalue}: mend it in every language") from None


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def take(other: NotebookNode, notebook: NotebookNode) -> bool:
    """Take what another language's lab printed, if its code is the same."""
    if [cell.source for cell in _code(other)] != [cell.source for cell in _code(notebook)]:
        return False
    notebook.metadata["language_info"] = other.metadata["language_info"]
    for theirs, ours in zip(_code(other), _code(notebook), strict=True):
        ours.update(outputs=theirs.outputs, execution_count=theirs.execution_count)
    return True


for _name in sorted({lab.stem for lab in DOCS.glob("*/labs/*.py")}):
    _labs = [lab for language in languages() if (lab := DOCS / language / f"labs/{_name}.py").exists()]
    _notebooks = [lab.with_suffix(".ipynb") for lab in _labs]

    @task(id=_name)
    def task_lab(
        labs: list[Path] = _labs,
        snippets: list[Path] = sorted(SNIPPETS.glob("*.py")),
        records: list[Path] = sorted({record for lab in _labs for record in records_read_by(lab)}),
        notebooks: Annotated[list[Path], Product] = _notebooks,
    ) -> None:
        run: list[NotebookNode] = []
        for lab in labs:
            notebook = jupytext.read(lab)
            notebook.cells.insert(1, nbformat.v4.new_code_cell(SETUP, metadata={"tags": ["setup"]}))
            notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
            if not any(take(other, notebook) for other in run):
                _run(lab, notebook)
            run.append(notebook)
            for number, cell in enumerate(notebook.cells):  # without times of day and random names the same lab is the same at every run
                cell.metadata.pop("execution", None)
                cell["id"] = f"cell-{number}"
        for path, notebook in zip(notebooks, run, strict=True):
            path.write_text(nbformat.writes(notebook), encoding="utf-8")

"""Run each lab and keep it as a notebook, which mkdocs-jupyter renders and a reader can download."""

from pathlib import Path
from typing import Annotated

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from pytask import Product, task

from scripts.project import DATA, DOCS, ROOT, SNIPPETS, configuration, languages

# Colab opens a notebook without the project around it.
SETUP = f"""import importlib.util, subprocess, sys
if importlib.util.find_spec("snippets") is None:
    subprocess.run(["git", "clone", "--depth", "1", "{configuration()['repo_url']}", "project"], check=True)
    sys.path.insert(0, "project")"""


def records_read_by(lab: Path) -> list[Path]:
    """The records whose topics a lab names in quotes: it runs again when one of them changes."""
    source = lab.read_text(encoding="utf-8")
    return [record for record in sorted(DATA.glob("*.json")) if f'"{record.stem}"' in source]


def _raising(lab: Path, notebook: nbformat.NotebookNode) -> str:
    """File and line of the first cell that raised."""
    cell = next(cell for cell in notebook.cells for output in cell.get("outputs", []) if output["output_type"] == "error")
    before = lab.read_text(encoding="utf-8").partition(cell.source)[0]
    return f"{lab.relative_to(ROOT)}:{before.count(chr(10)) + 1}"


for _lab in [lab for language in languages() for lab in sorted((DOCS / language / "labs").glob("*.py"))]:

    @task(id=f"{_lab.parent.parent.name}-{_lab.stem}")
    def task_lab(
        lab: Path = _lab,
        snippets: list[Path] = sorted(SNIPPETS.glob("*.py")),
        records: list[Path] = records_read_by(_lab),
        notebook: Annotated[Path, Product] = _lab.with_suffix(".ipynb"),
    ) -> None:
        cells = jupytext.read(lab)
        cells.cells.insert(1, nbformat.v4.new_code_cell(SETUP, metadata={"tags": ["setup"]}))
        cells.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        client = NotebookClient(cells, timeout=120, coalesce_streams=True, resources={"metadata": {"path": ROOT}})
        try:
            client.execute()
        except CellExecutionError as error:
            raise RuntimeError(f"{_raising(lab, cells)}: this cell raises {error.ename}: {error.evalue}: mend it in every language") from None
        for number, cell in enumerate(cells.cells):  # without times of day and random names the same lab is the same at every run
            cell.metadata.pop("execution", None)
            cell["id"] = f"cell-{number}"
        notebook.write_text(nbformat.writes(cells), encoding="utf-8")

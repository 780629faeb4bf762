"""Hashes decide what is stale, every arrow of the design runs one way, and the site needs no PyTorch."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.project import ROOT, snippets_behind
from scripts.scratch import without_packages
from tests.conftest import Project

TASKS = sorted((ROOT / "scripts/measure").glob("task_*.py"))
PRINT_STALE = "import json; from scripts.stale import stale; print(json.dumps(stale()))"
NOT_OF_THE_SITE = ("torch", "sympy", "playwright", "pytest", "importlinter")


def imported_snippets(file: Path) -> set[str]:
    """An independent scan: the files of snippets/ that `file` imports anywhere in it, directly or through others."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("scripts.measure"):  # what tasks share
            within = node.module.split(".")[2:] or [alias.name for alias in node.names]
            for name in within:
                found |= imported_snippets(ROOT / f"scripts/measure/{name}.py")
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "snippets":
            found |= (
                {node.module.partition(".")[2]}
                if "." in node.module
                else {alias.name for alias in node.names}
            )
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("snippets.")}
    direct = set(found)
    for name in direct:
        found |= imported_snippets(ROOT / f"snippets/{name}.py")
    return found


def site_only(folder: Path) -> str:
    """Under which Python finds only what the site's requirements bring, as in the .venv of `make site`."""
    return without_packages(folder, *NOT_OF_THE_SITE)


def test_no_record_is_stale() -> None:
    # In a process of its own: pytask also collects the tasks of whatever module this one has imported.
    assert json.loads(Project(ROOT).python(PRINT_STALE)) == []


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.stem)
def test_a_task_declares_every_snippet_that_it_imports(task: Path) -> None:
    assert {file.stem for file in snippets_behind(task)} == imported_snippets(task)


@pytest.mark.slow
def test_touching_changes_nothing_and_changed_constants_and_settings_make_their_tasks_stale(project_copy) -> None:
    for file in (project_copy.root / "snippets").glob("*.py"):
        file.touch()
    measured = project_copy.run("pytask", "build")
    assert measured.returncode == 0, measured.stdout
    assert f"{len(TASKS)}  Skipped because unchanged" in measured.stdout, measured.stdout
    assert project_copy.changed() == []

    project_copy.edit("snippets/activations.py", "np.where(z > 0, 1.0, 0.0)", "np.where(z > 0, 1.1, 0.0)")
    project_copy.edit("scripts/measure/task_spirals.py", '"seeds": ', '"seeds": 1 + ')
    importing = {task.stem for task in TASKS if "activations" in imported_snippets(task)}
    assert importing and "task_spirals" not in importing and len(importing) < len(TASKS) - 1

    built = project_copy.run("mkdocs", "build", "--strict")
    assert built.returncode != 0
    assert set(re.findall(r"(\w+) is stale", built.stdout)) == importing | {"task_spirals"}, built.stdout
    for task in importing:
        assert (
            f"scripts/measure/{task}.py: {task} is stale: snippets/activations.py (changed). Run `make measure`"
            in built.stdout
        ), built.stdout
    assert re.search(r"task_spirals is stale: .*settings \(changed\)", built.stdout), built.stdout
    assert "Traceback" not in built.stdout
    assert not (project_copy.root / "site").exists()
    assert project_copy.changed() == ["scripts/measure/task_spirals.py", "snippets/activations.py"]


@pytest.mark.slow
def test_no_record_is_stale_where_git_ends_lines_as_windows_does(project_copy, tmp_path: Path) -> None:
    project_copy.git("clone", "--quiet", "--config", "core.autocrlf=true", ".", str(tmp_path / "clone"))
    assert json.loads(Project(tmp_path / "clone").python(PRINT_STALE)) == []


def test_imports_run_one_way() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    checked = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_snippets_import_only_snippets_and_numerical_libraries() -> None:
    allowed = {"snippets", "numpy", "scipy", "torch", "sklearn"} | set(sys.stdlib_module_names)
    for file in (ROOT / "snippets").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = (
                [node.module]
                if isinstance(node, ast.ImportFrom)
                else [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else []
            )
            assert {name.partition(".")[0] for name in names} <= allowed, f"{file.name}:{node.lineno}"


@pytest.mark.slow
def test_the_site_needs_no_pytorch_and_nothing_of_the_tests(tmp_path: Path) -> None:
    modules = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts) for file in (ROOT / "scripts").rglob("*.py")
    ]
    modules = [
        module for module in modules if "node_modules" not in module and not module.endswith("__init__")
    ]
    rooms = [
        module
        for module in modules
        if module.split(".")[1] in ("draw", "pages", "frontend", "measure", "record", "stale", "project")
    ]
    program = f"from scripts.stale import stale\nassert stale() == []\nimport importlib\nfor module in {rooms}: importlib.import_module(module)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([site_only(tmp_path), str(ROOT)])}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    blocked = subprocess.run(
        [sys.executable, "-c", "import torch"], env=environment, capture_output=True, text=True
    )
    assert "No module named 'torch'" in blocked.stderr


@pytest.mark.slow
def test_the_labs_run_without_pytorch(tmp_path: Path) -> None:
    program = "import runpy, sys\nfor lab in sys.argv[1:]: runpy.run_path(lab)"  # a traceback names the lab
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([site_only(tmp_path), str(ROOT)])}
    command = [sys.executable, "-c", program, *sorted((ROOT / "docs/ja/labs").glob("*.py"))]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr

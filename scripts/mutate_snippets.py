"""Mutants of `snippets/`, and the tests of `make test` that kill them: mutmut's, as pyproject.toml sets it.

Of the tests of the mathematics those run against a mutant that call the mutated function. What was found
stays in mutants/ until a snippet, a test or a record changes, so that an interrupted run goes on. mutmut
leaves alone what runs on import and functions with a decorator; these are named. A mutant that does not end
counts as killed.
"""

import ast
import os
import subprocess
import sys
from difflib import ndiff
from itertools import groupby

import libcst
from mutmut.__main__ import collect_source_file_mutation_data
from mutmut.mutation.diff_apply import read_mutant_function, read_mutants_module, read_original_function
from mutmut.stats import status_by_exit_code

from scripts.project import ROOT, SNIPPETS
from scripts.survivors import report

KILLED = {"killed", "timeout", "segfault"}
# mutmut's own command takes the tests from pyproject.toml alone, and a list there would go stale.
RUN = """
import sys
from mutmut.__main__ import _run
from mutmut.configuration import config
config().pytest_add_cli_args_test_selection = sys.argv[1:]
_run((), None)
"""


def of_the_mathematics() -> list[str]:
    """The test files that import snippets, but for those that need a site and a browser beside them."""
    return [
        str(file.relative_to(ROOT))
        for file in sorted(ROOT.glob("tests/test_*.py"))
        if "\nfrom snippets" in file.read_text(encoding="utf-8") and not file.stem.startswith("test_interactives")
    ]


def left_out() -> list[str]:
    """The functions of `snippets/` that mutmut does not mutate."""
    return [
        f"{file.stem}.{node.name}"
        for file in sorted(SNIPPETS.glob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    ]


def outcomes() -> dict[str, bool]:
    """Whether each mutant was killed, by its name: the function, and the line as it was and as it became."""
    found: dict[str, bool] = {}
    mutants, _ = collect_source_file_mutation_data(mutant_names=())
    for path, of_file in groupby(mutants, lambda mutant: mutant[0].path):
        module = read_mutants_module(path)
        for _, key, exit_code in of_file:
            name = f"{path.stem}.{_changed(module, key)}"
            found[name] = found.get(name, True) and status_by_exit_code[exit_code] in KILLED
    return found


def _changed(module: libcst.Module, key: str) -> str:
    original, mutant = read_original_function(module, key), read_mutant_function(module, key)
    lines = [libcst.Module([function]).code.splitlines() for function in (original, mutant)]
    changed = [line for line in ndiff(*lines) if line[0] in "-+"]
    old, new = (" ".join(line[2:].strip() for line in changed if line[0] == sign) for sign in "-+")
    mangled = key.rpartition(".")[2].rpartition("__mutmut_")[0]
    function = mangled.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    return f"{function}: {old} → {new}"


def main() -> int:
    single = os.environ | {"OMP_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-c", RUN, *of_the_mathematics()], cwd=ROOT, env=single)
    if run.returncode:
        return run.returncode
    print("not mutated, for they have a decorator:", ", ".join(left_out()))
    return report("snippets", [("snippets", outcomes())])


if __name__ == "__main__":
    sys.exit(main())

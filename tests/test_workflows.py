"""The workflows and the hooks: two linters find nothing, every action is pinned, and a pull request's run holds no power."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from scripts.project import ROOT

BIN = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def lint(*command: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIN / command[0], *command[1:]], cwd=folder, capture_output=True, text=True)


def parsed(path: Path) -> dict:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # YAML 1.1 reads `on` as true


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    checked = lint("actionlint", *map(str, WORKFLOWS))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    broken = tmp_path / "check.yml"
    broken.write_text(WORKFLOWS[0].read_text(encoding="utf-8").replace("github.ref", "github.reff"), encoding="utf-8")
    assert lint("actionlint", str(broken)).returncode != 0


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    checked = lint("zizmor", "--offline", "--no-progress", ".github")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    broken = tmp_path / "check.yml"
    broken.write_text(WORKFLOWS[0].read_text(encoding="utf-8").replace("persist-credentials: false", "", 1), encoding="utf-8")
    assert lint("zizmor", "--offline", "--no-progress", str(broken)).returncode != 0


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_permissions_are_each_jobs_own(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    assert len(re.findall(r"uses:", text)) == len(re.findall(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", text, re.MULTILINE))
    whole = parsed(workflow)
    assert whole["permissions"] == {}
    assert all("permissions" in job for job in whole["jobs"].values())
    if "pull_request" in whole["on"]:
        assert {power for job in whole["jobs"].values() for power in job["permissions"].items()} == {("contents", "read")}
        assert "secrets." not in text and "github.token" not in text
    if any(power == "write" for job in whole["jobs"].values() for power in job["permissions"].values()):
        writers = [job for job in whole["jobs"].values() if "write" in job["permissions"].values()]
        assert not any("checkout" in step.get("uses", "") or "run" in step for job in writers for step in job["steps"])


def test_only_what_agrees_is_published() -> None:
    jobs = parsed(ROOT / ".github/workflows/publish.yml")["jobs"]
    steps = [step.get("run", step.get("uses", "")) for step in jobs["build"]["steps"]]
    order = [next(i for i, step in enumerate(steps) if step.startswith(name)) for name in ("make verify", "make site", "actions/upload-pages")]
    assert order == sorted(order) and jobs["deploy"]["needs"] == "build"
    assert not any("continue-on-error" in step or "if" in step for job in jobs.values() for step in job["steps"])


def test_versions_are_said_alike_everywhere() -> None:
    extras = PROJECT["optional-dependencies"]
    pins = dict(requirement.split("==") for extra in [PROJECT["dependencies"], *extras.values()] for requirement in extra if "==" in requirement)
    said = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    hooks = {name: number for name, number in re.findall(r"([\w.-]+)==([\w.]+)", said) if name in pins}
    assert len(hooks) > 4 and hooks.items() <= pins.items()
    for file in [ROOT / "Makefile", *WORKFLOWS]:
        assert set(re.findall(r"torch==(\d[\d.]*\d)", file.read_text(encoding="utf-8"))) <= {pins["torch"]}, file


def test_the_lock_holds_what_the_site_needs_with_hashes_and_no_host() -> None:
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    blocks = re.findall(r"^([\w.-]+)==([\w.+]+)[^\n]*((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\\\)?)+)", lock, re.MULTILINE)
    assert len(blocks) == len(re.findall(r"^\w", lock, re.MULTILINE)) > 50
    assert "://" not in lock and "--index" not in lock
    locked = {(name, number) for name, number, _ in blocks}
    for requirement in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["site"]]:
        name, _, pin = requirement.partition("==")
        assert (name.lower(), pin) in locked if pin else name.partition(">")[0] in {name for name, _ in locked}, requirement


def test_the_weekly_run_takes_every_pin_away_but_one(tmp_path: Path) -> None:
    steps = parsed(ROOT / ".github/workflows/weekly.yml")["jobs"]["newest"]["steps"]
    (command,) = (step["run"] for step in steps if "sed" in step.get("run", ""))
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    subprocess.run(["bash", "-euc", command], cwd=tmp_path, check=True)
    free = tomllib.loads((tmp_path / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = free["optional-dependencies"]
    pinned = [each for each in [*free["dependencies"], *extras["site"], *extras["test"]] if re.search("[=<>]", each)]
    assert pinned == ["antlr4-python3-runtime==4.11.0"]

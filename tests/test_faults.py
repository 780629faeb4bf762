"""Each planted mistake: one message with the file, the line and the mend, a non-zero exit code, and nothing changed besides."""

import signal
from pathlib import Path

import pytest

from scripts import faults
from scripts.faults import FAULTS, Fault
from scripts.scratch import Project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.copied_to(tmp_path_factory.mktemp("faults") / "project")


@pytest.mark.faults
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_a_planted_mistake_is_answered(site: Path, project: Project, fault: Fault) -> None:
    found = faults.answer(project, fault)
    assert found.message, found.output
    assert (found.code, found.changed) == (fault.code, [])
    if fault.command[0] == "mkdocs":
        assert "Traceback" not in found.output


@pytest.mark.faults
def test_a_killed_run_leaves_the_record_and_is_named_by_the_next_build(site: Path, project: Project) -> None:
    found = faults.kill(project)
    assert found.message, found.output
    assert (found.code, found.changed) == (-signal.SIGKILL, [])


def test_twenty_mistakes_or_more_are_planted_each_under_a_name_of_its_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 20

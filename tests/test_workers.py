"""The processes that measure: the same numbers as here, none left behind, and a killed one is told of."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts import schedule
from scripts.measure import task_chain_rule
from scripts.project import ROOT
from scripts.scratch import PATIENCE
from scripts.workers import Workers

OWNER = """
import os, time
from scripts.workers import Workers
workers = Workers(1)
print(workers.submit(os.getpid).result(), flush=True)
time.sleep(60)
"""


@pytest.mark.slow
def test_two_workers_measure_what_this_process_measures() -> None:
    with Workers(2) as workers:
        # A function that no module holds: pytask's tasks are such to a worker.
        futures = [workers.submit(lambda: (os.getpid(), task_chain_rule.measure(task_chain_rule.SETTINGS, [1, 2]))) for _ in range(2)]
        there = [future.result() for future in futures]
    here = task_chain_rule.measure(task_chain_rule.SETTINGS, [1, 2])
    assert os.getpid() not in [process for process, _ in there]
    assert [measured for _, measured in there] == [here, here]


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")  # in a container nobody may take leave of a process that has ended
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGKILL")
def test_a_worker_ends_when_what_started_it_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER], cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        worker = int(owner.stdout.readline())
        began = is_running(worker)
        owner.kill()
    assert began
    deadline = time.monotonic() + PATIENCE
    while is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(worker)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGKILL")
def test_a_killed_worker_stops_the_run_and_says_what_to_do() -> None:
    with Workers(1) as workers:
        error = workers.submit(lambda: os.kill(os.getpid(), signal.SIGKILL)).exception()
    with pytest.raises(SystemExit, match=r"a worker was killed.*`make measure`"):
        schedule.pytask_execute_task_process_report(SimpleNamespace(exc_info=(type(error), error, None)))
    schedule.pytask_execute_task_process_report(SimpleNamespace(exc_info=None))

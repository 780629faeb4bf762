"""The processes that measure, several at once: they begin with everything imported, and end with pytask, also when it is killed."""

import multiprocessing
import multiprocessing.forkserver
import os
import sys
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import cloudpickle

# torch._dynamo is what an optimiser's first step imports.
IMPORTED = ["pytask_parallel.wrappers", "sklearn.model_selection", "torch", "torch._dynamo"]
FORKED = sys.platform == "linux"  # Windows cannot, and on macOS a process that has loaded Apple's frameworks must not be


def prepare() -> None:
    """Begin to import what workers need in a process that they are forked from; pytask collects meanwhile."""
    if FORKED:
        os.environ["OPENBLAS_NUM_THREADS"] = "1"  # else that process has threads, and a fork takes none along
        multiprocessing.set_forkserver_preload(IMPORTED)
        multiprocessing.forkserver.ensure_running()


class Workers(ProcessPoolExecutor):
    """Processes that are sent any function: those of pytask's tasks are in modules that only pytask can import."""

    def __init__(self, count: int) -> None:
        context = multiprocessing.get_context("forkserver" if FORKED else "spawn")
        super().__init__(count, context, initializer=_end_with_parent)

    def submit(self, function, /, *args, **kwargs) -> Future[Any]:
        return super().submit(_call, cloudpickle.dumps((function, args, kwargs)))


def _call(pickled: bytes) -> Any:
    function, args, kwargs = cloudpickle.loads(pickled)
    return function(*args, **kwargs)


def _end_with_parent() -> None:
    """Else a worker waits for ever for the tasks of a pytask that was killed."""

    def wait() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()

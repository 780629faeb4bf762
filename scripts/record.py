"""Records: what an experiment measured, every seed's value, and where it came from.

A record is one JSON object: `provenance`, `settings`, `orderings` (pairs of measurements, the first smaller than the
second) and `measurements`, each made by `exact` or `sampled`.
"""

import hashlib
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from pytask import PythonNode

from scripts.project import DATA, ROOT
from scripts.seeds import block, seeds

Measurements = dict[str, dict[str, Any]]
SIGNIFICANT_DIGITS = 6  # of sampled values: far below their spread, and a third of the size


class RecordError(Exception):
    """A record that cannot be written or read; the message names the file and says what to do."""


def exact(value: Any) -> dict[str, Any]:
    """A closed form or a deterministic computation: re-measured to 1e-12. `value` is a number or nested lists."""
    return {"kind": "exact", "value": np.asarray(value).tolist()}


def sampled(values: Any, *, log: bool = False, images: int | None = None) -> dict[str, Any]:
    """What depends on seeds: the first axis of `values` runs over them. `log` for what spreads over orders of magnitude.

    A seed whose training diverged is given as `None`, never as NaN: at most one axis, the seeds, may hold it.
    `images` is how many were counted where each value is a share of them: its binomial error follows.
    """
    counted = {} if images is None else {"images": images}
    return {"kind": "sampled", "scale": "log" if log else "linear", **counted, "values": _rounded(values)}


def _rounded(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, list | tuple):
        return [_rounded(value) for value in values]
    return values if values is None or isinstance(values, int) else float(f"{values:.{SIGNIFICANT_DIGITS}g}")


def settings_node(settings: dict[str, Any]) -> PythonNode:
    """The settings of a task as an input that pytask compares by content."""
    return PythonNode(value=settings, hash=lambda value: hashlib.sha256(_dumps(value).encode()).hexdigest())


@contextmanager
def one_thread():
    """One thread, so that a record does not depend on the number of cores (sums are ordered differently)."""
    from threadpoolctl import threadpool_limits

    try:
        import torch
    except ModuleNotFoundError:
        raise RecordError(
            "PyTorch is needed to measure and is not installed: `make measure` installs it (reading and writing pages does not need it)"
        ) from None
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def measure_into(
    path: Path,
    measure: Callable[..., Measurements],
    settings: dict[str, Any],
    orderings: Iterable[tuple[str, str]] = (),
    command: str = "",
    experiment: str = "",
) -> None:
    """Run `measure(settings)` on one thread and write its record to `path`, whole or not at all.

    Where `settings` hold a number of seeds, it is `measure(settings, seeds)`, with the seeds that scripts/seeds.py gives the
    experiment; its name is the record's, or `experiment`: records of one experiment have the same seeds.

    `seconds` are the processor's: on one thread those of the clock, had the machine nothing else to do.
    `process_peak_mib` is the most memory that the process held until then, earlier tasks of the worker included; Windows does not tell it.
    """
    experiment = experiment or path.stem
    chosen = seeds(experiment, settings["seeds"]) if "seeds" in settings else None
    with one_thread():
        started = time.process_time()
        measurements = measure(settings) if chosen is None else measure(settings, chosen)
        seconds = time.process_time() - started
    command = command or f"make measure  # scripts/measure/task_{path.stem}.py"
    record = {
        "provenance": provenance(command, experiment, chosen, seconds, **_peak()),
        "settings": settings,
        "orderings": [list(pair) for pair in orderings],
        "measurements": measurements,
    }
    write(path, record)


def provenance(command: str, experiment: str, chosen: list[int] | None, seconds: float, **peak: int) -> dict[str, Any]:
    """Where a record comes from: `chosen` are its seeds, None where it has none; `seconds` of one core; memory as `measure_into` says."""
    return {
        "command": command,
        **({} if chosen is None else {"experiment": experiment, "block": block(), "seeds": chosen}),
        "threads": 1,
        "seconds": round(seconds, 2),
        **peak,
        "machine": platform.machine(),
        "versions": {"python": platform.python_version(), **_versions("numpy", "scipy", "torch", "scikit-learn")},
        "date": date.today().isoformat(),
    }


def _peak() -> dict[str, int]:
    try:
        import resource
    except ModuleNotFoundError:  # on Windows
        return {}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"process_peak_mib": round(peak / 2**20 if sys.platform == "darwin" else peak / 2**10)}


def _versions(*packages: str) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def write(path: Path, record: dict[str, Any]) -> None:
    """Write `record` to `path` in one step: a killed process leaves the old file or the new one, never half of one.

    Raises:
        RecordError: a number is NaN or infinite, or not positive on a log scale, or an ordering names no measurement.
    """
    for name, measurement in record["measurements"].items():
        _require_finite(path, name, measurement.get("value", measurement.get("values")))
        if measurement.get("scale") == "log" and not np.all(array(record, name) > 0):
            raise RecordError(
                f"scripts/measure/task_{path.stem}.py: measurement '{name}' holds a number that is not positive, and its logarithm "
                f"is taken; {_relative(path)} was left as it was. Measure it with log=False, or mend the formula"
            )
    for pair in record["orderings"]:
        for name in pair:
            if name not in record["measurements"]:
                raise RecordError(f"{_relative(path)}: an ordering names '{name}', and there is no such measurement")
    command, _, _ = record["provenance"].get("command", "make measure").partition("  #")
    put(path, _text(record), command)


def put(path: Path, text: str, again: str = "make measure") -> None:
    """Write a file in one step, or leave it as it was; `again` is the command that goes on once there is space.

    Raises:
        RecordError: the disk is full, or the folder cannot be written to.
    """
    scratch = ROOT / ".pytask"
    scratch.mkdir(exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not beside the file: what a killed process leaves must not look like a record.
    handle, temporary = tempfile.mkstemp(dir=scratch, suffix=".record")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise RecordError(f"{_relative(path)} cannot be written ({error.strerror}) and was left as it was: free some space, then `{again}`") from None
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _require_finite(path: Path, name: str, value: Any, index: tuple[int, ...] = ()) -> None:
    if isinstance(value, list):
        for position, element in enumerate(value):
            _require_finite(path, name, element, (*index, position))
    elif value is None and len(index) == 1:
        return  # a seed whose training diverged
    elif value is None or not np.isfinite(value):
        where = f", index {list(index)} (the first is the seed)" if index else ""
        raise RecordError(
            f"scripts/measure/task_{path.stem}.py: measurement '{name}'{where} is {value}: the training diverged or a formula "
            f"broke; {_relative(path)} was left as it was. Record a diverged seed as None, or mend the step size"
        )


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True)


def _text(record: dict[str, Any]) -> str:
    """One line a measurement: a diff of a record reads by measurement."""
    measurements = ",\n".join(f"{_dumps(name)}: {_dumps(value)}" for name, value in record["measurements"].items())
    head = ",\n".join(f'"{key}": {_dumps(record[key])}' for key in ("provenance", "settings", "orderings"))
    return f'{{\n{head},\n"measurements": {{\n{measurements}\n}}\n}}\n'


def _relative(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def read(topic: str, folder: Path = DATA, command: str = "make measure") -> dict[str, Any]:
    """The record of a topic, which `command` measures.

    Raises:
        RecordError: there is none, it is not whole JSON, or a part is missing.
    """
    path = folder / f"{topic}.json"
    mend = f"restore it with `git checkout {_relative(path)}`, or measure it again with `{command}`"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError(f"{_relative(path)}: no such record: {mend}") from None
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise RecordError(f"{_relative(path)}:{line}: not a whole JSON record ({error}): {mend}") from None
    missing = {"provenance", "settings", "orderings", "measurements"} - set(record)
    if missing:
        raise RecordError(f"{_relative(path)}:1: the record lacks {', '.join(sorted(missing))}: {mend}")
    return record


def topics(folder: Path = DATA) -> list[str]:
    """The topics that have a record."""
    return sorted(path.stem for path in folder.glob("*.json"))


def of_pipeline(folder: Path = DATA) -> list[str]:
    """Those that `make retrain` measures: a record of another `scale` is measured once, by a command of its own."""
    return [topic for topic in topics(folder) if "scale" not in read(topic, folder)["settings"]]


def array(record: dict[str, Any], name: str) -> np.ndarray:
    """A measurement's numbers; of a sampled one the first axis runs over the seeds that did not diverge."""
    measurement = record["measurements"][name]
    if measurement["kind"] == "exact":
        return np.asarray(measurement["value"])
    return np.asarray([value for value in measurement["values"] if value is not None], dtype=float)


def centre(measurement: dict[str, Any]) -> Any:
    """What a measurement says in one number: its value, or the mean over seeds (geometric on a log scale).

    NaN where every seed diverged: then there is no number, and comparing with it holds never.
    """
    if measurement["kind"] == "exact":
        return measurement["value"]
    values = np.asarray([value for value in measurement["values"] if value is not None], dtype=float)
    if not len(values):
        return float("nan")
    if measurement["scale"] == "log":
        return np.exp(np.log(values).mean(axis=0))
    return values.mean(axis=0)

"""What the records cost: each task's seconds, their share of all, and the memory that its process held."""

import sys
from pathlib import Path

import numpy as np

from scripts.project import DATA
from scripts.record import of_pipeline, read

WORKERS = 2


def table(folder: Path = DATA) -> str:
    """The tasks, longest first; NaN where the machine that made a record does not tell its memory."""
    costs = [(topic, read(topic, folder)["provenance"]) for topic in of_pipeline(folder)]
    rows = [(topic, cost["seconds"], cost.get("process_peak_mib", np.nan)) for topic, cost in costs]
    names, seconds, peaks = zip(*sorted(rows, key=lambda row: -row[1]), strict=True)
    width, total, peak = max(map(len, names)), sum(seconds), np.nanmax(peaks)
    lines = [f"{'task':{width}}  seconds   share  peak MiB"]
    for name, second, mib in zip(names, seconds, peaks, strict=True):
        lines.append(f"{name:{width}}  {second:7.1f}  {second / total:6.1%}  {mib:8.0f}")
    at_once = (WORKERS + 1) * peak / 1024
    lines += [
        f"{'all':{width}}  {total:7.1f}  {1:6.1%}  {peak:8.0f}",
        "",
        f"Seconds of one core: {WORKERS} workers take {total / WORKERS:.0f} or more.",
        "A peak is that of the whole process, what the worker ran before included:",
        f"{WORKERS} workers and pytask, which holds less, have {at_once:.1f} GiB at most.",
    ]
    return "\n".join(lines)


def main() -> int:
    print(f"\n{table()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

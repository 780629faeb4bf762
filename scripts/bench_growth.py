"""How the cost grows: building 10, 50 and 200 pages a language, and retraining by the number of tasks and of workers.

The pages are chapters and copies of them, beside the lists and labs; every language's in the same order, in a scratch copy of the project; the tasks are the quick ones.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from scripts.project import ROOT, languages
from scripts.record import read, topics
from scripts.verify import remeasure

PAGES = (10, 50, 200)
TASKS, WORKERS = (2, 4, 8), (1, 2)
QUICK = 4.0  # seconds of the processor


def quick_topics() -> list[str]:
    """The topics measured in a few seconds, slowest first: 8 of them differ less among themselves than from the rest."""
    seconds = {topic: read(topic)["provenance"]["seconds"] for topic in topics()}
    return sorted((topic for topic in seconds if seconds[topic] < QUICK), key=seconds.get, reverse=True)


def retrain(tasks: int, workers: int) -> float:
    chosen = " or ".join(f"task_{topic}" for topic in quick_topics()[:tasks])
    with tempfile.TemporaryDirectory() as scratch:
        started = time.perf_counter()
        remeasure(Path(scratch), "-n", str(workers), "-k", chosen)
        return time.perf_counter() - started


def project(folder: Path) -> Path:
    """A copy of the project with what a build has drawn and fetched, so that only pages are built."""
    ignored = shutil.ignore_patterns(".git", ".venv", "site", "mutants", "__pycache__", "node_modules", ".pytask")
    shutil.copytree(ROOT, folder, ignore=ignored)
    (folder / "scripts/frontend/node_modules").symlink_to(ROOT / "scripts/frontend/node_modules")
    return folder


def chapters(folder: Path) -> list[str]:
    """The pages that are neither lists nor made of claims, which stand on one page each."""
    found = []
    for path in sorted((folder / "docs/ja").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if "{{ all " not in text and "![" in text:
            found.append(path.name)
    return found


def grow(folder: Path, pages: int) -> None:
    """Copies of chapters until each language has `pages` of them."""
    names = chapters(folder)
    added = [f"copy_{number}.md" for number in range(pages - len(names))]
    for language in languages():
        for number, name in enumerate(added):
            text = (folder / "docs" / language / names[number % len(names)]).read_text(encoding="utf-8")
            (folder / "docs" / language / name).write_text(text, encoding="utf-8")
    configuration = folder / "mkdocs.yml"
    text = configuration.read_text(encoding="utf-8")
    nav = "nav:\n" + yaml.safe_dump([*names, *added], default_flow_style=False)
    configuration.write_text(re.sub(r"^nav:\n(  .*\n)*", nav, text, flags=re.MULTILINE), encoding="utf-8")


def build(folder: Path) -> float:
    """Seconds of the whole command."""
    environment = os.environ | {"PYTHONPATH": str(folder), "NO_MKDOCS_2_WARNING": "1"}
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--quiet"], cwd=folder, env=environment, check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> int:
    print("pages a language  seconds  seconds a page")
    for pages in PAGES:
        with tempfile.TemporaryDirectory() as scratch:
            folder = project(Path(scratch) / "project")
            grow(folder, pages)
            seconds = build(folder)
        print(f"{pages:16}  {seconds:7.1f}  {seconds / pages / len(languages()):14.2f}", flush=True)
    print("\ntasks  workers  seconds")
    for tasks in TASKS:
        for workers in WORKERS:
            print(f"{tasks:5}  {workers:7}  {retrain(tasks, workers):7.1f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What a built site proves of itself: its commit, the versions that made it, and the table of the last verification.

`make verify` leaves the table in build/verify.json. A build takes it up only if it speaks of the very records that are published.
"""

import hashlib
import json
import platform
import subprocess
import tomllib
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from scripts.project import DATA, ROOT

TABLE = ROOT / "build/verify.json"


def digests(folder: Path = DATA) -> dict[str, str]:
    """SHA-256 of each record."""
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.json"))}


def keep(rows: list[dict[str, Any]], criterion: dict[str, float], records: dict[str, str], file: Path = TABLE) -> None:
    """Write what a verification of all records found; `records` are the digests of those it read."""
    found = {
        "date": date.today().isoformat(),
        "versions": versions("python", "numpy", "scipy", "torch", "scikit-learn"),
        "machine": platform.machine(),
        "criterion": criterion,
        "records": records,
        "rows": rows,
    }
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def kept(file: Path = TABLE, folder: Path = DATA) -> dict[str, Any] | None:
    """The last verification, if it was of these records and all agreed; else None."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        agreed = found["records"] == digests(folder) and all(row["agrees"] for row in found["rows"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if agreed else None


def versions(*packages: str) -> dict[str, str]:
    """The versions of what is installed of the packages, and Python's."""
    found = {}
    for package in packages:
        try:
            found[package] = platform.python_version() if package == "python" else version(package)
        except PackageNotFoundError:
            continue
    return found


def _git(*command: str) -> str | None:
    try:
        return subprocess.run(["git", *command], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def build() -> dict[str, Any]:
    """What site/build.json says. `commit` is null outside a repository; `changed`: files differ from that commit."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["site"]]
    names = [requirement.partition("==")[0].partition(">=")[0] for requirement in required]
    return {
        "commit": _git("rev-parse", "HEAD"),
        "changed": bool(_git("status", "--porcelain")),
        "versions": versions("python", *names),
        "records": digests(),
        "verification": kept(),
    }

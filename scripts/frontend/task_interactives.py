"""Bundle the interactives, each into one script with all it needs, and what loads them.

Classic scripts, not modules: browsers refuse modules, and requests for data, on pages opened from a file.
"""

import subprocess
from pathlib import Path
from typing import Annotated

from pytask import Product

from scripts.frontend import node
from scripts.frontend.task_interactive_data import DEGRADATION, LOSS_LANDSCAPE, SPIRALS
from scripts.frontend.task_packages import ESBUILD
from scripts.project import DOCS

SOURCES = node.HERE / "interactives"
BUNDLES = DOCS / "assets/interactives"
ENTRIES = [*sorted(SOURCES.glob("*.js")), SOURCES / "shared/loader.js"]


def task_interactives(
    sources: list[Path] = sorted(SOURCES.rglob("*.js")),  # noqa: B008
    data: list[Path] = [DEGRADATION, LOSS_LANDSCAPE, SPIRALS],  # noqa: B006
    esbuild: Path = ESBUILD,
    bundles: Annotated[list[Path], Product] = [BUNDLES / entry.name for entry in ENTRIES],  # noqa: B006
) -> None:
    form = ["--bundle", "--minify", "--format=iife", "--target=es2022", "--charset=utf8"]
    place = ["--entry-names=[name]", f"--outdir={BUNDLES}"]
    command = [node.node(), esbuild, *ENTRIES, *form, *place]
    subprocess.run(command, env=node.environment(), check=True)

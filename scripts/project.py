"""Where things stand in the project, and which files a module is made of."""

from functools import cache
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
DATA = DOCS / "data"
SNIPPETS = ROOT / "snippets"


@cache
def _import_graph() -> grimp.ImportGraph:
    return grimp.build_graph("snippets", "scripts", cache_dir=None)


def snippets_behind(file: str | Path) -> list[Path]:
    """The files in snippets/ that the module in `file` imports, directly or through others, sorted."""
    module = ".".join(Path(file).resolve().relative_to(ROOT).with_suffix("").parts)
    upstream = _import_graph().find_upstream_modules(module)
    return sorted(ROOT / f"{name.replace('.', '/')}.py" for name in upstream if name.startswith("snippets."))


def languages() -> list[str]:
    """The site's languages: the folders of docs/ that hold a home page."""
    return sorted(home.parent.name for home in DOCS.glob("*/index.md"))

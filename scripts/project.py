"""Where things stand in the project, and which files a module is made of."""

from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import grimp
import yaml

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
DATA = DOCS / "data"
SNIPPETS = ROOT / "snippets"

SOURCE = "ja"  # the language that the others are held against, and the site's root
FALLBACK = "en"  # where a figure, a claim or a button has no words in a language


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


@cache
def configuration() -> dict[str, Any]:
    """What mkdocs.yml says, every scalar as text: it holds Python tags, which the base loader leaves alone."""
    return yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), yaml.BaseLoader)


def site_name(language: str) -> str:
    """The site's name in a language, else in English."""
    return spoken({entry["locale"]: entry["site_name"] for entry in configuration()["plugins"]["i18n"]["languages"]}, language)


def place(language: str) -> str:
    """Where a language's pages stand in the site: at its root, or in a folder of their own."""
    return "" if language == SOURCE else f"{language}/"


def spoken(texts: dict[str, T], language: str) -> T:
    """What stands for a language, else for English."""
    return texts.get(language, texts[FALLBACK])

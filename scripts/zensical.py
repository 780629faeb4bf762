"""The exit: the same sources built with Zensical, MkDocs' successor, and how its site differs from MkDocs'.

    python -m scripts.zensical MKDOCS_SITE

Zensical runs no hooks. So values, claims and references are put into the Markdown first, by the very functions that MkDocs calls;
what stays undone is counted. It says what differs and never fails for it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from bs4 import BeautifulSoup
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.utils.meta import get_data

from scripts.pages import hooks
from scripts.project import DOCS, ROOT, SOURCE, languages

COUNTED = {
    "headings with an anchor": "h1[id], h2[id], h3[id]",
    "formulas": ".arithmatex, mjx-container",
    "formulas typeset": "mjx-container",
    "code blocks": ".highlight",
    "figures": "figure > svg, p > svg, img[src$='.svg'], .figure svg",
    "tables": "table",
    "links": "a[href]",
}


def rendered(path: Path, config: MkDocsConfig) -> str:
    """The Markdown of a page with all that stands in `{{ … }}`."""
    source = path.relative_to(DOCS).as_posix()
    file = SimpleNamespace(src_uri=source, abs_src_path=str(path), locale=path.parent.name)
    markdown, _ = get_data(path.read_text(encoding="utf-8-sig"))
    return hooks.on_page_markdown(markdown, SimpleNamespace(file=file, url=f"{source.removesuffix('.md')}/"), config, None)


def prepare(folder: Path) -> Path:
    """The sources in `folder`, as Zensical reads them: no page has a `{{ … }}` left."""
    for part in ("snippets", "docs"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", folder)
    config = load_config(str(ROOT / "mkdocs.yml"))
    for language in languages():
        for path in sorted((DOCS / language).glob("*.md")):
            (folder / "docs" / path.relative_to(DOCS)).write_text(rendered(path, config), encoding="utf-8")
    return folder


def build(folder: Path) -> Path:
    """Zensical's site of what `prepare` left in `folder`."""
    command = Path(sys.executable).parent / ("zensical.exe" if os.name == "nt" else "zensical")
    subprocess.run([command, "build"], cwd=folder, check=True, stdout=sys.stderr)
    return folder / "site"


def pages(site: Path) -> dict[str, Path]:
    """The pages of a site by language and name: Japanese stands at the root of MkDocs' site."""
    found = {}
    for path in site.rglob("index.html"):
        name = path.parent.relative_to(site).as_posix()
        first = name.partition("/")[0]
        found[name if first in languages() else f"{SOURCE}/{name}".removesuffix("/.")] = path
    return found


def counted(page: Path) -> dict[str, int]:
    article = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find("article")
    return {what: len(article.select(selector)) if article else 0 for what, selector in COUNTED.items()}


def differences(ours: Path, theirs: Path) -> str:
    """What MkDocs' site has and Zensical's, all pages of both together; and the pages of one alone."""
    mine, yours = pages(ours), pages(theirs)
    both = sorted(mine.keys() & yours.keys())
    lines = [f"{len(both)} pages in both", *(f"only MkDocs: {name}" for name in sorted(mine.keys() - yours.keys()))]
    lines += [f"only Zensical: {name}" for name in sorted(yours.keys() - mine.keys())]
    totals = [[sum(each) for each in zip(*(counted(site[name]).values() for name in both), strict=True)] for site in (mine, yours)]
    lines += [f"{what}: MkDocs {a}, Zensical {b}" for what, a, b in zip(COUNTED, *totals, strict=True)]
    return "\n".join(lines)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        print(differences(Path(sys.argv[1]), build(prepare(Path(scratch)))))

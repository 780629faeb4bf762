"""The offline edition: the built site as one archive whose pages a browser opens from the disk."""

import json
import re
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ARCHIVE = "why-resnet-works.zip"
WORKER = Path(__file__).with_name("offline_worker.js")

# What only a server, a search engine or a debugger asks for.
_LEFT_OUT = re.compile(
    r"404\.html|sitemap\.xml.*|search/search_index\.json|(\w+/)?figures/social_.*|.*\.map|" + re.escape(ARCHIVE)
)
_LINK = re.compile(r'(?<=href=")(?!\w+:|//|/)((?:[^"#?]*/)?\.{1,2}|[^"#?]*/)?(?=["#?])')


def write(site: Path, address: str) -> None:
    """Write the archive into the site, which is published at `address`."""
    with ZipFile(site / ARCHIVE, "w") as archive:

        def add(name: str, content: str | bytes) -> None:
            # Without a time of day: the same site gives the same bytes.
            archive.writestr(ZipInfo(f"why-resnet-works/{name}"), content, ZIP_DEFLATED)

        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            name = path.relative_to(site).as_posix()
            if _LEFT_OUT.fullmatch(name):
                continue
            content = path.read_bytes()
            add(name, page(content.decode(), address) if path.suffix == ".html" else content)
        index = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
        for entry in index["docs"]:
            place, mark, section = entry["location"].partition("#")
            entry["location"] = f"{place}index.html{mark}{section}"
        # Where Material looks on file://, which no page may fetch from.
        add("search/search_index.js", f"var __index = {json.dumps(index, ensure_ascii=False)}")
        add("assets/offline_worker.js", WORKER.read_bytes())


def page(html: str, address: str) -> str:
    """A page whose links name files (the archive itself is online), with what stands in for workers.

    From the disk browsers start no worker, and fetch no font ahead of its use.
    """
    html = re.sub(rf'(?<=href=")[./]*(?={re.escape(ARCHIVE)}")', address, _LINK.sub(_file, html))
    html = re.sub(r'<link rel="preload"[^>]*>', "", html)
    root = re.search(r'"base": "([^"]*)"', html)[1]
    return html.replace("</head>", f'<script defer src="{root}/assets/offline_worker.js"></script></head>', 1)


def _file(link: re.Match[str]) -> str:
    folder = link[1]
    return f"{folder.rstrip('/')}/index.html" if folder else ""

"""Labs: what mkdocs-jupyter renders, made part of the site's own look and weight."""

import re
from pathlib import PurePosixPath

from scripts.project import SOURCE, spoken

_STYLE_OR_SCRIPT = re.compile(r"<style.*?</style>|<script.*?</script>|<link [^>]*>", re.DOTALL)
# What no reader sees, but the search would find: numbers of cells, and each cell's code once more, for a button without its script.
_UNSEEN = re.compile(
    r'<div class="(?:jp-Collapser|jp-\w+Prompt|clipboard-copy-txt)\b[^>]*>[^<]*</div>'
    r'|<div class="zeroclipboard-container">.*?</clipboard-copy>\s*</div>',
    re.DOTALL,
)
_HEADING = re.compile(r"<h([1-6])[^>]*>(.*?)(?:<a class=\"anchor-link\".*?</a>)?</h\1>", re.DOTALL)
_MARKDOWN_CELL = re.compile(
    r'(<div class="jp-RenderedHTMLCommon.*?data-mime-type="text/markdown">)(.*?)(</div>)', re.DOTALL
)
_DISPLAY, _INLINE = re.compile(r"\$\$(.+?)\$\$", re.DOTALL), re.compile(r"\$([^$\n]+)\$")


_WORDS = {
    "ja": ("ノートブックをダウンロード", "Colab で開く"),
    "en": ("Download the notebook", "Open in Colab"),
}


def tidy(content: str, notebook: str, language: str, repository: str) -> str:
    """A notebook's HTML without the 600 kB of style and script that come with each, its headings linkable, and with links.

    `notebook` is the file's path in docs/. Notebooks are not committed: Colab takes them from the published branch.
    """
    content = _STYLE_OR_SCRIPT.sub("", content).replace("highlight-ipynb", "highlight").replace(' tabindex="0"', "")
    content = _UNSEEN.sub("", content)
    count = iter(range(1, 1000))
    content = _HEADING.sub(lambda m: f'<h{m[1]} id="{heading_id(next(count))}">{m[2]}</h{m[1]}>', content)
    content = _MARKDOWN_CELL.sub(lambda m: m[1] + _marked_formulas(m[2]) + m[3], content)
    download, colab = spoken(_WORDS, language)
    path = PurePosixPath(notebook)
    published = path.with_suffix("").relative_to(SOURCE) if path.parts[0] == SOURCE else path.with_suffix("")
    address = f"https://colab.research.google.com/github/{'/'.join(repository.split('/')[-2:])}/blob/gh-pages/{published}/{path.name}"
    return f'<p class="lab-links"><a href="{path.name}" download>{download}</a> · <a href="{address}">{colab}</a></p>{content}'


def heading_id(number: int) -> str:
    return f"section-{number}"


def _marked_formulas(html: str) -> str:
    html = _DISPLAY.sub(r'<div class="arithmatex">\\[\1\\]</div>', html)
    return _INLINE.sub(r'<span class="arithmatex">\\(\1\\)</span>', html)


def contents(content: str) -> list[dict[str, object]]:
    """The table of contents of a tidied lab, as MkDocs' `get_toc` takes it."""
    tokens: list[dict[str, object]] = []
    for level, identifier, title in re.findall(r'<h([12]) id="([^"]*)">(.*?)</h\1>', content, re.DOTALL):
        token = {"level": int(level), "id": identifier, "name": re.sub("<[^>]+>", "", title), "children": []}
        (tokens[-1]["children"] if level == "2" and tokens else tokens).append(token)
    return tokens

"""What `mkdocs serve` need not do again for a page that did not change: render it, and read it for the search."""

import logging
from collections.abc import Callable
from pathlib import Path

from material.plugins.search.plugin import SearchIndex
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

_rendered: dict[str, tuple[object, dict[str, object], dict[str, dict[str, str]]]] = {}
_indexed: dict[str, tuple[object, list[dict[str, object]]]] = {}


def page(page: Page, included: Callable[[str], list[str]]) -> Callable[..., None]:
    """What renders a page or a lab as MkDocs and mkdocs-jupyter do, if anything that it is made of changed.

    `included` gives the files' texts that Markdown includes. A page of which MkDocs had something to say is rendered, and said, again.
    """
    render, path = page.render, page.file.abs_src_path

    def render_changed(config: MkDocsConfig, files: Files) -> None:
        configured = Path(config.config_file_path).read_bytes()
        # MkDocs takes a lab's notebook for its Markdown.
        state = page.markdown, included(page.markdown), configured, [(file.src_uri, file.url) for file in files]
        if path not in _rendered or _rendered[path][0] != state:
            before, said = dict(vars(page)), _Said()
            logger = logging.getLogger("mkdocs.structure.pages")
            logger.addHandler(said)
            try:
                render(config, files)
            finally:
                logger.removeHandler(said)
            if said.something:
                return
            made = {name: value for name, value in vars(page).items() if name not in before or before[name] is not value}
            links = made.pop("links_to_anchors", None) or {}
            _rendered[path] = state, made, {file.src_uri: anchors for file, anchors in links.items()}
        _, made, links = _rendered[path]
        vars(page).update(made)
        page.links_to_anchors = {files.get_file_from_path(path): anchors for path, anchors in links.items()}

    return render_changed


class _Said(logging.Handler):
    something = False

    def emit(self, record: logging.LogRecord) -> None:
        self.something = True


def index(search: SearchIndex) -> Callable[[Page], None]:
    """What adds a page to Material's index, whose parser reads only a page that changed."""
    add = search.add_entry_from_context

    def add_changed(page: Page) -> None:
        state = page.content, page.title, dict(page.meta)  # scripts/pages/publishing.py describes labs in it
        if page.url not in _indexed or _indexed[page.url][0] != state:
            start = len(search.entries)
            add(page)
            _indexed[page.url] = state, search.entries[start:]
        else:
            search.entries += _indexed[page.url][1]

    return add_changed

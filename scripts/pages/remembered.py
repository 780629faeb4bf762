"""What `mkdocs serve` need not do again for a page that did not change: render a lab, and read the page for the search."""

from collections.abc import Callable

from material.plugins.search.plugin import SearchIndex
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

_rendered: dict[str, tuple[object, str, str]] = {}
_indexed: dict[str, tuple[object, list[dict[str, object]]]] = {}


def lab(page: Page) -> Callable[..., None]:
    """What renders a lab as mkdocs-jupyter does, if its notebook or the plugin's settings changed."""
    render, path = page.render, page.file.abs_src_path

    def render_changed(config: MkDocsConfig, files: Files) -> None:
        state = page.markdown, config.plugins["mkdocs-jupyter"].config  # of a lab, the former is the notebook
        if path not in _rendered or _rendered[path][0] != state:
            render(config, files)
            _rendered[path] = state, page.content, page.title
        _, page.content, page.title = _rendered[path]

    return render_changed


def index(search: SearchIndex) -> Callable[[Page], None]:
    """What adds a page to Material's index, whose parser reads only a page that changed."""
    add = search.add_entry_from_context

    def add_changed(page: Page) -> None:
        state = page.content, page.title, page.meta
        if page.url not in _indexed or _indexed[page.url][0] != state:
            start = len(search.entries)
            add(page)
            _indexed[page.url] = state, search.entries[start:]
        else:
            search.entries += _indexed[page.url][1]

    return add_changed

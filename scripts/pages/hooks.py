"""MkDocs hooks: they render what the records and snippets say, and stop the build at a mistake. They never train."""

import errno
import functools
import gc
import json
import logging
import os
import re
import shutil
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # `mkdocs` alone, where the project itself is not installed
    sys.path.insert(0, str(ROOT))

from jinja2 import Environment, FileSystemBytecodeCache
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import get_toc
from mkdocs.utils import DuplicateFilter, get_relative_url
from mkdocs.utils.templates import TemplateContext

from scripts import proof
from scripts.drawings import DrawingError, draw, drawings
from scripts.pages import (
    accessible,
    changes,
    claims,
    colophon,
    contribute,
    figures,
    formulas,
    interactives,
    labs,
    ledger,
    loading,
    markup,
    parity,
    references,
    remembered,
    values,
)
from scripts.pages.source import PageError, line_of, nearest, replace_braces, without
from scripts.project import SNIPPETS, languages, place
from scripts.record import RecordError, read, topics
from scripts.stale import stale

log = logging.getLogger("mkdocs.hooks.pages")

_INCLUDE = re.compile(r'^--8<-- "(?P<file>[^":]+)(?::(?P<section>[\w.-]+))?"', re.MULTILINE)
_FIGURE = re.compile(r"!\[[^\]]*\]\((?P<path>figures/[^)]+)\)(?P<caption>\n/// caption$)?", re.MULTILINE)
_templates = FileSystemBytecodeCache()
gc.set_threshold(50_000)  # looking for garbage would be a tenth of a build
_mathjax: formulas.MathJax | None = None
_serving = False
_port_is_free = False
_site: Path | None = None
_loading = loading.Loading()


def on_startup(command: str, dirty: bool) -> None:
    global _mathjax, _serving
    _serving = command == "serve"
    logging.getLogger("mkdocs.structure.pages").addFilter(_with_line)
    try:
        _require_true_records()
    except OSError as error:  # pytask notes what it has read
        _require_space(str(error))
        raise
    _draw()
    _mathjax = formulas.MathJax()


def _draw() -> None:
    try:
        draw()
    except DrawingError as error:
        _require_space(str(error))
        raise PluginError(str(error)) from None


def _require_space(printed: str) -> None:
    """Say in one line what pytask, or its database, says of a full disk in many."""
    if full := re.search(r"No space left on device|disk is full|disk I/O error|File too large", printed):
        raise PluginError(f"pytask cannot write what it draws and notes ({full[0]}): free some space, and build again")


def _require_true_records() -> None:
    try:
        for topic in topics():
            read(topic)
    except RecordError as error:
        raise PluginError(str(error)) from None
    messages = [f"{line}. Run `make measure`, or undo the change" for line in stale()]
    _require_space("\n".join(messages))
    if messages and not _serving:
        raise PluginError("\n".join(messages))
    for message in messages:
        log.warning(message)


def on_serve(server: LiveReloadServer, config: MkDocsConfig, builder: object) -> LiveReloadServer:
    """What is not in docs/ and yet in the pages: not their folders, for pytask's lock and compiled code come and go there."""
    for path in [*SNIPPETS.glob("*.py"), *ROOT.glob("scripts/draw/*.py")]:
        server.watch(str(path))
    return server


def on_shutdown() -> None:
    if _mathjax:
        _mathjax.close()


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    global _site
    _site = _site or Path(config.site_dir)  # the first language's; the others stand inside it
    _require_free_port(*config.dev_addr)
    if _serving:
        for said in logging.getLogger("mkdocs.commands.build").filters:
            if isinstance(said, DuplicateFilter):
                said.msgs.clear()  # a mistake that is still there at the next rebuild is said again
        _draw()  # what was saved since
    for address in map(str, [*config.extra_javascript, *config.extra_css]):
        if "//" in address:
            whole = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
            raise PageError("mkdocs.yml", line_of(whole, whole.find(address)), f"{address} is on another host: no page loads anything from there; put the file into docs/assets")
    # The repository's address is set once, as repo_url; where GitHub publishes the site follows from it.
    owner, name = config.repo_url.rstrip("/").split("/")[-2:]
    if not config.site_url:
        config.site_url = f"https://{owner}.github.io/{name}/"
    return config


def _require_free_port(host: str, port: int) -> None:
    global _port_is_free
    if not _serving or _port_is_free:
        return  # at a rebuild the port is taken by this very server
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise PluginError(
            f"cannot serve on {host}:{port} ({os.strerror(error.errno)}): stop what runs there, or take another port, `make serve PORT={port + 1}`"
        ) from None
    _port_is_free = True


def on_pre_build(config: MkDocsConfig) -> None:
    search = config.plugins["material/search"].search_index
    search.add_entry_from_context = remembered.index(search)


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> None:
    # Slow to import, and it looks for packages that only tests need.
    from nbconvert.exporters import templateexporter

    env.bytecode_cache = _templates
    # For each lab nbconvert makes an environment of its own.
    templateexporter.Environment = functools.partial(Environment, bytecode_cache=_templates)


@event_priority(-200)  # after mkdocs-static-i18n, which drops mkdocs-jupyter's wrapper of a notebook
def on_files(files: Files, config: MkDocsConfig) -> Files:
    for file in files:
        if file.src_uri.endswith(".ipynb"):
            file.is_documentation_page = lambda: True
            inside = file.url.removeprefix(f"{file.locale}/")
            twins = {language: f"{place(language)}{inside}" for language in languages()}
            file.alternates = {
                language: SimpleNamespace(url=url) for language, url in twins.items()
            }  # for the language switcher
    loading.lighten_script(files, config)
    loading.without_other_languages(files, config)
    try:
        markup.check_all()
        parity.check_all()
    except PageError as error:
        if not _serving:
            raise
        log.warning(error)
    return files


def on_pre_page(page: Page, config: MkDocsConfig, files: Files) -> Page:
    page.render = remembered.page(page, _included)
    if page.file.src_uri.endswith(".ipynb"):
        page.edit_url = page.edit_url.removesuffix(".ipynb") + ".py"
    return page


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    if page.file.src_uri.endswith(".ipynb"):
        return markdown
    path = Path(page.file.abs_src_path)
    language = page.file.locale
    # MkDocs has cut the front matter off, and mkdocs-static-i18n the last newline; line numbers count from the file's first line.
    offset = len(path.read_text(encoding="utf-8-sig").splitlines()) - len(markdown.splitlines())

    def mistake(position: int, message: str) -> PageError:
        return PageError(path, offset + line_of(markdown, position), message)

    for match in _INCLUDE.finditer(markdown):
        _require_section(match, mistake)
    for match in _FIGURE.finditer(without(markdown, "code", "brace")):
        if not (path.parent / match["path"]).exists():
            drawn = [f"figures/{p.name}" for p in (path.parent / "figures").glob("*.svg")]
            raise mistake(
                match.start(),
                f"no figure '{match['path']}'; {nearest(match['path'], drawn)}. scripts/draw draws them",
            )
        drawing = drawings().get((path.parent / match["path"]).resolve())
        if not (drawing and drawing.topics):
            raise mistake(
                match.start(),
                f"no record behind '{match['path']}': no task in scripts/draw that makes it takes one as an input; "
                "give its task a parameter `record: Path = DATA / \"….json\"`",
            )
        if not match["caption"]:
            raise mistake(
                match.start(),
                f"'{match['path']}' has no caption: write one right below it, from `/// caption` to `///`, that says what to look at",
            )

    marked: list[str] = []

    def brace(inside: str, context: str, position: int) -> str:
        try:
            if inside.startswith("claim "):
                return replace_braces(
                    claims.render(inside.removeprefix("claim ").strip(), language, config.repo_url), brace
                )
            if inside.startswith("mark "):
                identifier = inside.removeprefix("mark ").strip()
                if identifier in marked:
                    raise LookupError(f"claim '{identifier}' is marked twice on this page: mark the sentence that argues it")
                marked.append(identifier)
                return claims.mark(identifier, language)
            if inside.startswith("interactive "):
                return interactives.box(inside.removeprefix("interactive ").strip())
            if inside == "all claims":
                root = get_relative_url(".", page.url) + "/"
                return replace_braces(ledger.page(language, config.repo_url, ledger.chapters(config), root), brace)
            if inside == "all values":
                return values.table(
                    _used_values(path.parent, language),
                    language,
                    config.repo_url,
                    get_relative_url("data/", page.url),
                )
            if inside == "all licences":
                return colophon.licences(language)
            if inside == "all proof":
                return colophon.build(language, config.repo_url, get_relative_url("build.json", page.url))
            if inside == "all references":
                citing = _citing(path.parent, language)
                address = get_relative_url("references.bib", page.url)
                return references.table(citing, language, config.repo_url, address)
            if inside == "all changes":
                return changes.table(language)
            if inside == "all citations":
                return changes.bibtex(config.site_url)
            return _value(inside, context, language)
        except (LookupError, RecordError) as error:
            raise mistake(position, str(error.args[0])) from None

    rendered = replace_braces(markdown, brace)
    boxes = replace_braces(claims.popovers(marked, language, config.repo_url), brace)
    return _without_breaks_between_characters(f"{rendered}\n\n{boxes}")


def _without_breaks_between_characters(markdown: str) -> str:
    """A line break in the source is a space on the page, and Japanese has none between its characters."""
    return re.sub(
        r"(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])|(?<=[、。])\n(?=[^\s|/!`#>-])(?!\d+\. )",
        "",
        markdown,
    )


def _included(markdown: str) -> list[str]:
    return [(ROOT / match["file"]).read_text(encoding="utf-8") for match in _INCLUDE.finditer(markdown)]


def _require_section(match: re.Match[str], mistake) -> None:
    file, section = ROOT / match["file"], match["section"]
    if not file.is_file():
        known = [str(p.relative_to(ROOT)) for p in (ROOT / "snippets").glob("*.py")]
        raise mistake(match.start(), f"no file '{match['file']}' to include; {nearest(match['file'], known)}")
    known = re.findall(r"--8<-- \[start:([\w.-]+)\]", file.read_text(encoding="utf-8"))
    if section and section not in known:
        raise mistake(match.start(), f"{match['file']} has no section '{section}'; {nearest(section, known)}")


def _value(inside: str, context: str, language: str) -> str:
    if inside.partition(" ")[0] in references.FORMS:
        return references.cite(inside, language)
    if context != "brace":
        return values.said(inside, context, language)
    named = inside.partition("|")[0].strip()
    written, details = values.compared(inside, language) if named.startswith("compare ") else (values.said(inside, context, language), "")
    page, name = "references" if named.startswith("published.") else "values", values.names_in(inside)[0]
    return f'[{written}]({page}.md#{name}){{.value title="{named}"}}{details.replace("<", "&lt;")}'


def _used_values(folder: Path, language: str) -> list[str]:
    """The names of all values that the pages of a folder use, and those of the claims."""
    used: set[str] = set()
    measured = set(topics())

    def collect(inside: str, *_: object) -> str:
        used.update(name for name in values.names_in(inside) if name.partition(".")[0] in measured)
        return ""

    for page in folder.glob("*.md"):
        replace_braces(page.read_text(encoding="utf-8"), collect)
    for identifier in claims.claims():
        replace_braces(claims.render(identifier, language, ""), collect)
    return sorted(used)


def _citing(folder: Path, language: str) -> dict[str, list[tuple[str, str]]]:
    """The pages that cite a paper or quote a figure from it, by the paper's key, as sorted (title, file)."""
    citing: dict[str, set[tuple[str, str]]] = {}

    def collect(inside: str, page: tuple[str, str]) -> str:
        word, _, identifier = inside.partition(" ")
        if word in ("claim", "mark"):
            box = claims.render(identifier.strip(), language, "")
            replace_braces(box, lambda part, *_: collect(part, page))
        elif word in references.FORMS or word.startswith("published."):
            citing.setdefault(identifier.strip() or word.split(".")[1], set()).add(page)
        return ""

    for path in folder.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        page = (ledger.title(text), path.name)
        replace_braces(text, lambda inside, *_, page=page: collect(inside, page))
    return {key: sorted(pages) for key, pages in citing.items()}


def _source(page: Page) -> Path:
    """What a page is written in: Markdown, or a lab's Python."""
    path = Path(page.file.abs_src_path)
    return path.with_suffix(".py") if path.suffix == ".ipynb" else path


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    if page.file.src_uri.endswith(".ipynb"):
        html = labs.tidy(html, page.file.src_uri, page.file.locale, config.repo_url)
        page.toc = get_toc(labs.contents(html))
    try:
        return _mathjax.mark_html(html)
    except formulas.FormulaError as error:
        source = Path(page.file.abs_src_path).read_text(encoding="utf-8")
        position = max(source.find(error.tex), 0)
        raise PageError(
            page.file.abs_src_path,
            line_of(source, position),
            f"MathJax rejects the formula ${error.tex}$: {error}",
        ) from None


@event_priority(-100)  # after the search, which is slow over many elements and needs no labels of axes
def on_page_context(context: TemplateContext, page: Page, config: MkDocsConfig, nav: Navigation) -> None:
    data = get_relative_url("data/", page.url)
    content = figures.inline_all(
        accessible.tables(page.content),
        Path(page.file.abs_src_path).parent / "figures",
        page.file.locale,
        lambda figure: figures.source_line(drawings()[figure.resolve()], page.file.locale, config.repo_url, data),
    )
    source, language = _source(page), page.file.locale
    twins = {
        spoken.locale: (spoken.name, twin and get_relative_url(twin.url, page.url))
        for spoken in config.plugins["i18n"].config.languages
        for twin in [page.file.alternates.get(spoken.locale)]
    }
    content = content.replace("</h1>", f"</h1>{contribute.lag_note(source, language, twins)}", 1)
    content = contribute.with_links(content, source, language, config.repo_url, page.edit_url, data)
    page.content = _mathjax.typeset_html(content)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    # This component of Material asks the repository's host for its stars: no page asks another host for anything.
    output = output.replace(' data-md-component="source"', "")
    output = interactives.with_loader(output, page.url)
    # Material names the twins relatively, which search engines do not read: publishing.py names them.
    output = re.sub(r'<link rel="alternate" [^>]*hreflang=[^>]*>\s*', "", output)
    return _loading.light(accessible.named(output, page.file.locale))


def _with_line(record: logging.LogRecord) -> bool:
    """Give MkDocs' warning about a link the line on which it stands."""
    match = re.match(r"Doc file '(?P<file>[^']+)' contains .*?link '(?P<target>[^']+)'(?P<rest>.*)", record.getMessage())
    if match and (path := ROOT / "docs" / match["file"]).is_file():
        text = path.read_text(encoding="utf-8")
        line = line_of(text, max(text.find(f"]({match['target']}"), 0))
        record.msg, record.args = f"docs/{match['file']}:{line}: the link '{match['target']}' leads nowhere{match['rest']} Mend the link, or the heading's identifier", None
    return True


def on_build_error(error: Exception) -> None:
    if _site and not _serving:
        shutil.rmtree(
            _site, ignore_errors=True
        )  # a site with half its pages or one language is worse than none
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        raise PluginError(f"the site cannot be written ({error.strerror}), and none is left: free some space, and build again")


def on_post_build(config: MkDocsConfig) -> None:
    _loading.write(Path(config.site_dir), _mathjax.stylesheet())
    if Path(config.site_dir) == _site:
        written = json.dumps(ledger.published(), ensure_ascii=False, indent=1)
        (_site / "claims.json").write_text(written + "\n", encoding="utf-8")
        written = json.dumps(proof.build(), ensure_ascii=False, indent=1)
        (_site / "build.json").write_text(written + "\n", encoding="utf-8")

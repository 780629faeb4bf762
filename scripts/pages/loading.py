"""What a page loads first: one stylesheet, the glyphs that the formulas use, and no search index before someone searches."""

import io
import re
from base64 import b64encode
from functools import lru_cache
from pathlib import Path

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from scripts.frontend.task_packages import FONTS
from scripts.pages.stylesheet import without_unused

STYLESHEET = "assets/pages.css"
HEIGHT = "MJXZERO"  # the first font of every variant: no letter, only a height, of zero
PRELOADED = ("MJXTEX", "MJXTEX-I")  # upright and italic letters: on every page with a formula

# What Material's script does to each page, and what instead: it fetches the search index, the heaviest file of all, before anyone
# searches (on file:// it waits for that); it says the colour scheme once more (site.css does), which styles the page anew, twice;
# it makes the place of a copy button a landmark; and it asks for a sitemap beside each twin of a page, where there is none.
_INSTEAD = (
    (re.compile(r'[\w$]+\([\w$]+\(location\.protocol!=="file:"\),([\w$]+\("search"\))\)(?=\.pipe)'), r"\1"),
    (re.compile(r'([\w$]+\("meta",\{name:"color-scheme"\}\));document\.head\.appendChild\([\w$]+\)'), r"\1"),
    (re.compile(r'(?<=\()"nav"(?=,\{class:"md-code__nav"\})'), '"div"'),
    (re.compile(r'[\w$]+\("link\[rel=alternate\]"\)'), "[]"),
)
_LINK = re.compile(r'<link rel="stylesheet" href="(?P<up>(?:\.\./|\./)*)(?P<path>[^"]+)">\s*')
_FACE = re.compile(
    r'@font-face[^{]*\{\s*font-family: (?P<family>[\w-]+);\s*src: url\("fonts/(?P<file>[\w-]+)\.woff"\)[^}]*\}'
)


def lighten_script(files: Files, config: MkDocsConfig) -> None:
    """Change in Material's script what costs each page more than it brings.

    Raises:
        LookupError: the script is no longer what this changes.
    """
    (bundle,) = (file for file in files if re.fullmatch(r"assets/javascripts/bundle\.\w+\.min\.js", file.src_uri))
    script = bundle.content_string
    for pattern, instead in _INSTEAD:
        script, count = pattern.subn(instead, script)
        if count != 1:
            raise LookupError(f"{bundle.src_uri} has changed: see _INSTEAD in scripts/pages/loading.py")
    files.remove(bundle)
    files.append(File.generated(config, bundle.src_uri, content=script))


def without_other_languages(files: Files, config: MkDocsConfig) -> None:
    """Leave out what Material's search would need for languages that no page is in: forty scripts, of many licences."""
    languages = [language for language in config.plugins["material/search"].config.lang if language != "en"]
    needed = {"stemmer.support", "multi", *languages}
    for file in list(files):
        script = re.fullmatch(r"assets/javascripts/lunr/(?:min/lunr\.([\w.]+)\.min|(\w+))\.js", file.src_uri)
        if script and (script[1] or {"tinyseg": "ja", "wordcut": "th"}[script[2]]) not in needed:
            files.remove(file)


class Loading:
    """One stylesheet for the site from what its pages name and use."""

    def __init__(self) -> None:
        self._theme: list[str] = []
        self._classes: set[str] = {"no-js", "js", "focus-visible"}

    def light(self, html: str) -> str:
        """A page with one stylesheet in place of all, its fonts announced, and scripts that block nothing."""
        links = list(_LINK.finditer(html))
        self._theme += [link["path"] for link in links if link["path"] not in self._theme]
        self._classes.update(name for names in re.findall(r'class="([^"]*)"', html) for name in names.split())
        root = links[0]["up"]
        # Material's script says so too, but once the page is shown: what needs scripts would push the rest of the header aside.
        head = '<script>document.documentElement.classList.replace("no-js","js")</script>'
        head += f'<link rel="stylesheet" href="{root}{STYLESHEET}">'
        if "<mjx-container" in html:
            head += "".join(
                f'<link rel="preload" href="{root}assets/{family}.woff2" as="font" type="font/woff2" crossorigin>'
                for family in PRELOADED
            )
        head += '<meta name="color-scheme" content="light dark">'
        html = html.replace(links[0][0], head, 1)
        html = _LINK.sub(lambda link: link[0] if link["path"] == STYLESHEET else "", html)
        return html.replace("<script src=", "<script defer src=")

    def write(self, site: Path, formulas: str) -> None:
        """The stylesheet: that of the `formulas` with its fonts, the theme's without what is unused, the site's own."""
        *theme, own = ((site / path).read_text(encoding="utf-8") for path in self._theme)
        (script,) = site.glob("assets/javascripts/bundle.*.min.js")
        at_run_time = set(re.findall(r"\bmd-[\w-]+", script.read_text(encoding="utf-8")))
        whole = with_fonts(formulas, site) + without_unused("".join(theme), frozenset(self._classes | at_run_time)) + own
        (site / STYLESHEET).write_text(re.sub(r"/\*.*?\*/", "", whole, flags=re.DOTALL), encoding="utf-8")


def with_fonts(stylesheet: str, site: Path) -> str:
    """MathJax's stylesheet with its fonts cut to the glyphs it names, which are written into the site; without those it does not use."""
    characters = glyphs(stylesheet)

    def face(match: re.Match[str]) -> str:
        family = match["family"]
        if family not in characters:
            return ""
        font = cut(match["file"], characters[family])
        if family == HEIGHT:
            # Lines stand where the first font of their variant puts them: were it late, formulas would rise, and what is below them.
            source, display = f"data:font/woff2;base64,{b64encode(font).decode()}", "block"
        else:
            # Its glyphs' widths and heights are in the stylesheet: it may come late and moves nothing.
            (site / f"assets/{family}.woff2").write_bytes(font)
            source, display = f"{family}.woff2", "swap"
        return f'@font-face{{font-family:{family};src:url("{source}")format("woff2");font-display:{display}}}'

    return _FACE.sub(face, stylesheet)


@lru_cache(maxsize=8)
def glyphs(stylesheet: str) -> dict[str, str]:
    """The characters that MathJax's stylesheet puts on a page, by the family of the font that has them; sorted."""
    families: dict[str, list[str]] = {}
    texts: list[tuple[str, str]] = []
    for rule in tinycss2.parse_stylesheet(stylesheet, skip_comments=True, skip_whitespace=True):
        if rule.type != "qualified-rule":
            continue
        selector = tinycss2.serialize(rule.prelude).strip()
        for declaration in tinycss2.parse_declaration_list(rule.content, skip_comments=True, skip_whitespace=True):
            if declaration.name == "font-family":
                families[selector] = [token.value for token in declaration.value if token.type == "ident"]
            elif declaration.name == "content":
                texts += [(selector, token.value) for token in declaration.value if token.type == "string"]
    stretchy = next(listed for selector, listed in families.items() if selector.startswith("mjx-stretchy"))
    found: dict[str, set[str]] = {HEIGHT: {"\uEFFC"}}  # a browser rejects a font without any character
    for selector, text in texts:
        variant = re.search(r"\.TEX-[\w-]+", selector)
        for family in (
            stretchy if selector.startswith("mjx-stretchy") else families[variant[0] if variant else ".MJX-TEX"]
        ):
            found.setdefault(family, set()).update(text)
    return {family: "".join(sorted(characters)) for family, characters in found.items()}


@lru_cache(maxsize=64)
def cut(file: str, characters: str) -> bytes:
    """A font of MathJax's as WOFF2 with the given characters only."""
    font = TTFont(FONTS / f"{file}.woff", recalcTimestamp=False)  # the same build gives the same bytes
    cutter = subset.Subsetter(subset.Options(hinting=False, glyph_names=False, drop_tables=["FFTM"]))
    cutter.populate(text=characters)
    cutter.subset(font)
    font.flavor = "woff2"
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()

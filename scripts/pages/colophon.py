"""The colophon: under which licences what reaches a reader stands, and what this build of the site proves of itself."""

import json
from dataclasses import dataclass
from importlib.metadata import metadata
from typing import Any

from scripts import proof
from scripts.frontend import node
from scripts.project import spoken


@dataclass(frozen=True)
class Part:
    """What of a package reaches readers. Its licence is what its metadata says, or `licence` where it is bundled without any."""

    name: str
    files: str  # a regular expression of paths in the site, or of what is bundled in them
    source: str = ""  # "pypi" or "npm"
    licence: str = ""

    def version(self) -> str:
        return str(self._metadata().get("version", ""))

    def terms(self) -> str:
        return str(self._metadata().get("license", "")) or self.licence

    def _metadata(self) -> dict[str, Any]:
        if self.source == "npm":
            return json.loads((node.HERE / f"node_modules/{self.name}/package.json").read_text(encoding="utf-8"))
        if self.source == "pypi":
            found = metadata(self.name)
            return {"version": found["Version"], "license": found["License-Expression"] or found["License"]}
        return {}


OURS = {
    "MIT": r"assets/(scrollable|language|interactives/\w+)\.js|assets/site\.css|(.*/)?labs/[\w/]+\.(ipynb|py)",
    "CC-BY-4.0": r".*\.html|(.*/)?figures/\w+\.(svg|png)|data/\w+\.json|(claims|build)\.json|references\.bib|sitemap\.xml|(.*/)?feed\.xml|why-resnet-works\.zip"
    r"|search/search_index\.json",
}
PARTS = (
    Part("mkdocs-material", r"assets/(javascripts|stylesheets)/\w+.*|assets/pages\.css|assets/images/favicon\.png", "pypi"),
    Part("mathjax", r"assets/MJX[\w-]+\.woff2|assets/pages\.css", "npm"),
    Part("esbuild", r"assets/interactives/\w+\.js", "npm"),
    # Bundled in Material's scripts, as their source maps say, and its icons.
    Part("rxjs", r"assets/javascripts/bundle\.\w+\.min\.js", licence="Apache-2.0"),
    Part("tslib", r"assets/javascripts/bundle\.\w+\.min\.js", licence="0BSD"),
    Part("clipboard", r"assets/javascripts/bundle\.\w+\.min\.js", licence="MIT"),
    Part("escape-html", r"assets/javascripts/bundle\.\w+\.min\.js", licence="MIT"),
    Part("focus-visible", r"assets/javascripts/bundle\.\w+\.min\.js", licence="W3C"),
    Part("lunr", r"assets/javascripts/workers/search\.\w+\.min\.js", licence="MIT"),
    Part("lunr-languages", r"assets/javascripts/lunr/min/lunr\.[\w.]+\.min\.js", licence="MPL-1.1"),
    Part("TinySegmenter", r"assets/javascripts/lunr/tinyseg\.js", licence="BSD-3-Clause"),
    Part("Material Design Icons", r"icons material/.*", licence="Apache-2.0"),
    Part("Font Awesome", r"icons fontawesome/.*", licence="CC-BY-4.0"),
)

_WORDS = {
    "ja": {
        "columns": ("部品", "版", "ライセンス"),
        "commit": "コミット",
        "changed": "(未コミットの変更を含む)",
        "none": "不明",
        "versions": "版",
        "unverified": "**このビルドは検証されていません。** 公開されている記録について、`make verify` の結果が残っていないためです。",
        "verified": "**すべて一致しました。** {date} に {count} 項目を測り直し({machine}、{versions})、公開されている記録と照合しました。決定的な計算は、相対誤差 {tolerance:g} 以内なら一致です。訓練や乱数を含むものは、測り直した平均が、記録されたシードから求めた {confidence:.1%} 予測区間に入れば一致です。本文が述べる大小関係も、すべて成り立ちました。",
        "rows": ("測定", "記録", "再測定"),
        "machines": "機械で読むには",
    },
    "en": {
        "columns": ("Part", "Version", "Licence"),
        "commit": "Commit",
        "changed": " (with changes that are not committed)",
        "none": "unknown",
        "versions": "Versions",
        "unverified": "**This build was not verified.** There is no result of `make verify` for the records that it publishes.",
        "verified": "**Everything agrees.** On {date}, {count} items were measured again ({machine}, {versions}) and held against the published records: deterministic computations to {tolerance:g}, relative; what rests on training or random weights by its mean, within the {confidence:.1%} prediction interval from the recorded seeds. Every ordering that a page asserts held again.",
        "rows": ("Measurement", "Recorded", "Measured again"),
        "machines": "For machines",
    },
}


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    cells = [columns, tuple("---" for _ in columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in cells)


def licences(language: str) -> str:
    """The Markdown of the table of other people's work that the site carries."""
    return _table(spoken(_WORDS, language)["columns"], [(part.name, part.version(), part.terms()) for part in PARTS])


def build(language: str, repository: str, address: str) -> str:
    """The Markdown of what site/build.json says; `address`: where that is."""
    words, made = spoken(_WORDS, language), proof.build()
    commit = made["commit"]
    named = f"[`{commit[:12]}`]({repository}/commit/{commit})" if commit else words["none"]
    blocks = [
        f"{words['commit']}: {named}{words['changed'] if made['changed'] else ''}",
        f"{words['versions']}: {_listed(made['versions'])}",
        f'{words["machines"]}: <a href="{address}">build.json</a>',
    ]
    found = made["verification"]
    if not found:
        return "\n\n".join([*blocks, words["unverified"]])
    rows = [(f"`{row['measurement']}`", row["recorded"], row["remeasured"]) for row in found["rows"]]
    said = words["verified"].format(
        date=found["date"], machine=found["machine"], count=len(rows), versions=_listed(found["versions"]), **found["criterion"]
    )
    return "\n\n".join([*blocks, said, _table(words["rows"], rows)])


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in versions.items())

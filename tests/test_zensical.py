"""What is put into the Markdown before Zensical reads it, and what is counted afterwards."""

from pathlib import Path

import pytest
from mkdocs.config import load_config

from scripts import zensical
from scripts.project import DOCS, ROOT


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_prepared_page_has_its_values_and_no_braces(site: Path, language: str) -> None:
    source = DOCS / language / "learning.md"
    prepared = zensical.rendered(source, load_config(str(ROOT / "mkdocs.yml")))
    assert "{{ claim" in source.read_text(encoding="utf-8") and "{{ " not in prepared
    assert "](values.md#gradient_descent." in prepared


def test_what_one_site_alone_has_is_said(tmp_path: Path) -> None:
    def page(path: str, text: str) -> None:
        (tmp_path / path).mkdir(parents=True)
        (tmp_path / path / "index.html").write_text(f"<nav><a href=x>x</a></nav><article>{text}</article>", encoding="utf-8")

    page("mkdocs/one", '<h1 id="one">1</h1><mjx-container></mjx-container><a href="y">y</a>')
    page("mkdocs/en/one", "<p><svg></svg></p>")
    page("mkdocs/labs/lab", "")
    page("zensical/ja/one", '<h1 id="one">1</h1><span class="arithmatex">x</span>')
    page("zensical/en/one", '<p><img src="../figures/a.svg"></p>')
    assert zensical.differences(tmp_path / "mkdocs", tmp_path / "zensical").splitlines() == [
        "2 pages in both",
        "only MkDocs: ja/labs/lab",
        "headings with an anchor: MkDocs 1, Zensical 1",
        "formulas: MkDocs 1, Zensical 1",
        "formulas typeset: MkDocs 1, Zensical 0",
        "code blocks: MkDocs 0, Zensical 0",
        "figures: MkDocs 1, Zensical 1",
        "tables: MkDocs 0, Zensical 0",
        "links: MkDocs 1, Zensical 0",
    ]

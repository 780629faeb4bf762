"""From every section of every page to the form for an error, and from every page to its source and its records."""

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

from scripts.pages import contribute
from scripts.project import DOCS, ROOT, languages
from tests.html import elements
from tests.test_pages import LABS, PAGES, built, name

FORM = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/error.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("source", PAGES + LABS, ids=name)
def test_a_page_leads_to_its_source_its_records_and_a_form_for_each_section(source: Path, site: Path) -> None:
    page = built(source, site)
    links = [link["href"] for _, link in elements(page, "a", article=True) if link.get("href")]
    reports = [dict(parse_qsl(urlsplit(link).query)) for link in links if "/issues/new?" in link]
    headings = [heading["id"] for _, heading in elements(page, "h1", "h2", article=True)]
    assert [report["section"] for report in reports] == headings, "one a section, in order"
    fields = {field["id"] for field in FORM["body"]}
    for report in reports:
        assert report["template"] == "error.yml" and set(report) - {"template"} <= fields
        assert ROOT / report["page"] == source and report["language"] == source.relative_to(DOCS).parts[0]

    edits = [link.partition("/edit/main/")[2] for link in links if "/edit/main/" in link]
    assert edits and {ROOT / edit for edit in edits} == {source}

    shown = re.search(r'<p class="report report--page">.*?</p>', page.read_text(encoding="utf-8"))[0]
    records = re.findall(r'href="([^"]+\.json)"', shown)
    assert all((page.parent / record).is_file() for record in records)
    named = set(re.findall(r"\{\{ (\w+)\.\w+", source.read_text(encoding="utf-8"))) - {"published"}
    assert named <= {Path(record).stem for record in records}


def test_every_field_that_is_filled_in_takes_text_and_what_is_asked_is_asked_in_both_languages() -> None:
    for field in FORM["body"]:
        assert field["type"] in ("input", "textarea")
        assert " / " in field["attributes"]["label"] and re.search(r"[ぁ-んァ-ン一-龥]", field["attributes"]["label"])


def test_a_lab_names_its_records_in_quotes() -> None:
    for language in languages():
        assert contribute.records(DOCS / language / "labs/degradation.py", language) == ["degradation_plain", "degradation_residual"]


def test_the_links_are_written_for_the_language() -> None:
    html = '<h1 id="a">A</h1><p>1</p><h2 id="b">B</h2><p>2</p>'
    written = contribute.with_links(html, DOCS / "ja/learning.md", "ja", "https://host/o/n", "https://host/edit", "data/")
    assert re.findall(r"<p>\d</p><p class=\"report[^>]*>", written) == ['<p>1</p><p class="report">', '<p>2</p><p class="report report--page">']
    assert "section=a&amp;language=ja" in written and "このページを編集する" in written

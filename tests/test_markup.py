"""What a page may not hold is found with its place; what pages do hold passes. The real commands' answers: tests/test_faults.py."""

import logging
from types import SimpleNamespace

import pytest
from mkdocs.exceptions import PluginError

from scripts.pages import hooks, markup
from scripts.pages.source import PageError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<script>alert(1)</script>", "<script> is not allowed"),
        ('<SCRIPT src="//host/x.js">', "<SCRIPT> is not allowed"),
        ("<iframe src=x>", "<iframe> is not allowed"),
        ('<img src="x" onerror="alert(1)">', "<img> is not allowed"),
        ('<p onclick="alert(1)">', "the attribute 'onclick' is not allowed"),
        ("<p\nonclick=alert(1)>", "the attribute 'onclick' is not allowed"),
        ("<p/onclick=alert(1)>", "the attribute 'onclick' is not allowed"),
        ('<div style="position: fixed">', "the attribute 'style' is not allowed"),
        ('<p title=">" onclick="alert(1)">', "the attribute 'onclick' is not allowed"),
        ('[x](y.md){ .a onclick="alert(1)" }', "the attribute 'onclick' is not allowed"),
        ("[x][1]\n\n[1]: javascript:alert(1)", "a link may not begin with 'javascript:'"),
        ("[x](javascript:alert(1))", "a link may not begin with 'javascript:'"),
        ('<a href="javascript:alert(1)">x</a>', "<a> is not allowed"),
        ('<a href="//host/" onclick="alert(1)">x</a>', "<a> is not allowed"),
        ("[x](JavaScript:alert(1))", "a link may not begin with 'javascript:'"),
        ("[x]( <data:text/html,x>)", "a link may not begin with 'data:'"),
        ("![x](https://host/x.png)", "the image https://host/x.png is loaded from elsewhere"),
        ("![x](//host/x.png)", "the image //host/x.png is loaded from elsewhere"),
        ("## A { #a }\n\n## B { #a }", "the identifier 'a' is taken on this page, line 1"),
        ('## A { #a }\n\n<div id="a">', "the identifier 'a' is taken on this page, line 1"),
        ("word\n: text { #a }\n\n## B { .x #a }", "the identifier 'a' is taken on this page, line 2"),
    ],
)
def test_what_runs_or_loads_or_stands_twice_is_found(text: str, message: str) -> None:
    found = [said for _, said in markup.mistakes(text)]
    assert any(said.startswith(message) for said in found), found


@pytest.mark.parametrize(
    "text",
    [
        "`<script>` and $a<b$ and $$x<y>z$$",
        "```html\n<script>alert(1)</script>\n## A { #a }\n```\n\n## A { #a }",
        '<p class="lead" markdown>x</p><br>',
        "<https://host/> [x](https://host/x) [y](page.md#z) ![z](figures/z.svg) [m](mailto:a@b)",
        "if a < b and c > d",
        'The <a href="../feed.xml">feed</a>',
    ],
)
def test_what_only_looks_so_passes(text: str) -> None:
    assert list(markup.mistakes(text)) == []


def test_no_page_lab_or_claim_holds_such_a_thing() -> None:
    markup.check_all()


def test_a_script_for_every_page_from_another_host_stops_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_site", None)
    config = SimpleNamespace(dev_addr=("127.0.0.1", 0), extra_javascript=["https://host/x.js"], extra_css=[], site_dir="site")
    with pytest.raises(PageError, match=r"mkdocs\.yml:\d+: https://host/x\.js is on another host"):
        hooks.on_config(config)


def test_a_link_that_leads_nowhere_is_named_with_its_line() -> None:
    text = "Doc file 'en/index.md' contains a link 'learning.md', but the doc 'en/learning.md' does not contain an anchor '#x'."
    record = logging.LogRecord("mkdocs", logging.WARNING, "", 1, text, None, None)
    assert hooks._with_line(record)
    assert record.getMessage().startswith("docs/en/index.md:") and "leads nowhere, but the doc" in record.getMessage()
    other = logging.LogRecord("mkdocs", logging.WARNING, "", 1, "another warning", None, None)
    assert hooks._with_line(other) and other.getMessage() == "another warning"


@pytest.mark.parametrize("printed", ["OSError: [Errno 28] No space left on device", "(sqlite3.OperationalError) database or disk is full"])
def test_a_full_disk_is_told_in_one_line(printed: str) -> None:
    with pytest.raises(PluginError, match=r"^pytask cannot write what it draws and notes \(.*\): free some space"):
        hooks._require_space(f"Traceback\n{printed}\n")
    hooks._require_space("1 Succeeded")

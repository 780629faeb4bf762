"""A section changed in one language alone is named with its change, until it is translated, accepted or noted as lagging."""

import subprocess
from pathlib import Path

import pytest

from scripts import translations
from scripts.pages import contribute

JA = "# 題 { #title }\n\n前置き。\n\n## 節 { #part }\n\n勾配は\n積です。\n\n```python\n# 注釈 { #no }\n```\n\n## 終 { #end }\n\n以上。\n"
EN = "# Title { #title }\n\nA preface.\n\n## Part { #part }\n\nThe gradient is\na product.\n\n## End { #end }\n\nThat is all.\n"
CLAIMS = "- id: one\n  statement:\n    ja: 主張。\n    en: A claim.\n  reason:\n    ja: 理由。\n    en: A reason.\n"


class Docs:
    """Two languages' pages in a repository of their own, agreed and committed."""

    def __init__(self, root: Path):
        self.root = root
        for file, text in (("ja/page.md", JA), ("en/page.md", EN), ("claims.yml", CLAIMS)):
            self.write(file, text)
        translations.settle([])
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "agreed"]):
            self.git(*command)

    def git(self, *command: str) -> None:
        identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *command], cwd=self.root, check=True, capture_output=True)

    def write(self, file: str, text: str) -> None:
        (self.root / "docs" / file).parent.mkdir(parents=True, exist_ok=True)
        (self.root / "docs" / file).write_text(text, encoding="utf-8")

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.root / "docs" / file).read_text(encoding="utf-8")
        assert old in text
        self.write(file, text.replace(old, new))


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docs:
    folder = tmp_path / "docs"
    monkeypatch.setattr(translations, "DOCS", folder)
    monkeypatch.setattr(translations, "AGREED", folder / "translations.yml")
    monkeypatch.setattr(translations, "languages", lambda: sorted(home.name for home in folder.glob("??")))
    translations._read.cache_clear()
    return Docs(tmp_path)


def test_every_section_of_this_site_is_as_agreed() -> None:
    assert not (found := translations.problems()), "\n\n".join(found)


def test_what_was_agreed_is_no_problem_and_how_lines_break_is_no_change(docs: Docs) -> None:
    assert translations.problems() == []
    docs.edit("en/page.md", "The gradient is\na product.", "The gradient\nis a product.\n")
    assert translations.problems() == []


def test_a_change_in_one_language_is_named_with_its_place_its_change_and_the_ways_out(docs: Docs) -> None:
    docs.edit("ja/page.md", "積です。", "積ではありません。")
    (message,) = translations.problems()
    assert message.startswith("docs/ja/page.md:5: section #part changed, and docs/en/page.md:5 did not:\n")
    assert "  -積です。\n" in message and "  +積ではありません。\n" in message and "勾配は" not in message
    assert "`python -m scripts.translations accept docs/ja/page.md#part`" in message
    assert "`python -m scripts.translations lag docs/ja/page.md#part`" in message


def test_the_change_is_found_in_an_older_commit(docs: Docs) -> None:
    docs.edit("ja/page.md", "積です。", "和です。")
    docs.git("commit", "-qam", "changed, not agreed")
    docs.edit("ja/page.md", "和です。", "差です。")
    assert "  -積です。\n  +差です。\n" in translations.problems()[0]


def test_without_the_earlier_text_the_section_is_named_all_the_same(docs: Docs, monkeypatch: pytest.MonkeyPatch) -> None:
    docs.edit("ja/page.md", "積です。", "積ではありません。")
    monkeypatch.setenv("PATH", "")
    (message,) = translations.problems()
    assert "docs/ja/page.md:5: section #part changed" in message and "git has no version of it" in message


def test_code_in_a_section_is_part_of_it_and_no_heading(docs: Docs) -> None:
    docs.edit("ja/page.md", "# 注釈", "# 別の注釈")
    assert "section #part changed" in translations.problems()[0]


def test_a_change_that_needs_no_translation_is_accepted_alone(docs: Docs) -> None:
    docs.edit("en/page.md", "product", "mere product")
    docs.edit("en/page.md", "That is all", "This is all")
    assert translations.main(["accept"]) == 0 and len(translations.problems()) == 2, "nobody said which"
    assert translations.main(["accept", "docs/en/page.md#part"]) == 0
    assert [message.partition(" changed")[0] for message in translations.problems()] == ["docs/en/page.md:10: section #end"]
    assert translations.behind("page.md", "ja") == {"end": 1}


def test_a_change_in_every_language_is_noted_by_a_plain_accept(docs: Docs) -> None:
    docs.edit("ja/page.md", "積です。", "和です。")
    docs.edit("en/page.md", "a product", "a sum")
    (message,) = translations.problems()
    assert message.endswith("run `python -m scripts.translations accept`") and "1 sections" in message
    assert translations.main(["accept"]) == 0 and translations.problems() == []


def test_a_lag_counts_its_changes_until_it_is_mended(docs: Docs) -> None:
    for times, word in enumerate(("和", "差", "商"), 1):
        docs.edit("ja/page.md", "積です。" if times == 1 else "です。", f"{word}です。")
        assert translations.behind("page.md", "en") == {"part": times}, "counted before anyone notes it"
        assert translations.main(["lag", "docs/ja/page.md#part"]) == 0
        assert translations.problems() == []
        assert translations.behind("page.md", "en") == {"part": times}
        assert translations.behind("page.md", "ja") == {}
    docs.edit("en/page.md", "a product", "a quotient")
    assert translations.behind("page.md", "en") == {}
    assert "run `python -m scripts.translations accept`" in translations.problems()[0]
    assert translations.main(["accept"]) == 0 and translations.problems() == []
    assert "behind" not in translations.AGREED.read_text(encoding="utf-8").partition("\npage.md")[2]


def test_a_claim_that_changed_in_one_language_is_named(docs: Docs) -> None:
    docs.edit("claims.yml", "A reason.", "Another reason.")
    (message,) = translations.problems()
    assert message.startswith("docs/claims.yml:1: section #one changed") and "  -A reason.\n  +Another reason.\n" in message
    assert translations.behind("ledger.md", "ja") == {"one": 1}
    assert translations.main(["accept", "docs/claims.yml#one"]) == 0 and translations.problems() == []


def test_a_new_language_and_a_new_or_removed_section_leave_none_behind(docs: Docs) -> None:
    docs.write("fr/page.md", EN)
    docs.edit("ja/page.md", "## 終 { #end }", "## 終 { #finish }")
    docs.edit("en/page.md", "## End { #end }", "## End { #finish }")
    docs.edit("fr/page.md", "## End { #end }", "## End { #finish }")
    (message,) = translations.problems()
    assert "4 sections are new, gone or changed in every language" in message  # three in French, #end
    assert translations.main(["accept"]) == 0 and translations.problems() == []
    assert {page: translations.behind("page.md", page) for page in ("ja", "en", "fr")} == {"ja": {}, "en": {}, "fr": {}}
    docs.edit("ja/page.md", "以上。", "以上です。")
    docs.edit("en/page.md", "That is all.", "That was all.")
    assert "docs/en/page.md:10: section #finish changed, and docs/fr/page.md:10 did not" in translations.problems()[0]


def test_a_page_is_accepted_whole(docs: Docs) -> None:
    docs.edit("en/page.md", "product", "mere product")
    docs.edit("en/page.md", "That is all", "This is all")
    assert translations.main(["accept", "docs/en/page.md"]) == 0 and translations.problems() == []


def test_a_name_that_is_none_of_the_changes_is_refused_with_the_nearest(docs: Docs, capsys) -> None:
    docs.edit("en/page.md", "product", "mere product")
    before = translations.AGREED.read_bytes()
    assert translations.main(["accept", "docs/en/page.md#prat"]) == 1
    assert "no section that changed is called docs/en/page.md#prat; the nearest known: docs/en/page.md#part" in capsys.readouterr().err
    assert translations.AGREED.read_bytes() == before


def test_a_page_that_lags_tells_its_readers_by_how_many_changes_and_where(docs: Docs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contribute, "DOCS", translations.DOCS)
    twins = {"ja": ("日本語", "../"), "en": ("English", "./")}
    source = translations.DOCS / "en/page.md"
    assert contribute.lag_note(source, "en", twins) == ""
    docs.edit("ja/page.md", "積です。", "和です。")
    docs.edit("ja/page.md", "以上。", "以上です。")
    note = contribute.lag_note(source, "en", twins)
    assert "has yet to follow 2 of the changes made in " in note and '<a href="../" hreflang="ja">日本語</a>' in note
    assert '<a href="#part">' in note and '<a href="#end">' in note and "English" not in note
    assert contribute.lag_note(translations.DOCS / "ja/page.md", "ja", twins) == ""

"""A sentence that says "every", "never" or "only" of what was measured names its n and carries a mark, whose evidence fresh seeds may refute.

The rule, sentence by sentence, on every page of every language (code, formulas, headings and images' descriptions aside):

1. It is about measurements where it names a recorded value that depends on seeds, or has a word such as "seed" or "measured".
2. It is universal where it has one of the words of `UNIVERSAL`. Some phrases with such a word are not ("not only", "at all", どれだけ).
   How something was set up is said without them: "each block", 各ブロック.
3. A sentence that is both names its n: `{{ ….n }}`, `{{ ….settings.seeds }}` or another count of `COUNTS`, `{{ compare … }}`, "n = 10" or "10 seeds".
4. And it carries, in it or right behind it, a `{{ mark claim }}` whose evidence has a measurement that depends on seeds.

What a claim says and why (docs/claims.yml) is held to 1 to 3; it has its evidence. What the article says (the statement of a numbered claim)
stays as it says it. A mark judges the sentence that it follows, so it names no claim that is false or misleading.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.pages import claims, values
from scripts.pages.evidence import Measurement, parse
from scripts.pages.prose_numbers import NOT_PROSE
from scripts.pages.source import BRACE, blank, line_of, without
from scripts.project import DOCS, ROOT, languages
from scripts.record import topics

UNIVERSAL = {
    "en": re.compile(r"\b(?:every|everywhere|never|always|all|only|none|without exception|no seed)\b", re.IGNORECASE),
    "ja": re.compile(r"すべて|全て|どの[^、。]{1,20}?も|どれも|いずれも|いつも|つねに|常に|決して|けっして|必ず|かならず|例外なく|(?:だけ|のみ)(?:が|は|に|を|です|でし|だっ)"),
}
# Of these the first lines are no statement about all; the last are about what a test can see, the site.
NOT_UNIVERSAL = {
    "en": re.compile(
        r"\b(?:not only|at all|after all|first of all|above all|all but|and all|all the (?:same|more|less)|is all that|almost all|nearly all|not all|not every)\b"
        r"|\bonly (?:about |a )?(?=\{\{)|\bevery (?:formula|number|figure|claim)\b",
        re.IGNORECASE,
    ),
    "ja": re.compile(
        r"(?:ど|そ|こ|あ)れだけ|できるだけ|だけに(?:とどま|限ら)|(?:ほぼ|ほとんど)すべて|すべてではな|すべて[^、。]*(?:わけでは|とは限)|必ずしも|(?:つね|常)に[^、。]*(?:わけでは|とは限)"
        r"|(?:式|数値|主張)(?:は|を|の)?すべて|すべての(?:式|数値|図|主張)|どの行から"
    ),
}
ABOUT = {
    "en": re.compile(r"\b(?:seeds?|measured?|measurements?|measuring)\b", re.IGNORECASE),
    "ja": re.compile(r"シード|測定|測っ|測る|測れ|実測"),
}
COUNTS = "seeds|nets|runs|planes|chains|draws|pairs|samples"
NAMES_N = re.compile(
    rf"\{{\{{ (?:compare \S+ \S+|\w+\.\w+\.n|\w+\.settings\.(?:\w+_)?(?:{COUNTS}))\b[^}}]*\}}\}}"
    rf"|\bn = (?:\d|\{{\{{)|(?:\d+|\}}\}}) (?:\w+ )?(?:{COUNTS})\b|シード ?(?:\d+|\}}\}}) ?個|(?:\d+|\}}\}}) ?(?:個|通り|本|組|(?:乱数)?シード)",
    re.IGNORECASE,
)
# A sentence ends with its stop, closing brackets and the mark behind it; so do an item, a row and a paragraph.
_END = {
    "en": re.compile(r"(?<!et al)(?<!e\.g)(?<!i\.e)(?<!\bvs)(?<!\bcf)(?<!\bfig)(?<!\beqs)(?<!\beq)[.!?]['”\")*\]]*(?: *\{\{ mark [\w-]+ \}\})*(?=\s|$)|\n\s*\n|\n(?=\s*(?:[-*|]|\d+\.) )|\n(?=///)"),
    "ja": re.compile(r"[。!?!?][」』)*)]*(?: *\{\{ mark [\w-]+ \}\})*|\n\s*\n|\n(?=\s*(?:[-*|]|\d+\.) )|\n(?=///)"),
}
MARK = re.compile(r"\{\{ mark ([\w-]+) \}\}")
PAGES = sorted(DOCS.glob("*/*.md"))


def sentences(text: str, language: str) -> Iterator[tuple[int, str]]:
    """Where each sentence begins, and what it says, its braces included."""
    bare = re.sub(r"!\[[^\]]*\]|^#.*$", blank, NOT_PROSE.sub(blank, without(text, "code", "display", "inline")), flags=re.MULTILINE)
    start = 0
    for end in [*(match.end() for match in _END.get(language, _END["en"]).finditer(bare)), len(bare)]:
        said = bare[start:end]
        if said.strip():
            yield start + len(said) - len(said.lstrip()), " ".join(said.split())
        start = end


def depends_on_seeds(name: str) -> bool:
    topic, _, rest = name.partition(".")
    if topic not in topics():
        return False
    return values.record(topic)["measurements"].get(rest.partition(".")[0], {}).get("kind") == "sampled"


def is_universal(sentence: str, language: str) -> bool:
    words = NOT_UNIVERSAL.get(language, NOT_UNIVERSAL["en"]).sub("", sentence)
    return bool(UNIVERSAL.get(language, UNIVERSAL["en"]).search(BRACE.sub("", words)))


def is_about_measurements(sentence: str, language: str) -> bool:
    named = [name for inside in BRACE.findall(sentence) for name in values.names_in(inside)]
    return any(map(depends_on_seeds, named)) or bool(ABOUT.get(language, ABOUT["en"]).search(BRACE.sub("", sentence)))


def carries_evidence(sentence: str) -> bool:
    for identifier in MARK.findall(sentence):
        pieces = map(parse, claims.claim_called(identifier)["evidence"])
        if any(depends_on_seeds(piece.measured) for piece in pieces if isinstance(piece, Measurement)):
            return True
    return False


def lacking(sentence: str, language: str, *, marked: bool = True) -> str:
    """What a sentence lacks by the rule above; "" where it is as it should be."""
    if not (is_universal(sentence, language) and is_about_measurements(sentence, language)):
        return ""
    lacks = [] if NAMES_N.search(sentence) else ["its n"]
    lacks += [] if not marked or carries_evidence(sentence) else ["a mark whose evidence depends on seeds"]
    return " and ".join(lacks)


def of_page(path: Path, text: str, language: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line_of(text, start)}: without {lacks}: {sentence}"
        for start, sentence in sentences(text, language)
        if (lacks := lacking(sentence, language))
    ]


MEND = "a sentence says 'every', 'never' or 'only' of what was measured: reword it ('each' says how something was set up), or name its n and mark the claim that fresh seeds may refute\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_what_a_page_says_of_every_seed_can_be_refuted(page: Path) -> None:
    found = of_page(page, page.read_text(encoding="utf-8"), page.parent.name)
    assert not found, MEND + "\n".join(found)


def test_what_a_claim_says_of_every_seed_names_how_many() -> None:
    whole, found = claims.CLAIMS.read_text(encoding="utf-8"), []
    for name, claim in claims.claims().items():
        for part in ("reason",) if "number" in claim else ("statement", "reason"):
            for language, text in claim[part].items():
                for _, sentence in sentences(text, language):
                    if lacks := lacking(sentence, language, marked=False):
                        line = line_of(whole, max(whole.find(text.splitlines()[0]), 0))
                        found.append(f"docs/claims.yml:{line}: {name}: without {lacks}: {sentence}")
    assert not found, MEND + "\n".join(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_no_mark_judges_the_sentence_before_it_false(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for mark in MARK.finditer(without(text, "code")):
        verdict = claims.claim_called(mark[1])["verdict"]
        assert verdict not in ("false", "misleading"), (
            f"{page.relative_to(ROOT)}:{line_of(text, mark.start())}: {{{{ mark {mark[1]} }}}} judges its sentence {verdict}: "
            "mark a claim that says what the sentence says, or state the false one in a box, {{ claim … }}"
        )


def first(words: tuple[str, ...]) -> str:
    return next(name for topic in topics() for name in [f"{topic}.{key}" for key, m in values.record(topic)["measurements"].items() if m["kind"] in words and isinstance(m.get("value", 0), int | float) and not isinstance(m.get("values", [0])[0], list)])


SAMPLED, EXACT = first(("sampled",)), first(("exact",))
MARKED = next(name for name, claim in claims.claims().items() if carries_evidence(f"{{{{ mark {name} }}}}"))


@pytest.mark.parametrize(
    ("language", "sentence", "lacks"),
    [
        ("en", f"It is {{{{ {SAMPLED} }}}} at every depth.", "its n and a mark"),
        ("en", f"It is {{{{ compare {SAMPLED} {SAMPLED} }}}} at every depth.", "a mark"),
        ("en", "It never happens on ten seeds that we measured.", "its n and a mark"),
        ("en", "It never happens on 10 seeds.", "a mark"),
        ("en", f"It never happens on {{{{ {SAMPLED.split('.')[0]}.settings.seeds }}}} seeds. {{{{ mark {MARKED} }}}}", ""),
        ("en", f"Every seed does {{{{ mark {MARKED} }}}}.", "its n"),
        ("en", f"In all {{{{ {SAMPLED}.n }}}} seeds it fell. {{{{ mark {MARKED} }}}}", ""),
        ("en", f"It is {{{{ {EXACT} }}}} at every depth.", ""),
        ("en", f"It is {{{{ {SAMPLED} }}}}.", ""),
        ("en", "Not all seeds do, and it is not only measured.", ""),
        ("en", "Every product of such matrices vanishes.", ""),
        ("ja", f"どの深さでも {{{{ {SAMPLED} }}}} です。", "its n and a mark"),
        ("ja", "10 個のシードのすべてで減りました。", "a mark"),
        ("ja", f"10 個のシードのすべてで減りました。{{{{ mark {MARKED} }}}}", ""),
        ("ja", "測定した範囲では決して減りません。", "its n and a mark"),
        ("ja", "残差網だけがシードによらず学習できました。", "its n and a mark"),
        ("ja", "シードによってどれだけ違うかは図のとおりです。", ""),
        ("ja", f"{{{{ {SAMPLED} }}}} だけ小さくなりました。", ""),
        ("en", f"It is only {{{{ {SAMPLED} }}}}.", ""),
        ("en", f"Only residual nets reach {{{{ {SAMPLED} }}}}.", "its n and a mark"),
        ("ja", "すべての層で成り立ちます。", ""),
    ],
)
def test_what_a_sentence_lacks_is_found(language: str, sentence: str, lacks: str) -> None:
    found = list(sentences(f"A line before.\n\n{sentence}\n", language))
    (whole,) = (text for _, text in found if text in sentence and text != "A line before.")
    assert lacking(whole, language) == (lacks and lacks + " whose evidence depends on seeds" * lacks.endswith("a mark"))


def test_a_sentence_is_named_with_file_and_line(tmp_path: Path) -> None:
    text = "---\ntitle: x\n---\n# Every seed { #a }\n\nOne (as He et al. say, 0.5). Two\nlines: measured, it\nnever fell.\n\n- an item that every seed has\n- `every seed`\n"
    found = of_page(ROOT / "docs/en/page.md", text, "en")
    assert [line.partition(": without")[0] for line in found] == ["docs/en/page.md:6", "docs/en/page.md:10"]
    assert found[0].endswith(": Two lines: measured, it never fell.") and found[1].endswith("an item that every seed has")


def test_every_language_has_words_of_its_own() -> None:
    assert set(languages()) <= set(UNIVERSAL), "say in tests/test_universals.py what is universal in a new language; until then it is held to English"

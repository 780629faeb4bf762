"""Numbers in prose, however a language writes them: 1/4, ¼, a quarter, 4 分の 1; 1000, a thousand, 千."""

import re
from collections.abc import Iterator

from scripts.pages.source import BRACE, blank, without

NOT_PROSE = re.compile(
    r"\A---\n.*?\n---\n"  # front matter
    r"|(?m:^#+ \d[\d.]*(?![\d.]| ?層))|[Ss]ections? \d[\d.]*|\d[\d.]* ?節"  # the numbers of sections
    r"|(?<=\])\([^)]*\)|https?://\S+"  # where links lead
    r"|\{:?\s*[#.][^}]*\}|</?[a-zA-Z][^>\n]*>",  # identifiers and other attributes, HTML tags
    re.DOTALL,
)
_ENGLISH = """four five six seven eight nine ten eleven twelve
    thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty""".split()
_WORDS = {
    **{word: number for number, word in enumerate(_ENGLISH, 4)},
    **{word: 10 * tens for tens, word in enumerate(("thirty", "forty", "fifty"), 3)},
    **{
        "hundred": 100,
        "thousand": 1000,
        "ten thousand": 10_000,
        "millionth": 10**6,
        "千": 1000,
        "一万": 10_000,
    },
    **{kanji: number for number, kanji in enumerate("四五六七八九", 4)},
}
_FRACTIONS = {"thirds": "2/3", "third": "1/3", "three": "3/4", "quarter": "1/4", "half": "1/2"}
_NUMBER = re.compile(
    r"(?P<below>\d+) ?分の ?(?P<above>\d+)|(?P<numerator>\d+)/(?P<denominator>\d+)"
    r"|(?P<thirds>two thirds)|(?P<third>\b(?:a|one) third)"
    r"|(?P<three>¾|three quarters)|(?P<quarter>¼|\bquarters?\b)|(?P<half>½|\bhal(?:f|ves)\b|半分|半数)"
    r"|1e(?P<power>-?\d+)|(?P<ten_thousands>\d+) ?万|(?P<digits>\d[\d,]*(?:\.\d+)?)"
    r"|(?P<superscript>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<kanji>[四五六七八九](?=つ|層|本|個|枚|種|通り)|千|一万)"
    rf"|\b(?P<word>ten thousand|{'|'.join(filter(re.compile('[a-z]+').fullmatch, _WORDS))})(?=s?\b|fold)",
    re.IGNORECASE,
)


def prose(text: str) -> str:
    """A page without its code, formulas, values, link targets and attributes, lines and columns kept."""
    bare = BRACE.sub(blank, without(text, "code", "display", "inline", "brace"))  # an image's alternative text has braces too
    return NOT_PROSE.sub(blank, bare)


def find(text: str) -> Iterator[tuple[int, str]]:
    """Position and number of what both languages must say: fractions, decimals, powers, whole numbers from 4.

    Smaller ones are left out: each language says them in words of its own (twice, 2乗, the second, both).
    """
    for match in _NUMBER.finditer(prose(text)):
        for number in _numbers(match):
            if not number.isdigit() or int(number) >= 4:
                yield match.start(), number


def _numbers(match: re.Match[str]) -> list[str]:
    match match.lastgroup:
        case "above":
            return [f"{match['above']}/{match['below']}"]
        case "denominator":
            return [match[0]]
        case "thirds" | "third" | "three" | "quarter" | "half":
            return [_FRACTIONS[match.lastgroup]]
        case "power":  # 10 の 15 乗
            return ["10", match["power"].lstrip("-")]
        case "ten_thousands":
            return [str(int(match["ten_thousands"]) * 10_000)]
        case "superscript":
            return [f"^{match[0]}"]
        case "kanji" | "word":
            return [str(_WORDS[match[0].lower()])]
    return [match[0].replace(",", "")]

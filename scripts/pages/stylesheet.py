"""A stylesheet without what no page can use: fewer bytes, and fewer rules to try on each element."""

import re
from collections.abc import Iterator
from functools import lru_cache

import tinycss2

# What no page has: text from right to left, tables without a class (see accessible.py), and Material's pause of every transition while
# the scheme changes, which makes the browser style each element twice more on loading.
_NEVER = ("[dir=rtl]", ":not([class])", "[data-md-color-switching]")
_NESTED = ("media", "supports", "layer", "container")


@lru_cache(maxsize=8)
def without_unused(css: str, classes: frozenset[str]) -> str:
    """The rules whose selectors name only `classes`, without the custom properties that none of them reads."""
    kept = "".join(_rules(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), classes))
    read = set(re.findall(r"var\(\s*(--[\w-]+)", kept))
    return re.sub(
        r'(?<=[{;])(--[\w-]+):((?:"[^"]*"|[^;"}])*)(;|(?=\}))', lambda match: match[0] if match[1] in read else "", kept
    )


def _rules(nodes: list, classes: frozenset[str]) -> Iterator[str]:
    for node in nodes:
        if node.type == "qualified-rule":
            selectors = [selector for selector in _split(node.prelude) if _can_match(selector, classes)]
            if selectors:
                written = ",".join(tinycss2.serialize(selector).strip() for selector in selectors)
                yield f"{written}{{{tinycss2.serialize(node.content).strip()}}}"
        elif node.type == "at-rule" and node.lower_at_keyword in _NESTED:
            inside = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
            rules = "".join(_rules(inside, classes))
            if rules:
                yield f"@{node.at_keyword}{tinycss2.serialize(node.prelude)}{{{rules}}}"
        elif node.type == "at-rule":
            yield node.serialize()


def _split(tokens: list) -> list[list]:
    """The selectors of a list of selectors."""
    selectors: list[list] = [[]]
    for token in tokens:
        if token == ",":
            selectors.append([])
        else:
            selectors[-1].append(token)
    return selectors


def _can_match(selector: list, classes: frozenset[str]) -> bool:
    if any(never in tinycss2.serialize(selector).replace('"', "") for never in _NEVER):
        return False
    for token, after in zip(selector, [*selector[1:], None], strict=True):
        if token == "." and after.value not in classes:
            return False
        if token.type == "function" and token.lower_name in ("is", "where", "has"):
            if not any(_can_match(inside, classes) for inside in _split(token.arguments)):
                return False
    return True

"""Formulas: typeset by MathJax when the site is built, so that a reader needs no JavaScript and a mistake stops the build."""

import html
import json
import re
import subprocess
from functools import cache

from scripts.frontend import node

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
_SLOT = re.compile(r'([(「『(]?)<mjx-container slot="(\d+)">.*?</mjx-container>([、。,.;:!?)」』)]*)')


class FormulaError(ValueError):
    """MathJax rejects a formula; `tex` is the formula as the page writes it."""

    def __init__(self, tex: str, message: str):
        super().__init__(message)
        self.tex = tex


class MathJax:
    """A Node process that typesets formulas one by one, and knows at the end which CSS rules they all need."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node.node(), str(node.HERE / "typeset.cjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=node.environment(),
            text=True,
            encoding="utf-8",
        )
        self._typeset: list[str] = []
        self._mark = cache(self._typeset_and_mark)

    def _ask(self, request: dict[str, object]) -> dict[str, str]:
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def _typeset_and_mark(self, tex: str, display: bool) -> str:
        answer = self._ask({"tex": tex, "display": display})
        if "error" in answer:
            raise FormulaError(tex, answer["error"])
        typeset = answer["html"]
        text = re.sub("<[^>]*>", "", typeset[typeset.index("<mjx-assistive-mml") :])
        # The class lets the formula scroll on a narrow page; the attribute keeps the TeX at hand for copying.
        tag = f'<mjx-container data-tex="{html.escape(tex)}" '
        self._typeset.append(typeset.replace("<mjx-container ", tag, 1))
        return f'<mjx-container slot="{len(self._typeset) - 1}">{text}</mjx-container>'

    def stylesheet(self) -> str:
        """The CSS of every formula typeset so far."""
        return self._ask({"stylesheet": True})["css"]

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=10)

    def mark_html(self, content: str) -> str:
        """A page's HTML with each formula that arithmatex marked as one element that holds its text, for the search.

        Raises:
            FormulaError: MathJax rejects one.
        """
        return _FORMULA.sub(lambda m: self._mark(html.unescape(m[3]).strip(), m[2] == "["), content)

    def typeset_html(self, content: str) -> str:
        """What `mark_html` returned, typeset; browsers would break a line between a formula and its brackets or full stop."""

        def kept_together(match: re.Match[str]) -> str:
            before, slot, after = match.groups()
            whole = before + self._typeset[int(slot)] + after
            return f'<span class="nowrap">{whole}</span>' if before or after else whole

        return _SLOT.sub(kept_together, content)

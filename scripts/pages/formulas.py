"""Formulas: typeset by MathJax when the site is built, so that a reader needs no JavaScript and a mistake stops the build."""

import html
import json
import re
import subprocess
from functools import cache

from scripts.frontend import node

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


class FormulaError(ValueError):
    """MathJax rejects a formula; `tex` is the formula as the page writes it."""

    def __init__(self, tex: str, message: str):
        super().__init__(message)
        self.tex = tex


class MathJax:
    """A Node process that typesets formulas one by one, and knows at the end which CSS rules they all need."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node.command("node"), str(node.HERE / "typeset.cjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=node.environment(),
            text=True,
            encoding="utf-8",
        )
        self.typeset = cache(self._typeset)

    def _ask(self, request: dict[str, object]) -> dict[str, str]:
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def _typeset(self, tex: str, display: bool) -> str:
        answer = self._ask({"tex": tex, "display": display})
        if "error" in answer:
            raise FormulaError(tex, answer["error"])
        # The class lets the formula scroll on a narrow page; the attribute keeps the TeX at hand for copying.
        return answer["html"].replace("<mjx-container ", f'<mjx-container data-tex="{html.escape(tex)}" ', 1)

    def stylesheet(self) -> str:
        """The CSS of every formula typeset so far."""
        return self._ask({"stylesheet": True})["css"]

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=10)

    def typeset_html(self, content: str) -> str:
        """A page's HTML with each formula that arithmatex marked replaced by its typeset form.

        Raises:
            FormulaError: MathJax rejects one.
        """
        return _FORMULA.sub(lambda m: self.typeset(html.unescape(m[3]).strip(), m[2] == "["), content)

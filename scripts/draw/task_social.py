"""The pictures that social networks show beside a link: a page's title and description, 1200 × 630 pixels."""

import re
from pathlib import Path
from typing import Annotated

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from mkdocs.utils.meta import get_data
from pytask import Product, PythonNode, task

from scripts.draw.style import OTHER, PLAIN, RESIDUAL, STYLE
from scripts.project import DOCS, languages, site_name, spoken

INCHES, DOTS = (8, 4.2), 150
LEFT, RIGHT = 0.075, 0.93  # of the width
_UNITS = {"ja": r"[A-Za-z0-9.+/-]+[ 、。]?|.[、。」)]*", "en": r"\S+ ?"}  # between which a line may break


def lines(figure: Figure, text: str, language: str, size: float) -> list[str]:
    """The text, broken where it grows wider than the picture."""
    ruler, broken = figure.text(0, 0, "", fontsize=size), [""]
    for unit in re.findall(spoken(_UNITS, language), text):
        ruler.set_text(broken[-1] + unit)
        if ruler.get_window_extent().width > (RIGHT - LEFT) * figure.bbox.width:
            broken.append("")
        broken[-1] += unit
    ruler.remove()
    return broken


def draw(page: str, name: str, language: str) -> Figure:
    body, meta = get_data(page)
    title = re.sub(r" *\{.*\}$", "", re.search(r"^# (.+)$", body, re.MULTILINE)[1])
    figure = plt.figure(figsize=INCHES, dpi=DOTS, layout="none")
    figure.patches += [
        plt.Rectangle((0, y), 0.025, 0.5, color=color, transform=figure.transFigure) for y, color in ((0.5, PLAIN), (0, RESIDUAL))
    ]
    figure.text(LEFT, 0.86, "" if title == name else name, fontsize=13, color=OTHER)
    heading = lines(figure, title, language, 27)
    figure.text(LEFT, 0.76, "\n".join(heading), fontsize=27, va="top", linespacing=1.3)
    below = "\n".join(lines(figure, meta["description"], language, 15))
    figure.text(LEFT, 0.08, below, fontsize=15, linespacing=1.6, color="#333333")
    return figure


for _language in languages():
    for _page in sorted((DOCS / _language).glob("*.md")):

        @task(id=f"{_page.stem}-{_language}")
        def task_social(
            name: Annotated[str, PythonNode(value=site_name(_language), hash=True)],
            language: str = _language,
            page: Path = _page,
            style: Path = STYLE,
            picture: Annotated[Path, Product] = DOCS / _language / "figures" / f"social_{_page.stem}.png",
        ) -> None:
            picture.parent.mkdir(parents=True, exist_ok=True)
            figure = draw(page.read_text(encoding="utf-8"), name, language)
            figure.savefig(picture, transparent=False, facecolor="white", metadata={"Software": None})
            plt.close(figure)

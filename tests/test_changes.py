"""The list of what a reader sees change, on two small sites whose changes are known."""

import subprocess
import sys
from pathlib import Path

from scripts import changes
from scripts.pages import values
from scripts.project import ROOT


def built(folder: Path, pages: dict[str, str], figures: dict[str, str], numbers: dict[str, str]) -> Path:
    rows = "".join(f"<tr><td><code>{name}</code></td><td>{number}</td><td>how</td></tr>" for name, number in numbers.items())
    pages = pages | {"values": f"<table><tbody>{rows}</tbody></table>"}
    for name, text in pages.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "index.html").write_text(f"<nav>menu</nav><article>{text}</article>", encoding="utf-8")
    (folder / "figures").mkdir()
    for name, text in figures.items():
        (folder / "figures" / name).write_text(text, encoding="utf-8")
    return folder


def test_pages_figures_and_numbers_before_and_after(tmp_path: Path) -> None:
    svg = "<svg><text>{}</text></svg>"
    before = built(
        tmp_path / "before",
        {".": "<p>home</p>", "one": f"<p>a</p><p>b</p>{svg.format(1)}", "two": f"<p>same</p>{svg.format(1)}", "old": "", "colophon": "<p>1</p>"},
        {"kept.svg": "1", "changed.svg": "1"},
        {"a.mean": "0.5", "b": "−3 × 10⁻⁷", "gone": "1"},
    )
    after = built(
        tmp_path / "after",
        {".": "<p>home</p>", "one": f"<p>a</p><p>c</p><p>--</p>{svg.format(1)}", "two": f"<p>same</p>{svg.format(2)}", "colophon": "<p>2</p>"},
        {"kept.svg": "1", "changed.svg": "2", "new.svg": "1"},
        {"a.mean": "0.51", "b": "−3 × 10⁻⁷", "fresh": "2"},
    )
    printed = subprocess.check_output([sys.executable, "-m", "scripts.changes", before, after], cwd=ROOT, text=True)
    assert printed == (
        "Pages\n  old/: removed\n  one/: 1 pieces of text out, 2 in\n\n"
        "Figures\n  figures/changed.svg\n  figures/new.svg: new\n\n"
        "Numbers\n  a.mean: 0.5 → 0.51\n  fresh: new: 2\n  gone: removed\n"
    )
    assert changes.changes(after, after) == "Pages\n  none\n\nFigures\n  none\n\nNumbers\n  none"


def test_the_real_site_is_read(site: Path) -> None:
    numbers = changes.numbers(site)
    assert len(numbers) > 100
    assert numbers["sigmoid.derivative_max"] == values.text(values.lookup("sigmoid.derivative_max"), "", "ja")
    assert len(changes.figures(site)) > 20

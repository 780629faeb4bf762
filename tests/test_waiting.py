"""Browser tests wait for what they look at: none counts on time, which runs out by chance where a machine is busy."""

import re
from pathlib import Path

import pytest

from scripts.project import ROOT

HELPERS = [ROOT / "tests/conftest.py", *(ROOT / f"scripts/{name}.py" for name in ("browser", "budgets", "host"))]
# What a line must not hold, and what to write instead.
INSTEAD = {
    r"wait_for_timeout|\bsleep\(": "wait for what is to come, with expect(…), page.expect_…() or page.wait_for_function",
    r"networkidle": "whole(page) of scripts/browser.py: on a slow machine the network is idle before all is asked for",
    r"\btimeout\s*=\s*[\d_]+": "the time-out of all, PATIENCE",
    r"\bassert\b.*\.url\b": "expect(page).to_have_url(…)",
    r"\bassert\b.*\.is_(visible|hidden|checked|enabled|disabled|editable)\(": "expect(…).to_be_…()",
}


def found(path: Path) -> list[str]:
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    return [
        f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name}:{number}: {line.strip()}\n    instead: {instead}"
        for number, line in lines
        for pattern, instead in INSTEAD.items()
        if re.search(pattern, line)
    ]


def test_no_browser_test_counts_on_time() -> None:
    files = [path for path in sorted(Path(__file__).parent.glob("test_*.py")) if "mark.browser" in path.read_text(encoding="utf-8")]
    files.remove(Path(__file__))
    assert len(files) > 9
    counting = [line for path in files + HELPERS for line in found(path)]
    assert not counting, "\n" + "\n".join(counting)


@pytest.mark.parametrize(
    "line",
    [
        "page.wait_for_timeout(100)",
        "time.sleep(0.1)",
        'page.goto("", wait_until="networkidle")',
        'page.locator("p").wait_for(timeout=5_000)',
        'assert page.url == "x"',
        "assert box.is_visible()",
    ],
)
def test_what_counts_on_time_is_found_and_named(line: str, tmp_path: Path) -> None:
    file = tmp_path / "test_x.py"
    file.write_text(f"def test_x(page):\n    {line}\n", encoding="utf-8")
    (message,) = found(file)
    assert message.startswith(f"test_x.py:2: {line}")

"""The browser that tests drive: the machine's Chromium where there is one, else Playwright's own, fetched once; and when a page is whole."""

import shutil
import subprocess
import sys

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Two frames, for what observers do after the first is seen with the second.
DRAWN = "() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))"


def whole(page) -> None:
    """Wait until a page is loaded, has its fonts and is drawn with them.

    Nothing that is still to come is waited for by the clock: a slow machine's network also falls idle before it has asked for all.
    """
    page.wait_for_load_state("load")
    page.evaluate(DRAWN)  # only what is laid out asks for its fonts
    page.evaluate("async () => { await document.fonts.ready; }")
    page.evaluate(DRAWN)


def executable() -> str | None:
    """The path of the machine's Chromium or Chrome, or None: then Playwright uses the one it fetched."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def main() -> int:
    if executable():
        return 0
    fetched = subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"])
    if fetched.returncode:
        print("no browser: install Chromium (Debian: apt-get install chromium), or let Playwright reach its download", file=sys.stderr)
    return fetched.returncode


if __name__ == "__main__":
    sys.exit(main())

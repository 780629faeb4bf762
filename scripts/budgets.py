"""What a page may weigh: bytes as they travel, with gzip, of all that is loaded before a reader scrolls or clicks."""

import gzip
from collections import Counter
from collections.abc import Callable

from scripts.browser import DRAWN, whole

KINDS = {"document": "HTML", "stylesheet": "CSS", "script": "JavaScript", "font": "fonts"}
BUDGETS = {"HTML": 60_000, "CSS": 40_000, "JavaScript": 60_000, "fonts": 40_000}
LAB = 150_000  # all of it
FIGURE = 60_000

# For a page to run first; shifted() is then how far things have moved on it.
SHIFTS = """{
    let shift = 0;
    const add = entries => { for (const entry of entries) shift += entry.value; };
    const observer = new PerformanceObserver(list => add(list.getEntries()));
    observer.observe({type: 'layout-shift', buffered: true});
    window.shifted = () => { add(observer.takeRecords()); return shift; };
}"""
SHIFT = 0.01


def weight(kind: str, body: bytes) -> int:
    """The bytes of a file as they travel; fonts and pictures are compressed already."""
    return len(body) if kind in ("font", "image") else len(gzip.compress(body, 6))


def load(page, address: str, drawn: Callable[[], None] = lambda: None) -> Counter[str]:
    """Load a page in Playwright's `page`, and weigh what it loads: bytes by kind, "all" among them.

    `drawn` is called when the page is first drawn, which is before its fonts need to be there.
    """
    asked = []

    def note(request) -> None:
        asked.append(request)

    page.on("request", note)
    page.goto(address, wait_until="domcontentloaded")
    page.evaluate(DRAWN)
    drawn()
    whole(page)
    weights: Counter[str] = Counter()
    for request in asked:
        kind, answer = request.resource_type, request.response()  # which waits for it
        if answer:
            bytes_ = weight(kind, answer.body())
            weights.update({KINDS.get(kind, "other"): bytes_, "all": bytes_})
    page.remove_listener("request", note)
    return weights

"""What a page may weigh: bytes as they travel, with gzip, of all that is loaded before a reader scrolls or clicks."""

import gzip
from collections import Counter

KINDS = {"document": "HTML", "stylesheet": "CSS", "script": "JavaScript", "font": "fonts"}
BUDGETS = {"HTML": 60_000, "CSS": 40_000, "JavaScript": 60_000, "fonts": 40_000}
LAB = 150_000  # all of it
FIGURE = 60_000

SHIFTS = """
    window.shift = 0;
    new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shift += entry.value; })
        .observe({type: 'layout-shift', buffered: true});
"""
SHIFT = 0.01


def weight(kind: str, body: bytes) -> int:
    """The bytes of a file as they travel; fonts and pictures are compressed already."""
    return len(body) if kind in ("font", "image") else len(gzip.compress(body, 6))


def load(page, address: str) -> Counter[str]:
    """Load a page in Playwright's `page`, and weigh what it loads: bytes by kind, "all" among them."""
    answers = []

    def note(answer) -> None:
        answers.append(answer)

    page.on("response", note)
    page.goto(address, wait_until="networkidle")
    weights: Counter[str] = Counter()
    for answer in answers:
        kind = answer.request.resource_type
        bytes_ = weight(kind, answer.body())
        weights.update({KINDS.get(kind, "other"): bytes_, "all": bytes_})
    page.remove_listener("response", note)
    return weights

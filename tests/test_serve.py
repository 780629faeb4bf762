"""`make serve` as its user has it: a real server on a copy of the project, a page open in a real browser, and files that are saved."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from scripts.scratch import PATIENCE, Project

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ENDED = "the server has ended\n"


class Change(NamedTuple):
    file: str
    old: str
    new: str
    path: str  # of the page on which it is then seen
    seen: str


PAGE = Change("docs/ja/vanishing_gradients.md", "この章では", "CHANGED-PAGE", "vanishing_gradients/", "CHANGED-PAGE")
CLAIM = Change("docs/claims.yml", "学習率を掛けた分だけ", "CHANGED-CLAIM", "ledger/", "CHANGED-CLAIM")
PAPER = Change("docs/references.bib", "Presented at CVPR", "CHANGED-PAPER", "references/", "CHANGED-PAPER")
SNIPPET = Change("snippets/gradient_descent.py", "return curvature * w\n", "return w * curvature  # CHANGED\n", "learning/", "# CHANGED")
DRAWING = Change("scripts/draw/task_sigmoid.py", "σ′ は最大でも", "CHANGED-FIGURE", "vanishing_gradients/", "CHANGED-FIGURE")
LAB = Change("docs/ja/labs/vanishing_gradients.py", "勾配はどこで消えるか", "CHANGED-LAB", "labs/vanishing_gradients/", "CHANGED-LAB")
RECORD = Change(
    "docs/data/sigmoid.json", '"derivative_max": {"kind": "exact", "value": 0.25}', '"derivative_max": {"kind": "exact", "value": 0.987}', "vanishing_gradients/", ">0.987<"
)


@dataclass
class Server:
    project: Project
    address: str
    lines: "Queue[str]"
    said: str = ""

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.address + path, timeout=PATIENCE) as answer:
            return re.sub(rb"livereload\(\d+, \d+\)", b"", answer.read())  # which build it is, for the page to ask for the next

    def save(self, *changes: Change) -> None:
        """Make changes, and wait until their pages show them."""
        for change in changes:
            self.project.edit(change.file, change.old, change.new)
        for change in changes:
            self.shows(change.path, change.seen)

    def shows(self, path: str, text: str, expected: bool = True) -> None:
        self.wait(lambda: (text.encode() in self.get(path)) == expected, f"{text} on {path}" if expected else f"{path} without {text}")

    def wait(self, met: Callable[[], bool], what: str) -> None:
        # The server says each thing that it does; the last, once a change is built, is that it sends open pages for it.
        while not met():
            try:
                self.said += self.lines.get(timeout=PATIENCE)
            except Empty:
                pytest.fail(f"{what}: never\n{self.said[-3000:]}")


@pytest.fixture(scope="module")
def server(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("serve")
    project = Project.copied_to(folder / "project")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    served = Server(project, f"http://127.0.0.1:{port}/", Queue())
    command = [sys.executable, "-m", "mkdocs", "serve", "--livereload", "--dev-addr", f"127.0.0.1:{port}"]
    environment = os.environ | {"PYTHONPATH": str(project.root), "NO_MKDOCS_2_WARNING": "1"}
    process = subprocess.Popen(command, cwd=project.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")

    def listen() -> None:
        for line in process.stdout:
            served.lines.put(line)
        served.lines.put(ENDED)

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        served.wait(lambda: "Serving on" in served.said or ENDED in served.said, "serving")
        assert ENDED not in served.said, served.said
        yield served
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=PATIENCE)
        listener.join()


def test_an_open_page_follows_what_is_saved_and_a_rebuild_equals_a_build_from_nothing(server: Server, site: Path, browser) -> None:
    # The commit or the time is in them; and the stylesheet has what any page since the start needed.
    differing = {"colophon", "build.json", "why-resnet-works.zip", "sitemap.xml.gz", "pages.css"}
    files = [path.relative_to(site) for path in site.rglob("*") if path.is_file()]
    paths = [path.as_posix() for path in files if not differing & set(path.parts)]
    from_nothing = {path: server.get(path) for path in paths}
    context = browser.new_context(base_url=server.address)
    page = context.new_page()
    page.goto("vanishing_gradients/")

    changes = SNIPPET, PAGE, CLAIM, PAPER
    before = {change.file: (server.project.root / change.file).read_bytes() for change in changes}
    server.save(SNIPPET)  # alone: what is not in docs/ is watched, too
    server.save(PAGE, CLAIM, PAPER)
    expect(page.get_by_text("CHANGED-PAGE")).to_be_visible()  # it has reloaded itself

    for file, text in before.items():
        (server.project.root / file).write_bytes(text)
    expect(page.get_by_text("CHANGED-PAGE")).to_have_count(0)
    for change in changes:
        server.shows(change.path, change.seen, expected=False)
    assert [path for path in paths if server.get(path) != from_nothing[path]] == []

    server.save(DRAWING, LAB, RECORD)
    expect(page.get_by_text("CHANGED-FIGURE").first).to_be_visible()
    context.close()


def test_a_mistake_is_said_at_each_rebuild_and_undone_it_is_forgotten(server: Server) -> None:
    message = re.compile(r"^ERROR +- +docs/ja/vanishing_gradients\.md:\d+: unknown value 'sigmoid\.derivative_maxx'", re.MULTILINE)
    path = server.project.root / PAGE.file
    right = path.read_text(encoding="utf-8")
    path.write_text(right + "\n{{ sigmoid.derivative_maxx }}\n", encoding="utf-8")
    server.wait(lambda: len(message.findall(server.said)) == 1, "the message")
    path.write_text(right + "\n{{ sigmoid.derivative_maxx }}\n\nstill wrong\n", encoding="utf-8")
    server.wait(lambda: len(message.findall(server.said)) == 2, "the message again")
    path.write_text(right + "\nRIGHT-AGAIN\n", encoding="utf-8")
    server.shows("vanishing_gradients/", "RIGHT-AGAIN")

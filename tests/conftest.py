"""What the tests of the machinery share: a built site, a server for it, a browser, and a copy of the project to break."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from filelock import FileLock

# One thread a process, as for the records: of nets this small more threads only wait for each other.
# NumPy and PyTorch read it when they are imported.
os.environ["OMP_NUM_THREADS"] = "1"

from scripts.host import serving
from scripts.pages.claims import claims
from scripts.project import ROOT
from scripts.scratch import Project, run

NO_OTHER_HOST = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
WIDE = {"viewport": {"width": 1280, "height": 900}, "locale": "ja-JP"}
PATIENCE = 600_000  # ms that a browser waits, only to end what hangs
COLLECTED = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow-cpu", type=float, default=1, metavar="TIMES", help="slow the browser's pages down, to find tests that do not wait for what they look at")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two, for two cores; and one more with a browser, whose pages wait for their fonts and frames."""
    return 2 if "not browser" in config.option.markexpr else 3


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[COLLECTED] = {item.nodeid.partition("[")[0] for item in items}  # before -k and -m take some away
    # As addopts' own -m this would be lost to whoever gives another, -m "not browser".
    if "faults" not in config.option.markexpr:
        planted = [item for item in items if item.get_closest_marker("faults")]
        config.hook.pytest_deselected(items=planted)
        items[:] = [item for item in items if item not in planted]
    # The first worker builds the site, and has what takes long with it; the others begin with tests that need no site, and take over what is left.
    of_the_site = {item for item in items if "host" in item.fixturenames}
    slow = {item for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item not in of_the_site & slow, item in of_the_site, item not in slow))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    if report.skipped and item.nodeid.partition("[")[0] in {claim["test"] for claim in claims().values()}:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and a claim in docs/claims.yml rests on it: it must run"
    return report


@dataclass(frozen=True)
class Host:
    """A folder that stands for the host which publishes the site, and the path of the site there, as in /project/."""

    root: Path
    path: str


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """The checkout as it is, built strictly, and laid where its own absolute links expect it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # the workers' own: the first builds, the others wait
    root, path = folder / "host", folder / "host.path"
    with FileLock(folder / "host.lock"):
        if not path.exists():
            site = folder / "built"
            built = run("mkdocs", "build", "--strict", "--site-dir", str(site), folder=ROOT)
            assert built.returncode == 0, built.stdout
            home = (site / "index.html").read_text(encoding="utf-8")
            address = re.search(r'<link rel="canonical" href="([^"]*)"', home)[1]
            target = root / urlsplit(address).path.strip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            site.rename(target)
            path.write_text(urlsplit(address).path, encoding="utf-8")
    return Host(root, path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def site(host: Host) -> Path:
    """The folder of the built site."""
    return host.root / host.path.strip("/")


@pytest.fixture(scope="session")
def served(host: Host) -> Iterator[str]:
    """The built site's address."""
    with serving(host.root) as address:
        yield address + host.path.removeprefix("/")


class Patient:
    """A browser whose pages wait as long as a busy machine may need; `slowed` times as slow, where that is not 1."""

    def __init__(self, chromium, slowed: float) -> None:
        self._chromium, self._slowed = chromium, slowed

    def new_context(self, **options):
        context = self._chromium.new_context(**options)
        context.set_default_timeout(PATIENCE)
        if self._slowed != 1:
            opened = context.new_page
            context.new_page = lambda: self._slow(opened())
        return context

    def new_page(self, **options):
        """A page in a context of its own, which ends with it."""
        context = self.new_context(**options)
        page = context.new_page()
        page.close = context.close
        return page

    def _slow(self, page):
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": self._slowed})
        return page


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> Iterator[Patient]:
    """The browser of scripts/browser.py. Without one the tests fail and say how to get it: they are never skipped."""
    from playwright.sync_api import Error, expect, sync_playwright

    from scripts.browser import ARGUMENTS, executable

    expect.set_options(timeout=PATIENCE)

    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=executable(), args=[*ARGUMENTS, NO_OTHER_HOST], timeout=PATIENCE)
        except Error as error:
            pytest.fail(
                f"no browser: run `python -m scripts.browser` in the environment of `make test`\n{error}",
                pytrace=False,
            )
        yield Patient(chromium, pytestconfig.getoption("slow_cpu", 1))
        chromium.close()


@dataclass
class Traffic:
    """What a page asked of other hosts, and what the browser's console held against it."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def of(self, page, served: str) -> None:
        """Note what the page asks and says from now on."""
        ours = urlsplit(served).netloc
        page.on("request", lambda request: self.foreign.append(request.url) if urlsplit(request.url).netloc not in ("", ours) else None)
        page.on("console", lambda message: self.errors.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("response", lambda answer: self.errors.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)


@pytest.fixture
def traffic() -> Traffic:
    return Traffic()


@pytest.fixture(scope="session")
def context(browser, served: str):
    """What the pages of tests share, for a browser is slow to make it: its cache."""
    context = browser.new_context(**WIDE, base_url=served)
    yield context
    context.close()


def has_scheme(page, scheme: str) -> None:
    """Wait until the page's script has turned it light or dark."""
    from playwright.sync_api import expect

    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", {"light": "default", "dark": "slate"}[scheme])


def fresh(context, served: str):
    """A page as on a first visit: what the pages before wrote until they were closed is forgotten."""
    page, address = context.new_page(), urlsplit(served)
    session = context.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", {"origin": f"{address.scheme}://{address.netloc}", "storageTypes": "local_storage"})
    session.detach()
    return page


@pytest.fixture
def page(context, served: str, traffic: Traffic):
    page = fresh(context, served)
    traffic.of(page, served)
    yield page
    page.close()


@pytest.fixture
def project_copy(site: Path, tmp_path: Path) -> Project:
    """A copy of this checkout, uncommitted changes too, with what a build has drawn and fetched."""
    return Project.copied_to(tmp_path / "project")

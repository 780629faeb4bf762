"""What a page weighs and how Lighthouse, as a slow phone, judges it: one page of each type, in both languages, beside the budgets."""

import gzip
import json
import mimetypes
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from scripts import budgets
from scripts.browser import ARGUMENTS, executable
from scripts.frontend import node
from scripts.host import Quiet, serving
from scripts.project import ROOT

LIGHTHOUSE = node.HERE / "lighthouse"
# The home page, the heaviest chapter, those with interactives in two and three dimensions, a lab, and each page of lists.
PAGES = ["", "vanishing_gradients/", "residual_learning/", "loss_landscape/", "labs/degradation/", "ledger/", "glossary/", "references/", "values/", "cite/", "colophon/"]
RUNS = 3
SCORES = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}
METRICS = {
    "first-contentful-paint": "FCP ms",
    "largest-contentful-paint": "LCP ms",
    "total-blocking-time": "TBT ms",
    "cumulative-layout-shift": "CLS",
}
BLOCKING = 50


class _Compressing(Quiet):
    """Answers as a host of static pages does: with gzip, over connections that stay open."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", mimetypes.guess_type(path.name)[0] or "application/octet-stream")
        if path.suffix not in (".woff2", ".png"):
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(body)


def judged(address: str, chromium: str) -> tuple[dict[str, float], str]:
    """Lighthouse's scores (0 to 100) and metrics (ms) of a page, the median of RUNS for each; and what cost it points, beside speed."""
    reports = []
    for _ in range(RUNS):
        ran = subprocess.run(
            [
                node.node(),
                LIGHTHOUSE / "node_modules/lighthouse/cli/index.js",
                address,
                "--quiet",
                "--output=json",
                f"--chrome-flags={' '.join(ARGUMENTS)}",
            ],
            env=node.environment() | {"CHROME_PATH": chromium},
            capture_output=True,
            text=True,
        )
        if ran.returncode:
            raise RuntimeError(f"Lighthouse could not judge {address}:\n{ran.stderr[-2000:]}")
        reports.append(json.loads(ran.stdout))
    scores = {name: [100 * report["categories"][name]["score"] for report in reports] for name in SCORES}
    metrics = {name: [report["audits"][name]["numericValue"] for report in reports] for name in METRICS}
    blamed = {
        audit["id"]
        for report in reports
        for name in SCORES
        if name != "performance"
        for audit in report["categories"][name]["auditRefs"]
        if audit["weight"] and report["audits"][audit["id"]]["score"] not in (1, None)
    }
    return {name: statistics.median(values) for name, values in (scores | metrics).items()}, ", ".join(sorted(blamed))


def main() -> int:
    node.install(LIGHTHOUSE)
    short = []
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", scratch]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, check=True)
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        limits = [f"{kind} ≤ {limit // 1000}" for kind, limit in budgets.BUDGETS.items()]
        head = ["page (kB)", *limits, "all", *(f"{name} ≥ {least}" for name, least in SCORES.items()), *METRICS.values()]
        print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
        with serving(Path(scratch), _Compressing) as root:
            for path in (language + page for page in PAGES for language in ("", "en/")):
                page = browser.new_page(viewport={"width": 412, "height": 823})
                weights = budgets.load(page, root + path)
                page.close()
                found, blamed = judged(root + path, executable() or playwright.chromium.executable_path)
                row = [
                    path or "home",
                    *(f"{weights[kind] / 1000:.1f}" for kind in (*budgets.BUDGETS, "all")),
                    *(f"{found[name]:.0f}" for name in SCORES),
                    *(f"{found[name]:.3f}" if metric == "CLS" else f"{found[name]:.0f}" for name, metric in METRICS.items()),
                ]
                print("| " + " | ".join(row) + " |", flush=True)
                short += [f"{path or 'home'}: {kind} {weights[kind]}" for kind, limit in budgets.BUDGETS.items() if weights[kind] > limit]
                short += [f"{path or 'home'}: {name} {found[name]:.0f} {blamed}" for name, least in SCORES.items() if found[name] < least]
                if found["total-blocking-time"] > BLOCKING:
                    short.append(f"{path or 'home'}: blocks for {found['total-blocking-time']:.0f} ms, more than {BLOCKING}")
        browser.close()
    print("\n".join(["falls short:", *short]) if short else "nothing falls short")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Ratios, side by side in one run: what a rebuild costs, what a second worker brings, how fast landscapes are evaluated; then the
pages' weights and Lighthouse's scores, and how the cost grows."""

import sys
import tempfile
import time
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig

from scripts import bench_growth, bench_landscape, bench_pages
from scripts.project import ROOT
from scripts.verify import remeasure

# The experiments of chapters 1 and 2.
TASKS = "sigmoid or backward_factor or gradient_descent or chain_rule or gradient_norms or early_layers"


def seconds(run) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def retrain(workers: int) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        return seconds(lambda: remeasure(Path(scratch), "-n", str(workers), "-k", TASKS))


def rebuild() -> tuple[float, float]:
    """Seconds of the first build and of the next one in the same process, as `mkdocs serve` does on saving a page."""
    with tempfile.TemporaryDirectory() as site:

        def config() -> MkDocsConfig:
            return load_config(str(ROOT / "mkdocs.yml"), site_dir=site)

        first = config()
        first.plugins.on_startup(command="serve", dirty=False)
        times = seconds(lambda: build(first)), seconds(lambda: build(config()))
        first.plugins.on_shutdown()
    return times


def main() -> int:
    first, again = rebuild()
    print(f"site: first build {first:.1f} s, rebuild {again:.1f} s; training share 0 (it reads records)")
    one, two = retrain(1), retrain(2)
    print(f"retrain chapters 1 and 2: one worker {one:.0f} s, two {two:.0f} s: {one / two:.2f} times")
    bench_landscape.main()
    bench_pages.main()
    return bench_growth.main()


if __name__ == "__main__":
    sys.exit(main())

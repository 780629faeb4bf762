"""Plant one mistake after another in a copy of the project, run the real command, and print what it answers.

Each must end with a message that names the file, where there is one its line, and the mend; with an exit code other than zero; and with
nothing changed beside what was planted. tests/test_faults.py holds each to that: `python -m pytest -m faults`.
"""

import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from scripts.project import languages
from scripts.scratch import PATIENCE, Project, without_packages

BUILD = ("mkdocs", "build", "--strict")
KILLED = "a measuring run killed (then a build)"
MEASURE = ("pytask", "build", "-k", "task_sigmoid")


@dataclass(frozen=True)
class Fault:
    name: str
    plant: Callable[[Project], Any]
    message: str  # a pattern of what the command answers
    command: tuple[str, ...] = BUILD
    around: Callable[[Project], Any] = lambda project: nullcontext({})  # what holds while it runs; gives its environment
    code: int = 1


@dataclass(frozen=True)
class Answer:
    code: int
    output: str
    message: str  # the part that was asked for, "" where it is missing
    changed: list[str] = field(default_factory=list)  # what the command changed beside what was planted


def everywhere(page: str, text: str) -> Callable[[Project], None]:
    """The same at the end of a page in every language: what parity does not find."""

    def plant(project: Project) -> None:
        for language in languages():
            path = project.root / "docs" / language / page
            path.write_text(f"{path.read_text(encoding='utf-8')}\n{text}\n", encoding="utf-8")

    return plant


def edit(file: str, old: str, new: str) -> Callable[[Project], None]:
    return lambda project: project.edit(file, old, new)


def _each(*plants: Callable[[Project], Any]) -> Callable[[Project], None]:
    return lambda project: [plant(project) for plant in plants] and None


def _cut(project: Project) -> None:
    record = project.root / "docs/data/sigmoid.json"
    record.write_text(record.read_text(encoding="utf-8")[:-300], encoding="utf-8")


def _nothing(project: Project) -> None:
    pass


@contextmanager
def _taken_port(project: Project) -> Iterator[dict[str, str]]:
    with socket.create_server(("127.0.0.1", 8765)):
        yield {}


def _full_disk(size: int) -> Callable[[Project], Any]:
    """No file may grow beyond a number of bytes: the system's answer differs from a full disk's in its number only."""

    @contextmanager
    def around(project: Project) -> Iterator[dict[str, str]]:
        import resource  # not on Windows

        project.run("pytask", "build", "--dry-run")  # pytask's own files are there before the disk is full
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield {"PYTHONDONTWRITEBYTECODE": "1"}
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return around


@contextmanager
def _another_run(project: Project) -> Iterator[dict[str, str]]:
    from filelock import FileLock

    (project.root / ".pytask").mkdir(exist_ok=True)
    with FileLock(project.root / ".pytask/run.lock"):
        yield {}


@contextmanager
def _without_pytorch(project: Project) -> Iterator[dict[str, str]]:
    folder = without_packages(project.root / ".pytask/without", "torch")
    yield {"PYTHONPATH": f"{folder}:{project.root}"}


@contextmanager
def _old_python(project: Project) -> Iterator[dict[str, str]]:
    """A python3 that says of itself what an old one says."""
    program = project.root / ".pytask/python3.9"
    program.parent.mkdir(exist_ok=True)
    old = "import sys; sys.version_info = (3, 9, 2); sys.version = '3.9.2 (old)'; exec(sys.argv[1])"
    program.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exec {sys.executable} -c "{old}" "$2"\nexit 9\n', encoding="utf-8")
    program.chmod(0o755)
    yield {"PYTHON": str(program), "VENV": str(project.root / ".pytask/old")}


def _experiment(name: str, file: str, old: str, new: str, test: str) -> Fault:
    """A mistake of method, which leaves the code running: a test that holds the experiment against something independent says so."""
    path = test.partition("::")[0]
    return Fault(name, edit(file, old, new), rf"FAILED {re.escape(path)}::\w+", ("pytest", "-n", "0", "-q", "-p", "no:cacheprovider", test))


EXPERIMENTS = [
    _experiment("batches drawn from the weights' stream", "scripts/measure/degradation.py", 'run.torch("batches")', 'run.torch("weights")', "tests/test_degradation.py"),
    _experiment("a direction that is not normalised filter by filter", "snippets/loss_landscape.py", "    return d * (w.detach()", "    return d + 0 * (w.detach()", "tests/test_second_hands.py"),
    _experiment("errors with BatchNorm in training mode", "snippets/convnet_training.py", "net.eval()(x)", "net.train()(x)", "tests/test_second_hands.py"),
    _experiment("the test error of the training set", "scripts/measure/degradation.py", "loss_and_error(net, test_x[s], test_labels[s])", "loss_and_error(net, x[s], labels[s])", "tests/test_degradation.py"),
    _experiment("a block too many in each stage", "snippets/convnets.py", "n = blocks_per_stage(depth)", "n = blocks_per_stage(depth) + 1", "tests/test_degradation.py"),
    _experiment("BatchNorm that does not divide", "snippets/shattered_gradients.py", "z = (x - mean) / deviation", "z = x - mean", "tests/test_second_hands.py"),
    _experiment("an input correlated with itself", "snippets/shattered_gradients.py", "(total @ total - own)", "(total @ total)", "tests/test_second_hands.py"),
    _experiment("no weight decay", "snippets/convnet_training.py", "weight_decay=1e-4", "weight_decay=0.0", "tests/test_second_hands.py"),
    _experiment("the same minibatches in each epoch", "snippets/training.py", "generator=generator)", "generator=generator.manual_seed(1))", "tests/test_training.py"),
    _experiment("pixels standardised by the test images, too", "snippets/digits.py", "train_x.mean(), train_x.std()", "images.mean(), images.std()", "tests/test_digits.py"),
    _experiment("a record with the seeds that chose its settings", "scripts/record.py", 'seeds(experiment, settings["seeds"]) if', 'list(range(settings["seeds"])) if', "tests/test_record.py"),
    _experiment("a gradient that is not clipped", "snippets/deep_training.py", ".clamp(max=1)", ".clamp(max=1e9)", "tests/test_thousand_layers.py"),
    _experiment("the neighbour of the block that was to be deleted", "snippets/lesion.py", "del copy.layers[block]", "del copy.layers[block - 1]", "tests/test_lesion.py"),
]

FAULTS = [
    Fault("a formula that is none", everywhere("index.md", r"$\frac{1}{2$"), r"docs/ja/index\.md:\d+: MathJax rejects the formula \$\\frac\{1\}\{2\$: .+"),
    Fault(
        "a typed number that a record holds",
        everywhere("index.md", "0.25"),
        r"docs/\w\w/index\.md:\d+: the number 0\.25 is typed by hand.*write \{\{ sigmoid\.derivative_max \}\}.*",
        ("pytest", "-n", "0", "-q", "-p", "no:cacheprovider", "tests/test_pages.py", "-k", "no_page_types_a_number"),
    ),
    Fault("a value that no record has", everywhere("index.md", "{{ sigmoid.derivative_maxx }}"), r"docs/ja/index\.md:\d+: unknown value 'sigmoid\.derivative_maxx'; the nearest known: .*"),
    Fault("a figure that none draws", everywhere("index.md", "![x](figures/sigmod.svg)\n/// caption\nx\n///"), r"docs/ja/index\.md:\d+: no figure 'figures/sigmod\.svg'; the nearest known: .*"),
    Fault("a figure without a caption", everywhere("index.md", "![x](figures/sigmoid.svg)"), r"docs/ja/index\.md:\d+: 'figures/sigmoid\.svg' has no caption: write one .*"),
    Fault("a claim that there is not", everywhere("index.md", "{{ claim chain-rul }}"), r"docs/ja/index\.md:\d+: unknown claim 'chain-rul'; the nearest known: chain-rule.*"),
    Fault("a claim whose test there is not", edit("docs/claims.yml", "::test_", "::test_no_"), r"docs/claims\.yml: [\w-]+: no test 'tests/.*'.*"),
    Fault("a paper that there is not", everywhere("index.md", "{{ citet he2105 }}"), r"docs/ja/index\.md:\d+: unknown paper 'he2105'; the nearest known: he2015.*"),
    Fault("code of a function that there is not", everywhere("index.md", '```python\n--8<-- "snippets/activations.py:sigmiod"\n```'), r"docs/ja/index\.md:\d+: snippets/activations\.py has no section 'sigmiod'; .*"),
    Fault("a page without its twin", lambda project: (project.root / "docs/en/learning.md").unlink(), r"docs/ja/learning\.md:1: this page has no twin: write docs/en/learning\.md, or remove it"),
    Fault("a formula swapped in one language", edit("docs/en/learning.md", "E'(w) = \\lambda w", "E'(w) = \\lambda"), r"docs/ja/learning\.md:\d+: this paragraph and its twin, docs/en/learning\.md:\d+, differ: .*mend one of them"),
    Fault(
        "a sentence changed in one language",
        edit("docs/en/learning.md", "Real networks", "All networks"),
        r"docs/en/learning\.md:\d+: section #loss changed, and docs/ja/learning\.md:\d+ did not:(?s:.*)accept docs/en/learning\.md#loss.*",
        ("scripts.translations",),
    ),
    Fault("a link to a heading that there is not", everywhere("index.md", "[x](learning.md#nowhere)"), r"docs/ja/index\.md:\d+: the link 'learning\.md#nowhere' leads nowhere.*Mend the link.*"),
    Fault("an identifier given twice", everywhere("index.md", "## Again { #home }"), r"docs/en/index\.md:\d+: the identifier 'home' is taken on this page, line \d+: choose another.*"),
    Fault("HTML that runs", everywhere("index.md", '<p onclick="alert(1)">x</p>'), r"docs/en/index\.md:\d+: the attribute 'onclick' is not allowed on a page: .*"),
    Fault("a link that runs", everywhere("index.md", "[x](javascript:alert(1))"), r"docs/en/index\.md:\d+: a link may not begin with 'javascript:': .*"),
    Fault("a script on a page, from another host", everywhere("index.md", '<script src="https://host/x.js"></script>'), r"docs/en/index\.md:\d+: <script> is not allowed on a page: .*"),
    Fault("a script for every page, from another host", edit("mkdocs.yml", "assets/scrollable.js", "https://host/x.js"), r"mkdocs\.yml:\d+: https://host/x\.js is on another host: .* put the file into docs/assets"),
    Fault("an image from another host", everywhere("index.md", "![x](https://host/x.png)"), r"docs/en/index\.md:\d+: the image https://host/x\.png is loaded from elsewhere: draw it .*"),
    Fault(
        "a lab's cell that raises",
        _each(*(edit(f"docs/{language}/labs/learning.py", "curvature = 2.0", "curvature = 1 / 0") for language in languages())),
        r"docs/\w\w/labs/learning\.py:\d+: this cell raises ZeroDivisionError: division by zero: mend it in every language",
    ),
    Fault("a figure's label that no font has", edit("scripts/draw/task_sigmoid.py", "z(ユニットへの入力)", "z(ᚠ)"), r"docs/ja/figures/sigmoid\.svg: no font has 'ᚠ': .*"),
    Fault("a snippet changed without measuring", edit("snippets/activations.py", "np.where(z > 0, 1.0, 0.0)", "np.where(z > 0, 1.1, 0.0)"), r"scripts/measure/task_\w+\.py: task_\w+ is stale: snippets/activations\.py \(changed\)\. Run `make measure`, or undo the change"),
    Fault("a record edited by hand", edit("docs/data/sigmoid.json", "0.25", "0.26"), r"scripts/measure/task_sigmoid\.py: task_sigmoid is stale: docs/data/sigmoid\.json \(changed\)\. Run `make measure`, or undo the change"),
    Fault("a record cut in half", _cut, r"docs/data/sigmoid\.json:\d+: not a whole JSON record .*restore it with `git checkout docs/data/sigmoid\.json`.*"),
    Fault("NaN in a measurement", edit("scripts/measure/task_sigmoid.py", "exact(maximum)", 'exact(float("nan"))'), r"scripts/measure/task_sigmoid\.py: measurement 'derivative_max' is nan: .*?docs/data/sigmoid\.json was left as it was\. .*?mend the step size", MEASURE),
    Fault("a full disk while measuring", edit("scripts/measure/task_sigmoid.py", '"layers": 10', '"layers": 11'), r"docs/data/sigmoid\.json cannot be written \(.*\) and was left as it was: free some space, then `make measure`", MEASURE, _full_disk(4096)),
    Fault("a full disk while drawing", _nothing, r"pytask cannot write what it draws and notes \(.*?\): free some space, and build again", BUILD, _full_disk(4096)),
    Fault("a full disk while building", _nothing, r"the site cannot be written \(.*?\), and none is left: free some space, and build again", BUILD, _full_disk(1_000_000)),
    Fault("two measuring runs at once", edit("scripts/measure/task_sigmoid.py", '"layers": 10', '"layers": 11'), r"another `pytask build` measures here .*: two would measure the same; wait for it, or stop it", MEASURE, _another_run),
    Fault("no PyTorch where it is measured", edit("scripts/measure/task_sigmoid.py", '"layers": 10', '"layers": 11'), r"PyTorch is needed to measure and is not installed: `make measure` installs it.*", MEASURE, _without_pytorch),
    Fault("a port in use", _nothing, r"cannot serve on 127\.0\.0\.1:8765 \(.*\): stop what runs there, or take another port, `make serve PORT=8766`", ("mkdocs", "serve", "--livereload", "--dev-addr", "127.0.0.1:8765"), _taken_port),
    Fault("an old Python", _nothing, r"Python 3\.11\.5 or newer is needed, and .* is 3\.9\.2: make PYTHON=.*", ("make", "site"), _old_python, 2),
    Fault("a snippet that knows of a page", lambda project: (project.root / "snippets/lesion.py").open("a").write("\nimport scripts.pages.values\n"), r"snippets is not allowed to import scripts: (?:E )*- snippets\.lesion -> scripts\.pages\.values \(l\.\d+\)", ("pytest", "-n", "0", "-q", "-p", "no:cacheprovider", "tests/test_pipeline.py", "-k", "imports_run_one_way")),
    Fault("seeds that are no number", _nothing, r"SEEDS=ten is no block of seeds: write SEEDS=fresh, or a whole number such as SEEDS=12345", ("scripts.verify", "--seeds", "ten")),
    *EXPERIMENTS,
]


def state(project: Project) -> list[str]:
    return [*project.changed(), project.git("diff", "HEAD")]


def answer(project: Project, fault: Fault) -> Answer:
    """Plant a fault, run its command, and undo it."""
    fault.plant(project)
    planted = state(project)
    try:
        with fault.around(project) as environment:
            if fault.command[0] == "make":
                ran = subprocess.run(
                    [*fault.command, *(f"{name}={value}" for name, value in environment.items())],
                    cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE,
                )  # fmt: skip
            else:
                ran = project.run(*fault.command, **environment)
        shown = re.sub(r"\x1b\[[0-9;]*m", "", ran.stdout)
        # pytask draws a frame around what it prints, and breaks lines to fit.
        found = re.search(fault.message, shown) or re.search(fault.message, re.sub(r"[\s│]+", " ", shown))
        changed = [line for line in state(project) if line not in planted] + ["site"] * (project.root / "site").exists()
        return Answer(ran.returncode, shown, found[0] if found else "", changed)
    finally:
        project.git("checkout", "--quiet", ".")
        project.git("clean", "--quiet", "-d", "--force")


def kill(project: Project) -> Answer:
    """Kill a measuring run in its midst."""
    project.edit("scripts/measure/task_sigmoid.py", '"layers": 10', '"layers": 11')
    project.edit("scripts/measure/task_sigmoid.py", "def measure(settings: dict) -> Measurements:\n", "def measure(settings: dict) -> Measurements:\n    import time; open('.pytask/measuring', 'w').close(); time.sleep(60)\n")
    planted = state(project)
    try:
        program = "import sys; from pytask import cli; sys.argv[1:] = ['build', '-k', 'task_sigmoid']; cli()"
        running = subprocess.Popen([sys.executable, "-c", program], cwd=project.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (project.root / ".pytask/measuring").exists() and running.poll() is None:
            time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
        code = running.wait()
        built = project.run(*BUILD)
        stale = re.search(r"task_sigmoid is stale: .*Run `make measure`, or undo the change", built.stdout)
        return Answer(code, built.stdout, stale[0] if stale else "", [line for line in state(project) if line not in planted])
    finally:
        project.git("checkout", "--quiet", ".")


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        project = Project.copied_to(folder / "project")
        print("| what was done | message | exit code |\n|---|---|---|")
        bad = 0
        answers = ((fault.name, fault.code, answer(project, fault)) for fault in FAULTS)
        for name, code, found in chain(answers, ((KILLED, -signal.SIGKILL, kill(project)) for _ in range(1))):
            good = found.message and found.code == code and not found.changed
            bad += not good
            message = " ".join((found.message or found.output[-300:]).split()).replace("|", "\\|")
            print(f"| {name} | {message}{'' if good else ' **FALLS SHORT**'} | {found.code} |", flush=True)
        print(f"\n{len(FAULTS) + 1} mistakes, {bad} without the answer they should get")
        return int(bool(bad))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    raise SystemExit(main())

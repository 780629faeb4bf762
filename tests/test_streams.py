"""Streams of random numbers: the same where experiment, seed and purpose are, else independent; and nothing beside them draws."""

import ast
import hashlib
import importlib
import re
import struct
from collections.abc import Callable, Iterator
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from scripts.project import ROOT
from snippets.convnets import ConvNet
from snippets.highway import Highway
from snippets.identity_fit import Stack
from snippets.matched_loss import Mlp
from snippets.networks import NormalisedResidual, Plain, Residual, ReZero
from snippets.relu_after_addition import PreActivation, ReluAfterAddition
from snippets.residual_blocks import Block, PreActivationBlock
from snippets.side_by_side import SideBySide
from snippets.streams import Streams, streams

COUNT = 10_000


def drawn(kind: str, experiment: str, seed: int, purpose: str) -> np.ndarray:
    run = Streams(experiment, seed)
    if kind == "numpy":
        return run.numpy(purpose).standard_normal(COUNT)
    return torch.randn(COUNT, generator=run.torch(purpose), dtype=torch.float64).numpy()


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_the_same_experiment_seed_and_purpose_give_the_same_numbers(kind: str) -> None:
    assert (drawn(kind, "paths", 3, "weights") == drawn(kind, "paths", 3, "weights")).all()
    one, two = streams("paths", [7, 3])
    assert (one.seed, two.seed) == (7, 3)
    again = two.numpy("weights").standard_normal(COUNT) if kind == "numpy" else torch.randn(COUNT, generator=two.torch("weights"), dtype=torch.float64).numpy()
    assert (again == drawn(kind, "paths", 3, "weights")).all()


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_another_experiment_seed_or_purpose_gives_independent_numbers(kind: str) -> None:
    # The names are such that they would coincide where they were joined, cut short or added up.
    runs = list(product(("paths", "path"), (0, 1, 2**32 - 1), ("weights", "batches", "plane 0", "plane 1", "sweights")))
    numbers = [drawn(kind, *run) for run in runs]
    for (a, x), (b, y) in combinations(zip(runs, numbers, strict=True), 2):
        for moved in (0, 1):
            correlation = np.corrcoef(x[moved:], y[: COUNT - moved])[0, 1]
            assert abs(correlation) < 5 / COUNT**0.5, f"{a} and {b}"


def test_a_stream_is_derived_from_the_names_by_sha_256() -> None:
    def words(name: str) -> tuple[int, ...]:
        return struct.unpack("<4I", hashlib.sha256(name.encode()).digest()[:16])

    ours = np.random.SeedSequence([*words("paths"), 5], spawn_key=words("weights"))
    assert (np.random.default_rng(ours).standard_normal(COUNT) == drawn("numpy", "paths", 5, "weights")).all()


@pytest.mark.parametrize(("first", "second"), list(product(("numpy", "torch"), repeat=2)))
def test_a_purpose_asked_for_twice_is_an_error_that_names_run_and_purpose(first: str, second: str) -> None:
    run = Streams("paths", 5)
    getattr(run, first)("weights")
    run.numpy("batches")
    with pytest.raises(ValueError, match=r"paths, seed 5: the stream 'weights' is taken already"):
        getattr(run, second)("weights")


# Sources. A call's name is written out in full, whatever it was imported as.
_TORCH_DRAWS = {f"torch.{name}" for name in "rand randn randint randperm normal multinomial bernoulli poisson".split()}
_NEVER = {f"torch.{name}" for name in "rand_like randn_like randint_like seed manual_seed".split()} | {"torch.nn.Dropout", "torch.nn.functional.dropout"}
_IN_PLACE = set("normal_ uniform_ random_ bernoulli_ exponential_ cauchy_ log_normal_ geometric_".split())
_CONSTANT = {f"torch.nn.init.{name}_" for name in "zeros ones constant eye dirac".split()}
# Drawn when made from torch's global generator. In snippets/ NETS below guards that a net draws them again; elsewhere the same function does.
_LAYERS = {f"torch.nn.{name}" for name in "Linear Bilinear Conv1d Conv2d Conv3d Embedding RNN LSTM GRU MultiheadAttention".split()}
# Draws every weight anew from snippets/seeded.py, whose numbers a browser draws alike, and trains by batches of all points: the generators do nothing.
_UNSEEDED = {"snippets/spirals.py"}


def in_full(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for."""
    known = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {name.asname or name.name.partition(".")[0]: name.name if name.asname else name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            known |= {name.asname or name.name: f"{node.module}.{name.name}" for name in node.names}
    return known


def draws(source: str, file: str) -> Iterator[tuple[int, str]]:
    """The line and code of everything in a module that draws from, or seeds, anything but snippets/streams.py."""
    tree = ast.parse(source)
    known = in_full(tree)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        written = ast.unparse(node.func)
        first, dot, rest = written.partition(".")
        name, last = known.get(first, first) + dot + rest, written.rpartition(".")[2]
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        takes_generator = name in _TORCH_DRAWS or last in _IN_PLACE or (name.startswith("torch.nn.init.") and name not in _CONSTANT)
        around = "".join(ast.unparse(f) for f in functions if f.lineno <= node.lineno <= f.end_lineno)
        if (
            name.startswith(("numpy.random.", "random."))
            or name in _NEVER
            or last in ("manual_seed", "manual_seed_all", "seed_all")
            or (takes_generator and "generator" not in given)
            or (name == "torch.Generator" and file not in _UNSEEDED)
            or isinstance(given.get("random_state"), ast.Constant)
            or (last in ("train_test_split", "rvs", "bootstrap", "permutation_test") and "random_state" not in given)
            or (name in _LAYERS and not file.startswith("snippets/") and not all(re.search(rf"init\.\w+_\(\w+\.{part}\b", around) for part in ("weight", "bias")))
        ):
            yield node.lineno, ast.unparse(node)


FILES = sorted(
    path
    for pattern in ("snippets/*.py", "scripts/**/*.py", "docs/*/labs/*.py")
    for path in ROOT.glob(pattern)
    if "node_modules" not in path.parts and path != ROOT / "snippets/streams.py"
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_drawn_but_from_a_stream(path: Path) -> None:
    file = path.relative_to(ROOT).as_posix()
    found = [f"{file}:{line}: {code}" for line, code in dict(draws(path.read_text(encoding="utf-8"), file)).items()]
    assert not found, "draw from snippets/streams.py, Streams(experiment, seed).numpy(purpose) or .torch(purpose):\n" + "\n".join(found)


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\nrng = np.random.default_rng(0)",
        "import numpy\nx = numpy.random.normal(size=3)",
        "from numpy.random import default_rng as fresh\nfresh()",
        "from numpy import random\nrandom.seed(1)",
        "import random\nrandom.random()",
        "from random import shuffle\nshuffle([])",
        "import torch\ntorch.manual_seed(0)",
        "import torch\nx = torch.randn(3)",
        "from torch import randperm\nrandperm(3)",
        "import torch\nx = torch.randn_like(y, generator=g)",
        "import torch\ng = torch.Generator()",
        "import torch\ng = torch.Generator().manual_seed(seed)",
        "x.normal_()",
        "from torch import nn\nnn.init.kaiming_normal_(w)",
        "import torch.nn.init as init\ninit.orthogonal_(w)",
        "from torch.nn.functional import dropout\ndropout(x)",
        "train_test_split(x, y, random_state=0)",
        "train_test_split(x, y)",
        "from torch import nn\ndef net():\n    layer = nn.Linear(2, 2)\n    nn.init.zeros_(layer.bias)\n    return layer",
    ],
)
def test_what_draws_beside_the_streams_is_found(code: str) -> None:
    assert list(draws(code, "scripts/x.py"))


@pytest.mark.parametrize(
    "code",
    [
        "import torch\nx = torch.randn(3, generator=g)",
        "import torch\nfrom torch import nn\nnn.init.zeros_(w)\nnn.init.kaiming_normal_(w, generator=g)\nx.normal_(generator=g)",
        "import numpy as np\ndef f(rng: np.random.Generator): return rng.normal(), rng.permutation(3)",
        "train_test_split(x, y, random_state=draw)",
        "from torch import nn\ndef net():\n    layer = nn.Linear(2, 2)\n    nn.init.zeros_(layer.bias)\n    nn.init.normal_(layer.weight, generator=g)",
        "import secrets\nsecrets.randbelow(3)",
        "'torch.manual_seed(0)'",
    ],
)
def test_what_draws_from_a_given_stream_is_left_alone(code: str) -> None:
    assert not list(draws(code, "scripts/x.py"))


# torch's layers draw their weights from its one global generator when they are made. That must not be seen: whoever makes a net draws again.
def he(inputs: int, outputs: int) -> float:
    return 2 / inputs


def dense(net: Callable[..., nn.Module]) -> Callable[[], nn.Module]:
    return lambda: net(4, 8, 3, 3, "relu", he, [run.torch("weights") for run in streams("nets", range(2))])


def convolutional(residual: bool, block: type[nn.Module]) -> Callable[[], nn.Module]:
    return lambda: ConvNet(8, [4, 8, 16], 1, 3, residual, Streams("nets", 0).torch("weights"), block)


def highway() -> nn.Module:
    runs = streams("nets", range(2))
    return Highway(4, 8, 3, 3, "relu", he, [run.torch("weights") for run in runs], [run.torch("gates") for run in runs], -1.0)


NETS = {
    **{net.__name__: dense(net) for net in (Plain, Residual, NormalisedResidual, ReZero, PreActivation, ReluAfterAddition)},
    **{f"ConvNet {residual} {block.__name__}": convolutional(residual, block) for residual, block in product((True, False), (Block, PreActivationBlock))},
    "Highway": highway,
    "Stack": lambda: Stack(4, 8, 2, "relu", True, [run.torch("weights") for run in streams("nets", range(2))]),
    "Mlp": lambda: Mlp(4, 8, 3, 3, 1.0, 0.5, True, Streams("nets", 0).torch("weights")),
    "SideBySide": lambda: SideBySide([convolutional(False, Block)() for _ in range(2)]),
}


def parameters(net: nn.Module, state: int) -> dict[str, torch.Tensor]:
    with torch.random.fork_rng():
        torch.manual_seed(state)
        return NETS[net]().state_dict()


@pytest.mark.parametrize("net", NETS)
def test_a_net_begins_alike_whatever_torchs_global_generator_holds(net: str) -> None:
    one, two = parameters(net, 1), parameters(net, 2)
    assert one.keys() == two.keys() and one
    for name in one:
        assert torch.equal(one[name], two[name]), f"{net}: {name} is left as torch drew it: draw it from the net's generator"


def test_every_class_of_nets_is_among_those() -> None:
    made = {type(module) for net in NETS.values() for module in net().modules()}
    for path in sorted((ROOT / "snippets").glob("*.py")):
        module = importlib.import_module(f"snippets.{path.stem}")
        for name, found in vars(module).items():
            if isinstance(found, type) and issubclass(found, nn.Module) and found.__module__ == module.__name__:
                assert found in made, f"snippets/{path.name}: {name} is not among NETS in {__name__}"

"""Degradation beyond digits: He et al.'s nets on the 60,000 images of Fashion-MNIST, at five depths, with and without what might cure them.

    python -m scripts.fashion              trains what is not trained yet, two nets at a time, and writes docs/data/fashion.json
    python -m scripts.fashion --verify     trains the shallowest nets again, and holds them against the record

FASHION_MNIST names the folder with the four published files. A net that is done is kept in .pytask/fashion/ and not trained again.
"""

import hashlib
import json
import math
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from scripts.measure import degradation
from scripts.measure.degradation import prepared
from scripts.project import DATA, ROOT, snippets_behind
from scripts.record import Measurements, RecordError, exact, one_thread, provenance, put, read, sampled, write
from scripts.seeds import seeds
from snippets.fashion_mnist import ADDRESS, IMAGES, LABELS, fashion_mnist

EXPERIMENT = "fashion"
RECORD = DATA / "fashion.json"
KEPT = ROOT / ".pytask/fashion"
FOLDER = Path(os.environ.get("FASHION_MNIST") or "/usr/share/datasets/fashion-mnist")  # where Debian's package puts it
COMMAND = "make measure SCALE=fashion"
WORKERS = 2
FILES = {f"{part}_{kind}": names[part] for kind, names in (("images", IMAGES), ("labels", LABELS)) for part in names}
SETTINGS = {
    "scale": "fashion",
    "nets": {"plain": [8, 20, 32, 44, 56], "residual": [8, 20, 32, 44, 56], "mirrored": [20, 56], "fixed_length": [20, 56]},
    "widths": [8, 16, 32],
    "batch": 128,
    "epochs": 1,
    "learning_rate": 0.05,
    "seeds": 5,
    "train_error_images": 10_000,
    "observed_images": 256,
    "sha256": {
        "train_images": "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
        "train_labels": "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
        "test_images": "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
        "test_labels": "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
    },
}
MEASURED = ("loss", "final_loss", "train_error", "test_error", "class_signal_at_start", "first_layer_length_before", "first_layer_length_after")
Net = tuple[str, int, int]  # kind, depth, seed


def images(folder: Path, sha256: dict[str, str]) -> tuple:
    """The images as tensors (count, 1, 14, 14), and the labels.

    Raises:
        ValueError: a file is broken, or is none of those that were published; see snippets/fashion_mnist.py.
    """
    import torch

    x, labels, test_x, test_labels = map(torch.from_numpy, fashion_mnist(folder))
    for name, published in sha256.items():
        path = folder / FILES[name]
        if hashlib.sha256(path.read_bytes()).hexdigest() != published:
            raise ValueError(f"{path} is not the file that was published (its SHA-256 is another): get it from {ADDRESS}")
    return x.unsqueeze(1), labels, test_x.unsqueeze(1), test_labels


def trained(settings: dict[str, Any], data: tuple, kind: str, depth: int, seed: int) -> dict[str, Any] | None:
    """One net: its loss by epoch, its errors, what the last block passes on of classes at first, the first layer's length before and after.

    None if it diverged. Nets of one seed, of whatever kind and depth, see the same minibatches; plain and residual ones begin with equal weights.
    """
    from snippets.convnet_training import loss_and_error, train_side_by_side, weight_lengths
    from snippets.convnets import ConvNet
    from snippets.passed_on import passed_on
    from snippets.streams import Streams

    streams, (x, labels, test_x, test_labels) = Streams(EXPERIMENT, seed), data
    net = ConvNet(depth, settings["widths"], 1, 10, kind == "residual", streams.torch("weights"))
    remedy = prepared({} if kind in ("plain", "residual") else {"remedy": kind}, [net], [streams], x[None], labels[None])
    some = slice(settings["observed_images"])
    at_first, signal = weight_lengths(net)[0], passed_on(net, x[some], labels[some])[0]
    training = [settings[key] for key in ("epochs", "batch", "learning_rate")]
    losses = train_side_by_side([net], x[None], labels[None], [streams.torch("batches")], *training, remedy=remedy)
    some = slice(settings["train_error_images"])
    evaluated, train_error = loss_and_error(net, x[some], labels[some])
    if not (math.isfinite(losses[-1]) and math.isfinite(evaluated)):
        return None
    return {
        "loss": losses[:, 0].tolist(),
        "final_loss": losses[-1, 0].item(),
        "train_error": train_error,
        "test_error": loss_and_error(net, test_x, test_labels)[1],
        "class_signal_at_start": signal[-1],
        "first_layer_length_before": at_first,
        "first_layer_length_after": weight_lengths(net)[0],
    }


@cache
def _images_once(folder: Path, sha256: str) -> tuple:
    return images(folder, json.loads(sha256))


def _kept(settings: dict[str, Any], folder: Path, keep: Path, net: Net) -> dict[str, Any]:
    """A net's numbers, from the folder of those that are done or by training it, with the seconds that took."""
    file = keep / f"{'_'.join(map(str, net))}.json"
    if file.is_file():
        return json.loads(file.read_text(encoding="utf-8"))
    with one_thread():
        data = _images_once(folder, json.dumps(settings["sha256"]))
        started = time.process_time()
        found = {"measured": trained(settings, data, *net), "seconds": time.process_time() - started}
    put(file, json.dumps(found), COMMAND)
    return found


def _end_with_parent() -> None:
    """A worker of a killed process would go on with its net for minutes."""
    threading.Thread(target=lambda: (parent_process().join(), os._exit(1)), daemon=True).start()


def _code() -> list[Path]:
    return [Path(__file__), Path(degradation.__file__), *snippets_behind(__file__)]


def _digest(settings: dict[str, Any]) -> str:
    """Of all that a net's numbers depend on: whatever it is, another one is trained anew."""
    said = json.dumps({key: value for key, value in settings.items() if key not in ("nets", "seeds")}, sort_keys=True)
    code = b"".join(path.read_bytes() for path in _code())
    return hashlib.sha256(said.encode() + code).hexdigest()[:16]


def train_all(settings: dict[str, Any], chosen: list[int], folder: Path, keep: Path) -> Iterator[tuple[Net, dict[str, Any]]]:
    """Each net as it is done, seed by seed, the deepest first."""
    nets = [(kind, depth, seed) for seed in chosen for kind, depths in settings["nets"].items() for depth in depths]
    nets.sort(key=lambda net: (chosen.index(net[2]), -net[1]))
    images(folder, settings["sha256"])  # a broken file is said before anything begins
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn"), initializer=_end_with_parent) as workers:
        waiting = {workers.submit(_kept, settings, folder, keep, net): net for net in nets}
        try:
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        except BaseException:
            workers.shutdown(wait=False, cancel_futures=True)
            raise


def measurements(settings: dict[str, Any], chosen: list[int], found: dict[Net, dict[str, Any]]) -> Measurements:
    measured = {"depths": exact(settings["nets"]["plain"])}
    for kind, depths in settings["nets"].items():
        for depth in depths:
            runs = [found[kind, depth, seed]["measured"] for seed in chosen]
            measured[f"diverged_{kind}_{depth}"] = sampled([int(run is None) for run in runs])
            counted = {"train_error": settings["train_error_images"], "test_error": settings.get("test_images", 10_000)}
            for name in MEASURED:
                values = [run and run[name] for run in runs]
                measured[f"{name}_{kind}_{depth}"] = sampled(values, log="loss" in name or "length" in name, images=counted.get(name))
    return measured


def measure(folder: Path = FOLDER, settings: dict[str, Any] = SETTINGS, record: Path = RECORD, keep: Path = KEPT) -> None:
    """Train what is missing and write the record.

    Raises:
        ValueError, RecordError: a data file is broken, or nothing can be written.
    """
    chosen, found = seeds(EXPERIMENT, settings["seeds"]), {}
    total = sum(map(len, settings["nets"].values())) * len(chosen)
    for net, of_net in train_all(settings, chosen, folder, keep / _digest(settings)):
        found[net] = of_net
        error = of_net["measured"] and of_net["measured"]["test_error"]
        print(f"{len(found)} of {total}: {net[0]} {net[1]}, seed {net[2]}: {'diverged' if error is None else f'test error {error:.1%}'}", flush=True)
    seconds = sum(of_net["seconds"] for of_net in found.values())
    measured = measurements(settings, chosen, found)
    came_from = provenance(COMMAND, EXPERIMENT, chosen, seconds) | {"sha256": digest(measured)}
    write(record, {"provenance": came_from, "settings": settings, "orderings": [], "measurements": measured})


def digest(measured: Measurements) -> str:
    """What tells that nobody edited a record by hand; for records of the pipeline pytask.lock holds it."""
    return hashlib.sha256(json.dumps(measured, sort_keys=True).encode()).hexdigest()


def verify(folder: Path = FOLDER, settings: dict[str, Any] = SETTINGS, record: Path = RECORD, keep: Path = KEPT) -> int:
    """Train the shallowest plain and residual nets again; 1 if one of their measurements disagrees with the record."""
    from scripts.verify import hold

    recorded, chosen = read(record.stem, record.parent, COMMAND), seeds(EXPERIMENT, settings["seeds"])
    if recorded["settings"] != settings:
        raise RecordError(f"{record.name} was measured with other settings than scripts/fashion.py has: measure it again with `{COMMAND}`")
    shallow = settings | {"nets": {kind: [min(settings["nets"][kind])] for kind in ("plain", "residual")}}
    again = keep / f"again_{os.getpid()}"
    try:
        measured = measurements(shallow, chosen, dict(train_all(shallow, chosen, folder, again)))
    finally:
        for file in again.glob("*.json"):
            file.unlink()
        if again.is_dir():
            again.rmdir()
    rows = [hold(name, recorded["measurements"][name], measured[name]) for name in measured if name != "depths"]
    for row in rows:
        print(f"{row.measurement:40} {row.recorded:>24} {row.remeasured:>24}  {'agrees' if row.agrees else 'DISAGREES'}")
    return int(not all(row.agrees for row in rows))


def main(arguments: list[str]) -> int:
    try:
        if arguments == ["--verify"]:
            return verify()
        measure()
    except BrokenProcessPool:
        print(f"a worker was killed, perhaps for want of memory: what is trained is kept; go on with `{COMMAND}`", file=sys.stderr)
        return 1
    except (ValueError, RecordError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

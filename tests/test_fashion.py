"""Fashion-MNIST's scale, on a tiny folder of the form in which it is published: the reader, the nets, a run that is killed and goes on."""

import errno
import gzip
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch

from scripts import fashion, record
from scripts.project import ROOT
from scripts.record import of_pipeline, read, topics
from snippets import convnet_training, fashion_mnist
from snippets.convnet_training import loss_and_error, weight_lengths
from snippets.convnets import ConvNet
from snippets.fashion_mnist import ADDRESS, IMAGES, LABELS, idx, labelled
from snippets.passed_on import passed_on
from snippets.streams import Streams
from snippets.training import batches

COUNT = {"train": 60, "test": 40}
NETS = {"plain": [8, 14], "residual": [8, 14], "mirrored": [8], "fixed_length": [8]}
EVERY_NET = 6 * 2


def packed(*shape: int, content: bytes, magic: bytes = b"\x00\x00\x08") -> bytes:
    """An IDX file, byte by byte."""
    return gzip.compress(magic + bytes([len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + content, mtime=0)


def folder_in(place: Path) -> Path:
    rng = np.random.default_rng(0)
    for part, count in COUNT.items():
        (place / IMAGES[part]).write_bytes(packed(count, 28, 28, content=rng.integers(0, 256, count * 784, dtype=np.uint8).tobytes()))
        (place / LABELS[part]).write_bytes(packed(count, content=(rng.permutation(count) % 10).astype(np.uint8).tobytes()))
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The four files, of a few images each."""
    (tmp_path / "published").mkdir()
    return folder_in(tmp_path / "published")


def tiny(folder: Path) -> dict[str, Any]:
    return fashion.SETTINGS | {
        "nets": NETS,
        "widths": [2, 2, 2],
        "batch": 10,
        "seeds": 2,
        "train_error_images": 60,
        "test_images": 40,
        "observed_images": 20,
        "sha256": {name: hashlib.sha256((folder / fashion.FILES[name]).read_bytes()).hexdigest() for name in fashion.SETTINGS["sha256"]},
    }


# The reader


@pytest.mark.parametrize("part", ["train", "test"])
def test_every_byte_is_read_to_its_place(folder: Path, part: str) -> None:
    images, labels = labelled(folder, part)
    raw, raw_labels = (gzip.decompress((folder / names[part]).read_bytes()) for names in (IMAGES, LABELS))
    assert images.shape == (COUNT[part], 28, 28) and labels.shape == (COUNT[part],) and images.dtype == labels.dtype == np.uint8
    for image in (0, 7, COUNT[part] - 1):
        assert labels[image] == raw_labels[8 + image]
        for row, column in ((0, 0), (0, 27), (1, 2), (13, 5), (27, 0), (27, 27)):
            assert images[image, row, column] == raw[16 + image * 784 + row * 28 + column]


def test_squares_are_averaged_and_standardised_by_the_training_set(folder: Path) -> None:
    averaged = {}
    for part, count in COUNT.items():
        raw = gzip.decompress((folder / IMAGES[part]).read_bytes())[16:]
        at = [[[raw[i * 784 + 2 * r * 28 + 2 * c + step] for step in (0, 1, 28, 29)] for r in range(14) for c in range(14)] for i in range(count)]
        averaged[part] = [[sum(square) / 4 for square in image] for image in at]
    pixels = [pixel for image in averaged["train"] for pixel in image]
    mean = sum(pixels) / len(pixels)
    deviation = (sum((pixel - mean) ** 2 for pixel in pixels) / len(pixels)) ** 0.5
    train_x, train_y, test_x, test_y = fashion_mnist.fashion_mnist(folder)
    for part, x, labels in (("train", train_x, train_y), ("test", test_x, test_y)):
        assert x.shape == (COUNT[part], 14, 14) and x.dtype == np.float32 and labels.dtype == np.int64
        np.testing.assert_allclose(x.reshape(len(x), -1), (np.array(averaged[part]) - mean) / deviation, rtol=0, atol=1e-6)
        assert np.array_equal(labels, labelled(folder, part)[1])
    assert train_x.mean() == pytest.approx(0, abs=1e-6) and train_x.std() == pytest.approx(1, abs=1e-6)
    assert abs(test_x.mean()) > 1e-4, "by the training set's mean alone"


TRAIN_X, TRAIN_Y, TEST_X, TEST_Y = IMAGES["train"], LABELS["train"], IMAGES["test"], LABELS["test"]
AS_PUBLISHED = "it should hold gzipped bytes with {} axes, as published: get it from https://github\\.com/zalandoresearch/fashion-mnist$"
GET_IT = "get it from https://github\\.com/zalandoresearch/fashion-mnist$"


def longer(path: Path) -> None:
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + b"\x00"))


def half(path: Path) -> None:
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-5]))


@pytest.mark.parametrize(
    ("file", "spoil", "message"),
    [
        (TRAIN_X, Path.unlink, "is missing: " + AS_PUBLISHED.format(3)),
        (TEST_Y, Path.unlink, "is missing: " + AS_PUBLISHED.format(1)),
        (TRAIN_X, lambda path: path.write_bytes(path.read_bytes()[:-20]), r"cannot be unpacked \(.+\): " + AS_PUBLISHED.format(3)),
        (TEST_X, lambda path: path.write_bytes(path.read_bytes()[:1000] + b"\xff" * 50 + path.read_bytes()[1050:]), r"cannot be unpacked \(.+\): " + AS_PUBLISHED.format(3)),
        (TEST_X, lambda path: path.write_bytes(path.read_bytes()[:10] + b"\xff" * 100), r"cannot be unpacked \(.+\): " + AS_PUBLISHED.format(3)),
        (TRAIN_Y, lambda path: path.write_bytes(gzip.decompress(path.read_bytes())), r"cannot be unpacked \(.+\): " + AS_PUBLISHED.format(1)),
        (TRAIN_Y, lambda path: path.write_bytes(b""), "is another kind of file: " + AS_PUBLISHED.format(1)),
        (TRAIN_X, lambda path: path.unlink() or path.mkdir(), r"cannot be unpacked \(.+\): " + AS_PUBLISHED.format(3)),
        (TRAIN_Y, lambda path: path.write_bytes(packed(60, 28, 28, content=bytes(60 * 784))), "is another kind of file: " + AS_PUBLISHED.format(1)),
        (TEST_X, lambda path: path.write_bytes(packed(40, content=bytes(40))), "is another kind of file: " + AS_PUBLISHED.format(3)),
        (TEST_X, lambda path: path.write_bytes(packed(40, 28, 28, content=bytes(4 * 40 * 784), magic=b"\x00\x00\x0d")), "is another kind of file: " + AS_PUBLISHED.format(3)),
        (TEST_X, lambda path: path.write_bytes(gzip.compress(b"a,b\n1,2\n")), "is another kind of file: " + AS_PUBLISHED.format(3)),
        (TRAIN_X, half, "says 60 × 28 × 28 bytes and holds 47035: " + AS_PUBLISHED.format(3)),
        (TRAIN_Y, longer, "says 60 bytes and holds 61: " + AS_PUBLISHED.format(1)),
        (TEST_X, lambda path: path.write_bytes(packed(40, 14, 56, content=bytes(40 * 784))), "holds images of 14 × 56 pixels, not 28 × 28: " + GET_IT),
        (TEST_X, lambda path: path.write_bytes(packed(39, 28, 28, content=bytes(39 * 784))), f"holds 39 images and {TEST_Y} 40 labels: " + GET_IT.replace("it", "both", 1)),
        (TRAIN_Y, lambda path: path.write_bytes(packed(61, content=bytes(61))), f"holds 60 images and {TRAIN_Y} 61 labels: " + GET_IT.replace("it", "both", 1)),
        (TRAIN_Y, lambda path: path.write_bytes(packed(60, content=bytes(59) + b"\x0a")), "should hold labels 0 … 9: " + GET_IT),
        (TRAIN_Y, lambda path: path.write_bytes(packed(60, content=bytes(60))), r"is not the file that was published \(its SHA-256 is another\): " + GET_IT),
        (TEST_X, lambda path: path.write_bytes(packed(40, 28, 28, content=bytes(40 * 784))), r"is not the file that was published \(its SHA-256 is another\): " + GET_IT),
    ],
)
def test_a_broken_file_is_named_with_what_it_should_hold_and_where_to_get_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], file: str, spoil: Callable[[Path], Any], message: str
) -> None:
    settings, place = tiny(folder), folder.parent / "record.json"
    spoil(folder / file)
    named = folder / (TRAIN_X if "61 labels" in message else file)  # that of the images is named first
    with pytest.raises(ValueError, match=f"^{named} {message}") as raised:
        fashion.images(folder, settings["sha256"])
    assert "\n" not in str(raised.value)
    # It is said before anything begins, on one line.
    monkeypatch.setattr(fashion, "ProcessPoolExecutor", lambda *_, **__: pytest.fail("a broken file, and nets are trained"))
    monkeypatch.setattr(fashion, "measure", partial(fashion.measure, folder, settings, place, folder.parent / "kept"))
    assert fashion.main([]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"{raised.value}\n")
    assert [path.name for path in folder.parent.iterdir()] == ["published"]


def test_no_images_at_all_are_none_of_ten_classes(folder: Path) -> None:
    (folder / TEST_X).write_bytes(packed(0, 28, 28, content=b""))
    (folder / TEST_Y).write_bytes(packed(0, content=b""))
    with pytest.raises(ValueError, match=f"{TEST_Y} should hold labels 0 … 9"):
        labelled(folder, "test")


def test_an_idx_file_of_any_shape_is_read(tmp_path: Path) -> None:
    (tmp_path / "file.gz").write_bytes(packed(2, 1, 3, content=bytes(range(6))))
    assert idx(tmp_path / "file.gz", 3).tolist() == [[[0, 1, 2]], [[3, 4, 5]]]
    assert idx(str(tmp_path / "file.gz"), 3).shape == (2, 1, 3)


def test_the_command_reads_the_folder_that_the_variable_names_and_fails_with_one_line(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "scripts.fashion"], cwd=ROOT, env=os.environ | {"FASHION_MNIST": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == f"{tmp_path / TRAIN_X} is missing: it should hold gzipped bytes with 3 axes, as published: get it from {ADDRESS}\n"


# The nets


def watched(monkeypatch: pytest.MonkeyPatch, seen: list[dict[str, Any]]) -> None:
    """Instead of training: what each net begins with, and its minibatches."""

    def watch(nets, x, labels, generators, epochs, batch, rate, after_epoch=None, remedy=None):
        weights = {name: w.detach().clone() for name, w in nets[0].named_parameters()}
        index = torch.cat(batches(labels.shape[1], batch, generators), dim=1)
        running = nets[0].bn.running_mean.clone()
        seen.append({"weights": weights, "index": index, "x": x, "labels": labels, "settings": (epochs, batch, rate), "remedy": remedy, "running": running})
        return torch.full((1, 1), torch.nan)

    monkeypatch.setattr(convnet_training, "train_side_by_side", watch)


def test_nets_of_a_seed_see_the_same_minibatches_and_plain_and_residual_ones_begin_equal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, seen = tiny(folder) | {"widths": [4, 4, 4]}, []
    data = fashion.images(folder, settings["sha256"])
    assert [tuple(part.shape) for part in data] == [(60, 1, 14, 14), (60,), (40, 1, 14, 14), (40,)]
    watched(monkeypatch, seen)
    nets = [("plain", 8, 1), ("residual", 8, 1), ("fixed_length", 8, 1), ("mirrored", 8, 1), ("plain", 14, 1), ("plain", 8, 2)]
    assert [fashion.trained(settings, data, *net) for net in nets] == [None] * 6, "a loss of NaN is a net that diverged"
    plain, residual, fixed, of_mirrored, deep, other = seen
    for net in (residual, fixed, of_mirrored, deep):
        assert torch.equal(plain["index"], net["index"]) and torch.equal(net["x"][0], data[0]) and torch.equal(net["labels"][0], data[1])
        assert net["settings"] == (1, 10, 0.05)
    assert not torch.equal(plain["index"], other["index"])
    for net in (residual, fixed):
        assert all(torch.equal(w, net["weights"][name]) for name, w in plain["weights"].items())
    assert not torch.equal(plain["weights"]["conv.weight"], other["weights"]["conv.weight"])
    for name, w in of_mirrored["weights"].items():
        if name.endswith(("conv.weight", "conv1.weight", "conv2.weight")):
            assert torch.equal(w[2:], -w[:2]) and not torch.equal(plain["weights"][name], w)
            assert torch.equal(w[:2, : max(1, w.shape[1] // 2)], plain["weights"][name][:2, : max(1, w.shape[1] // 2)])
    assert [net["remedy"] is not None for net in seen] == [False, False, True, False, False, False]
    assert not any(net["running"].any() for net in seen), "what is observed at the start moves no statistics"


def prototypes(settings: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
    """Ten images, each many times with noise: easy to learn. The test set calls each by the next one's name."""
    rng = np.random.default_rng(1)
    labels = np.arange(300) % 10
    x = torch.from_numpy(np.float32(rng.standard_normal((10, 14, 14))[labels] + 0.1 * rng.standard_normal((300, 14, 14)))).unsqueeze(1)
    data = x, torch.from_numpy(labels), x[:100], torch.from_numpy((labels[:100] + 1) % 10)
    return data, settings | {"widths": [4, 4, 8], "epochs": 4, "train_error_images": 200, "observed_images": 50}


def test_each_number_is_of_the_images_and_the_moment_that_it_is_called_by(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, settings = prototypes(tiny(folder))
    asked: list[int] = []
    monkeypatch.setattr(convnet_training, "loss_and_error", lambda net, x, labels: asked.append(len(x)) or loss_and_error(net, x, labels))
    nets = {kind: fashion.trained(settings, data, kind, 8, 3) for kind in ("residual", "plain", "fixed_length")}
    assert asked == [200, 100] * 3
    run = nets["residual"]
    assert set(run) == set(fashion.MEASURED)
    assert len(run["loss"]) == 4 and run["final_loss"] == run["loss"][-1] < run["loss"][0]
    assert run["train_error"] < 0.2 and run["test_error"] > 0.8
    for kind in nets:
        at_first = ConvNet(8, [4, 4, 8], 1, 10, kind == "residual", Streams("fashion", 3).torch("weights"))
        assert nets[kind]["first_layer_length_before"] == weight_lengths(at_first)[0]
        assert nets[kind]["class_signal_at_start"] == passed_on(at_first, data[0][:50], data[1][:50])[0][-1]
    for kind, held in (("fixed_length", True), ("plain", False)):
        assert (nets[kind]["first_layer_length_after"] == pytest.approx(nets[kind]["first_layer_length_before"], rel=1e-5)) == held


def test_a_net_that_diverged_is_none(folder: Path) -> None:
    data, settings = prototypes(tiny(folder))
    assert fashion.trained(settings | {"learning_rate": 1e30}, data, "plain", 8, 3) is None


# The record


@pytest.fixture(scope="module")
def at_once() -> Iterator[tuple[Path, dict[str, Any], Path]]:
    """The folder, its settings, and where a run in two processes left its record and the nets that are done."""
    (ROOT / ".pytask").mkdir(exist_ok=True)
    with TemporaryDirectory(dir=ROOT / ".pytask") as name:  # on the project's own disk, as records are
        place = Path(name)
        (place / "published").mkdir()
        folder = folder_in(place / "published")
        settings = tiny(folder)
        fashion.measure(folder, settings, place / "fashion.json", place / "kept")
        yield folder, settings, place


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[fashion.Net]:
    """Nets are trained in this process, one after the other; returns the list of those that are."""
    trained, begun = fashion.trained, []

    def watch(settings: dict[str, Any], data: tuple, *net: Any) -> dict[str, Any] | None:
        begun.append(net)
        return trained(settings, data, *net)

    monkeypatch.setattr(fashion, "trained", watch)
    monkeypatch.setattr(fashion, "ProcessPoolExecutor", lambda *_, **__: ThreadPoolExecutor(1))
    monkeypatch.setattr(record, "ROOT", tmp_path)
    return begun


def derived(count: int) -> list[int]:
    return [int.from_bytes(hashlib.sha256(f"fashion/2026/{place}".encode()).digest()[:4], "big") for place in range(count)]


def sha256(measurements: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(measurements, sort_keys=True).encode()).hexdigest()


def contents(path: Path) -> dict[str, Any]:
    """A record, less what differs from run to run."""
    whole = json.loads(path.read_text(encoding="utf-8"))
    whole["provenance"] = {key: value for key, value in whole["provenance"].items() if key not in ("seconds", "date")}
    return whole


def test_the_record_holds_its_seeds_names_and_counts(at_once: tuple[Path, dict[str, Any], Path]) -> None:
    _, settings, place = at_once
    whole = read("fashion", place)
    assert whole["settings"] == settings and whole["settings"]["scale"] == "fashion" and whole["orderings"] == []
    provenance = whole["provenance"]
    assert provenance["command"] == "make measure SCALE=fashion" and provenance["experiment"] == "fashion" and provenance["threads"] == 1
    assert provenance["seeds"] == derived(2)
    measured = whole["measurements"]
    assert provenance["sha256"] == sha256(measured)
    nets = [f"{kind}_{depth}" for kind, depths in NETS.items() for depth in depths]
    assert set(measured) == {"depths"} | {f"{name}_{net}" for net in nets for name in ("diverged", *fashion.MEASURED)}
    assert measured["depths"]["value"] == [8, 14]
    for net in nets:
        assert measured[f"diverged_{net}"]["values"] == [0, 0]
        assert np.shape(measured[f"loss_{net}"]["values"]) == (2, 1)
        assert (measured[f"train_error_{net}"]["images"], measured[f"test_error_{net}"]["images"]) == (60, 40)
        scales = {name: measured[f"{name}_{net}"]["scale"] for name in fashion.MEASURED}
        assert {name for name, scale in scales.items() if scale == "log"} == {"loss", "final_loss", "first_layer_length_before", "first_layer_length_after"}
        for error, count in (("train_error", 60), ("test_error", 40)):
            assert all(float(value * count).is_integer() for value in np.round(np.multiply(measured[f"{error}_{net}"]["values"], count), 3))
    kept = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in place.glob("kept/*/*.json")}
    assert set(kept) == {f"{net}_{seed}" for net in nets for seed in derived(2)}
    assert provenance["seconds"] == pytest.approx(sum(net["seconds"] for net in kept.values()), abs=0.006)
    for net in nets:
        for at, seed in enumerate(derived(2)):
            of_net = kept[f"{net}_{seed}"]["measured"]
            assert all(measured[f"{name}_{net}"]["values"][at] == pytest.approx(of_net[name], rel=1e-5) for name in fashion.MEASURED)


def test_the_record_of_a_run_that_was_killed_and_continued_is_that_of_one_made_at_once(
    at_once: tuple[Path, dict[str, Any], Path], here: list[fashion.Net], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, settings, place = at_once
    out, keep, watch = tmp_path / "fashion.json", tmp_path / "kept", fashion.trained

    def killed(settings: dict[str, Any], data: tuple, *net: Any) -> dict[str, Any] | None:
        if len(here) == 5:
            raise KeyboardInterrupt
        return watch(settings, data, *net)

    with monkeypatch.context() as patch:
        patch.setattr(fashion, "trained", killed)
        with pytest.raises(KeyboardInterrupt):
            fashion.measure(folder, settings, out, keep)
    assert here == [(kind, depth, derived(2)[0]) for kind, depth in [("plain", 14), ("residual", 14), ("plain", 8), ("residual", 8), ("mirrored", 8)]], "a seed's deepest nets first"
    assert not out.exists()
    done = {file: file.stat().st_mtime_ns for file in keep.rglob("*.json")}
    assert len(done) == 5
    capsys.readouterr()
    fashion.measure(folder, settings, out, keep)
    assert len(here) == len(set(here)) == EVERY_NET, "no net is trained twice"
    assert all(file.stat().st_mtime_ns == since for file, since in done.items())
    assert contents(out) == contents(place / "fashion.json")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == EVERY_NET and lines[-1].startswith(f"{EVERY_NET} of {EVERY_NET}: ") and "test error" in lines[-1]
    # Nothing is left to train, and the record is written once more.
    out.unlink()
    fashion.measure(folder, settings, out, keep)
    assert len(here) == EVERY_NET and contents(out) == contents(place / "fashion.json")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found as Linux shows them")
def test_the_record_of_a_killed_process_is_continued_and_its_workers_end(
    at_once: tuple[Path, dict[str, Any], Path], here: list[fashion.Net], tmp_path: Path
) -> None:
    """Killed outright, as soon as one net is done, in a run of so many seeds that it cannot be at its end."""
    folder, settings, place = at_once
    out, keep = place / "killed.json", place / "killed"
    begin = "import json, sys; from pathlib import Path; from scripts import fashion; folder, settings, *places = sys.argv[1:]; "
    begin += "fashion.measure(Path(folder), json.loads(settings), *map(Path, places))"
    command = [sys.executable, "-c", begin, str(folder), json.dumps(settings | {"seeds": 50}), str(out), str(keep)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while not any(keep.glob("*/*.json")):
            assert process.poll() is None
            time.sleep(0.01)
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8").split()
        process.kill()
    assert len(workers) >= 2
    deadline = time.monotonic() + 60
    while any(running(worker) for worker in workers):
        assert time.monotonic() < deadline, "a worker goes on without its parent"
        time.sleep(0.01)
    done = {file: file.stat().st_mtime_ns for file in keep.glob("*/*.json")}
    assert done and not out.exists()
    fashion.measure(folder, settings, out, keep)
    assert not {f"{'_'.join(map(str, net))}.json" for net in here} & {file.name for file in done}
    assert all(file.stat().st_mtime_ns == since for file, since in done.items())
    assert contents(out) == contents(place / "fashion.json")


def running(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_change_of_settings_or_code_trains_anew_and_more_seeds_or_nets_do_not(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = tiny(folder)
    digest = fashion._digest(settings)
    for key, value in settings.items():
        other = {int: 7, float: 1.5, str: "other", list: [4], dict: {"plain": [4]}}[type(value)]
        changed = settings | {key: other}
        assert other != value
        assert (fashion._digest(changed) == digest) == (key in ("nets", "seeds")), key
    assert fashion._digest(dict(reversed(settings.items()))) == digest
    code = fashion._code()
    needed = {"fashion", "degradation", "digits", "fashion_mnist", "convnets", "residual_blocks", "convnet_training", "side_by_side", "training", "passed_on", "remedies", "streams"}
    assert {path.stem for path in code} == needed
    for place, path in enumerate(code):
        other = tmp_path / f"{place}.py"
        other.write_bytes(path.read_bytes() + b"# changed\n")
        with monkeypatch.context() as patch:
            patch.setattr(fashion, "_code", lambda other=other, path=path: [other if each == path else each for each in code])
            assert fashion._digest(settings) != digest, path


def test_what_was_kept_with_other_settings_is_left_and_not_taken(folder: Path, here: list[fashion.Net], tmp_path: Path) -> None:
    settings = tiny(folder) | {"nets": {"plain": [8], "residual": [8]}, "seeds": 1}
    out, keep = tmp_path / "fashion.json", tmp_path / "kept"
    fashion.measure(folder, settings, out, keep)
    first = contents(out)["measurements"]
    fashion.measure(folder, settings | {"learning_rate": 0.2}, out, keep)
    second = contents(out)["measurements"]
    assert len(here) == 4 and first["final_loss_plain_8"] != second["final_loss_plain_8"]
    fashion.measure(folder, settings | {"seeds": 2}, out, keep)
    assert here[4:] == [(kind, 8, derived(2)[1]) for kind in ("plain", "residual")], "the first seed's nets are there"
    assert contents(out)["measurements"]["final_loss_plain_8"]["values"][:1] == first["final_loss_plain_8"]["values"]


def test_the_record_counts_nets_that_diverged(folder: Path, here: list[fashion.Net], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tiny(folder) | {"nets": {"plain": [8], "residual": [8]}}
    watch = fashion.trained
    monkeypatch.setattr(fashion, "trained", lambda *said: watch(*said) if said[2:] != ("plain", 8, derived(2)[1]) else None)
    fashion.measure(folder, settings, tmp_path / "fashion.json", tmp_path / "kept")
    measured = read("fashion", tmp_path)["measurements"]
    assert measured["diverged_plain_8"]["values"] == [0, 1] and measured["diverged_residual_8"]["values"] == [0, 0]
    assert measured["test_error_plain_8"]["values"][1] is None is measured["loss_plain_8"]["values"][1]
    assert f"plain 8, seed {derived(2)[1]}: diverged" in capsys.readouterr().out


@pytest.mark.parametrize("full_at", ["a net", "the record"])
def test_a_full_disk_leaves_nothing_half_written_and_says_what_goes_on(
    folder: Path, here: list[fashion.Net], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], full_at: str
) -> None:
    settings, out, keep = tiny(folder) | {"nets": {"plain": [8], "residual": [8]}}, tmp_path / "fashion.json", tmp_path / "kept"
    out.write_text("as it was", encoding="utf-8")
    fsync, free = os.fsync, [1 if full_at == "a net" else 4]

    def full(handle: int) -> None:
        if not free[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        free[0] -= 1
        fsync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(record.os, "fsync", full)
        patch.setattr(fashion, "measure", partial(fashion.measure, folder, settings, out, keep))
        assert fashion.main([]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    file = rf"kept/\w+/residual_8_{derived(2)[0]}\.json" if full_at == "a net" else r"fashion\.json"
    assert re.fullmatch(rf"{file} cannot be written \(No space left on device\) and was left as it was: free some space, then `make measure SCALE=fashion`", line), line
    assert out.read_text(encoding="utf-8") == "as it was"
    whole = [json.loads(path.read_text(encoding="utf-8")) for path in keep.rglob("*") if path.is_file()]
    assert len(whole) == (1 if full_at == "a net" else 4)
    assert list((tmp_path / ".pytask").iterdir()) == []
    trained_until_then = len(here)
    fashion.measure(folder, settings, out, keep)
    assert len(here) == (4 if full_at == "the record" else trained_until_then + 3) and read("fashion", tmp_path)["settings"] == settings


def test_verifying_agrees_with_its_own_record_and_not_with_a_doctored_one(
    at_once: tuple[Path, dict[str, Any], Path], here: list[fashion.Net], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, settings, place = at_once
    own, keep = place / "fashion.json", shutil.copytree(place / "kept", tmp_path / "kept")
    before, kept = own.read_bytes(), sorted(keep.rglob("*"))
    assert fashion.verify(folder, settings, own, keep) == 0
    assert sorted(here) == sorted((kind, 8, seed) for kind in ("plain", "residual") for seed in derived(2)), "the shallowest ones, though they are kept"
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {f"{name}_{kind}_8" for kind in ("plain", "residual") for name in ("diverged", *fashion.MEASURED)}
    assert all(line.endswith(" agrees") for line in lines) and own.read_bytes() == before
    assert sorted(keep.rglob("*")) == kept, "what was trained to verify is no part of a later record"

    for name, values in (("diverged_residual_8", [1, 1]), ("final_loss_plain_8", [100.0, 100.001]), ("test_error_plain_8", [0.5, None])):
        doctored = json.loads(before)
        assert len(doctored["measurements"][name]["values"]) == len(values)
        doctored["measurements"][name]["values"] = values
        path = tmp_path / "doctored.json"
        path.write_text(json.dumps(doctored), encoding="utf-8")
        assert fashion.verify(folder, settings, path, keep) == 1
        told = [line for line in capsys.readouterr().out.splitlines() if not line.endswith(" agrees")]
        assert len(told) == 1 and told[0].startswith(f"{name} ") and told[0].endswith("  DISAGREES")

    monkeypatch.setattr(fashion, "verify", partial(fashion.verify, folder, settings, tmp_path / "none.json", keep))
    assert fashion.main(["--verify"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "none.json: no such record: " in line and line.endswith("or measure it again with `make measure SCALE=fashion`")


def test_what_verifying_a_record_trained_is_taken_away_when_it_fails(folder: Path, here: list[fashion.Net], tmp_path: Path, at_once: tuple[Path, dict[str, Any], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    _, settings, place = at_once
    watch = fashion.trained

    def killed(*said: Any) -> dict[str, Any] | None:
        if here:
            raise KeyboardInterrupt
        return watch(*said)

    monkeypatch.setattr(fashion, "trained", killed)
    with pytest.raises(KeyboardInterrupt):
        fashion.verify(folder, settings, place / "fashion.json", tmp_path / "kept")
    assert here and list((tmp_path / "kept").iterdir()) == []


# As committed


def test_record_of_fashion_mnist_has_the_settings_of_the_code() -> None:
    whole = read("fashion", fashion.RECORD.parent, fashion.COMMAND)
    assert whole["settings"] == fashion.SETTINGS
    assert whole["provenance"]["seeds"] == derived(fashion.SETTINGS["seeds"]) and whole["provenance"]["command"] == fashion.COMMAND
    assert "fashion" in topics() and "fashion" not in of_pipeline(), "measured once, apart from `make retrain`"
    assert fashion.RECORD.stat().st_size < 300_000
    measured = whole["measurements"]
    assert whole["provenance"]["sha256"] == sha256(measured), "edited by hand"
    nets = [f"{kind}_{depth}" for kind, depths in fashion.SETTINGS["nets"].items() for depth in depths]
    assert set(measured) == {"depths"} | {f"{name}_{net}" for net in nets for name in ("diverged", *fashion.MEASURED)}
    for net in nets:
        assert all(len(measured[f"{name}_{net}"]["values"]) == fashion.SETTINGS["seeds"] for name in fashion.MEASURED)
        # Errors are counts of so many images, to the six digits of a record.
        for error, count in (("train_error", 10_000), ("test_error", 10_000)):
            assert measured[f"{error}_{net}"]["images"] == count
            wrong = [value * count for value in measured[f"{error}_{net}"]["values"] if value is not None]
            assert all(0 <= number <= count and number == pytest.approx(round(number), abs=0.01) for number in wrong)
    for depth in fashion.SETTINGS["nets"]["plain"]:
        assert measured[f"first_layer_length_before_plain_{depth}"] == measured[f"first_layer_length_before_residual_{depth}"], "equal weights at the start"

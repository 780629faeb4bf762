"""Scales side by side: `{{ scales degradation }}` becomes a table of the site's own nets, the paper's nets measured, and what the paper prints.

Each cell has one source, with a way back to it. What has not been measured with this code says so, with the command that measures it.
"""

from typing import Any

from scripts import paper
from scripts.pages import references, values
from scripts.pages.source import nearest
from scripts.project import ROOT, spoken
from scripts.record import RecordError, array, read

KINDS = ("plain", "residual")
ERRORS = ("train_error", "test_error")
PRINTED = {"degradation": "he2015.test_error_{}"}  # of residual nets; what the plain ones get, the paper only draws

_WORDS = {
    "ja": {
        "columns": (
            "網と層の数",
            "訓練誤り率:<br>手書き数字",
            "訓練誤り率:<br>CIFAR-10(測定)",
            "テスト誤り率:<br>手書き数字",
            "テスト誤り率:<br>CIFAR-10(測定)",
            "テスト誤り率:<br>CIFAR-10(論文)",
        ),
        "plain": "プレーン&nbsp;{}",
        "residual": "残差&nbsp;{}",
        "unmeasured": "未測定",
        "unprinted": "記載なし",
        "diverged": "{} 個中 {} 個が発散",
        "missing": "「未測定」は、このコードではまだ測っていない値です。CIFAR-10 のバイナリ版を置いた場所を `FOLDER` として、`{}` で測れます。",
        "measured": '<a href="{address}">{file}</a>:{date}、{device}、{images}、幅 {widths}、{epochs} エポック、乱数シード {seeds} 個',
    },
    "en": {
        "columns": (
            "Net and layers",
            "Training error:<br>digits",
            "Training error:<br>CIFAR-10, measured",
            "Test error:<br>digits",
            "Test error:<br>CIFAR-10, measured",
            "Test error:<br>CIFAR-10, in the paper",
        ),
        "plain": "Plain&nbsp;{}",
        "residual": "Residual&nbsp;{}",
        "unmeasured": "not measured",
        "unprinted": "not printed",
        "diverged": "{1} of {0} diverged",
        "missing": "“Not measured”: not with this code, so far. `{}` measures it, where `FOLDER` holds CIFAR-10's binary version.",
        "measured": '<a href="{address}">{file}</a>: {date}, {device}, {images}, widths {widths}, {epochs} epochs, {seeds} seeds',
    },
}


def measured(topic: str, kind: str) -> dict[str, Any] | None:
    """The record of a kind of nets at the paper's scale, None where it has not been measured.

    Raises:
        RecordError: it is broken, or one of another scale.
    """
    path, command = paper.PAPER / f"{topic}_{kind}.json", f"python -m scripts.paper FOLDER {kind}"
    if not path.is_file():
        return None
    record = read(path.stem, path.parent, command)
    if record["settings"].get("scale") != "paper":
        file = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        raise RecordError(f"{file}: a record of another scale: take it away; `{command}` writes the one that belongs here")
    return record


def table(topic: str, language: str, data: str) -> str:
    """The Markdown of the table: error rates by kind and depth, mean ± standard deviation over seeds. `data` is the address of the records.

    Raises:
        LookupError: no experiment of this name has two scales.
        RecordError: see `measured`.
    """
    if topic not in PRINTED:
        raise LookupError(f"no experiment '{topic}' is measured at two scales; {nearest(topic, list(PRINTED))}")
    words = spoken(_WORDS, language)
    rows, notes, missing = [words["columns"], tuple("---" for _ in words["columns"])], [], []
    for kind in KINDS:
        file = f"{topic}_{kind}.json"
        ours, theirs = values.record(f"{topic}_{kind}"), measured(topic, kind)
        depths = set(paper.SETTINGS["depths"])
        if theirs:
            depths |= set(array(theirs, "depths").tolist())
            settings, provenance = theirs["settings"], theirs["provenance"]
            notes.append(
                words["measured"].format(
                    address=f"{data}paper/{file}",
                    file=f"paper/{file}",
                    date=provenance["date"],
                    device=settings["device_name"],
                    images=settings["images"],
                    widths=", ".join(map(str, settings["widths"])),
                    epochs=settings["epochs"],
                    seeds=settings["seeds"],
                )
            )
        for depth in sorted(depths):
            cells = []
            for error in ERRORS:
                cells.append(_cell(ours, f"{error}_{depth}", f"{data}{file}", language) or "—")
                cells.append(_cell(theirs, f"{error}_{depth}", f"{data}paper/{file}", language) or words["unmeasured"])
            if words["unmeasured"] in cells and kind not in missing:
                missing.append(kind)
            rows.append((words[kind].format(depth), *cells, _printed(PRINTED[topic].format(depth), kind, language)))
    if missing:
        notes.append(words["missing"].format(f"python -m scripts.paper FOLDER {' '.join(missing)}"))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "".join(f"\n\n{note}" for note in notes)


def _cell(record: dict[str, Any] | None, name: str, address: str, language: str) -> str | None:
    if not record or name not in record["measurements"]:
        return None
    seeds, numbers = len(record["measurements"][name]["values"]), array(record, name)
    said = []
    if len(numbers):
        said.append(numbers.mean())
    if len(numbers) > 1:
        said.append(numbers.std(ddof=1))
    written = " ± ".join(values.text(values.Value("", "", float(number)), ".1%", language) for number in said)
    lost = spoken(_WORDS, language)["diverged"].format(seeds, seeds - len(numbers)) if len(numbers) < seeds else ""
    link = f'<a class="value" href="{address}">{written or lost}</a>'
    return f"{link} ({lost})" if written and lost else link


def _printed(name: str, kind: str, language: str) -> str:
    if kind == "plain" or name not in references.published():
        return spoken(_WORDS, language)["unprinted"]
    return f"[{references.figure(name)}](references.md#published.{name}){{.value}}"

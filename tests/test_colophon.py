"""What reaches readers has a licence, all of it; and a build says of itself what is true, verified or not."""

import json
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import material
import pytest

from scripts import proof, verify
from scripts.pages import colophon
from scripts.project import DATA, ROOT

ICONS = Path(material.__file__).parent / "templates/.icons"
PATH = re.compile(r"""<path[^>]* d=["']([^"']+)["']""")


def belongs(path: str) -> list[str]:
    """Everything that says it holds a licence of this."""
    ours = [licence for licence, files in colophon.OURS.items() if re.fullmatch(files, path)]
    return ours + [part.name for part in colophon.PARTS if re.fullmatch(part.files, path)]


def icons_of(site: Path) -> set[str]:
    """The theme's icons on pages and in the stylesheet, by file, found by what they draw."""
    drawn = {}
    for file in ICONS.rglob("*.svg"):
        drawn |= {path: file.relative_to(ICONS).as_posix() for path in PATH.findall(file.read_text(encoding="utf-8"))}
    texts = [(site / "assets/pages.css").read_text(encoding="utf-8")]
    for page in (site / "index.html", site / "en/learning/index.html", site / "labs/learning/index.html"):
        html = page.read_text(encoding="utf-8")
        texts += re.findall(r"<svg[^>]*>.*?</svg>", re.sub(r"<article.*?</article>", "", html, flags=re.DOTALL), re.DOTALL)
    return {drawn[path] for text in texts for path in PATH.findall(text) if path in drawn}


def test_everything_published_has_a_licence_and_nothing_else_is_listed(site: Path) -> None:
    published = [path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()]
    icons = [f"icons {name}" for name in icons_of(site)]
    assert len(icons) > 10
    held = {path: belongs(path) for path in [*published, *icons]}
    assert [path for path, holders in held.items() if not holders] == []
    assert {part.name for part in colophon.PARTS} <= {holder for holders in held.values() for holder in holders}


def test_all_that_material_bundles_is_listed(site: Path) -> None:
    listed = {part.name for part in colophon.PARTS}
    bundled = set()
    for sources in site.rglob("*.js.map"):
        for source in json.loads(sources.read_text(encoding="utf-8"))["sources"]:
            bundled |= set(re.findall(r"node_modules/((?:@[^/]+/)?[^/]+)/", source))
    assert {"rxjs", "lunr"} <= bundled <= listed


@pytest.mark.parametrize("part", [part for part in colophon.PARTS if part.source], ids=lambda part: part.name)
def test_a_licence_is_the_packages_own(part: colophon.Part, site: Path) -> None:
    """`site`, as a build fetches npm's packages."""
    lock = json.loads((ROOT / "scripts/frontend/package-lock.json").read_text(encoding="utf-8"))["packages"]
    if part.source == "npm":
        package = lock[f"node_modules/{part.name}"]
        assert (part.version(), part.terms()) == (package["version"], package["license"])
    else:
        assert (part.version(), part.terms()) == (version(part.name), "MIT")
    assert not part.licence


def test_a_build_says_where_it_comes_from(site: Path) -> None:
    made = json.loads((site / "build.json").read_text(encoding="utf-8"))
    assert made["commit"] == subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=ROOT, text=True).strip()
    assert made["versions"]["mkdocs"] == version("mkdocs")
    listed = subprocess.check_output(["sha256sum", *sorted(DATA.glob("*.json"))], text=True).splitlines()
    assert made["records"] == {Path(line.split()[1]).stem: line.split()[0] for line in listed}
    for page in ("colophon", "en/colophon"):
        html = (site / page / "index.html").read_text(encoding="utf-8")
        assert made["commit"][:12] in html
        (address,) = re.findall(r'href="([^"]*build\.json)"', html)
        assert (site / page / address).resolve() == (site / "build.json").resolve()
        assert ("was not verified" in html or "検証されていません" in html) == (made["verification"] is None)


ROWS = [{"measurement": "one.of", "recorded": "1", "remeasured": "1", "agrees": True}]
CRITERION = {"tolerance": 1e-12, "confidence": 0.999}


def test_a_verification_counts_only_for_the_records_that_it_read(tmp_path: Path) -> None:
    table, records = tmp_path / "build/verify.json", tmp_path / "data"
    records.mkdir()
    (records / "one.json").write_text("{}", encoding="utf-8")
    assert proof.kept(table, records) is None
    proof.keep(ROWS, CRITERION, proof.digests(records), table)
    assert proof.kept(table, records)["rows"] == ROWS
    (records / "one.json").write_text("{} ", encoding="utf-8")
    assert proof.kept(table, records) is None
    proof.keep([ROWS[0] | {"agrees": False}], CRITERION, proof.digests(records), table)
    assert proof.kept(table, records) is None
    table.write_text("half of a tab", encoding="utf-8")
    assert proof.kept(table, records) is None


@pytest.mark.parametrize(("language", "said"), [("ja", "すべて一致しました"), ("en", "Everything agrees")])
def test_the_page_of_a_verified_build_shows_the_table(monkeypatch, tmp_path: Path, language: str, said: str) -> None:
    proof.keep(ROWS, CRITERION, proof.digests(), tmp_path / "verify.json")
    found = proof.kept(tmp_path / "verify.json")
    monkeypatch.setattr(proof, "kept", lambda: found)
    page = colophon.build(language, "https://example.org/project", "../build.json")
    assert said in page and "| `one.of` | 1 | 1 |" in page and "1e-12" in page and "99.9%" in page


def test_verify_keeps_its_table_of_everything_and_not_of_a_choice(monkeypatch, capsys) -> None:
    asked, kept = [], []
    monkeypatch.setattr(verify, "remeasure", lambda _, *options: asked.append(options) or DATA)
    monkeypatch.setattr(proof, "keep", lambda *arguments: kept.append(arguments))
    assert verify.main(["sigmoid", "paths"]) == 0 and not kept
    assert set(re.findall(r"^(\w+)[.:]", capsys.readouterr().out, re.MULTILINE)) - {"Criterion"} == {"paths", "sigmoid"}
    assert verify.main([]) == 0
    assert asked == [("-n", "2", "-k", "task_sigmoid or task_paths"), ("-n", "2")]
    ((rows, criterion, records),) = kept
    assert criterion == CRITERION and records == proof.digests() and all(row["agrees"] for row in rows)
    with pytest.raises(SystemExit, match="no record is called sigmoids: they are active_together"):
        verify.main(["sigmoids"])

"""Following CONTRIBUTING.md: every block of it is applied, in order, to a copy of the project, and its commands are run."""

import json
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import expect

from scripts.host import serving
from scripts.project import ROOT
from tests.conftest import Project, Traffic

_BLOCK = re.compile(r"^```(?P<kind>\w+)(?: file=(?P<file>\S+)(?P<append> append)?)?\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
GUIDES = [ROOT / "CONTRIBUTING.md", ROOT / "CONTRIBUTING.ja.md"]


def blocks(guide: Path) -> list[re.Match[str]]:
    return list(_BLOCK.finditer(guide.read_text(encoding="utf-8")))


def apply(project: Project, block: re.Match[str]) -> None:
    """Do what a block says; a command that fails, or a line that is no longer there, is named with the guide's text."""
    file, text = block["file"], block["text"]
    if block["kind"] == "diff":
        lines = text.splitlines()
        old, new = ("\n".join(line[1:] for line in lines if line[0] != sign) for sign in "+-")
        project.edit(file, old, new)
    elif file:
        path = project.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text(encoding="utf-8") if block["append"] else "") + text, encoding="utf-8")
    elif block["kind"] == "sh":
        for line in text.splitlines():
            python, option, *command = shlex.split(line)
            assert python == "python" and option in ("-m", "-c"), f"{line}: a command that no shell is needed for"
            if command[0] == "mkdocs":
                only_french(project)
                project.edit("docs/ja/degradation.md", "です。", "なのです。")  # nobody translated this
            ran = project.run(*(["timeit", "-n1", "-r1", *command] if option == "-c" else command))
            assert ran.returncode == 0, f"{line}\n{ran.stdout}"


def only_french(project: Project) -> None:
    """Spare running every lab again and drawing the English figures for French, and building the other languages once more."""
    taken = project.run("pytask", "lock", "accept", "--yes", "-c", "scripts/draw/pyproject.toml", "-k", "not vanishing_depth")
    assert taken.returncode == 0, taken.stdout
    project.edit("mkdocs.yml", "    languages:\n", "    build_only_locale: fr\n    languages:\n")


def test_both_guides_have_the_same_steps() -> None:
    steps = [[(block["kind"], block["file"], block["append"], block["text"]) for block in blocks(guide)] for guide in GUIDES]
    assert steps[0] == steps[1] and steps[0]
    tables = [re.findall(r"^\| `make.*", guide.read_text(encoding="utf-8"), re.MULTILINE) for guide in GUIDES]
    assert tables[0] == tables[1]


def test_every_make_target_stands_beside_what_needs_no_shell() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = dict(re.findall(r"^(\w+): \$\(VENV\).*\n((?:\t.*\n)+)", makefile, re.MULTILINE))
    for target, instead in re.findall(r"^\| `make (\w+)` \| (.*) \|$", GUIDES[0].read_text(encoding="utf-8"), re.MULTILINE):
        for command in re.findall(r"\$\(RUN\) (.*)", recipes[target]):
            fixed = re.split(r" (?:--dev-addr|\$)", command)[0]
            assert f"python -m {fixed}" in instead


@pytest.mark.parametrize("file", [".vscode/tasks.json", ".devcontainer/devcontainer.json"])
def test_what_an_editor_runs_is_there(file: str) -> None:
    read = json.loads(re.sub(r"^\s*//.*$", "", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for task in read.get("tasks", []):
        assert task["args"][0] == "-m" and find_spec(task["args"][1]), task
    if "postCreateCommand" in read:
        assert re.search(rf"^{read['postCreateCommand'].removeprefix('make ')}:", makefile, re.MULTILINE)


@pytest.mark.browser
@pytest.mark.slow
def test_following_the_guide_literally_adds_each_kind_of_contribution_and_a_third_language(project_copy: Project, browser, traffic: Traffic) -> None:
    for block in blocks(GUIDES[0]):
        apply(project_copy, block)
    with serving(project_copy.root / "site") as address:  # the only language that is built stands at its root
        page = browser.new_page(base_url=address)
        traffic.of(page, address)
        page.goto("")
        expect(page.locator("html")).to_have_attribute("lang", "fr")
        expect(page).to_have_title("Pourquoi ResNet marche")
        expect(page.locator("h1")).to_have_text(re.compile("^Pourquoi ResNet marche"))
        page.goto("vanishing_gradients/")
        expect(page.get_by_role("img", name="Layers until the gradient vanishes")).to_be_visible()
        expect(page.locator('a[href$="values/#vanishing_depth.depth_quarter"]').first).to_have_text("10")
        expect(page.locator("#claim-vanishing-depth")).to_be_visible()
        expect(page.get_by_text("has yet to follow")).to_have_count(0)
        page.goto("degradation/")  # nobody translated what was changed there
        expect(page.get_by_text("has yet to follow 1 of the changes made in 日本語.")).to_be_visible()
        page.goto("labs/vanishing_depth/")
        expect(page.locator(".jp-OutputArea-output")).to_have_text("10")
        page.goto("learning/")
        expect(page.locator('a[href*="docs/fr/learning.md"]')).not_to_have_count(0)
        page.close()
    assert traffic.foreign == traffic.errors == []

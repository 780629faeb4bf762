"""Node where the machine has none: that of PyPI's package."""

import json
import subprocess
from pathlib import Path

import pytest

from scripts.frontend import node


def test_without_a_machines_node_packages_are_installed_and_programs_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    package = {"name": "x", "version": "1.0.0", "dependencies": {"y": "file:y"}}
    lock = {"y": {"version": "1.0.0"}, "node_modules/y": {"resolved": "y", "link": True}}
    (tmp_path / "y").mkdir()
    (tmp_path / "y/package.json").write_text(json.dumps({"name": "y", "version": "1.0.0", "main": "y.js"}), encoding="utf-8")
    (tmp_path / "y/y.js").write_text("module.exports = 6 * 7", encoding="utf-8")
    (tmp_path / "package.json").write_text(json.dumps(package), encoding="utf-8")
    whole = {"name": "x", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": package} | lock}
    (tmp_path / "package-lock.json").write_text(json.dumps(whole), encoding="utf-8")
    node.install(tmp_path)
    program = [node.node(), "--print", "require('y')"]
    assert subprocess.run(program, cwd=tmp_path, check=True, capture_output=True, text=True).stdout == "42\n"

"""The locked environment: one hand-written list, everything else generated from it."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distributions

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from helpers import paths
from helpers.errors import RunError
from sidedoor import lock as environment
from sidedoor.lock import format_environment, list_pins, write_environment

PROMISED = ("3.11", "3.12", "3.13")
LOCK = paths.LOCK.read_text(encoding="utf-8")


def test_environment_file_is_the_generated_one():
    """environment.yml is, byte for byte, what requirements.lock gives."""
    committed = (paths.ROOT / "environment.yml").read_bytes()

    assert format_environment(LOCK).encode() == committed


def test_lock_meets_every_hand_written_requirement():
    """Each requirement of pyproject.toml is pinned to a version that satisfies it, on each Python it supports."""
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        Requirement(line) for line in project["dependencies"] + project["optional-dependencies"]["test"]
    ]
    pins = [Requirement(line) for _, line in list_pins(LOCK)]

    for python in PROMISED:
        here = {"python_version": python, "python_full_version": python + ".9"}
        pinned = {
            pin.name: str(pin.specifier).removeprefix("==")
            for pin in pins
            if pin.marker is None or Marker(str(pin.marker)).evaluate(here)
        }
        for need in wanted:
            assert need.specifier.contains(pinned[need.name]), (python, str(need), pinned[need.name])


def test_every_locked_package_installs_on_each_promised_python():
    """By what the installed packages say of themselves: none refuses a Python that the project promises."""
    promised = SpecifierSet(
        tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    )
    locked = {name.lower().replace("_", "-") for name, _ in list_pins(LOCK)}
    for package in distributions():
        needs = SpecifierSet(package.metadata.get("Requires-Python") or "")
        if package.metadata["Name"].lower().replace("_", "-") in locked:
            refused = [python for python in PROMISED if not needs.contains(f"{python}.9")]
            assert not refused, (package.metadata["Name"], refused)
    assert all(promised.contains(f"{python}.9") for python in PROMISED) and not promised.contains("3.14.0")


def test_every_pin_is_hashed_and_no_index_is_named():
    """The lock can be installed with --require-hashes, and says nothing of where packages come from."""
    blocks = [block for block in LOCK.split("\n") if "==" in block and not block.startswith(" ")]

    assert len(blocks) == len(list_pins(LOCK)) > 100
    assert all(block.endswith("\\") for block in blocks)
    assert "://" not in LOCK and "--index" not in LOCK and "--find-links" not in LOCK


def test_lock_of_other_engines_adds_what_is_missing_and_no_more():
    """The second lock pins the extra `engines`, hashed, and repeats no pin of the first."""
    engines = (paths.ROOT / "requirements-engines.lock").read_text(encoding="utf-8")
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]
    pins = {name: Requirement(line) for name, line in list_pins(engines)}

    for need in map(Requirement, project["optional-dependencies"]["engines"]):
        assert need.specifier.contains(str(pins[need.name].specifier).removeprefix("=="))
    assert not pins.keys() & {name for name, _ in list_pins(LOCK)} and "://" not in engines
    assert engines.count("--hash=") >= len(pins)


def test_lock_without_a_visible_package_is_refused():
    """A lock that lost one of the six packages that readers meet is an error, not a shorter file."""
    with pytest.raises(RunError, match="nbval"):
        format_environment(LOCK.replace("\nnbval==", "\nnbvalue=="))


def test_environment_file_has_unix_line_ends_everywhere(tmp_path, monkeypatch):
    """The two files come out in the same bytes on Windows.

    No text of the package is written in a system's own way.
    """
    (tmp_path / "requirements.lock").write_text(LOCK)
    monkeypatch.setattr(environment.shutil, "which", lambda name: name)
    done = subprocess.CompletedProcess([], 0, stdout="")
    monkeypatch.setattr(environment.subprocess, "run", lambda *_, **__: done)
    assert write_environment(tmp_path)[-1].read_text() == format_environment(LOCK)
    command = paths.SOURCE / "sidedoor"
    for path in [*command.glob("*.py"), *(command / "run").glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        ]
        written = [node for node in calls if node.func.attr == "write_text"]
        assert all("newline" in {word.arg for word in node.keywords} for node in written), path


# What `make` is given instead of a Python: it says its version, and writes down what else is asked of it.
STUB = """#!/bin/sh
case "$1 $2" in
    *_base_executable*) echo "$0" ;;
    *version_info*sys.exit*|*ensurepip*) ;;
    *version_info*) cat "$(dirname "$0")/version" ;;
    "-m venv") mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$(dirname "$0")/version" "$3/bin"; echo "venv" >> log ;;
    "-m pip") echo "pip" >> log; test ! -e fails ;;
    *) echo "$@" >> log ;;
esac
"""


@pytest.mark.skipif(
    not shutil.which("make") or shutil.which("uv", path=os.defpath), reason="needs make, and no uv"
)
def test_make_installs_when_due_and_only_then(tmp_path):
    """A copied clone, another Python, another lock.

    Installed anew. A second call, or a touched file: nothing.
    """
    clone = tmp_path / "a clone"
    clone.mkdir()
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(paths.ROOT / name, clone)
    for version in ("3.11", "3.12"):
        folder = tmp_path / f"python {version}"
        folder.mkdir()
        (folder / "version").write_text(version + "\n")
        (folder / "python3").write_text(STUB)
        (folder / "python3").chmod(0o755)
    python = str(tmp_path / "python 3.11" / "python3")

    def call(*arguments, folder=clone):
        (folder / "log").write_text("")
        env = {"PATH": f"{tmp_path / 'python 3.11'}{os.pathsep}{os.defpath}"}
        code = subprocess.run(["make", *arguments], cwd=folder, env=env, capture_output=True).returncode
        return code, (folder / "log").read_text().splitlines()

    used, anew = ["-m sidedoor.cli reproduce"], ["venv", "pip", "pip", "-m sidedoor.cli reproduce"]
    (clone / "fails").write_text("")
    assert call() == (2, ["venv", "pip"])
    (clone / "fails").unlink()
    assert call() == (0, anew)
    assert call() == (0, used)
    (clone / "requirements.lock").touch()
    assert call(f"PYTHON={python}") == (0, used)
    assert call(f"PYTHON={tmp_path / 'python 3.12' / 'python3'}") == (0, anew)
    assert call() == (0, used), "without PYTHON= the Python that is there stays"
    (clone / ".venv" / "dropped").write_text("")
    (clone / "requirements.lock").write_text("")
    assert call() == (0, anew) and not (clone / ".venv" / "dropped").exists()
    shutil.copytree(clone, tmp_path / "copy", symlinks=True)
    assert call(folder=tmp_path / "copy") == (0, anew)


def test_installation_without_its_repository_says_so_in_one_line(tmp_path):
    """A wheel has no data: the command says what to do instead of showing a traceback."""
    ignored = shutil.ignore_patterns("__pycache__", "site", "figures", "ingest")
    shutil.copytree(paths.SOURCE, tmp_path, ignore=ignored, dirs_exist_ok=True)
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", "from sidedoor.cli import main; main()", "list"]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("sidedoor: this installation has no data")
    assert done.stderr.count("\n") == 1

"""The locked environment: one hand-written list, everything else generated from it."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distributions, packages_distributions

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from helpers import paths
from helpers.errors import RunError
from sidedoor import lock as environment
from sidedoor.lock import format_environment, list_pins, write_environment

LOCK = paths.LOCK.read_text(encoding="utf-8")
PROJECT = tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# First and a late release of each Python that is promised.
PROMISED = [f"3.{minor}.{patch}" for minor in (11, 12, 13) for patch in (0, 9)]
# Programs and parts of Sphinx and Jupyter: used by name, not by an import.
NOT_IMPORTED = {"jupyterlab", "furo", "myst-nb"}


def applies(pin, python):
    """Say whether a pin of the lock holds for a version of Python."""
    here = {"python_version": python.rpartition(".")[0], "python_full_version": python}
    return pin.marker is None or Marker(str(pin.marker)).evaluate(here)


def read_imports(folder):
    """Read the names of all packages that a folder's code imports, at the top or within a function."""
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module)
    return {name.partition(".")[0] for name in found} - sys.stdlib_module_names


def list_needs(*extras):
    """List the names of what pyproject.toml asks for."""
    lines = [*PROJECT["dependencies"], *sum((PROJECT["optional-dependencies"][e] for e in extras), [])]
    return {canonicalize_name(Requirement(line).name) for line in lines}


@pytest.fixture(scope="module")
def known():
    """The packages that are installed, by the name that code imports."""
    return packages_distributions()


@pytest.mark.parametrize("folder, extras", [("src", ("engines",)), ("tests", ("test", "engines"))])
def test_what_is_imported_is_named(known, folder, extras):
    """pyproject.toml names the package of every import; nothing rests on another's needs."""
    named = list_needs(*extras)
    local = {path.stem for path in (paths.ROOT / folder).rglob("*.py")} | {"benchmarks", "made"}
    for name in read_imports(paths.ROOT / folder) - set(paths.PACKAGES) - local:
        if name in known or name not in ("rustworkx", "networkit", "pyspark"):  # other engines may be absent
            assert {canonicalize_name(package) for package in known[name]} & named, name


def test_what_is_named_is_imported(known):
    """No dependency is left over from code that is gone."""
    used = {canonicalize_name(p) for name in read_imports(paths.SOURCE) for p in known.get(name, ())}

    assert list_needs() - used == NOT_IMPORTED


def test_environment_file_is_the_generated_one():
    """environment.yml is, byte for byte, what requirements.lock gives, first what readers meet."""
    committed = (paths.ROOT / "environment.yml").read_bytes()
    assert format_environment(LOCK).encode() == committed
    assert all(f'"{name}=='.encode() in committed for name in environment._VISIBLE)


@pytest.mark.parametrize("python", PROMISED)
def test_lock_meets_every_hand_written_requirement(python):
    """Each requirement is pinned to a version that satisfies it, on each Python that is promised."""
    promised = SpecifierSet(PROJECT["requires-python"])
    assert promised.contains(python) and not promised.contains("3.10.9") and not promised.contains("3.14.0")
    lines = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
    pins = {pin.name: pin for _, line in list_pins(LOCK) if applies(pin := Requirement(line), python)}
    for need in map(Requirement, lines):
        assert need.specifier.contains(str(pins[need.name].specifier).removeprefix("==")), str(need)


def test_every_locked_package_installs_on_each_promised_python():
    """No package that is installed here refuses a Python for which the lock pins this version of it."""
    locked = [Requirement(line) for _, line in list_pins(LOCK)]
    pins = {(canonicalize_name(pin.name), str(pin.specifier)): pin for pin in locked}
    seen = 0
    for package in distributions():
        pin = pins.get((canonicalize_name(package.metadata["Name"]), f"=={package.version}"))
        if pin:
            seen += 1
            accepted = SpecifierSet(package.metadata.get("Requires-Python") or "")
            for python in PROMISED:
                assert accepted.contains(python) or not applies(pin, python), (pin.name, python)
    assert seen > 100


def test_every_pin_is_hashed_and_no_index_is_named():
    """The lock can be installed with --require-hashes, and says nothing of where packages come from.

    The second lock pins the extra `engines`, hashed, and repeats no pin of the first.
    """
    blocks = [line for line in LOCK.splitlines() if "==" in line and not line.startswith(" ")]
    assert len(blocks) == len(list_pins(LOCK)) > 100
    assert all(block.endswith("\\") for block in blocks)
    engines = (paths.ROOT / "requirements-engines.lock").read_text(encoding="utf-8")
    for text in (LOCK, engines):
        assert "://" not in text and "--index" not in text and "--find-links" not in text
    pins = {name: Requirement(line) for name, line in list_pins(engines)}
    for need in map(Requirement, PROJECT["optional-dependencies"]["engines"]):
        assert need.specifier.contains(str(pins[need.name].specifier).removeprefix("=="))
    assert not pins.keys() & {name for name, _ in list_pins(LOCK)}
    assert engines.count("--hash=") >= len(pins)


def test_lock_writes_three_files_from_what_is_resolved(tmp_path, monkeypatch):
    """Without uv it says so."""
    (tmp_path / "requirements.lock").write_text(LOCK)
    done = subprocess.CompletedProcess([], 0, stdout="")
    monkeypatch.setattr(environment.subprocess, "run", lambda *_, **__: done)
    monkeypatch.setattr(environment.shutil, "which", lambda name: name)
    assert write_environment(tmp_path)[-1].read_text() == format_environment(LOCK)
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    with pytest.raises(RunError):
        write_environment(tmp_path)


def test_text_is_written_with_unix_line_ends_everywhere():
    """Files come out in the same bytes on Windows: no text is written in a system's own way."""
    command = paths.SOURCE / "sidedoor"
    for path in [*command.glob("*.py"), *(command / "run").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "write_text":
                assert "newline" in {word.arg for word in node.keywords}, path


# What `make` is given instead of a Python: it says its version, and writes down what else is asked of it.
STUB = """#!/bin/sh
case "$1 $2" in
    *_base_executable*) echo "$0" ;;
    *version_info*sys.exit*|*ensurepip*) ;;
    *version_info*) cat "$(dirname "$0")/version" ;;
    "-m venv")
        mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$(dirname "$0")/version" "$3/bin"
        echo "venv" >> log ;;
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

"""A small house of its own for tests of the runner: nothing of it is shared with the repository."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from helpers import paths
from helpers.facts import tables

SOURCE = paths.SOURCE
# What code reads: layouts of files, schemas, words of agencies, what counts as a leak.
REGISTRY = paths.DATA / "registry"

# Invented inputs for each test: few each time, many before a release (SIDEDOOR_EXAMPLES=300). Never by the
# clock.
settings.register_profile(
    "sidedoor",
    max_examples=int(os.environ.get("SIDEDOOR_EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("sidedoor")


class House:
    """A repository in small, below a test's temporary folder."""

    def __init__(self, root: Path):
        self.root = root
        self.notebooks, self.editions = root / "notebooks", root / "notebooks" / "editions"
        self.data, self.facts, self.runs = root / "data", root / "data" / "facts", root / "runs"
        # An empty package: the key of a result follows it, and nobody's edit of the real one disturbs a test.
        self.source = root / "src"
        for folder in (
            self.editions,
            self.facts,
            self.runs,
            *(self.source / name for name in paths.PACKAGES),
        ):
            folder.mkdir(parents=True)
        (self.data / "datapackage.json").write_text("{}")
        (self.facts / "counts.csv").write_text("name,value\na,1\n")
        (root / "requirements.lock").write_text("pandas==3.1.1\n")
        shutil.copytree(REGISTRY, self.data / "registry")

    def write_notebook(self, name: str, *code: str, parameters: str = "", opening: str = "") -> Path:
        """Write a notebook: an opening, a cell `parameters`, and cells of code."""
        opening = opening or f"# {name[:2]} · About {name[3:]}\n\n**Question.** How many?"
        cells = [("markdown", opening, []), ("code", parameters or "# no parameters", ["parameters"])]
        cells += [("code", text, []) for text in code]
        content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
        for number, (kind, source, tags) in enumerate(cells):
            cell = {"id": f"c{number}", "cell_type": kind, "source": source}
            cell["metadata"] = {"tags": tags} if tags else {}
            if kind == "code":
                cell |= {"execution_count": None, "outputs": []}
            content["cells"].append(cell)
        path = self.notebooks / f"{name}.ipynb"
        path.write_text(json.dumps(content))
        return path

    def write_edition(self, *runs: str, name="town", folder: Path | None = None, head="") -> Path:
        """Write an edition file; each run is the text below a `[[run]]`."""
        path = (folder or self.editions) / f"{name}.toml"
        path.write_text('title = "A town"\n' + head + "".join(f"\n[[run]]\n{run}\n" for run in runs))
        return path

    def copy_package(self) -> None:
        """Put a copy of the package into this house, so that the command run from it knows no other."""
        ignored = shutil.ignore_patterns(
            "__pycache__", "site", "figures", "ingest", "agencies", "fetch", "network"
        )
        shutil.copytree(SOURCE, self.source, ignore=ignored, dirs_exist_ok=True)

    def build_command(self, *arguments: str) -> dict:
        """Give the arguments of `subprocess` that call the command with this house's copy of the package."""
        env = {**os.environ, "PYTHONPATH": str(self.root / "src")}
        env.pop("SIDEDOOR_RUNS", None)
        command = [sys.executable, "-m", "sidedoor.cli", *arguments]
        return {"args": command, "env": env, "cwd": self.root, "text": True}

    def call(self, *arguments: str) -> subprocess.CompletedProcess:
        """Call the command in a process of its own."""
        return subprocess.run(**self.build_command(*arguments), capture_output=True, timeout=600)

    def list_files(self, folder: Path | None = None) -> dict[str, str]:
        """List every file with its sha256, and every folder."""
        folder = folder or self.root
        found = [path for path in sorted(folder.rglob("*")) if "__pycache__" not in path.parts]
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "/" for path in found]
        return {path.relative_to(folder).as_posix(): digest for path, digest in zip(found, digests)}

    def read_output(self, edition: str, name: str) -> str:
        """Read everything that the result of a notebook printed or displayed as plain text."""
        manifest = json.loads((self.runs / edition / "manifest.json").read_text())
        entry = next(entry for entry in manifest["notebooks"] if entry["name"] == name)
        notebook = json.loads((self.runs / edition / entry["folder"] / f"{name}.ipynb").read_text())
        texts = []
        for cell in notebook["cells"]:
            for output in cell.get("outputs", []):
                texts.append("".join(output.get("text", "") or output["data"].get("text/plain", "")))
        return "".join(texts)


@pytest.fixture
def house(tmp_path, monkeypatch) -> House:
    """Make a house in small and let this process's package live in it."""
    made = House(tmp_path / "house")
    for name, value in {
        "ROOT": made.root,
        "DATA": made.data,
        "FACTS": made.facts,
        "SCHEMA": made.data / "datapackage.json",
        "NOTEBOOKS": made.notebooks,
        "EDITIONS": made.editions,
        "LOCK": made.root / "requirements.lock",
        "SOURCE": made.source,
        "RUNS": made.runs,
    }.items():
        monkeypatch.setattr(paths, name, value)
    return made


@pytest.fixture
def call(monkeypatch, capsys):
    """Call the command in this process; exit code, printed text and errors come back."""
    from sidedoor import cli

    def call(*arguments) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sidedoor", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, *capsys.readouterr()

    return call


def pytest_collection_finish(session):
    """Check the fact tables once for the kernels that nbval starts."""
    if any(item.path.suffix == ".ipynb" for item in session.items):
        os.environ[tables.CHECKED] = tables.vouch_for([paths.FACTS])


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder of real public records; without it the test is skipped."""
    folder = os.environ.get("SIDEDOOR_MIRROR")
    if not folder or not Path(folder).is_dir():
        pytest.skip("SIDEDOOR_MIRROR names no folder of real records")
    return Path(folder).absolute()


@pytest.fixture(scope="session")
def spark():
    """Connect to a local Spark, one for all tests; skipped where it or Java is missing."""
    pytest.importorskip("pyspark", reason="Spark is not installed (extra `engines`)")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Spark needs Java, and there is none")
    from helpers.searches import engine

    # small data: no time is spent on compiling, on the web page and on parts of a table
    settings = {
        "master": "local[2]",
        "ui.showConsoleProgress": "false",
        "driver.memory": "1g",
        "sql.shuffle.partitions": "1",
        "sql.adaptive.enabled": "false",
        "sql.codegen.wholeStage": "false",
        "sql.codegen.factoryMode": "NO_CODEGEN",
    }
    connection = engine.connect(
        "pyspark://?" + "&".join(f"spark.{name}={value}" for name, value in settings.items())
    )
    connection._session.sparkContext.setLogLevel("ERROR")
    yield connection
    connection._session.stop()

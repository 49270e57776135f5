"""Verify: two runs under other conditions are compared byte by byte, and a difference is named."""

import json
import os
from pathlib import Path

import pytest

from helpers import paths
from helpers.errors import RunError
from made.kernels import pretend_to_run
from made.refusal import refused
from sidedoor.run import verify
from sidedoor.run.editions import load_edition
from sidedoor.run.results import hash_files, load_manifest
from sidedoor.run.run import run_edition
from sidedoor.run.verify import verify_edition


@pytest.fixture
def town(house, monkeypatch):
    """A house in which `verify_edition` runs the edition in this process, with kernels that only pretend.

    Each notebook prints a line and writes a figure.
    """

    def run_here(arguments, env, folder):
        if arguments[0] == "site":
            site = Path(env["SIDEDOOR_RUNS"]) / "town" / "site" / "index.html"
            site.parent.mkdir()
            site.write_text("built ")
            return
        with monkeypatch.context() as changed:
            changed.setattr(paths, "RUNS", Path(env["SIDEDOOR_RUNS"]))
            run_edition(load_edition(arguments[arguments.index("--edition") + 1]))

    monkeypatch.setattr(verify, "_call", run_here)
    pretend_to_run(monkeypatch, lambda figures: (figures / "a.csv").write_text("x"), printed="the same\n")
    house.write_notebook("01-a")
    return house


def check(path):
    """Verify an edition."""
    return verify_edition(load_edition(path), path)


def test_verify_finds_what_does_not_come_out_the_same_and_leaves_no_trace(house, monkeypatch):
    """The order of a set, the number of threads, chance in a figure, a file that only one run wrote.

    In processes of their own, as the command does it; nothing is written to the repository's results.
    """
    house.copy_package()
    monkeypatch.setattr(verify, "__file__", str(house.source / "sidedoor" / "run" / "verify.py"))
    house.write_notebook(
        "01-a",
        "import os, pathlib\nfrom PIL import Image\nfolder = pathlib.Path(os.environ['SIDEDOOR_FIGURES'])\n"
        "threads = os.environ['OPENBLAS_NUM_THREADS']\n"
        "(folder / 'a.txt').write_text(str({'ash', 'birch', 'cedar', 'date', 'elm', 'fir'}))\n"
        "(folder / 'b.txt').write_text(threads)\n(folder / f'{threads}.csv').write_text('x')\n"
        "Image.frombytes('L', (4, 4), os.urandom(16)).save(folder / 'c.png')",
    )
    path = house.write_edition('notebook = "01"')
    before = house.list_files()
    done = check(path)
    figures = ["1.csv", "2.csv", "a.txt", "b.txt", "c.png"]
    assert [file for file, _ in done.differences] == [f"01-a/figures/{name}" for name in figures]
    # the notebook, three figures and one of its own, its findings, and the list of all
    assert (done.not_compared, done.files_n, done.published_n) == ((), 7, 0)
    assert house.list_files() == before
    path.write_text("title = 3")
    env = {**os.environ, "SIDEDOOR_RUNS": str(house.runs)}
    with refused("failed", RunError, place="sidedoor run"):
        verify._call(["run", "--edition", str(path)], env, house.root)


def change_published(house, name, change):
    """Change the entry of a result in the manifest and in its result.json, as a forger would."""
    folder = house.runs / "town"
    manifest = load_manifest("town")
    (entry,) = (entry for entry in manifest["notebooks"] if entry["name"] == name)
    result = folder / entry["folder"]
    change(result, entry)
    entry["files"] = hash_files(result, skip=("result.json",))
    description = json.loads((result / "result.json").read_text())
    description |= {"files": entry["files"], "key": entry["key"]}
    (result / "result.json").write_text(json.dumps(description))
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_each_published_result_of_the_same_inputs_is_compared(town):
    """A forgery is found though another result is outdated; what could not be compared is named.

    What is compared is everything that a reader gets: notebooks, figures, findings and the site.
    """
    town.write_notebook("02-b")
    path = town.write_edition('notebook = "01"', 'notebook = "02"')
    run_edition(load_edition(path))
    site = town.runs / "town" / "site"
    site.mkdir()
    (site / "index.html").write_text("built ")
    done = check(path)
    assert (done.differences, done.not_compared, done.published_n) == ((), (), done.files_n)
    assert done.files_n == 8  # two notebooks, each with findings and a figure, the list of findings, a page
    (site / "index.html").write_text("forged")
    assert [file for file, _ in check(path).differences] == ["site/index.html"]

    def forge(result, entry):
        notebook = result / "01-a.ipynb"
        notebook.write_text(notebook.read_text().replace("the same", "a forgery"))

    change_published(town, "01-a", forge)
    change_published(town, "02-b", lambda result, entry: entry.update(key="0" * 64))
    done = check(path)
    ((file, where),) = done.differences
    assert file == "01-a/01-a.ipynb" and where.count("line ") == 1 and "a forgery" in where
    assert done.not_compared == ("02-b", "findings.json", "site") and done.published_n == 3


def test_verify_says_when_the_inputs_changed_meanwhile(town, monkeypatch):
    """A file saved between the two runs is no failure to reproduce."""
    path = town.write_edition('notebook = "01"')
    run_here = verify._call

    def run_and_save(*arguments):
        run_here(*arguments)
        town.write_notebook("01-a", "print('saved meanwhile')")

    monkeypatch.setattr(verify, "_call", run_and_save)
    with refused("changed", RunError):
        check(path)

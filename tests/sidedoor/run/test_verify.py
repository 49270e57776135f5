"""Verify: two runs under other conditions are compared byte by byte, and a difference is named."""

import json
import os
from pathlib import Path

import pytest

from helpers import paths
from helpers.errors import RunError
from made.refusal import refused
from sidedoor.run import verify
from sidedoor.run.editions import load_edition
from sidedoor.run.results import hash_files, load_manifest
from sidedoor.run.run import run_edition
from sidedoor.run.verify import compare_trees, describe_difference, list_results, verify_edition


@pytest.fixture
def town(house, monkeypatch):
    """A house in which `verify_edition` runs the edition in this process, under its conditions."""

    def run_here(arguments, env, folder):
        with monkeypatch.context() as changed:
            for name in ("SIDEDOOR_HASHSEED", "SIDEDOOR_THREADS"):
                changed.setenv(name, env[name])
            changed.setattr(paths, "RUNS", Path(env["SIDEDOOR_RUNS"]))
            run_edition(load_edition(arguments[arguments.index("--edition") + 1]))

    monkeypatch.setattr(verify, "_call", run_here)
    house.write_notebook("01-a", "print('the same')")
    return house


def test_describe_difference_says_where():
    """Text is named by its line, anything else by its byte."""
    assert describe_difference(b"a\nb\nc\n", b"a\nx\nc\n") == "line 2: 'b' and 'x'"
    assert describe_difference(b"a\n", b"a\nb\n") == "line 2: 'the end' and 'b'"
    long = b"x" * 500
    assert describe_difference(long + b"one", long + b"two").endswith("xone' and '" + "x" * 40 + "two'")
    assert describe_difference(b"\xff\x00\x01", b"\xff\x00\x02") == "byte 2 of 3 and 3"


def test_compare_trees_finds_changed_and_missing_files(tmp_path):
    """A file that only one run wrote differs too."""
    for name, content in {"same": "x", "one": "1", "other": "2"}.items():
        (tmp_path / name).write_text(content)
    same, one, other = (tmp_path / name for name in ("same", "one", "other"))
    found = compare_trees({"same": same, "a": one, "gone": one}, {"same": same, "a": other}, "here")
    assert [each.file for each in found] == ["a", "gone"] and "line 1" in found[0].where


def test_verify_passes_what_comes_out_the_same_and_leaves_no_trace(house, monkeypatch):
    """In processes of their own, as the command does it; nothing is written to the repository's results."""
    house.copy_package()
    monkeypatch.setattr(verify, "__file__", str(house.source / "sidedoor" / "run" / "verify.py"))
    house.write_notebook("01-a", "print('the same')")
    path = house.write_edition('notebook = "01"')
    before = house.list_files()
    done = verify_edition(load_edition(path), path)
    assert (done.differences, done.not_compared, done.files_n, done.published_n) == ((), (), 3, 0)
    assert house.list_files() == before
    path.write_text("title = 3")
    with refused("failed", RunError, place="sidedoor run"):
        verify._call(
            ["run", "--edition", str(path)], {**os.environ, "SIDEDOOR_RUNS": str(house.runs)}, house.root
        )


def test_verify_finds_what_does_not_come_out_the_same(town):
    """The order of a set, the number of threads, chance in a figure, an address in memory."""
    town.write_notebook("01-a", "print(list({'ash', 'birch', 'cedar', 'date', 'elm', 'fir'}))")
    town.write_notebook("02-b", "import os; print(os.environ['OPENBLAS_NUM_THREADS'])")
    town.write_notebook(
        "03-c",
        "import os, pathlib\nfrom PIL import Image\nfolder = pathlib.Path(os.environ['SIDEDOOR_FIGURES'])\n"
        "Image.frombytes('L', (4, 4), os.urandom(16)).save(folder / 'c.png')",
        "print('the same')",
    )
    path = town.write_edition(*(f'notebook = "0{n}"' for n in range(1, 4)))
    differences = verify_edition(load_edition(path), path).differences
    assert [each.file for each in differences] == ["01-a/01-a.ipynb", "02-b/02-b.ipynb", "03-c/figures/c.png"]
    assert "1" in differences[1].where and "2" in differences[1].where and "byte " in differences[2].where


def change_published(house, name, change):
    """Change the entry of a result in the manifest and in its result.json, as a forger would."""
    folder = house.runs / "town"
    manifest = load_manifest("town")
    (entry,) = (entry for entry in manifest["notebooks"] if entry["name"] == name)
    result = folder / entry["folder"]
    description = json.loads((result / "result.json").read_text())
    change(result, entry)
    entry["files"] = hash_files(result, skip=("result.json",))
    description |= {"files": entry["files"], "key": entry["key"]}
    (result / "result.json").write_text(json.dumps(description))
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_each_published_result_of_the_same_inputs_is_compared(town):
    """A forgery is found though another result is outdated; what could not be compared is named."""
    town.write_notebook("02-b", "print('two')")
    path = town.write_edition('notebook = "01"', 'notebook = "02"')
    run_edition(load_edition(path))

    def forge(result, entry):
        notebook = result / "01-a.ipynb"
        notebook.write_text(notebook.read_text().replace("the same", "a forgery"))

    change_published(town, "01-a", forge)
    change_published(town, "02-b", lambda result, entry: entry.update(key="0" * 64))
    done = verify_edition(load_edition(path), path)
    assert [each.file for each in done.differences] == ["01-a/01-a.ipynb"]
    assert "a forgery" in done.differences[0].where
    assert done.not_compared == ("02-b", "findings.json") and done.published_n == 2
    run_edition(load_edition(path), force=True)
    done = verify_edition(load_edition(path), path)
    assert (done.differences, done.not_compared, done.published_n) == ((), (), done.files_n)


def test_verify_says_when_the_inputs_changed_meanwhile(town, monkeypatch):
    """A file saved between the two runs is no failure to reproduce."""
    path = town.write_edition('notebook = "01"')
    run_here = verify._call

    def run_and_save(*arguments):
        run_here(*arguments)
        town.write_notebook("01-a", "print('saved meanwhile')")

    monkeypatch.setattr(verify, "_call", run_and_save)
    with refused("changed", RunError):
        verify_edition(load_edition(path), path)


def test_everything_that_a_reader_gets_is_compared(town):
    """Notebooks, figures, findings and the site."""
    code = "import os, pathlib; (pathlib.Path(os.environ['SIDEDOOR_FIGURES']) / 'a.csv').write_text('x')"
    town.write_notebook("01-a", code)
    town.write_edition('notebook = "01"')
    run_edition(load_edition("town"))
    (town.runs / "town" / "site").mkdir()
    (town.runs / "town" / "site" / "index.html").write_text("x")
    results = list_results(town.runs / "town", with_site=True)
    assert {name: set(files) for name, (_, files) in results.items()} == {
        "findings.json": {"findings.json"},
        "01-a": {"01-a/01-a.ipynb", "01-a/findings.json", "01-a/figures/a.csv"},
        "site": {"site/index.html"},
    }

"""Verify: two runs under other conditions are compared byte by byte, and a difference is named."""

import json
import os
from pathlib import Path

import pytest

from helpers import paths
from helpers.errors import RunError
from sidedoor.run import verify
from sidedoor.run.editions import load_edition
from sidedoor.run.results import hash_files, load_manifest
from sidedoor.run.run import run_edition
from sidedoor.run.verify import compare_trees, describe_difference, list_published, verify_edition


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
    monkeypatch.setattr(verify, "__file__", str(house.root / "src" / "sidedoor" / "run" / "verify.py"))
    house.write_notebook("01-a", "print('the same')")
    path = house.write_edition('notebook = "01"')
    before = house.list_files()
    count, differences = verify_edition(load_edition(path), path)
    assert differences == [] and count == 3
    assert house.list_files() == before
    path.write_text("title = 3")
    with pytest.raises(RunError, match="sidedoor run: .*it is no single line"):
        env = {**os.environ, "SIDEDOOR_RUNS": str(house.runs)}
        verify._call(["run", "--edition", str(path)], env, house.root)


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
    town.write_notebook("04-d", "class Thing: pass\nprint(Thing())")
    town.write_notebook("05-e", "print('the same')")
    path = town.write_edition(*(f'notebook = "0{n}"' for n in range(1, 6)))
    _, differences = verify_edition(load_edition(path), path)
    assert [each.file for each in differences] == [
        "01-a/01-a.ipynb",
        "02-b/02-b.ipynb",
        "03-c/figures/c.png",
        "04-d/04-d.ipynb",
    ]
    assert "1" in differences[1].where and "2" in differences[1].where and "byte " in differences[2].where
    assert all("hash seed and thread count" in each.where for each in differences)


def test_verify_compares_with_what_is_published(town, monkeypatch):
    """A published file that a rerun does not give back is found, unless its inputs have changed since."""
    path = town.write_edition('notebook = "01"')
    run_edition(load_edition(path))
    manifest = load_manifest("town")
    folder = town.runs / "town" / manifest["notebooks"][0]["folder"]
    notebook = folder / "01-a.ipynb"
    notebook.write_text(notebook.read_text().replace("the same", "a forgery"))
    description = json.loads((folder / "result.json").read_text())
    description["files"] = hash_files(folder, skip=("result.json",))
    (folder / "result.json").write_text(json.dumps(description))
    _, differences = verify_edition(load_edition(path), path)
    assert [each.file for each in differences] == ["01-a/01-a.ipynb"]
    assert "a forgery" in differences[0].where and "published" in differences[0].where
    town.write_notebook("01-a", "print('another')")
    assert verify_edition(load_edition(path), path)[1] == [], "what is published is of other inputs"


def test_verify_says_when_the_inputs_changed_meanwhile(town, monkeypatch):
    """A file saved between the two runs is no failure to reproduce."""
    path = town.write_edition('notebook = "01"')
    run_here = verify._call

    def run_and_save(*arguments):
        run_here(*arguments)
        town.write_notebook("01-a", "print('saved meanwhile')")

    monkeypatch.setattr(verify, "_call", run_and_save)
    with pytest.raises(RunError, match="changed between the two runs"):
        verify_edition(load_edition(path), path)


def test_list_published_covers_notebooks_figures_findings_and_site(town):
    """Everything that a reader gets is compared."""
    town.write_notebook(
        "01-a", "import os, pathlib; (pathlib.Path(os.environ['SIDEDOOR_FIGURES']) / 'a.csv').write_text('x')"
    )
    town.write_edition('notebook = "01"')
    run_edition(load_edition("town"))
    (town.runs / "town" / "site").mkdir()
    (town.runs / "town" / "site" / "index.html").write_text("x")
    assert set(list_published(town.runs / "town")) == {
        "findings.json",
        "01-a/01-a.ipynb",
        "01-a/findings.json",
        "01-a/figures/a.csv",
        "site/index.html",
    }

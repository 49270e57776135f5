"""The worked example, whole: raw files of an invented town through every reader and every notebook to a site."""

import json
import os
import subprocess
import sys

import pytest

from helpers import _paths
from helpers.draft import find_needs
from helpers.editions import RECORDS, load_edition
from helpers.notebooks import list_notebooks, load_notebook

NAME = "worked-example"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The results and the site of the edition, made by the two commands of the README."""
    runs = tmp_path_factory.mktemp("runs")
    for command in ("run", "site"):
        arguments = [sys.executable, "-m", "helpers.cli", command, "--edition", NAME]
        done = subprocess.run(
            arguments, env=os.environ | {"SIDEDOOR_RUNS": str(runs)}, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
    return runs / NAME


def test_edition_runs_every_notebook_that_runs_on_records():
    """A notebook that learns to read records is in the worked example, or this fails."""
    asking = {book.number for path in list_notebooks() if find_needs(book := load_notebook(path)) is not None}
    assert asking <= {run.notebook.number for run in load_edition(NAME).runs}


def test_site_lists_the_records_and_calls_everything_simulated(folder):
    """Every file with its sha256 on the page of sources; findings on simulated records say so in their sentence."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    sources = (folder / "site" / "sources.html").read_text(encoding="utf-8")
    assert len(manifest["records"]) == len(load_edition(NAME).raw_files)
    for record in manifest["records"]:
        assert record["file"] in sources and record["sha256"] in sources and record["rows_out"]
        assert f'id="{record["source_ids"][0]}"' in sources
    invented = {name for record in manifest["records"] for name in record["source_ids"]}
    for finding in json.loads((folder / "findings.json").read_text(encoding="utf-8")):
        if invented & set(finding["sources"]):
            assert finding["simulated"] and "simulated" in finding["sentence"].lower(), finding["id"]


def test_notebooks_were_given_the_records_and_show_no_place(folder):
    """The parameter is set in each, and reads the same wherever the results lie."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    given = [entry["parameters"][RECORDS] for entry in manifest["notebooks"] if RECORDS in entry["parameters"]]
    assert set(given) <= {"<records>"}
    published = [path for path in (folder / "site").rglob("*") if path.is_file()]
    assert not [path for path in published if path.suffix == ".parquet"]
    for path in published:
        if path.suffix in (".html", ".ipynb", ".json", ".csv"):
            text = path.read_text(encoding="utf-8")
            assert str(folder.parent) not in text and str(_paths.ROOT) not in text, path.name

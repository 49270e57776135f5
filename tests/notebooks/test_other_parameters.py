"""Notebooks under other parameters than their defaults, in one run: what they find, counted again."""

import json
import os

import pytest

from helpers import paths
from made.notebooks import read, read_findings
from sidedoor.run.editions import load_edition
from sidedoor.run.intake import ingest_records
from sidedoor.run.run import run_edition

HEAD = """
title = "Other parameters"

[[record]]
file = "edges.csv"
mapping = "m.toml"
"""
RUNS = """
[[run]]
notebook = "01"
parameters = { state = "TX" }

[[run]]
notebook = "04"
parameters = { agency = "eugene-pd-or" }

[[run]]
notebook = "11"
parameters = { metro_year = 2010 }

[[run]]
notebook = "99"
parameters = { table = "query_volumes" }

[[run]]
notebook = "03"
as = "edges"
"""
PORTALS = """
[[run]]
notebook = "03"
as = "portals"
parameters = { network = "private-eyes", samples = 20 }
"""
# Nobody's complete list is known.
EDGES = "Owner,Reader\nA ZZ PD,B ZZ PD\nA ZZ PD,C ZZ PD\nB ZZ PD,A ZZ PD\n"
MAPPING = """
table = "sharing"
[columns]
from_agency_as_printed = "Owner"
to_agency_as_printed = "Reader"
[constants]
shares = "detections"
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The folder of one run with parameters that are not the defaults."""
    folder = tmp_path_factory.mktemp("other")
    edition = HEAD + (PORTALS if os.environ.get("SIDEDOOR_MIRROR") else "") + RUNS
    for name, text in {"edges.csv": EDGES, "m.toml": MAPPING, "other.toml": edition}.items():
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "RUNS", folder / "runs")
        run_edition(ingest_records(load_edition(folder / "other.toml")))
    return folder / "runs" / "other"


def read_result(results, name):
    """Return the findings of one notebook of the run, by id, and all its text."""
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    (entry,) = [entry for entry in manifest["notebooks"] if entry["name"].startswith(name)]
    (path,) = (results / entry["folder"]).glob("*.ipynb")
    found = json.loads((results / "findings.json").read_text(encoding="utf-8"))
    own = [finding for finding in found if finding["notebook"] == entry["name"]]
    # a run with a name of its own states its findings under that name
    return {one["id"].removeprefix(f"{name[3:]}-"): one for one in own}, path.read_text("utf-8")


def test_metro_share_of_2010(results):
    """54.0 percent, by the Census estimates of 2010."""
    finding = read_result(results, "11")[0]["metro-share"]

    assert finding["value"] == 54.0 and "2010" in finding["sentence"]


def test_template_on_another_table(results):
    found, _ = read_result(results, "99")

    assert found["hedged-query-volumes"]["value"] == len(read("query_volumes").query("qualifier != 'exact'"))


@pytest.mark.parametrize(
    ("number", "names"), [("01", ["names-recovered", "replies"]), ("04", ["eugene-fall", "queries-floor"])]
)
def test_what_is_shown_does_not_change_what_is_found(results, number, names):
    """The parameters `state` of 01 and `agency` of 04 choose what is shown; the findings stay."""
    found, _ = read_result(results, number)

    for name in names:
        assert found[name]["sentence"] == read_findings(number)[name]["sentence"]


def test_an_edge_list_without_reporters_runs(results):
    """No finding, and the count is said to be what sources name."""
    found, text = read_result(results, "03-edges")

    assert not found
    assert "3 rows on 0 lists name 3 agencies" in text and "Its complete list is not here" in text


def test_network_of_portals_has_the_published_numbers(mirror, results):
    """37,099 shares, reciprocity 0.685 between reporters, USPIS on 110 of 224 lists."""
    found, text = read_result(results, "03-portals")

    assert found["agencies-on-most-lists"]["value"] == pytest.approx(100 * 110 / 224)
    assert "chance leaves open ranks 1 to" in found["agencies-on-most-lists"]["sentence"]
    assert found["sharing-returned"]["value"] == pytest.approx(68.475, abs=0.001)
    assert found["accounts-on-latest-list"]["value"] == 3861
    assert "4620 nodes and 37099 edges" in text and "change-between-lists" not in found

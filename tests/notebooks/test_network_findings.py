"""The findings of notebooks 02 and 03, computed again from the CSV files with plain pandas."""

import json
import os
import re
import runpy

import pandas as pd
import pytest

from helpers import paths
from sidedoor.run.editions import load_edition
from sidedoor.run.intake import ingest_records
from sidedoor.run.run import run_edition

LOCAL = ("police", "sheriff", "campus_police", "fusion_center")
KINDS = {
    "PD": r"\bPOLICE( (DEPARTMENT|DEPT))?\b",
    "SO": r"\bSHERIFFS?( (DEPARTMENT|OFFICE))?\b",
    "DA": r"\bDISTRICT ATTORNEYS?( OFFICE)?\b|\bDA OFFICE\b",
    "DPS": r"\bDEPARTMENT OF PUBLIC SAFETY\b",
    "CHP": r"\bHIGHWAY PATROL\b",
}


def read_findings(number):
    """Read the findings of a committed notebook."""
    book = json.loads(next(paths.NOTEBOOKS.glob(f"{number}-*.ipynb")).read_text(encoding="utf-8"))
    found = [
        output["metadata"]["sidedoor_finding"]
        for cell in book["cells"]
        for output in cell.get("outputs", [])
        if "sidedoor_finding" in output.get("metadata", {})
    ]
    return {finding["id"]: finding for finding in found}


def read(name):
    return pd.read_csv(paths.FACTS / f"{name}.csv", dtype="str", keep_default_na=False)


@pytest.fixture(scope="module")
def into_ice():
    """Rows by which local agencies opened data to ICE or a unit of it, that count as access."""
    agencies, rows = read("agencies").set_index("agency_id"), read("access_paths")
    ice = {"ice"}
    while more := set(agencies.index[agencies["part_of"].isin(ice)]) - ice:
        ice |= more
    rows = rows[rows["to_id"].isin(ice) & ~rows["standing"].isin(["denied", "halted"])]
    return rows.assign(kind=rows["from_id"].map(agencies["kind"]))


def test_agencies_whose_settings_let_ice_search(into_ice):
    """An agency is disputed or ended only if no row of it is better."""
    finding = read_findings("02")["agencies-that-shared"]
    front = into_ice[(into_ice["door"] == "front") & into_ice["kind"].isin(LOCAL)]
    best = front.groupby("from_id")["standing"].agg(set)
    documented = sum("documented" in found for found in best)
    disputed = sum("disputed" in found and "documented" not in found for found in best)

    assert (finding["value"], finding["low"]) == (len(best), documented)
    assert f"{disputed} of them" in finding["sentence"]
    assert f"{len(best) - documented - disputed} later records say or suggest" in finding["sentence"]
    assert set(finding["sources"]) == set(front["source_id"])


def test_searches_on_request_and_log_ins(into_ice):
    """Rows that rest on a weak source alone carry no finding."""
    weak = read("sources").set_index("source_id")["weak_as"]
    sound = into_ice[into_ice["source_id"].map(weak) == ""]
    side = sound[(sound["door"] == "side") & (sound["standing"] == "documented")]
    accounts = sound[(sound["door"] == "account") & (sound["queries_n"] != "")]
    found = read_findings("02")

    assert found["searches-on-request"]["value"] == side["from_id"].nunique()
    assert found["log-ins"]["value"] == int(accounts["queries_n"].iloc[0])


@pytest.fixture(scope="module")
def recipients():
    """Names on complete lists of recipients, with the head of their list."""
    lists = read("lists")
    lists = lists[(lists["section"] == "detections_shared") & (lists["is_whole"] == "true")]
    names = read("sharing_lists").merge(lists, on=["list_id", "section"])
    kinds = read("agencies").set_index("agency_id")["kind"]
    is_federal = names["agency_id"].map(kinds) == "federal"
    return names.assign(is_federal=is_federal, is_active=names["is_inactive"] == "false")


def count(rows):
    """Count active accounts of one list: federal, in another state than California, of unknown state."""
    active = rows[rows["is_active"]]
    local = active[~active["is_federal"]]
    outside = local[(local["state"] != "CA") & (local["state"] != "")]
    return int(active["is_federal"].sum()), len(outside), int((local["state"] == "").sum())


def test_change_of_the_sheriffs_list_from_2022_to_2025(recipients):
    """The headline: accounts outside California and federal accounts, with bounds, before and after."""
    finding = read_findings("03")["change-between-lists"]
    before, after = (
        recipients[recipients["list_id"] == f"ocsd-learn-{day}"] for day in ("2022-11-18", "2025-03-11")
    )
    federal, outside, unknown = count(before)
    federal_later, outside_later, unknown_later = count(after)

    assert (finding["value"], finding["low"], finding["high"]) == (outside, outside, outside + unknown)
    assert (
        f"let {outside} to {outside + unknown} accounts outside California and {federal} federal"
        in finding["sentence"]
    )
    assert unknown_later == 0
    assert f"it was {outside_later} outside California and {federal_later} federal" in finding["sentence"]
    assert set(finding["sources"]) == {"learn-ocsd-2022", "learn-ocsd-2025"}


def test_the_sheriffs_latest_list(recipients):
    finding = read_findings("03")["accounts-on-latest-list"]
    own = recipients[recipients["reported_by"] == "orange-county-so-ca"]
    latest = own[own["as_of"] == own["as_of"].max()]

    assert finding["value"] == latest["is_active"].sum()
    assert (
        count(latest)[:2] == (0, 0)
        and "none of federal agencies, none outside California" in finding["sentence"]
    )


def test_federal_accounts_on_the_latest_lists(recipients):
    """The latest list of each agency and system: how many name a federal account that can search."""
    finding = read_findings("03")["federal-on-latest-lists"]
    keys = ["reported_by", "system"]
    latest = recipients[recipients["as_of"] == recipients.groupby(keys)["as_of"].transform("max")]
    counts = [count(rows) for _, rows in latest.groupby(keys)]

    assert finding["value"] == sum(federal > 0 for federal, _, _ in counts)
    assert set(finding["sources"]) == set(latest["source_id"])
    assert f"Of {len(counts)} latest" in finding["sentence"]
    assert (
        f"and at least {sum(outside > 0 for _, outside, _ in counts)} an account outside"
        in finding["sentence"]
    )


def join_spellings(row):
    """One key for an agency of the table, and for spellings that give California and the kind of agency.

    Names with a remark in brackets stay as printed, all others too but for capitals: the count is a minimum.
    """
    printed = row["name_corrected"] or row["name_as_printed"]
    words = printed.upper().replace("'S", "S").replace("CALIFORNIA", "CA").replace("(CA)", " CA ")
    for kind, spelling in KINDS.items():
        words = re.sub(spelling, f" {kind} ", words)
    found = {*re.findall("[A-Z]+", words)}
    is_joined = "CA" in found and found & {*KINDS} and "(" not in words
    if is_joined:
        return row["agency_id"] or " ".join(sorted(found))
    return row["agency_id"] or (printed if "(" in words else printed.casefold())


def test_agencies_on_every_list_of_others(recipients):
    finding = read_findings("03")["agencies-on-most-lists"]
    newest = recipients.groupby(["reported_by", "system"])["as_of"].transform("max")
    rows = recipients[(recipients["as_of"] == newest) & recipients["is_active"]]
    lists = rows.assign(key=rows.apply(join_spellings, axis="columns")).groupby("reported_by")["key"].agg(set)
    on_all = [
        key
        for key in set.union(*lists)
        if all(key in names for owner, names in lists.items() if owner != key)
    ]

    assert finding["value"] == 100
    assert f"{len(on_all)} agencies are on every complete list" in finding["sentence"]


@pytest.mark.parametrize("number", ["02", "03"])
def test_solutions_of_the_exercises_run(number, capsys):
    runpy.run_path(str(paths.ROOT / "tests" / "notebooks" / "solutions" / f"{number}.py"))

    assert capsys.readouterr().out.count("\n") >= 2


@pytest.fixture
def run_other(tmp_path, monkeypatch):
    """Run notebook 03 with other parameters and return its findings and its text."""

    def run(records=(), **parameters):
        lines = ['title = "Other"', *records, "[[run]]", 'notebook = "03"', "[run.parameters]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in parameters.items()]
        edition = tmp_path / "other.toml"
        edition.write_text("\n".join(lines) + "\n", encoding="utf-8")
        monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
        run_edition(ingest_records(load_edition(edition)))
        folder = paths.find_run_folder("other")
        found = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
        text = next(folder.glob("*/*.ipynb")).read_text(encoding="utf-8")
        return {finding["id"]: finding for finding in found}, text

    return run


@pytest.mark.skipif(
    not os.environ.get("SIDEDOOR_MIRROR"), reason="SIDEDOOR_MIRROR names no folder of real records"
)
def test_network_of_portals_has_the_published_numbers(run_other):
    """37,099 shares, reciprocity 0.685 between reporters, USPIS on 110 of 224 lists."""
    found, text = run_other(network="private-eyes", samples=20)

    assert found["agencies-on-most-lists"]["value"] == pytest.approx(100 * 110 / 224)
    assert "chance leaves open ranks 1 to" in found["agencies-on-most-lists"]["sentence"]
    assert found["sharing-returned"]["value"] == pytest.approx(68.475, abs=0.001)
    assert found["accounts-on-latest-list"]["value"] == 3861
    assert "4620 nodes and 37099 edges" in text and "change-between-lists" not in found


def test_an_edge_list_without_reporters_runs(run_other, tmp_path):
    """Nobody's complete list is known: no finding, and the count is said to be what sources name."""
    (tmp_path / "edges.csv").write_text("Owner,Reader\nA ZZ PD,B ZZ PD\nA ZZ PD,C ZZ PD\nB ZZ PD,A ZZ PD\n")
    columns = '[columns]\nfrom_agency_as_printed = "Owner"\nto_agency_as_printed = "Reader"\n'
    (tmp_path / "m.toml").write_text(f'table = "sharing"\n{columns}[constants]\nshares = "detections"\n')
    record = ["[[record]]", 'file = "edges.csv"', 'mapping = "m.toml"']
    found, text = run_other(record)

    assert not found
    assert "3 rows on 0 lists name 3 agencies" in text and "Its complete list is not here" in text

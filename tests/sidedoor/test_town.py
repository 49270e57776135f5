"""The invented town: the same bytes each time, read by every reader, and everything in it comes back as it
was drawn.
"""

import pytest

from helpers import paths
from helpers.simulate import world
from helpers.simulate.log import build_lists, build_log
from made.town import ROWS, SEED, write_town
from sidedoor.ingest import sniff
from sidedoor.ingest.files import read_source
from sidedoor.ingest.report import Reading
from sidedoor.ingest.source import ReadOptions, open_source
from sidedoor.run.draft import draft_edition
from sidedoor.run.editions import load_edition

COPIES = paths.EDITIONS / "worked-example"


@pytest.fixture(scope="module")
def readings(tmp_path_factory):
    """What the readers make of the committed copies, as the edition lists them; logs are loaded."""
    made = {}
    for file in load_edition("worked-example").raw_files:
        source = open_source(file.path)
        source.work = tmp_path_factory.mktemp("work")
        reading = read_source(source, ReadOptions(keep_reasons=True, **dict(file.options)))
        loaded = {
            name: getattr(table, "load", lambda table=table: table)()
            for name, table in reading.tables.items()
        }
        made[file.name] = Reading(loaded, reading.report)
    return made


@pytest.fixture(scope="module")
def drawn():
    """The log and the lists that the files were printed from."""
    return build_log(SEED, ROWS)[0], build_lists(SEED)


def test_committed_copies_are_what_is_written(tmp_path):
    """Byte for byte, and no file more; each is called simulated in its name."""
    written = {path.name: path.read_bytes() for path in write_town(tmp_path / "town")}
    assert written == {path.name: path.read_bytes() for path in COPIES.iterdir()}
    assert all(name.startswith("simulated-") for name in written)


def test_edition_lists_every_file_under_a_simulated_source():
    """No file is forgotten, and every row is known for simulated by its source."""
    edition = load_edition("worked-example")
    listed = {file.path.name for file in edition.raw_files}
    assert listed == {path.name for path in COPIES.iterdir() if path.suffix != ".toml"}
    assert all(
        dict(file.options)["source_id"] == file.name and file.name.startswith("simulated-")
        for file in edition.raw_files
    )
    assert "simulated" in edition.title


def test_every_reader_has_a_file(readings):
    """Each module that reads a form takes at least one file."""
    files = [
        (open_source(file.path), ReadOptions(**dict(file.options)))
        for file in load_edition("worked-example").raw_files
    ]
    # files of the other readers are made by their tests; the clerk's workbook comes with a mapping
    taken = {sniff.sniff(source, options)[0].__name__.rpartition(".")[2] for source, options in files}
    taken |= {"clerk", "flock_pdf", "flock_portal", "portal"}
    assert taken == set(sniff.READERS) and all(reading.report.rows_out for reading in readings.values())
    assert "clerk's workbook" in readings["simulated-clerk-workbook"].report.family


@pytest.mark.parametrize(
    ("record", "source"),
    [
        ("simulated-network-audit-2025", "simulated-exampleton-network"),
        ("simulated-network-audit-2026", "simulated-exampleton-network"),
        ("simulated-neighbor-network-audit", "simulated-sample-county-network"),
        ("simulated-organization-audit", "simulated-exampleton-org"),
        ("simulated-portal-search-audit", "simulated-lakemark-portal"),
    ],
)
def test_searches_come_back(readings, drawn, record, source):
    """Times, agencies, widths and reasons are those that were drawn, as far as the form prints them."""
    table, log = readings[record].tables["searches"], drawn[0]
    log = log[log["source_id"].str.startswith(source)]
    if "network-audit-20" in record:
        is_new = log["searched_at"] >= world.BREAK_ON
        log = log[is_new] if record.endswith("2026") else log[~is_new]
    for column in ("searched_at", "searcher_agency_as_printed", "networks_n", "reason_text"):
        expected, got = (sorted(map(str, one[column].dropna())) for one in (log, table))
        assert got == expected, column
    assert len(table) == len(log) > 0
    for column in ("officer_token", "plate_token", "case_number_token"):
        assert table[column].isna().all()


@pytest.mark.parametrize(
    ("record", "agency"),
    [
        ("simulated-learn-sharing", "Sample County ZZ SO"), ("simulated-shared-networks", "Exampleton ZZ PD"),
        ("simulated-edges", "Inventory Falls ZZ PD"), ("simulated-clerk-workbook", "Officeville ZZ PD"),
    ],
)  # fmt: skip
def test_lists_come_back(readings, drawn, record, agency):
    """Whoever may read an agency's plates by its declared list stands in the table, and nobody else."""
    table, lists = readings[record].tables["sharing"], drawn[1]
    shared = table[(table["section"] == "detections_shared") & (table["from_agency_as_printed"] == agency)]
    expected = lists.loc[lists["reported_by"] == agency, "to_agency_as_printed"]
    # the apostrophe of a PDF is a typographic one
    assert sorted(shared["to_agency_as_printed"].str.replace("’", "'")) == sorted(expected)
    assert set(shared["as_of"]) == {world.LIST_ON}


def test_figures_come_back(readings):
    """Totals are what the reports print: detections and hits add up to the records of the vendor."""
    hits = readings["simulated-learn-hits"].tables["volumes"].groupby("measure")["value"].max()
    assert hits["detections"] + hits["hits"] == 3_412_806
    assert 3_412_806 in set(readings["simulated-learn-detections"].tables["volumes"]["value"])
    assert readings["simulated-eff-data-driven"].tables["volumes"]["value"].max() == 2_582_110


def test_a_folder_of_files_becomes_an_edition(tmp_path, monkeypatch):
    """The commands can be tried on the town's files: what only a person knows is asked, what has no form is
    said.
    """
    monkeypatch.chdir(tmp_path)
    write_town("town", rows_n=1200)
    draft = draft_edition("town/my-town", ["town"])
    assert {one.file for one in draft.files if one.needed} == {
        "simulated-clerk-workbook.xlsx",
        "simulated-shared-networks.csv",
    }
    assert [one.file for one in draft.files if one.trouble] == []
    assert len(load_edition(draft.path).raw_files) == len(draft.files)

"""The invented town: the same bytes each time, read by every reader, and everything in it comes back as it
was drawn.
"""

import shutil

import pytest

from helpers import paths
from helpers.simulate import world
from helpers.simulate.log import build_lists, build_log
from made.tables import read
from made.town import ROWS, SEED, write_town
from sidedoor.ingest import sniff
from sidedoor.ingest.source import ReadOptions, open_source
from sidedoor.run.draft import draft_edition
from sidedoor.run.editions import load_edition

COPIES = paths.EDITIONS / "worked-example"
# Nothing that is drawn stands in them; what the mappings and the table say is written in no other place.
BY_HAND = {"simulated-clerk-mapping.toml", "simulated-edges-mapping.toml", "simulated-eff-data-driven.csv"}


@pytest.fixture(scope="module")
def readings():
    """What the readers make of the committed copies, as the edition lists them."""
    files = load_edition("worked-example").raw_files
    return {file.name: read(file.path, **dict(file.options)) for file in files}


@pytest.fixture(scope="module")
def log():
    """The log that the files were printed from."""
    return build_log(SEED, ROWS)[0]


def test_committed_copies_are_what_is_written(tmp_path):
    """Byte for byte, and no file more; each is called simulated in its name."""
    write_town(tmp_path / "town")
    written = {path.name: path.read_bytes() for path in (tmp_path / "town").iterdir()}
    kept = {path.name: path.read_bytes() for path in COPIES.iterdir()}
    assert written == {name: content for name, content in kept.items() if name not in BY_HAND}
    assert BY_HAND < kept.keys() and all(name.startswith("simulated-") for name in kept)


def test_edition_lists_every_file_and_every_reader_has_one(readings):
    """No file is forgotten, each row is known for simulated by its source, and each reader takes a file."""
    edition = load_edition("worked-example")
    listed = {file.path.name for file in edition.raw_files}
    assert listed == {path.name for path in COPIES.iterdir() if path.suffix != ".toml"}
    # files of the other readers are made by their tests; the clerk's workbook comes with a mapping
    taken = {"clerk", "flock_pdf", "flock_portal", "portal"}
    for file in edition.raw_files:
        options = dict(file.options)
        assert options["source_id"] == file.name and file.name.startswith("simulated-")
        module, _ = sniff.sniff(open_source(file.path), ReadOptions(**options))
        taken.add(module.__name__.rpartition(".")[2])
    assert taken == set(sniff.READERS) and all(reading.report.rows_out for reading in readings.values())
    assert "clerk's workbook" in readings["simulated-clerk-workbook"].report.family
    assert "simulated" in edition.title


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
def test_searches_come_back(readings, log, record, source):
    """Times, agencies, widths and reasons are those that were drawn, as far as the form prints them."""
    table, log = readings[record].tables["searches"], log[log["source_id"].str.startswith(source)]
    if "network-audit-20" in record:
        log = log[(log["searched_at"] >= world.BREAK_ON) == record.endswith("2026")]
    for column in ("searched_at", "searcher_agency_as_printed", "networks_n", "reason_text"):
        expected, got = (sorted(map(str, one[column].dropna())) for one in (log, table))
        assert got == expected, column
    assert len(table) == len(log) > 0
    for column in ("officer_token", "plate_token", "case_number_token"):
        assert table[column].isna().all()


def test_lists_and_figures_come_back(readings):
    """Whoever may read an agency's plates by its declared list stands in the table, and nobody else; totals are
    what the reports print: detections and hits add up to the records of the vendor.
    """
    lists = build_lists(SEED)
    for record, agency in (
        ("simulated-learn-sharing", "Sample County ZZ SO"),
        ("simulated-shared-networks", "Exampleton ZZ PD"),
        ("simulated-edges", "Inventory Falls ZZ PD"),
        ("simulated-clerk-workbook", "Officeville ZZ PD"),
    ):
        table = readings[record].tables["sharing"]
        own = table[(table["section"] == "detections_shared") & (table["from_agency_as_printed"] == agency)]
        expected = lists.loc[lists["reported_by"] == agency, "to_agency_as_printed"]
        # the apostrophe of a PDF is a typographic one
        assert sorted(own["to_agency_as_printed"].str.replace("’", "'")) == sorted(expected), record
        assert set(own["as_of"]) == {world.LIST_ON}
    volumes = {name: reading.tables.get("volumes") for name, reading in readings.items()}
    hits = volumes["simulated-learn-hits"].groupby("measure")["value"].max()
    assert hits["detections"] + hits["hits"] == 3_412_806
    assert 3_412_806 in set(volumes["simulated-learn-detections"]["value"])
    assert volumes["simulated-eff-data-driven"]["value"].max() == 2_582_110


def test_a_folder_of_files_becomes_an_edition(tmp_path, monkeypatch):
    """The commands can be tried on the town's files: what only a person knows is asked, and only that."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(COPIES, "town")
    draft = draft_edition("town/my-town", ["town"])
    asked = {one.file for one in draft.files if one.needed}
    assert asked == {"simulated-clerk-workbook.xlsx", "simulated-shared-networks.csv"}
    assert not any(one.trouble for one in draft.files)
    assert len(load_edition(draft.path).raw_files) == len(draft.files)

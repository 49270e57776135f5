"""Whatever stands in the cells below a known header: a reading that adds up, or an `IngestError`."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.errors import IngestError
from helpers.formats import load_format
from made.mappings import EDGES, EDGES_HEADER, LOG, LOG_HEADER
from made.tables import KEY, write_book, write_csv
from sidedoor.ingest.files import DefectError, read_source
from sidedoor.ingest.mapping_file import load_mapping
from sidedoor.ingest.source import ReadOptions, open_source

MAPPINGS = {"log": LOG, "edges": EDGES}
HEADERS = {
    "audit": load_format("flock")["audit"]["forms"][-1]["columns"],
    "portal": "id userId searchDate networkCount reason offenseType caseNumber".split(),
    "page": "agency accessed updated data_retention_in_days vehicles_detected_in_the_last_30_days "
    "hotlist_hits_in_the_last_30_days searches_in_the_last_30_days".split(),
    "sharing": ["Organization Name", "Networks Shared With Me", "Networks I'm Sharing"],
    "figures": load_mapping("eff_data_driven_1")["match"],
    "log": LOG_HEADER,
    "edges": EDGES_HEADER,
    "sides": ["Outgoing", "", "Incoming"],
    "agencies": ["Agency", "State", "Agency"],
    "months": ["Month", "2025", "2024"],
    "down": ["Month", "Year", "Searches"],
    "days": ["Date", "Time", "Reason", "User"],
    "bare": ["Sample Falls PD", "Mock County Sheriff"],
}
# cells near to what is expected, and anything else
NEAR = [
    "", "***", "REDACTED", "0", "-1", "1,000", "1e309", "NaN", "n/a", "-", "See X", "9" * 30, "TOTAL", "2025",
    "6/19/2025, 10:08:20 AM UTC", "13/13/2025, 10:08:20 AM UTC", "03/04/2019 10:00", "25/03/2019 10:00",
    "9999-12-31 23:59:59", "0001-01-01", "2025-03-09 02:30:00", "a\nb", "to", " to ", "January", "Total",
    "Jan 2025", "2025-13", "Example PD", "10:15 PM", "30 days", "-Infinity days", "ID", "Org Name",
]  # fmt: skip
cell = st.sampled_from(NEAR) | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
OPTIONS = {"time_zone": "America/Los_Angeles", "as_of": "2025-01-01", "reported_by": "Town CA PD", "key": KEY}
MILD = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def read_or_refuse(path, **options):
    """Read a file, or take its refusal; a defect of a reader is none."""
    source = open_source(path)
    with tempfile.TemporaryDirectory() as work:
        source.work = Path(work)
        try:
            reading = read_source(source, ReadOptions(**OPTIONS, **options))
        except DefectError as error:
            raise AssertionError("a reader failed") from error
        except IngestError as error:
            assert error.way_out
            return
        reading.report.check()
        assert sum(map(len, reading.tables.values())) == reading.report.rows_out


@pytest.mark.parametrize("kind", HEADERS)
@MILD
@given(data=st.data())
def test_any_cells(tmp_path, kind, data):
    """Any cells below any known header, in a text or in two sheets of a workbook."""
    header, options = HEADERS[kind], {}
    row = st.lists(cell, min_size=len(header), max_size=len(header))
    rows = [header, *data.draw(st.lists(row, min_size=1, max_size=6))]
    if kind in MAPPINGS:
        options["mapping"] = tmp_path / "m.toml"
        options["mapping"].write_text(MAPPINGS[kind])
    if kind not in MAPPINGS and data.draw(st.booleans()):
        read_or_refuse(write_book(tmp_path / "any.xlsx", {"a": rows, "b": rows[:3]}))
    else:
        read_or_refuse(write_csv(tmp_path / "any.csv", rows), **options)

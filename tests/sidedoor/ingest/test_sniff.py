"""Which reader takes a file, and that no bytes at all make anything but our own error."""

import functools
import gzip
import tempfile
import types
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import IngestError
from made.pdf import write_pdf
from made.tables import write_book
from sidedoor.ingest import inspect_file, sniff
from sidedoor.ingest.files import DefectError
from sidedoor.ingest.source import FileLimits, Match, ReadOptions, open_source
from sidedoor.sandbox import Limits


def make_reader(answer, kinds=("text", "pdf", "xlsx")):
    """Make a reader module that recognizes what it is told to."""

    def recognize(source):
        if isinstance(answer, Exception):
            raise answer
        return answer

    return types.SimpleNamespace(recognize=recognize, KINDS=kinds)


def claim(family: str, certainty: float = 0.9, **kinds):
    return make_reader(Match(family, "1", "x", certainty), **kinds)


HINT = make_reader(IngestError("t.csv", "no header", "Add one.", code="hint"))


@pytest.mark.parametrize(
    ("readers", "outcome"),
    [
        ([claim("weak", 0.6), claim("strong")], "strong"),
        ([claim("strong"), claim("weak", 0.6)], "strong"),
        ([HINT, claim("b")], "b"),
        ([claim("a", 0.4), make_reader(None)], "unknown-layout"),
        ([claim("a"), claim("b")], "two-layouts"),
        ([HINT, make_reader(None)], "hint"),
        ([claim("a", kinds=("pdf",))], "unknown-layout"),
    ],
)
def test_the_surest_wins(tmp_path, monkeypatch, readers, outcome):
    """The highest certainty takes the file, in whichever order; a hint of another reader is forgotten. A file
    that no reader of its kind claims with one half at least, or two alike, is refused. With a mapping in the
    options its reader takes the file.
    """
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    monkeypatch.setattr(sniff, "list_readers", lambda: readers)
    source = open_source(path)
    assert sniff.sniff(source, ReadOptions(mapping="m.toml"))[1].family == "mapping"
    try:
        module, match = sniff.sniff(source)
    except IngestError as error:
        assert error.code == outcome
    else:
        assert match.family == outcome and module.recognize(None) is match


# The limits are those of a slow computer: what counts is that each case ends, and in what.
SMALL = FileLimits(sandbox=Limits(memory_bytes=1 << 30, cpu_seconds=10, wall_seconds=20))


def inspect(path) -> None:
    """Inspect a file: a report, or our own error with all its parts."""
    try:
        report = inspect_file(path, limits=SMALL)
    except DefectError as error:
        raise AssertionError("a reader failed") from error
    except IngestError as error:
        assert error.place and error.found and error.way_out
    else:
        report.check()


STARTS = (
    b"",
    b"\x1f\x8b\x08\x00",
    b"PK\x03\x04",
    b"%PDF-1.4\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b'"',
    b"a,b\n",
    b"id,userId,searchDate,reason\n",
)


@given(start=st.sampled_from(STARTS), data=st.binary(max_size=300))
def test_any_bytes(tmp_path_factory, start, data):
    """On arbitrary bytes nothing is raised but `IngestError`, nor on bytes that begin like a known form."""
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(start + data)
    inspect(path)


@settings(max_examples=12)
@given(
    cuts=st.lists(
        st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=6)), min_size=1, max_size=5
    ),
    kind=st.integers(0, 3),
)
def test_damaged_files(tmp_path, cuts, kind):
    """Nor on good files with bytes changed, cut or put in: a PDF, a workbook, a log, a compressed log."""
    data = bytearray(_make_good()[kind])
    for at, part in cuts:
        data[at % len(data) : at % len(data) + len(part)] = part
    path = tmp_path / "damaged"
    path.write_bytes(data if cuts[0][0] % 3 else data[: cuts[0][0] % len(data) + 1])
    inspect(path)


@functools.cache
def _make_good() -> list[bytes]:
    page = [(263, 30, "Agency Data Sharing Report"), (67, 60, "Detections Shared"), (67, 80, "Chino PD")]
    header = b"ID,Org Name,Total Networks Searched,Reason,Search Time\n"
    log = header + b'1,Chino CA PD,7,inv,"6/19/2025, 10:08:20 AM UTC"\n' * 30
    rows = [[f"Agency {row}", row, "x" * row] for row in range(20)]
    with tempfile.TemporaryDirectory() as folder:
        book = write_book(Path(folder, "good.xlsx"), {"A1": rows}).read_bytes()
        return [write_pdf(Path(folder, "good.pdf"), [page, page]).read_bytes(), book, log, gzip.compress(log)]

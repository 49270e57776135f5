"""Which reader takes a file, and that no bytes at all make anything but our own error."""

import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import IngestError
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


@pytest.fixture
def choose(tmp_path, monkeypatch):
    """Let some readers decide on a small table."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")

    def make(*readers):
        monkeypatch.setattr(sniff, "list_readers", lambda: list(readers))
        return sniff.sniff(open_source(path))

    return make


def test_the_surest_wins(choose):
    """The highest certainty takes the file; a claim below one half is none."""
    weak, strong = make_reader(Match("a", "1", "x", 0.6)), make_reader(Match("b", "2", "y", 0.9))
    for readers in ((weak, strong), (strong, weak)):
        module, match = choose(*readers)
        assert (module, match.family) == (strong, "b")
    with pytest.raises(IngestError) as caught:
        choose(make_reader(Match("a", "1", "x", 0.4)), make_reader(None))
    assert caught.value.code == "unknown-layout"


def test_a_tie_is_refused(choose):
    """Two readers that are equally sure leave the choice to a person."""
    with pytest.raises(IngestError) as caught:
        choose(make_reader(Match("a", "1", "x", 0.9)), make_reader(Match("b", "2", "y", 0.9)))
    assert caught.value.code == "two-layouts"


def test_hints_of_recognizers(choose):
    """A recognizer's own error is shown if nobody claims the file, and forgotten if somebody does."""
    hint = make_reader(IngestError("t.csv", "no header", "Add one."))
    with pytest.raises(IngestError, match="no header"):
        choose(hint, make_reader(None))
    assert choose(hint, make_reader(Match("b", "2", "y", 0.9)))[1].family == "b"


def test_kinds_are_kept_apart(choose):
    """A reader of PDFs is not asked about a text."""
    with pytest.raises(IngestError) as caught:
        choose(make_reader(Match("a", "1", "x"), kinds=("pdf",)))
    assert caught.value.code == "unknown-layout"


def test_a_mapping_leaves_no_choice(tmp_path):
    """With a mapping in the options its reader takes the file."""
    pytest.importorskip("sidedoor.ingest.mapping")
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    module, match = sniff.sniff(open_source(path), ReadOptions(mapping="m.toml"))
    assert module.__name__.endswith(".mapping")
    assert match.family == "mapping"


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


@given(data=st.binary(max_size=400))
def test_any_bytes(tmp_path_factory, data):
    """On arbitrary bytes nothing is raised but `IngestError`."""
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    inspect(path)


STARTS = (
    b"\x1f\x8b\x08\x00",
    b"PK\x03\x04",
    b"%PDF-1.4\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b'"',
    b"a,b\n",
    b"id,userId,searchDate,reason\n",
)


@given(start=st.sampled_from(STARTS), data=st.binary(max_size=200))
def test_any_bytes_after_a_known_start(tmp_path_factory, start, data):
    """Nor on bytes that begin like a form that is read."""
    path = tmp_path_factory.getbasetemp() / "start"
    path.write_bytes(start + data)
    inspect(path)


@given(
    cuts=st.lists(
        st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=6)), min_size=1, max_size=5
    ),
    kind=st.integers(0, 3),
)
def test_damaged_files(tmp_path, write_pdf, cuts, kind):
    """Nor on good files with bytes changed, cut or put in: a PDF, a workbook, a log, a compressed log."""
    data = bytearray(_make_good(tmp_path, write_pdf)[kind])
    for at, part in cuts:
        data[at % len(data) : at % len(data) + len(part)] = part
    path = tmp_path / "damaged"
    path.write_bytes(data if cuts[0][0] % 3 else data[: cuts[0][0] % len(data) + 1])
    inspect(path)


GOOD: list[bytes] = []


def _make_good(tmp_path, write_pdf) -> list[bytes]:
    if not GOOD:
        import gzip

        import xlsxwriter

        page = [
            (263, 30, "Agency Data Sharing Report"),
            (67, 60, "Detections Shared"),
            (67, 80, "Chino Police Department"),
        ]
        log = (
            b"ID,Org Name,Total Networks Searched,Reason,Search Time\n"
            + b'1,Chino CA PD,7,inv,"6/19/2025, 10:08:20 AM UTC"\n' * 30
        )
        with xlsxwriter.Workbook(tmp_path / "good.xlsx") as workbook:
            sheet = workbook.add_worksheet("A1")
            for row in range(20):
                sheet.write_row(row, 0, [f"Agency {row}", row, "x" * row])
        GOOD.extend(
            [
                write_pdf("good.pdf", [page, page]).read_bytes(),
                (tmp_path / "good.xlsx").read_bytes(),
                log,
                gzip.compress(log),
            ]
        )
    return GOOD

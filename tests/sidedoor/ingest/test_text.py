"""Text is read as text: nothing is converted, and what is broken is named with its place."""

import gzip
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import IngestError
from sidedoor.ingest.decode import find_encoding, is_mojibake
from sidedoor.ingest.source import FileLimits, open_source
from sidedoor.ingest.text import peek_text, read_table, read_text


@pytest.fixture
def table(tmp_path):
    """Read bytes or text as a table: header, rows, and the table itself."""

    def make(content: bytes | str, limits: FileLimits | None = None, **options):
        path = tmp_path / "log.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        found = read_table(open_source(path, limits), **options)
        return found.header, [cells for _, cells in found.rows()], found

    return make


def refuse(table, content, pattern: str, **options) -> IngestError:
    with pytest.raises(IngestError, match=pattern) as caught:
        table(content, **options)
    assert caught.value.way_out
    return caught.value


def test_nothing_is_converted(table):
    """Plates, missing-looking words, leading zeros, thousands and blanks stay what they are."""
    _, rows, _ = table('plate,agency,n\n1E55555,NA,0012345\n12E4567,None,007\nnan,NULL,"1,234"\n inf ,,+1\n')
    assert rows == [
        ["1E55555", "NA", "0012345"],
        ["12E4567", "None", "007"],
        ["nan", "NULL", "1,234"],
        [" inf ", "", "+1"],
    ]


def test_frames_are_text_too(table):
    """The same in data frames: every column is text, nothing is missing, the index is the line of the file."""
    _, _, found = table('plate,agency\n1E55555,NA\n"two\nlines",\n007,x\n')
    frames = list(found.frames(rows_n=2))
    assert [len(frame) for frame in frames] == [2, 1]
    assert frames[0].to_dict("list") == {"plate": ["1E55555", "two\nlines"], "agency": ["NA", ""]}
    assert list(frames[0].index) == [2, 3]
    assert list(frames[1].index) == [5]
    assert all(str(kind) in ("str", "string") for frame in frames for kind in frame.dtypes)
    assert not any(frame.isna().any().any() for frame in frames)


def test_cells_over_several_lines(table):
    """A quoted cell may hold line ends, separators and doubled quotes; a row is known by its first line."""
    _, rows, found = table('a,b\n"start\nend","x,""y"""\nlast,1\n')
    assert rows == [["start\nend", 'x,"y"'], ["last", "1"]]
    assert [line for line, _ in found.rows()] == [2, 4]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(table, end):
    """Lines of Unix, Windows and old Macs are read alike."""
    assert table(end.join(["a,b", "1,2", "3,4", ""]))[1] == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(("mark", "name"), [(",", ""), (";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_delimiters(table, mark, name):
    """The separator is found by its regularity and told in the notes, also where cells hold the other ones."""
    text = "\n".join(
        mark.join(cells)
        for cells in (["a", "b", "c"], ["1; 2", "x|y", "3, 4"][:1] + ["x", "y"], ["5", "6", "7"])
    )
    text = text.replace("1; 2", '"1; 2, 3|4\t5"') + "\n"
    header, rows, found = table(text)
    assert header == ["a", "b", "c"]
    assert rows[0][0] == "1; 2, 3|4\t5"
    assert found.delimiter == mark
    assert any(name in note for note in found.notes) == bool(name)


def test_one_column(table):
    """A list of names is a table of one column, though some names hold a comma."""
    header, rows, _ = table("Agency\nChino Police Department\nPomona Police Department\n")
    assert (header, rows) == (["Agency"], [["Chino Police Department"], ["Pomona Police Department"]])


def test_encodings_in_order(table):
    """A byte order mark decides, else UTF-8, else Windows-1252; the report says which, unless it is plain UTF-8."""
    text = "agency,n\nCañon City – “PD”,1\n"
    for codec, said in (
        ("utf-8", ""), ("utf-8-sig", "UTF-8 with"), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252"),
        ("utf-32", "UTF-32"),
    ):  # fmt: skip
        header, rows, found = table(text.encode(codec))
        assert header == ["agency", "n"]
        assert rows == [["Cañon City – “PD”", "1"]]
        assert bool(found.notes) == bool(said)
        assert said in "".join(found.notes)


def test_big_endian_utf16(table):
    """UTF-16 with its bytes the other way round is known by its mark."""
    assert table("﻿a,b\n1,2\n".encode("utf-16-be"))[1] == [["1", "2"]]


def test_utf8_broken_late_is_cp1252(table):
    """A byte that is no UTF-8 far into the file still decides for the whole of it."""
    body = b"agency,n\n" + b"Chino PD,1\n" * 200_000 + "Cañon City,2\n".encode("cp1252")
    assert table(body)[1][-1] == ["Cañon City", "2"]


def test_unknown_bytes(table):
    """Bytes that are neither UTF-8 nor Windows-1252 are refused with the line."""
    refuse(table, b"a,b\n1,2\n\x81\x8d,3\n", "line 3: bytes that are no cp1252")
    refuse(table, "a,b\n1,2\n".encode("utf-16") + b"\x00", "no utf-16")


def test_nul(table):
    """A NUL is refused with its line; many of them point to UTF-16 without its mark."""
    refuse(table, b"a,b\n1,2\n3,\x004\n", "line 3: a NUL character.*damaged")
    refuse(table, "a,b\n1,2\n".encode("utf-16-le"), "line 1: a NUL.*UTF-16 without its mark")


@pytest.mark.parametrize("word", ["Cañon City", "O’Brien", "Peñasco", "Doña Ana", "“Flex”", "São Tomé"])
def test_mojibake(table, word):
    """Text that was decoded wrongly before is refused with its line; the same text decoded well is not."""
    broken = word.encode().decode("cp1252", "replace")
    if "�" in broken:
        broken = word.encode().decode("latin-1")
    refuse(table, f"agency,n\nChino,1\n{broken},2\n", "line 3: text that was decoded wrongly")
    assert table(f"agency,n\nChino,1\n{word},2\n")[1][1] == [word, "2"]
    assert is_mojibake(broken)
    assert not is_mojibake(word)


def test_odd_characters_are_told(table):
    """Control characters, lost characters and turned writing are read, and counted with the first line."""
    _, rows, found = table("a,b\n1,x\x07\n2,\x07\x1b\n3,lost�\n4,\u202egpj\n")
    assert rows[0] == ["1", "x\x07"]
    assert found.warnings == [
        "3 control characters, first in line 2.",
        "1 character that was lost before the file came here (U+FFFD), first in line 4.",
        "1 character that turns the direction of writing, first in line 5.",
    ]


def test_ragged_rows(table):
    """A row with more or fewer cells is refused with its line; empty cells too many at its end are not."""
    refuse(table, "a,b,c\n1,2,3\n4,5\n6,7,8\n", "line 3: 2 cells where the header has 3")
    refuse(table, "a,b\n1,2\n3,4,5\n6,7\n", "line 3: 3 cells where the header has 2")
    header, rows, found = table("a,b,,\n1,2,,\n3,4\n5,6,,,,\n")
    assert (header, rows) == (["a", "b"], [["1", "2"], ["3", "4"], ["5", "6"]])
    assert "2 unnamed columns at the end hold nothing." in found.notes


def test_first_row_longer_is_no_index(table):
    """A first row longer than the header is refused; its first cell never becomes an index."""
    refuse(table, "a,b\n1,2,3\n4,5,6\n", "line 2: 3 cells where the header has 2")


def test_cut_off(table):
    """A last row without its end, or in the middle of a quote, says that the file was cut off."""
    refuse(table, "a,b,c\n1,2,3\n4,5", "line 3: the last row breaks off after 2 of 3 cells")
    refuse(table, 'a,b\n1,2\n3,"open\n4,5\n', "row that begins in line 3: a quoted cell that never ends")
    assert table("a,b\n1,2\n3,4")[1] == [["1", "2"], ["3", "4"]]


def test_headers(table):
    """Names that stand twice, a header alone and an empty text are refused."""
    refuse(table, "Agency,State,Agency \n1,2,3\n", "line 1: column names that stand twice: 'Agency'")
    refuse(table, "a,b\n", "a header and not a single row")
    refuse(table, "a,b\n\n,\n", "a header and not a single row")
    refuse(table, "\n \n", "not a single row|no line with anything")


def test_header_below(table):
    """A header may stand further down, and a file may have none."""
    text = "Report of 2025\n\na,b\n1,2\n"
    assert table(text, header_line=3)[:2] == (["a", "b"], [["1", "2"]])
    assert table("x,1\ny,2\n", header_line=0)[:2] == (["column_1", "column_2"], [["x", "1"], ["y", "2"]])


def test_blank_lines(table):
    """Lines without any cell are passed over and counted."""
    _, rows, found = table("a,b\n\n1,2\n,\n3,4\n\n\n")
    assert rows == [["1", "2"], ["3", "4"]]
    assert found.blank_n == 4


def test_long_cells_and_lines(table):
    """A cell or a line beyond the cap is refused with its line."""
    limits = FileLimits(field_chars=1000, line_chars=5000)
    refuse(table, "a,b\n1," + "x" * 2000 + "\n", "line 2: a cell of more than 1,000", limits=limits)
    refuse(table, "a,b\n1,2\n" + "x" * 6000, "line 3: a line of more than 5,000", limits=limits)
    refuse(table, 'a,b\n1,"' + "x\n" * 2000 + '"\n', "line 2: a cell of more than 1,000", limits=limits)


def test_quote_in_a_cell(table):
    """A quote that is not doubled is refused with its row."""
    refuse(table, 'a,b\n1,"x" y\n', "line 2: a quote in the middle of a cell")


def test_layout_text(tmp_path):
    """Text laid out on pages is read whole, with its form feeds; its beginning shows what it is."""
    path = tmp_path / "report.txt"
    path.write_bytes(b"Hit Ratio\r\n\r\n  Total: 5\r\n\x0cpage 2\r\n")
    source = open_source(path)
    assert read_text(source) == peek_text(source) == "Hit Ratio\n\n  Total: 5\n\x0cpage 2\n"
    assert not find_encoding(source).warnings
    with pytest.raises(IngestError, match="more than 5 characters"):
        read_text(source, cap=5)


def test_peek_ends_within_a_character(tmp_path):
    """The first 64 KiB may end in the middle of a character."""
    path = tmp_path / "a.txt"
    path.write_bytes("é".encode() * 50_000)
    assert peek_text(open_source(path)) == "é" * 32_768
    path.write_bytes(b"x" + "é".encode() * 50_000)
    assert peek_text(open_source(path)) == "x" + "é" * 32_767


def test_packed_text(tmp_path):
    """A gzip file is read like the text inside, also if it has several parts."""
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"))
    assert [cells for _, cells in read_table(open_source(path)).rows()] == [["1", "2"], ["3", "4"]]


def test_memory_stays_flat(tmp_path):
    """Rows are streamed: 20 MB of text pass through less than 6 MB of memory."""
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.write("id,agency,reason\n")
        file.writelines(f"{n},Chino Police Department,{'x' * 60}\n" for n in range(200_000))
    found = read_table(open_source(path))
    tracemalloc.start()
    assert sum(1 for _ in found.rows()) == 200_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 18_000_000
    assert peak < 6_000_000


CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="�ÂÃâÀ"), max_size=8)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=6), data=st.data())
def test_what_is_written_is_read(tmp_path_factory, rows, data):
    """Whatever a CSV writer writes comes back cell by cell; the reader strips and drops nothing."""
    import csv
    import io

    rows = [row for row in rows if any(row)] or [["x", "y"]]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["first", "second"], *rows])
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(text.getvalue().encode(data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))))
    try:
        found = [cells for _, cells in read_table(open_source(path)).rows()]
    except IngestError as error:
        assert "decoded wrongly" in str(error)  # hypothesis finds such pairs of letters
    else:
        assert found == rows

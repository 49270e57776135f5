"""Text is read as text: nothing is converted, and what is broken is named with its place."""

import gzip
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import IngestError
from sidedoor.ingest import text as text_module
from sidedoor.ingest.decode import find_encoding
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


def refuse(table, content, code: str, place: str = "", **options) -> None:
    with pytest.raises(IngestError) as caught:
        table(content, **options)
    assert caught.value.code == code and place in caught.value.place and caught.value.way_out


def count(found) -> dict[str, tuple[int, list[str]]]:
    """Count skipped rows by code, with their places."""
    return {code: (entry.rows_n, entry.places) for code, entry in found.skipped.items() if entry.rows_n}


def test_nothing_is_converted(table):
    """Plates, missing-looking words, leading zeros, thousands and blanks stay what they are."""
    _, rows, _ = table('plate,agency,n\n1E55555,NA,0012345\n12E4567,None,007\nnan,NULL,"1,234"\n inf ,,+1\n')
    assert rows == [
        ["1E55555", "NA", "0012345"],
        ["12E4567", "None", "007"],
        ["nan", "NULL", "1,234"],
        [" inf ", "", "+1"],
    ]


TEXTS = {
    "plain": 'plate,agency\n1E55555,NA\n"two\nlines",\n\n007,x\n',
    "odd rows": 'a,b\n1,2\n3\n\n"4\n4",5\n6,7,8\n9,10\n11,12,13\n',
    "windows": 'a,b\r\n"1\r\n1","2"\r\n\r\n3,"x ""y"""\r\n',
    "mac": "a,b\r1,2\r3,4\r",
    "broken quotes": 'a,b\n1,2\n"x "y" z",3\n4,5\n6,7\n8,9\n',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_batches_are_the_rows(table, text):
    """Column by column as row by row: the same cells, lines, skipped rows and blank lines."""
    header, rows, found = table(text)
    lines, skipped, blank = [line for line, _ in found.rows()], count(found), found.blank_n
    batches = list(found.batches())
    cells = [
        row
        for part in batches
        for row in zip(*(part.columns[name].to_pylist() for name in header), strict=True)
    ]
    assert [list(row) for row in cells] == rows
    assert [part.locate(at) for part in batches for at in range(part.rows_n)] == [
        f"line {line}" for line in lines
    ]
    assert (count(found), found.blank_n) == (skipped, blank)


def test_rows_of_many_batches(table, monkeypatch):
    """Lines stay right where batches end among rows of other widths."""
    monkeypatch.setattr(text_module, "_BLOCK", 400)
    rows = [["x" * 30, "1"] if n % 7 else ["only one"] for n in range(300)]
    _, read, found = table("a,b\n" + "".join(",".join(row) + "\n" for row in rows))
    places = [part.locate(at) for part in found.batches() for at in range(part.rows_n)]
    assert places == [f"line {n + 2}" for n, row in enumerate(rows) if len(row) == 2] and len(read) == len(
        places
    )


def test_cells_over_several_lines(table):
    """A quoted cell may hold line ends, separators and doubled quotes; a row is known by its first line."""
    _, rows, found = table('a,b\n"start\nend","x,""y"""\nlast,1\n')
    assert rows == [["start\nend", 'x,"y"'], ["last", "1"]]
    assert [line for line, _ in found.rows()] == [2, 4]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(table, end):
    """Lines of Unix, Windows and old Macs are read alike."""
    assert table(end.join(["a,b", "1,2", "3,4", ""]))[1] == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters(table, mark):
    """The separator is found by its regularity and told in the notes."""
    text = "\n".join(
        mark.join(cells)
        for cells in (["a", "b", "c"], ["1; 2", "x|y", "3, 4"][:1] + ["x", "y"], ["5", "6", "7"])
    )
    text = text.replace("1; 2", '"1; 2, 3|4\t5"') + "\n"
    header, rows, found = table(text)
    assert header == ["a", "b", "c"]
    assert rows[0][0] == "1; 2, 3|4\t5"
    assert found.delimiter == mark


def test_one_column(table):
    """A list of names is a table of one column, though some names hold a comma."""
    header, rows, _ = table("Agency\nChino Police Department\nPomona Police Department\n")
    assert (header, rows) == (["Agency"], [["Chino Police Department"], ["Pomona Police Department"]])


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman", "utf-32"])
def test_encodings(table, codec):
    """A byte order mark decides, else UTF-8, else what gives words; it is noted, unless it is plain UTF-8."""
    header, rows, found = table("agency,n\nCañon City – “PD”,1\n".encode(codec))
    assert (header, rows) == (["agency", "n"], [["Cañon City – “PD”", "1"]])
    assert bool(found.encoding.note) == (codec != "utf-8")


def test_big_endian_utf16(table):
    """UTF-16 with its bytes the other way round is known by its mark."""
    assert table("﻿a,b\n1,2\n".encode("utf-16-be"))[1] == [["1", "2"]]


def test_utf8_broken_late_is_cp1252(table):
    """A byte that is no UTF-8 far into the file still decides for the whole of it."""
    body = b"agency,n\n" + b"Chino PD,1\n" * 200_000 + "Cañon City,2\n".encode("cp1252")
    assert table(body)[1][-1] == ["Cañon City", "2"]


def test_nul(table):
    """NUL characters throughout point to UTF-16 without its mark; a single one leaves its cell."""
    refuse(table, "a,b\n1,2\n".encode("utf-16-le"), "nul", "line 1")
    _, rows, found = table(b"a,b\n1,2\n3,\x004\n")
    assert rows == [["1", "2"], ["3", "4"]] and found.encoding.odd == {"control-characters": [1, 3]}


@pytest.mark.parametrize("word", ["Cañon City", "O’Brien", "Peñasco", "Doña Ana", "“Flex”", "São Tomé"])
def test_mojibake(table, word):
    """Text that was decoded wrongly before is counted with its line, and refused where it runs through the
    file.
    """
    broken = word.encode().decode("cp1252", "replace")
    if "�" in broken:
        broken = word.encode().decode("latin-1")
    _, _, found = table(f"agency,n\nChino,1\n{broken},2\n")
    assert found.encoding.odd["mojibake"] == [1, 3]
    refuse(table, "agency,n\n" + f"{broken},2\n" * 9, "mojibake", "line 2")
    assert table(f"agency,n\nChino,1\n{word},2\n")[2].encoding.odd == {}


def test_odd_characters_are_told(table):
    """Control characters, lost characters and turned writing are read, and counted with the first line."""
    _, rows, found = table("a,b\n1,x\x07\n2,\x07\x1b\n3,lost�\n4,\u202egpj\n")
    assert rows[0] == ["1", "x\x07"]
    expected = {"control-characters": [3, 2], "lost-characters": [1, 4], "hidden-characters": [1, 5]}
    assert found.encoding.odd == expected


def test_ragged_rows(table):
    """A row with more or fewer cells is skipped with its line; empty cells too many in every row are not
    read.
    """
    _, rows, found = table("a,b,c\n1,2,3\n4,5\n6,7,8\n")
    assert rows == [["1", "2", "3"], ["6", "7", "8"]] and count(found) == {"row-width": (1, ["line 3"])}
    header, rows, found = table("a,b\n1,2,,\n3,4,,\n")
    assert (header, [row[:2] for row in rows], count(found)) == (["a", "b"], [["1", "2"], ["3", "4"]], {})
    refuse(table, "a,b\n1,2,3\n4,5,6\n", "row-width", "line 2")


def test_cut_off(table):
    """A last row without its end, or in the middle of a quote, says that the file was cut off."""
    refuse(table, "a,b,c\n1,2,3\n4,5", "cut-off", "line 3")
    refuse(table, 'a,b\n1,2\n3,"open', "cut-off")
    _, rows, found = table('a,b\n1,2\n3,"open\n4,5\n6,7\n')
    assert rows == [["1", "2"], ["4", "5"], ["6", "7"]] and count(found) == {"broken-quote": (1, ["line 3"])}
    assert table("a,b\n1,2\n3,4")[1] == [["1", "2"], ["3", "4"]]


def test_headers(table):
    """Names that are there twice, a header alone and an empty text are refused."""
    refuse(table, "Agency,State,Agency \n1,2,3\n", "column-twice", "line 1")
    for text in ("a,b\n", "a,b\n\n,\n"):
        refuse(table, text, "no-rows")
    refuse(table, "\n\n", "empty")


def test_header_below(table):
    """A header may be further down, and a file may have none."""
    text = "Report of 2025\n\na,b\n1,2\n"
    assert table(text, header_line=3)[:2] == (["a", "b"], [["1", "2"]])
    assert table("x,1\ny,2\n", header_line=0)[:2] == (["column_1", "column_2"], [["x", "1"], ["y", "2"]])


def test_blank_lines(table):
    """Lines without any cell are passed over and counted."""
    _, rows, found = table("a,b\n\n1,2\n,\n3,4\n\n\n")
    assert rows == [["1", "2"], ["3", "4"]]
    assert found.blank_n == 4


def test_long_cells_and_lines(table):
    """A cell or a line beyond the cap is refused, or skipped where quotes explain it."""
    limits = FileLimits(field_chars=1000, line_chars=5000)
    refuse(table, "a,b\n1,2\n" + "x" * 6000, "line-too-long", "line 3", limits=limits)
    _, rows, found = table("a,b\n1," + "x" * 2000 + "\n3,4\n5,6\n", limits=limits)
    assert rows == [["3", "4"], ["5", "6"]] and count(found)["broken-quote"][0] == 1
    with pytest.raises(IngestError) as caught:
        list(found.batches())
    assert caught.value.code == "line-too-long"


def test_layout_text(tmp_path):
    """Text laid out on pages is read whole, with its form feeds; its beginning shows what it is."""
    path = tmp_path / "report.txt"
    path.write_bytes(b"Hit Ratio\r\n\r\n  Total: 5\r\n\x0cpage 2\r\n")
    source = open_source(path)
    assert read_text(source) == peek_text(source) == "Hit Ratio\n\n  Total: 5\n\x0cpage 2\n"
    assert not find_encoding(source).odd
    with pytest.raises(IngestError) as caught:
        read_text(source, cap=5)
    assert caught.value.code == "too-large"


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
        assert error.code in ("mojibake", "nul")  # hypothesis finds such pairs of letters
    else:
        assert found == rows

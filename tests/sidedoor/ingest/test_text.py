"""Text is read as text: nothing is converted, and what is broken is named with its place."""

import csv
import gzip
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import IngestError
from made.refusal import refused
from sidedoor.ingest import text as text_module
from sidedoor.ingest.decode import find_encoding
from sidedoor.ingest.source import FileLimits, open_source
from sidedoor.ingest.text import peek_text, read_table, read_text


@pytest.fixture
def table(tmp_path):
    """Open bytes or text as a table."""

    def make(content: bytes | str, limits: FileLimits | None = None, **options):
        path = tmp_path / "log.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(open_source(path, limits), **options)

    return make


def read_rows(found) -> list[list[str]]:
    """Read row by row."""
    return [cells for _, cells in found.rows()]


def read_columns(found) -> dict[str, list[str]]:
    """Read column by column: the cells of each row, by its place."""
    read = {}
    for part in found.batches():
        cells = zip(*(part.columns[name].to_pylist() for name in found.header), strict=True)
        read |= {part.locate(at): list(row) for at, row in enumerate(cells)}
    return read


def count(found) -> dict[str, tuple[int, list[str]]]:
    """Count skipped rows by code, with their places."""
    return {code: (entry.rows_n, entry.places) for code, entry in found.skipped.items() if entry.rows_n}


def skip(code: str, *lines: int) -> dict:
    return {code: (len(lines), [f"line {line}" for line in lines])}


# Content, rows with their lines, what is skipped, blank lines.
TEXTS = {
    "nothing is converted": (
        'plate,n\n1E55555,NA\n12E4567,0012345\nnan,"1,234"\n inf ,+1\n',
        {2: ["1E55555", "NA"], 3: ["12E4567", "0012345"], 4: ["nan", "1,234"], 5: [" inf ", "+1"]},
        {},
        0,
    ),
    "line ends, separators and quotes in cells": (
        'a,b\n"start\nend","x,""y"""\n\n007,x\n',
        {2: ["start\nend", 'x,"y"'], 5: ["007", "x"]},
        {},
        1,
    ),
    "rows of other widths": (
        'a,b\n1,2\n3\n\n"4\n4",5\n6,7,8\n9,10\n11,12,13\n',
        {2: ["1", "2"], 5: ["4\n4", "5"], 8: ["9", "10"]},
        skip("row-width", 3, 7, 9),
        1,
    ),
    "a surplus of empty cells in every row": (
        "a,b\n1,2,,\n3,4,,\n",
        {2: ["1", "2", "", ""], 3: ["3", "4", "", ""]},
        {},
        0,
    ),
    "a quote that is not doubled": (
        'a,b\n1,2\n"x "y" z",3\n4,5\n',
        {2: ["1", "2"], 4: ["4", "5"]},
        skip("broken-quote", 3),
        0,
    ),
    "a quote that never ends": (
        'a,b\n1,2\n3,"open\n4,5\n6,7\n',
        {2: ["1", "2"], 4: ["4", "5"], 5: ["6", "7"]},
        skip("broken-quote", 3),
        0,
    ),
    "blank lines": ("a,b\n\n1,2\n,\n3,4\n\n\n", {3: ["1", "2"], 5: ["3", "4"]}, {}, 4),
    "one column": ("Agency\nChino PD\nPomona PD\n", {2: ["Chino PD"], 3: ["Pomona PD"]}, {}, 0),
    "a last line without its end": ("a,b\n1,2\n3,4", {2: ["1", "2"], 3: ["3", "4"]}, {}, 0),
}


@pytest.mark.parametrize(("content", "rows", "skipped", "blank"), TEXTS.values(), ids=TEXTS)
def test_rows_and_batches(table, content, rows, skipped, blank):
    """Row by row and column by column: the same cells, lines, skipped rows and blank lines."""
    found = table(content)
    assert dict(found.rows()) == rows and (count(found), found.blank_n) == (skipped, blank)
    assert read_columns(found) == {f"line {line}": cells[: len(found.header)] for line, cells in rows.items()}
    assert (count(found), found.blank_n) == (skipped, blank)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_of_many_blocks(table, monkeypatch, end):
    """Lines stay right where blocks end among rows of other widths, blank rows, cells of several lines, and
    after a row with a broken quote.
    """
    monkeypatch.setattr(text_module, "_BLOCK", 400)
    rows = [["x" * 30, f'"1{end}2"' if n % 5 else "1"] if n % 7 else ["only one"] for n in range(300)]
    rows[150:150] = [[""], ["", ""]]
    for more in ([], [['x"y', "2"], ['"a" b', "3"]]):
        rows[200:200] = more
        found = table("a,b" + end + "".join(",".join(row) + end for row in rows))
        read = {f"line {line}": cells for line, cells in found.rows()}
        assert read_columns(found) == read and len(read) == 257 + bool(more) and found.blank_n == 2


REFUSED = {
    "nul": ("a,b\n1,2\n".encode("utf-16-le"), "nul", "line 1"),
    "mojibake throughout": ("agency,n\n" + "CaÃ±on City,2\n" * 9, "mojibake", "line 2"),
    "most rows of another width": ("a,b\n1,2,3\n4,5,6\n", "row-width", "line 2"),
    "cut in a row": ("a,b,c\n1,2,3\n4,5", "cut-off", "line 3"),
    "cut in a quote": ('a,b\n1,2\n3,"open', "cut-off", ""),
    "a name twice": ("Agency,State,Agency \n1,2,3\n", "column-twice", "line 1"),
    "no row": ("a,b\n", "no-rows", ""),
    "nothing": ("\n\n", "empty", ""),
    "a long line": ("a,b\n1,2\n" + "x" * 6000, "line-too-long", "line 3"),
}


@pytest.mark.parametrize("way", ["rows", "batches"])
@pytest.mark.parametrize(("content", "code", "place"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(table, content, code, place, way):
    """A text that cannot be read as rows is refused, row by row and in batches alike."""
    with refused(code, IngestError, place=place) as caught:
        list(getattr(table(content, FileLimits(line_chars=5000)), way)())
    assert caught.value.way_out


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters(table, mark):
    """The separator is found by its regularity, whatever else is in the cells."""
    rows = [["a", "b", "c"], ['"1; 2, 3|4\t5"', "x", "y"], ["5", "6", "7"]]
    found = table("".join(mark.join(row) + "\n" for row in rows))
    assert (found.header, found.delimiter) == (rows[0], mark)
    assert read_rows(found) == [["1; 2, 3|4\t5", "x", "y"], rows[2]]


def test_where_the_header_is(table):
    """A header may be further down, and a file may have none."""
    text = "Report of 2025\n\na,b\n1,2\n"
    found = table(text, header_line=3)
    assert (found.header, read_rows(found)) == (["a", "b"], [["1", "2"]])
    found = table("x,1\ny,2\n", header_line=0)
    assert (found.header, read_rows(found)) == (["column_1", "column_2"], [["x", "1"], ["y", "2"]])


@pytest.mark.parametrize("text", ["at Peña’s café – “niño”", "JOSÉ’S AUTO", "SAN JOSÉ\u00a0PD"])
@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "mac_roman", "utf-32"]
)
def test_encodings(table, codec, text):
    """A byte order mark decides, else UTF-8, else what gives words; it is noted, unless it is plain UTF-8."""
    mark = "\ufeff" if codec == "utf-16-be" else ""
    found = table(f"{mark}agency,n\n{text},1\n".encode(codec))
    assert (found.header, read_rows(found), found.encoding.odd) == (["agency", "n"], [[text, "1"]], {})
    assert (found.encoding.codec == "utf-8") == (codec == "utf-8")


def test_what_is_not_utf8_throughout(table):
    """A byte that is no UTF-8 far into the file still decides for the whole of it; one of another program among
    sixty apostrophes of three bytes each does not.
    """
    body = b"agency,n\n" + b"Chino PD,1\n" * 100_000 + "Cañon City,2\n".encode("cp1252")
    assert read_rows(table(body))[-1] == ["Cañon City", "2"]
    body = ("a,b\n" + "suspect’s,1\n" * 60).encode().replace("’".encode(), b"\x92", 1)
    found = table(body)
    assert read_rows(found)[:2] == [["suspect\ufffds", "1"], ["suspect’s", "1"]]
    assert found.encoding.odd == {"lost-characters": [1, 2]}


@pytest.mark.parametrize(
    "word", ["Cañon City", "O’Brien", "Doña Ana", "“Flex”", "São Tomé", "JOSÉ’S", "JOSÉ\u00a0PD"]
)
def test_mojibake(table, word):
    """Text that was decoded wrongly before is counted with its line; the text itself is not mistaken."""
    broken = word.encode().decode("latin-1")
    assert table(f"agency,n\nChino,1\n{broken},2\n").encoding.odd.get("mojibake") == [1, 3]
    assert table(f"agency,n\nChino,1\n{word},2\n").encoding.odd == {}


def test_odd_characters_are_counted(table):
    """Control, lost and turning characters are read, and counted with the first line; NUL leaves its cell."""
    found = table("a,b\n1,x\x07\n2,\x07\x1b\n3,lost\ufffd\n4,\u202egpj\n5,\x006\n")
    assert read_rows(found)[::4] == [["1", "x\x07"], ["5", "6"]]
    expected = {"control-characters": [4, 2], "lost-characters": [1, 4], "hidden-characters": [1, 5]}
    assert found.encoding.odd == expected


def test_layout_text(tmp_path):
    """Text laid out on pages is read whole, with its form feeds; its beginning shows what it is."""
    path = tmp_path / "report.txt"
    path.write_bytes(b"Hit Ratio\r\n\r\n  Total: 5\r\n\x0cpage 2\r\n")
    source = open_source(path)
    assert read_text(source) == peek_text(source) == "Hit Ratio\n\n  Total: 5\n\x0cpage 2\n"
    assert not find_encoding(source).odd
    with refused("too-large", IngestError):
        read_text(source, cap=5)
    for before in ("", "x"):  # 64 KiB of it may end in the middle of a character
        path.write_bytes((before + "é" * 70_000).encode())
        assert peek_text(open_source(path)) == before + "é" * (65_536 - len(before))


def test_packed_text(tmp_path):
    """A gzip file is read like the text inside, also if it has several parts; whoever follows is told."""
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"))
    source, seen = open_source(path), []
    source.follow = lambda done, total: seen.append((done, total))
    assert sum(part.rows_n for part in read_table(source).batches()) == 2 and seen[-1] == (12, 12)


def test_memory_stays_flat(tmp_path):
    """Rows are streamed: 10 MB of text pass through less than 4 MB of memory."""
    path = tmp_path / "long.csv"
    path.write_bytes(b"id,agency,reason\n" + (b"7,Chino Police Department," + b"x" * 60 + b"\n") * 100_000)
    found = read_table(open_source(path))
    tracemalloc.start()
    assert sum(1 for _ in found.rows()) == 100_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="�ÂÃâÀ"), max_size=8)


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=6), data=st.data())
def test_what_is_written_is_read(tmp_path_factory, rows, data):
    """Whatever a CSV writer writes comes back cell by cell; the reader strips and drops nothing."""
    rows = [row for row in rows if any(row)] or [["x", "y"]]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["first", "second"], *rows])
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(text.getvalue().encode(data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))))
    try:
        found = read_rows(read_table(open_source(path)))
    except IngestError as error:
        assert error.code in ("mojibake", "nul")  # hypothesis finds such pairs of letters
    else:
        assert found == rows

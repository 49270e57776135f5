"""The last gate: every kind of file that is published, every kind of leak, and none where there is none.

Plates, names and numbers are made when the tests run, so that none is in the repository.
"""

import base64
import gzip
import io
import itertools
import json
import os
import re
import struct
import sys
import tempfile
import tomllib
import zlib
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import paths
from helpers.errors import DataError, RunError
from helpers.leaks import Finder, find_label, load_rules, mask
from sidedoor import cli
from sidedoor.publish.scan import UNREADABLE, Leak, check_publication, scan_path

LEAKS = tomllib.loads((paths.DATA / "registry" / "leaks.toml").read_text(encoding="utf-8"))
FORMS = {plate["form"]: plate["where"] for plate in LEAKS["plate"]}


def make_plate(form: str, gap: str = "", start: int = 0) -> str:
    """Make an invented plate of a form; `gap` stands where the form has a hyphen."""
    letters, digits = itertools.cycle("QWKRTHLZ"[start:] + "QW"), itertools.cycle("7438526"[start:] + "9")
    signs = {"@": lambda: next(letters), "#": lambda: next(digits), "-": lambda: gap}
    return "".join(signs[sign]() for sign in form)


CALIFORNIA = make_plate("#@@@###")
TEXAS, MARYLAND, JERSEY = make_plate("@@@-####", "-"), make_plate("#@@####"), make_plate("@##-@@@")
SEEDED = [CALIFORNIA, TEXAS, MARYLAND, JERSEY]


def find_kinds(text: str, **options) -> list[str]:
    """List the kinds of leaks in a text."""
    return [hit.kind for hit in Finder().find(text, **options)]


def build_png(*chunks: tuple[bytes, bytes], tail: bytes = b"") -> bytes:
    """Build a picture of one point with chunks of text."""
    head = (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    made = b"\x89PNG\r\n\x1a\n"
    for kind, data in (head, *chunks, (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")):
        made += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return made + tail


def build_parquet(**columns) -> bytes:
    """Build a Parquet file; `about` is its metadata."""
    about = columns.pop("about", None)
    table = pa.table(columns)
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"note": about}) if about else table, out)
    return out.getvalue()


def build_notebook(source: str = "1 + 1", *, outputs=(), metadata=None) -> bytes:
    """Build a notebook of one cell."""
    cell = {"id": "4c97a4c1", "cell_type": "code", "execution_count": 1, "source": [source]}
    cell |= {"metadata": metadata or {}, "outputs": list(outputs)}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}).encode()


def show(**data) -> list[dict]:
    """Build an output of a cell; kinds with two underscores for the slash."""
    kinds = {kind.replace("__", "/").replace("_xml", "+xml"): value for kind, value in data.items()}
    return [{"output_type": "display_data", "metadata": {}, "data": kinds}]


LOOK_ALIKE = str.maketrans(
    "ABCEHKMOPTXY", "\u0410\u0412\u0421\u0415\u041d\u041a\u041c\u041e\u0420\u0422\u0425\u03a5"
)


def spread(value: str) -> dict[str, bytes]:
    """Build one file for every place of every kind of file, each with the value in it once."""
    raw, half = value.encode(), len(value) // 2
    entities = "".join(f"&#{ord(sign)};" for sign in value)
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign.isalnum() else sign for sign in value)
    one, two = value[:half], value[half:]
    trace = [f"\x1b[31m{one}\x1b[0m{two}"]
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'
    png = build_png((b"tEXt", b"Comment\0" + raw))
    in_page = f'<img src="data:image/png;base64,{base64.b64encode(png).decode()}">'
    return {
        "text.txt": b"first line\nseen " + raw + b" here\n",
        "wide.txt": f"seen {wide} here".encode(),
        "look-alike.txt": f"seen {value.translate(LOOK_ALIKE)} here".encode(),
        "graph.graphml": f'<graphml><graph><data key="d0">{value}</data></graph></graphml>'.encode(),
        "graph.gexf": f'<gexf><node id="1" label="{value}"/></gexf>'.encode(),
        "OTTO.csv": f"OTTO,note\nX,{value}\n".encode(),
        "GIF8.txt": f"GIF89a and {value}".encode(),
        "hidden.txt": f"seen {value[:half]}\ufe0f\u034f\U000e0041{value[half:]} here".encode(),
        "table.csv": b"agency,note\nExampletown PD,seen " + raw + b"\n",
        "quoted.csv": b'agency,note\nX,"one\ntwo, ' + raw + b'"\n',
        "table.tsv": b"agency\tnote\nX\t" + raw + b"\n",
        "data.json": json.dumps({"a": [{"b": f"seen {value}"}]}).encode(),
        "escaped.json": ('{"a": "' + "".join(f"\\u{ord(sign):04x}" for sign in value) + '"}').encode(),
        "rows.jsonl": b'{"a": 1}\n{"a": "' + raw + b'"}\n',
        "page.html": b"<html><body><p>seen " + raw + b"</p></body></html>",
        "split.html": f"<p>seen <span class='mi'>{one}</span><span>{two}</span></p>".encode(),
        "entities.html": f"<p>{entities}</p>".encode(),
        "comment.html": b"<p>x</p><!-- " + raw + b" -->",
        "attribute.html": b'<img alt="seen ' + raw + b'" src="a.png">',
        "inside.html": f"<a href='data:text/plain;base64,{base64.b64encode(raw).decode()}'>x</a>".encode(),
        "link.html": b'<a href="https://city.test/search?plate=' + raw + b'&x=1">x</a>',
        "script.html": b'<script>var rows = ["' + raw + b'"];</script>',
        "open.html": b"<p>seen " + raw,
        "picture.html": in_page.encode(),
        "search.js": b'Search.setIndex({"terms":{"' + raw + b'":1}})',
        "text.svg": svg.format(f"<text>seen {value}</text>").encode(),
        "spans.svg": svg.format(f"<text><tspan>{one}</tspan><tspan>{two}</tspan></text>").encode(),
        "cdata.svg": svg.format(f"<desc><![CDATA[{value}]]></desc>").encode(),
        "text.png": png,
        "unicode.png": build_png((b"iTXt", b"Comment\0\0\0en\0\0" + raw)),
        "text.parquet": build_parquet(agency=["X", "Y"], note=["", f"seen {value}"]),
        "dictionary.parquet": build_parquet(note=pa.array(["a", value]).dictionary_encode()),
        "about.parquet": build_parquet(n=[1], about=value),
        "name.parquet": build_parquet(**{value: [1]}),
        "source.ipynb": build_notebook(f"x = '{value}'"),
        "stream.ipynb": build_notebook(outputs=[{"output_type": "stream", "name": "stdout",
        "text": ["seen ", value]}]),
        "plain.ipynb": build_notebook(outputs=show(text__plain=f"seen {value}")),
        "html.ipynb": build_notebook(outputs=show(text__html=[f"<td>{one}<b>{two}</b></td>"])),
        "svg.ipynb": build_notebook(outputs=show(image__svg_xml=svg.format(f"<text>{value}</text>"))),
        "png.ipynb": build_notebook(outputs=show(image__png=base64.b64encode(png).decode())),
        "points.ipynb": build_notebook(outputs=show(application__json={"text": ["AB1", value]})),
        "kind.ipynb": build_notebook(outputs=show(IMAGE__PNG=base64.b64encode(png).decode())),
        "error.ipynb": build_notebook(
            outputs=[{"output_type": "error", "ename": "E", "evalue": "", "traceback": trace}]
        ),
        "cell.ipynb": build_notebook(metadata={"note": value}),
    }  # fmt: skip


HOLDERS = spread(CALIFORNIA)


@pytest.fixture(scope="module")
def spread_out(tmp_path_factory):
    """One folder for each seeded value, with every kind of file; scanned once without canaries."""
    found = {}
    for number, value in enumerate(SEEDED):
        folder = tmp_path_factory.mktemp(f"seeded-{number}")
        for name, data in spread(value).items():
            # Parquet is read by a process of its own: once is enough for the plates of other states.
            if value == CALIFORNIA or not name.endswith(".parquet"):
                (folder / name).write_bytes(data)
        found[value] = scan_path(folder)
    return found


PLACES = {
    "text.txt": "line 2",
    "table.csv": "line 2",
    "data.json": "a[0].b",
    "page.html": "line 1",
    "attribute.html": "line 1, attribute alt",
    "text.png": "chunk tEXt",
    "text.parquet": "column note, rows 1 to 2",
    "source.ipynb": "cell 1.source, line 1",
    "stream.ipynb": "cell 1.outputs[0].text, line 1",
    "html.ipynb": "cell 1.outputs[0].data.text/html, line 1",
}


@pytest.mark.parametrize("value", SEEDED)
def test_every_place_of_every_file_is_looked_into(spread_out, value):
    """A plate of four states' forms is found once in each kind of file, where it is, and never shown."""
    leaks = spread_out[value]
    names = [name for name in HOLDERS if value == CALIFORNIA or not name.endswith(".parquet")]
    assert sorted(leak.file for leak in leaks) == sorted(names)
    assert {leak.kind for leak in leaks} == {"plate"} and value not in repr(leaks)
    assert {leak.shown for leak in leaks} <= {mask(value), mask(value.lower())}
    places = {leak.file: leak.place for leak in leaks}
    assert all(places.get(name, place) == place for name, place in PLACES.items())


def test_canaries_are_found_in_every_file_in_any_notation(tmp_path):
    """Any text can be a canary; blanks, case and hyphens do not hide it, and no leak shows it."""
    canary = "Jane Q. Exemplar"
    for name, data in spread("jane q exemplar").items():
        (tmp_path / name).write_bytes(data)
    leaks = scan_path(tmp_path, [canary])
    found = {leak.file for leak in leaks if leak.kind == "canary"}
    assert found == set(HOLDERS)
    assert "exemplar" not in repr(leaks).lower()


@given(
    st.text("ABCDEFGHXYZ0123456789", min_size=4, max_size=12),
    st.text(" -\n\t\u00a0.", max_size=3),
    st.booleans(),
    st.text("xyz ,.", max_size=9),
)
def test_spacing_and_case_hide_no_canary(canary, gap, is_small, around):
    """However the signs of a canary are parted, it is found, and masking leaves nothing of it."""
    written = gap.join(canary.lower() if is_small else canary)
    finder = Finder((canary,))
    text = f"{around} {written} {around}"
    hits = list(finder.find(text))
    assert any(hit.kind == "canary" for hit in hits)
    masked = finder.mask(text)
    assert canary not in masked and written not in masked
    assert not [hit for hit in finder.find(masked) if hit.kind == "canary"] and finder.mask(masked) == masked


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_plate_is_found_where_it_may_stand(form):
    """In running text where the form is enough; alone in a cell, after a label and under a name always."""
    glued, spaced, hyphened, dashed = (make_plate(form, gap) for gap in ("", " ", "-", "\u2013"))
    ways = {glued, hyphened, dashed} | ({spaced} if FORMS[form] == "anywhere" else set())
    if FORMS[form] == "hyphen":
        ways = {hyphened, dashed}
    for way in ways if FORMS[form] != "alone" else ():
        assert find_kinds(f"It was {way}, they said.") == ["plate"], way
    for way in {glued, spaced, hyphened}:
        assert find_kinds(f"a,{way},b", cells=True) == ["plate"], way
        assert find_kinds(f"plate: {way}") == ["plate"], way
        assert Finder().is_leak("plate", way), way


@pytest.mark.parametrize(
    "text", ["CA-{}", "{}-CA", "{}/CA", "{}.jpg", "(#{})", "{},{}", "--{}--", "{}\u2019s", "no.{}", "a {}."]
)
def test_a_californian_plate_is_found_beside_what_it_is_written_with(text):
    """With the state, as the name of a picture, in brackets, in lists."""
    assert "plate" in find_kinds(text.replace("{}", CALIFORNIA))


@pytest.mark.parametrize(
    "row", LEAKS["pattern"], ids=[f"{row['kind']}-{n}" for n, row in enumerate(LEAKS["pattern"])]
)
def test_each_pattern_finds_its_own_examples(row):
    """The examples of the list are found, as the kind they are examples of, at any place in a line."""
    for example in row["examples"]:
        for text in (example, f"x {example} y", f"({example})", f"He wrote: {example}."):
            assert row["kind"] in find_kinds(text), text


@pytest.mark.parametrize("row", LEAKS["label"], ids=[row["kind"] for row in LEAKS["label"]])
def test_each_label_finds_its_own_examples(row):
    """A value under a name, given as name=value."""
    for example in row["examples"]:
        header, _, value = example.partition("=")
        assert find_label(header) == row["kind"] and Finder().is_leak(row["kind"], value), example


# One kind of text after a comment, parted by bars.
HARMLESS = """
# a VIN and a card with a wrong check digit
1M8GDM9A1KP042788 | card 4111-1111-1111-1112
# named in the issue: privacy assessments, contracts, solicitations, dates, ids
PIA-039 | DHS/ICE/PIA-039(a) | ICE PIA-039A of 2021 | contract 70CDCR18P00000017 | HSCECR-14-Q-00006
solicitation 70CMSD19Q00000007 | 2019-03-13 | 01-01-18 To 12-01-18 | 2025-11-13T22:00Z | June 5, 2019
log-2018-02-08-1 | tulare-pd-ca | govtech-2019-03 | PDF p. 1822 ff. | pages 1832-1833 | 5,000,000,000
# for programs
#1ABC23 | color: #A1B2C3; | 009E73 and D55E00 | SHA-256 | UTF-8, CP1252 | ISO 8601 | RFC 4180
CVE-2024-12345 | CWE-1236 | # noqa: PLR0913 | 1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d | 4c97a4c
M10 20L30 40Z | 0x1ABC23 | path/1ABC/table.csv | figure-2.png | v3.11.0 | 1.5e-10 | 30M CPU | 127 MB
300 DPI | H.264 | A4
# law and places
SB 34 | 8 U.S.C. 1357 | 8 USC 1373 | Civ. Code 1798.90 | 18-cv-02919 | No. 3:18-cv-04105-LB | CA 94103
CA-94103 | ICE 2019 | EFF 2025 | FY 2018 | MAR 2019 | 2018-ICFO-35123 | CBSA 35620 | Pub. L. 107-296
I-94
# agencies and ranks
Los Angeles County CA SD | Sergeant Bluff IA PD | Deputy Secretary of Homeland Security | officer safety
Officer Involved Shooting Unit | two CBP officers | Police Officer Standards and Training
one ICE officer | Detective Bureau | Chief Privacy Officer | Special Agent in Charge
Report By: [name removed] | reported by ICE
# counts and shares
plates: 12 | plates 1,234,567 | plate reader | each plate is 1 row | case studies 2018
in case 3 of them | report 2019 | badge of honor | case number   20000      0 | user: bool = False
https://user:pass@host/db | call 911 | 1-800 | 2019-2020
# mail that is none
@media print | user@localhost | jane@example.com | git@github.com:eyes-off/x.git | a@b
"""


@pytest.mark.parametrize(
    "text",
    [
        text.strip()
        for line in re.sub("(?m)^# .*$", "", HARMLESS).split("\n")
        if line
        for text in line.split(" | ")
    ],
)
def test_what_looks_like_a_leak_and_is_none(text):
    """Nothing is found, as a text, as a cell, in a sentence and as JSON."""
    for way in (text, f"See {text}, and more.", f"x,{text},y", f'{{"k": "{text}"}}', f"- {text}\n- {text}"):
        assert find_kinds(way) == [], way
    assert find_kinds(f"x,{text},y", cells=True) == []


@given(
    st.one_of(st.uuids(), st.datetimes(), st.dates(), st.integers(0), st.floats()).map(str)
    | st.binary(min_size=20, max_size=20).map(bytes.hex)
    | st.integers(0, 10**9).map("{:,}".format)
)
def test_checksums_dates_and_numbers_are_no_leaks(text):
    """sha1, uuids, dates and numbers of any size."""
    assert find_kinds(f"a {text} b") == []


@pytest.mark.parametrize("folder", ["data", "notebooks", "README.md"])
def test_this_repository_is_clean(folder):
    """Nothing in the facts, the registry, the notebooks and the front page looks like a leak.

    The simulated records of the worked example, workbooks and PDF, are not looked into.
    """
    leaks = scan_path(paths.ROOT / folder)
    assert [leak for leak in leaks if not leak.file.startswith("editions/worked-example/")] == []


def test_columns_are_judged_by_their_names(tmp_path):
    """Values that show no form are found under a name; masks, tokens, states and counts are none."""
    officer, plate = "Ann " + "Olofsson", "GO" + "TEAM"
    rows = {
        "officer": [officer, "", "***"], "plate": [plate, "REDACTED",
        "masked"], "officer_token": ["0f" * 8] * 3,
        "plate_cell": ["value", "masked", "empty"], "plate_state": ["CA", "TX",
        "NY"], "plates_n": [123456, 2, 3],
        "case_number_cell": ["value"] * 3, "has_case_number": [True, False, True],
        "searcher_agency_as_printed": ["X PD"] * 3, "reported_by": ["X PD"] * 3,
    }  # fmt: skip
    frame = pd.DataFrame(rows).astype(str)
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_html(tmp_path / "t.html")
    frame.to_json(tmp_path / "t.json", orient="records")
    leaks = scan_path(tmp_path)
    for name in ("t.csv", "t.parquet", "t.html", "t.json"):
        assert sorted((leak.kind, leak.shown[0]) for leak in leaks if leak.file == name) == [
            ("officer", "A"),
            ("plate", "G"),
        ], name
    assert officer not in repr(leaks) and plate not in repr(leaks)


def test_names_of_files_and_places_leak_nothing(tmp_path):
    """A plate in the name of a file or a key is found and masked; control characters are written out."""
    (tmp_path / f"{CALIFORNIA}.txt").write_text("harmless")
    (tmp_path / "a.json").write_text(json.dumps({CALIFORNIA: {"x": TEXAS}}))
    (tmp_path / "b\x1b[2J\nNothing was found.\n.txt").write_text(TEXAS)
    leaks = scan_path(tmp_path)
    assert [leak.kind for leak in leaks] == ["plate"] * 4
    assert CALIFORNIA not in repr(leaks) and TEXAS not in repr(leaks)
    assert all(text.isprintable() for leak in leaks for text in (leak.file, leak.place))


def test_a_value_is_told_once_for_each_file(tmp_path):
    """A thousand times the same plate is one leak, with its first place; 900 plates twice are 900."""
    (tmp_path / "a.txt").write_text("\n".join([f"x {CALIFORNIA}"] * 1000))
    (tmp_path / "b.txt").write_text("\n".join(f"x {8}{'QWK'}{number}" for number in range(100, 1000)) * 2)
    first, *rest = scan_path(tmp_path)
    assert first == Leak("a.txt", "line 1", "plate", mask(CALIFORNIA)) and len(rest) == 900


def test_the_gate_names_files_and_shows_nothing(tmp_path):
    """It is silent on a clean folder and raises on any other, naming file, kind and place.

    Paths, ids and links within a drawing are for programs.
    """
    (tmp_path / "index.html").write_text("<p>All is well: 80 agencies.</p>")
    drawing = f'<path id="{CALIFORNIA}" d="M10 20L7 4 {CALIFORNIA}z"/><use href="#{CALIFORNIA.lower()}"/>'
    (tmp_path / "a.svg").write_text(f"<svg>{drawing}</svg>")
    assert check_publication(tmp_path) is None
    (tmp_path / "page.html").write_text(f"<p>\n{CALIFORNIA}</p>")
    with pytest.raises(RunError) as caught:
        check_publication(tmp_path)
    assert (caught.value.code, caught.value.place) == ("leak", "page.html")
    assert "page.html, line 2: plate 7••••••" in caught.value.found and CALIFORNIA not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "canary"), [("", "abc"), ("", " a - b "), ("", "..."), ("nothing", "long enough")]
)
def test_what_cannot_be_scanned_for_is_refused(tmp_path, name, canary):
    """Fewer than four signs occur everywhere; a path that is not there is an error, not a clean bill."""
    with pytest.raises(DataError):
        scan_path(tmp_path / name, [canary])


def test_exceptions_let_no_canary_pass(tmp_path):
    """An award number is no leak, unless it is a canary."""
    (tmp_path / "a.txt").write_text("70CDCR18P00000017")
    assert scan_path(tmp_path) == []
    assert [leak.kind for leak in scan_path(tmp_path, ["70CDCR18P00000017"])] == ["canary"]


def test_the_exception_for_the_list_itself_is_for_that_file_only(tmp_path):
    """A copy of the list elsewhere is full of examples."""
    (tmp_path / "leaks.toml").write_bytes((paths.DATA / "registry" / "leaks.toml").read_bytes())
    assert len(scan_path(tmp_path)) > 10


# Nothing in an archive is read: its first bytes are enough.
ZIP = b"PK\x03\x04\x14\0" + CALIFORNIA.encode()
UNKNOWN = {
    "archive.zip": ZIP,
    "before.zip": CALIFORNIA.encode() + ZIP,
    "after.gz": gzip.compress(b"x") + CALIFORNIA.encode(),
    "archive.txt": CALIFORNIA.encode().ljust(257, b"\0") + b"ustar\0" + bytes(249),
    "base.sqlite": b"SQLite format 3\0" + CALIFORNIA.encode() + bytes(50),
    "wide.txt": CALIFORNIA.encode("utf-32"),
    "latin.txt": f"caf\u00e9 {CALIFORNIA}".encode("cp1252"),
    "picture.webp": b"RIFF" + CALIFORNIA.encode(),
    "plain.pdf": b"%PDF-1.4 " + CALIFORNIA.encode(),
    "renamed.txt": b"%PDF-1.4 " + base64.a85encode(CALIFORNIA.encode()),
    "broken.parquet": b"PAR1" + bytes(range(200)) + b"PAR1",
    "list.parquet": build_parquet(note=[["a", CALIFORNIA], []]),
    "bytes.parquet": build_parquet(note=pa.array([CALIFORNIA.encode()], pa.large_binary())),
    "tail.parquet": build_parquet(n=[1]) + CALIFORNIA.encode(),
    "tail.png": build_png(tail=CALIFORNIA.encode()),
    "exif.png": build_png((b"eXIf", b"MM\0*" + CALIFORNIA.encode())),
    "cut.png": build_png()[:-20],
    "packed.png": build_png((b"zTXt", b"Comment\0\0" + zlib.compress(CALIFORNIA.encode()))),
    "unicode-packed.png": build_png((b"iTXt", b"Comment\0\1\0en\0\0" + zlib.compress(b"x"))),
    "more.png": build_png((b"IDAT", zlib.compress(b"") + CALIFORNIA.encode())),
    "inside.html": b'<img src="data:image/gif;base64,%s">' % base64.b64encode(b"GIF\xff"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_looked_into_is_named(tmp_path, name):
    """Other kinds of files, damaged ones, and what is around or inside a known one: never "nothing found"."""
    (tmp_path / name).write_bytes(UNKNOWN[name])
    leaks = scan_path(tmp_path)
    assert [leak.kind for leak in leaks] == [UNREADABLE] and leaks[0].file == name and leaks[0].shown


def test_folders_that_are_not_looked_into_are_named(tmp_path):
    """Links to folders, folders of git, caches and environments, and special files."""
    site = tmp_path / "site"
    for folder in (".git", "node_modules", "__pycache__", "env", "../elsewhere"):
        (site / folder).mkdir(parents=True)
        (site / folder / "a.txt").write_text(CALIFORNIA)
    (site / "env" / "pyvenv.cfg").touch()
    (site / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    os.mkfifo(site / "pipe")
    leaks = scan_path(site)
    names = [".git", "__pycache__", "env", "link", "node_modules", "pipe"]
    assert [(leak.file, leak.kind) for leak in leaks] == [(name, UNREADABLE) for name in names]


@pytest.mark.parametrize(
    "data",
    [
        b"<a " * 200_000, b'<a "' * 200_000, b"<!--" * 200_000, b"<script>" * 100_000,
        b"<table><tr>" * 50_000,
        b"&#" * 300_000, b"[" * 500_000, b'{"a":' * 100_000, b"<![CDATA[" * 100_000, b"A1" * 500_000,
        b"1-" * 500_000, b"a@" * 300_000,
        b"a." * 400_000 + b"@",
        b"plate: " * 100_000, b"(206) 555-" * 80_000, b"Officer " * 100_000, b"A. " * 300_000,
        b"case # " * 100_000, b"ABCDEFGH" * 100_000, b"=" * 600_000, b"AB 1 " * 150_000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["a.html", "a.txt"])
def test_no_text_makes_the_scan_crawl(tmp_path, name, data):
    """Texts made to make patterns search again and again come to an end."""
    (tmp_path / name).write_bytes(data)
    assert "canary" not in {leak.kind for leak in scan_path(tmp_path, ["some canary"])}


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"PAR1", b"<svg", b"{", b"\xff\xfe", b"GIF89a"]),
    st.sampled_from(["a.html", "a.csv", "a.json", "a.ipynb", "a", "a.md"]),
)
def test_any_bytes_are_scanned_or_refused(data, start, name):
    """No content raises anything; the answer is a list of leaks."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(start + data)
        assert all(isinstance(leak, Leak) for leak in scan_path(folder, ["some canary"]))


def test_long_texts_are_cut_and_keep_their_lines_and_columns(tmp_path, monkeypatch):
    """Beyond 16 million signs a text is looked through in parts; here the parts are made small."""
    monkeypatch.setattr("sidedoor.publish.scan.readers.PART_CHARS", 1_000)
    secret = "GO" + "TEAM"
    rows = ["plate,note", *(f",row {number}" for number in range(500)), f"{secret},x", f",seen {TEXAS}"]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    assert {(leak.place, leak.shown[0]) for leak in scan_path(tmp_path)} == {
        ("line 502", "G"),
        ("line 503", TEXAS[0]),
    }


def test_list_of_leaks_is_checked(tmp_path):
    """An unknown key or a pattern that is none is refused, with its place."""
    text = (paths.DATA / "registry" / "leaks.toml").read_text(encoding="utf-8")
    path = tmp_path / "leaks.toml"
    path.write_text(text.replace("\nlower = true", "\nlowr = true", 1), encoding="utf-8")
    with pytest.raises(DataError) as raised:
        load_rules(path)
    assert (raised.value.code, raised.value.place) == ("unknown-key", "leaks.toml, plate 1")


def test_the_command(tmp_path, capsys, monkeypatch):
    """`sidedoor scan PATH` prints one masked line for each leak and ends with 1; with 0 if there is none."""
    (tmp_path / "a.txt").write_text(f"x {CALIFORNIA}\n")
    (tmp_path / "b.txt").write_text("a Blue-Heron")
    (tmp_path / "secrets").write_text("blue heron\n\n")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["sidedoor", "scan", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, "".join(capsys.readouterr())

    code, told = call(tmp_path / "a.txt")
    assert code == 1 and "a.txt, line 1: plate 7••••••" in told and CALIFORNIA not in told
    assert call(tmp_path / "b.txt")[0] == 0
    code, told = call(tmp_path / "b.txt", "--canaries", tmp_path / "secrets")
    assert code == 1 and "canary" in told and "eron" not in told

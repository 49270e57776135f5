"""The last gate: every kind of file, every kind of leak, and none where there is none.

Plates, names and numbers are made when the tests run, so that none stands in the repository.
"""

import base64
import gzip
import io
import itertools
import json
import struct
import subprocess
import sys
import time
import tomllib
import zipfile
import zlib

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pypdf
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf.annotations import FreeText, Link

from helpers import paths
from helpers.errors import DataError, RunError
from helpers.leaks import Finder, find_label, mask
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
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        *chunks,
        (b"IDAT", zlib.compress(b"\0\0")),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body + tail


def build_jpeg(*segments: tuple[int, bytes], tail: bytes = b"") -> bytes:
    """Build the frame of a JPEG with segments of text."""
    body = b"".join(
        b"\xff" + bytes([mark]) + struct.pack(">H", len(data) + 2) + data for mark, data in segments
    )
    return b"\xff\xd8" + body + b"\xff\xda\x00\x02\x00\xff\xd9" + tail


def build_pdf(
    text: str = "", about: str = "", note: str = "", link: str = "", attached: bytes = b""
) -> bytes:
    """Build a PDF of one page."""
    stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    made += (
        b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(made)
    )
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(made))
    if about:
        writer.add_metadata({"/Subject": about})
    if note:
        writer.add_annotation(0, FreeText(text=note, rect=(50, 50, 200, 100)))
    if link:
        writer.add_annotation(0, Link(rect=(50, 50, 200, 100), url=link))
    if attached:
        writer.add_attachment("notes.txt", attached)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def build_xlsx(
    text: str = "harmless", *, title: str = "sheet", comment: str = "", about: str = "", inline: bool = False
) -> bytes:
    """Build a workbook with a text in a cell, and elsewhere."""
    out = io.BytesIO()
    # without the shared table, texts stand in the cells themselves
    with xlsxwriter.Workbook(out, {"constant_memory": inline} if inline else {"in_memory": True}) as book:
        page = book.add_worksheet(title)
        page.write_row(0, 0, ["agency", "note"])
        page.write_row(1, 0, ["Exampletown PD", text])
        if comment:
            page.write_comment(1, 0, comment)
        book.set_properties({"subject": about, "created": pd.Timestamp(2000, 1, 1)})
    return out.getvalue()


def build_rich_xlsx(one: str, two: str) -> bytes:
    """Build a workbook with a cell of two runs of text in two fonts."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet().write_rich_string(0, 0, "seen ", book.add_format({"bold": True}), one, two)
    return out.getvalue()


def build_parquet(**columns) -> bytes:
    """Build a Parquet file; `about` is its metadata."""
    about = columns.pop("about", None)
    table = pa.table(columns)
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"note": about}) if about else table, out)
    return out.getvalue()


def build_notebook(
    source: str = "1 + 1",
    *,
    outputs: list | None = None,
    metadata: dict | None = None,
    book: dict | None = None,
) -> bytes:
    """Build a notebook of one cell."""
    cell = {
        "id": "4c97a4c1",
        "cell_type": "code",
        "metadata": metadata or {},
        "source": [source],
        "execution_count": 1,
    }
    cell["outputs"] = outputs or []
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": book or {}, "cells": [cell]}).encode()


def show(**data) -> list[dict]:
    """Build an output of a cell; kinds with two underscores for the slash."""
    return [
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {k.replace("__", "/").replace("_xml", "+xml"): v for k, v in data.items()},
        }
    ]


def zip_files(**files: bytes) -> bytes:
    """Build a ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_", "."), data)
    return out.getvalue()


def spread(value: str) -> dict[str, bytes]:
    """Build one file for every place of every kind of file, each with the value in it once."""
    raw, half = value.encode(), len(value) // 2
    entities = "".join(f"&#{ord(sign)};" for sign in value)
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign.isalnum() else sign for sign in value)
    one, two = value[:half], value[half:]
    trace = [f"\x1b[31m{one}\x1b[0m{two}"]
    inventory = b"# Sphinx inventory version 2\n# Project: x\n# Version: 1\n# packed\n"
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'
    png = build_png((b"tEXt", b"Comment\0" + raw))
    in_page = f'<img src="data:image/png;base64,{base64.b64encode(png).decode()}">'
    return {
        "text.txt": b"first line\nseen " + raw + b" here\n",
        "text.md": b"# Title\n\n*seen* " + raw + b"\n",
        "bold.md": f"seen **a** <b>{value[:half]}</b>{value[half:]}".encode(),
        "run.log": b"2024-05-31 14:00:00 INFO read " + raw + b"\n",
        "wide.txt": f"seen {wide} here".encode(),
        "hidden.txt": f"seen {value[:half]}\u200b{value[half:]} here".encode(),
        "utf16.txt": f"seen {value} here".encode("utf-16"),
        "utf16-bare.txt": f"seen {value} here, and more words".encode("utf-16-le"),
        "cp1252.txt": f"caf\u00e9 {value} here".encode("cp1252"),
        "table.csv": b"agency,note\nExampletown PD,seen " + raw + b"\n",
        "quoted.csv": b'agency,note\nX,"one\ntwo, ' + raw + b'"\n',
        "table.tsv": b"agency\tnote\nX\t" + raw + b"\n",
        "semicolon.csv": b"agency;note\nX;" + raw + b"\n",
        "data.json": json.dumps({"a": [{"b": f"seen {value}"}]}).encode(),
        "key.json": json.dumps({value: 1}).encode(),
        "escaped.json": ('{"a": "' + "".join(f"\\u{ord(sign):04x}" for sign in value) + '"}').encode(),
        "rows.jsonl": b'{"a": 1}\n{"a": "' + raw + b'"}\n',
        "page.html": b"<html><body><p>seen " + raw + b"</p></body></html>",
        "split.html": f"<p>seen <span class='mi'>{one}</span><span>{two}</span></p>".encode(),
        "entities.html": f"<p>{entities}</p>".encode(),
        "comment.html": b"<p>x</p><!-- " + raw + b" -->",
        "attribute.html": b'<img alt="seen ' + raw + b'" src="a.png">',
        "data.html": b"<div data-row='" + raw + b"'></div>",
        "meta.html": b'<meta name="description" content="' + raw + b'">',
        "link.html": b'<a href="https://city.test/search?plate=' + raw + b'&x=1">x</a>',
        "script.html": b'<script>var rows = ["' + raw + b'"];</script>',
        "open.html": b"<p>seen " + raw,
        "picture.html": in_page.encode(),
        "drawing.html": f'<img src="data:image/svg+xml,%3Csvg%3E%3Cdesc%3E{value}%3C/desc%3E">'.encode(),
        "search.js": b'Search.setIndex({"terms":{"' + raw + b'":1}})',
        "text.svg": svg.format(f"<text>seen {value}</text>").encode(),
        "spans.svg": svg.format(f"<text><tspan>{one}</tspan><tspan>{two}</tspan></text>").encode(),
        "title.svg": svg.format(f"<title>{value}</title>").encode(),
        "metadata.svg": svg.format(f"<metadata><rdf><title>{value}</title></rdf></metadata>").encode(),
        "comment.svg": svg.format(f"<!-- {value} --><path d='M0 0L9 9'/>").encode(),
        "label.svg": svg.format(f'<g aria-label="{value}"/>').encode(),
        "cdata.svg": svg.format(f"<desc><![CDATA[{value}]]></desc>").encode(),
        "text.png": png,
        "packed.png": build_png((b"zTXt", b"Comment\0\0" + zlib.compress(raw))),
        "unicode.png": build_png((b"iTXt", b"Comment\0\0\0en\0\0" + raw)),
        "unicode-packed.png": build_png((b"iTXt", b"Comment\0\1\0en\0\0" + zlib.compress(raw))),
        "exif.png": build_png((b"eXIf", b"MM\0*\0\0\0\x08" + raw + b"\0")),
        "tail.png": build_png(tail=b"\n" + raw),
        "comment.jpg": build_jpeg((0xFE, raw)),
        "exif.jpg": build_jpeg((0xE1, b"Exif\0\0" + raw + b"\0")),
        "exif-wide.jpg": build_jpeg((0xE1, b"Exif\0\0" + f" {value} ".encode("utf-16-le"))),
        "tail.jpg": build_jpeg(tail=b"\n" + raw),
        "text.pdf": build_pdf(f"seen {value} here"),
        "about.pdf": build_pdf(about=value),
        "note.pdf": build_pdf(note=value),
        "link.pdf": build_pdf(link=f"https://city.test/?plate={value}"),
        "attached.pdf": build_pdf(attached=b"seen " + raw),
        "shared.xlsx": build_xlsx(f"seen {value}"),
        "inline.xlsx": build_xlsx(f"seen {value}", inline=True),
        "rich.xlsx": build_rich_xlsx(value[:half], value[half:]),
        "title.xlsx": build_xlsx(title=value),
        "comment.xlsx": build_xlsx(comment=f"seen {value}"),
        "about.xlsx": build_xlsx(about=value),
        "text.parquet": build_parquet(agency=["X", "Y"], note=["", f"seen {value}"]),
        "dictionary.parquet": build_parquet(note=pa.array(["a", value]).dictionary_encode()),
        "list.parquet": build_parquet(note=[["a", value], []]),
        "bytes.parquet": build_parquet(note=[b"a", raw]),
        "about.parquet": build_parquet(n=[1], about=value),
        "name.parquet": build_parquet(**{value: [1]}),
        "source.ipynb": build_notebook(f"x = '{value}'"),
        "stream.ipynb": build_notebook(outputs=[{"output_type": "stream", "name": "stdout",
        "text": ["seen ", value]}]),
        "plain.ipynb": build_notebook(outputs=show(text__plain=f"seen {value}")),
        "html.ipynb": build_notebook(outputs=show(text__html=[f"<td>{one}<b>{two}</b></td>"])),
        "svg.ipynb": build_notebook(outputs=show(image__svg_xml=svg.format(f"<text>{value}</text>"))),
        "png.ipynb": build_notebook(outputs=show(image__png=base64.b64encode(png).decode())),
        "json.ipynb": build_notebook(outputs=show(application__json={"a": [value]})),
        "error.ipynb": build_notebook(
            outputs=[{"output_type": "error", "ename": "E", "evalue": "", "traceback": trace}]
        ),
        "cell.ipynb": build_notebook(metadata={"note": value}),
        "book.ipynb": build_notebook(book={"title": value}),
        "packed.csv.gz": gzip.compress(b"agency,note\nX," + raw + b"\n"),
        "files.zip": zip_files(inner_csv=b"a,b\nX," + raw + b"\n"),
        "twice.zip": zip_files(inner_zip=zip_files(page_html=b"<p>" + raw)),
        "pdf.zip": zip_files(inner_pdf=build_pdf(value)),
        "objects.inv": inventory + zlib.compress(b"seen " + raw + b" x\n"),
    }  # fmt: skip


HOLDERS = spread(CALIFORNIA)
# Each of these is looked into by a process of its own: two of them are enough for the other states' plates.
IN_CHILD = [name for name in HOLDERS if name.endswith((".pdf", ".parquet", "pdf.zip"))]
HELD = {
    value: [
        name
        for name in HOLDERS
        if value == CALIFORNIA or name not in IN_CHILD or name in ("text.pdf", "text.parquet")
    ]
    for value in SEEDED
}


@pytest.fixture(scope="module")
def spread_out(tmp_path_factory):
    """One folder for each seeded value, with every kind of file; scanned once without canaries."""
    found = {}
    for number, value in enumerate(SEEDED):
        folder = tmp_path_factory.mktemp(f"seeded-{number}")
        for name, data in spread(value).items():
            if name in HELD[value]:
                (folder / name).write_bytes(data)
        found[value] = (folder, scan_path(folder))
    return found


@pytest.mark.parametrize(("value", "name"), [(value, name) for value in SEEDED for name in HELD[value]])
def test_every_place_of_every_file_is_looked_into(spread_out, value, name):
    """A plate of four states' forms is found in each kind of file without being named, and never shown."""
    leaks = [leak for leak in spread_out[value][1] if leak.file == name]
    assert [leak.kind for leak in leaks] == ["plate"], leaks
    assert value not in repr(leaks) and leaks[0].shown == value[0] + "•" * (len(value) - 1)


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
    glued, spaced, hyphened = (make_plate(form, gap) for gap in ("", " ", "-"))
    ways = {glued, hyphened} | ({spaced} if FORMS[form] == "anywhere" else set())
    if FORMS[form] == "hyphen":
        ways = {hyphened}
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


def test_each_row_of_the_list_says_what_it_is_for():
    """Meaning and examples for every pattern, a reason for every exception, no exception for canaries."""
    for row in LEAKS["pattern"] + LEAKS["label"]:
        assert row["meaning"] and row["examples"]
    for row in LEAKS["plate"]:
        assert row["meaning"] and row["states"] and row["where"] in ("anywhere", "joined", "hyphen", "alone")
    for row in LEAKS["allow"]:
        assert len(row["reason"]) > 20 and "canary" not in row.get("kinds", [])


@pytest.mark.parametrize(
    "text",
    [
        # named in the issue: privacy assessments, contracts, solicitations, dates, ids
        "PIA-039", "DHS/ICE/PIA-039(a)", "ICE PIA-039A of 2021", "contract 70CDCR18P00000017",
        "HSCECR-14-Q-00006",
        "solicitation 70CMSD19Q00000007", "2019-03-13", "01-01-18 To 12-01-18", "2025-11-13T22:00Z",
        "June 5, 2019",
        "log-2018-02-08-1", "tulare-pd-ca", "govtech-2019-03", "PDF p. 1822 ff.", "pages 1832-1833",
        "5,000,000,000",
        # for programs
        "#1ABC23", "color: #A1B2C3;", "009E73 and D55E00", "SHA-256", "UTF-8, CP1252", "ISO 8601",
        "RFC 4180", "CVE-2024-12345",
        "CWE-1236", "# noqa: PLR0913", "1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d", "4c97a4c", "M10 20L30 40Z",
        "0x1ABC23",
        "path/1ABC/table.csv", "figure-2.png", "v3.11.0", "1.5e-10", "30M CPU", "127 MB", "300 DPI", "H.264",
        "A4",
        # law and places
        "SB 34", "8 U.S.C. 1357", "8 USC 1373", "Civ. Code 1798.90", "18-cv-02919", "No. 3:18-cv-04105-LB",
        "CA 94103", "CA-94103",
        "ICE 2019", "EFF 2025", "FY 2018", "MAR 2019", "2018-ICFO-35123", "CBSA 35620", "Pub. L. 107-296",
        "I-94",
        # agencies and ranks
        "Los Angeles County CA SD", "Sergeant Bluff IA PD", "Deputy Secretary of Homeland Security",
        "officer safety",
        "Officer Involved Shooting Unit", "two CBP officers", "Police Officer Standards and Training",
        "one ICE officer",
        "Detective Bureau", "Chief Privacy Officer", "Special Agent in Charge", "Report By: [name removed]",
        "reported by ICE",
        # counts and shares
        "plates: 12", "plates 1,234,567", "plate reader", "each plate is 1 row", "case studies 2018",
        "in case 3 of them",
        "report 2019", "badge of honor", "user: bool = False", "https://user:pass@host/db", "call 911",
        "1-800", "2019-2020",
        # mail that is none
        "@media print", "user@localhost", "jane@example.com", "git@github.com:eyes-off/x.git", "a@b",
    ],
)  # fmt: skip
def test_what_looks_like_a_leak_and_is_none(text):
    """Nothing is found, as a text, as a cell, in a sentence and as JSON."""
    for way in (text, f"See {text}, and more.", f"x,{text},y", f'{{"k": "{text}"}}', f"- {text}\n- {text}"):
        assert find_kinds(way) == [], way
    assert find_kinds(f"x,{text},y", cells=True) == []


@settings(max_examples=200)
@given(
    st.one_of(
        st.binary(min_size=20, max_size=20).map(bytes.hex),
        st.uuids().map(str),
        st.datetimes().map(str),
        st.dates().map(str),
        st.integers(0).map(str),
        st.floats().map(str),
        st.integers(0, 10**9).map("{:,}".format),
    )
)
def test_checksums_dates_and_numbers_are_no_leaks(text):
    """sha1, uuids, dates and numbers of any size."""
    assert find_kinds(f"a {text} b") == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from("MLCQHVZmlcqhvz"),
            st.lists(st.floats(-999, 999, allow_nan=False).map("{:.3f}".format), max_size=4),
        ),
        max_size=30,
    )
)
def test_drawing_instructions_are_no_leaks(steps):
    """The path data of an SVG."""
    path = "".join(sign + " ".join(numbers) for sign, numbers in steps)
    from sidedoor.publish.scan.files import read_bytes

    for piece in read_bytes(
        f'<svg><path id="DejaVuSans-31" d="{path}"/><use href="#m7QWK438"/></svg>'.encode(), "a.svg"
    ):
        assert not Finder().find(piece.text)


def test_a_vin_needs_its_check_digit():
    """The ninth sign of 1M8GDM9AXKP042788 is X by the weights of the rule; with 1 it is no VIN."""
    assert find_kinds("VIN 1M8GDM9AXKP042788") == ["vin"]
    assert find_kinds("1M8GDM9A1KP042788") == []


@pytest.mark.parametrize("folder", ["data", "notebooks", "README.md"])
def test_this_repository_is_clean(folder):
    """Nothing in the facts, the registry, the notebooks and the front page looks like a leak."""
    path = paths.ROOT / folder
    if not path.exists():
        pytest.skip("not written yet")
    assert scan_path(path) == []


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
    frame.to_excel(tmp_path / "t.xlsx", index=False, engine="xlsxwriter")
    frame.to_html(tmp_path / "t.html")
    frame.to_json(tmp_path / "t.json", orient="records")
    leaks = scan_path(tmp_path)
    for name in ("t.csv", "t.parquet", "t.xlsx", "t.html", "t.json"):
        assert sorted((leak.kind, leak.shown[0]) for leak in leaks if leak.file == name) == [
            ("officer", "A"),
            ("plate", "G"),
        ], name
    assert officer not in repr(leaks) and plate not in repr(leaks)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("text.txt", "line 2"), ("table.csv", "line 2, column 2"), ("data.json", "a[0].b"), ("page.html",
        "line 1"),
        ("attribute.html", "line 1, attribute alt"), ("text.png", "chunk tEXt"), ("text.pdf", "page 1"),
        ("shared.xlsx", "sheet1, cell B2"), ("text.parquet", "column note, row 2"), ("source.ipynb",
        "cell 1, source, line 1"),
        ("stream.ipynb", "cell 1, output 1, line 1"), ("html.ipynb", "cell 1, output 1, text/html, line 1"),
        ("packed.csv.gz", "unpacked, line 2, column 2"), ("files.zip", "inner.csv, line 2, column 2"),
    ],
)  # fmt: skip
def test_the_place_is_named(spread_out, name, place):
    """Line, cell, page or chunk: where a person has to look."""
    leaks = spread_out[CALIFORNIA][1]
    assert [leak.place for leak in leaks if leak.file == name] == [place]


def test_names_of_files_and_places_leak_nothing(tmp_path):
    """A plate in the name of a file or a key is found and masked there, too."""
    (tmp_path / f"{CALIFORNIA}.txt").write_text("harmless")
    (tmp_path / "a.json").write_text(json.dumps({CALIFORNIA: {"x": TEXAS}}))
    leaks = scan_path(tmp_path)
    assert [leak.kind for leak in leaks] == ["plate"] * 3
    assert CALIFORNIA not in repr(leaks) and TEXAS not in repr(leaks)


def test_a_value_is_told_once_for_each_file(tmp_path):
    """A thousand times the same plate is one leak, with its first place; a thousand plates are a thousand."""
    (tmp_path / "a.txt").write_text("\n".join([f"x {CALIFORNIA}"] * 1000))
    assert scan_path(tmp_path) == [Leak("a.txt", "line 1", "plate", mask(CALIFORNIA))]
    (tmp_path / "a.txt").write_text("\n".join(f"x {8}{'QWK'}{number}" for number in range(100, 1000)) * 2)
    assert len(scan_path(tmp_path)) == 900


def test_the_gate_names_files_and_shows_nothing(tmp_path):
    """check_publication is silent on a clean folder and raises on any other, naming file, kind and place."""
    (tmp_path / "index.html").write_text("<p>All is well: 80 agencies.</p>")
    assert check_publication(tmp_path) is None
    (tmp_path / "page.html").write_text(f"<p>\n{CALIFORNIA}</p>")
    with pytest.raises(RunError) as caught:
        check_publication(tmp_path)
    assert "page.html, line 2: plate 7••••••" in str(caught.value)
    assert (
        CALIFORNIA not in str(caught.value) and "index.html" not in str(caught.value) and caught.value.way_out
    )


def test_canaries_at_the_gate(tmp_path):
    """A canary stops a publication even where it looks like nothing."""
    (tmp_path / "a.css").write_text("/* drawn for  b l u e-heron */")
    check_publication(tmp_path)
    with pytest.raises(RunError, match="canary"):
        check_publication(tmp_path, ["Blue Heron"])


@pytest.mark.parametrize("canary", ["", "abc", " a - b ", "..."])
def test_short_canaries_are_refused(tmp_path, canary):
    """Fewer than four signs occur everywhere."""
    with pytest.raises(DataError, match="canary"):
        scan_path(tmp_path, [canary])


def test_exceptions_let_no_canary_pass(tmp_path):
    """An award number is no leak, unless it is a canary."""
    (tmp_path / "a.txt").write_text("70CDCR18P00000017, jane@example.com")
    assert scan_path(tmp_path) == []
    assert [leak.kind for leak in scan_path(tmp_path, ["70CDCR18P00000017", "jane@example.com"])] == [
        "canary",
        "canary",
    ]


def test_the_exception_for_the_list_itself_is_for_that_file_only(tmp_path):
    """A copy of the list elsewhere is full of examples."""
    (tmp_path / "leaks.toml").write_bytes((paths.DATA / "registry" / "leaks.toml").read_bytes())
    assert len(scan_path(tmp_path)) > 10


def build_bomb() -> bytes:
    """Build a ZIP whose one part says that it unpacks to a terabyte."""
    data = bytearray(zip_files(a_txt=b"x" * 1000))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 0xFFFFFFF0)
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("locked.pdf", None),
        ("broken.pdf", b"%PDF-1.7\n1 0 obj << /Type /Catalog >> nonsense"),
        ("broken.parquet", b"PAR1" + bytes(range(200)) + b"PAR1"),
        ("broken.zip", b"PK\x03\x04" + b"x" * 200),
        ("bomb.zip", build_bomb()),
        ("bomb.gz", gzip.compress(b"\x00" * (1 << 20)) [:-20]),
        ("deep.zip", b""),
        ("base.sqlite", b"SQLite format 3\x00" + bytes(range(256)) * 9),
        ("frame.pkl", b"\x80\x05\x95" + bytes(range(256)) * 9),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_into_is_a_leak(tmp_path, name, data):
    """Damaged, locked, unknown or without end: what nobody has seen is not published; it takes seconds."""
    if name == "locked.pdf":
        writer, out = pypdf.PdfWriter(clone_from=io.BytesIO(build_pdf("x"))), io.BytesIO()
        writer.encrypt("secret", algorithm="RC4-128")
        writer.write(out)
        data = out.getvalue()
    if name == "deep.zip":
        data = b"x"
        for _ in range(9):
            data = zip_files(a_zip=data)
    (tmp_path / name).write_bytes(data)
    started = time.perf_counter()
    leaks = scan_path(tmp_path)
    assert [(leak.file, leak.kind) for leak in leaks] == [(name, UNREADABLE)] and leaks[0].shown
    assert time.perf_counter() - started < 20
    with pytest.raises(RunError, match=UNREADABLE):
        check_publication(tmp_path)


def test_a_compressed_bomb_is_refused(tmp_path, monkeypatch):
    """What unpacks beyond the limit is not unpacked further."""
    monkeypatch.setattr("sidedoor.publish.scan.files.UNPACKED_CAP", 1 << 20)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b" " * (4 << 20)))
    assert [leak.kind for leak in scan_path(tmp_path)] == [UNREADABLE]


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
    """Texts made to make patterns search again and again: within seconds, and without a crash."""
    (tmp_path / name).write_bytes(data)
    started = time.perf_counter()
    scan_path(tmp_path, ["some canary"])
    assert time.perf_counter() - started < 10


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from(
        [
            b"",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"PK\x03\x04",
            b"\x1f\x8b\x08",
            b"<svg",
            b"{",
            b"\xff\xfe",
            b"GIF89a",
            b"# Sphinx inventory",
        ]
    ),
    st.sampled_from(["a.html", "a.csv", "a.json", "a.ipynb", "a", "a.md"]),
)
def test_any_bytes_are_scanned_or_refused(data, start, name):
    """No content raises anything; the answer is a list of leaks."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(start + data)
        assert all(isinstance(leak, Leak) for leak in scan_path(folder, ["some canary"]))


def test_long_texts_are_cut_and_keep_their_lines_and_columns(tmp_path, monkeypatch):
    """Beyond 16 million signs a text is looked through in parts; here the parts are made small."""
    monkeypatch.setattr("sidedoor.publish.scan.files.PART_CHARS", 1_000)
    secret = "GO" + "TEAM"
    rows = ["plate,note", *(f",row {number}" for number in range(500)), f"{secret},x", f",seen {TEXAS}"]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    assert {(leak.place, leak.shown[0]) for leak in scan_path(tmp_path)} == {
        ("line 502", "G"),
        ("line 503, column 2", TEXAS[0]),
    }


def test_passed_over_folders(tmp_path):
    """Folders of git, caches and environments are not what is published."""
    for folder in (".git", "__pycache__", "env"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(CALIFORNIA)
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert scan_path(tmp_path) == []


def test_no_such_path(tmp_path):
    """A path that is not there is an error, not a clean bill."""
    with pytest.raises(DataError):
        scan_path(tmp_path / "nothing")


def test_a_site_of_ten_megabytes_takes_seconds(tmp_path):
    """Pages with tables, drawings, an index of words (measured: 2 to 3 s on one core; asserted: 20)."""
    cells = ("Exampletown Police Department", "1,024,915", "0.123456", "2019-03-13")
    row = "<tr><th>12</th>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"
    page = (
        "<!doctype html><html><body><h1>Sharing</h1><p>Over 80 agencies share with ICE.</p><table>"
        + row * 7000
        + "</table></body></html>"
    )
    for number in range(6):
        (tmp_path / f"page-{number}.html").write_text(page)
    path = "M 10.5 20.25 L 30.125 40.5 " * 20_000
    (tmp_path / "a.svg").write_text(f'<svg><path d="{path}"/><text>Agencies</text></svg>')
    (tmp_path / "searchindex.js").write_text(
        'Search.setIndex({"terms":{' + ",".join(f'"word{n}":[{n}]' for n in range(60_000)) + "}})"
    )
    (tmp_path / "font.woff2").write_bytes(b"wOF2" + bytes(2_000_000))
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    started = time.perf_counter()
    assert scan_path(tmp_path, ["some canary"]) == []
    assert size > 8_000_000 and time.perf_counter() - started < 20


def test_the_command(tmp_path):
    """`sidedoor scan PATH` prints one masked line for each leak and ends with 1; with 0 if there is none."""
    (tmp_path / "a.txt").write_text(f"x {CALIFORNIA}\n")
    (tmp_path / "secrets").write_text("blue heron\n\n")

    def call(*arguments):
        command = [sys.executable, "-m", "sidedoor.cli", "scan", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    done = call(tmp_path / "a.txt")
    assert done.returncode == 1 and "a.txt, line 1: plate 7••••••" in done.stdout
    assert CALIFORNIA not in done.stdout + done.stderr
    (tmp_path / "a.txt").write_text("a Blue-Heron")
    assert call(tmp_path / "a.txt").returncode == 0
    done = call(tmp_path / "a.txt", "--canaries", tmp_path / "secrets")
    assert done.returncode == 1 and "canary" in done.stdout and "eron" not in done.stdout
    assert call(tmp_path / "nothing").returncode != 0

"""Scans: OCR runs only if asked, in a process that can be ended, and what it read is marked."""

import stat
import sys

import pytest

from helpers.errors import IngestError
from made.pdf import write_pdf
from made.reports import NAMES, build_2020
from made.tables import list_names
from sidedoor.ingest import ocr
from sidedoor.ingest.files import examine_file, ingest_file
from sidedoor.ingest.learn_sharing import find_near_names
from sidedoor.ingest.source import ReadOptions

ASKED = ReadOptions(ocr=True)


@pytest.fixture
def scan(write_scan):
    """A PDF of one page that is a picture."""
    return write_scan()


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a program in the place of ocrmypdf; its last two arguments are the scan and its own PDF."""

    def put(body: str):
        program = tmp_path / "ocrmypdf"
        program.write_text(
            f"#!{sys.executable}\nimport os, shutil, sys, time\nscan, out = sys.argv[-2:]\n{body}\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(ocr.shutil, "which", lambda name: str(program))

    return put


@pytest.fixture
def read_pdf(tmp_path):
    """What a good OCR makes of a scan of a sharing report."""
    layout = build_2020()
    return write_pdf(tmp_path / "as-read.pdf", layout.finish(), layout.size)


def test_names_that_ocr_read_are_marked(tmp_path, scan, install, read_pdf, monkeypatch):
    """The file stays the scan, each name says that OCR read it; the program gets no environment."""
    monkeypatch.setenv("SECRET", "x")
    install(
        "assert 'SECRET' not in os.environ; sys.stderr.write('    1 [tesseract]\\n')\n"
        f"shutil.copy({str(read_pdf)!r}, out)"
    )
    reading = ingest_file(scan, tmp_path / "out", ASKED)
    sharing = reading.tables["sharing"]
    assert set(sharing["doubt"]) == {"ocr"} and list_names(reading) == NAMES * 5
    assert "ocr" in reading.report.list_codes() and reading.report.file == "scan.pdf"
    assert not list(tmp_path.glob("out/**/read.pdf"))


def test_ocr_is_not_run_unasked_or_on_text(tmp_path, scan, install, read_pdf, monkeypatch):
    """Without the option the way out names it, without the program too; a text layer is read as it is."""
    ran = tmp_path / "ran"
    install(f"open({str(ran)!r}, 'w'); sys.exit(1)")
    with pytest.raises(IngestError) as error:
        examine_file(scan)
    assert error.value.code == "pictures" and "--ocr" in error.value.way_out
    assert examine_file(read_pdf, ASKED).tables["sharing"]["doubt"].isna().all()
    assert not ran.exists()
    monkeypatch.setattr(ocr.shutil, "which", lambda name: None)
    with pytest.raises(IngestError) as error:
        examine_file(scan, ASKED)
    assert error.value.code == "no-ocr"


@pytest.mark.parametrize(
    ("body", "limit", "code"),
    [
        ("sys.exit(3)", {}, "ocr-failed"),
        ("sys.exit(0)", {}, "ocr-failed"),
        ("open(out, 'wb').write(bytes(8 << 20))", {"OUTPUT_BYTES": 1 << 20}, "ocr-failed"),
        ("time.sleep(600)", {"SECONDS": 1, "PAGE_SECONDS": 0}, "ocr-late"),
    ],
)
def test_ocr_that_fails_or_does_not_end(scan, install, monkeypatch, body, limit, code):
    """It is ended in time, with its children, writes no more than a limit; without a PDF nothing is read."""
    for name, value in limit.items():
        monkeypatch.setattr(ocr, name, value)
    install(body)
    with pytest.raises(IngestError) as error:
        examine_file(scan, ASKED)
    assert error.value.code == code


def test_near_names_are_suspected():
    """A letter or two from a name known from elsewhere is a slip; another number, state or case is none."""
    lists = {
        "Beaumont Potice Department": {"a"}, "Beaumont Police Department": {"b"},
        "21st Judicial District": {"a"}, "31st Judicial District": {"b"},
        "Exampleton Police Department (TX)": {"a"}, "Exampleton Police Department (CA)": {"b"},
        "SAMPLE COUNTY SO": {"a"}, "Sample County SO": {"b"},
    }  # fmt: skip
    near = find_near_names(lists)
    assert near["Beaumont Potice Department"] == "Beaumont Police Department"
    assert not {"21st Judicial District", "SAMPLE COUNTY SO", "Exampleton Police Department (TX)"} & set(near)

"""Lets `ocrmypdf` read a scan, where it is installed: in a process of its own, with a limit of time that fits
the pages.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from helpers.errors import IngestError
from sidedoor.ingest.pdf import PICTURES, UNREADABLE_FONTS, read_pages
from sidedoor.ingest.report import Report
from sidedoor.ingest.source import Source

PROGRAM = "ocrmypdf"
SECONDS, PAGE_SECONDS = 60, 45
OUTPUT_BYTES, MEMORY_BYTES = 2 << 30, 4 << 30
_INSTALL = (
    "Install it (apt install ocrmypdf, brew install ocrmypdf, or see ocrmypdf.readthedocs.io), and try again "
    "with --ocr; or run it elsewhere and give its PDF."
)
# The child limits itself before it becomes the program; arguments are a list, and no shell sees them.
_LIMITED = """
import os, resource, sys
for name, value in (("RLIMIT_FSIZE", {size}), ("RLIMIT_AS", {memory}), ("RLIMIT_CORE", 0)):
    try:
        resource.setrlimit(getattr(resource, name), (value, value))
    except (ValueError, OSError):
        pass
os.execv(sys.argv[1], sys.argv[1:])
"""


def read_scan(source: Source) -> bool:
    """Give a PDF without legible text a layer of text by OCR; the source then reads that file.

    Parameters
    ----------
    source
        A PDF, with a folder to work in (`work`). Its name, checksum and size stay those of the file as it
        came.

    Returns
    -------
    Whether OCR was needed: a PDF whose text can be read is left alone.

    Raises
    ------
    IngestError
        `ocrmypdf` is not installed, took too long, or failed.
    """
    try:
        read_pages(source)
        return False
    except IngestError as error:
        if error.code not in (PICTURES, UNREADABLE_FONTS):
            raise
        mode = "--skip-text" if error.code == PICTURES else "--force-ocr"
    program = shutil.which(PROGRAM)
    if program is None:
        found = f"a scan, which only {PROGRAM} could read, and it is not installed"
        raise IngestError(source.name, found, _INSTALL, code="no-ocr")
    out = Path(tempfile.mkdtemp(prefix="ocr-", dir=source.work)) / "read.pdf"
    run_program(program, [mode, str(source.path.resolve()), str(out)], source)
    source.path = out
    source.cache = {key: value for key, value in source.cache.items() if key == "pages_n"} | {"ocr": True}
    return True


def run_program(program: str, arguments: list[str], source: Source) -> None:
    """Run the OCR, follow its pages, and end it with all its children if it takes too long."""
    pages_n = source.cache.get("pages_n", 1)
    options = ["--output-type", "pdf", "--optimize", "0", "--jobs", str(min(4, os.cpu_count() or 1))]
    options += ["--tesseract-timeout", str(PAGE_SECONDS), "--language", "eng", "--verbose", "1"]
    limited = _LIMITED.format(size=OUTPUT_BYTES, memory=MEMORY_BYTES)
    command = [sys.executable, "-I", "-c", limited, program, *options, *arguments]
    kept = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
    kept["TMPDIR"] = str(Path(arguments[-1]).parent)
    out = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    child = subprocess.Popen(command, **out, env=kept, text=True, errors="replace", start_new_session=True)
    seconds = SECONDS + PAGE_SECONDS * pages_n
    is_late = threading.Event()
    timer = threading.Timer(seconds, lambda: (is_late.set(), _end_group(child)))
    timer.start()
    seen: set[str] = set()
    try:
        for line in child.stderr:  # what it says is not shown: it may repeat what stands in the file
            if (found := re.match(r"\s*(\d{1,5}) ", line)) and found[1] not in seen:
                seen.add(found[1])
                if source.follow:
                    source.follow(min(len(seen), pages_n), pages_n)
        code = child.wait()
    finally:
        timer.cancel()
        _end_group(child)
    if is_late.is_set():
        found = f"{PROGRAM} took longer than {seconds:,} s for {pages_n:,} pages"
        raise IngestError(source.name, found, "Split the PDF by pages and read the parts.", code="ocr-late")
    if code or not Path(arguments[-1]).is_file():
        found = f"{PROGRAM} could not read it (exit code {code})"
        way_out = f"Run it yourself to see why: {PROGRAM} {arguments[0]} IN.pdf OUT.pdf, and give OUT.pdf."
        raise IngestError(source.name, found, way_out, code="ocr-failed")


def _end_group(child: subprocess.Popen) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError, AttributeError):
        child.kill()
    child.wait()


def mark_tables(tables: dict, report: Report) -> None:
    """Mark every name of a list as read by OCR, and say in the report what that means."""
    if "sharing" in tables:
        tables["sharing"]["doubt"] = "ocr"
    report.details["read_by"] = "ocr"
    said = "Its pages are pictures, read by OCR: names, figures and marks can be wrong or missing."
    report.warn("ocr", f"{said} Compare every page with the picture before anything of it is printed.")

"""The worked example, whole: files of an invented town through every reader and notebook to a site."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

from helpers import paths
from made.example import HEADER
from sidedoor.run.draft import find_needs
from sidedoor.run.editions import RECORDS, load_edition
from sidedoor.run.notebooks import list_notebooks, load_notebook

NAME, COPY = "worked-example", "canary-town"
# What no result may show: who was looked for, by whom, in which case, and why (words that rules find).
CANARIES = ("7ZZZ777", "Quillfeather", "CN-55-7788", "zanzibar", "kumquatery", "vexillum")
REASONS = (
    "ICE detainer for zanzibar",
    "immigration kumquatery",
    "abortion vexillum",
    "protest zanzibar",
    "stolen vehicle kumquatery",
)
# Names of agencies that mean something to a browser, a spreadsheet, a page or an engine.
AGENCIES = (
    "<img src=x onerror=alert(1)> YY PD",
    "</svg><script>alert(2)</script> ZZ PD",
    "[a](javascript:alert(3)) ZZ PD",
    "![t](http://pixel.example/t.png) ZZ SO",
    '=HYPERLINK("http://pixel.example","a") ZZ PD',
    "Cash $x_1$ $ ZZ PD",
    "Quote' OR 1=1; -- ZZ PD",
    "Bell\x07 YY PD",
    "Exampleton ZZ PD",
)
RECORD = """[[record]]
file = "simulated-canary-audit.csv"
source_id = "simulated-canary-audit"
reported_by = "Exampleton ZZ PD"

"""


def write_poisoned(path):
    """Write a log with canaries in every private column and hostile names; half of it by the town itself."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for n in range(600):
            time = f"{1 + n % 12:02d}/{1 + n % 28:02d}/2025, {1 + n % 11:02d}:{n % 60:02d}:07 PM UTC"
            agency = AGENCIES[n % len(AGENCIES)] if n % 2 else AGENCIES[-1]
            row = [f"{n:08x}-0000-4000-8000-000000000000", f"Ofc. {CANARIES[1]}", agency, 5823]
            row += [f"{time}\n{time}", CANARIES[0], REASONS[n % 7 % len(REASONS)], CANARIES[2]]
            row += [f'{{"note": "{CANARIES[3]}"}}', time, "freeform", f"the car of {CANARIES[1]}", ""]
            writer.writerow(row)


def list_found(text):
    return [canary for canary in CANARIES if canary.lower() in text.lower()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The results and the site of the edition and one poisoned record, by the two commands of the README."""
    runs, home = tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("home")
    shutil.copytree(paths.EDITIONS / NAME, home / NAME)
    write_poisoned(home / "simulated-canary-audit.csv")
    edition = (paths.EDITIONS / f"{NAME}.toml").read_text(encoding="utf-8")
    copy = home / f"{COPY}.toml"
    copy.write_text(edition.replace("[[record]]", f"{RECORD}[[record]]", 1), encoding="utf-8")
    for command in ("run", "site"):
        done = subprocess.run(
            [sys.executable, "-m", "sidedoor.cli", command, "--edition", str(copy)],
            env=os.environ | {"SIDEDOOR_RUNS": str(runs)},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        assert not list_found(done.stdout + done.stderr)
    return runs / COPY


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_edition_runs_every_notebook_that_runs_on_records():
    """A notebook that learns to read records is in the worked example, or this fails."""
    asking = {book.number for path in list_notebooks() if find_needs(book := load_notebook(path)) is not None}
    assert asking <= {run.notebook.number for run in load_edition(NAME).runs}


def test_site_lists_the_records_and_calls_everything_simulated(folder):
    """Every file with its sha256 on the page of sources; findings on simulated records say so."""
    records = read_json(folder / "manifest.json")["records"]
    sources = (folder / "site" / "sources.html").read_text(encoding="utf-8")
    assert len(records) == len(load_edition(NAME).raw_files) + 1
    for record in records:
        assert record["file"] in sources and record["sha256"] in sources and record["rows_out"]
        assert f'id="{record["source_ids"][0]}"' in sources
    invented = {name for record in records for name in record["source_ids"]}
    for finding in read_json(folder / "findings.json"):
        if invented & set(finding["sources"]):
            assert finding["simulated"] and "simulated" in finding["sentence"].lower(), finding["id"]


def test_notebooks_were_given_the_records_and_show_no_place(folder):
    """The parameter is set in each, and reads the same wherever the results lie."""
    parameters = [entry["parameters"] for entry in read_json(folder / "manifest.json")["notebooks"]]
    assert {given[RECORDS] for given in parameters if RECORDS in given} <= {"<records>"}
    for path in [path for path in (folder / "site").rglob("*") if path.is_file()]:
        assert path.suffix != ".parquet"
        if path.suffix in (".html", ".ipynb", ".json", ".csv"):
            text = path.read_text(encoding="utf-8")
            assert str(folder.parent) not in text and str(paths.ROOT) not in text, path.name


def test_canaries_stay_in_the_private_folder(folder):
    """Plate, name, case and reasons are in nothing that a run or a site leaves behind but the private records."""
    records = folder / "records"
    assert records.stat().st_mode & 0o077 == 0 or os.name != "posix"
    for path in [path for path in folder.parent.rglob("*") if path.is_file()]:
        found = list_found(path.read_bytes().decode("latin-1"))
        assert path.is_relative_to(records) or not found, f"{path.relative_to(folder)}: {found}"
    # the reasons were there to be read
    log = pq.read_table(records / "simulated-canary-audit" / "searches.parquet")
    assert log["reason_text"][0].as_py() in REASONS


def test_hostile_names_stay_text(folder):
    """What a browser would run or fetch is text only; figures are well-formed; tables hold no formula."""
    pages = [path.read_text(encoding="utf-8") for path in (folder / "site").rglob("*.html")]
    assert any("&lt;img src=x onerror" in page for page in pages)
    for page in pages:
        assert "<img src=x" not in page and "<script>alert" not in page
        assert not re.search(r"""(?:href|src)=["']?(?:javascript:|https?://pixel)""", page)
    for path in folder.rglob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert ElementTree.fromstring(text).tag.endswith("svg") and "<script" not in text
    for path in folder.rglob("*.csv"):
        rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "@", "+"))], path.name

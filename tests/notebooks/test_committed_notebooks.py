"""The committed notebooks: executed in order, in the house's form, and right under other parameters as well."""

import ast
import base64
import csv
import json
import re
import subprocess
import sys

import pytest

from helpers import paths
from sidedoor.run.editions import load_edition
from sidedoor.run.notebooks import format_notebook, list_notebooks, scrub_notebook
from sidedoor.run.run import run_edition

PATHS = list_notebooks()
EACH = pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
# What would let markup or an address from the data through into a page, or differ from run to run.
BANNED = re.compile(
    r"\.style\b|\bHTML\(|\bMarkdown\(|escape=False|render_links|mermaid|\bopen\(|filterwarnings"
)


def read_cells(path, kind="code"):
    """Return the cells of one kind."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == kind]


def read_rows(name):
    """Read a fact table without the package, so that expected values do not come from it."""
    with (paths.FACTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@EACH
def test_notebook_is_executed_top_to_bottom(path):
    """Counts run from 1, nothing failed, nothing was written to stderr: nbval has something to compare."""
    cells = read_cells(path)
    outputs = [output for cell in cells for output in cell["outputs"]]

    assert list(range(1, len(cells) + 1)) == [cell["execution_count"] for cell in cells]
    assert len(outputs) >= 4
    assert not [
        output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"
    ]


@EACH
def test_notebook_is_in_the_form_that_refresh_writes(path):
    """Nothing volatile is committed: the file is, byte for byte, its own scrubbed form."""
    text = path.read_text(encoding="utf-8")

    assert format_notebook(scrub_notebook(json.loads(text))) == text


@EACH
def test_notebook_follows_the_house_form(path):
    """A question first; as much prose as code; short cells; no function, no banned call; limits, exercises, provenance last."""
    code = ["".join(cell["source"]) for cell in read_cells(path)]
    prose = ["".join(cell["source"]) for cell in read_cells(path, "markdown")]

    assert re.match(r"# \d\d · .+\n\n\*\*Question\.\*\* \*.+\?\*", prose[0])
    assert len(prose) >= len(code) and len(code) <= 30
    assert max(text.count("\n") + 1 for text in code) <= 12
    assert not [
        node for text in code for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)
    ]
    assert not [text for text in code if BANNED.search(text)]
    assert [
        heading for text in prose for heading in re.findall(r"^## (Limits|On your own)$", text, flags=re.M)
    ] == ["Limits", "On your own"]
    assert "sources.state_provenance(" in code[-1]


@EACH
def test_findings_of_a_notebook_are_shown_as_they_are_kept(path):
    """The sentence that a reader sees is the one in the data, and each notebook has at least one."""
    shown = [
        ("".join(output["data"]["text/plain"]), output["metadata"]["sidedoor_finding"]["sentence"])
        for cell in read_cells(path)
        for output in cell["outputs"]
        if "sidedoor_finding" in output.get("metadata", {})
    ]

    assert shown
    for plain, sentence in shown:
        assert f"Finding: {sentence}" == plain


@EACH
def test_every_picture_carries_its_description(path):
    """Each figure has alt text and a name under which its files are found."""
    pictures = [
        output["metadata"].get("image/png", {})
        for cell in read_cells(path)
        for output in cell["outputs"]
        if "image/png" in output.get("data", {})
    ]

    assert pictures
    assert all(len(picture["alt"]) > 40 and picture["sidedoor"] for picture in pictures)


def test_front_picture_is_the_one_of_its_notebook():
    """README.png is the figure of verdicts that notebook 11 shows, not an older one."""
    embedded = [
        "".join(output["data"]["image/png"])
        for cell in read_cells(next(path for path in PATHS if path.name.startswith("11")))
        for output in cell["outputs"]
        if output.get("metadata", {}).get("image/png", {}).get("sidedoor") == "verdicts"
    ]

    assert [base64.b64decode(text) for text in embedded] == [(paths.ROOT / "README.png").read_bytes()]


def test_a_changed_digit_makes_nbval_fail(tmp_path):
    """nbval, which passes the template as committed in every run of the tests, fails in one cell if a finding's digit is another."""
    book = json.loads((paths.NOTEBOOKS / "99-template.ipynb").read_text(encoding="utf-8"))
    for cell in book["cells"]:
        for output in cell.get("outputs", []):
            if "sidedoor_finding" in output.get("metadata", {}):
                text = "".join(output["data"]["text/markdown"])
                digit = re.search(r"\d", text)
                other = str((int(digit[0]) + 1) % 10)
                output["data"]["text/markdown"] = text[: digit.start()] + other + text[digit.end() :]
    copy = tmp_path / "99-template.ipynb"
    copy.write_text(json.dumps(book), encoding="utf-8")
    config = paths.ROOT / "tests" / "nbval.cfg"
    call = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--nbval",
        "--nbval-current-env",
        f"--nbval-sanitize-with={config}",
    ]
    done = subprocess.run(
        [*call, "-p", "no:cacheprovider", "-o", "addopts=", str(copy)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert re.search(r"^1 failed, \d+ passed", done.stdout, flags=re.M), done.stdout


@pytest.fixture(scope="module")
def other_findings(tmp_path_factory):
    """The findings and texts of one run of all notebooks with parameters that are not the defaults."""
    folder = tmp_path_factory.mktemp("other")
    given = {
        "00": {"read_as": "document"},
        "01": {"min_sources": 2},
        "02": {"include_disputed": False, "include_ended": False},
        "03": {"agency": "irvine-pd-ca", "samples": 20},
        "04": {"months": 12},
        "05": {"zone": "UTC", "rows": 2000},
        "06": {"subject": "protest", "rows": 2000},
        "07": {"rows": 6000, "months": 0},
        "08": {"book": "us-ca-1798-90-52", "rows": 3000},
        "09": {"rules": ["maine", "none"], "tops": [60], "rows": 2000},
        "10": {"sizes": [1000, 2000], "days": 14, "cameras": 20, "kept": [1, 14], "sample": 200},
        "11": {"metro_year": 2010},
        "99": {"table": "query_volumes"},
    }
    lines = ['title = "Other parameters"']
    for notebook, parameters in given.items():
        lines += ["[[run]]", f'notebook = "{notebook}"', "[run.parameters]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in parameters.items()]
    edition = folder / "other-parameters.toml"
    edition.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "RUNS", folder / "runs")
        run_edition(load_edition(edition))
        found = json.loads(
            (paths.find_run_folder("other-parameters") / "findings.json").read_text(encoding="utf-8")
        )
        texts = {
            path.stem[:2]: path.read_text(encoding="utf-8")
            for path in paths.find_run_folder("other-parameters").glob("*/*.ipynb")
        }
    return {finding["id"]: finding for finding in found}, texts


def test_start_lists_the_sources_read_in_the_given_way(other_findings):
    """Notebook 00 with `read_as = document` counts the sources that the table marks so."""
    rows = read_rows("sources")
    documents = [row for row in rows if row["read_as"] == "document"]

    assert f"{len(documents)} of {len(rows)} sources were read as document" in other_findings[1]["00"]


def test_release_with_two_sources_keeps_the_corroborated_names(other_findings):
    """Notebook 01 with `min_sources = 2` keeps the listings that a second source corroborates."""
    kept = {
        row["agency_id"]
        for row in read_rows("sharing_claims")
        if row["claim_kind"] == "listing" and row["corroborated_by"]
    }

    assert len(kept) == other_findings[0]["names-recovered"]["value"]


def test_access_without_disputed_and_ended_ways_counts_the_documented_ones(other_findings):
    """Notebook 02 without disputed and ended ways counts local agencies with a documented front door to ICE or a unit of it."""
    agencies = {row["agency_id"]: row for row in read_rows("agencies")}
    ice = {"ice"}
    while more := {name for name, row in agencies.items() if row["part_of"] in ice} - ice:
        ice |= more
    local = {
        row["from_id"]
        for row in read_rows("access_paths")
        if row["door"] == "front"
        and row["standing"] == "documented"
        and row["to_id"] in ice
        and agencies[row["from_id"]]["kind"] != "federal"
    }

    assert len(local) == other_findings[0]["agencies-that-shared"]["value"]


def test_twelve_months_of_the_floor(other_findings):
    """Notebook 04 with `months = 12`: twelve times 30,000."""
    floor = other_findings[0]["queries-floor"]

    assert (360_000, 360_000, None) == (floor["value"], floor["low"], floor["high"])


def test_log_of_two_thousand_rows_is_held_against_its_truth(other_findings):
    """Notebook 05 on a smaller log: rows against the events that were made, the bounds around them, the median width."""
    from helpers.simulate.log import build_log

    rows, truth = build_log(2019, 2_000)
    events = truth["event_n"].nunique()
    widths = rows["networks_n"].groupby(truth["event_n"].to_numpy()).max()
    known = sorted(widths[widths > 0])
    found = other_findings[0]

    assert f"{100 * (2000 / events - 1):.0f} percent above" in found["simulated-count-error"]["sentence"]
    assert found["log-rows-and-searches"]["low"] <= events <= found["log-rows-and-searches"]["high"]
    assert abs(known.index(found["log-width"]["value"]) - len(known) / 2) <= 0.02 * len(known)


def test_history_under_the_law_of_maine(other_findings):
    """Notebook 09 with the rule of Maine: 21 days of 84 months, in percent."""
    kept = 21 / (84 * 365.2425 / 12)

    assert round(100 * kept, 2) == other_findings[0]["history-kept"]["value"]
    assert (
        60 != other_findings[0]["metro-coverage"]["value"]
        and "60 largest" in other_findings[0]["metro-coverage"]["sentence"]
    )


def test_traces_are_called_simulated_whatever_the_town(other_findings):
    """Notebook 10 on smaller towns: every finding says simulated, and names the vehicles that were simulated."""
    found = [one for one in other_findings[0].values() if one["notebook"].startswith("10")]

    assert len(found) == 2 and all(finding["simulated"] for finding in found)
    assert "1,000 to 2,000 vehicles" in other_findings[0]["simulated-unicity"]["sentence"]


def test_lists_of_one_month_speak_for_no_other(other_findings):
    """Notebook 07 with `months = 0`: only November's federal searches at hosts with a list and no pool can be back doors."""
    from helpers.simulate import log, world

    rows, truth = log.build_log(2025, 6000)
    told = {host.name for host in world.HOSTS if host.slug not in (world.NO_LIST, world.POOLED)}
    is_near = rows["searched_at"].dt.strftime("%Y-%m") == world.LIST_ON[:7]
    back = (
        (truth["door"] == "back")
        & is_near
        & rows["host_agency"].isin(told)
        & rows["searcher_agency_as_printed"].notna()
    )

    assert int(back.sum()) == other_findings[0]["doors-federal-back"]["value"] > 0


def test_record_of_california_shows_time_and_purpose_only(other_findings):
    """Notebook 08 with California's book: of four elements two are exported by the simulated forms, two are masked."""
    finding = other_findings[0]["rules-log-seen"]

    assert 2 == finding["value"] and "and 2 in no row at all" in finding["sentence"]


def test_reasons_on_another_subject(other_findings):
    """Notebook 06 on protest: the simulated log has the word in one text only, so that all rules find the same rows."""
    from helpers.simulate.log import build_log

    texts = build_log(2019, 2_000)[0]["reason_text"].dropna()
    found = other_findings[0]["reasons-range"]

    assert [int(texts.str.contains("protest", case=False).sum())] * 2 == [found["low"], found["high"]]
    assert "reasons-recall" not in other_findings[0]


def test_metro_share_of_2010(other_findings):
    """Notebook 11 with `metro_year = 2010`: 54.0 percent, by the note on Census figures in the dossier of the facts."""
    assert 54.0 == other_findings[0]["metro-share"]["value"]


def test_template_on_another_table(other_findings):
    """Notebook 99 on `query_volumes` counts the rows there that are not exact."""
    hedged = [row for row in read_rows("query_volumes") if row["qualifier"] != "exact"]

    assert len(hedged) == other_findings[0]["hedged-query-volumes"]["value"]

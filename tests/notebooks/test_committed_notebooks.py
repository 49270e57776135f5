"""The committed notebooks: executed in order, in one form, and right under other parameters."""

import ast
import csv
import html
import json
import re
import subprocess
import sys

import pytest

from helpers import paths
from helpers.findings import KEY, escape_markdown
from sidedoor.run.editions import load_edition
from sidedoor.run.notebooks import format_notebook, list_notebooks, load_notebook, scrub_notebook
from sidedoor.run.run import run_edition

PATHS = list_notebooks()
SOLUTIONS = paths.ROOT / "tests" / "notebooks" / "solutions"
EACH = pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
MOST_CELLS, MOST_FIGURES, MOST_FINDINGS, MOST_ROWS = 25, 5, 5, 12
# What would let markup or an address from the data through into a page, or differ from run to run.
BANNED = re.compile(
    r"\.style\b|\bHTML\(|\bMarkdown\(|escape=False|render_links|mermaid|\bopen\(|filterwarnings"
)


def read_cells(path, kind="code"):
    """Return the cells of one kind."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == kind]


def read_source(cell):
    return "".join(cell["source"])


def list_outputs(path):
    return [output for cell in read_cells(path) for output in cell["outputs"]]


def read_findings(path):
    return [output["metadata"][KEY] for output in list_outputs(path) if KEY in output.get("metadata", {})]


@EACH
def test_notebook_is_executed_top_to_bottom(path):
    """Counts run from 1, nothing failed, nothing was written to stderr: nbval has something to compare."""
    cells = read_cells(path)

    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for output in list_outputs(path):
        assert output["output_type"] != "error" and output.get("name") != "stderr"


@EACH
def test_notebook_is_in_the_form_that_refresh_writes(path):
    """Nothing volatile is committed: the file is, byte for byte, its own scrubbed form."""
    text = path.read_text(encoding="utf-8")

    assert format_notebook(scrub_notebook(json.loads(text))) == text


@EACH
def test_notebook_has_the_form_of_the_collection(path):
    """In short on top, one cell of parameters, few cells, limits once, exercises, provenance last."""
    code = read_cells(path)
    tags = [cell["metadata"].get("tags", []) for cell in code]
    headings = [
        line for cell in read_cells(path, "markdown") for line in cell["source"] if line.startswith("#")
    ]
    headings = [line.strip() for line in headings]

    assert "in-short" in tags[0] and sum("parameters" in marks for marks in tags) == 1
    assert headings[0].startswith(f"# {path.name[:2]} · ") and headings[1] == "## In short"
    assert headings[2] == "## What you need to know"
    assert headings[-3:] == ["## Limits", "## On your own", "## Provenance"]
    assert not [line for line in headings if line.endswith("?")]
    assert len(code) <= MOST_CELLS
    assert sum(read_source(cell).count("save_figure(") for cell in code) <= MOST_FIGURES
    for cell in code:
        source = read_source(cell)
        assert not BANNED.search(source), source
        assert "parameters" in cell["metadata"].get("tags", []) or max(map(len, source.splitlines())) <= 160
        defined = (ast.FunctionDef, ast.ClassDef)
        assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, defined)], source


@EACH
def test_in_short_repeats_findings_of_the_notebook(path):
    """The sentences on top are those of findings below, to the letter: none of them is typed."""
    shown = "".join(read_cells(path)[0]["outputs"][0]["data"]["text/markdown"])
    sentences = {escape_markdown(finding["sentence"]) for finding in read_findings(path)}
    lines = [line.removeprefix("- ") for line in shown.splitlines()]

    assert 1 <= len(lines) <= 4 and set(lines) <= sentences


@EACH
def test_findings_are_few_and_shown_as_they_are_kept(path):
    """The sentence that a reader sees is the one in the data; simulated ones say so."""
    found = read_findings(path)

    assert 1 <= len(found) <= MOST_FINDINGS
    assert len({finding["id"] for finding in found}) == len(found)
    for output in list_outputs(path):
        if KEY in output.get("metadata", {}):
            finding = output["metadata"][KEY]
            assert escape_markdown(finding["sentence"]) in "".join(output["data"]["text/markdown"])
            assert not finding["simulated"] or "simulated" in finding["sentence"].lower()


@EACH
def test_findings_of_records_and_of_simulated_data_have_their_own_notebooks(path):
    """Part 1 states findings, part 2 method checks; 07 and 08 set records beside a simulated log."""
    kinds = {finding["simulated"] for finding in read_findings(path)}

    assert path.name[:2] in ("07", "08") or kinds == {path.name[:2] in ("05", "06", "10")}


@EACH
def test_tables_are_short_and_their_headers_are_words(path):
    """At most twelve rows; no name of a column of ours, but where a table lists names of tables."""
    for output in list_outputs(path):
        shown = "".join(output.get("data", {}).get("text/html", ""))
        rows = re.findall(r"<tbody>.*?</tbody>", shown, re.S)
        assert sum(body.count("<tr") for body in rows) <= MOST_ROWS
        for head in re.findall(r"<thead>.*?</thead>", shown, re.S):
            headers = [html.unescape(text) for text in re.findall(r"<th[^>]*>(.*?)</th>", head, re.S)]
            assert not [text for text in headers if "_" in text], headers


@EACH
def test_every_picture_carries_its_description(path):
    """Each figure has alt text, a name under which its files are found, and a title that it can say."""
    pictures = [output for output in list_outputs(path) if "image/png" in output.get("data", {})]

    assert pictures
    for output in pictures:
        about = output["metadata"]["image/png"]
        assert len(about["alt"]) > 40 and about["sidedoor"]


@EACH
def test_exercises_have_solutions(path):
    """Two exercises, and a file with their solutions, to which the notebook links."""
    text = "".join(read_source(cell) for cell in read_cells(path, "markdown"))
    exercises = text.split("## On your own")[1].split("## Provenance")[0]

    assert re.findall(r"^(\d)\. ", exercises, re.M) == ["1", "2"]
    assert f"tests/notebooks/solutions/{path.name[:2]}.py" in exercises
    assert (SOLUTIONS / f"{path.name[:2]}.py").is_file()


def test_links_between_notebooks_lead_somewhere():
    """A relative link in a notebook is a file of the repository."""
    for path in PATHS:
        text = "".join(read_source(cell) for cell in read_cells(path, "markdown"))
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_all_notebooks_together_are_small():
    """Part 1 states at most 35 findings, all notebooks show at most 45 figures."""
    findings = [finding for path in PATHS for finding in read_findings(path)]
    figures = sum(read_source(cell).count("save_figure(") for path in PATHS for cell in read_cells(path))

    assert len([finding for finding in findings if not finding["simulated"]]) <= 36  # the template's is one
    assert figures <= 45
    assert len({finding["id"] for finding in findings}) == len(findings)


def test_a_changed_digit_makes_nbval_fail(tmp_path):
    """nbval passes the template as committed, and fails in one cell if a finding's digit is another."""
    book = json.loads(next(paths.NOTEBOOKS.glob("99-*.ipynb")).read_text(encoding="utf-8"))
    for cell in book["cells"]:
        for output in cell.get("outputs", []):
            if KEY in output.get("metadata", {}):
                shown = output["data"]["text/markdown"]
                shown[0] = shown[0].replace("of 1", "of 9", 1)
    copy = tmp_path / "99-template.ipynb"
    copy.write_text(json.dumps(book), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--nbval", "-p", "no:cacheprovider", "-q", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=paths.ROOT, timeout=600)

    assert done.returncode == 1 and "1 failed" in done.stdout, done.stdout


# --- other parameters -----------------------------------------------------------------------------

OTHER = """
title = "Other parameters"

[[run]]
notebook = "01"
parameters = { state = "TX" }

[[run]]
notebook = "04"
parameters = { agency = "eugene-pd-or" }

[[run]]
notebook = "11"
parameters = { metro_year = 2010 }

[[run]]
notebook = "99"
parameters = { table = "query_volumes" }
"""


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """The findings of a run with parameters that are not the defaults, by id."""
    folder = tmp_path_factory.mktemp("other")
    (folder / "other.toml").write_text(OTHER, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "RUNS", folder / "runs")
        run_edition(load_edition(str(folder / "other.toml")))
        found = json.loads((folder / "runs" / "other" / "findings.json").read_text(encoding="utf-8"))
    return {finding["id"]: finding for finding in found}


def test_metro_share_of_2010(other):
    """54.0 percent, by the Census estimates of 2010."""
    assert other["metro-share"]["value"] == 54.0 and "2010" in other["metro-share"]["sentence"]


def test_template_on_another_table(other):
    """Counted again from the file."""
    with (paths.FACTS / "query_volumes.csv").open(encoding="utf-8", newline="") as file:
        hedged = [row for row in csv.DictReader(file) if row["qualifier"] != "exact"]
    assert other["hedged-query-volumes"]["value"] == len(hedged)


def test_what_is_shown_does_not_change_what_is_found(other):
    """The parameters `state` of 01 and `agency` of 04 choose what is shown; the findings stay."""
    committed = {finding["id"]: finding for path in PATHS for finding in read_findings(path)}
    for name in ("names-recovered", "replies", "eugene-fall", "queries-floor"):
        assert other[name]["sentence"] == committed[name]["sentence"]


def test_every_parameter_says_what_it_is():
    """A parameter has a meaning and a unit."""
    for path in PATHS:
        for parameter in load_notebook(path).parameters.values():
            assert parameter.meaning and parameter.unit, (path.name, parameter)

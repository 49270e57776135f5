"""The committed notebooks: executed in order, in one form, and small."""

import ast
import html
import json
import re
import subprocess
import sys

import pytest

from helpers import paths
from helpers.findings import KEY, escape_markdown
from made.notebooks import SOLUTIONS, find_notebook, list_findings, list_outputs, read_cells, read_prose
from sidedoor.run.notebooks import format_notebook, list_notebooks, load_notebook, scrub_notebook

PATHS = list_notebooks()
EACH = pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
MOST_CELLS, MOST_FIGURES, MOST_FINDINGS, MOST_ROWS = 25, 5, 5, 12
# What would let markup or an address from the data through into a page, or differ from run to run.
BANNED = re.compile(
    r"\.style\b|\bHTML\(|\bMarkdown\(|escape=False|render_links|mermaid|\bopen\(|filterwarnings"
)


def count_figures(path):
    return sum(cell["source"].count("save_figure(") for cell in read_cells(path))


@EACH
def test_notebook_is_executed_top_to_bottom_and_in_the_form_that_refresh_writes(path):
    """Counts run from 1, nothing failed, nothing was written to stderr, and nothing volatile is committed."""
    text, cells = path.read_text(encoding="utf-8"), read_cells(path)

    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for output in list_outputs(path):
        assert output["output_type"] != "error" and output.get("name") != "stderr"
    assert format_notebook(scrub_notebook(json.loads(text))) == text


@EACH
def test_notebook_has_the_form_of_the_collection(path):
    """In short on top, one cell of parameters, few cells, limits once, exercises, provenance last."""
    code = read_cells(path)
    tags = [cell["metadata"].get("tags", []) for cell in code]
    texts = [cell["source"] for cell in read_cells(path, "markdown")]
    headings = [line for text in texts for line in text.splitlines() if line.startswith("#")]

    assert "in-short" in tags[0] and sum("parameters" in marks for marks in tags) == 1
    assert headings[0].startswith(f"# {path.name[:2]} · ") and headings[1] == "## In short"
    assert headings[2] == "## What you need to know"
    assert headings[-3:] == ["## Limits", "## On your own", "## Provenance"]
    assert not [line for line in headings if line.endswith("?")]
    assert len(code) <= MOST_CELLS
    assert count_figures(path) <= MOST_FIGURES
    for cell in code:
        source = cell["source"]
        assert not BANNED.search(source), source
        assert "parameters" in cell["metadata"].get("tags", []) or max(map(len, source.splitlines())) <= 160
        nodes = ast.walk(ast.parse(source))
        assert not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in nodes), source


@EACH
def test_findings_are_few_and_repeated_to_the_letter(path):
    """The sentence that a reader sees is the one in the data, on top as well: none of them is typed.

    Simulated ones say so: part 1 states findings, part 2 method checks; 08 holds both.
    """
    found, shown = list_findings(path), "".join(list_outputs(path)[0]["data"]["text/markdown"])
    top = {line.removeprefix("- ") for line in shown.splitlines()}

    assert 1 <= len(found) <= MOST_FINDINGS and 1 <= len(top) <= 4
    assert top <= {escape_markdown(finding["sentence"]) for finding in found}
    for output in list_outputs(path):
        if finding := output.get("metadata", {}).get(KEY):
            assert escape_markdown(finding["sentence"]) in "".join(output["data"]["text/markdown"])
            assert not finding["simulated"] or "simulated" in finding["sentence"].lower()
            assert finding["low"] is None or finding["low"] <= finding["value"], finding["id"]
            assert finding["high"] is None or finding["value"] <= finding["high"], finding["id"]
    is_part_two = path.name[:2] in ("05", "06", "07", "10")
    assert path.name[:2] == "08" or {finding["simulated"] for finding in found} == {is_part_two}


@EACH
def test_tables_are_short_and_pictures_carry_their_descriptions(path):
    """At most twelve rows; no name of a column of ours. Each figure has alt text and the name of its files."""
    pictures = []
    for output in list_outputs(path):
        shown = "".join(output.get("data", {}).get("text/html", ""))
        rows = re.findall(r"<tbody>.*?</tbody>", shown, re.S)
        assert sum(body.count("<tr") for body in rows) <= MOST_ROWS
        for head in re.findall(r"<thead>.*?</thead>", shown, re.S):
            headers = [html.unescape(text) for text in re.findall(r"<th[^>]*>(.*?)</th>", head, re.S)]
            assert not [text for text in headers if "_" in text], headers
        if "image/png" in output.get("data", {}):
            pictures.append(output["metadata"]["image/png"])

    assert pictures and all(len(about["alt"]) > 40 and about["sidedoor"] for about in pictures)


@EACH
def test_exercises_have_solutions_links_lead_somewhere_and_parameters_are_explained(path):
    """Two exercises, and a file with their solutions, to which the notebook links."""
    text = read_prose(path)
    exercises = text.split("## On your own")[1].split("## Provenance")[0]

    assert re.findall(r"^(\d)\. ", exercises, re.M) == ["1", "2"]
    assert f"tests/notebooks/solutions/{path.name[:2]}.py" in exercises
    assert (SOLUTIONS / f"{path.name[:2]}.py").is_file()
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (path.parent / target).exists(), target
    for parameter in load_notebook(path).parameters.values():
        assert parameter.meaning and parameter.unit, parameter


def test_all_notebooks_together_are_small():
    """Part 1 states at most 35 findings, all notebooks show at most 45 figures; each id is used once."""
    findings = [finding for path in PATHS for finding in list_findings(path)]

    assert len([finding for finding in findings if not finding["simulated"]]) <= 36  # the template's is one
    assert sum(map(count_figures, PATHS)) <= 45
    assert len({finding["id"] for finding in findings}) == len(findings) >= 10


def test_a_changed_digit_makes_nbval_fail(tmp_path):
    """nbval passes the template as committed, and fails in one cell if a finding's digit is another."""
    book = json.loads(find_notebook("99").read_text(encoding="utf-8"))
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

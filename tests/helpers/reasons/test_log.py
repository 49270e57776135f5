"""The log of notebook 06, simulated or ingested, and what no output of the notebook may hold."""

import ast
import contextlib
import io
import json

import matplotlib
import pandas as pd
import pytest

from helpers import paths
from helpers.reasons import TRUTH, count_rules, count_states, load_rule_sets, mark_log, tally_reasons
from helpers.searches import engine
from helpers.searches.logbook import open_log
from helpers.simulate.log import build_log
from helpers.simulate.world import REASONS
from sidedoor.ingest.files import ingest_file
from sidedoor.ingest.source import ReadOptions

NOTEBOOK = paths.NOTEBOOKS / "06-read-the-reasons.ipynb"
ZONE = "America/Los_Angeles"
CANARIES = ["Zebrafinch Quillback", "quillback-4471"]
NAME, PLATE = CANARIES
REASONS_TYPED = ["ICE", "police assist", f"HSI {PLATE}", f"immigration {NAME}", NAME, "", "***"]
_HEADER = "ID,Org Name,Total Networks Searched,Search Time,Reason,Case #,License Plate,Name"


def write_audit(folder):
    """Write an invented audit with canaries in its reasons, plates and names."""
    lines = [_HEADER]
    for number in range(60):
        reason = REASONS_TYPED[number % 7]
        when = f"{1 + number % 12}/{1 + number % 27}/2025, 10:{number:02d}:00 AM UTC"
        lines.append(f'id-{number:04d},Exampleton ZZ PD,12,"{when}",{reason},,{PLATE},{NAME}')
    path = folder / "audit.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Ingest the audit twice: with its reasons, and for publication."""
    folder = tmp_path_factory.mktemp("records")
    path = write_audit(folder)
    for name, keep in (("private", True), ("public", False)):
        ingest_file(path, folder / name, ReadOptions(keep_reasons=keep, reported_by="Exampleton ZZ PD"))
    return folder


def test_simulated_log_has_its_truth_beside_each_row():
    """Without records the log is simulated; row by row the truth is the one that was built."""
    log = mark_log(open_log("", 800, 4), ZONE)
    _, truth = build_log(4, 800)
    rows = engine.fetch(log.table.select("source_id", "row_no", *TRUTH), ["source_id", "row_no"])

    assert log.is_simulated and log.has_truth and "simulated" in log.name
    expected = truth[rows.columns].sort_values(["source_id", "row_no"], ignore_index=True)
    pd.testing.assert_frame_equal(expected, rows, check_dtype=False)


def test_records_are_read_without_truth(records):
    """Reasons that were kept are counted; a copy for publication says that they were left out."""
    sets = load_rule_sets(["word-boundary", "suncoast"])
    private, public = (mark_log(open_log(str(records / name), 1, 1), ZONE) for name in ("private", "public"))
    found = count_rules(tally_reasons(private.table, sets), sets)
    states = count_states(tally_reasons(public.table, sets)).set_index("reason_state")["rows_n"].to_dict()

    assert not private.is_simulated and not private.has_truth
    assert [18, 18] == found["found_n"].tolist()
    assert {"left_out": 44, "empty": 8, "masked": 8} == states
    assert private.first == "2025-01-01"


def run_notebook(until="", **parameters):
    """Run the cells of notebook 06 here with other parameters; return what they showed, and their names.

    Stops after the cell that holds a text, if one is given.
    """
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    shown, space = io.StringIO(), {}

    def display(value):
        for form in ("__repr__", "_repr_html_", "_repr_mimebundle_"):
            print(getattr(value, form, str)())

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(shown):
        patch.setattr("IPython.display.display", display)
        for cell in [cell for cell in cells if cell["cell_type"] == "code"]:
            tree = ast.parse("".join(cell["source"]))
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "cell", "exec"), space)
            if "parameters" in cell["metadata"].get("tags", []):
                space |= parameters
            if last is not None:
                display(eval(compile(ast.Expression(last.value), "cell", "eval"), space))
            if until and until in "".join(cell["source"]):
                break
    return shown.getvalue(), space


@pytest.fixture(scope="module", autouse=True)
def drawn(tmp_path_factory):
    """Draw without a screen, into a folder of the tests."""
    folder = tmp_path_factory.mktemp("figures")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIDEDOOR_FIGURES", str(folder))
        matplotlib.use("Agg")
        yield folder


def test_no_reason_plate_or_name_reaches_an_output(records, drawn):
    """Canaries in every free field of a record: nothing that the notebook shows or saves holds them."""
    shown, space = run_notebook(records=str(records / "private"))
    saved = "".join(path.read_text(encoding="utf-8") for path in drawn.glob("*.[cjs][sv]*"))

    assert "Exampleton ZZ PD" in shown and "no range: an end is below ten" in shown
    assert any(NAME in text for text in space["sample"]["text"])
    for canary in CANARIES:
        assert canary.lower() not in (shown + saved).lower()
    matplotlib.pyplot.close("all")


def test_a_copy_for_publication_says_that_nothing_can_be_found(records):
    """A note says why there is no finding."""
    shown, _ = run_notebook("reasons-range", records=str(records / "public"))

    assert "no range: no reason can be read" in shown
    matplotlib.pyplot.close("all")


def test_committed_notebook_shows_no_reason_of_the_simulated_log():
    """Texts of the simulated log that are no words of a rule stand in no output."""
    texts = {text for choices in REASONS.values() for text, _, _ in choices if len(text) > 12}
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    outputs = json.dumps([cell.get("outputs") for cell in cells]).lower()

    assert len(texts) > 10
    assert not [text for text in texts - {"illegal immigration"} if text.lower() in outputs]

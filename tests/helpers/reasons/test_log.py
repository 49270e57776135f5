"""The log of notebook 06, ingested, and what no output of the notebook may hold."""

import json

import matplotlib
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from helpers.reasons import count_rules, count_states, load_rule_sets, mark_log, tally_reasons
from helpers.searches.logbook import open_log
from helpers.simulate.world import REASONS
from made.notebooks import find_notebook, list_outputs, read_cells
from sidedoor.ingest.files import ingest_file
from sidedoor.ingest.source import ReadOptions

NOTEBOOK = find_notebook("06")
CELLS = read_cells(NOTEBOOK)
ZONE = "America/Los_Angeles"
CANARIES = ["Zebrafinch Quillback", "quillback-4471"]
NAME, PLATE = CANARIES
REASONS_TYPED = ["ICE", "police assist", f"HSI {PLATE}", f"immigration {NAME}", NAME, "", "***"]


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """An invented audit with canaries in its reasons, plates and names; with its reasons, and for publication."""
    folder = tmp_path_factory.mktemp("records")
    lines = ["ID,Org Name,Total Networks Searched,Search Time,Reason,Case #,License Plate,Name"]
    for number in range(60):
        when = f"{1 + number % 12}/{1 + number % 27}/2025, 10:{number:02d}:00 AM UTC"
        reason = REASONS_TYPED[number % 7]
        lines.append(f'id-{number:04d},Exampleton ZZ PD,12,"{when}",{reason},,{PLATE},{NAME}')
    path = folder / "audit.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name, keep in (("private", True), ("public", False)):
        ingest_file(path, folder / name, ReadOptions(keep_reasons=keep, reported_by="Exampleton ZZ PD"))
    return folder


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


def run_notebook(cells, records):
    """Run cells of notebook 06 on records; return all that they show, and their variables."""
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    with capture_output() as shown:
        for cell in cells:
            shell.run_cell(cell["source"]).raise_error()
            if "parameters" in cell["metadata"].get("tags", []):
                shell.push({"records": str(records)})
    shell.restore_sys_module_state()
    InteractiveShell.clear_instance()
    matplotlib.pyplot.close("all")
    return shown.stdout + json.dumps([output.data for output in shown.outputs]), shell.user_ns


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
    shown, space = run_notebook(CELLS, records / "private")
    saved = "".join(path.read_text(encoding="utf-8") for path in drawn.glob("*.[cjs][sv]*"))

    assert "Exampleton ZZ PD" in shown and "no range: an end is below ten" in shown
    assert any(NAME in text for text in space["sample"]["text"])
    for canary in CANARIES:
        assert canary.lower() not in (shown + saved).lower()


def test_a_copy_for_publication_says_that_nothing_can_be_found(records):
    """A note says why there is no finding."""
    (last,) = [number for number, cell in enumerate(CELLS) if "reasons-range" in cell["source"]]

    assert "no range: no reason can be read" in run_notebook(CELLS[: last + 1], records / "public")[0]


def test_committed_notebook_shows_no_reason_of_the_simulated_log():
    """Texts of the simulated log that are no words of a rule stand in no output."""
    texts = {text for choices in REASONS.values() for text, _, _ in choices if len(text) > 12}
    outputs = json.dumps(list_outputs(NOTEBOOK)).lower()

    assert len(texts) > 10
    assert not [text for text in texts - {"illegal immigration"} if text.lower() in outputs]

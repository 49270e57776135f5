"""Method checks and findings of notebooks 05 to 08 and 10, recomputed from the truth of the log and from the
CSV files.
"""

import csv
import json
import runpy

import pytest

from helpers import paths
from helpers.simulate.log import build_log

FEWEST = 10


def read_outputs(number):
    """Return the outputs of a committed notebook."""
    (path,) = paths.NOTEBOOKS.glob(f"{number}-*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [output for cell in cells for output in cell.get("outputs", [])]


def read_findings(number):
    """Return the findings of a committed notebook, by id."""
    found = [output.get("metadata", {}).get("sidedoor_finding") for output in read_outputs(number)]
    return {one["id"]: one for one in found if one}


def test_searches_of_the_simulated_log():
    """Notebook 05: the true number of searches is within the bounds, and the errors of other counts are what
    they are.
    """
    rows, truth = build_log(2019, 20_000)
    events, found = truth["event_n"].nunique(), read_findings("05")

    assert found["log-rows-and-searches"]["low"] <= events <= found["log-rows-and-searches"]["high"]
    assert f"{100 * (len(rows) / events - 1):.0f} percent above" in found["simulated-count-error"]["sentence"]
    assert (
        found["log-level"]["low"] <= 1.5 <= found["log-level"]["high"]
    )  # helpers.simulate.world: CHANGE_FACTOR


def test_range_of_reasons():
    """Notebook 06: letters counted in plain pandas; recall against the purpose of each row."""
    rows, truth = build_log(2019, 20_000)
    found = read_findings("06")
    only = rows["reason_text"].str.strip().str.lower().str.fullmatch(r"ice|immigration").fillna(False)
    civil = truth["purpose"].to_numpy() == "civil_immigration"

    assert found["reasons-range"]["low"] <= only.sum() <= found["reasons-range"]["high"]
    assert found["reasons-recall"]["low"] == round(100 * (only.to_numpy() & civil).sum() / civil.sum(), 2)


def test_no_small_count_of_a_class_is_shown():
    """Notebook 06 shows no agency or month with one to nine reasons of a class, in tables or figures."""
    for output in read_outputs("06"):
        text = "".join(output.get("data", {}).get("text/plain", ""))
        for line in text.splitlines():
            if " ZZ " in line or line.startswith("[Federal]"):
                shown = [int(part) for part in line.split() if part.isdigit()]
                assert all(number >= FEWEST for number in shown[:2]), line


def test_rules_are_those_of_the_table():
    """Notebook 08: requirements of both documents, and those of 2021, counted from the CSV file."""
    with (paths.FACTS / "query_rules.csv").open(encoding="utf-8", newline="") as file:
        rules = list(csv.DictReader(file))
    with (paths.FACTS / "log_quotes.csv").open(encoding="utf-8", newline="") as file:
        quotes = list(csv.DictReader(file))
    found = read_findings("08")

    assert f"Of {len(rules)} requirements" in found["rules-seen-in-a-log"]["sentence"]
    assert found["rules-changed-2021"]["value"] == sum(rule["in_force_from"][:4] == "2021" for rule in rules)
    assert found["rules-quoted-entries"]["value"] == sum(quote["reason_code"] != "" for quote in quotes)
    vague = sum(quote["topic"] == "vague" for quote in quotes)
    assert f"{vague} give, in our reading, only vague" in found["rules-quoted-entries"]["sentence"]


@pytest.mark.parametrize("number", ["05", "06", "07", "10"])
def test_simulated_results_are_method_checks(number):
    """By default these notebooks read simulated data: each finding says so."""
    found = read_findings(number)

    assert 2 <= len(found) <= 5
    assert all(one["simulated"] and "simulated" in one["sentence"].lower() for one in found.values())


@pytest.mark.parametrize("number", ["05", "06", "07", "08", "10"])
def test_solutions_of_the_exercises_run(number, capsys):
    runpy.run_path(str(paths.ROOT / "tests" / "notebooks" / "solutions" / f"{number}.py"))

    assert capsys.readouterr().out.count("\n") >= 2

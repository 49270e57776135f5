"""The released logs of Eugene and Okaloosa, reduced: what their classes of reasons let one see."""

import csv
import gzip
from collections import Counter

import pytest

from helpers.reasons import count_rules, count_states, load_rule_sets, tally_reasons
from helpers.searches.records import list_files
from made.logs import read_log
from sidedoor.ingest.files import ingest_file
from sidedoor.ingest.source import ReadOptions

FILES = {
    "eugene_reduced": "eugene_or_pd_search_audit_reduced.csv.gz",
    "okaloosa_reduced": "okaloosa_fl_so_org_audit_reduced.csv.gz",
}


@pytest.mark.parametrize("mapping", FILES)
def test_states_are_those_of_the_file_and_no_rule_finds_immigration(mirror, tmp_path, mapping):
    """Reasons read, blank or missing add up to the file's own classes."""
    path = mirror / "flock" / FILES[mapping]
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        classes = Counter(row["reason_kind"] for row in csv.DictReader(file))
    plain = tmp_path / FILES[mapping].removesuffix(".gz")
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    ingest_file(plain, tmp_path / "record", ReadOptions(keep_reasons=True, mapping=mapping))
    table = read_log(list_files(tmp_path / "record", "searches"))
    sets = load_rule_sets([], "immigration")
    tally = tally_reasons(table, sets)
    states = count_states(tally).set_index("reason_state")["rows_n"]

    assert sum(classes.values()) == states.sum()
    assert sum(n for kind, n in classes.items() if kind not in ("blank", "")) == states["text"]
    assert {0} == set(count_rules(tally, sets, fewest=0)["found_n"])

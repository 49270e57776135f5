"""The records of an edition on its site: what was read, and what to beware of; never a row of them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import made.site_edition as made  # noqa: E402
from helpers.errors import RunError  # noqa: E402
from sidedoor.publish.site import build_site  # noqa: E402
from sidedoor.publish.site._cells import clean_html  # noqa: E402
from sidedoor.publish.site._records import is_simulated, show_limits, show_records  # noqa: E402
from sidedoor.run.results import load_manifest  # noqa: E402

EVIL = "<img src=x onerror=alert(1)>"


def build_record(**changes):
    """Build the description of a record, as `intake` writes it."""
    record = {
        "name": "audit", "file": "audit.csv", "sha256": "ab" * 32, "bytes_n": 1000, "family": "flock_audit",
        "form": "13 columns", "why": "its header", "rows_in": 1061, "rows_out": 1060, "columns_dropped": ["Name"],
        "span": {"searches": ["2025-03-01", "2025-03-31"]}, "time_zone": "UTC, as printed",
        "warnings": ["1,000 rows is a round number."], "notes": [], "tables": {"searches": 1060},
        "source_ids": ["simulated-audit", "simulated-other"], "set_aside": {"a repeated header": 1},
    }  # fmt: skip
    return record | changes


def test_site_lists_its_records_and_links_to_them(tmp_path):
    """Page 'sources' says what each file was taken for; a finding that cites a record leads there; limits repeat warnings."""
    folder = made.place_edition(tmp_path)
    finding, shown = made.state(
        "searches-simulated", "A simulated log holds 1,060 searches.", ["simulated-other"], True
    )
    entry = made.place_result(
        folder, "05-read-a-search-log", "Read a log", "When?", [made.run_cell("f()", shown)], [finding]
    )
    made.write_manifest(folder, [entry], records=[build_record()])
    site = build_site(made.EDITION, folder.parent).parent
    sources = (site / "sources.html").read_text(encoding="utf-8")
    for text in ("audit.csv", "ab" * 32, "flock_audit: 13 columns", "1,061", "1,060", "searches: 2025-03-01 to 2025-03-31",
                 "1,000 rows is a round number.", 'id="simulated-audit"', 'id="simulated-other"', ">simulated<"):  # fmt: skip
        assert text in sources, text
    assert 'href="sources.html#simulated-other"' in (site / "findings.html").read_text(encoding="utf-8")
    limits = (site / "limits.html").read_text(encoding="utf-8")
    for text in (
        "nothing in it happened",
        "1,000 rows is a round number.",
        "1 rows set aside: a repeated header",
    ):
        assert text in limits, text


def test_texts_of_a_file_stay_text():
    """Names of files, forms and columns come from outside: none of them is markup."""
    record = build_record(
        file=EVIL,
        form=EVIL,
        why=EVIL,
        warnings=[EVIL],
        set_aside={EVIL: 1},
        columns_dropped=[EVIL],
        source_ids=[EVIL, EVIL],
    )
    shown = "".join(show_records([record]) + show_limits([record]))
    assert "<img" not in shown and "&lt;img" in shown


def test_no_records_no_part():
    """An edition without raw files has the pages that it had."""
    assert show_records([]) == show_limits([]) == []


@pytest.mark.parametrize(
    ("names", "answer"), [(["simulated-a"], True), (["simulated-a", "file-1"], False), ([], False)]
)
def test_record_is_simulated_if_all_of_it_is(names, answer):
    """One real row is enough to be real."""
    assert is_simulated(build_record(source_ids=names)) is answer


@pytest.mark.parametrize(
    "change",
    [{"warnings": "x"}, {"source_ids": [1]}, {"span": {"searches": []}}, {"rows_in": "1"}, {"set_aside": []}],
)
def test_manifest_with_a_record_that_no_run_writes_is_refused(tmp_path, change):
    """What becomes a page is of the form that a run writes."""
    folder = made.place_edition(tmp_path)
    made.write_manifest(
        folder, load_manifest(made.EDITION, tmp_path)["notebooks"], records=[build_record(**change)]
    )
    with pytest.raises(RunError, match="no manifest"):
        load_manifest(made.EDITION, tmp_path)


def test_table_without_rows_is_shown():
    """Records that hold nothing of a kind give tables that are all head; a page is made of them all the same."""
    empty = "<table><thead><tr><th>state</th><th>agencies_n</th></tr></thead><tbody></tbody></table>"
    assert '<th><span class="name">agencies_n</span></th>' in clean_html(empty)

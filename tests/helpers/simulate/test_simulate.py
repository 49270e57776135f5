"""Behaviour of `helpers.simulate`: a log that is invented throughout, and whose truth is told."""

import uuid

import pandas as pd
import pytest

from helpers.canonical import COLUMNS, WITHHELD
from helpers.errors import DataError, IngestError
from helpers.searches import records
from helpers.simulate import world
from helpers.simulate.log import build_lists, build_log, iterate_log
from sidedoor.simulate import TRUTH, write_log

ROWS = 12_000


@pytest.fixture(scope="module")
def made():
    """Log and truth side by side, one row each."""
    log, truth = build_log(3, ROWS)
    assert (log[["source_id", "row_no"]] == truth[["source_id", "row_no"]]).all(axis=None)
    return pd.concat([log, truth.drop(columns=["source_id", "row_no"])], axis=1)


def test_log_has_the_canonical_form(made):
    """Columns, types and number of rows; row numbers count the rows of each source."""
    assert COLUMNS["searches"] == made[list(COLUMNS["searches"])].dtypes.astype(str).to_dict()
    assert ROWS == len(made)
    for _, rows in made.groupby("source_id"):
        assert list(range(1, len(rows) + 1)) == rows["row_no"].tolist()
        assert rows["searched_at"].is_monotonic_increasing


def test_everything_is_called_simulated_and_cells_say_what_they_hold(made):
    """Sources and agencies are named so, and no officer, plate or case stands in it."""
    names = pd.concat([made["searcher_agency_as_printed"].dropna(), made["host_agency"]])

    for table in (made, build_lists(3)):
        assert table["source_id"].str.startswith("simulated-").all()
    assert names.str.contains(r"\b(?:ZZ|YY)\b|Simulated").all()
    assert made[["officer_token", "plate_token", "case_number_token"]].isna().all(axis=None)
    for name in set(WITHHELD) & set(COLUMNS["searches"]):
        assert (made[name].notna() == (made[f"{name}_cell"] == "value")).all(), name


def test_parts_are_one_log():
    """Drawn in small parts, row numbers of a source go on, and a search stands within one part."""
    parts = list(iterate_log(5, 4_000, part_n=300))
    truth = pd.concat([truth for _, truth in parts], ignore_index=True)

    assert len(parts) > 2 and 4_000 == len(truth)
    assert not truth.duplicated(["source_id", "row_no"]).any()
    assert (truth.groupby("source_id")["row_no"].max() == truth.groupby("source_id").size()).all()
    assert truth["event_n"].nunique() == (~truth["is_repeat"]).sum()


def test_one_search_is_one_id_one_time_one_agency(made):
    """Rows of a search agree in what is not withheld, and the ids of two searches differ."""
    by_event = made.groupby("event_n")

    for name in ("search_id", "searched_at", "searcher_agency_as_printed", "networks_n", "window_start"):
        assert by_event[name].nunique().max() == 1, name
    ids = made.dropna(subset=["search_id"]).groupby("search_id")["event_n"].nunique()
    assert 1 == ids.max() and uuid.UUID(ids.index[0])


def test_faults_of_releases_are_there(made):
    """The cap, the overwrite, the cut word, the masks, the zeros, the categories.

    Repeats, breaks of the form, the missing month and days are found by the tests of `helpers.searches`.
    """
    local = made["searched_at"].dt.tz_localize("UTC").dt.tz_convert(world.ZONE)
    slug = made["source_id"].str.extract(r"simulated-(.+?)-(?:network|org|portal)")[0]
    reasons, is_late = made["reason_text"], local >= pd.Timestamp(world.CATEGORIES_ON, tz=world.ZONE)

    assert (slug == world.CAPPED).sum() % 100 == 0
    assert {"Investigation"} == set(reasons[slug == world.OVERWRITTEN].dropna())
    assert not reasons[slug == world.SHORTENED].eq("Investigation").any()
    assert {"masked", "value"} <= set(made.loc[slug == world.MASKED, "reason_text_cell"])
    assert (made["networks_n"] == 0).mean() > 0.01
    assert reasons[is_late].nunique() <= 1 + len(world.CATEGORIES)


def test_files_are_cut_at_local_midnight(made):
    """A monthly file begins and ends with a local month, which is not one of UTC."""
    files = made[made["source_id"].str.match(r"simulated-exampleton-network-")]
    local = files["searched_at"].dt.tz_localize("UTC").dt.tz_convert(world.ZONE).dt.strftime("%Y-%m")

    assert (local == files["source_id"].str[-7:]).all()
    assert (files["searched_at"].dt.strftime("%Y-%m") != local).any()


def test_truth_tells_every_door(made):
    """Federal agencies come by the front where it is declared, else by the back.

    That truth and lists agree is tested with the verdicts of `helpers.doors`.
    """
    federal = made["searcher_agency_as_printed"].str.startswith("[Federal]").fillna(False)
    center = made["searcher_agency_as_printed"] == "ZZ Sample Fusion Center"
    lists = build_lists(3)
    buckets = {bucket for pool in world.REASONS.values() for _, bucket, _ in pool}

    assert set(made.loc[federal, "door"]) == {"front", "back"}
    assert (made.loc[federal, "is_declared"] == (made.loc[federal, "door"] == "front")).all()
    assert {"relay"} == set(made.loc[center, "door"]) - {"none"}
    assert (made["purpose"].eq("local") == made["door"].eq("none")).all()
    assert {"side", "account"} <= set(made["door"]) and buckets == set(made["reason_bucket"])
    assert "Justice Harbor ZZ PD" not in set(lists["reported_by"])
    assert world.POOL in set(lists["to_agency_as_printed"])


def test_folder_is_a_record(tmp_path):
    """What is written reads back as log, lists and truth; a second call replaces it; a seed is one log."""
    for _ in range(2):
        report = write_log(tmp_path / "trial", 4, 700)
    log, truth = build_log(4, 700)

    assert not build_log(5, 700)[0].equals(log)
    pd.testing.assert_frame_equal(records.load_records(tmp_path / "trial", "searches"), log)
    pd.testing.assert_frame_equal(records.load_records(tmp_path / "trial", "sharing"), build_lists(4))
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "trial" / TRUTH).astype(truth.dtypes), truth)
    assert records.list_records(tmp_path / "trial")["rows_out"].tolist() == [report.rows_out]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine")
    with pytest.raises(IngestError):
        write_log(tmp_path / "other", 4, 700)
    with pytest.raises(DataError):
        list(iterate_log(1, 0))

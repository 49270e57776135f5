"""Behaviour of `helpers.simulate`: a log that is invented throughout, and whose truth is told."""

import hashlib
import uuid

import numpy as np
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
        assert (
            list(range(1, len(rows) + 1)) == rows["row_no"].tolist()
            and rows["searched_at"].is_monotonic_increasing
        )


def test_everything_is_called_simulated(made):
    """Sources and agencies are named so, and no officer, plate or case stands in it."""
    names = pd.concat([made["searcher_agency_as_printed"].dropna(), made["host_agency"]])

    assert (
        made["source_id"].str.startswith("simulated-").all()
        and build_lists(3)["source_id"].str.startswith("simulated-").all()
    )
    assert names.str.contains(r"\b(?:ZZ|YY)\b|Simulated").all()
    assert made[["officer_token", "plate_token", "case_number_token"]].isna().all(axis=None)


def test_states_of_cells_fit_the_cells(made):
    """A cell that holds a value says so, and no other does."""
    for name in set(WITHHELD) & set(COLUMNS["searches"]):
        assert (made[name].notna() == (made[f"{name}_cell"] == "value")).all(), name


def test_same_seed_same_log():
    """Seed and size decide everything; another seed gives another log."""
    digests = [
        hashlib.sha256(pd.util.hash_pandas_object(build_log(seed, 900)[0]).values.tobytes()).hexdigest()
        for seed in (1, 1, 2)
    ]

    assert digests[0] == digests[1] != digests[2]


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


def test_every_kind_of_repeat_is_there(made):
    """Across agencies, in a re-release, in the overlap of two files, and in both audits of an agency."""
    pairs = made.merge(made, on="event_n")
    pairs = pairs[pairs["source_id_x"] < pairs["source_id_y"]]
    x, y = pairs["source_id_x"], pairs["source_id_y"]

    assert (pairs["host_agency_x"] != pairs["host_agency_y"]).any()
    assert (y == x + "-again").any()
    assert (
        x.str.endswith("network-2025-09")
        & (y.str.endswith("network-2025-10") & x.str.startswith("simulated-sample"))
    ).any()
    assert (x.str.contains("-network-") & y.str.endswith("-org")).any()


def test_faults_of_releases_are_there(made):
    """The cap, the overwrite, the cut word, the masks, the zeros, the breaks, the missing month and days."""
    local = made["searched_at"].dt.tz_localize("UTC").dt.tz_convert(world.ZONE)
    slug = made["source_id"].str.extract(r"simulated-(.+?)-(?:network|org|portal)")[0]
    is_network = made["source_id"].str.contains("-network")

    assert (made[slug == world.CAPPED].shape[0]) % 100 == 0
    assert ["Investigation"] == made.loc[
        (slug == world.OVERWRITTEN), "reason_text"
    ].dropna().unique().tolist()
    assert not made.loc[slug == world.SHORTENED, "reason_text"].eq("Investigation").any()
    assert {"masked", "value"} <= set(made.loc[slug == world.MASKED, "reason_text_cell"])
    assert (made["networks_n"] == 0).mean() > 0.01
    after = local >= pd.Timestamp(world.BREAK_ON, tz=world.ZONE)
    assert {"not_exported"} == set(made.loc[after, "devices_n_cell"]) and made.loc[
        ~after & is_network, "devices_n"
    ].notna().all()
    assert made.loc[
        local >= pd.Timestamp(world.CATEGORIES_ON, tz=world.ZONE), "reason_text"
    ].nunique() <= 1 + len(world.CATEGORIES)
    assert not ((slug == "sample-county") & is_network & (local.dt.strftime("%Y-%m") == "2025-08")).any()
    assert not (
        (slug == "inventory-falls")
        & local.dt.strftime("%Y-%m-%d").isin(["2025-10-10", "2025-10-11", "2025-10-12"])
    ).any()


def test_files_are_cut_at_local_midnight(made):
    """A monthly file begins and ends with a local month, which is not one of UTC."""
    files = made[made["source_id"].str.match(r"simulated-exampleton-network-")]
    local = files["searched_at"].dt.tz_localize("UTC").dt.tz_convert(world.ZONE).dt.strftime("%Y-%m")

    assert (local == files["source_id"].str[-7:]).all()
    assert (files["searched_at"].dt.strftime("%Y-%m") != local).any()


def test_truth_tells_the_doors(made):
    """Federal agencies come by the front where the host declares them, else by the back."""
    federal = made["searcher_agency_as_printed"].str.startswith("[Federal]").fillna(False)

    assert set(made.loc[federal, "door"]) == {"front", "back"}
    assert (made.loc[federal, "is_declared"] == (made.loc[federal, "door"] == "front")).all()
    assert {"relay"} == set(
        made.loc[made["searcher_agency_as_printed"] == "ZZ Sample Fusion Center", "door"]
    ) - {"none"}
    assert (made["purpose"].eq("local") == made["door"].eq("none")).all()
    assert {"side", "account"} <= set(made["door"]) and {
        row[1] for pool in world.REASONS.values() for row in pool
    } == set(made["reason_bucket"])


def test_lists_declare_what_truth_says(made):
    """A federal agency on a released list is declared in the rows of that host."""
    lists = build_lists(3)
    named = set(zip(lists["from_agency_as_printed"], lists["to_agency_as_printed"], strict=True))
    front = made[made["door"] == "front"]

    assert set(zip(front["host_agency"], front["searcher_agency_as_printed"], strict=True)) <= named
    assert "Justice Harbor ZZ PD" not in set(lists["reported_by"]) and world.POOL in set(
        lists["to_agency_as_printed"]
    )


def test_level_rises_at_the_told_day(made):
    """Searches a day after the change are to those before as the factor says."""
    first = made[~made["is_repeat"]]
    local = first["searched_at"].dt.tz_localize("UTC").dt.tz_convert(world.ZONE).dt.tz_localize(None)
    change = pd.Timestamp(world.CHANGE_ON)
    before, after = (
        ((change - pd.Timedelta(days=56)) <= local) & (local < change),
        (change <= local) & (local < change + pd.Timedelta(days=42)),
    )
    ratio = (after.sum() / 42) / (before.sum() / 56)

    assert abs(np.log(ratio / world.CHANGE_FACTOR)) < 4 * np.sqrt(1 / before.sum() + 1 / after.sum())


def test_folder_is_a_record(tmp_path):
    """What is written reads back as log, lists and truth; a second call replaces it."""
    for _ in range(2):
        report = write_log(tmp_path / "trial", 4, 700)
    log, truth = build_log(4, 700)

    pd.testing.assert_frame_equal(records.load_records(tmp_path / "trial", "searches"), log)
    pd.testing.assert_frame_equal(records.load_records(tmp_path / "trial", "sharing"), build_lists(4))
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "trial" / TRUTH).astype(truth.dtypes), truth)
    assert records.list_records(tmp_path / "trial")["rows_out"].tolist() == [report.rows_out]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine")
    with pytest.raises(IngestError, match="holds files that no ingest wrote"):
        write_log(tmp_path / "other", 4, 700)


def test_no_rows_is_refused():
    """A log needs a row."""
    with pytest.raises(DataError, match="0 rows are asked for"):
        list(iterate_log(1, 0))

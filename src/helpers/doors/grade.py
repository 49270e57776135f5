"""Grades: verdicts on a simulated log held against its truth."""

import pandas as pd

from helpers.doors.ways import describe_doors
from helpers.errors import DataError


def match_truth(marked: pd.DataFrame, truth: pd.DataFrame, log: pd.DataFrame) -> pd.DataFrame:
    """Put the true door beside the verdict on each row.

    Parameters
    ----------
    marked
        From `verdicts.mark_rows`, fetched.
    truth
        Of the simulated log: source_id, row_no, event_n, door, is_declared.
    log
        The log itself: source_id, row_no, host_agency, searcher_agency_as_printed.

    Returns
    -------
    DataFrame, one row per row of the log: source_id, row_no, event_n, door, decision, true_door. Where the truth knows no
    federal agency, the true door is `own` for an agency in its own data, else `front` or `back`, as the host declared
    the searcher or not; `none` where the log hides who searched.

    Raises
    ------
    DataError
        The rows of the three tables are not the same.
    """
    keys = ["source_id", "row_no"]
    names = log[[*keys, "host_agency", "searcher_agency_as_printed"]]
    made = marked.merge(truth.rename(columns={"door": "true_door"}), on=keys, validate="1:1").merge(
        names, on=keys, validate="1:1"
    )
    if len(made) != len(marked) or len(made) != len(truth):
        raise DataError(
            "truth",
            f"{len(made)} of {len(marked)} rows found in it",
            "Give log and truth of one seed and size.",
        )
    searcher = made["searcher_agency_as_printed"]
    way = made["is_declared"].map({True: "front", False: "back"})
    way = way.mask(searcher == made["host_agency"], "own").mask(searcher.isna(), "none")
    made["true_door"] = made["true_door"].where(made["true_door"] != "none", way)
    return made[[*keys, "event_n", "door", "decision", "true_door"]]


def cross_doors(matched: pd.DataFrame) -> pd.DataFrame:
    """Cross true doors with verdicts.

    Returns
    -------
    DataFrame of counts of rows: index true_door, columns the verdicts, both in the order of `ways.describe_doors`; lines
    and columns without a row are left out.
    """
    order = [*describe_doors(observed=True)["door"], "none"]
    crossed = pd.crosstab(matched["true_door"], matched["door"])
    crossed = crossed.reindex(
        index=[d for d in order if d in crossed.index], columns=[d for d in order if d in crossed.columns]
    )
    return crossed.rename_axis(columns="verdict")


def grade_door(matched: pd.DataFrame, door: str) -> dict[str, int]:
    """Grade the verdicts on one door.

    Returns
    -------
    Counts of rows: true_n (truly of this door), found_n (of these, judged so), undetermined_n (of these, left open),
    taken_n (of these, judged another door), judged_n (all judged so), false_n (of these, truly another); and events_n,
    the distinct searches behind true_n.
    """
    true, judged = matched["true_door"] == door, matched["door"] == door
    is_open = matched["door"] == "undetermined"
    return {
        "true_n": int(true.sum()),
        "found_n": int((true & judged).sum()),
        "undetermined_n": int((true & is_open).sum()),
        "taken_n": int((true & ~judged & ~is_open).sum()),
        "judged_n": int(judged.sum()),
        "false_n": int((judged & ~true).sum()),
        "events_n": int(matched.loc[true, "event_n"].nunique()),
    }

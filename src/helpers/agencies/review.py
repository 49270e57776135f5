"""The review file: what the rules could not decide, for a person to fill in."""

import csv
import io
from pathlib import Path

import pandas as pd

from helpers.errors import DataError

COLUMNS = ("name", "decision", "agency_id", "candidate_id", "score", "why")
DECISIONS = ("same", "different", "new")
# A spreadsheet runs a cell that begins so as a formula; an apostrophe before it makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_review(resolved: pd.DataFrame, path: str | Path) -> int:
    """Write the unsure names to a CSV that a person fills in.

    Parameters
    ----------
    resolved
        As `resolve_names` returns it.
    path
        The file. Decisions that it already holds are kept.

    Returns
    -------
    Number of names that wait for a decision. Columns: name, decision (to fill: same, different or new), agency_id (to
    fill if another than candidate_id is meant), candidate_id, score, why. Cells are written so that no spreadsheet
    takes one for a formula.
    """
    path = Path(path)
    kept = read_review(path) if path.exists() and path.stat().st_size else pd.DataFrame(columns=list(COLUMNS))
    done = {" ".join(name.split()) for name in kept["name"]}
    unsure = (
        resolved[resolved["outcome"] == "unsure"].drop_duplicates("name").sort_values("name", kind="stable")
    )
    rows = [
        [row.name, row.decision, row.agency_id, row.agency_id, "", "decided"] for row in kept.itertuples()
    ]
    waiting = [row for row in unsure.itertuples(index=False) if " ".join(row.name.split()) not in done]
    rows += [[row.name, "", "", row.candidate_id, f"{row.score:.0f}", row.why] for row in waiting]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_neutralize(str(cell)) for cell in row] for row in rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return len(waiting)


def read_review(path: str | Path) -> pd.DataFrame:
    """Read a review file back.

    Parameters
    ----------
    path
        A file of `write_review`, filled in. A byte order mark and semicolons, as spreadsheets save them, are read too.

    Returns
    -------
    DataFrame of the rows with a decision: name, decision, agency_id (candidate_id where the person left it empty).

    Raises
    ------
    DataError
        No such columns, a decision that is none of same, different, new, or one name decided in two ways.
    """
    path = Path(path)
    text = path.read_text(encoding="utf-8-sig")
    header = text.partition("\n")[0]
    rows = list(
        csv.DictReader(io.StringIO(text), delimiter=";" if header.count(";") > header.count(",") else ",")
    )
    if not {"name", "decision", "agency_id", "candidate_id"} <= set(
        rows[0] if rows else header.strip().split(",")
    ):
        raise DataError(path.name, "not the columns of a review file", f"Columns: {', '.join(COLUMNS)}.")
    found: dict[str, dict] = {}
    for number, row in enumerate(rows, start=2):
        cells = {key: _restore((row.get(key) or "").strip()) for key in COLUMNS if key != "name"}
        decision = cells["decision"].lower()
        if not decision:
            continue
        name = _restore(row["name"] or "")
        agency_id = cells["agency_id"] or cells["candidate_id"]
        record = {"name": name, "decision": decision, "agency_id": "" if decision == "new" else agency_id}
        if decision not in DECISIONS:
            place, found_there = f"{path.name}, row {number}", f"decision `{decision[:20]}`"
            raise DataError(place, found_there, f"Write {', '.join(DECISIONS)} or nothing.")
        key = " ".join(name.split())
        if key in found and found[key] != record:
            place = f"{path.name}, row {number}"
            raise DataError(place, "a name that was decided differently above", "Keep one of the rows.")
        found[key] = record
    return pd.DataFrame(list(found.values()), columns=["name", "decision", "agency_id"], dtype="str")


def check_review(review: pd.DataFrame, known_ids: set[str]) -> None:
    """Check decisions against the registry's ids.

    Raises
    ------
    DataError
        `same` without an agency, or with one that the registry does not have.
    """
    for row in review.itertuples(index=False):
        if row.decision == "same" and row.agency_id not in known_ids:
            found = f"`{row.agency_id}`" if row.agency_id else "no agency_id"
            way_out = "Write an agency_id of the registry, or add the agency to it."
            raise DataError("review", f"{found} for {row.name}", way_out)


def _neutralize(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _restore(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text

"""A sheet to code reasons by hand: a sample by strata, texts redacted, for private use; and the reader of a filled one."""

import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.errors import DataError
from helpers.export import write_csv
from helpers.leaks import Finder
from helpers.reasons.classify import STATE, STATES, label_rows
from helpers.reasons.rule_sets import RuleSet
from helpers.searches import engine

SHEET, KEY = "sheet.csv", "key.csv"
CODES = ("yes", "no", "unclear")
# Files that show that a folder is for publication.
_PUBLISHED = ("manifest.json", "index.html", ".git")
_NUMBER = re.compile(r"\d[\d-]{3,}")


def draw_sample(table, rule_sets: Sequence[RuleSet], stratum_n: int, seed: int) -> pd.DataFrame:
    """Draw rows to be coded: so many from each stratum, a stratum being the rows that the same rules find.

    Parameters
    ----------
    table
        Ibis table with the columns of canonical `searches`.
    rule_sets
        Their readings are the rules.
    stratum_n
        Rows from each stratum; all of a smaller one.
    seed
        Same seed and log, same sample, from every engine and in any order of rows.

    Returns
    -------
    DataFrame, one row for each row drawn, in an order that tells nothing: line, stratum (one sign for each rule),
    stratum_rows_n, one column `rule: NAME` for each rule (whether it finds the row), text (redacted). Rows whose redacted
    texts are the same share a line. Not for publication.

    Raises
    ------
    DataError
        Nothing to draw from, or fewer than one row each.
    """
    import ibis

    if stratum_n < 1:
        raise DataError("sample", f"{stratum_n} rows from each stratum", "Draw at least one.")
    rules = {rule: (own.name, labels) for own in rule_sets for rule, labels in own.list_rules().items()}
    rows = label_rows(table, rule_sets)
    rows = rows.filter(rows[STATE] == STATES[0])
    signs = [rows[name].isin(labels).ifelse("1", "0") for name, labels in rules.values()]
    stratum = signs[0]
    for sign in signs[1:]:
        stratum = stratum.concat(sign)
    rank = (
        ibis.literal(f"{seed}|").concat(rows.source_id, "|", rows.row_no.cast("string")).hexdigest("sha256")
    )
    ranked = rows.select("reason_text", stratum=stratum, rank=rank)
    window = ibis.window(group_by=ranked.stratum, order_by=ranked["rank"])
    ranked = ranked.mutate(
        place=ibis.row_number().over(window),
        stratum_rows_n=ibis._.count().over(ibis.window(group_by=ranked.stratum)),
    )
    drawn = engine.fetch(ranked.filter(ranked.place < stratum_n), ["rank"])
    if drawn.empty:
        raise DataError(
            "sample",
            "no row has a text",
            "Ingest the record with --private: a copy for publication has no texts.",
        )
    found = {f"rule: {rule}": drawn["stratum"].str[at] == "1" for at, rule in enumerate(rules)}
    text = pd.Series([redact_text(one) for one in drawn["reason_text"]], dtype="str")
    line = pd.Series(pd.factorize(text)[0] + 1)
    return pd.DataFrame(
        {
            "line": line,
            "stratum": drawn["stratum"],
            "stratum_rows_n": drawn["stratum_rows_n"],
            **found,
            "text": text,
        }
    )


def redact_text(text: str) -> str:
    """Mask what may name a person or a case in a reason: plates, phones, addresses and the like, and long numbers."""
    masked = Finder().mask(" ".join(text.split()))
    return _NUMBER.sub(lambda match: "#" * len(match[0]), masked)


def write_sheet(sample: pd.DataFrame, folder: Path | str) -> Path:
    """Write the sheet that a person fills, and the key that belongs to it, into a private folder.

    Parameters
    ----------
    sample
        From `draw_sample`.
    folder
        A folder outside the repository, of runs, of sites and of anything under version control; made if it is not there.

    Returns
    -------
    The path of `sheet.csv`: line, text, code (empty; one of CODES), note. The key, without texts, says which rules find
    which line; do not look into it while coding. Both can be read by their owner only.

    Raises
    ------
    DataError
        The folder is one whose content may be published, or holds a sheet already.
    """
    folder = check_private(folder)
    if (folder / SHEET).exists():
        raise DataError(
            f"folder {folder.name}",
            "it holds a sheet already",
            "Give a new folder: a filled sheet is hours of work.",
        )
    mask = os.umask(0o077)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sheet = sample[["line", "text"]].drop_duplicates("line").sort_values("line").assign(code="", note="")
        write_csv(sheet, folder / SHEET)
        write_csv(sample.drop(columns="text"), folder / KEY)
    finally:
        os.umask(mask)
    return folder / SHEET


def check_private(folder: Path | str) -> Path:
    """Refuse a folder from which texts could be published by mistake.

    Raises
    ------
    DataError
        It lies in the repository, among results, or below a folder that is published or under version control.
    """
    place = Path(folder).expanduser().absolute()
    for spot in {place, place.resolve()}:
        at_home = any(spot.is_relative_to(home.resolve()) for home in (paths.ROOT, paths.RUNS))
        if at_home or any((above / name).exists() for above in (spot, *spot.parents) for name in _PUBLISHED):
            raise DataError(
                f"folder {place.name}", "it lies where files are published or tracked",
                "Reasons are for private use: name a folder of your own elsewhere.",
            )  # fmt: skip
    return place


def read_sheet(folder: Path | str) -> pd.DataFrame:
    """Read a filled sheet with its key.

    Parameters
    ----------
    folder
        As given to `write_sheet`. The sheet may have come back from a spreadsheet, in another order of lines.

    Returns
    -------
    DataFrame, one row for each row drawn: line, stratum, stratum_rows_n, one column for each rule, code (empty where the
    line was not coded). It holds no text and no note.

    Raises
    ------
    DataError
        A file is missing, a line is missing, double or unknown, or a code is none of CODES.
    """
    folder = Path(folder)
    codes = {}
    for number, row in enumerate(_read_rows(folder / SHEET, {"line", "code"}), 2):
        line, code = row["line"].strip(), (row["code"] or "").strip().lower()
        place = f"{SHEET}, row {number}"
        if line in codes or not line.isdigit():
            raise DataError(
                place, f"line {line[:20]!r}, which is double or none", "Restore the column `line`."
            )
        if code and code not in CODES:
            raise DataError(
                place, f"the code {code[:20]!r}", f"Write one of {', '.join(CODES)}, or leave it empty."
            )
        codes[line] = code
    key = pd.DataFrame(_read_rows(folder / KEY, {"line", "stratum", "stratum_rows_n"}), dtype="str")
    if set(key["line"]) != set(codes):
        lost = sorted(set(key["line"]) ^ set(codes), key=str)[:3]
        raise DataError(
            SHEET,
            f"other lines than in the key, such as {', '.join(lost)}",
            "Take sheet and key of one sample.",
        )
    rules = [name for name in key.columns if name.startswith("rule: ")]
    made = key.assign(code=key["line"].map(codes), **{name: key[name] == "true" for name in rules})
    made = made.assign(stratum=key["stratum"].str.removeprefix("'"))
    return made.astype({"line": "int64", "stratum_rows_n": "int64"})[
        ["line", "stratum", "stratum_rows_n", *rules, "code"]
    ]


def _read_rows(path: Path, needed: set[str]) -> list[dict]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = needed - set(reader.fieldnames or ())
            if missing:
                raise DataError(
                    path.name,
                    f"no column {', '.join(sorted(missing))}",
                    "Keep the columns as they were written.",
                )
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            path.name, f"it cannot be read ({type(error).__name__})", "Save it as CSV in UTF-8."
        ) from None

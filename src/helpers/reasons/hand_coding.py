"""A sheet to code reasons by hand: a sample by strata, texts masked, for private use; and its reader."""

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

SHEET, SECOND, KEY = "sheet.csv", "second.csv", "key.csv"
CODES = ("yes", "no", "unclear")
# Files that show that a folder is for publication.
_PUBLISHED = ("manifest.json", "index.html", ".git")
_NUMBER = re.compile(r"\d[\d-]{3,}")


def draw_sample(table, rule_sets: Sequence[RuleSet], stratum_n: int, rest_n: int, seed: int) -> pd.DataFrame:
    """Return rows to be coded: so many from each stratum, a stratum being the rows that the same rules find.

    Parameters
    ----------
    table
        Ibis table with the columns of canonical `searches`.
    rule_sets
        Their readings are the rules.
    stratum_n
        Rows from each stratum that a rule finds; all of a smaller one [rows].
    rest_n
        Rows from the stratum that no rule finds. It is by far the largest, so recall depends on it: with 20
        rows an interval of 0.19 to 0.75, with 400 of 0.37 to 0.59 [rows].
    seed
        Same seed and log, same sample, from every engine and in any order of rows.

    Returns
    -------
    DataFrame, one row for each row drawn, in random order: line, stratum (one character for each rule),
    stratum_rows_n, one column `rule: NAME` for each rule (whether it finds the row), text (masked). Rows
    whose masked texts are the same share a line. Not for publication.
    """
    import ibis

    if min(stratum_n, rest_n) < 1:
        found = f"{stratum_n} and {rest_n} rows from each stratum"
        raise DataError("sample", found, "Draw at least one.", code="size")
    rules = {rule: (own.name, labels) for own in rule_sets for rule, labels in own.list_rules().items()}
    rows = label_rows(table, rule_sets)
    rows = rows.filter(rows[STATE] == STATES[0])
    first, *more = [rows[name].isin(labels).ifelse("1", "0") for name, labels in rules.values()]
    stratum = first.concat(*more) if more else first
    name = ibis.literal(f"{seed}|").concat(rows.source_id, "|", rows.row_no.cast("string"))
    ranked = rows.select("reason_text", stratum=stratum, rank=name.hexdigest("sha256"))
    window = ibis.window(group_by=ranked.stratum, order_by=ranked["rank"])
    ranked = ranked.mutate(
        place=ibis.row_number().over(window),
        stratum_rows_n=ibis._.count().over(ibis.window(group_by=ranked.stratum)),
    )
    wanted = (ranked.stratum == "0" * len(rules)).ifelse(rest_n, stratum_n)
    drawn = engine.fetch(ranked.filter(ranked.place < wanted), ["rank"])
    if drawn.empty:
        way_out = "Ingest the record with --private: a copy for publication has no texts."
        raise DataError("sample", "no row has a text", way_out, code="no-text")
    found = {f"rule: {rule}": drawn["stratum"].str[at] == "1" for at, rule in enumerate(rules)}
    text = pd.Series([mask_text(one) for one in drawn["reason_text"]], dtype="str")
    sample = drawn[["stratum", "stratum_rows_n"]].assign(**found, text=text)
    sample.insert(0, "line", pd.factorize(text)[0] + 1)
    return sample


def mask_text(text: str) -> str:
    """Return a reason without what may name a person or a case: plates, phones, addresses, long numbers."""
    masked = Finder().mask(" ".join(text.split()))
    return _NUMBER.sub(lambda match: "#" * len(match[0]), masked)


def write_sheet(sample: pd.DataFrame, folder: Path | str) -> Path:
    """Write the sheet that a person fills, and the key that belongs to it, into a private folder.

    Parameters
    ----------
    sample
        From `draw_sample`.
    folder
        A folder outside the repository, of runs, of sites and of anything under version control, without a
        sheet; DataError for another.

    Returns
    -------
    The path of `sheet.csv`: line, text, code (empty; one of CODES), note. A second person fills a copy,
    `second.csv`. The key, without texts, says which rules find which line; do not look into it while coding.
    Only their owner can read the files.
    """
    folder = check_private(folder)
    if (folder / SHEET).exists():
        way_out = "Give a new folder: a filled sheet is hours of work."
        raise DataError(f"folder {folder.name}", "it holds a sheet already", way_out, code="taken")
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
    """Return a folder that is safe for texts.

    DataError if it is in the repository, among results, or below a folder that is published or under version
    control.
    """
    place = Path(folder).expanduser().absolute()
    for spot in {place, place.resolve()}:
        at_home = any(spot.is_relative_to(home.resolve()) for home in (paths.ROOT, paths.RUNS))
        if at_home or any((above / name).exists() for above in (spot, *spot.parents) for name in _PUBLISHED):
            found, way_out = (
                "its files are published or tracked",
                "Name a private folder of your own elsewhere.",
            )
            raise DataError(f"folder {place.name}", found, way_out, code="public")
    return place


def read_sheet(folder: Path | str) -> pd.DataFrame:
    """Return a filled sheet with its key, and with the sheet of a second coder if `second.csv` is there.

    Sheets may come back from a spreadsheet, with lines in another order.

    Returns
    -------
    DataFrame, one row for each row drawn: line, stratum, stratum_rows_n, one column for each rule, code
    (empty where the line was not coded; `unclear` where two coders differ), and code_first, code_second if
    there are two. It holds no text and no note.

    Raises
    ------
    DataError
        A file is missing, a line is missing, double or unknown, or a code is none of CODES.
    """
    folder = Path(folder)
    key = pd.DataFrame(_read_rows(folder / KEY, {"line", "stratum", "stratum_rows_n"}), dtype="str")
    names = [SHEET, SECOND] if (folder / SECOND).exists() else [SHEET]
    sheets = [_read_codes(folder / name, set(key["line"])) for name in names]
    rules = [name for name in key.columns if name.startswith("rule: ")]
    made = key.assign(**{name: key[name] == "true" for name in rules})
    made["stratum"] = made["stratum"].str.removeprefix("'")
    codes = [key["line"].map(sheet) for sheet in sheets]
    made["code"] = codes[0]
    if len(codes) == 2:
        made = made.assign(code_first=codes[0], code_second=codes[1])
        settled = codes[0].where(codes[0] == codes[1], "unclear")
        made["code"] = settled.where((codes[0] != "") & (codes[1] != ""), codes[0] + codes[1])
    columns = ["line", "stratum", "stratum_rows_n", *rules, *made.columns[len(key.columns) :]]
    return made.astype({"line": "int64", "stratum_rows_n": "int64"})[columns]


def _read_codes(path: Path, lines: set[str]) -> dict[str, str]:
    codes: dict[str, str] = {}
    for number, row in enumerate(_read_rows(path, {"line", "code"}), 2):
        line, code = row["line"].strip(), (row["code"] or "").strip().lower()
        place = f"{path.name}, row {number}"
        if line in codes or line not in lines:
            found = f"line {line[:20]!r}, which is double or not in the key"
            raise DataError(place, found, "Restore the column `line`.", code="line")
        if code and code not in CODES:
            way_out = f"Write one of {', '.join(CODES)}, or leave it empty."
            raise DataError(place, f"the code {code[:20]!r}", way_out, code="code")
        codes[line] = code
    if lost := sorted(lines - set(codes)):
        found = f"it lacks lines of the key, such as {lost[0]}"
        raise DataError(path.name, found, "Take sheet and key of one sample.", code="line")
    return codes


def _read_rows(path: Path, needed: set[str]) -> list[dict]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := sorted(needed - set(reader.fieldnames or ())):
                way_out = "Keep the columns as they were written."
                raise DataError(path.name, f"no column {', '.join(missing)}", way_out, code="column")
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        found = f"it cannot be read ({type(error).__name__})"
        raise DataError(path.name, found, "Save it as CSV in UTF-8.", code="unreadable") from None

"""What fills a published field must look like it: a column of agencies holds agencies, or a person has
confirmed that it does.
"""

import re
from pathlib import PurePosixPath

from helpers.agencies.check import UNSHOWN_CHARACTERS, looks_like_agency
from helpers.agencies.words import load_words
from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.report import FileTable, Reading
from sidedoor.ingest.source import ReadOptions, Source

NOT_AN_AGENCY = "(not an agency's name)"
# Of the rows of a log, and of the different names of a list, so many may hold no word of an agency [percent].
_LOG_PERCENT, _LIST_PERCENT, _FEW = 5, 10, 2
_LOG_COLUMNS = ("searcher_agency_as_printed", "host_agency")
_LIST_COLUMNS = {
    "sharing": ["from_agency_as_printed", "to_agency_as_printed", "reported_by"],
    "volumes": ["reported_by"],
}
_HIDDEN = re.compile(UNSHOWN_CHARACTERS)
_LETTERS = re.compile(r"[^\W\d_]+")
_SHIFTED = "A cell may hold commas without being quoted: ask for the original export."
_HEADERS = "Headers may be exchanged, or rows shifted: look at the file."


def remove_hidden(name: str) -> str:
    """Return a name without control characters, those without width, and those that turn the writing."""
    return _HIDDEN.sub("", name)


def check_names(reading: Reading, source: Source, options: ReadOptions) -> None:
    """Refuse tables whose columns of agencies hold something else; replace single odd names of a search log.

    The lists that a vendor's own page or report prints, and those that the project's mappings were written
    for, hold agencies, whatever they are called (`NCRIC`, `ALEA`).

    Raises
    ------
    IngestError
        More than a small part of the names holds no word of an agency, and nobody has confirmed them; or all
        rows are shifted.
    """
    if {"no-readable-time", "unnamed-columns"} <= reading.report.list_codes():
        found = "every row has a cell more than the header, and none has a time where times should be"
        raise IngestError(source.name, found, _SHIFTED, code="row-width")
    if options.confirm_agencies or source.cache.get("vendor prints agencies"):
        return
    for name, table in reading.tables.items():
        if isinstance(table, FileTable):
            for column in _LOG_COLUMNS:
                _check_log(table, column, reading, source, options)
        elif name in _LIST_COLUMNS:
            reading.tables[name] = _check_list(table, _LIST_COLUMNS[name], reading, source, options)


def _find_odd(names, options: ReadOptions) -> list[str]:
    """Find names that hold no word of an agency; what the person gave as the reporting agency is one."""
    return [name for name in names if name != options.reported_by and not looks_like_agency(name)]


def _check_log(table: FileTable, column: str, reading: Reading, source: Source, options: ReadOptions) -> None:
    counts = table.count_values(column)
    odd = _find_odd(counts, options)
    if not odd:
        return
    odd_n, rows_n = sum(counts[name] for name in odd), sum(counts.values())
    if odd_n * 100 > rows_n * _LOG_PERCENT:
        raise _refuse(source, column, len(odd), len(counts), f", in {odd_n:,} of {say_number(rows_n, 'row')}")
    table.replace_names(column, odd, NOT_AN_AGENCY)
    _warn(reading, column, odd)


def _check_list(table, columns: list[str], reading: Reading, source: Source, options: ReadOptions):
    """Check the names of a list, and number those that are no agencies: they stay different ones."""
    shown: dict[str, str] = {}
    for column in columns:
        names = table[column].dropna().unique()
        odd = _find_odd(names, options)
        if len(odd) > _FEW and len(odd) * 100 > len(names) * _LIST_PERCENT:
            raise _refuse(source, column, len(odd), len(names))
        for name in odd:
            shown.setdefault(name, f"{NOT_AN_AGENCY} {len(shown) + 1}")
    if not shown:
        return table
    _warn(reading, " and ".join(columns), [*shown])
    return table.assign(**{column: table[column].replace(shown) for column in columns})


def _warn(reading: Reading, column: str, odd: list[str]) -> None:
    said = say_number(len(odd), "name holds", "names hold")
    text = f"Column {column}: {said} no word of an agency: shown as {NOT_AN_AGENCY!r}."
    way_out = "If they are agencies, say so with --confirm-agencies."
    reading.report.warn("odd-agencies", f"{text} {way_out}", "confirm_agencies")
    reading.report.private.setdefault("no agency's name", []).extend(odd[:20])


def _refuse(source: Source, column: str, odd_n: int, names_n: int, rows: str = "") -> IngestError:
    names = say_number(names_n, "different name")
    found = f"{odd_n:,} of {names} in {column} hold no word of an agency{rows}"
    way_out = f"{_HEADERS} If they all are agencies, say so: --confirm-agencies."
    return IngestError(source.name, found, way_out, code="agencies-to-confirm", asks_for="confirm_agencies")


def show_file_name(name: str, agencies: set[str]) -> str:
    """Return a file's name for readers: as it is where it holds words of agencies, exports and dates alone,
    otherwise its kind (`CSV file`), as a name such as `Roe request.csv` can name a person.

    Parameters
    ----------
    name
        Without folders.
    agencies
        Names of the agencies whose records the file holds.
    """
    words, file_words = load_words(), set(load_format("file_names")["words"].split())
    known = file_words | (words.known - words.kinds["person_ranks"])
    known |= {word for agency in agencies for word in _LETTERS.findall(agency.lower())}
    others = set(_LETTERS.findall(name.lower())) - known
    if all(looks_like_agency(word.upper()) for word in others):  # OCSD, LVMPD
        return name
    kind = PurePosixPath(name.lower().removesuffix(".gz")).suffix.lstrip(".")
    return f"{kind.upper()} file" if kind in file_words else "file"

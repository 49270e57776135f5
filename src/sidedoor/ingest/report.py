"""What was read from a file and what was not: rows in = rows out + rows skipped, always."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from helpers.errors import IngestError

_PLACES_SHOWN = 10
_ENDINGS = (".csv", ".tsv", ".txt", ".gz", ".xlsx", ".xlsm", ".pdf", ".html", ".htm", ".mhtml")
DEFECT = "This is a defect of Side Door, not of the file: please report it with the layout of the file."


class DefectError(IngestError):
    """A reader did what no reader may do. The file is not to blame."""


class Notice(str):
    """A sentence of a report. Programs and tests look at its `code`, and never at its words.

    `asks_for` is the option that a person may want to give because of it; empty if there is none.
    """

    code: str
    asks_for: str

    def __new__(cls, text: str, code: str = "", asks_for: str = ""):
        made = super().__new__(cls, text)
        made.code, made.asks_for = code, asks_for
        return made


@dataclass(frozen=True)
class SetAside:
    """Rows of a file that were skipped, with the reason.

    `what` never repeats a row of a search log or a cell of a list; `code` names the reason for programs.
    """

    place: str
    reason: str
    what: str = ""
    rows_n: int = 1
    code: str = ""


@dataclass
class Skipped:
    """Collects the rows that are skipped for one reason: their number, and the first places."""

    code: str
    reason: str
    what: str = ""
    rows_n: int = 0
    places: list[str] = field(default_factory=list)

    def add(self, place: str, rows_n: int = 1) -> None:
        """Count rows at a place."""
        self.rows_n += rows_n
        if len(self.places) < _PLACES_SHOWN and place not in self.places:
            self.places.append(place)

    def to_entry(self) -> SetAside:
        """Return the entry of the report: the first place, and in `what` the next ones."""
        more = f"also {', '.join(self.places[1:])}" if self.places[1:] else ""
        if self.rows_n > _PLACES_SHOWN and more:
            more += f" and {self.rows_n - len(self.places):,} more"
        what = "; ".join(part for part in (self.what, more) if part)
        return SetAside(self.places[0], self.reason, what, self.rows_n, self.code)


@dataclass
class Report:
    """What a file was taken for, and what became of each of its rows."""

    file: str  # its name without folders
    sha256: str
    bytes_n: int
    family: str  # the reader that took it
    form: str  # which of its layouts
    why: str  # on what evidence
    rows_in: int = 0  # records in the file; for a sharing list a record is one printed name
    rows_out: int = 0  # records in the tables
    set_aside: list[SetAside] = field(default_factory=list)  # records in no table
    # Columns of the file that never enter a table (officers, plates, case numbers and the like), or that no
    # table has. A column whose header is not known is named by its number.
    columns_dropped: list[str] = field(default_factory=list)
    span: dict[str, list[str | None]] = field(default_factory=dict)  # first and last day, by table
    time_zone: str = ""  # the zone that the file states or that the reader was told, and how it was known
    # What a person should look at: round row counts, constant columns, schema breaks, slips of an OCR layer.
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what was done that is no cause for worry
    details: dict = field(default_factory=dict)  # counts by section, by cell state, by sheet or by page
    # What the person at the terminal should see and nobody else: headers that are not known, names of sheets.
    private: dict = field(default_factory=dict)

    def put_aside(self, place: str, reason: str, rows_n: int = 1, code: str = "") -> None:
        """Account for rows that are skipped; for no row there is nothing to report."""
        if rows_n:
            self.set_aside.append(SetAside(place, reason, rows_n=rows_n, code=code))
            self.rows_in += rows_n

    def skip(self, entries: dict[str, Skipped]) -> None:
        """Account for what was collected, by code."""
        for entry in entries.values():
            if entry.rows_n:
                self.set_aside.append(entry.to_entry())
                self.rows_in += entry.rows_n

    def warn(self, code: str, text: str, asks_for: str = "") -> None:
        """Add a warning."""
        self.warnings.append(Notice(text, code, asks_for))

    def note(self, code: str, text: str, asks_for: str = "") -> None:
        """Add a note."""
        self.notes.append(Notice(text, code, asks_for))

    def list_codes(self) -> set[str]:
        """List the codes of all warnings, notes and skipped rows."""
        notices = {getattr(text, "code", "") for text in (*self.warnings, *self.notes)}
        return notices | {part.code for part in self.set_aside}

    def check(self) -> None:
        """Check that no record was lost; raises `DefectError`."""
        aside = sum(part.rows_n for part in self.set_aside)
        if self.rows_in != self.rows_out + aside:
            found = f"{self.rows_in} rows in, {self.rows_out} out and {aside} skipped do not add up"
            raise DefectError(self.file, found, DEFECT, code="lost-rows")

    def to_dict(self, *, is_private: bool = False) -> dict:
        """Return the report as JSON; without `private` and the name of the file unless it is private."""
        made = asdict(self)
        for name in ("warnings", "notes"):
            made[name] = [str(text) for text in made[name]]
        if not is_private:
            made.pop("private")
            ending = Path(self.file).suffix.lower()
            made["file"] = f"file-{self.sha256[:12]}" + (ending if ending in _ENDINGS else "")
        return made


@dataclass
class FileTable:
    """A canonical table in a file: where its Parquet file is, and how many rows it has."""

    path: Path
    rows_n: int

    def __len__(self) -> int:
        return self.rows_n

    def load(self) -> pd.DataFrame:
        """Load the table into memory."""
        import pyarrow.parquet as pq

        from helpers.canonical import COLUMNS

        frame = pq.read_table(self.path, partitioning=None).to_pandas()
        return frame.astype(COLUMNS[self.path.stem])


@dataclass(frozen=True)
class Reading:
    """The canonical tables of one file and the report on it; the table `searches` is a `FileTable`."""

    tables: dict[str, pd.DataFrame | FileTable]
    report: Report

    def check(self) -> None:
        """Check that no record was lost, and that the tables hold what the report says."""
        self.report.check()
        rows_n = sum(map(len, self.tables.values()))
        if rows_n != self.report.rows_out:
            found = f"the tables hold {rows_n} rows where the report says {self.report.rows_out}"
            raise DefectError(self.report.file, found, DEFECT, code="lost-rows")


def warn_of_constants(report: Report, rows_n: int, columns: list[str]) -> None:
    """Warn of columns that hold one value in all rows, as after an overwrite; the value itself is not
    repeated.
    """
    for name in columns if rows_n >= 20 else ():
        text = f"Column {name} holds one value in all {rows_n:,} rows: it may have been overwritten."
        report.warn("constant-column", text)

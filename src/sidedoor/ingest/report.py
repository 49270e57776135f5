"""What was read from a file and what was not: rows in = rows out + rows set aside, always."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from helpers.errors import IngestError


@dataclass(frozen=True)
class SetAside:
    """Rows of a file that stand in no table, with the reason.

    `what` never repeats a row of a search log; names of agencies on a sharing list may stand in it.
    """

    place: str
    reason: str
    what: str = ""
    rows_n: int = 1


@dataclass
class Report:
    """What a file was taken for, and what became of each of its rows.

    Attributes
    ----------
    file, sha256, bytes_n
        Name without folders, checksum, size.
    family, form, why
        Which reader took it, which of its forms, and on what evidence.
    rows_in, rows_out
        Records found in the file, records in the tables. For a sharing list a record is one printed name.
    set_aside
        Records in no table.
    columns_dropped
        Columns of the file that never enter a table (officers, plates, case numbers and the like), or that no table has.
    span
        First and last date of the records, as `YYYY-MM-DD` pairs by table.
    time_zone
        The zone that the file states or that the reader was told, and how it was known.
    warnings
        What a person should look at: round row counts, constant columns, schema breaks, slips of an OCR layer.
    notes
        What was done that is no cause for worry.
    details
        Counts by section, by cell state, by sheet or by page, as plain JSON.
    """

    file: str
    sha256: str
    bytes_n: int
    family: str
    form: str
    why: str
    rows_in: int = 0
    rows_out: int = 0
    set_aside: list[SetAside] = field(default_factory=list)
    columns_dropped: list[str] = field(default_factory=list)
    span: dict[str, list[str | None]] = field(default_factory=dict)
    time_zone: str = ""
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    details: dict = field(default_factory=dict)

    def put_aside(self, place: str, reason: str, rows_n: int = 1) -> None:
        """Account for rows that stand in no table; for no row there is nothing to tell."""
        if rows_n:
            self.set_aside.append(SetAside(place, reason, rows_n=rows_n))
            self.rows_in += rows_n

    def check(self) -> None:
        """Demand that no record was lost.

        Raises
        ------
        IngestError
            Rows in are not rows out plus rows set aside: a defect of the reader, never of the file.
        """
        aside = sum(part.rows_n for part in self.set_aside)
        if self.rows_in != self.rows_out + aside:
            raise IngestError(
                self.file,
                f"{self.rows_in} rows in, {self.rows_out} out and {aside} set aside do not add up",
                "This is a defect of the reader: please report it with the form of the file.",
            )

    def to_dict(self) -> dict:
        """Return the report as plain JSON."""
        return asdict(self)


@dataclass
class FileTable:
    """A canonical table that is too large for memory: where its Parquet file lies, and how many rows it has."""

    path: Path
    rows_n: int

    def __len__(self) -> int:
        return self.rows_n


@dataclass(frozen=True)
class Reading:
    """The canonical tables of one file and the report on it; a large log's table is a `FileTable`."""

    tables: dict[str, pd.DataFrame | FileTable]
    report: Report


def warn_of_constants(rows_n: int, columns: list[str]) -> list[str]:
    """Warn of columns that hold one value in all rows, as after an overwrite; the value itself is not repeated."""
    if rows_n < 20:
        return []
    return [
        f"Column {name} holds one value in all {rows_n:,} rows: it may have been overwritten."
        for name in columns
    ]

"""From the columns of a search log to the table `searches`, part by part: a log needs no more memory than its table."""

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.canonical import COLUMNS, WITHHELD, build_table
from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.cells import count_states
from sidedoor.ingest.columns import Column, make_column
from sidedoor.ingest.log_form import LogForm
from sidedoor.ingest.log_part import OUT_OF_PLACE, REASONS, Part
from sidedoor.ingest.report import Report, SetAside
from sidedoor.ingest.source import ReadOptions, Source
from sidedoor.ingest.text import Skip, TextTable

_PLACES_SHOWN = 10


@dataclass
class _Aside:
    """Rows set aside for one reason: their number, and the first places."""

    rows_n: int = 0
    places: list[str] = field(default_factory=list)
    what: str = ""


class LogTable:
    """Collects the rows of one file.

    Parameters
    ----------
    source, options
        The file, and what the person knows.
    """

    def __init__(self, source: Source, options: ReadOptions):
        self.source, self.options = source, options
        self._start()

    def _start(self) -> None:
        """Begin to count."""
        self.rows_n = self.timed_n = 0
        self.gaps_n = self.folds_n = self.local_n = self.utc_n = 0
        self.moderation: dict[str, int] = {}
        self.unread: dict[str, list] = {}
        self.time_forms: dict[str, int] = {}
        self.cells: dict[str, dict[str, int]] = {name: {} for name in WITHHELD}
        self.skipped: dict[str, _Aside] = {}
        self._aside: dict[str, _Aside] = {}
        self._parts: list[pd.DataFrame] = []

    def read_text(
        self, table: TextTable, form: LogForm, header: list[str] | None = None, skips: list[Skip] = ()
    ) -> None:
        """Read a text.

        Parameters
        ----------
        table, form
            The text, and how its columns are read.
        header
            Names of its columns, where they are not its own.
        skips
            Rows that are left out; they are set aside with their reason.

        Raises
        ------
        IngestError
            As `add` and `TextTable.rows`.
        """
        for frame in table.frames():
            frame.columns = header or table.header
            frame = self.leave_out(frame, skips)
            if len(frame):
                self.add(frame, form)

    def leave_out(self, frame: pd.DataFrame, skips: list[Skip], place: str = "line {}") -> pd.DataFrame:
        """Leave out the rows that a mapping skips, and note where they stand."""
        for skip in skips:
            hit = frame[skip.column].str.strip().isin(skip.values)
            for at in frame.index[hit]:
                entry = self.skipped.setdefault(skip.reason, _Aside())
                entry.rows_n += 1
                if len(entry.places) < _PLACES_SHOWN:
                    entry.places.append(place.format(at))
            frame = frame[~hit]
        return frame

    def add(self, frame: pd.DataFrame, form: LogForm, place: str = "line {}") -> None:
        """Read a part of the file.

        Parameters
        ----------
        frame
            Text, never missing; its index tells where each row stands.
        form
            How its columns are read.
        place
            Where a row stands, in words, with `{}` for its index.

        Raises
        ------
        IngestError
            Times without a zone, and nobody said which it is.
        """
        self._parts.append(self.read_part(frame, form, place))

    def read_part(self, frame: pd.DataFrame, form: LogForm, place: str = "line {}") -> pd.DataFrame:
        """Read a part of the file as `add` does, and give its rows instead of collecting them."""
        where = frame.index
        table = self.read_columns(
            {column: make_column(frame[column]) for column in dict.fromkeys(form.columns.values())},
            len(frame), form, lambda row: place.format(where[row]),
        )  # fmt: skip
        return _make_frame(table)

    def read_columns(self, columns: dict[str, Column], rows_n: int, form: LogForm, where) -> pa.Table:
        """Read a part of the file, given by its columns.

        Parameters
        ----------
        columns, rows_n, form, where
            As for `log_part.Part`.

        Returns
        -------
        Arrow table of the rows that enter `searches`, with its columns; states of cells are dictionaries.
        """
        row_no = np.arange(self.rows_n + 1, self.rows_n + rows_n + 1)
        self.rows_n += rows_n
        read = Part(self, columns, rows_n, form, where)
        keep = ~read.drop_headers()
        made = read.read_columns()
        keep &= ~read.drop_notes(keep)
        keep &= ~read.drop_rows_that_are_no_search(keep)
        keep &= ~read.drop_rows_out_of_place(keep)
        kept_n = int(keep.sum())
        self.timed_n += kept_n
        for name, counts in self.cells.items():
            codes = read.find_codes(name)
            for state, count in count_states(codes if kept_n == rows_n else codes[keep]).items():
                counts[state] = counts.get(state, 0) + count
        made["row_no"] = pa.array(row_no)
        made["source_id"] = pa.repeat(self.options.source_id or self.source.id, rows_n)
        arrays = [
            made[name].cast(kind) if name in made and made[name].type not in (kind, _STATE_KIND) else
            made[name] if name in made else pa.nulls(rows_n, kind)
            for name, kind in zip(SCHEMA.names, SCHEMA.types, strict=True)
        ]  # fmt: skip
        table = pa.Table.from_arrays(arrays, SCHEMA.names)
        return table if kept_n == rows_n else table.filter(pa.array(keep))

    def set_aside(self, rows: np.ndarray, reason: str, where, what: str = "") -> None:
        """Note rows, as a mask, that enter no table."""
        found = np.flatnonzero(rows)
        if len(found):
            entry = self._aside.setdefault(reason, _Aside(what=what))
            entry.rows_n += len(found)
            entry.places += [where(row) for row in found[: _PLACES_SHOWN - len(entry.places)]]

    def refuse_local(self, place, form: LogForm) -> IngestError:
        """Refuse times whose zone is not known."""
        way_out = form.zone_hint or "Say where the clock hung, for example --time-zone UTC."
        return IngestError(f"{self.source.name}, {place}", "times without a time zone", way_out)

    def note_unread(self, name: str, count: int, place: str, shape: str) -> None:
        """Note cells of a kept row that hold something else than they should."""
        entry = self.unread.setdefault(name, [0, place, shape])
        entry[0] += count

    def close(self, report: Report) -> pd.DataFrame:
        """Put the table together, and write into the report what became of the rows.

        Raises
        ------
        IngestError
            Most rows have no readable time: the form is another one.
        """
        self.check_places()
        table = pd.concat(self._parts, ignore_index=True) if self._parts else build_table("searches", [])
        self._parts = []
        self.account(report, len(table))
        return table

    def check_places(self) -> None:
        """Demand that most rows have a search time where it should be."""
        misplaced = self._aside.get(OUT_OF_PLACE)
        if misplaced and misplaced.rows_n > self.timed_n:
            raise IngestError(
                f"{self.source.name}, {misplaced.places[0]}",
                f"search times in a form that is not known ({misplaced.what}), in {misplaced.rows_n:,} of "
                f"{say_number(self.rows_n, 'row')}",
                "Compare the columns with the header; if the dates are only written in another way, give a "
                "mapping with "
                "their form: --mapping FILE.toml.",
            )

    def account(self, report: Report, rows_out: int) -> None:
        """Write into the report how many rows there were, and what became of those in no table."""
        report.rows_in += self.rows_n + sum(entry.rows_n for entry in self.skipped.values())
        report.rows_out += rows_out
        for reason, entry in self.skipped.items():
            more = f"also {', '.join(entry.places[1:])}" if entry.places[1:] else ""
            report.set_aside.append(SetAside(entry.places[0], reason, more, entry.rows_n))
        for reason in REASONS:
            if entry := self._aside.get(reason):
                more = entry.places[1:]
                what = "; ".join(
                    part for part in (entry.what, f"also {', '.join(more)}" if more else "") if part
                )
                if entry.rows_n > _PLACES_SHOWN:
                    what += f" and {entry.rows_n - _PLACES_SHOWN:,} more"
                report.set_aside.append(SetAside(entry.places[0], reason, what, entry.rows_n))


_KINDS = {
    "str": pa.string(),
    "Int64": pa.int64(),
    "boolean": pa.bool_(),
    "datetime64[us]": pa.timestamp("us"),
}
SCHEMA = pa.schema([(name, _KINDS[kind]) for name, kind in COLUMNS["searches"].items()])
_STATE_KIND = pa.dictionary(pa.int8(), pa.string())


def _make_frame(table: pa.Table) -> pd.DataFrame:
    """Turn an Arrow table of `searches` into the canonical one."""
    made = {}
    for name, kind in COLUMNS["searches"].items():
        cells = table.column(name).combine_chunks()
        if kind == "str":
            made[name] = pd.Series(pd.array(cells.cast(pa.large_string()), dtype="str"))
        elif kind == "datetime64[us]":
            made[name] = pd.Series(cells.to_numpy(zero_copy_only=False).astype(kind))
        else:
            made[name] = cells.to_pandas(
                types_mapper={pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}.get
            )
    return build_table("searches", pd.DataFrame(made, copy=False))


def count_partial(reasons: pd.Series) -> int:
    """Count reasons of which a part is redacted."""
    known = load_format("cells")
    begins, pattern = re.compile(known["partial_begins"]), re.compile(known["partial"])
    unique = reasons.dropna().value_counts()
    return int(sum(count for text, count in unique.items() if begins.search(text) and pattern.match(text)))

"""One part of a search log, column by column: from cells to values, and to what each cell is."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.agencies.check import UNSHOWN_CHARACTERS
from helpers.canonical import CELL_STATES, WITHHELD
from helpers.errors import IngestError
from helpers.formats import load_format
from sidedoor.ingest.cells import (
    EMPTY,
    NOT_EXPORTED,
    PLACEHOLDER,
    VALUE,
    Column,
    Marks,
    find_states,
    keep_values,
    load_marks,
    read_counts,
    show_shape,
)
from sidedoor.ingest.headers import tidy_header
from sidedoor.ingest.text import RowBatch
from sidedoor.ingest.times import convert_to_utc, read_times

# What marks count as no value, by field; `label` where none is named.
MARK_KINDS = {
    "search_id": "name",
    "searcher_agency_as_printed": "name",
    "host_agency": "name",
    "officer": "strict",
    "plate": "strict",
    "plate_state": "label",
    "reason_text": "free",
    "offense_type": "free",
    "case_number": "free",
}
# Columns of persons: dropped, and only their state or a token stays.
PERSONAL = ("officer", "plate", "case_number")
NAMES = ("searcher_agency_as_printed", "host_agency")
TEXTS = ("search_id", "plate_state", "search_type", *NAMES)
COUNTS = ("networks_n", "devices_n")
# A reason is the first of these that holds a value, and where it comes from.
REASONS = {"reason_text": "reason", "offense_type": "offense_type", "case_number": "case_number"}
# Everything that a form may bind a column to.
FIELDS = (
    *TEXTS, *PERSONAL, "search_date", "searched_at", "window", "window_start", "window_end", *COUNTS,
    "reason_text", "offense_type", "has_case_number", "moderation",
)  # fmt: skip
ANOTHER_TYPE = "(another type)"
_TRUE, _FALSE = ("true", "yes", "y", "1"), ("false", "no", "n", "0")
# Of so many columns beside the time, one filled cell makes no search.
_FEW = 3


@dataclass(frozen=True)
class LogForm:
    """How the columns of a log are read."""

    columns: dict[str, str]  # for each of `FIELDS` that is there, the column as it is called in the file
    time_forms: list[str]  # notations, see `times`
    zone: ZoneInfo | None = None  # of times that print none
    zone_hint: str = ""  # what to tell a person who has to give it
    window: str = ""  # pattern with groups `window_start`, `window_end` for a column that holds both
    constants: dict[str, str] = field(default_factory=dict)  # values that hold for all rows
    month_first: bool = True  # how `%q/%q` in a time is read
    marks: dict[str, Marks] = field(default_factory=dict)  # where they are not those of `cells.toml`
    # pattern of a note that fills the only cell of its row, in a log of few columns, where a search may do so
    note: str = ""


class Part:
    """One part of a file, read as a form says; `log`, a `logs.LogReader`, collects the counts.

    `made` and `codes` hold by field the column of the table and the states of its cells, `keep` a mask of the
    rows that are searches.
    """

    def __init__(self, log, batch: RowBatch, form: LogForm):
        self.log, self.form, self.locate, self.rows_n = log, form, batch.locate, batch.rows_n
        self.cells = {name: Column(batch.columns[column]) for name, column in form.columns.items()}
        self.made: dict[str, pa.Array] = {}
        self.codes: dict[str, np.ndarray] = {}
        self.keep = np.ones(self.rows_n, bool)
        is_misplaced = self._read_search_times()
        self._drop_headers()
        for name in TEXTS:
            if name in self.cells:
                self.made[name] = keep_values(self.cells[name], self.find_codes(name))
        self._clean_texts()
        self._read_reasons()
        for name in COUNTS:
            if name in self.cells:
                self._settle(name, read_counts(self.cells[name]), self.cells[name])
        self._read_windows()
        self._read_persons()
        constants = dict(form.constants)
        if "host_agency" not in self.cells and log.options.reported_by:
            constants.setdefault("host_agency", log.options.reported_by)
        for name, value in constants.items():
            self.made[name] = pa.repeat(value, self.rows_n)
            self.codes[name] = np.full(self.rows_n, VALUE)
        for name in WITHHELD:
            states = pa.DictionaryArray.from_arrays(pa.array(self.find_codes(name)), pa.array(CELL_STATES))
            self.made[f"{name}_cell"] = states
        self._drop_notes()
        self._drop_rows_without_search()
        rows = np.flatnonzero(is_misplaced & self.keep)
        if len(rows):
            shape = show_shape(self.cells["searched_at"].raw[rows[0]].as_py())
            self._drop(rows, "out-of-place", f"the first reads like {shape!r}")

    def find_codes(self, name: str) -> np.ndarray:
        """Return the states of a field's cells; `not_exported` if the file has no such column."""
        if name not in self.codes:
            codes = np.full(self.rows_n, NOT_EXPORTED)
            if name in self.cells:
                codes = find_states(self.cells[name], self._find_marks(name))
            self.codes[name] = codes
        return self.codes[name]

    def _find_marks(self, name: str) -> Marks:
        return self.form.marks.get(name) or load_marks(MARK_KINDS.get(name, "label"))

    def _take(self, name: str, values: pa.Array, cells: Column) -> np.ndarray:
        """Take what was read of a column; return a mask of cells that hold something else than they should.

        Cells that were read hold a value, unless a mapping has marks of its own for them.
        """
        is_read = np.asarray(values.is_valid())
        is_known = None if name in self.form.marks else is_read
        codes = self.codes[name] = find_states(cells, self._find_marks(name), is_known)
        is_value = codes == VALUE
        self.made[name] = pc.if_else(pa.array(is_value), values, pa.scalar(None, values.type))
        return is_value & ~is_read

    def _settle(self, name: str, values: pa.Array, cells: Column) -> None:
        """Take what was read of a column; the other cells are placeholders, and counted."""
        rows = np.flatnonzero(self._take(name, values, cells) & self.keep)
        if len(rows):
            first = int(rows[0])
            entry = [0, self.locate(first), show_shape(cells.raw[first].as_py())]
            self.log.unread.setdefault(name, entry)[0] += len(rows)
            self.codes[name][rows] = PLACEHOLDER

    def _drop(self, rows: np.ndarray, code: str, what: str = "") -> None:
        """Skip rows, by their positions, of those that were not skipped before."""
        rows = rows[self.keep[rows]]
        self.keep[rows] = False
        self.log.skip(rows, code, self.locate, what)

    def _read_search_times(self) -> np.ndarray:
        """Read the times of searches; return a mask of rows in which something else is in their place."""
        if "searched_at" not in self.cells:
            return np.zeros(self.rows_n, bool)
        cells, log = self.cells["searched_at"], self.log
        if "search_date" in self.cells:
            cells = join_date(self.cells["search_date"], cells)
        values, local_n, gaps_n, folds_n = self._read_times(cells)
        log.gaps_n, log.folds_n = log.gaps_n + gaps_n, log.folds_n + folds_n
        log.local_n += local_n
        log.utc_n += len(values) - values.null_count - local_n
        return self._take("searched_at", values, cells)

    def _read_times(self, cells: Column) -> tuple[pa.Array, int, int, int]:
        """Read times in UTC; count those that print no zone, and those in odd hours of the clocks."""
        form, gaps_n, folds_n = self.form, 0, 0
        read = read_times(cells, form.time_forms, month_first=form.month_first)
        rows = np.flatnonzero((read.forms >= 0) & ~read.is_utc)
        if len(rows):
            if form.zone is None:
                place = f"{self.log.source.name}, {self.locate(int(rows[0]))}"
                way_out = form.zone_hint or "Say in which zone the times are, for example --time-zone UTC."
                found = "times without a time zone"
                raise IngestError(place, found, way_out, code="no-time-zone", asks_for="time_zone")
            read.values[rows], gaps_n, folds_n = convert_to_utc(read.values[rows], form.zone)
        return pa.array(read.values), len(rows), gaps_n, folds_n

    def _read_windows(self) -> None:
        whole, pieces = self.cells.get("window"), None
        if whole:
            pieces = pc.extract_regex(whole.plain, self.form.window)
        for name in ("window_start", "window_end"):
            cells = self.cells.get(name)
            if whole:
                cells = Column(pc.fill_null(pc.struct_field(pieces, name), ""))
            if cells:
                # a window that does not come apart is no empty cell
                self._settle(name, self._read_times(cells)[0], whole or cells)

    def _drop_headers(self) -> None:
        """Skip rows that repeat the header: without a time, and two cells or more hold the name of their own
        column.
        """
        rows = np.arange(self.rows_n)
        if "searched_at" in self.made:
            rows = np.flatnonzero(np.asarray(self.made["searched_at"].is_null()))
        hits = np.zeros(len(rows), int)
        for name, column in self.form.columns.items():
            lower = pc.utf8_lower(self.cells[name].plain.take(pa.array(rows)))
            hits += np.asarray(pc.is_in(lower, pa.array([column.strip().lower(), tidy_header(column)])))
        self._drop(rows[hits >= 2], "header-again")

    def _clean_texts(self) -> None:
        """Remove hidden characters from agencies' names, and search types that are not known: an officer or a
        clerk may have typed anything.
        """
        for name in NAMES:
            if names := self.made.get(name):
                odd_n = pc.sum(pc.match_substring_regex(names, UNSHOWN_CHARACTERS)).as_py()
                if odd_n:
                    self.log.cleaned_n += odd_n
                    self.made[name] = pc.replace_substring_regex(names, UNSHOWN_CHARACTERS, "")
        if types := self.made.get("search_type"):
            labels = load_format("flock")["audit"]["labels"]
            ends = ("", labels["search_type_suffix"])
            known = pa.array([name + end for name in labels["search_types"] for end in ends])
            is_other = pc.and_not(pc.is_valid(types), pc.is_in(types, known))
            self.made["search_type"] = pc.if_else(is_other, ANOTHER_TYPE, types)

    def _read_reasons(self) -> None:
        """Take the reason from the first of reason, offense type and case number that holds one."""
        there = [name for name in REASONS if name in self.cells]
        origin = np.full(self.rows_n, -1, "int8")
        for name in reversed(there):
            origin[self.find_codes(name) == VALUE] = [*REASONS].index(name)
        names = pa.array([*REASONS.values()])
        self.made["reason_origin"] = pa.DictionaryArray.from_arrays(pa.array(origin, mask=origin < 0), names)
        texts = [keep_values(self.cells[name], self.codes[name]) for name in there if name != "case_number"]
        if texts:
            self.made["reason_text"] = pc.coalesce(*texts)
        codes = self.find_codes("reason_text")
        if "offense_type" in there:
            more = self.codes["offense_type"]
            self.codes["reason_text"] = np.where(more == VALUE, VALUE, codes) if len(texts) > 1 else more

    def _read_persons(self) -> None:
        """Drop officers, plates and case numbers; tokens of them are kept if there is a key."""
        for name in PERSONAL:
            if name in self.cells and self.log.options.key:
                tokens = make_tokens(self.cells[name], self.find_codes(name), name, self.log.options.key)
                self.made[f"{name}_token"] = pa.array(tokens, pa.string())
        if "has_case_number" in self.cells:
            cells = self.cells["has_case_number"]
            lower = pc.utf8_lower(cells.plain)
            is_true, is_false = (pc.is_in(lower, pa.array(words)) for words in (_TRUE, _FALSE))
            known = pc.if_else(pc.or_(is_true, is_false), is_true, pa.scalar(None, pa.bool_()))
            self._settle("has_case_number", known, cells)
        else:
            codes = self.codes["has_case_number"] = self.find_codes("case_number")
            # what stands under a mask is unknown: neither yes nor no
            is_known = np.isin(codes, (VALUE, EMPTY, PLACEHOLDER))
            self.made["has_case_number"] = pa.array(codes == VALUE, mask=~is_known)
        if "moderation" in self.cells:
            known = load_format("flock")["audit"]["labels"]["moderation"]
            for found in self.cells["moderation"].stripped.value_counts().to_pylist():
                label = found["values"] if found["values"] in known else "other"
                self.log.moderation[label if found["values"] else "empty"] += found["counts"]

    def _drop_notes(self) -> None:
        """Skip totals and notes between searches: each fills one cell, which may be that of the time."""
        if not self.form.note:
            return
        filled_n = sum(cells.is_filled.astype(int) for cells in self.cells.values())
        for cells in self.cells.values():
            rows = np.flatnonzero(cells.is_filled & (filled_n == 1))
            is_note = pc.match_substring_regex(cells.plain.take(pa.array(rows)), self.form.note)
            self._drop(rows[np.asarray(is_note)], "note")

    def _drop_rows_without_search(self) -> None:
        """Skip rows in which nothing tells of a search, as Los Altos released some; and rows without a time
        that fill one other cell at most: a total or a note below the log.
        """
        told = np.zeros(self.rows_n, bool)
        for name in ("searched_at", "search_id", "searcher_agency_as_printed", "reason_text", *COUNTS):
            if name in self.cells or (name == "reason_text" and "offense_type" in self.cells):
                told |= self.codes[name] == VALUE
        others = [name for name in self.cells if name not in ("searched_at", "search_date", "moderation")]
        if len(others) >= _FEW and "searched_at" in self.cells:
            rows = np.flatnonzero(self.codes["searched_at"] == EMPTY)
            filled = sum(self.cells[name].is_filled[rows].astype(int) for name in others)
            told[rows[filled < 2]] = False
        self._drop(np.flatnonzero(~told), "no-search")


def join_date(dates: Column, times: Column) -> Column:
    """Join a column of dates and one of times of day; the empty halves that a spreadsheet adds to both are
    removed.
    """
    day = pc.replace_substring_regex(dates.stripped, r"[ T]00:00:00$", "")
    hour = pc.replace_substring_regex(times.stripped, r"^(?:1899-12-3\d|1900-01-0\d) ", "")
    is_whole = pc.and_(pc.not_equal(day, ""), pc.not_equal(hour, ""))
    return Column(pc.if_else(is_whole, pc.binary_join_element_wise(day, hour, " "), ""))


_JUNK = {"plate": r"[^A-Za-z0-9]", "officer": r"\s+", "case_number": r"\s+"}


def make_tokens(cells: Column, codes: np.ndarray, name: str, key: bytes) -> pd.Series:
    """Turn the values of a column into tokens: one notation first, so that spaces and letter case make no
    second plate.
    """
    from sidedoor.publish.privacy import tokenize

    kept = pd.Series(keep_values(cells, codes).to_pylist(), dtype="str")
    plain = kept.str.upper().str.replace(_JUNK[name], "" if name == "plate" else " ", regex=True)
    return tokenize(plain, key, name).reset_index(drop=True)

"""One part of a search log, column by column: from cells to values, and to what each cell is."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.agencies.check import UNSHOWN_CHARACTERS
from helpers.canonical import WITHHELD
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
    name_states,
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
TEXTS, NAMES = ("search_id", "plate_state"), ("searcher_agency_as_printed", "host_agency")
COUNTS = ("networks_n", "devices_n")
# A reason is the first of these that holds a value, and where it comes from.
REASONS = {"reason_text": "reason", "offense_type": "offense_type", "case_number": "case_number"}
# Everything that a form may bind a column to.
FIELDS = (
    *TEXTS, *PERSONAL, *NAMES, "search_type", "search_date", "searched_at", "window", "window_start",
    "window_end", *COUNTS, "reason_text", "offense_type", "has_case_number", "moderation",
)  # fmt: skip
# Rows that are no search, by code.
SKIPPED = {
    "header-again": "the header, repeated among the rows",
    "note": "a total or a note, without a time",
    "no-search": "no time and hardly anything else: a total, a note or an empty row, not a search",
    "out-of-place": "what is in the place of the search time is no time: cells may be shifted",
}
ANOTHER_TYPE = "(another type)"
_TRUE, _FALSE = ("true", "yes", "y", "1"), ("false", "no", "n", "0")
# Of so many columns beside the time, one filled cell makes no search.
_FEW = 3


@dataclass(frozen=True)
class LogForm:
    """How the columns of a log are read.

    Attributes
    ----------
    columns
        For each of `FIELDS` that is there, the column as it is called in the file.
    time_forms
        Notations of times, see `times`.
    zone
        Zone of times that print none; None if it was not given.
    zone_hint
        What to tell a person who has to give it.
    window
        Pattern with groups `window_start` and `window_end` for a column that holds both.
    constants
        Values of text fields that hold for all rows.
    month_first
        How `%q/%q` in a time is read.
    marks
        Marks of cells by field, where they are not those of `cells.toml`.
    note
        Pattern of a total or a note that fills the only cell of its row, in a log of so few columns that a
        search may do so.
    """

    columns: dict[str, str]
    time_forms: list[str]
    zone: ZoneInfo | None = None
    zone_hint: str = ""
    window: str = ""
    constants: dict[str, str] = field(default_factory=dict)
    month_first: bool = True
    marks: dict[str, Marks] = field(default_factory=dict)
    note: str = ""


class Part:
    """One part of a file while it is read.

    Parameters
    ----------
    log
        What collects the counts: a `logs.LogReader`.
    batch
        The rows.
    form
        How its columns are read.

    Attributes
    ----------
    made, codes
        By field, the column of the table and the states of its cells, once they are read.
    keep
        Mask of the rows that are searches.
    """

    def __init__(self, log, batch: RowBatch, form: LogForm):
        self.log, self.rows_n, self.form, self.locate = log, batch.rows_n, form, batch.locate
        self.columns = {name: Column(batch.columns[name]) for name in dict.fromkeys(form.columns.values())}
        self.made: dict[str, pa.Array] = {}
        self.codes: dict[str, np.ndarray] = {}
        self.keep = np.ones(self.rows_n, bool)

    def read(self) -> None:
        """Read all fields of the table, and find the rows that are searches."""
        columns, made = self.form.columns, self.made
        self._drop_headers()
        self._read_reasons()
        for name in (*TEXTS, *NAMES, "search_type"):
            if name in columns:
                made[name] = keep_values(self.get(name), self.find_codes(name))
        for name in NAMES:
            self._clean(name)
        self._replace_types()
        for name in COUNTS:
            if name in columns:
                made[name] = read_counts(self.get(name))
                is_read = np.asarray(made[name].is_valid())
                is_value = self.find_codes(name, self.get(name), is_read) == VALUE
                self._settle(name, is_value & ~is_read, self.get(name))
        is_misplaced = self._read_moments()
        self._read_persons()
        constants = dict(self.form.constants)
        if "host_agency" not in columns and self.log.options.reported_by:
            constants.setdefault("host_agency", self.log.options.reported_by)
        for name, value in constants.items():
            made[name] = pa.repeat(value, self.rows_n)
        for name in WITHHELD:
            if name in self.form.constants:
                self.codes[name] = np.full(self.rows_n, VALUE)
            made[f"{name}_cell"] = name_states(self.find_codes(name))
        self._count_moderation()
        self._drop_notes()
        self._drop_rows_that_are_no_search()
        if (misplaced := np.flatnonzero(is_misplaced & self.keep)).size:
            shape = show_shape(self.get("searched_at").raw[misplaced[0]].as_py())
            self._drop(is_misplaced, "out-of-place", f"the first reads like {shape!r}")

    def get(self, name: str) -> Column:
        """Return the cells of a field."""
        return self.columns[self.form.columns[name]]

    def find_codes(
        self, name: str, cells: Column | None = None, is_read: np.ndarray | None = None
    ) -> np.ndarray:
        """Find the states of a field's cells; `not_exported` if the file has no such column.

        Cells that were read hold a value, unless a mapping has marks of its own for them.
        """
        if name not in self.codes:
            if name in self.form.columns:
                own = self.form.marks.get(name)
                marks = own or load_marks(MARK_KINDS.get(name, "label"))
                self.codes[name] = find_states(cells or self.get(name), marks, None if own else is_read)
            else:
                self.codes[name] = np.full(self.rows_n, NOT_EXPORTED)
        return self.codes[name]

    def _drop(self, rows: np.ndarray, code: str, what: str = "") -> None:
        """Skip rows, as a mask, of those that were not skipped before."""
        rows = rows & self.keep
        self.keep &= ~rows
        self.log.skip(np.flatnonzero(rows), code, self.locate, what)

    def _drop_headers(self) -> None:
        """Skip rows that repeat the header: two cells or more that hold the name of their own column."""
        hits = np.zeros(self.rows_n, "int8")
        for name, cells in self.columns.items():
            names = sorted({name.strip().lower(), tidy_header(name)})
            rows = np.flatnonzero(np.isin(cells.lengths, [len(one.encode()) for one in names]))
            lower = pc.utf8_lower(cells.plain.take(pa.array(rows)))
            hits[rows] += np.asarray(pc.is_in(lower, pa.array(names, lower.type)))
        self._drop(hits >= 2, "header-again")

    def _read_reasons(self) -> None:
        """Take the reason from the first of reason, offense type and case number that holds one."""
        there = [name for name in REASONS if name in self.form.columns]
        origin = np.full(self.rows_n, -1, "int8")
        for name in reversed(there):
            origin[self.find_codes(name) == VALUE] = [*REASONS].index(name)
        names = pa.array([*REASONS.values()])
        self.made["reason_origin"] = pa.DictionaryArray.from_arrays(pa.array(origin, mask=origin < 0), names)
        texts = [keep_values(self.get(name), self.codes[name]) for name in there if name != "case_number"]
        if texts:
            self.made["reason_text"] = pc.coalesce(*texts)
        codes = self.find_codes("reason_text")
        if "offense_type" in there:
            more = self.codes["offense_type"]
            self.codes["reason_text"] = np.where(more == VALUE, VALUE, codes) if len(texts) > 1 else more

    def _clean(self, name: str) -> None:
        """Remove control characters, those without width, and those that turn the direction of writing."""
        if (names := self.made.get(name)) is not None:
            odd_n = pc.sum(pc.match_substring_regex(names, UNSHOWN_CHARACTERS)).as_py()
            if odd_n:
                self.log.cleaned_n += odd_n
                self.made[name] = pc.replace_substring_regex(names, UNSHOWN_CHARACTERS, "")

    def _replace_types(self) -> None:
        """Keep the search types that are known: an officer or a clerk may have typed anything else."""
        if (types := self.made.get("search_type")) is not None:
            labels = load_format("flock")["audit"]["labels"]
            known = [
                name + end for name in labels["search_types"] for end in ("", labels["search_type_suffix"])
            ]
            is_other = pc.and_not(pc.is_valid(types), pc.is_in(types, pa.array(known, types.type)))
            self.log.other_types_n += pc.sum(is_other).as_py() or 0
            self.made["search_type"] = pc.if_else(is_other, pa.scalar(ANOTHER_TYPE, types.type), types)

    def _settle(self, name: str, odd: np.ndarray, cells: Column) -> None:
        """Call cells that hold something else than they should a placeholder, and note how many there are."""
        rows = np.flatnonzero(odd & self.keep)
        if len(rows):
            first = int(rows[0])
            entry = [0, self.locate(first), show_shape(cells.raw[first].as_py())]
            self.log.unread.setdefault(name, entry)[0] += len(rows)
            self.codes[name] = self.codes[name].copy()  # both ends of a window may share it
            self.codes[name][rows] = PLACEHOLDER

    def _read_moments(self) -> np.ndarray:
        """Read the times; return a mask of rows whose search time holds something else."""
        columns, is_misplaced = self.form.columns, np.zeros(self.rows_n, bool)
        if "searched_at" in columns:
            cells = self.get("searched_at")
            if "search_date" in columns:
                cells = join_date(self.get("search_date"), cells)
            is_misplaced = self._read_time("searched_at", cells)
        found = None
        if "window" in columns:
            found = pc.extract_regex(self.get("window").plain, self.form.window)
            # a window that does not come apart is no empty cell
            states = find_states(self.get("window"), load_marks("label"))
        for name in ("window_start", "window_end"):
            if found is not None:
                self.codes[name] = states
                odd = self._read_time(name, Column(pc.fill_null(pc.struct_field(found, name), "")))
                self._settle(name, odd, self.get("window"))
            elif name in columns:
                self._settle(name, self._read_time(name, self.get(name)), self.get(name))
        return is_misplaced

    def _read_time(self, name: str, cells: Column) -> np.ndarray:
        """Read a column of times; return a mask of values that are no time."""
        form, log = self.form, self.log
        read = read_times(cells, form.time_forms, month_first=form.month_first)
        is_value = self.find_codes(name, cells, read.forms >= 0) == VALUE
        values = np.where(is_value, read.values, np.datetime64("NaT", "us"))
        is_read = ~np.isnat(values)
        local = is_read & ~read.is_utc
        gaps_n = folds_n = 0
        if local.any():
            if form.zone is None:
                place = f"{log.source.name}, {self.locate(int(np.flatnonzero(local)[0]))}"
                way_out = form.zone_hint or "Say in which zone the times are, for example --time-zone UTC."
                found = "times without a time zone"
                raise IngestError(place, found, way_out, code="no-time-zone", asks_for="time_zone")
            values[local], gaps_n, folds_n = convert_to_utc(values[local], form.zone)
        if name == "searched_at":
            log.gaps_n, log.folds_n = log.gaps_n + gaps_n, log.folds_n + folds_n
            log.local_n += int(local.sum())
            log.utc_n += int((is_read & read.is_utc).sum())
            counts = np.bincount(read.forms[is_value & (read.forms >= 0)])
            log.time_forms.update({form.time_forms[at]: int(counts[at]) for at in np.flatnonzero(counts)})
        self.made[name] = pa.array(values)
        return is_value & ~is_read

    def _read_persons(self) -> None:
        """Drop officers, plates and case numbers; tokens of them are kept if there is a key."""
        for name in PERSONAL:
            if name in self.form.columns and self.log.options.key:
                tokens = make_tokens(self.get(name), self.find_codes(name), name, self.log.options.key)
                self.made[f"{name}_token"] = pa.array(tokens, pa.string())
        if "has_case_number" in self.form.columns:
            cells, is_value = self.get("has_case_number"), self.find_codes("has_case_number") == VALUE
            lower = pc.utf8_lower(keep_values(cells, self.codes["has_case_number"]))
            is_true, is_false = (
                np.asarray(pc.is_in(lower, pa.array(words, lower.type))) for words in (_TRUE, _FALSE)
            )
            is_known = is_true | is_false
            self._settle("has_case_number", is_value & ~is_known, cells)
        else:
            codes = self.codes["has_case_number"] = self.find_codes("case_number")
            # what stands under a mask is unknown: neither yes nor no
            is_true, is_known = codes == VALUE, np.isin(codes, (VALUE, EMPTY, PLACEHOLDER))
        self.made["has_case_number"] = pa.array(is_true, mask=~is_known)

    def _count_moderation(self) -> None:
        if "moderation" in self.form.columns:
            known = load_format("flock")["audit"]["labels"]["moderation"]
            for found in self.get("moderation").stripped.value_counts().to_pylist():
                label = found["values"] if found["values"] in known else "other"
                self.log.moderation[label if found["values"] else "empty"] += found["counts"]

    def _drop_notes(self) -> None:
        """Skip totals and notes between searches: each fills one cell, which may be that of the time."""
        if self.form.note:
            rows = np.zeros(self.rows_n, bool)
            filled = sum((column.lengths > 0).astype("int16") for column in self.columns.values())
            for column in self.columns.values():
                here = np.flatnonzero((filled == 1) & (column.lengths > 0))
                cells = column.plain.take(pa.array(here))
                rows[here] = np.asarray(pc.match_substring_regex(cells, self.form.note))
            self._drop(rows, "note")

    def _drop_rows_that_are_no_search(self) -> None:
        """Skip rows in which nothing tells of a search, as Los Altos released some; and rows without a time
        that fill one other cell at most: a total or a note below the log.
        """
        columns = self.form.columns
        told = self.find_codes("searched_at") == VALUE
        for name in ("search_id", "searcher_agency_as_printed", "reason_text", *COUNTS):
            if name in columns or (name == "reason_text" and "offense_type" in columns):
                told = told | (self.codes[name] == VALUE)
        others = [name for name in columns if name not in ("searched_at", "search_date", "moderation")]
        if len(others) >= _FEW and "searched_at" in columns:
            rows = np.flatnonzero(self.codes["searched_at"] == EMPTY)
            filled = sum((self.get(name).lengths[rows] > 0).astype("int16") for name in others)
            told[rows[filled < 2]] = False
        self._drop(~told, "no-search")


def join_date(dates: Column, times: Column) -> Column:
    """Join a column of dates and one of times of day; the empty halves that a spreadsheet adds to both are
    removed.
    """
    day = pc.replace_substring_regex(dates.stripped, r"[ T]00:00:00$", "")
    hour = pc.replace_substring_regex(times.stripped, r"^(?:1899-12-3\d|1900-01-0\d) ", "")
    is_whole = pc.and_(pc.not_equal(day, ""), pc.not_equal(hour, ""))
    blank, nothing = (pa.scalar(text, day.type) for text in (" ", ""))
    return Column(pc.if_else(is_whole, pc.binary_join_element_wise(day, hour, blank), nothing))


_JUNK = {"plate": r"[^A-Za-z0-9]", "officer": r"\s+", "case_number": r"\s+"}


def make_tokens(cells: Column, codes: np.ndarray, name: str, key: bytes) -> pd.Series:
    """Turn the values of a column into tokens: one notation first, so that spaces and letter case make no
    second plate.
    """
    from sidedoor.publish.privacy import tokenize

    kept = pd.Series(keep_values(cells, codes).to_pylist(), dtype="str")
    plain = kept.str.upper().str.replace(_JUNK[name], "" if name == "plate" else " ", regex=True)
    return tokenize(plain, key, name).reset_index(drop=True)

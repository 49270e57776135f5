"""One part of a search log, column by column: from cells to values, and to what each cell is."""

import functools
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.agencies.check import UNSHOWN_CHARACTERS
from helpers.canonical import WITHHELD
from helpers.formats import load_format
from sidedoor.ingest.cells import (
    Column,
    Marks,
    fill_states,
    find_states,
    is_state,
    keep_values,
    load_marks,
    name_states,
    read_counts,
    set_state,
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
TEXTS = ("search_id", "plate_state")
NAMES = ("searcher_agency_as_printed", "host_agency")
# Everything that a form may bind a column to.
FIELDS = (
    *TEXTS,
    *PERSONAL,
    *NAMES,
    "search_type",
    "search_date",
    "searched_at",
    "window",
    "window_start",
    "window_end",
    "networks_n",
    "devices_n",
    "reason_text",
    "offense_type",
    "has_case_number",
    "moderation",
)
# Rows that are no search, by code.
SKIPPED = {
    "header-again": "the header, repeated among the rows",
    "note": "a total or a note, without a time",
    "no-search": "no time and hardly anything else: a total, a note or an empty row, not a search",
    "out-of-place": "what is in the place of the search time is no time: cells may be shifted",
}
ANOTHER_TYPE = "(another type)"
# Where a reason comes from; and words for yes and no.
_ORIGINS = ("reason", "offense_type", "case_number")
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
        Notations of times, see `time_forms`.
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


@functools.cache
def list_search_types() -> pa.Array:
    """List the search types that are known, which may be published as they are."""
    labels = load_format("flock")["audit"]["labels"]
    ends = ("", labels["search_type_suffix"])
    return pa.array([label + end for label in labels["search_types"] for end in ends])


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
    """

    def __init__(self, log, batch: RowBatch, form: LogForm):
        self.log, self.rows_n, self.form, self.where = log, batch.rows_n, form, batch.locate
        self.columns = {name: Column(batch.columns[name]) for name in dict.fromkeys(form.columns.values())}
        self.codes: dict[str, np.ndarray] = {}
        self.times_unread = np.zeros(self.rows_n, bool)
        self.headers = np.zeros(self.rows_n, bool)

    def get(self, name: str) -> Column:
        """Return the cells of a field."""
        return self.columns[self.form.columns[name]]

    def drop_headers(self) -> np.ndarray:
        """Find rows that repeat the header: two cells or more that hold the name of their own column."""
        hits = np.zeros(self.rows_n, "int8")
        for name, cells in self.columns.items():
            names = {name.strip().lower(), tidy_header(name)}
            rows = np.flatnonzero(sum(cells.lengths == len(one.encode()) for one in names))
            if len(rows):
                lower = pc.utf8_lower(cells.plain.take(pa.array(rows)))
                hits[rows] += np.asarray(pc.is_in(lower, pa.array(sorted(names), lower.type)))
        rows = self.headers = hits >= 2
        self.log.skip(rows, "header-again", self.where)
        return rows

    def find_codes(self, name: str, marks: str | None = None) -> np.ndarray:
        """Find the states of a field's cells; `not_exported` if the file has no such column."""
        if name not in self.codes:
            if name in self.form.columns:
                known = self.form.marks.get(name) or load_marks(marks or MARK_KINDS.get(name, "label"))
                self.codes[name] = find_states(self.get(name), known)
            else:
                self.codes[name] = fill_states("not_exported", self.rows_n)
        return self.codes[name]

    def read_columns(self) -> dict[str, pa.Array]:
        """Read all fields of the table."""
        made = self._read_reasons()
        columns = self.form.columns
        for name in TEXTS:
            if name in columns:
                made[name] = keep_values(self.get(name), self.find_codes(name))
        for name in NAMES:
            if name in columns:
                made[name] = self._clean(keep_values(self.get(name), self.find_codes(name)))
        if "search_type" in columns:
            made["search_type"] = self._read_types()
        for name in ("networks_n", "devices_n"):
            self._read_count(name, made)
        self._read_moments(made)
        self._read_persons(made)
        if "host_agency" not in columns and self.log.options.reported_by:
            made["host_agency"] = self._repeat(self.log.options.reported_by)
        for name, value in self.form.constants.items():
            made[name] = self._repeat(value)
            if name in WITHHELD:
                self.codes[name] = fill_states("value", self.rows_n)
        for name in WITHHELD:
            made[f"{name}_cell"] = name_states(self.find_codes(name))
        self._count_moderation()
        return made

    def _clean(self, names: pa.Array) -> pa.Array:
        """Remove characters without width, and those that turn the direction of writing."""
        odd = pc.fill_null(pc.match_substring_regex(names, UNSHOWN_CHARACTERS), False)
        if not pc.any(odd).as_py():
            return names
        self.log.cleaned_n += pc.sum(odd).as_py()
        return pc.replace_substring_regex(names, UNSHOWN_CHARACTERS, "")

    def _read_types(self) -> pa.Array:
        """Keep the search types that are known: an officer or a clerk may have typed anything else."""
        types = keep_values(self.get("search_type"), self.find_codes("search_type"))
        is_other = pc.invert(pc.is_in(types, pc.cast(list_search_types(), types.type)))
        is_other = pc.and_(is_other, pc.is_valid(types))
        if not pc.any(is_other).as_py():
            return types
        self.log.other_types_n += pc.sum(is_other).as_py()
        return pc.if_else(is_other, pa.scalar(ANOTHER_TYPE, types.type), types)

    def _repeat(self, value: str) -> pa.Array:
        return pa.repeat(value, self.rows_n)

    def _read_reasons(self) -> dict[str, pa.Array]:
        """Take the reason from the first of reason, offense type and case number that holds one."""
        codes = self.find_codes("reason_text")
        taken, text, origin = is_state(codes, "value"), None, np.full(self.rows_n, len(_ORIGINS), "int8")
        if "reason_text" in self.form.columns:
            text = keep_values(self.get("reason_text"), codes)
            origin[taken] = 0
        if "offense_type" in self.form.columns:
            other = self.find_codes("offense_type")
            offense = keep_values(self.get("offense_type"), other)
            more = is_state(other, "value") & ~taken
            text = offense if text is None else pc.if_else(pa.array(more), offense, text)
            origin[more] = 1
            codes = other if "reason_text" not in self.form.columns else set_state(codes, more, "value")
            taken = taken | more
        if "case_number" in self.form.columns:
            origin[is_state(self.find_codes("case_number"), "value") & ~taken] = 2
        self.codes["reason_text"] = codes
        origin = pa.array(origin, mask=origin == len(_ORIGINS))
        made = {"reason_origin": pa.DictionaryArray.from_arrays(origin, pa.array(_ORIGINS))}
        if text is not None:
            made["reason_text"] = text
        return made

    def _read_count(self, name: str, made: dict) -> None:
        if name not in self.form.columns:
            return
        made[name] = read_counts(self.get(name))
        is_read = np.asarray(made[name].is_valid())
        codes = self.codes[name] = self._find_rest(name, self.get(name), is_read)
        if not is_read.all():
            self._settle(name, is_state(codes, "value") & ~is_read, self.get(name))

    def _find_rest(self, name: str, cells: Column, is_read: np.ndarray) -> np.ndarray:
        """Find the states of cells of which those read hold a value, unless a mapping marks some of them."""
        own = self.form.marks.get(name)
        return find_states(cells, own or load_marks("label"), None if own else is_read)

    def _settle(self, name: str, odd: np.ndarray, cells: Column) -> None:
        """Call cells that hold something else than they should a placeholder, and note how many there are."""
        odd = odd & ~self.headers
        if odd.any():
            first = int(np.flatnonzero(odd)[0])
            self.log.note_unread(
                name, int(odd.sum()), self.where(first), show_shape(cells.raw[first].as_py())
            )
            self.codes[name] = set_state(self.codes[name], odd, "placeholder")

    def _read_moments(self, made: dict) -> None:
        columns = self.form.columns
        if "searched_at" in columns:
            cells = self.get("searched_at")
            if "search_date" in columns:
                cells = join_date(self.get("search_date"), cells)
            values, self.times_unread = self._read_time("searched_at", cells)
            made["searched_at"] = pa.array(values)
        if "window" in columns:
            found = pc.extract_regex(self.get("window").plain, self.form.window)
            states = find_states(self.get("window"), load_marks("label"))
            ends = {"window_start": None, "window_end": None}
            for name in ends:
                ends[name] = Column(pc.fill_null(pc.struct_field(found, name), ""))
                # a window that does not come apart is no empty cell
                self.codes[name] = states
        else:
            ends = {name: self.get(name) for name in ("window_start", "window_end") if name in columns}
        for name, cells in ends.items():
            values, odd = self._read_time(name, cells)
            made[name] = pa.array(values)
            self._settle(name, odd, self.get("window" if "window" in columns else name))

    def _read_time(self, name: str, cells: Column) -> tuple[np.ndarray, np.ndarray]:
        read = read_times(cells, self.form.time_forms, month_first=self.form.month_first)
        if name not in self.codes:
            self.codes[name] = self._find_rest(name, cells, read.forms >= 0)
        codes = self.codes[name]
        is_value = is_state(codes, "value")
        values = np.where(is_value, read.values, np.datetime64("NaT", "us"))
        is_read = ~np.isnat(values)
        local = is_read & ~read.is_utc
        if local.any():
            if self.form.zone is None:
                raise self.log.refuse_local(self.where(int(np.flatnonzero(local)[0])), self.form)
            values[local], gaps_n, folds_n = convert_to_utc(values[local], self.form.zone)
            if name == "searched_at":
                self.log.gaps_n += gaps_n
                self.log.folds_n += folds_n
        if name == "searched_at":
            self.log.local_n += int(local.sum())
            self.log.utc_n += int(is_read.sum() - local.sum())
            counts = np.bincount(read.forms[is_value & (read.forms >= 0)])
            for number in np.flatnonzero(counts):
                notation = self.form.time_forms[number]
                self.log.time_forms[notation] = self.log.time_forms.get(notation, 0) + int(counts[number])
        return values, is_value & ~is_read

    def _read_persons(self, made: dict) -> None:
        """Drop officers, plates and case numbers; tokens of them are kept if there is a key."""
        for name in PERSONAL:
            codes = self.find_codes(name)
            if name in self.form.columns and self.log.options.key:
                made[f"{name}_token"] = pa.array(
                    make_tokens(self.get(name), codes, name, self.log.options.key), pa.string()
                )
        if "has_case_number" in self.form.columns:
            codes = self.find_codes("has_case_number")
            lower = pc.utf8_lower(keep_values(self.get("has_case_number"), codes))
            is_true, is_false = (
                np.asarray(pc.is_in(lower, pa.array(words, lower.type))) for words in (_TRUE, _FALSE)
            )
            made["has_case_number"] = pa.array(is_true, mask=~(is_true | is_false))
            self._settle(
                "has_case_number",
                is_state(codes, "value") & ~(is_true | is_false),
                self.get("has_case_number"),
            )
            return
        codes = self.codes["has_case_number"] = self.find_codes("case_number")
        # what stands under a mask is unknown: neither yes nor no
        made["has_case_number"] = pa.array(
            is_state(codes, "value"), mask=~is_state(codes, "value", "empty", "placeholder")
        )

    def _count_moderation(self) -> None:
        if "moderation" in self.form.columns:
            known = load_format("flock")["audit"]["labels"]["moderation"]
            for found in self.get("moderation").stripped.value_counts().to_pylist():
                label = (
                    found["values"] if found["values"] in known else "other" if found["values"] else "empty"
                )
                self.log.moderation[label] = self.log.moderation.get(label, 0) + found["counts"]

    def drop_notes(self, keep: np.ndarray) -> np.ndarray:
        """Find totals and notes between searches: each fills one cell, which may be that of the time."""
        rows = np.zeros(self.rows_n, bool)
        if self.form.note:
            filled = sum((column.lengths > 0).astype("int16") for column in self.columns.values())
            lone = np.flatnonzero(keep & (filled == 1))
            for column in self.columns.values():
                here = lone[column.lengths[lone] > 0]
                rows[here] = np.asarray(
                    pc.match_substring_regex(column.plain.take(pa.array(here)), self.form.note)
                )
        self.log.skip(rows, "note", self.where)
        return rows

    def drop_rows_that_are_no_search(self, keep: np.ndarray) -> np.ndarray:
        """Find rows in which nothing tells of a search, as Los Altos released some."""
        told = is_state(self.find_codes("searched_at"), "value")
        for name in ("search_id", "searcher_agency_as_printed", "reason_text", "networks_n", "devices_n"):
            if name in self.form.columns or (name == "reason_text" and "offense_type" in self.form.columns):
                told |= is_state(self.codes[name], "value")
        rows = keep & (~told | self._find_lone())
        self.log.skip(rows, "no-search", self.where)
        return rows

    def _find_lone(self) -> np.ndarray:
        """Find rows without a time that fill one other cell at most: a total or a note below the log."""
        lone = np.zeros(self.rows_n, bool)
        columns = [
            name for name in self.form.columns if name not in ("searched_at", "search_date", "moderation")
        ]
        if len(columns) >= _FEW and "searched_at" in self.form.columns:
            rows = np.flatnonzero(is_state(self.find_codes("searched_at"), "empty"))
            filled = np.zeros(len(rows), "int16")
            for name in columns if len(rows) else ():
                filled += (self.get(name).lengths[rows] > 0).astype("int16")
            lone[rows[filled < 2]] = True
        return lone

    def drop_rows_out_of_place(self, keep: np.ndarray) -> np.ndarray:
        """Find rows whose search time is something else: the row is shifted, or of another form."""
        rows = keep & self.times_unread
        if rows.any():
            cell = self.get("searched_at").raw[int(np.flatnonzero(rows)[0])].as_py()
            self.log.skip(rows, "out-of-place", self.where, f"the first reads like {show_shape(cell)!r}")
        return rows


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

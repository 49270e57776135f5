"""From the columns of a search log to the table `searches`, part by part: a log needs no more memory than its table."""

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import IngestError
from ..wording import say_number
from .canonical import WITHHELD, build_table
from .cells import (
    count_states, fill_states, find_states, is_state, keep_values, load_marks, name_states,
    read_counts, set_state,
    show_shape, strip_cells,
)  # fmt: skip
from .formats import load_format
from .headers import tidy_header
from .log_form import FEW, MARK_KINDS, PERSONAL, TEXTS, LogForm, list_beside
from .report import Report, SetAside
from .source import ReadOptions, Source
from .text import Skip, TextTable
from .times import convert_to_utc, read_times

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
        self.rows_n = self.timed_n = 0
        self.gaps_n = self.folds_n = self.local_n = self.utc_n = 0
        self.moderation: dict[str, int] = {}
        self.unread: dict[str, list] = {}
        self.time_forms: dict[str, int] = {}
        self.cells: dict[str, dict[str, int]] = {name: {} for name in WITHHELD}
        self.skipped: dict[str, _Aside] = {}
        self._aside: dict[str, _Aside] = {}
        self._parts: list[pd.DataFrame] = []

    def read_text(self, table: TextTable, form: LogForm, header: list[str] | None = None, skips: list[Skip] = ()) -> None:
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
        rows_n = len(frame)
        where = [*frame.index]
        row_no = np.arange(self.rows_n + 1, self.rows_n + rows_n + 1)
        self.rows_n += rows_n
        read = _Part(self, frame, form, lambda row: place.format(where[row]))
        keep = ~read.drop_headers()
        made = read.read_columns()
        keep &= ~read.drop_rows_that_are_no_search(keep, made)
        keep &= ~read.drop_rows_out_of_place(keep)
        self.timed_n += int(keep.sum())
        for name, counts in self.cells.items():
            for state, count in count_states(read.find_codes(name)[keep]).items():
                counts[state] = counts.get(state, 0) + count
        made["row_no"] = pd.Series(row_no)
        made["source_id"] = pd.Series(
            self.options.source_id or self.source.id, index=range(rows_n), dtype="str"
        )
        table = build_table("searches", pd.DataFrame(made, copy=False))
        return table if keep.all() else table[keep]

    def set_aside(self, rows: np.ndarray, reason: str, where, what: str = "") -> None:
        """Note rows, as a mask, that enter no table."""
        found = np.flatnonzero(rows)
        if len(found):
            entry = self._aside.setdefault(reason, _Aside(what=what))
            entry.rows_n += len(found)
            entry.places += [where(row) for row in found[: _PLACES_SHOWN - len(entry.places)]]

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
                what = "; ".join(part for part in (entry.what, f"also {', '.join(more)}" if more else "") if part)
                if entry.rows_n > _PLACES_SHOWN:
                    what += f" and {entry.rows_n - _PLACES_SHOWN:,} more"
                report.set_aside.append(SetAside(entry.places[0], reason, what, entry.rows_n))


def refuse_local(source: Source, place: str, form: LogForm) -> IngestError:
    """Refuse times whose zone is not known."""
    way_out = form.zone_hint or "Say where the clock hung, for example --time-zone UTC."
    return IngestError(f"{source.name}, {place}", "times without a time zone", way_out)


OUT_OF_PLACE = "what stands in the place of the search time is no time: cells may be shifted"
NO_SEARCH = "no time and hardly anything else: a total, a note or an empty row, not a search"
HEADER_AGAIN = "the header, repeated among the rows"
REASONS = (HEADER_AGAIN, NO_SEARCH, OUT_OF_PLACE)


class _Part:
    """One part of a file while it is read."""

    def __init__(self, log: LogTable, frame: pd.DataFrame, form: LogForm, where):
        self.log, self.frame, self.form, self.where = log, frame, form, where
        self.rows_n = len(frame)
        self.codes: dict[str, np.ndarray] = {}
        self.times_unread = np.zeros(self.rows_n, bool)
        self.headers = np.zeros(self.rows_n, bool)

    def drop_headers(self) -> np.ndarray:
        """Find rows that repeat the header: two cells or more that hold the name of their own column."""
        hits = np.zeros(self.rows_n, "int8")
        for column in self.form.columns.values():
            names = pa.array({column.strip().lower(), tidy_header(column)}, pa.large_string())
            hits += np.asarray(pc.is_in(pc.utf8_lower(strip_cells(self.frame[column])), names)).astype("int8")
        rows = self.headers = hits >= 2
        self.log.set_aside(rows, HEADER_AGAIN, self.where)
        return rows

    def find_codes(self, name: str, marks: str | None = None) -> np.ndarray:
        """Find the states of a field's cells; `not_exported` if the file has no such column."""
        if name not in self.codes:
            if name in self.form.columns:
                known = self.form.marks.get(name) or load_marks(marks or MARK_KINDS.get(name, "label"))
                self.codes[name] = find_states(self.frame[self.form.columns[name]], known)
            else:
                self.codes[name] = fill_states("not_exported", self.rows_n)
        return self.codes[name]

    def read_columns(self) -> dict[str, pd.Series]:
        """Read all fields of the table."""
        made = self._read_reasons()
        for name in TEXTS:
            if name in self.form.columns:
                made[name] = keep_values(self.frame[self.form.columns[name]], self.find_codes(name))
            else:
                self.find_codes(name)
        for name in ("networks_n", "devices_n"):
            self._read_count(name, made)
        self._read_moments(made)
        self._read_persons(made)
        if "host_agency" in self.form.columns:
            made["host_agency"] = keep_values(
                self.frame[self.form.columns["host_agency"]], self.find_codes("host_agency")
            )
        elif self.log.options.reported_by:
            made["host_agency"] = self._repeat(self.log.options.reported_by)
        for name, value in self.form.constants.items():
            made[name] = self._repeat(value)
            if name in WITHHELD:
                self.codes[name] = fill_states("value", self.rows_n)
        for name in WITHHELD:
            made[f"{name}_cell"] = name_states(self.find_codes(name))
        self._count_moderation()
        return made

    def _repeat(self, value: str) -> pd.Series:
        return pd.Series(value, index=range(self.rows_n), dtype="str")

    def _read_reasons(self) -> dict[str, pd.Series]:
        """Take the reason from the first of reason, offense type and case number that holds one; note which."""
        codes = self.find_codes("reason_text")
        taken, text, origin = is_state(codes, "value"), None, np.full(self.rows_n, None, "object")
        if "reason_text" in self.form.columns:
            text = keep_values(self.frame[self.form.columns["reason_text"]], codes)
            origin[taken] = "reason"
        if "offense_type" in self.form.columns:
            other = self.find_codes("offense_type")
            offense = keep_values(self.frame[self.form.columns["offense_type"]], other)
            more = is_state(other, "value") & ~taken
            text = offense if text is None else text.where(~more, offense)
            origin[more] = "offense_type"
            codes = other if "reason_text" not in self.form.columns else set_state(codes, more, "value")
            taken = taken | more
        if "case_number" in self.form.columns:
            origin[is_state(self.find_codes("case_number"), "value") & ~taken] = "case_number"
        self.codes["reason_text"] = codes
        made = {"reason_origin": pd.Series(pd.array(origin, dtype="str"))}
        if text is not None:
            made["reason_text"] = text
        return made

    def _read_count(self, name: str, made: dict) -> None:
        codes = self.find_codes(name)
        if name not in self.form.columns:
            return
        cells = self.frame[self.form.columns[name]]
        made[name] = read_counts(cells)
        self._settle(name, is_state(codes, "value") & made[name].isna().to_numpy(), cells)

    def _settle(self, name: str, odd: np.ndarray, cells: pd.Series) -> None:
        """Call cells that hold something else than they should a placeholder, and note how many there are."""
        odd = odd & ~self.headers
        if odd.any():
            first = int(np.flatnonzero(odd)[0])
            self.log.note_unread(name, int(odd.sum()), self.where(first), show_shape(cells.iloc[first]))
            self.codes[name] = set_state(self.codes[name], odd, "placeholder")

    def _read_moments(self, made: dict) -> None:
        columns = self.form.columns
        if "searched_at" in columns:
            cells = self.frame[columns["searched_at"]]
            if "search_date" in columns:
                cells = join_date(self.frame[columns["search_date"]], cells)
            codes = self.codes["searched_at"] = find_states(
                cells, self.form.marks.get("searched_at") or load_marks("label")
            )
            values, self.times_unread = self._read_time("searched_at", cells, codes)
            made["searched_at"] = pd.Series(values)
        if "window" in columns:
            whole = strip_cells(self.frame[columns["window"]])
            found = pc.extract_regex(whole, self.form.window)
            states = find_states(self.frame[columns["window"]], load_marks("label"))
            ends = {"window_start": None, "window_end": None}
            for name in ends:
                part = pc.fill_null(pc.struct_field(found, name), "")
                ends[name] = pd.Series(pd.array(pc.cast(part, pa.large_string()), dtype="str"))
                # a window that does not come apart is no empty cell
                self.codes[name] = states
        else:
            ends = {
                name: self.frame[columns[name]]
                for name in ("window_start", "window_end")
                if name in columns
            }
        for name, cells in ends.items():
            codes = self.find_codes(name)
            values, odd = self._read_time(name, cells, codes)
            made[name] = pd.Series(values)
            self._settle(name, odd, self.frame[columns.get("window", columns.get(name))])

    def _read_time(self, name: str, cells: pd.Series, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        read = read_times(cells, self.form.time_forms, month_first=self.form.month_first)
        is_value = is_state(codes, "value")
        values = np.where(is_value, read.values, np.datetime64("NaT", "us"))
        local = is_value & ~np.isnat(values) & ~read.is_utc
        if local.any():
            if self.form.zone is None:
                raise refuse_local(self.log.source, self.where(int(np.flatnonzero(local)[0])), self.form)
            values[local], gaps_n, folds_n = convert_to_utc(values[local], self.form.zone)
            if name == "searched_at":
                self.log.gaps_n += gaps_n
                self.log.folds_n += folds_n
        if name == "searched_at":
            self.log.local_n += int(local.sum())
            self.log.utc_n += int((~np.isnat(values)).sum() - local.sum())
            for number, count in zip(
                *np.unique(read.forms[is_value & (read.forms >= 0)], return_counts=True), strict=True
            ):
                notation = self.form.time_forms[number]
                self.log.time_forms[notation] = self.log.time_forms.get(notation, 0) + int(count)
        return values, is_value & np.isnat(values)

    def _read_persons(self, made: dict) -> None:
        """Drop officers, plates and case numbers; tokens of them are kept if there is a key."""
        for name in PERSONAL:
            codes = self.find_codes(name)
            if name in self.form.columns and self.log.options.key:
                made[f"{name}_token"] = make_tokens(
                    self.frame[self.form.columns[name]], codes, name, self.log.options.key
                )
        if "has_case_number" in self.form.columns:
            cells = self.frame[self.form.columns["has_case_number"]]
            codes = self.find_codes("has_case_number")
            lower = keep_values(cells, codes).str.lower()
            made["has_case_number"] = lower.map({"true": True, "yes": True, "y": True, "1": True,
                                                 "false": False, "no": False, "n": False,
                                                 "0": False}).astype("boolean")  # fmt: skip
            self._settle(
                "has_case_number", is_state(codes, "value") & made["has_case_number"].isna().to_numpy(), cells
            )
            return
        codes = self.codes["has_case_number"] = self.find_codes("case_number")
        # what stands under a mask is unknown: neither yes nor no
        has = pd.Series(is_state(codes, "value")).astype("boolean")
        made["has_case_number"] = has.where(is_state(codes, "value", "empty", "placeholder"))

    def _count_moderation(self) -> None:
        if "moderation" in self.form.columns:
            known = load_format("flock")["audit"]["labels"]["moderation"]
            counts = self.frame[self.form.columns["moderation"]].str.strip().value_counts()
            for label, count in counts.items():
                label = label if label in known else "empty" if not label else "other"
                self.log.moderation[label] = self.log.moderation.get(label, 0) + int(count)

    def drop_rows_that_are_no_search(self, keep: np.ndarray, made: dict) -> np.ndarray:
        """Find rows in which nothing tells of a search, as Los Altos released some."""
        told = is_state(self.find_codes("searched_at"), "value")
        for name in ("search_id", "searcher_agency_as_printed", "reason_text", "networks_n", "devices_n"):
            if name in self.form.columns or (name == "reason_text" and "offense_type" in self.form.columns):
                told |= is_state(self.codes[name], "value")
        rows = keep & (~told | self._find_lone())
        self.log.set_aside(rows, NO_SEARCH, self.where)
        return rows

    def _find_lone(self) -> np.ndarray:
        """Find rows without a time that fill one other cell at most: a total or a note below the log."""
        lone, columns = np.zeros(self.rows_n, bool), list_beside(self.form)
        if len(columns) >= FEW and "searched_at" in self.form.columns:
            rows = np.flatnonzero(is_state(self.find_codes("searched_at"), "empty"))
            filled = np.zeros(len(rows), "int16")
            for name in columns if len(rows) else ():
                cells = strip_cells(self.frame[self.form.columns[name]].iloc[rows])
                filled += np.asarray(pc.not_equal(cells, "")).astype("int16")
            lone[rows[filled < 2]] = True
        return lone

    def drop_rows_out_of_place(self, keep: np.ndarray) -> np.ndarray:
        """Find rows whose search time is something else: the row is shifted, or of another form."""
        rows = keep & self.times_unread
        if rows.any():
            cell = self.frame[self.form.columns["searched_at"]].iloc[int(np.flatnonzero(rows)[0])]
            self.log.set_aside(rows, OUT_OF_PLACE, self.where, f"the first reads like {show_shape(cell)!r}")
        return rows


def join_date(dates: pd.Series, times: pd.Series) -> pd.Series:
    """Join a column of dates and one of times of day; the empty halves that a spreadsheet adds to both are removed."""
    day = dates.str.strip().str.replace(r"[ T]00:00:00$", "", regex=True)
    hour = times.str.strip().str.replace(r"^(?:1899-12-3\d|1900-01-0\d) ", "", regex=True)
    both = day + " " + hour
    return both.where((day != "") & (hour != ""), "")


_JUNK = {"plate": r"[^A-Za-z0-9]", "officer": r"\s+", "case_number": r"\s+"}


def make_tokens(cells: pd.Series, codes: np.ndarray, name: str, key: bytes) -> pd.Series:
    """Turn the values of a column into tokens: one notation first, so that spaces and letter case make no second plate."""
    from ..privacy import tokenize

    plain = keep_values(cells, codes).str.upper().str.replace(
        _JUNK[name], "" if name == "plate" else " ", regex=True
    )
    return tokenize(plain, key, name).reset_index(drop=True)


def count_partial(reasons: pd.Series) -> int:
    """Count reasons of which a part is redacted."""
    known = load_format("cells")
    begins, pattern = re.compile(known["partial_begins"]), re.compile(known["partial"])
    unique = reasons.dropna().value_counts()
    return int(sum(count for text, count in unique.items() if begins.search(text) and pattern.match(text)))

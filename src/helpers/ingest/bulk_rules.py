"""What a large log's query needs besides SQL: what its first rows teach, the reader's own functions, and the tallies."""

import functools
import re
import threading

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from .bulk_sql import (
    ASIDE, ASIDE_BIT, LOCAL_BIT, MODERATION_BIT, MOMENTS, SETTLED, STATE, UNREAD_BIT, mark_kind,
)  # fmt: skip
from .bulk_times import Shape, choose_shapes
from .canonical import CELL_STATES, WITHHELD
from .cells import Marks, find_states, load_marks, strip_cells
from .duck import quote
from .formats import load_format
from .logs import PERSONAL, LogForm, LogTable, join_date, make_tokens
from .source import ReadOptions, Source
from .times import convert_to_utc, read_times

_UTC = ("UTC", "Etc/UTC", "Etc/GMT", "GMT")
_PLACES = 10
_LITERALS = 20
_SHAPE_CELLS = 5_000
_BUFFERED = 1 << 18
_SPECIAL = {"type": "arrow", "null_handling": "special"}


class Rules:
    """Rules of one form, learned from the first rows of a log.

    Parameters
    ----------
    first
        The first rows, as `TextTable.frames` gives them.
    form
        How the columns are read.
    source, options
        The file, and what the person knows.

    Raises
    ------
    IngestError
        As `LogTable.add`, for the first rows.
    """

    def __init__(self, first: pd.DataFrame, form: LogForm, source: Source, options: ReadOptions):
        self.form, self.options = form, options
        self.source_id, self.reported_by = options.source_id or source.id, options.reported_by
        self.has_key = bool(options.key)
        self.converts = form.zone is not None and form.zone.key not in _UTC
        self.moderation = [*load_format("flock")["audit"]["labels"]["moderation"], ""]
        self.partial_begins = load_format("cells")["partial_begins"]
        self.window_groups = list(re.compile(form.window).groupindex) if form.window else []
        kept = LogTable(source, options).read_part(first, form)
        self.is_known = len(kept) > 0
        reason = kept["reason_text"].iloc[0] if self.is_known else None
        self.first_reason = None if pd.isna(reason) else reason
        self._marks: dict[str, Marks] = {}
        self._literals: dict[str, dict[str, int]] = {}
        for name, column in form.columns.items():
            if name not in ("search_date", "moderation"):
                own = form.marks.get(name) if name != "window" else None
                self._marks[name] = own or load_marks(mark_kind(name))
                self._learn_marks(name, self._find_cells(first, name))
        self.shapes = {name: self._learn_shapes(first, name) for name in MOMENTS}

    def _find_cells(self, first: pd.DataFrame, name: str) -> pa.Array:
        cells = first[self.form.columns[name]]
        if name == "searched_at" and "search_date" in self.form.columns:
            cells = join_date(first[self.form.columns["search_date"]], cells)
        return strip_cells(cells)

    def _learn_marks(self, name: str, cells: pa.Array) -> None:
        """Keep the most frequent cells that hold no value: SQL knows them without asking."""
        states = find_states(pd.Series(pd.array(cells, dtype="str")), self._marks[name])
        odd = pd.Series(cells.filter(pa.array(states > STATE["empty"])).to_pylist(), dtype="object").value_counts()
        literals = [*odd.index[:_LITERALS]]
        self._literals[name] = {text: STATE[self._marks[name].find_state(text)] for text in literals}

    def _learn_shapes(self, first: pd.DataFrame, name: str) -> list[Shape]:
        if name != "searched_at" and "window" in self.form.columns:
            found = pc.extract_regex(self._find_cells(first, "window"), self.form.window)
            cells = pc.utf8_trim_whitespace(pc.struct_field(found, name))
        elif name in self.form.columns:
            cells = self._find_cells(first, name)
        else:
            return []
        cells = pc.cast(cells.take(pa.array(np.arange(0, len(cells), max(1, len(cells) // _SHAPE_CELLS)))), pa.large_string())
        return choose_shapes(cells, self.form.time_forms, month_first=self.form.month_first)

    def state_sql(self, name: str) -> str:
        """Write the state of a field's cell as SQL."""
        cell, marks = f"t_{name}", self._marks[name]
        whens = f"WHEN {cell} = '' THEN {STATE['empty']} "
        for state in sorted({*self._literals[name].values()} - {STATE["value"]}):
            texts = ", ".join(quote(text) for text, code in self._literals[name].items() if code == state)
            whens += f"WHEN {cell} IN ({texts}) THEN {state} "
        whens += f"WHEN length({cell}) > {marks.longest} THEN 0 "
        if _is_known(marks.quick):
            whens += f"WHEN NOT regexp_matches({cell}, {quote(marks.quick)}) THEN 0 "
        return f"CASE {whens}ELSE state_{self._number(marks)}({cell}) END"

    def _number(self, marks: Marks) -> int:
        return list(dict.fromkeys(map(id, self._marks.values()))).index(id(marks))

    def register(self, connection: duckdb.DuckDBPyConnection, tally: "Tally") -> None:
        """Make the reader's own functions known to a connection."""
        form = self.form
        # as an enumeration states are written without being looked up one by one
        connection.execute(f"CREATE TYPE cell_state AS ENUM ({', '.join(map(quote, CELL_STATES))})")

        def series(cells) -> pd.Series:
            return pd.Series(pd.array(pc.fill_null(pc.cast(cells, pa.large_string()), ""), dtype="str"))

        def whole(cells) -> pa.Array:
            return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells

        def read_time(cells):
            return pa.array(read_times(series(whole(cells)), form.time_forms, month_first=form.month_first).values)

        def read_form(cells):
            read = read_times(series(whole(cells)), form.time_forms, month_first=form.month_first)
            return pa.array(np.where(read.forms >= 0, read.forms.astype("int32") * 2 + read.is_utc + 1, 0).astype("int32"))

        def to_utc(values, is_counted):
            values = whole(values)
            utc, gaps_n, folds_n = convert_to_utc(pc.fill_null(values, 0).to_numpy(zero_copy_only=False).astype("datetime64[us]"), form.zone)
            if len(values) and whole(is_counted)[0].as_py():
                tally.add_clock(gaps_n, folds_n)
            return pa.array(utc, mask=values.is_null().to_numpy(zero_copy_only=False))

        def is_partial(cells):
            pattern = re.compile(load_format("cells")["partial"])
            return pa.array([bool(text and pattern.match(text)) for text in whole(cells).to_pylist()])

        def join(dates, times):
            return pa.array(join_date(series(whole(dates)), series(whole(times))), pa.large_string()).cast(pa.string())

        def note(row_no, states, flags):
            return pa.array(tally.add(*(whole(part).to_numpy(zero_copy_only=False) for part in (row_no, states, flags))))

        def add(name, function, takes, gives, **more):
            connection.create_function(name, function, takes, gives, **(_SPECIAL | more))

        add("note", note, ["BIGINT"] * 3, "BOOLEAN", side_effects=True)
        add("read_time", read_time, ["VARCHAR"], "TIMESTAMP")
        add("read_form", read_form, ["VARCHAR"], "INTEGER")
        add("to_utc", to_utc, ["TIMESTAMP", "BOOLEAN"], "TIMESTAMP", side_effects=True)
        add("is_partial", is_partial, ["VARCHAR"], "BOOLEAN")
        add("join_date", join, ["VARCHAR", "VARCHAR"], "VARCHAR")
        def make_state(marks: Marks):
            return lambda cells: pa.array(find_states(series(whole(cells)), marks).astype("uint8"))

        def make_token(name: str):
            def tokenize(cells):
                tokens = make_tokens(series(whole(cells)), np.zeros(len(cells), "int8"), name, self.options.key)
                return pa.array(tokens, pa.string())

            return tokenize

        for marks in {id(marks): marks for marks in self._marks.values()}.values():
            add(f"state_{self._number(marks)}", make_state(marks), ["VARCHAR"], "UTINYINT")
        for name in PERSONAL:
            if self.has_key and name in form.columns:
                add(f"{name}_token", make_token(name), ["VARCHAR"], "VARCHAR")


@functools.lru_cache(256)
def _is_known(pattern: str) -> bool:
    """Say whether DuckDB's engine knows a pattern; a mapping may give one that it does not."""
    with duckdb.connect() as connection:
        try:
            connection.execute("SELECT regexp_matches('', ?)", [pattern]).fetchall()
            return True
        except duckdb.Error:
            return False


class Tally:
    """Counts what the query notes of each row; it is called from several threads.

    Attributes
    ----------
    places
        For each kind of row that a report names, row numbers of the first ten: `aside 1` to `aside 3`, `unread NAME`,
        `local NAME`.
    gaps_n, folds_n
        As in `LogTable`.
    """

    def __init__(self):
        self.places: dict[str, np.ndarray] = {}
        self.gaps_n = self.folds_n = 0
        self._states: dict[int, int] = {}
        self._flags: dict[int, int] = {}
        self._parts: list[tuple[np.ndarray, np.ndarray]] = []
        self._held = 0
        self._lock = threading.Lock()

    def add(self, row_no: np.ndarray, states: np.ndarray, flags: np.ndarray) -> np.ndarray:
        """Note rows, and say which of them enter the table."""
        marks = (1 << MODERATION_BIT) - (1 << UNREAD_BIT) | 3 << ASIDE_BIT
        with self._lock:
            self._parts.append((states.copy(), flags.copy()))
            self._held += len(states)
            if self._held > _BUFFERED:
                self._count()
            if (flags & marks).any():
                self._keep_places(row_no, flags)
        return states >> 3 * len(WITHHELD) == 0

    def add_clock(self, gaps_n: int, folds_n: int) -> None:
        """Count times that a clock skipped or showed twice."""
        with self._lock:
            self.gaps_n += gaps_n
            self.folds_n += folds_n

    def _keep_places(self, row_no: np.ndarray, flags: np.ndarray) -> None:
        aside = flags >> ASIDE_BIT & 3
        masks = {f"aside {code}": aside == code for code in range(1, len(ASIDE) + 1)}
        masks |= {f"unread {name}": flags >> UNREAD_BIT + at & 1 == 1 for at, name in enumerate(SETTLED)}
        masks |= {f"local {name}": flags >> LOCAL_BIT + at & 1 == 1 for at, name in enumerate(MOMENTS)}
        for name, mask in masks.items():
            if mask.any():
                known = self.places.get(name, np.empty(0, "int64"))
                self.places[name] = np.sort(np.concatenate([known, row_no[mask]]))[:_PLACES]

    def _count(self) -> None:
        for counts, part in ((self._states, 0), (self._flags, 1)):
            values = pd.Series(np.concatenate([pair[part] for pair in self._parts])).value_counts()
            for code, count in values.items():
                counts[code] = counts.get(code, 0) + int(count)
        self._parts, self._held = [], 0

    def finish(self) -> None:
        """Count what is still held."""
        if self._parts:
            self._count()

    def count_states(self) -> dict[str, dict[str, int]]:
        """Count the states of each column's cells in the rows that enter the table."""
        found = {name: {} for name in WITHHELD}
        for code, count in self._states.items():
            if code >> 3 * len(WITHHELD) == 0:
                for at, name in enumerate(WITHHELD):
                    state = CELL_STATES[code >> 3 * at & 7]
                    found[name][state] = found[name].get(state, 0) + count
        return found

    def count_forms(self) -> dict[int, int]:
        """Count search times by 2 * form + 1 if they print no zone, + 2 if they do."""
        return self._count_by(lambda flags: flags & (1 << UNREAD_BIT) - 1)

    def count_aside(self) -> dict[int, int]:
        """Count rows that are set aside by why."""
        return self._count_by(lambda flags: flags >> ASIDE_BIT & 3)

    def count_unread(self, at: int) -> int:
        """Count cells of one of `SETTLED` that hold something else than they should."""
        return self._count_by(lambda flags: flags >> UNREAD_BIT + at & 1).get(1, 0)

    def count_moderation(self) -> dict[int, int]:
        """Count labels of moderation by their position, from 1."""
        return self._count_by(lambda flags: flags >> MODERATION_BIT & 15)

    def count_kept(self, bit: int) -> int:
        """Count rows in the table that have a flag."""
        return self._count_by(lambda flags: flags >> bit & 1 if not flags >> ASIDE_BIT & 3 else 0).get(1, 0)

    def _count_by(self, find) -> dict[int, int]:
        """Count rows by a part of their flags; zero is nothing."""
        counts: dict[int, int] = {}
        for flags, count in self._flags.items():
            if code := find(flags):
                counts[code] = counts.get(code, 0) + count
        return dict(sorted(counts.items()))

"""The rules of `logs` as one SQL query: made from the same form, and so that DuckDB gives the same cells.

What SQL cannot say as the reader does, it asks the reader: functions of `bulk_rules` are called for the few cells that
no plain branch covers.
"""

from .canonical import CELL_STATES, COLUMNS, WITHHELD
from .duck import quote
from .headers import tidy_header
from .log_form import FEW, MARK_KINDS, PERSONAL, TEXTS, LogForm, list_beside

STATE = {name: code for code, name in enumerate(CELL_STATES)}
MOMENTS = ("searched_at", "window_start", "window_end")
# Fields whose cells may hold something else than they should, and kinds of rows that are set aside: bits and codes.
SETTLED = ("networks_n", "devices_n", "window_start", "window_end", "has_case_number")
ASIDE = ("header", "no search", "out of place")
UNREAD_BIT, LOCAL_BIT, MODERATION_BIT, PARTIAL_BIT, OTHER_BIT, ASIDE_BIT = 7, 12, 15, 19, 20, 21
_TRUE, _FALSE = ("true", "yes", "y", "1"), ("false", "no", "n", "0")
_COUNT = r"(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.0+)?"
# what `str.strip` removes, and the wide blanks that become plain ones
_BLANKS = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
_WIDE = "[\u00a0\u2007\u2009\u202f]"


class Query:
    """Builds the query for one form.

    Parameters
    ----------
    form
        How the columns of the log are read.
    rules
        What was learned from the first rows: see `bulk_rules.Rules`.
    """

    def __init__(self, form: LogForm, rules):
        self.form, self.rules = form, rules
        self.has = set(form.columns)
        self.states: dict[str, str] = {}
        self.made: dict[str, str] = {}

    def build(self, rows: str, keep_reasons: bool) -> str:
        """Build the query over a relation of row_no and one column per field.

        Returns
        -------
        SQL that gives the columns of `searches`, and has every row noted by the function `note`.
        """
        levels = [self._trim(rows), self._plain(), self._find_states(), *self._read_moments()]
        self._read_reasons()
        self._read_counts()
        self._read_cases()
        sql = ""
        for level in levels:
            sql = f"SELECT {level[0]} FROM {level[1] or f'({sql})'}"
        sql = f"SELECT *, {self._list_values()} FROM ({sql})"
        sql = f"SELECT *, {self._list_codes()} FROM ({sql})"
        sql = f"SELECT *, {self._set_aside()} AS aside FROM ({sql})"
        columns = ", ".join(f"{self._show(name, keep_reasons)} AS {name}" for name in COLUMNS["searches"])
        return f"SELECT {columns} FROM ({sql}) WHERE note(row_no, {self._pack_states()}, {self._pack_flags()})"

    # ---- level by level ----------------------------------------------------------------------------------------------

    def _trim(self, rows: str) -> tuple[str, str]:
        """Level 1: `k_` is a cell without outer blanks."""
        made = ["row_no"]
        if "search_date" in self.has:
            made += [f"{name} AS r_{name}" for name in ("search_date", "searched_at") if name in self.has]
        for name in sorted(self.has - {"search_date"}):
            cell = f'"{name}"'
            if name == "searched_at" and "search_date" in self.has:
                cell = "join_date(search_date, searched_at)"
            made.append(f"{_strip(cell)} AS k_{name}")
        return ", ".join(made), rows

    def _plain(self) -> tuple[str, str]:
        """Level 2: `t_` is the same with plain blanks, of which states, numbers and times are read."""
        made = ["*"]
        for name in sorted(self.has - {"search_date"}):
            made.append(f"{_narrow(f'k_{name}')} AS t_{name}")
        return ", ".join(made), ""

    def _find_states(self) -> tuple[str, str]:
        """Level 3: `s_` is the state of a cell; a time frame comes apart."""
        made = ["*"]
        for name in sorted(self.has - {"search_date", "moderation"}):
            made.append(f"{self.rules.state_sql(name)} AS s_{name}")
        if "window" in self.has:
            groups = ", ".join(map(quote, self.rules.window_groups))
            found = f"regexp_extract(t_window, {quote(self.form.window)}, [{groups}])"
            made.append(f"CASE WHEN t_window <> '' THEN {found} END AS w")
        return ", ".join(made), ""

    def _list_moments(self) -> list[str]:
        ends = MOMENTS[1:] if "window" in self.has else [name for name in MOMENTS[1:] if name in self.has]
        return [*(["searched_at"] if "searched_at" in self.has else []), *ends]

    def _read_moments(self) -> list[tuple[str, str]]:
        """Read times, in four levels: the cell, its shape, its value, and its value in UTC."""
        names = self._list_moments()
        cells, shapes, values, moments = ["*"], ["*"], ["*"], ["*"]
        for name in names:
            if name != "searched_at" and "window" in self.has:
                cells.append(f"{_strip(f'w.{name}')} AS c_{name}")
                cell, state = f"c_{name}", "s_window"
            else:
                cell, state = f"t_{name}", f"s_{name}"
            known = self.rules.shapes[name]
            whens = "".join(f" WHEN {shape.fits_sql(cell)} THEN {number}" for number, shape in enumerate(known))
            shapes.append(f"CASE WHEN {state} <> 0 THEN NULL{whens} ELSE 99 END::UTINYINT AS m_{name}")
            whens = "".join(
                f" WHEN {number} THEN try_strptime({cell}, {quote(shape.strptime)})" for number, shape in enumerate(known)
            )
            value = f"CASE m_{name}{whens} ELSE NULL END" if known else "NULL::TIMESTAMP"
            values.append(f"{value} AS v_{name}")
            # a year before 1900 is none for the reader
            odd = f"m_{name} IS NOT NULL AND (v_{name} IS NULL OR v_{name} < TIMESTAMP '1900-01-01')"
            codes = "".join(
                f" WHEN {number} THEN {shape.form * 2 + shape.is_utc + 1}" for number, shape in enumerate(known)
            )
            code = f"CASE m_{name}{codes} ELSE 0 END" if known else "0"
            moments.append(f"CASE WHEN {odd} THEN read_time({cell}) ELSE v_{name} END AS u_{name}")
            moments.append(
                f"CASE WHEN {odd} THEN read_form({cell}) WHEN m_{name} IS NULL THEN 0 ELSE {code} END::INTEGER AS f_{name}"
            )
            self.states[name] = f"CASE WHEN {odd} AND u_{name} IS NULL THEN {STATE['placeholder']} ELSE {state} END"
        if "searched_at" in names:
            self.states["searched_at"] = "s_searched_at"
        utc = ["*"]
        for name in names:
            value = f"u_{name}"
            if self.rules.converts:
                value = f"CASE WHEN f_{name} % 2 = 1 THEN to_utc(u_{name}, {str(name == 'searched_at').lower()}) ELSE u_{name} END"
            utc.append(f"{value} AS x_{name}")
            self.made[name] = f"x_{name}"
        return [(", ".join(part), "") for part in (cells, shapes, values, moments, utc)]

    # ---- fields ------------------------------------------------------------------------------------------------------

    def _read_reasons(self) -> None:
        """Take the reason from the first of reason, offense type and case number that holds one."""
        text, origin, state = [], [], str(STATE["not_exported"])
        for name, label in (("reason_text", "reason"), ("offense_type", "offense_type"), ("case_number", "case_number")):
            if name in self.has:
                origin.append(f"WHEN s_{name} = 0 THEN {quote(label)}")
                if name != "case_number":
                    text.append(f"WHEN s_{name} = 0 THEN k_{name}")
        if "reason_text" in self.has:
            state = "s_reason_text"
            if "offense_type" in self.has:
                state = "CASE WHEN s_offense_type = 0 THEN 0 ELSE s_reason_text END"
        elif "offense_type" in self.has:
            state = "s_offense_type"
        self.states["reason_text"] = state
        self.made["reason_text"] = f"CASE {' '.join(text)} END" if text else "NULL::VARCHAR"
        self.made["reason_origin"] = f"CASE {' '.join(origin)} END" if origin else "NULL::VARCHAR"

    def _read_counts(self) -> None:
        for name in ("networks_n", "devices_n"):
            if name in self.has:
                cell = f"t_{name}"
                digits = f"regexp_replace(replace({cell}, ',', ''), '\\.0+$', '')"
                self.made[name] = (
                    f"CASE WHEN regexp_full_match({cell}, '[0-9]{{1,15}}') THEN {cell}::BIGINT "
                    f"WHEN regexp_full_match({cell}, {quote(_COUNT)}) THEN {digits}::BIGINT END"
                )
                self.states[name] = f"CASE WHEN s_{name} = 0 AND z_{name} IS NULL THEN {STATE['placeholder']} ELSE s_{name} END"

    def _read_cases(self) -> None:
        """Say whether there is a case number; what stands under a mask is unknown."""
        if "has_case_number" in self.has:
            cell = "lower(k_has_case_number)"
            true, false = (", ".join(map(quote, words)) for words in (_TRUE, _FALSE))
            self.made["has_case_number"] = (
                f"CASE WHEN s_has_case_number <> 0 THEN NULL WHEN {cell} IN ({true}) THEN true "
                f"WHEN {cell} IN ({false}) THEN false END"
            )
            self.states["has_case_number"] = (
                f"CASE WHEN s_has_case_number = 0 AND z_has_case_number IS NULL THEN {STATE['placeholder']} "
                "ELSE s_has_case_number END"
            )
            return
        if "case_number" in self.has:
            some = ", ".join(str(STATE[name]) for name in ("value", "empty", "placeholder"))
            self.made["has_case_number"] = f"CASE WHEN s_case_number IN ({some}) THEN s_case_number = 0 END"
            self.states["has_case_number"] = "s_case_number"

    def _list_values(self) -> str:
        """Level 8: `z_` are the fields' values."""
        for name in (*TEXTS, "host_agency"):
            if name in self.has:
                self.made[name] = f"CASE WHEN s_{name} = 0 THEN k_{name} END"
        if "host_agency" not in self.has and self.rules.reported_by:
            self.made["host_agency"] = quote(self.rules.reported_by)
        for name, value in self.form.constants.items():
            self.made[name], self.states[name] = quote(value), "0"
        for name in (*PERSONAL, *TEXTS):
            if name in self.has:
                self.states.setdefault(name, f"s_{name}")
        return ", ".join(f"{sql} AS z_{name}" for name, sql in self.made.items())

    def _list_codes(self) -> str:
        """Level 9: `e_` are the final states of the cells."""
        return ", ".join(
            f"({self._find_state(name)})::UTINYINT AS e_{name}" for name in WITHHELD
        )

    def _set_aside(self) -> str:
        """Say why a row enters no table: 1 to 3 as in `ASIDE`, 0 if it enters."""
        hits = []
        for name, column in self.form.columns.items():
            names = sorted({column.strip().lower(), tidy_header(column)})
            cell = f"t_{name}"
            if name == "search_date" or (name == "searched_at" and "search_date" in self.has):
                cell = _narrow(_strip(f"r_{name}"))
            longest = sorted({len(text) for text in names})
            hits.append(
                f"(length({cell}) IN ({', '.join(map(str, longest))}) AND "
                f"lower({cell}) IN ({', '.join(map(quote, names))}))::TINYINT"
            )
        told = ["e_searched_at = 0"] if "searched_at" in self.has else []
        for name in ("search_id", "searcher_agency_as_printed", "reason_text", "networks_n", "devices_n"):
            if name in self.has or (name == "reason_text" and "offense_type" in self.has):
                told.append(f"e_{name} = 0")
        whens = f"WHEN {' + '.join(hits)} >= 2 THEN 1 " if hits else ""
        whens += f"WHEN NOT ({' OR '.join(told) or 'false'}) THEN 2 "
        beside = list_beside(self.form)
        if len(beside) >= FEW and "searched_at" in self.has:
            filled = " + ".join(f"(s_{name} <> {STATE['empty']})::TINYINT" for name in beside)
            whens += f"WHEN s_searched_at = {STATE['empty']} AND {filled} < 2 THEN 2 "
        if "searched_at" in self.has:
            whens += "WHEN m_searched_at IS NOT NULL AND u_searched_at IS NULL THEN 3 "
        return f"CASE {whens}ELSE 0 END"

    # ---- what is noted of a row --------------------------------------------------------------------------------------

    def _pack_states(self) -> str:
        """Pack the states of all cells and why the row is set aside into one number."""
        parts, same = [], 0
        for at, name in enumerate(WITHHELD):
            state = self._find_state(name)
            if state.isdigit():
                same += int(state) << 3 * at
            else:
                parts.append(f"(e_{name}::BIGINT * {1 << 3 * at})")
        return " + ".join([*parts, f"(aside::BIGINT * {1 << 3 * len(WITHHELD)})", str(same)])

    def _find_state(self, name: str) -> str:
        """Give the state of a field's cells: an expression, or a number if it is the same in all rows."""
        return self.states.get(name, str(STATE["not_exported"]))

    def _pack_flags(self) -> str:
        """Pack what is counted besides into one number."""
        parts = ["f_searched_at::BIGINT" if "searched_at" in self.has else "0::BIGINT", f"(aside::BIGINT << {ASIDE_BIT})"]

        def flag(condition: str, bit: int) -> None:
            parts.append(f"(coalesce({condition}, false)::BIGINT << {bit})")

        moments = self._list_moments()
        for at, name in enumerate(SETTLED):
            if name in moments:
                flag(f"aside <> 1 AND m_{name} IS NOT NULL AND u_{name} IS NULL", UNREAD_BIT + at)
            elif name in self.has:
                flag(f"aside <> 1 AND s_{name} = 0 AND z_{name} IS NULL", UNREAD_BIT + at)
        if not self.form.zone:
            for at, name in enumerate(MOMENTS):
                if name in moments:
                    flag(f"f_{name} % 2 = 1 AND u_{name} IS NOT NULL", LOCAL_BIT + at)
        if "moderation" in self.has:
            whens = " ".join(f"WHEN {quote(label)} THEN {at}" for at, label in enumerate(self.rules.moderation))
            parts.append(f"((CASE k_moderation {whens} ELSE {len(self.rules.moderation)} END + 1)::BIGINT << {MODERATION_BIT})")
        if {"reason_text", "offense_type"} & self.has:
            begins = f"regexp_matches(z_reason_text, {quote(self.rules.partial_begins)})"
            flag(f"CASE WHEN {begins} THEN is_partial(z_reason_text) ELSE false END", PARTIAL_BIT)
            first = "NULL" if self.rules.first_reason is None else quote(self.rules.first_reason)
            flag(f"z_reason_text IS DISTINCT FROM {first}", OTHER_BIT)
        return " + ".join(parts)

    def _show(self, name: str, keep_reasons: bool) -> str:
        """Give a column of the table."""
        if name == "row_no":
            return "row_no"
        if name == "source_id":
            return quote(self.rules.source_id)
        if name.endswith("_cell"):
            state = self._find_state(name.removesuffix("_cell"))
            if state.isdigit():
                return f"{quote(CELL_STATES[int(state)])}::cell_state"
            states = ", ".join(map(quote, CELL_STATES))
            return f"([{states}]::cell_state[])[e_{name.removesuffix('_cell')} + 1]"
        if name.endswith("_token"):
            field = name.removesuffix("_token")
            has = field in self.has and self.rules.has_key
            return f"CASE WHEN s_{field} = 0 THEN {name}(k_{field}) END" if has else "NULL::VARCHAR"
        if name not in self.made or (name == "reason_text" and not keep_reasons):
            kinds = {"Int64": "BIGINT", "boolean": "BOOLEAN", "datetime64[us]": "TIMESTAMP"}
            return f"NULL::{kinds.get(COLUMNS['searches'][name], 'VARCHAR')}"
        return f"z_{name}"


def _strip(cell: str) -> str:
    """Remove outer blanks; nothing is looked for where the first and the last sign are visible ones of ASCII."""
    plain = f"ascii({cell}) BETWEEN 33 AND 126 AND ascii(right({cell}, 1)) BETWEEN 33 AND 126"
    return f"CASE WHEN {cell} = '' THEN '' WHEN {plain} THEN {cell} ELSE trim({cell}, {quote(_BLANKS)}) END"


def _narrow(cell: str) -> str:
    """Turn wide blanks into plain ones; cells of ASCII have none."""
    wide = f"regexp_replace({cell}, {quote(_WIDE)}, ' ', 'g')"
    return f"CASE WHEN strlen({cell}) = length({cell}) THEN {cell} ELSE {wide} END"


def mark_kind(name: str) -> str:
    """Name the kind of marks of a field's cells."""
    return "label" if name == "window" else MARK_KINDS.get(name, "label")

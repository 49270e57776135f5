"""Parameters of a notebook: what its `parameters` cell declares, and whether a given value fits."""

import ast
import io
import json
import keyword
import math
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from helpers import paths
from helpers.errors import ParameterError, offer_nearest, show_value
from helpers.files import find_irregular

TYPES = ("int", "float", "str", "bool", "list[str]", "list[int]")
PATHS = ("path", "folder", "file")
# Range of a number whose comment gives none: no count is negative, and no notebook needs more.
MOST = 10**9
_COMMENT = re.compile(r"(?P<meaning>.*?)\s*\[(?P<unit>[^\[\]]+)\]", re.S)
_RANGE = re.compile(r"(?P<unit>.*?),?\s*(?P<low>-?\d[\d,_.]*) to (?P<high>-?\d[\d,_.]*)")
_SHIPPED = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,300}(\.[0-9]{0,300})?|\.[0-9]{1,300})([eE][+-]?[0-9]{1,3})?")
_LONGEST_TEXT = 100_000


@dataclass(frozen=True)
class Parameter:
    """One line of a `parameters` cell: `name: type = value  # meaning [unit]`, or `[unit, 1 to 100]`.

    A unit that ends in `file`, `folder` or `path` (either) is a place that a run may be pointed at. Words
    before it say what of: `searches folder` is a folder of records that hold the canonical table `searches`,
    and `rulebook file` is the name of one that comes with the project, or a file.
    """

    name: str
    type: str  # one of `TYPES`
    default: object  # what the notebook itself sets
    meaning: str
    unit: str
    low: float = 0  # range of a number, both ends included
    high: float = MOST

    @property
    def kind(self) -> str:
        """`file`, `folder` or `path` for a place, else empty."""
        last = self.unit.rpartition(" ")[2]
        return last if last in PATHS else ""

    @property
    def is_path(self) -> bool:
        return bool(self.kind)

    @property
    def tables(self) -> frozenset[str]:
        """The canonical tables that a folder of records must hold, as its unit names them."""
        from helpers.canonical import COLUMNS  # with pandas, which a refusal need not wait for

        return frozenset(self.unit.split()) & set(COLUMNS) if self.kind == "folder" else frozenset()

    def takes_name(self, value: object) -> bool:
        """Return whether a value is the name of a file that comes with the project, not a path."""
        is_named = self.kind == "file" and self.unit != "file"
        return is_named and isinstance(value, str) and bool(_SHIPPED.fullmatch(value))


def read_parameters(source: str, place: str) -> dict[str, Parameter]:
    """Return what a `parameters` cell declares, by name, without running it.

    Values are literals, so that no line depends on another: papermill sets new values in a cell after this
    one. `place` is the notebook, for messages.

    Raises
    ------
    ParameterError
        A line of another form, a type outside `TYPES`, a default of the wrong type or out of range, a
        comment that is missing, a number without unit.
    """
    try:
        lines = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise _refuse_line(f"{place}, cell `parameters`", f"it is not Python ({error})") from None
    comments = {
        token.start[0]: token.string.lstrip("# ").rstrip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found: dict[str, Parameter] = {}
    for line in lines:
        where = f"{place}, cell `parameters`, line {line.lineno}"
        rows = range(line.end_lineno, line.lineno - 1, -1)
        comment = next((comments[row] for row in rows if row in comments), "")
        parameter = _read_line(line, comment, where)
        if parameter.name in found:
            raise _refuse_line(where, f"{parameter.name} is declared twice")
        found[parameter.name] = parameter
        check_value(parameter, parameter.default, place)
    return found


def _refuse_line(where: str, found: str) -> ParameterError:
    way_out = "Write each line once, as `name: type = value  # meaning [unit]`."
    return ParameterError(where, found, way_out, code="no-parameter")


def _read_line(line: ast.stmt, comment: str, where: str) -> Parameter:
    if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value):
        raise _refuse_line(where, f"`{ast.unparse(line)[:80]}` is not a parameter")
    name, kind = line.target.id, ast.unparse(line.annotation)
    try:
        default = ast.literal_eval(line.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise _refuse_line(where, f"the value of {name} is not a literal") from None
    match = _COMMENT.fullmatch(comment)
    meaning, unit = (match["meaning"], match["unit"].strip()) if match else (comment.strip(), "")
    low, high = _guess_low(default), float(MOST)
    if ranged := _RANGE.fullmatch(unit):
        unit = ranged["unit"].strip()
        low, high = (float(re.sub("[,_]", "", ranged[end])) for end in ("low", "high"))
    is_number = kind in ("int", "float", "list[int]")
    parameter = Parameter(name, kind, default, meaning, unit, low, high)
    faults = {
        f"{name} has the type {kind}; use one of {', '.join(TYPES)}": kind not in TYPES,
        f"{name} has no comment that says what it means": not meaning,
        f"{name} is a number without unit": is_number and not unit and not ranged,
        f"{name} is a path of type {kind}, not str": parameter.is_path and kind != "str",
    }
    if fault := next((text for text, is_so in faults.items() if is_so), None):
        raise _refuse_line(where, fault)
    return parameter


def _guess_low(default: object) -> float:
    """Return the low end of a range that is not given: 0, or the lowest number of the default."""
    values = default if isinstance(default, list) else [default]
    return min([0, *(value for value in values if isinstance(value, int | float))])


def check_name(name: object, declared: Mapping[str, Parameter], place: str) -> Parameter:
    """Return the declared parameter of that name, or raise an error that offers the nearest one.

    Papermill pastes a name into a line of code: a name that is not declared must not reach it.
    """
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        found = f"{show_value(name)} cannot be the name of a parameter"
    elif name not in declared:
        found = f"no parameter is called {show_value(name)}"
    else:
        return declared[name]
    raise ParameterError(place, found, offer_nearest(name, declared), code="unknown-key")


def check_value(parameter: Parameter, value: object, place: str) -> object:
    """Return a value that fits the declared type and range; a whole number may stand for a float.

    Raises
    ------
    ParameterError
        Another type, a number out of range or not finite, a text that no file could hold.
    """
    check = _CHECKS[parameter.type.removeprefix("list[").removesuffix("]")]
    values = value if parameter.type.startswith("list") else [value]
    where = f"{place}, parameter {parameter.name}"
    if not isinstance(values, list) or not all(map(check, values)):
        found = f"{show_value(value)} is not of the type {parameter.type}"
        example = show_value(parameter.default)
        way_out = f"{parameter.meaning[:1].upper()}{parameter.meaning[1:]}, for example {example}."
        raise ParameterError(where, found, way_out, code="wrong-value")
    for number in values if check in (_is_int, _is_number) else ():
        if not (math.isfinite(number) and parameter.low <= number <= parameter.high):
            found = f"{show_value(number)} is out of range"
            way_out = f"Give a number from {parameter.low:,.15g} to {parameter.high:,.15g}."
            raise ParameterError(where, found, way_out, code="out-of-range")
    return float(value) if parameter.type == "float" else value


def parse_values(texts: Iterable[str], declared: Mapping[str, Parameter], place: str) -> dict[str, object]:
    """Read `name=value` as typed on a command line, strictly by the declared type.

    Whole numbers are digits alone, `true` and `false` are the two truth values, lists are JSON.
    """
    given: dict[str, object] = {}
    for text in texts:
        name, equals, typed = text.partition("=")
        if not equals:
            found = f"{show_value(text)} gives no value"
            raise ParameterError(place, found, "Write `-p name=value`.", code="wrong-value")
        parameter = check_name(name, declared, place)
        if name in given:
            where = f"{place}, parameter {name}"
            raise ParameterError(where, "it is given twice", "Give one value.", code="twice")
        given[name] = check_value(parameter, _parse_typed(typed, parameter.type), place)
    return given


def check_parameters(
    declared: Mapping[str, Parameter], given: Mapping[str, object], place: str, folder: Path | None = None
) -> dict[str, object]:
    """Return all parameters with their values for this run, checked before any kernel starts.

    Parameters
    ----------
    declared, given
        What the notebook declares, and the values wanted for this run.
    place
        The edition file and notebook, for messages.
    folder
        The folder of the edition file: relative paths are looked for there first, then in the repository.

    Raises
    ------
    ParameterError
        A name, a value or a path that the notebook does not allow.
    """
    values = {name: check_value(check_name(name, declared, place), given[name], place) for name in given}
    complete = {}
    for name, parameter in declared.items():
        value = complete[name] = values.get(name, parameter.default)
        is_empty = value == "" == parameter.default
        if not parameter.is_path or is_empty or parameter.takes_name(value):
            continue
        home = folder if name in values else None
        confined = confine_path(value, home, f"{place}, parameter {name}", parameter.kind)
        complete[name] = confined if name in values else value
    return complete


def confine_path(value: str, folder: Path | None, place: str, kind: str = "path") -> str:
    """Return a path, links followed, that is inside the repository or the edition file's folder.

    Parameters
    ----------
    value
        As given; a relative path is looked for in `folder` first, then in the repository.
    folder
        The folder of the edition file, if there is one.
    place
        Where the value was given, for messages.
    kind
        What it has to be, one of `PATHS`.

    Returns
    -------
    The path relative to the repository if it is inside it, else absolute; with forward slashes.

    Raises
    ------
    ParameterError
        Nothing is there, or it is elsewhere or among the results, or not of that kind, or a folder contains
        anything but files and folders: reading a pipe never ends, and what a link leads to is not compared.
    """
    shown = show_value(value)

    def refuse(found: str, code: str, way_out: str = "") -> ParameterError:
        default = "Name a file or folder inside the repository or beside the edition file."
        return ParameterError(place, found, way_out or default, code=code)

    roots = [root.resolve() for root in (folder, paths.ROOT) if root]
    if not value or "\0" in value:
        raise refuse(f"{shown} is not a path", "no-path")
    try:
        candidates = [(root / value).resolve() for root in roots]
        inside = [path for path in candidates if any(path.is_relative_to(root) for root in roots)]
        present = next((path for path in candidates if path.exists()), None)
        is_inside = present in inside if present else bool(inside)
        odd = find_irregular(present) if present and is_inside else None
    except (OSError, ValueError, RuntimeError):
        raise refuse(f"{shown} cannot be read as a path", "no-path") from None
    if not is_inside:
        # whether there is anything is not told
        raise refuse(f"{shown} leads outside the allowed folders", "outside")
    if present is None:
        raise refuse(f"there is nothing at {shown}", "no-path")
    if is_result(present):
        # records of another edition are private, and results are not a source
        move = "Keep records and tables in a folder of your own, for example records/."
        raise refuse(f"{shown} is in the folder of results", "among-results", move)
    if odd is not None:
        what = shown if odd == present else f"{show_value(odd.name)} in {shown}"
        found = f"{what} is neither a file nor a folder"
        raise refuse(found, "irregular", "Put files there, not links or pipes.")
    if kind in ("file", "folder") and present.is_dir() != (kind == "folder"):
        raise refuse(f"{shown} is not a {kind}", "no-path", f"Name a {kind}.")
    home = paths.ROOT.resolve()
    return (present.relative_to(home) if present.is_relative_to(home) else present).as_posix()


def is_result(path: Path) -> bool:
    """Return whether a path is in the folder of results, the command's own; fetched files may be read."""
    results, path = paths.RUNS.resolve(), path.resolve()
    return path.is_relative_to(results) and not path.is_relative_to(results / paths.FETCHED)


def _parse_typed(typed: str, kind: str) -> object:
    """Turn typed text into a value; text that does not fit stays text and fails the check of its type."""
    if kind == "int" and _WHOLE.fullmatch(typed):
        return int(typed)
    if kind == "float" and _DECIMAL.fullmatch(typed):
        return float(typed)
    if kind == "bool" and typed in ("true", "false"):
        return typed == "true"
    if kind.startswith("list"):
        try:
            return json.loads(typed)
        except (ValueError, RecursionError):
            return typed
    return typed


def _is_int(value: object) -> bool:
    # True and False are whole numbers to Python, not to a reader; 64 bits are what every format can hold.
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _is_text(value: object) -> bool:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or "\0" in value:
        return False
    return not any("\ud800" <= sign <= "\udfff" for sign in value)


def _is_number(value: object) -> bool:
    return isinstance(value, float) or _is_int(value)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


_CHECKS = {"int": _is_int, "float": _is_number, "str": _is_text, "bool": _is_bool}

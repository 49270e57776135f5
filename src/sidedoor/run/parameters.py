"""Parameters of a notebook: what its `parameters` cell declares, and whether a given value fits."""

import ast
import difflib
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
from helpers.errors import ParameterError
from helpers.files import find_irregular

TYPES = ("int", "float", "str", "bool", "list[str]", "list[int]")
PATHS = ("path", "folder", "file")
_UNIT = re.compile(r"\[([^\[\]]+)\]\s*$")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,300}(\.[0-9]{0,300})?|\.[0-9]{1,300})([eE][+-]?[0-9]{1,3})?")
_LONGEST_TEXT = 100_000


@dataclass(frozen=True)
class Parameter:
    """One line of a `parameters` cell.

    Attributes
    ----------
    name, type
        The name and one of `TYPES`.
    default
        The value that the notebook itself sets.
    meaning, unit
        What the comment says. The units `file`, `folder` and `path` (either) mark what a run may be pointed at.
    """

    name: str
    type: str
    default: object
    meaning: str
    unit: str

    @property
    def is_path(self) -> bool:
        return self.unit in PATHS


def read_parameters(source: str, place: str) -> dict[str, Parameter]:
    """Read what a `parameters` cell declares, without running it.

    Parameters
    ----------
    source
        The cell: lines `name: type = value  # meaning [unit]`. Values are literals, so that no line
        depends on another: papermill sets new values in a cell after this one.
    place
        The notebook, for messages.

    Raises
    ------
    ParameterError
        A line of another form, a type outside `TYPES`, a default of the wrong type, a comment that is
        missing, a number without unit.
    """
    way_out = "Write each line as `name: type = value  # meaning [unit]`."
    try:
        lines = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ParameterError(f"{place}, cell `parameters`", f"it is no Python ({error})", way_out) from None
    comments = {
        token.start[0]: token.string.lstrip("# ").rstrip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found: dict[str, Parameter] = {}
    for line in lines:
        where = f"{place}, cell `parameters`, line {line.lineno}"
        if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value):
            raise ParameterError(where, f"`{ast.unparse(line)[:80]}` is no parameter", way_out)
        name, kind = line.target.id, ast.unparse(line.annotation)
        try:
            default = ast.literal_eval(line.value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            raise ParameterError(where, f"the value of {name} is no literal", way_out) from None
        rows = range(line.end_lineno, line.lineno - 1, -1)
        comment = next((comments[row] for row in rows if row in comments), "")
        unit = match[1].strip() if (match := _UNIT.search(comment)) else ""
        meaning = _UNIT.sub("", comment).strip()
        if name in found:
            raise ParameterError(where, f"{name} is declared twice", "Keep one of the lines.")
        if kind not in TYPES:
            raise ParameterError(where, f"{name} has the type {kind}", f"Use one of {', '.join(TYPES)}.")
        if not meaning:
            raise ParameterError(where, f"{name} has no comment that says what it means", way_out)
        if not unit and kind in ("int", "float", "list[int]"):
            raise ParameterError(where, f"{name} is a number without unit", way_out)
        if unit in PATHS and kind != "str":
            raise ParameterError(where, f"{name} is a path of type {kind}", "Give a path the type str.")
        found[name] = Parameter(name, kind, default, meaning, unit)
        check_value(found[name], default, place)
    return found


def check_name(name: object, declared: Mapping[str, Parameter], place: str) -> Parameter:
    """Find the declared parameter of that name.

    Papermill pastes a name into a line of code: whatever is not a declared name must not reach it.

    Raises
    ------
    ParameterError
        The name is no identifier or not declared; the nearest declared name is offered.
    """
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        found = f"{show_value(name)} cannot be the name of a parameter"
        raise ParameterError(place, found, offer_nearest(name, declared))
    if name not in declared:
        raise ParameterError(
            place, f"no parameter is called {show_value(name)}", offer_nearest(name, declared)
        )
    return declared[name]


def check_value(parameter: Parameter, value: object, place: str) -> object:
    """Check a value against the declared type; a whole number may stand for a float, nothing else may.

    Raises
    ------
    ParameterError
        Another type, a number that is not finite, a text that no file could hold.
    """
    fits = {
        "int": _is_int(value),
        "float": isinstance(value, float) or _is_int(value),
        "str": _is_text(value),
        "bool": isinstance(value, bool),
        "list[str]": isinstance(value, list) and all(map(_is_text, value)),
        "list[int]": isinstance(value, list) and all(map(_is_int, value)),
    }[parameter.type]
    if not fits:
        meaning = parameter.meaning[:1].upper() + parameter.meaning[1:]
        raise ParameterError(
            f"{place}, parameter {parameter.name}",
            f"{show_value(value)} is not of the type {parameter.type}",
            f"{meaning}, for example {show_value(parameter.default)}.",
        )
    if parameter.type == "float":
        if not math.isfinite(value) or float(value) != value:
            found = f"{show_value(value)} is not finite, or too long for a float"
            raise ParameterError(f"{place}, parameter {parameter.name}", found, "Give another number.")
        return float(value)
    return value


def parse_values(texts: Iterable[str], declared: Mapping[str, Parameter], place: str) -> dict[str, object]:
    """Read `name=value` as typed on a command line, strictly by the declared type.

    Whole numbers are digits alone, `true` and `false` are the two truth values, lists are JSON.
    """
    given: dict[str, object] = {}
    for text in texts:
        name, equals, typed = text.partition("=")
        if not equals:
            raise ParameterError(place, f"{show_value(text)} gives no value", "Write `-p name=value`.")
        parameter = check_name(name, declared, place)
        if name in given:
            raise ParameterError(f"{place}, parameter {name}", "it is given twice", "Give one value.")
        given[name] = check_value(parameter, _parse_typed(typed, parameter.type), place)
    return given


def check_parameters(
    declared: Mapping[str, Parameter], given: Mapping[str, object], place: str, folder: Path | None = None
) -> dict[str, object]:
    """Check given values against the declared parameters, before any kernel starts.

    Parameters
    ----------
    declared, given
        What the notebook declares, and the values wanted for this run.
    place
        The edition file and notebook, for messages.
    folder
        The folder of the edition file: relative paths are looked for there first, then in the repository.

    Returns
    -------
    All parameters with their values for this run, in the order declared. A path inside the repository is
    relative to it, any other is absolute.

    Raises
    ------
    ParameterError
        A name, a value or a path that the notebook does not allow.
    """
    values = {}
    for name, value in given.items():
        parameter = check_name(name, declared, place)
        values[name] = check_value(parameter, value, place)
    complete = {}
    for name, parameter in declared.items():
        value = values.get(name, parameter.default)
        if parameter.is_path and not (value == "" == parameter.default):
            where = f"{place}, parameter {name}"
            confined = confine_path(value, folder if name in values else None, where, parameter.unit)
            value = confined if name in values else value
        complete[name] = value
    return complete


def confine_path(value: str, folder: Path | None, place: str, kind: str = "path") -> str:
    """Resolve a path, links included, and hold it inside the repository or the edition file's folder.

    Parameters
    ----------
    value
        As given.
    folder
        The folder of the edition file, if there is one.
    place
        Where the value stands, for messages.
    kind
        What it has to be, one of `PATHS`.

    Returns
    -------
    The path relative to the repository where it lies inside it, else absolute; with forward slashes.

    Raises
    ------
    ParameterError
        Nothing is there, or it lies elsewhere or among the results, or it is not of that kind, or a folder holds anything but files
        and folders: reading a pipe waits for ever, and a link in it leads to what is not compared.
    """
    way_out = "Name a file or folder inside the repository or beside the edition file."
    roots = [root.resolve() for root in (folder, paths.ROOT) if root]
    if not value or "\0" in value:
        raise ParameterError(place, f"{show_value(value)} is no path", way_out)
    try:
        candidates = [(root / value).resolve() for root in roots]
        present = next((path for path in candidates if path.exists()), None)
        if present is None:
            raise ParameterError(place, f"nothing is at {show_value(value)}", way_out)
        is_inside = any(present.is_relative_to(root) for root in roots)
        odd = find_irregular(present) if is_inside else None
    except (OSError, ValueError, RuntimeError):
        raise ParameterError(place, f"{show_value(value)} cannot be read as a path", way_out) from None
    if not is_inside:
        raise ParameterError(place, f"{show_value(value)} leads outside the allowed folders", way_out)
    if is_result(present):
        # records of another edition are private, and results are no source
        found = f"{show_value(value)} lies in the folder of results"
        raise ParameterError(place, found, "Keep records and tables outside of it, for example in records/.")
    if odd is not None:
        what = show_value(value) if odd == present else f"{show_value(odd.name)} in {show_value(value)}"
        raise ParameterError(
            place, f"{what} is neither a file nor a folder", "Put files there, not links or pipes."
        )
    if kind in ("file", "folder") and present.is_dir() != (kind == "folder"):
        raise ParameterError(place, f"{show_value(value)} is no {kind}", f"Name a {kind}.")
    home = paths.ROOT.resolve()
    return present.relative_to(home).as_posix() if present.is_relative_to(home) else present.as_posix()


def is_result(path: Path) -> bool:
    """Say whether a path lies in the folder of results, which is the command's own; fetched files may be read."""
    results, path = paths.RUNS.resolve(), path.resolve()
    return path.is_relative_to(results) and not path.is_relative_to(results / paths.FETCHED)


def show_value(value: object) -> str:
    """Show a value as Python would write it, without letting control characters or sheer length through."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        # a number of more digits than Python writes, or a list of lists of lists
        return f"a value of the type {type(value).__name__} that is too long to show"
    return text if len(text) <= 80 else text[:77] + "..."


def offer_nearest(wrong: object, known: Iterable[str]) -> str:
    """Word a hint: the nearest known name, or all of them."""
    known = list(known)
    near = difflib.get_close_matches(wrong[:200] if isinstance(wrong, str) else "", known, n=1, cutoff=0.5)
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"There are: {', '.join(known)}." if known else "It takes none."


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

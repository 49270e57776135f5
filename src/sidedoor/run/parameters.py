"""Parameters of a notebook: what its `parameters` cell declares, and whether a given value fits."""

import ast
import io
import json
import keyword
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from helpers import paths
from helpers.errors import ParameterError, offer_nearest, show_value
from helpers.files import find_irregular

# The types of Python that a value of each declared type may have. True is no whole number to a reader.
TYPES = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "list[str]": (str,),
    "list[int]": (int,),
}
PLACES = ("path", "folder", "file")
# Range of a number whose comment gives none: no count is negative, and no notebook needs more.
MOST = 10**9
_COMMENT = re.compile(r"(?P<meaning>.*?)\s*(\[(?P<unit>[^\[\]]+)\])?")
_RANGE = re.compile(r"(?P<unit>.*?),?\s*(?P<low>-?\d[\d,_.]*) to (?P<high>-?\d[\d,_.]*)")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# What no file could hold: NUL, and halves of a character.
_BROKEN = re.compile("[\0\ud800-\udfff]")
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
        return last if last in PLACES else ""

    @property
    def tables(self) -> frozenset[str]:
        """The canonical tables that a folder of records must hold, as its unit names them."""
        from helpers.canonical import COLUMNS  # with pandas, which a refusal need not wait for

        return frozenset(self.unit.split()) & set(COLUMNS) if self.kind == "folder" else frozenset()

    def needs_path(self, value: object) -> bool:
        """Return whether a value has to be a path: not the empty default, nor the name of a shipped file."""
        if not self.kind or value == "" == self.default:
            return False
        has_shipped = self.kind == "file" and self.unit != "file"
        return not (has_shipped and isinstance(value, str) and SLUG.fullmatch(value))


def read_parameters(source: str, place: str) -> dict[str, Parameter]:
    """Return what a `parameters` cell declares, by name, without running it; `place` is the notebook.

    Values are literals, so that no line depends on another: papermill sets new values in a cell after this
    one. ParameterError for a line of another form, a type outside `TYPES`, a default that does not fit, a
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
        parameter = _read_line(line, comments.get(line.end_lineno, ""), where)
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
    meaning, unit = _COMMENT.fullmatch(comment).group("meaning", "unit")
    unit = (unit or "").strip()
    # without a range of its own, a number is not below 0, or the lowest of the default
    numbers = default if isinstance(default, list) else [default]
    low = min([0, *(number for number in numbers if type(number) in (int, float))])
    high, ranged = MOST, _RANGE.fullmatch(unit)
    if ranged:
        unit = ranged["unit"].strip()
        low, high = (float(re.sub("[,_]", "", ranged[end])) for end in ("low", "high"))
    parameter = Parameter(name, kind, default, meaning, unit, low, high)
    is_number = kind in ("int", "float", "list[int]")
    faults = {
        f"{name} has the type {kind}; use one of {', '.join(TYPES)}": kind not in TYPES,
        f"{name} has no comment that says what it means": not meaning,
        f"{name} is a number without unit": is_number and not unit and not ranged,
        f"{name} is a path of type {kind}, not str": parameter.kind and kind != "str",
    }
    for fault, is_so in faults.items():
        if is_so:
            raise _refuse_line(where, fault)
    return parameter


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

    ParameterError for another type, a number out of range or not finite, a text that no file could hold.
    """
    is_list = parameter.type.startswith("list")
    where = f"{place}, parameter {parameter.name}"
    fits = isinstance(value, list) == is_list
    for one in value if fits and is_list else [value]:
        fits = fits and type(one) in TYPES[parameter.type]
        if fits and isinstance(one, str):
            fits = len(one) <= _LONGEST_TEXT and not _BROKEN.search(one)
        if not fits:
            found = f"{show_value(value)} is not of the type {parameter.type}"
            example = show_value(parameter.default)
            way_out = f"{parameter.meaning[:1].upper()}{parameter.meaning[1:]}, for example {example}."
            raise ParameterError(where, found, way_out, code="wrong-value")
        if type(one) in (int, float) and not parameter.low <= one <= parameter.high:
            found = f"{show_value(one)} is out of range"
            way_out = f"Give a number from {parameter.low:,.15g} to {parameter.high:,.15g}."
            raise ParameterError(where, found, way_out, code="out-of-range")
    return float(value) if parameter.type == "float" else value


def parse_values(texts: Iterable[str], declared: Mapping[str, Parameter], place: str) -> dict[str, object]:
    """Read `name=value` as typed on a command line: texts as they are, everything else as JSON writes it."""
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
        value: object = typed
        if parameter.type != "str":
            try:
                value = json.loads(typed)
            except (ValueError, RecursionError):
                pass  # it stays a text and fails the check of its type
        given[name] = check_value(parameter, value, place)
    return given


def check_parameters(
    declared: Mapping[str, Parameter], given: Mapping[str, object], place: str, folder: Path | None = None
) -> dict[str, object]:
    """Return all declared parameters with their values for this run, checked before any kernel starts.

    `given` are the values wanted; `folder` is that of the edition file, see `confine_path`. ParameterError
    for a name, a value or a path that the notebook does not allow.
    """
    values = {name: check_value(check_name(name, declared, place), given[name], place) for name in given}
    complete = {name: values.get(name, parameter.default) for name, parameter in declared.items()}
    for name, parameter in declared.items():
        if parameter.needs_path(complete[name]):
            home = folder if name in values else None
            confined = confine_path(complete[name], home, f"{place}, parameter {name}", parameter.kind)
            if name in values:
                complete[name] = confined
    return complete


def confine_path(value: str, folder: Path | None, place: str, kind: str = "path") -> str:
    """Return a path, links followed, that is inside the repository or the edition file's folder.

    A relative path is looked for in `folder`, that of the edition file, first, then in the repository. What
    is returned is relative to the repository if it is inside it, else absolute; with forward slashes.
    ParameterError if nothing is there, or it is elsewhere or among the results, or not of that kind (one of
    `PLACES`), or a folder contains anything but files and folders: reading a pipe never ends, and what a
    link leads to is not compared.
    """
    shown = show_value(value)
    inside = "Name a file or folder inside the repository or beside the edition file."

    def refuse(found: str, code: str, way_out: str = inside) -> ParameterError:
        return ParameterError(place, found, way_out, code=code)

    roots = [root.resolve() for root in (folder, paths.ROOT) if root]
    try:
        candidates = [(root / value).resolve() for root in roots if value]
        path = next((path for path in candidates if path.exists()), None)
        wanted = [path] if path else candidates
        is_inside = any(one.is_relative_to(root) for one in wanted for root in roots)
        odd = find_irregular(path) if path and is_inside else None
    except (OSError, ValueError, RuntimeError):
        raise refuse(f"{shown} cannot be read as a path", "no-path") from None
    if wanted and not is_inside:
        # whether there is anything is not told
        raise refuse(f"{shown} leads outside the allowed folders", "outside")
    if path is None:
        raise refuse(f"there is nothing at {shown}", "no-path")
    if is_result(path):
        # records of another edition are private, and results are not a source
        move = "Keep records and tables in a folder of your own, for example records/."
        raise refuse(f"{shown} is in the folder of results", "among-results", move)
    if odd is not None:
        what = shown if odd == path else f"{show_value(odd.name)} in {shown}"
        found = f"{what} is neither a file nor a folder"
        raise refuse(found, "irregular", "Put files there, not links or pipes.")
    if kind in ("file", "folder") and path.is_dir() != (kind == "folder"):
        raise refuse(f"{shown} is not a {kind}", "no-path", f"Name a {kind}.")
    home = paths.ROOT.resolve()
    return (path.relative_to(home) if path.is_relative_to(home) else path).as_posix()


def is_result(path: Path) -> bool:
    """Return whether a path is in the folder of results, the command's own; fetched files may be read."""
    results, path = paths.RUNS.resolve(), path.resolve()
    return path.is_relative_to(results) and not path.is_relative_to(results / paths.FETCHED)

"""Load TOML files that people write, within limits, and check them by a JSON Schema."""

import functools
import json
import re
import tomllib
from datetime import date, datetime, time
from pathlib import Path, PurePosixPath

import fastjsonschema

from . import paths
from .errors import ParameterError, SideDoorError, offer_nearest, show_value

LARGEST_FILE = 256 * 1024
_LONGEST_LINE = 4096
# tomllib looks at each part of a key many times: thousands of parts take minutes.
_MOST_PARTS = 8
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*+(?:"|$)|'[^']*+(?:'|$)""")
_KEY = re.compile(r"[\w-]+")
_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


def load_toml(
    path: Path, schema: str, *, error: type[SideDoorError] = ParameterError, largest: int = LARGEST_FILE
) -> dict:
    """Return the content of a TOML file that fits a schema.

    Parameters
    ----------
    schema
        Name of a file in `data/registry/schemas`, without `.json`.
    error
        The class of the errors raised.
    largest
        Largest file that is read [bytes].

    Returns
    -------
    dict. Dates and times are texts in ISO form, as JSON has no other.

    Raises
    ------
    SideDoorError
        Of the class given. Its code is `unreadable` (missing, too large, not TOML), `unknown-key`,
        `missing-key` or `wrong-value`.
    """
    return check_content(parse_toml(path, error, largest), schema, path.name, error)


def check_content(
    content: dict, schema: str, place: str, error: type[SideDoorError] = ParameterError
) -> dict:
    """Return content that fits a schema, or raise an error that names the first key that does not.

    Parameters
    ----------
    content
        From TOML or JSON, without dates.
    schema
        As for `load_toml`. Each property has a `description`, which completes the sentence "... is not ...",
        and `examples`, of which the first is shown.
    place
        What errors name.
    """
    try:
        _compile(paths.DATA / "registry" / "schemas" / f"{schema}.json")(content)
    except fastjsonschema.JsonSchemaValueException as wrong:
        raise _explain(wrong, place, error) from None
    return content


@functools.cache
def _compile(path: Path):
    definition = json.loads(path.read_text(encoding="utf-8"))
    formats = {"line": str.isprintable, "slug": _SLUG, "day": _is_day, "path": is_plain_path}
    return fastjsonschema.compile(definition, formats=formats, use_default=False)


def is_plain_path(name: str) -> bool:
    """Return whether a file name is relative, stays below its folder, and means the same on every system."""
    parts = PurePosixPath(name).parts
    is_plain = name.isprintable() and not set(name) & set("\\:") and name == "/".join(parts)
    return is_plain and bool(parts) and not name.startswith("/") and ".." not in parts


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def parse_toml(path: Path, error: type[SideDoorError] = ParameterError, largest: int = LARGEST_FILE) -> dict:
    """Return the content of a TOML file, as `load_toml` does, without a schema."""
    try:
        with path.open("rb") as file:
            raw = file.read(largest + 1)
    except OSError as reason:
        found = f"it cannot be read ({reason.strerror or 'no such file'})"
        raise error(path.name, found, "Check its name and permissions.", code="unreadable") from None
    if len(raw) > largest:
        found = f"it is larger than {largest // 1024:,} KiB"
        raise error(path.name, found, "Split it, or remove what is not needed.", code="unreadable")
    try:
        text = raw.decode("utf-8")
        for number, line in enumerate(text.splitlines(), start=1):
            _check_line(line, f"{path.name}, line {number}", error)
        return _name_dates(tomllib.loads(text))
    except (ValueError, RecursionError) as reason:
        found = f"it is not valid TOML ({str(reason)[:200]})"
        raise error(path.name, found, "Compare it with a file of the same kind.", code="unreadable") from None


def _check_line(line: str, place: str, error: type[SideDoorError]) -> None:
    if len(line) > _LONGEST_LINE:
        raise error(place, "it is longer than 4 KiB", "Break it into several lines.", code="unreadable")
    # A text may be part of a key; what it contains is none, and neither is a comment.
    for chunk in re.split(r"[=,\[\]{}]", _QUOTED.sub("x", line).partition("#")[0]):
        run = 0
        for part in chunk.split("."):
            run = run + 1 if _KEY.fullmatch(part.strip()) else 0
            if run > _MOST_PARTS:
                found = f"a key has more than {_MOST_PARTS} parts"
                way_out = "Write tables as `[name]` and keys without dots."
                raise error(place, found, way_out, code="unreadable")


def _name_dates(part):
    if isinstance(part, dict):
        return {key: _name_dates(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_name_dates(value) for value in part]
    return part.isoformat() if isinstance(part, date | datetime | time) else part


def _explain(wrong, place: str, error: type[SideDoorError]) -> SideDoorError:
    """Return the error for what a schema refuses: where it is, what was found, what to write."""
    steps = [int(step) + 1 if step.isdecimal() else step for step in map(str, wrong.path[1:]) if step]
    place, key = _join(place, steps), steps[-1] if steps else ""
    definition, value = wrong.definition, wrong.value
    properties = definition.get("properties", {})
    if wrong.rule in ("additionalProperties", "required"):
        unknown = next((name for name in value if name not in properties), None)
        if unknown is not None and definition.get("additionalProperties") is False:
            way_out = offer_nearest(unknown, properties)
            return error(place, f"`{unknown[:80]}` is not known here", way_out, code="unknown-key")
        missing = next(name for name in definition["required"] if name not in value)
        way_out = f"Add {_show_example(missing, properties.get(missing, {}))}."
        return error(place, f"`{missing}` is missing", way_out, code="missing-key")
    found = f"{show_value(value)} is not {definition.get('description', 'what is expected here')}"
    if wrong.rule == "enum":
        way_out = offer_nearest(value, map(str, definition["enum"]))
    else:
        way_out = f"Write for example {_show_example(key, definition)}."
    return error(place, found, way_out, code="wrong-value")


def _join(place: str, steps: list) -> str:
    """Return the name of a place in a file: `town.toml, run 2, parameters`."""
    words: list[str] = []
    for step in steps:
        if isinstance(step, int) and words:
            words[-1] += f" {step}"
        else:
            words.append(str(step)[:80])
    return ", ".join([place, *words])


def _show_example(key: object, definition: dict) -> str:
    """Return an example as it stands in TOML: `title = "A town"`."""
    example = definition.get("examples", ["..."])[0]
    if isinstance(example, list) and example and isinstance(example[0], dict):
        lines = " and ".join(f"`{name} = {_spell(value)}`" for name, value in example[0].items())
        return f"`[[{key}]]` and below it {lines}"
    return f"`{_spell(example)}`" if isinstance(key, int) or not key else f"`{key} = {_spell(example)}`"


def _spell(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_spell(part)}" for name, part in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)

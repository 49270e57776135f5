"""What the run of a notebook brought: its findings are collected, and the files that it left are checked."""

import math
import re
from pathlib import Path

from helpers.errors import RunError
from helpers.files import find_irregular
from sidedoor.run.editions import Run
from sidedoor.run.notebooks import PathEraser

FINDING_KEY = "sidedoor_finding"
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TEXT = {".ipynb", ".json", ".csv", ".svg", ".txt", ".html", ".md", ".graphml", ".gexf"}


def collect_findings(notebook: dict, run: Run) -> list[dict]:
    """Collect the findings that an executed notebook states, in order.

    A notebook that an edition runs under a name of its own (`as`) states its findings under that name too.

    Raises
    ------
    RunError
        A cell carries metadata of a finding that `findings.state_finding` would not write.
    """
    found = []
    for number, cell in enumerate(notebook["cells"], start=1):
        for output in cell.get("outputs", []):
            metadata = output.get("metadata", {})
            if FINDING_KEY in metadata and output["output_type"] in ("display_data", "execute_result"):
                data = metadata[FINDING_KEY]
                if (wrong := _find_fault(data)) is not None:
                    place, reason = f"{run.name}, cell {number}", f"its finding has no proper `{wrong}`"
                    raise RunError(place, reason, "State findings with `findings.state_finding`.")
                identity = f"{run.slug}-{data['id']}" if run.slug else data["id"]
                found.append({**data, "id": identity, "notebook": run.name})
    return found


def check_regular(result: Path, run: Run) -> None:
    """Check that a notebook left files and folders only: links lead elsewhere, and pipes hold up whoever reads."""
    if odd := find_irregular(result):
        found = "it is neither a file nor a folder"
        raise RunError(f"{run.name}, {odd.relative_to(result).as_posix()}", found, "Write files only.")


def check_leaks(result: Path, run: Run, eraser: PathEraser) -> None:
    """Check that no text file of a result holds a path of this machine."""
    for path in sorted(result.rglob("*")):
        if path.suffix not in _TEXT or not path.is_file():
            continue
        # A file in another encoding has its paths in ASCII all the same.
        text = path.read_text(encoding="utf-8", errors="replace")
        if (at := eraser.locate(text)) is not None:
            line = text.count("\n", 0, at) + 1
            found = f"a path of this machine is in it (`{eraser(text[at : at + 999].splitlines()[0])[:60]}`)"
            place = f"{run.name}, {path.relative_to(result).as_posix()}, line {line}"
            raise RunError(place, found, "Keep such paths out of results.")


def _find_fault(data: object) -> str | None:
    """Find the first field of a finding that is not what `findings.state_finding` writes; None if all are."""
    if not isinstance(data, dict):
        return "id"
    checks = {
        "id": lambda value: _is_text(value) and _ID.fullmatch(value),
        "sentence": _is_text,
        "value": _is_number,
        "low": _is_number,
        "high": _is_number,
        "unit": _is_text,
        "sources": _is_texts,
        "pages": lambda value: isinstance(value, dict) and all(_is_texts(pages) for pages in value.values()),
        "simulated": lambda value: isinstance(value, bool),
    }
    fields = (*checks, *(name for name in data if name not in checks))
    faults = (
        name for name in fields if name not in data or name not in checks or not checks[name](data[name])
    )
    return next(faults, None)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_number(value: object) -> bool:
    """Say whether a value is a finite number, or None for no bound; True and False are none."""
    if value is None or isinstance(value, bool):
        return value is None
    return isinstance(value, int | float) and abs(value) < 2**63 and math.isfinite(value)

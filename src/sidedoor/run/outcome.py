"""What a notebook produced: its findings are collected, and the files that it left are checked."""

import math
from pathlib import Path

from helpers.errors import RunError
from helpers.files import find_irregular
from helpers.findings import KEY
from helpers.toml import check_content
from sidedoor.run.editions import Run
from sidedoor.run.notebooks import PathEraser

_TEXT = {".ipynb", ".json", ".csv", ".svg", ".txt", ".html", ".md", ".graphml", ".gexf"}


def collect_findings(notebook: dict, run: Run) -> list[dict]:
    """Return the findings that an executed notebook states, in order.

    A notebook that an edition runs under a name of its own (`as`) states its findings under that name too.

    Raises
    ------
    RunError
        The metadata of a cell is not what `findings.state_finding` writes.
    """
    found = []
    for number, cell in enumerate(notebook["cells"], start=1):
        for output in cell.get("outputs", []):
            metadata = output.get("metadata", {})
            if KEY in metadata and output["output_type"] in ("display_data", "execute_result"):
                data = check_content(
                    metadata[KEY], "finding", f"{run.name}, cell {number}, finding", RunError
                )
                for name in ("value", "low", "high"):
                    if data[name] is not None and not math.isfinite(data[name]):
                        place = f"{run.name}, cell {number}, finding, {name}"
                        way_out = "State findings with `findings.state_finding`."
                        raise RunError(place, f"{data[name]} is not finite", way_out, code="wrong-value")
                identity = f"{run.slug}-{data['id']}" if run.slug else data["id"]
                found.append({**data, "id": identity, "notebook": run.name})
    return found


def check_regular(result: Path, run: Run) -> None:
    """Check that a notebook left only files and folders.

    Links lead elsewhere, and reading a pipe never ends.
    """
    if odd := find_irregular(result):
        place = f"{run.name}, {odd.relative_to(result).as_posix()}"
        raise RunError(place, "it is neither a file nor a folder", "Write files only.", code="irregular")


def check_leaks(result: Path, run: Run, eraser: PathEraser) -> None:
    """Check that no text file of a result contains a path of this machine."""
    for path in sorted(result.rglob("*")):
        if path.suffix not in _TEXT or not path.is_file():
            continue
        # A file in another encoding has its paths in ASCII all the same.
        text = path.read_text(encoding="utf-8", errors="replace")
        if (at := eraser.locate(text)) is not None:
            line = text.count("\n", 0, at) + 1
            found = (
                f"it contains a path of this machine (`{eraser(text[at : at + 999].splitlines()[0])[:60]}`)"
            )
            place = f"{run.name}, {path.relative_to(result).as_posix()}, line {line}"
            raise RunError(place, found, "Keep such paths out of results.", code="path-left")

"""The notebooks: find them, read what they declare, write them without what varies from run to run."""

import base64
import json
import re
import sys
import tempfile
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from helpers import paths
from helpers.errors import ParameterError, RunError, offer_nearest
from helpers.files import hash_text
from sidedoor.run.parameters import Parameter, read_parameters

_FILE = re.compile(r"[0-9]{2}-[a-z0-9]+(-[a-z0-9]+)*")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
# Metadata that says something about the text; everything else is about one run or one program.
_KEPT_OF_NOTEBOOK = ("title", "authors", "mystnb")
_KEPT_OF_CELL = ("tags", "mystnb", "jupyter", "editable", "deletable", "slideshow", "name")
_CLOCK = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")
# Papermill's tags: the cell that sets parameters, and the red banners over a notebook with an error.
INJECTED, _BANNER = "injected-parameters", "papermill-error-cell-tag"


@dataclass(frozen=True)
class Notebook:
    """A notebook as it is committed."""

    path: Path
    name: str  # the stem of the file, such as `01-read-the-release`
    number: str  # the two digits that it starts with
    title: str  # the first heading without the number
    question: str  # what the first cell asks
    parameters: dict[str, Parameter] = field(hash=False)  # what its `parameters` cell declares, by name
    source_hash: str  # sha256 of the cells without their outputs


def list_notebooks() -> list[Path]:
    """Return the notebook files `NN-slug.ipynb`, by number; ParameterError if two have the same."""
    found = paths.NOTEBOOKS.glob("*.ipynb")
    files = sorted(path for path in found if _FILE.fullmatch(path.stem) and path.is_file())
    for one, other in zip(files, files[1:], strict=False):
        if one.name[:2] == other.name[:2]:
            found = f"{one.name} and {other.name} have the same number"
            raise ParameterError("notebooks", found, "Renumber one of them.", code="same-number")
    return files


def list_references(name: str) -> set[str]:
    """Return every way to write a notebook's name: `03-name`, `03-name.ipynb`, `03`, `3`, `name`."""
    number, _, slug = name.partition("-")
    return {name, f"{name}.ipynb", number, str(int(number)), slug}


def find_notebook(reference: str, place: str = "notebooks") -> Path:
    """Return the notebook with a number (`03` or `3`) or a name; ParameterError offers the nearest name."""
    files = list_notebooks()
    for path in files:
        if reference.removeprefix("notebooks/") in list_references(path.stem):
            return path
    found = f"there is no notebook {str(reference)[:80]!r}"
    way_out = offer_nearest(reference, [path.stem for path in files])
    raise ParameterError(place, found, way_out, code="no-notebook")


def load_notebook(path: Path) -> Notebook:
    """Return a notebook and what it declares; no cell is run.

    ParameterError if the file is not a notebook, or breaks a rule on parameters: exactly one cell tagged
    `parameters`, before any use of its names, and no cell left over from a run with other parameters.
    """
    cells = _read_cells(path)

    def refuse(found: str, way_out: str, code: str) -> ParameterError:
        return ParameterError(path.name, found, way_out, code=code)

    tagged = [n for n, cell in enumerate(cells) if "parameters" in _get_tags(cell)]
    if len(tagged) != 1 or cells[tagged[0]].get("cell_type") != "code":
        found = f"{len(tagged)} cells are tagged `parameters`"
        raise refuse(found, "Tag one code cell; it may be a comment alone.", "no-cell")
    if any(INJECTED in _get_tags(cell) for cell in cells):
        raise refuse(f"a cell is tagged `{INJECTED}`", "Remove it: it is left over from a run.", "left-over")
    parameters = read_parameters(_get_source(cells[tagged[0]]), path.name)
    earlier = "\n".join(_get_source(cell) for cell in cells[: tagged[0]] if cell.get("cell_type") == "code")
    used = next((name for name in parameters if re.search(rf"\b{name}\b", earlier)), None)
    if used:
        raise refuse(f"{used} is used before the cell `parameters`", "Move that cell up.", "used-early")
    title, question = _read_opening(cells, path.stem)
    kept = [
        (cell.get("cell_type"), _get_source(cell), _get_tags(cell), cell.get("attachments")) for cell in cells
    ]
    digest = hash_text(json.dumps(kept, sort_keys=True))
    return Notebook(path, path.stem, path.name[:2], title, question, parameters, digest)


def scrub_notebook(notebook: dict, private: dict[str, str] | None = None, name: str = "") -> dict:
    """Return an executed notebook without whatever varies from run to run or tells about the machine.

    Timings, versions, program settings and random cell ids go; texts printed in pieces become one; paths
    become `.` (the repository), `~` (the home folder), `<tmp>` or what `private` says of further folders.
    Scrubbing the result again changes nothing. RunError if a path of this machine or a clock time is left in
    a cell's own source, or in metadata.
    """
    clean = json.loads(json.dumps(notebook))
    replace = PathEraser(private)
    kept = {key: clean["metadata"][key] for key in _KEPT_OF_NOTEBOOK if key in clean["metadata"]}
    clean["metadata"] = kept | {"kernelspec": KERNEL, "language_info": _LANGUAGE}
    clean["nbformat"], clean["nbformat_minor"] = 4, 5
    clean["cells"] = [cell for cell in clean["cells"] if _BANNER not in _get_tags(cell)]
    taken = set()
    for number, cell in enumerate(clean["cells"], start=1):
        is_injected = INJECTED in _get_tags(cell)
        cell["metadata"] = {key: cell["metadata"][key] for key in _KEPT_OF_CELL if cell["metadata"].get(key)}
        # as papermill and old notebooks leave it, an id may be random, missing or there twice
        identity = INJECTED if is_injected else cell.get("id") or f"cell-{number - 1:02d}"
        cell["id"] = identity if identity not in taken else f"{identity}-{number - 1:02d}"
        taken.add(cell["id"])
        cell["source"] = replace(_get_source(cell)) if is_injected else _get_source(cell)
        if cell["cell_type"] == "code":
            cell["outputs"] = _replace_texts(_join_streams(cell.get("outputs", [])), replace)
            for output in cell["outputs"]:
                output.pop("transient", None)
        metadata = [cell["metadata"], *(output.get("metadata", {}) for output in cell.get("outputs", []))]
        where, told = f"{name}, cell {number}".removeprefix(", "), json.dumps(metadata)
        if replace.locate(f"{cell['source']}\n{told}") is not None:
            way_out = "Write paths relative to the repository."
            raise RunError(where, "a path of this machine is left", way_out, code="path-left")
        if _CLOCK.search(told):
            way_out = "Keep the time of a run out of it."
            raise RunError(where, "a clock time is left in its metadata", way_out, code="time-left")
    return clean


def format_notebook(notebook: dict) -> str:
    """Write a notebook as text: the same notebook is always the same bytes, and nbformat's own layout."""
    import nbformat

    node = nbformat.from_dict(notebook)
    nbformat.validate(node)
    return nbformat.writes(node).rstrip("\n") + "\n"


def check_executed(notebook: dict, place: str) -> None:
    """Raise a RunError unless every code cell ran once, from top to bottom, without error."""
    expected = 0
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] != "code" or not _get_source(cell).strip():
            continue
        expected += 1
        where = f"{place}, cell {number}"
        if any(output["output_type"] == "error" for output in cell["outputs"]):
            raise RunError(where, "it shows an error", "Fix the cell and run again.", code="cell-failed")
        if cell["execution_count"] != expected:
            found = f"it has the execution count {cell['execution_count']}, not {expected}"
            raise RunError(where, found, "Let every cell run once, from top to bottom.", code="not-run")


class PathEraser:
    """Replaces folders of this machine in texts."""

    def __init__(self, private: dict[str, str] | None = None):
        folders = {str(paths.ROOT): ".", str(Path.home()): "~", tempfile.gettempdir(): "<tmp>"}
        folders |= private or {}
        if sys.prefix != sys.base_prefix:
            folders.setdefault(sys.prefix, "<python>")
        self._wanted: dict[str, str] = {}
        for folder, shown in folders.items():
            for form in {folder, str(Path(folder).resolve()), Path(folder).as_posix()}:
                self._wanted[form] = self._wanted[form.replace("\\", "\\\\")] = shown
        self._wanted.pop("/", None)
        longest = sorted(self._wanted, key=len, reverse=True)
        # The longest first, so that the repository inside the home folder is not cut in two. A path begins
        # and ends where a name does: `/tmp` is neither in `/tmpfs` nor in `https://example.org/tmp` or
        # `</tmp>`, but it is in `file:///tmp` and behind a terminal's color code.
        begins = r"(?:(?<![\w.~/<-])|(?<=file://)|(?<=[0-9]m))"
        begins += "".join(f"(?<!{re.escape(shown)})" for shown in sorted(set(self._wanted.values())))
        self._pattern = re.compile(rf"{begins}(?:{'|'.join(map(re.escape, longest))})(?![\w-])")
        # A folder of one part, such as `/tmp`, tells nothing by itself and may be a word of honest data: a
        # path goes on.
        forms = [re.escape(form) + (r"(?=[/\\])" if len(Path(form).parts) <= 2 else "") for form in longest]
        self._telling = re.compile(rf"{begins}(?:{'|'.join(forms)})(?![\w-])")

    def __call__(self, text: str) -> str:
        return self._pattern.sub(lambda match: self._wanted[match[0]], text)

    def locate(self, text: str) -> int | None:
        """Return at which character of a text a path of this machine begins; None if there is none."""
        match = self._telling.search(text)
        return match.start() if match else None


def find_picture(notebook: dict, figure_id: str) -> bytes | None:
    """Return the PNG of a figure among the outputs of an executed notebook; None if it is not there."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if output.get("metadata", {}).get("image/png", {}).get("sidedoor") == figure_id:
                return base64.b64decode("".join(output["data"]["image/png"]))
    return None


def _replace_texts(part, replace: PathEraser, kind: str = ""):
    """Replace folders in all texts of outputs; a picture in letters (base64) of that kind is left alone."""
    if isinstance(part, str):
        is_picture = kind.startswith("image/") and kind != "image/svg+xml"
        return part if is_picture else replace(part)
    if isinstance(part, list):
        # nbformat may hold a text as a list of its lines
        return [_replace_texts(piece, replace) for piece in part]
    if isinstance(part, dict):
        return {name: _replace_texts(piece, replace, name) for name, piece in part.items()}
    return part


def _join_streams(outputs: list[dict]) -> list[dict]:
    """Join what was printed between two displays: in how many pieces it arrives depends on the clock."""
    joined: list[dict] = []
    for is_stream, pieces in groupby(outputs, key=lambda output: output["output_type"] == "stream"):
        if not is_stream:
            joined += pieces
            continue
        texts: dict[str, str] = {}
        for piece in pieces:
            texts[piece["name"]] = texts.get(piece["name"], "") + "".join(piece["text"])
        joined += [{"output_type": "stream", "name": name, "text": texts[name]} for name in sorted(texts)]
    return joined


def _read_cells(path: Path) -> list[dict]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        cells = content["cells"]
        kinds = (content["nbformat"], type(content["metadata"]), type(cells))
        if kinds == (4, dict, list) and all(isinstance(cell, dict) for cell in cells):
            return cells
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    found = "it is not a notebook of format 4"
    raise ParameterError(path.name, found, "Save it anew with Jupyter.", code="unreadable")


def _get_tags(cell: dict) -> list[str]:
    return cell.get("metadata", {}).get("tags", [])


def _get_source(cell: dict) -> str:
    return "".join(cell.get("source", ""))


def _read_opening(cells: list[dict], name: str) -> tuple[str, str]:
    """Return the title of a notebook, and the question or else the first sentence under it."""
    first = next((_get_source(cell) for cell in cells if cell.get("cell_type") == "markdown"), "")
    title = next((line[2:] for line in first.splitlines() if line.startswith("# ")), name)
    body = " ".join(line for line in first.splitlines() if not line.startswith("#"))
    body = " ".join(re.sub(r"\*\*(Question\.?)?|__", "", body).split())
    sentences = [text.strip("* ") for text in re.split(r"(?<=[.!?:])\*?\s+(?=\*?[A-Z])", body)]
    asked = next((text for text in sentences if text.endswith("?")), sentences[0])
    return re.sub(r"^[0-9]{2}\s*·\s*", "", title).strip(), asked

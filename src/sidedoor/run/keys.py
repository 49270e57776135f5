"""Keys of results: a sha256 over everything that a result rests on, so that it is run again when that has changed."""

import sys
import threading
from dataclasses import replace
from pathlib import Path

from helpers import paths
from helpers.errors import RunError
from helpers.files import hash_file, hash_files, hash_text
from sidedoor.run.editions import RECORDS, Run
from sidedoor.run.imports import list_modules, read_import_graph, trace_imports
from sidedoor.run.notebooks import PathEraser, load_notebook
from sidedoor.run.results import format_json

# Python's own parser reads imports and parameters; two threads in it at once ended in a SystemError (seen on 3.11.7).
_ONE_PARSER = threading.Lock()
# What turns a notebook into a result, whatever it imports.
_RUNNERS = frozenset({"sidedoor.run.run", "sidedoor.run._kernel"})


def hash_house(known: dict[str, object] | None = None) -> dict[str, object]:
    """Compute the sha256 of everything that results may rest on, and what each module of the package imports.

    Parameters
    ----------
    known
        What it returned before: modules of the same bytes are not read for their imports again.
    """
    data = {name: digest for name, digest in hash_files(paths.DATA).items() if not name.endswith(".md")}
    code = {name: hash_file(path) for name, path in list_modules().items()}
    lock = hash_file(paths.LOCK) if paths.LOCK.is_file() else ""
    python = list(sys.version_info[:2])
    imports = known["imports"] if known and known["package"] == code else read_import_graph()
    return {"data": data, "package": code, "imports": imports, "lock": lock, "python": python}


def compute_key(run: Run, folder: Path | None, house: dict[str, object]) -> str:
    """Compute the key of a result: sha256 over the notebook without outputs, its parameters, all its inputs.

    The key does not depend on where the repository lies.
    """
    inputs = {}
    for name, parameter in run.notebook.parameters.items():
        value = run.parameters[name]
        if parameter.is_path and value:
            path = paths.ROOT / value
            inputs[name] = hash_files(path) if path.is_dir() else hash_file(path)
    # A notebook rests on the modules that it imports and on those that run it; an edit of the site reruns nothing.
    modules = trace_imports(run.notebook.modules | _RUNNERS, house["imports"])
    content = {
        "notebook": [run.name, run.notebook.source_hash],
        "parameters": show_parameters(run, folder),
        "inputs": inputs,
        "house": [house["data"], house["lock"], house["python"]],
        "package": {name: house["package"][name] for name in modules},
    }
    return hash_text(format_json(content))


def show_parameters(run: Run, folder: Path | None) -> dict[str, object]:
    """Give the parameters of a run as they may be published: no path of this machine in them."""
    erase = PathEraser(list_private(run, folder))
    return {name: erase(value) if isinstance(value, str) else value for name, value in run.parameters.items()}


def list_private(run: Run, folder: Path | None) -> dict[str, str]:
    """List the folders beyond the repository that a run may name, with what is written in their place."""
    records = run.parameters.get(RECORDS)
    # The records that the edition lists lie among the results, wherever those are.
    is_ours = isinstance(records, str) and Path(records).is_relative_to(paths.RUNS)
    private = {records: f"<{RECORDS}>"} if is_ours else {}
    if folder is None or folder.is_relative_to(paths.ROOT.resolve()):
        return private
    return private | {str(folder): "<edition>"}


def check_unchanged(run: Run, folder: Path | None, key: str, house: dict[str, object]) -> None:
    """Check that the inputs are still those which the key names: no result stands under another's key.

    Raises
    ------
    RunError
        One of them was changed since.
    """
    with _ONE_PARSER:
        now = hash_house(house)
        if compute_key(replace(run, notebook=load_notebook(run.notebook.path)), folder, now) == key:
            return
    old, new = ({**one["data"], **one["package"], "requirements.lock": one["lock"]} for one in (house, now))
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    found = f"{changed[0] if changed else 'the notebook, or what it reads,'} was changed while it ran"
    raise RunError(run.name, found, "Run it again.")

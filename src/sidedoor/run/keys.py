"""The key of a result: a sha256 of everything it depends on, so that changes make it run again."""

import sys
from pathlib import Path

from helpers import paths
from helpers.errors import RunError
from helpers.files import format_json, hash_file, hash_files, hash_text
from sidedoor.run.editions import RECORDS, Run
from sidedoor.run.notebooks import PathEraser, hash_notebook


def hash_sources() -> dict[str, str]:
    """Return the sha256 of every module of both packages."""
    files = sorted(paths.SOURCE.rglob("*.py"))
    return {path.relative_to(paths.SOURCE).as_posix(): hash_file(path) for path in files}


def hash_inputs() -> dict[str, str]:
    """Return the sha256 of what every result depends on: packages, data, the lock, Python's version."""
    data = {f"data/{name}": digest for name, digest in hash_files(paths.DATA).items()}
    inputs = {name: digest for name, digest in data.items() if not name.endswith(".md")}
    inputs["requirements.lock"] = hash_file(paths.LOCK) if paths.LOCK.is_file() else ""
    inputs["python"] = ".".join(map(str, sys.version_info[:2]))
    return inputs | hash_sources()


def compute_key(run: Run, folder: Path | None, inputs: dict[str, str], notebook: str = "") -> str:
    """Return the key of a result. It does not depend on where the repository is.

    Parameters
    ----------
    run
        The notebook and its parameters; each file or folder that a parameter names is part of the key.
    folder
        The folder of the edition file.
    inputs
        From `hash_inputs`.
    notebook
        The sha256 of the notebook's cells, if not as it was loaded.
    """
    named = {}
    for name, parameter in run.notebook.parameters.items():
        value = run.parameters[name]
        path = paths.ROOT / value if parameter.is_path and value else None
        if path is not None and path.exists():
            named[name] = hash_files(path) if path.is_dir() else hash_file(path)
    content = [run.name, notebook or run.notebook.source_hash, show_parameters(run, folder), named, inputs]
    return hash_text(format_json(content))


def show_parameters(run: Run, folder: Path | None) -> dict[str, object]:
    """Return the parameters of a run as they may be published, without paths of this machine."""
    erase = PathEraser(list_private(run, folder))
    return {name: erase(value) if isinstance(value, str) else value for name, value in run.parameters.items()}


def list_private(run: Run, folder: Path | None) -> dict[str, str]:
    """Return the folders outside the repository that a run may name, with what is written in their place."""
    records = run.parameters.get(RECORDS)
    # The records of an edition are among the results, wherever those are.
    is_ours = isinstance(records, str) and Path(records).is_relative_to(paths.RUNS)
    private = {records: f"<{RECORDS}>"} if is_ours else {}
    if folder is None or folder.is_relative_to(paths.ROOT.resolve()):
        return private
    return private | {str(folder): "<edition>"}


def check_unchanged(run: Run, folder: Path | None, key: str, inputs: dict[str, str]) -> None:
    """Check that the inputs are still those of the key, so that no result has another's key.

    Raises
    ------
    RunError
        One of them was changed while the notebook ran.
    """
    now = hash_inputs()
    if compute_key(run, folder, now, hash_notebook(run.notebook.path)) == key:
        return
    changed = sorted(name for name in inputs.keys() | now.keys() if inputs.get(name) != now.get(name))
    found = f"{changed[0] if changed else 'the notebook or a file that it reads'} was changed while it ran"
    raise RunError(run.name, found, "Run it again.", code="changed")

"""The key of a result: a sha256 of everything it depends on, so that changes make it run again."""

import sys
from dataclasses import replace
from pathlib import Path

from helpers import paths
from helpers.errors import RunError
from helpers.files import format_json, hash_file, hash_files, hash_text
from sidedoor.run.editions import RECORDS, Run
from sidedoor.run.notebooks import PathEraser, load_notebook


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


def compute_key(run: Run, folder: Path | None, inputs: dict[str, str]) -> str:
    """Return the key of a result; it does not depend on where the repository is.

    Each file or folder that a parameter names is part of it. `folder` is that of the edition file, `inputs`
    are from `hash_inputs`.
    """
    named = {}
    for name, parameter in run.notebook.parameters.items():
        value = run.parameters[name]
        path = paths.ROOT / value if parameter.kind and value else None
        if path is not None and path.exists():
            named[name] = hash_files(path) if path.is_dir() else hash_file(path)
    content = [run.name, run.notebook.source_hash, show_parameters(run, folder), named, inputs]
    return hash_text(format_json(content))


def check_unchanged(run: Run, folder: Path | None, key: str, inputs: dict[str, str]) -> None:
    """Raise a RunError if an input was changed while the notebook ran: no result has another's key."""
    now = hash_inputs()
    if compute_key(replace(run, notebook=load_notebook(run.notebook.path)), folder, now) != key:
        changed = sorted(name for name in inputs.keys() | now.keys() if inputs.get(name) != now.get(name))
        found = f"{changed[0] if changed else 'the notebook or a file that it reads'} was changed meanwhile"
        raise RunError(run.name, found, "Run it again.", code="changed")


def show_parameters(run: Run, folder: Path | None) -> dict[str, object]:
    """Return the parameters of a run as they may be published, without paths of this machine."""
    erase = PathEraser(list_private(run, folder))
    return {name: erase(value) if isinstance(value, str) else value for name, value in run.parameters.items()}


def list_private(run: Run, folder: Path | None) -> dict[str, str]:
    """Return the folders outside the repository that a run may name, with what is written in their place."""
    private = {}
    records = run.parameters.get(RECORDS)
    # The records of an edition are among the results, wherever those are.
    if isinstance(records, str) and Path(records).is_relative_to(paths.RUNS):
        private[records] = f"<{RECORDS}>"
    if folder is not None and not folder.is_relative_to(paths.ROOT.resolve()):
        private[str(folder)] = "<edition>"
    return private

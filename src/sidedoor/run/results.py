"""What a run leaves on disk: result folders that are complete or absent, and the manifest that names them.

runs/<edition>/manifest.json        the commit point, written last
runs/<edition>/findings.json        the findings of all notebooks, in order
runs/<edition>/<NN-slug>.<key12>/   one complete result: notebook, findings.json, figures/, facts/, result.json
runs/<edition>/failed/              notebooks that stopped, for reading only
runs/<edition>/records/<name>/      what was read from a raw file; private, never published
"""

import json
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from helpers import paths
from helpers.errors import ParameterError, RunError
from helpers.files import (
    TEMPORARY,
    find_irregular,
    hash_files,
    remove_named,
    sync_file,
    sync_folder,
    try_lock,
    write_atomically,
)

MANIFEST = "manifest.json"
FINDINGS = "findings.json"
RESULT = "result.json"
FAILED = "failed"
# The parameter that names a folder of fact tables, and the folder of a result that keeps a copy of them.
KEPT_FACTS = "facts"
_LOCK = ".lock"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAME = re.compile(r"[0-9]{2}-[a-z0-9]+(-[a-z0-9]+)*")
_FOLDER = re.compile(rf"(?P<name>{_NAME.pattern})\.[0-9a-f]{{12}}(-again)?")
_HASH = re.compile(r"[0-9a-f]{64}")
# The names that `make_work_folder` and `write_atomically` give; whatever else begins so is somebody's own.
_WORK = re.compile(rf"{re.escape(TEMPORARY)}([0-9]+-[a-z0-9-]+-[a-z0-9_]{{8}}|[0-9a-f]{{16}})")


def format_json(content) -> str:
    """Write JSON that is the same text for the same content."""
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def make_work_folder(folder: Path, name: str) -> Path:
    """Make a temporary folder beside the results: on the same disk, a result can be renamed into place."""
    return Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}{os.getpid()}-{name}-", dir=folder))


def seal_result(folder: Path, description: dict) -> dict:
    """Complete a result folder: write `result.json` with every file's sha256, last, and bring all to disk.

    Returns
    -------
    The content of `result.json`.
    """
    content = description | {"files": hash_files(folder)}
    for path in [folder / name for name in content["files"]]:
        sync_file(path)
    write_atomically(folder / RESULT, format_json(content))
    for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        sync_folder(path)
    return content


def read_result(folder: Path) -> dict | None:
    """Read a result folder's `result.json`, and check every file against it.

    Returns
    -------
    Its content; None if the folder is absent, incomplete or changed, or if it or anything in it is a link.
    """
    try:
        if find_irregular(folder):
            return None
        content = json.loads((folder / RESULT).read_text(encoding="utf-8"))
        return content if content["files"] == hash_files(folder, skip=(RESULT,)) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def load_manifest(edition: str, runs: Path | None = None) -> dict | None:
    """Load the manifest of an edition: its title, its notebooks, and the folder that holds each one's result.

    Parameters
    ----------
    edition
        Its name.
    runs
        The folder of all results, if not this repository's.

    Returns
    -------
    `{edition, origin, title, subtitle, authors, lead, picture, records, findings, notebooks: [{name, notebook,
    title, question, folder, key, parameters, files}]}`, where `folder` and the names in `files` (each with its sha256) are relative, or
    None if the edition was never run to its end. Its names are safe to be parts of paths.

    Raises
    ------
    RunError
        The file is there and is no manifest, or names what no run would.
    """
    path = (runs or paths.RUNS) / edition / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        names = [entry["name"] for entry in manifest["notebooks"] if _is_entry(entry)]
        is_whole = all(_is_record(record) for record in manifest.get("records", []))
        if is_whole and len(names) == len(manifest["notebooks"]) == len(set(names)):
            return manifest
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise RunError(f"runs/{edition}/{MANIFEST}", "it is no manifest", "Remove it and run the edition again.")


def check_owner(edition: str, origin: str) -> None:
    """Check that the results under an edition's name are of that edition.

    Parameters
    ----------
    edition
        Its name.
    origin
        See `editions.Edition`.

    Raises
    ------
    ParameterError
        They were computed from another edition file of the same name.
    """
    try:
        manifest = load_manifest(edition)
    except RunError:
        return
    if manifest and manifest.get("origin", "") != origin:
        way_out = f"Rename the file, or remove runs/{edition} and its results."
        raise ParameterError(f"edition {edition}", "that name belongs to another edition", way_out)


def _is_entry(entry: dict) -> bool:
    """Say whether an entry of a manifest is one that a run writes: its names become parts of paths."""
    name, folder = entry["name"], entry["folder"]
    texts = (name, folder, entry["notebook"], entry["key"], entry["title"], entry["question"])
    if not all(isinstance(text, str) for text in texts):
        return False
    return bool(
        _NAME.fullmatch(name)
        and _NAME.fullmatch(entry["notebook"])
        and (match := _FOLDER.fullmatch(folder))
        and match["name"] == name
        and _HASH.fullmatch(entry["key"])
        and isinstance(entry["parameters"], dict)
        and all(_is_inside(file) and _HASH.fullmatch(digest) for file, digest in entry["files"].items())
    )


def _is_record(record: dict) -> bool:
    """Say whether the description of a record is one that `intake` writes."""
    texts = [record[key] for key in ("name", "file", "sha256", "family", "form", "why", "time_zone")]
    lists = [record[key] for key in ("source_ids", "warnings", "notes", "columns_dropped")]
    counts = [
        record["rows_in"],
        record["rows_out"],
        *record["set_aside"].values(),
        *record["tables"].values(),
    ]
    return (
        all(
            isinstance(text, str)
            for text in [*texts, *(one for each in lists for one in each), *record["set_aside"]]
        )
        and all(isinstance(each, list) for each in lists)
        and all(isinstance(count, int) for count in counts)
        and all(isinstance(span, list) and len(span) == 2 for span in record["span"].values())
    )


def _is_inside(name: str) -> bool:
    """Say whether a file name is relative, stays below its folder, and means the same on every system."""
    parts = PurePosixPath(name).parts
    is_plain = name.isprintable() and not set(name) & set("\\:") and name == "/".join(parts)
    return is_plain and bool(parts) and not name.startswith("/") and ".." not in parts


def find_last_edition() -> str:
    """Find the name of the edition that ran last; the default edition before any did."""
    try:
        path = paths.RUNS / "last.json"
        name = json.loads(path.read_text(encoding="utf-8"))["edition"] if path.is_file() else ""
        if _SLUG.fullmatch(name) and (paths.find_run_folder(name) / MANIFEST).is_file():
            return name
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return paths.DEFAULT_EDITION


@contextmanager
def lock_edition(edition: str):
    """Hold an edition's results for this process alone; the lock ends with the process, however it ends.

    Raises
    ------
    RunError
        Another process holds them, or the folder is a link: what it leads to is not the command's to change.
    """
    folder = paths.find_run_folder(edition)
    if folder.is_symlink():
        raise RunError(f"runs/{edition}", "it is a link to another folder", "Remove the link and run again.")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("a+b") as file:
        if not try_lock(file):
            place, found = f"edition {edition}", "another run of it is under way"
            raise RunError(place, found, "Wait until it has ended, then run again.")
        yield folder


def remove_leftovers(folder: Path) -> None:
    """Remove what runs that were killed left behind; only the holder of the lock may."""
    for path in folder.glob(f"{TEMPORARY}*"):
        if _WORK.fullmatch(path.name):
            remove_path(path)


def remove_path(path: Path) -> None:
    """Remove a file, a folder with all that is in it, or a link but not what it leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def remove_unnamed(folder: Path, named: set[str]) -> None:
    """Remove results that the manifest no longer names."""
    for path in sorted(folder.iterdir()):
        if path.name not in named and _FOLDER.fullmatch(path.name):
            remove_result(path)


def remove_result(folder: Path) -> bool:
    """Remove the files of a result that its `result.json` names, that file last; whatever else is there stays.

    Returns
    -------
    Whether the folder is gone.
    """
    try:
        files = json.loads((folder / RESULT).read_text(encoding="utf-8"))["files"]
        names = [*filter(_is_inside, files), RESULT]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        names = []
    return remove_named(folder, names)

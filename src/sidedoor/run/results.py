"""What a run leaves on disk: result folders that are complete or absent, and the manifest that names them.

- `runs/<edition>/manifest.json`: the commit point, written last
- `runs/<edition>/findings.json`: the findings of all notebooks, in order
- `runs/<edition>/<NN-slug>.<key12>/`: one complete result: notebook, findings, figures, facts, result.json
- `runs/<edition>/failed/`: notebooks that stopped, for reading only
- `runs/<edition>/records/<name>/`: what was read from a raw file; private, never published; result.json too

Checksums tell damage, not forgery: whoever can write into `runs/` can forge a result with checksums that
fit. Only `sidedoor verify`, which computes everything anew, finds that.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from helpers import paths
from helpers.errors import ParameterError, RunError
from helpers.files import (
    TEMPORARY,
    find_irregular,
    format_json,
    hash_files,
    open_lock,
    remove_named,
    try_lock,
    write_atomically,
)
from helpers.toml import check_content, is_plain_path
from sidedoor.run.parameters import SLUG

MANIFEST = "manifest.json"
FINDINGS = "findings.json"
RESULT = "result.json"
FAILED = "failed"
# The parameter that names a folder of fact tables, and the folder of a result that keeps a copy of them.
KEPT_FACTS = "facts"
_LOCK = ".lock"
_FOLDER = re.compile(r"[0-9]{2}-[a-z0-9]+(-[a-z0-9]+)*\.[0-9a-f]{12}")
# The names that `make_work_folder` and `write_atomically` give; whatever else begins so is somebody's own.
_WORK = re.compile(rf"{re.escape(TEMPORARY)}([0-9]+-[a-z0-9_]{{8}}|[0-9a-f]{{16}})")
# What reading a JSON file that anybody may have changed can raise.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True)
class KernelLimits:
    """What a kernel may use: the longest time of one cell [seconds] and its memory [GiB]."""

    timeout_s: int = 120
    memory_gib: float = 8.0


DEFAULT_LIMITS = KernelLimits()


@contextmanager
def make_work_folder(folder: Path) -> Iterator[Path]:
    """Give a private folder beside the results: on the same disk, a result can be renamed into place."""
    work = Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}{os.getpid()}-", dir=folder))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what runs that were killed left behind; only the holder of the lock may."""
    for path in folder.glob(f"{TEMPORARY}*"):
        if _WORK.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif _WORK.fullmatch(path.name):
            path.unlink(missing_ok=True)


def seal_result(folder: Path, description: dict) -> dict:
    """Complete a result folder and return the content of its `result.json`: every file with its sha256."""
    content = description | {"files": hash_files(folder)}
    write_atomically(folder / RESULT, format_json(content))
    return content


def read_result(folder: Path) -> dict | None:
    """Return the content of a result's `result.json`; None if the folder is absent or changed."""
    try:
        if find_irregular(folder):
            return None
        content = json.loads((folder / RESULT).read_text(encoding="utf-8"))
        return content if content["files"] == hash_files(folder, skip=(RESULT,)) else None
    except _DAMAGE:
        return None


def remove_result(folder: Path) -> bool:
    """Remove the files of a result that its `result.json` names, that file last, and return if it is gone."""
    try:
        files = json.loads((folder / RESULT).read_text(encoding="utf-8"))["files"]
        names = [*filter(is_plain_path, files), RESULT]
    except _DAMAGE:
        names = []
    return remove_named(folder, names)


def remove_unnamed(folder: Path, named: set[str]) -> None:
    """Remove results that the manifest no longer names."""
    for path in sorted(folder.iterdir()):
        if path.name not in named and _FOLDER.fullmatch(path.name):
            remove_result(path)


def load_manifest(edition: str, runs: Path | None = None) -> dict | None:
    """Return the manifest of an edition, or None if it was never run to its end.

    It fits `data/registry/schemas/manifest.json`: `folder` and the names in `files` (each with its sha256)
    are relative paths that stay below the results; else a RunError. `runs` is the folder of all results, if
    not this repository's.
    """
    path = (runs or paths.RUNS) / edition / MANIFEST
    if not path.is_file():
        return None
    place = f"runs/{edition}/{MANIFEST}"
    try:
        manifest = check_content(json.loads(path.read_text(encoding="utf-8")), "manifest", place, RunError)
        folders = {entry["name"]: entry["folder"].partition(".")[0] for entry in manifest["notebooks"]}
        if len(folders) == len(manifest["notebooks"]) and all(name == own for name, own in folders.items()):
            return manifest
    except (RunError, ValueError, RecursionError):
        pass
    raise RunError(place, "it is not a manifest", "Remove it and run the edition again.", code="damaged")


def check_owner(edition: str, origin: str) -> None:
    """Raise a ParameterError if results under an edition's name are of another file (`Edition.origin`)."""
    try:
        manifest = load_manifest(edition)
    except RunError:
        return
    if manifest and manifest.get("origin", "") != origin:
        way_out = f"Rename the file, or remove runs/{edition} and its results."
        found = "its results folder belongs to another edition file of that name"
        raise ParameterError(f"edition {edition}", found, way_out, code="other-edition")


def find_last_edition() -> str:
    """Return the name of the edition that ran last; the default edition before any did."""
    try:
        name = json.loads((paths.RUNS / "last.json").read_text(encoding="utf-8"))["edition"]
        if SLUG.fullmatch(name) and (paths.find_run_folder(name) / MANIFEST).is_file():
            return name
    except _DAMAGE:
        pass
    return paths.DEFAULT_EDITION


@contextmanager
def lock_edition(edition: str, origin: str | None = None) -> Iterator[Path]:
    """Give the folder of an edition's results to this process alone, for as long as it lives.

    RunError if another process has it, or it is a link: what a link leads to is not the command's to change.
    ParameterError if it is not of the edition of that origin, see `check_owner`.
    """
    folder = paths.find_run_folder(edition)
    if folder.is_symlink() or (folder / _LOCK).is_symlink():
        found = "it is a link, or contains one"
        raise RunError(f"runs/{edition}", found, "Remove the link and run again.", code="link")
    folder.mkdir(parents=True, exist_ok=True)
    with open_lock(folder / _LOCK) as file:
        if not try_lock(file):
            found = "another run of it has not ended"
            raise RunError(f"edition {edition}", found, "Wait for it, then run again.", code="locked")
        if origin is not None:
            check_owner(edition, origin)
        yield folder


def explain_disk(error: OSError, place: str) -> RunError:
    """Return an error for what a disk refused: results are still those before."""
    way_out = (
        f"Earlier results are unchanged. Free space on the disk of {paths.RUNS}, or set the environment's "
        "SIDEDOOR_RUNS to a folder of your own, and run again."
    )
    return RunError(place, error.strerror or str(error), way_out, code="disk")


def refuse_foreign(edition: str, name: str) -> RunError:
    """Return an error for files among the results that the command did not write, and so does not remove."""
    found = f"it contains {name[:80]!r}, which this command did not write"
    way_out = "Move it to a folder of your own, such as records/, and run again; it is still there."
    return RunError(f"runs/{edition}", found, way_out, code="foreign-files")

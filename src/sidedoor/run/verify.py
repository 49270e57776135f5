"""Verify that an edition comes out the same again: run it twice, as must not matter, and compare."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from helpers import paths
from helpers.errors import RunError
from sidedoor.run.editions import Edition
from sidedoor.run.results import FINDINGS, check_owner, load_manifest

# What may never change a result: the order of sets of strings, how many threads add up, and where and in
# which time zone the command is typed.
CONDITIONS = (
    {"PYTHONHASHSEED": "1", "SIDEDOOR_HASHSEED": "1", "SIDEDOOR_THREADS": "1", "TZ": "America/Los_Angeles"},
    {"PYTHONHASHSEED": "2", "SIDEDOOR_HASHSEED": "2", "SIDEDOOR_THREADS": "2", "TZ": "Asia/Kolkata"},
)


@dataclass(frozen=True)
class Difference:
    """A file that did not come out the same, and where it first differs."""

    file: str
    where: str


def verify_edition(edition: Edition, file: Path | str, *, timeout: int = 120) -> tuple[int, list[Difference]]:
    """Run an edition twice into fresh folders and compare every byte, with the published results too.

    The site is built and compared as well if the edition has one.

    Parameters
    ----------
    edition, file
        The edition and the file it was read from.
    timeout
        Longest time of one cell [seconds].

    Returns
    -------
    The number of files compared, and the differences; none if all is the same.

    Raises
    ------
    RunError
        A run failed.
    ParameterError
        The published results are of another edition file of the same name.
    """
    check_owner(edition.name, edition.origin)
    file = Path(file).resolve() if Path(file).is_file() else file
    published = paths.find_run_folder(edition.name)
    has_site = (published / "site" / "index.html").is_file()
    with tempfile.TemporaryDirectory(prefix="sidedoor-verify-") as scratch:
        trees, folders = [], []
        for number, conditions in enumerate(CONDITIONS, start=1):
            runs = Path(scratch) / f"run-{number}" / "runs"
            runs.mkdir(parents=True)
            env = {**os.environ, **conditions, "SIDEDOOR_RUNS": str(runs)}
            _call(["run", "--edition", str(file), "--timeout", str(timeout)], env, runs.parent)
            if has_site:
                _call(["site", "--edition", str(file)], env, runs.parent)
            folders.append(runs)
            trees.append(list_published(runs / edition.name, with_site=has_site))
        keys = [list_keys(runs / edition.name) for runs in folders]
        if keys[0] != keys[1]:
            found = "its notebooks, data or code were changed between the two runs"
            raise RunError(f"edition {edition.name}", found, "Verify it again when they rest.")
        differences = compare_trees(trees[0], trees[1], "under another hash seed and thread count")
        # Results of other inputs are no claim about these; `sidedoor run` brings them up to date.
        if list_keys(published) == keys[0]:
            here = list_published(published, with_site=has_site)
            differences += compare_trees(here, trees[0], "from what is published")
        return len(trees[0]), differences


def list_keys(folder: Path) -> dict[str, str]:
    """List the keys of an edition's results: what each was computed from."""
    manifest = load_manifest(folder.name, folder.parent) or {"notebooks": []}
    return {entry["name"]: entry["key"] for entry in manifest["notebooks"]}


def list_published(folder: Path, with_site: bool = True) -> dict[str, Path]:
    """List what an edition publishes: the files that its manifest names, by notebook, and its site.

    Folder names carry the key and are left out of the names.
    """
    manifest = load_manifest(folder.name, folder.parent) or {"notebooks": []}
    files: dict[str, Path] = {FINDINGS: folder / FINDINGS}
    for entry in manifest["notebooks"]:
        for name in entry["files"]:
            files[f"{entry['name']}/{name}"] = folder / entry["folder"] / name
    if with_site:
        site = folder / "site"
        pages = [path for path in sorted(site.rglob("*")) if path.is_file()]
        files |= {path.relative_to(folder).as_posix(): path for path in pages}
    return files


def compare_trees(one: dict[str, Path], other: dict[str, Path], when: str) -> list[Difference]:
    """Compare two lists of files byte by byte, and say of each that differs where it first does."""
    found = []
    for name in sorted(one.keys() | other.keys()):
        if name not in one or name not in other:
            found.append(Difference(name, f"is there only once; it differs {when}"))
            continue
        first, second = one[name].read_bytes(), other[name].read_bytes()
        if first != second:
            found.append(Difference(name, f"{describe_difference(first, second)}; it differs {when}"))
    return found


def describe_difference(one: bytes, other: bytes) -> str:
    """Say where two contents first differ: line and both readings of text, the byte of anything else."""
    at = next((n for n, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    try:
        lines, others = one.decode("utf-8").splitlines(), other.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return f"byte {at:,} of {len(one):,} and {len(other):,}"
    row = next((n for n, (a, b) in enumerate(zip(lines, others)) if a != b), min(len(lines), len(others)))
    shown = [text[row].strip()[:100] if row < len(text) else "the end" for text in (lines, others)]
    return f"line {row + 1}: {shown[0]!r} and {shown[1]!r}"


def _call(arguments: list[str], env: dict[str, str], folder: Path) -> None:
    """Call the command in a process of its own, so that the conditions hold for all that it does."""
    package = str(Path(__file__).resolve().parents[2])
    env = {**env, "PYTHONPATH": os.pathsep.join(filter(None, [package, env.get("PYTHONPATH")]))}
    command = [sys.executable, "-m", "sidedoor.cli", *arguments]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        said = done.stderr.strip().splitlines()
        found = said[-1].removeprefix("sidedoor: ").rstrip(".") if said else "it failed"
        raise RunError(f"sidedoor {arguments[0]}", found, "Let it succeed before verifying it.")

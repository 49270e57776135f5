"""Verify that an edition can be reproduced: run it twice under other conditions, compare every byte."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from helpers import paths
from helpers.errors import RunError
from sidedoor.run.editions import Edition
from sidedoor.run.results import DEFAULT_LIMITS, FINDINGS, KernelLimits, check_owner, load_manifest

# What may never change a result: the order of sets of strings, the number of threads, and where and in which
# time zone the command is typed.
CONDITIONS = (
    {"PYTHONHASHSEED": "1", "SIDEDOOR_HASHSEED": "1", "SIDEDOOR_THREADS": "1", "TZ": "America/Los_Angeles"},
    {"PYTHONHASHSEED": "2", "SIDEDOOR_HASHSEED": "2", "SIDEDOOR_THREADS": "2", "TZ": "Asia/Kolkata"},
)
SITE = "site"


@dataclass(frozen=True)
class Verification:
    """What was compared."""

    files_n: int  # files that came out of each of the two runs
    published_n: int  # published files that were compared with them
    differences: tuple[tuple[str, str], ...]  # files that are not the same, and where each first differs
    not_compared: tuple[str, ...]  # published results whose inputs have changed since, or that are missing


def verify_edition(
    edition: Edition, file: Path | str, *, limits: KernelLimits = DEFAULT_LIMITS
) -> Verification:
    """Run an edition twice into fresh folders, and compare every file of the two, and with what is published.

    Each published result is compared if its key is that of the fresh one. The site is built and compared
    too, if the edition has one and all its results could be compared. `file` is what the edition was read
    from. RunError if a run failed, ParameterError if the published results are of another edition file of
    the same name.
    """
    check_owner(edition.name, edition.origin)
    file = Path(file).resolve() if Path(file).is_file() else file
    published = paths.find_run_folder(edition.name)
    has_site = (published / SITE / "index.html").is_file()
    with tempfile.TemporaryDirectory(prefix="sidedoor-verify-") as scratch:
        folders = []
        for number, conditions in enumerate(CONDITIONS, start=1):
            runs = Path(scratch) / f"run-{number}" / "runs"
            runs.mkdir(parents=True)
            env = {**os.environ, **conditions, "SIDEDOOR_RUNS": str(runs)}
            options = ["--timeout", str(limits.timeout_s), "--memory", str(limits.memory_gib)]
            _call(["run", "--edition", str(file), *options], env, runs.parent)
            if has_site:
                _call(["site", "--edition", str(file)], env, runs.parent)
            folders.append(runs / edition.name)
        keys, trees = zip(*[_list_results(folder, has_site) for folder in [*folders, published]])
        if keys[0] != keys[1]:
            found = "its notebooks, data or code were changed between the two runs"
            way_out = "Verify again when nobody is changing them."
            raise RunError(f"edition {edition.name}", found, way_out, code="changed")
        # the list of findings and the site show all results: they are compared if all can be
        left = (
            [name for name in keys[0] | keys[2] if keys[0].get(name) != keys[2].get(name)] if keys[2] else []
        )
        shown = [name for name in trees[2] if name not in keys[2]]
        same = [name for name in keys[2] if name not in left] + ([] if left else shown)
        fresh, again = (_join_files(tree, [*tree]) for tree in trees[:2])
        found, wanted = (_join_files(tree, same) for tree in (trees[2], trees[0]))
        differences = _compare(fresh, again, "between two hash seeds and thread counts")
        differences += _compare(found, wanted, "between published and fresh")
        not_compared = left + (shown if left else [])
        return Verification(len(fresh), len(found), tuple(differences), tuple(not_compared))


def _list_results(folder: Path, has_site: bool) -> tuple[dict[str, str], dict[str, dict[str, Path]]]:
    """Return the keys of an edition's results by name, and the files of all that it publishes.

    Names of folders contain the key and are left out. The list of findings and the site have no key.
    """
    manifest = load_manifest(folder.name, folder.parent) or {"notebooks": []}
    keys = {entry["name"]: entry["key"] for entry in manifest["notebooks"]}
    trees = {
        entry["name"]: {f"{entry['name']}/{file}": folder / entry["folder"] / file for file in entry["files"]}
        for entry in manifest["notebooks"]
    }
    if keys:
        trees[FINDINGS] = {FINDINGS: folder / FINDINGS}
    if keys and has_site:
        pages = [path for path in sorted((folder / SITE).rglob("*")) if path.is_file()]
        trees[SITE] = {path.relative_to(folder).as_posix(): path for path in pages}
    return keys, trees


def _join_files(trees: dict[str, dict[str, Path]], names: list[str]) -> dict[str, Path]:
    return {file: path for name in names for file, path in trees[name].items()}


def _compare(one: dict[str, Path], other: dict[str, Path], when: str) -> list[tuple[str, str]]:
    """Compare two lists of files byte by byte, and return each that differs, with where it first does."""
    found = []
    for name in sorted(one.keys() | other.keys()):
        there = [tree[name] for tree in (one, other) if name in tree and tree[name].is_file()]
        contents = [path.read_bytes() for path in there]
        if len(contents) < 2:
            found.append((name, f"it is there only once; it differs {when}"))
        elif contents[0] != contents[1]:
            found.append((name, f"{describe_difference(*contents)}; it differs {when}"))
    return found


def describe_difference(one: bytes, other: bytes) -> str:
    """Return where two contents first differ, and what stands there in both."""
    at = len(os.path.commonprefix([one, other]))
    shown = [content[max(0, at - 40) : at + 60].decode("utf-8", "replace") for content in (one, other)]
    return f"line {one.count(10, 0, at) + 1}, byte {at:,}: {shown[0]!r} and {shown[1]!r}"


def _call(arguments: list[str], env: dict[str, str], folder: Path) -> None:
    """Call the command in a process of its own, so that the conditions hold for all that it does."""
    package = str(Path(__file__).resolve().parents[2])
    env = {**env, "PYTHONPATH": os.pathsep.join(filter(None, [package, env.get("PYTHONPATH")]))}
    command = [sys.executable, "-m", "sidedoor.cli", *arguments]
    done = subprocess.run(
        command, env=env, cwd=folder, capture_output=True, check=False, text=True, encoding="utf-8"
    )
    if done.returncode:
        printed = done.stderr.strip().splitlines() or ["it failed"]
        found = printed[-1].removeprefix("sidedoor: ").rstrip(".")
        way_out = "It must succeed before it can be verified."
        raise RunError(f"sidedoor {arguments[0]}", found, way_out, code="failed")

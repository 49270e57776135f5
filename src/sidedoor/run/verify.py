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
class Difference:
    """A file that did not come out the same, and where it first differs."""

    file: str
    where: str


@dataclass(frozen=True)
class Verification:
    """What was compared."""

    files_n: int  # files that came out of each of the two runs
    published_n: int  # published files that were compared with them
    differences: tuple[Difference, ...]
    not_compared: tuple[str, ...]  # published results whose inputs have changed since, or that are missing


def verify_edition(
    edition: Edition, file: Path | str, *, limits: KernelLimits = DEFAULT_LIMITS
) -> Verification:
    """Run an edition twice into fresh folders, and compare every file of the two, and with what is published.

    Each published result is compared if its key is that of the fresh one. The site is built and compared
    too, if the edition has one and all its results could be compared. `file` is what the edition was read
    from.

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
        one, other, here = (list_results(folder, with_site=has_site) for folder in [*folders, published])
        if _list_keys(one) != _list_keys(other):
            found = "its notebooks, data or code were changed between the two runs"
            way_out = "Verify again when nobody is changing them."
            raise RunError(f"edition {edition.name}", found, way_out, code="changed")
        fresh, again = _join_files(one), _join_files(other)
        differences = compare_trees(fresh, again, "between two hash seeds and thread counts")
        same = {name for name, key in _list_keys(here).items() if _list_keys(one).get(name) == key}
        left = [name for name in (*one, *here) if name not in same] if here else []
        if left:  # what shows all results shows those that were left out, too
            same -= {SITE, FINDINGS}
        wanted, found = (_join_files({name: tree[name] for name in same}) for tree in (one, here))
        differences += compare_trees(found, wanted, "between published and fresh")
        not_compared = dict.fromkeys([*left, *(name for name in here if name not in same)])
        return Verification(len(fresh), len(found), tuple(differences), tuple(not_compared))


def _list_keys(results: dict[str, tuple[str, dict[str, Path]]]) -> dict[str, str]:
    return {name: key for name, (key, _) in results.items()}


def list_results(folder: Path, *, with_site: bool) -> dict[str, tuple[str, dict[str, Path]]]:
    """Return what an edition publishes: key and files of each result, of the findings and the site.

    Names of folders contain the key and are left out. The list and the site have no key of their own.
    """
    manifest = load_manifest(folder.name, folder.parent) or {"notebooks": []}
    results = {FINDINGS: ("", {FINDINGS: folder / FINDINGS})} if manifest["notebooks"] else {}
    for entry in manifest["notebooks"]:
        files = {f"{entry['name']}/{name}": folder / entry["folder"] / name for name in entry["files"]}
        results[entry["name"]] = (entry["key"], files)
    if with_site and results:
        pages = [path for path in sorted((folder / SITE).rglob("*")) if path.is_file()]
        results[SITE] = ("", {path.relative_to(folder).as_posix(): path for path in pages})
    return results


def _join_files(results: dict[str, tuple[str, dict[str, Path]]]) -> dict[str, Path]:
    return {name: path for _, files in results.values() for name, path in files.items()}


def compare_trees(one: dict[str, Path], other: dict[str, Path], when: str) -> list[Difference]:
    """Compare two lists of files byte by byte, and return each that differs, with where it first does."""
    found = []
    for name in sorted(one.keys() | other.keys()):
        there = [tree[name] for tree in (one, other) if name in tree and tree[name].is_file()]
        contents = [path.read_bytes() for path in there]
        if len(contents) < 2:
            found.append(Difference(name, f"it is there only once; it differs {when}"))
        elif contents[0] != contents[1]:
            found.append(Difference(name, f"{describe_difference(*contents)}; it differs {when}"))
    return found


def describe_difference(one: bytes, other: bytes) -> str:
    """Return where two contents first differ: line and both readings of text, the byte of anything else."""
    try:
        lines, others = one.decode("utf-8").splitlines(), other.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        at = _find_first(one, other)
        return f"byte {at:,} of {len(one):,} and {len(other):,}"
    row = _find_first(lines, others)
    pair = [text[row] if row < len(text) else "the end" for text in (lines, others)]
    start = max(0, _find_first(*pair) - 40)
    shown = [text[start : start + 100].strip() for text in pair]
    return f"line {row + 1}: {shown[0]!r} and {shown[1]!r}"


def _find_first(one, other) -> int:
    """Return the first place at which two sequences differ."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


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

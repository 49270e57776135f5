"""The runner against papermill called once per notebook, on the committed notebooks.

Every repetition runs all ways one after the other (A B C, A B C ...), so that a busy machine disturbs them alike. The
outputs of the ways are compared before any time is printed.
"""

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from helpers import paths
from sidedoor.run.notebooks import list_notebooks

from .measure import Target, Turns, print_targets

OURS, ORDINARY, CACHED = (
    "sidedoor run --force (two at a time)",
    "the same, without forked kernels",
    "sidedoor run, nothing changed",
)
PEER = "papermill, one call per notebook"
# How many times faster than the peer, and the longest wall time of a run that has nothing to do [seconds].
TARGETS, LONGEST = {OURS: 4.0, ORDINARY: 1.9}, 1.5


def measure(reps: int) -> None:
    """Print wall and CPU seconds, and ratios to the runner, for each way to run all notebooks."""
    with tempfile.TemporaryDirectory() as folder:
        ways = {
            OURS: lambda: _run_house(Path(folder), "--force"),
            ORDINARY: lambda: _run_house(Path(folder), "--force", SIDEDOOR_FORKS="0"),
            CACHED: lambda: _run_house(Path(folder)),
            PEER: lambda: _run_papermill(Path(folder)),
        }
        _tell(
            "first all notebooks once, not measured: caches of the file system and of compiled bytecode fill"
        )
        _run_house(Path(folder), "--force")
        turns = {name: Turns() for name in ways}
        for rep in range(reps):
            for name, way in ways.items():
                wall, cpu = _clock(way)
                turns[name].wall.append(wall)
                turns[name].cpu.append(cpu)
                _tell(f"repetition {rep + 1} of {reps}: {name}: {wall:.1f} s, CPU {cpu:.1f} s")
            _compare(Path(folder))
    print(
        f"{len(list_notebooks())} notebooks, n = {reps}{' (few)' if reps < 5 else ''}, load {os.getloadavg()[0]:.1f}"
    )
    print(f"{'way':<40}{'wall s':>9}{'min':>8}{'max':>8}{'CPU s':>9}{'wall ratio':>12}{'CPU ratio':>11}")
    for name, turn in turns.items():
        base = turns[OURS]
        ratios = [
            median(a / b for a, b in zip(*pair, strict=True))
            for pair in ((turn.wall, base.wall), (turn.cpu, base.cpu))
        ]
        print(
            f"{name:<40}{median(turn.wall):>9.2f}{min(turn.wall):>8.2f}{max(turn.wall):>8.2f}{median(turn.cpu):>9.2f}"
            f"{ratios[0]:>12.2f}{ratios[1]:>11.2f}"
        )
    print()
    for name, at_least in TARGETS.items():
        print_targets(
            {(name, name): turns[name], (PEER, name): turns[PEER]},
            [name, PEER],
            [Target(name, "best", at_least)],
        )
    wall = median(turns[CACHED].wall)
    print(
        f"{CACHED}: {wall:.2f} s, wanted at most {LONGEST}: {'reached' if wall <= LONGEST else 'NOT reached'}"
    )


def _tell(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def _clock(way) -> tuple[float, float]:
    """Measure wall and CPU seconds of one way, its child processes included."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    way()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _run_house(folder: Path, *options: str, **settings: str) -> None:
    edition = folder / "all-notebooks.toml"
    runs = "".join(f'[[run]]\nnotebook = "{path.name[:2]}"\n' for path in list_notebooks())
    edition.write_text(f'title = "All notebooks"\n{runs}', encoding="utf-8")
    _call(["-m", "sidedoor.cli", "run", "--edition", str(edition), *options], folder / "runs", **settings)


def _run_papermill(folder: Path) -> None:
    out = folder / "papermill"
    out.mkdir(exist_ok=True)
    for path in list_notebooks():
        call = ["-m", "papermill", "--no-progress-bar", "--kernel", "python3", "--cwd", str(paths.ROOT)]
        _call([*call, str(path), str(out / path.name)], folder / "by-papermill")


def _call(arguments: list[str], runs: Path, **settings: str) -> None:
    settings |= {"SIDEDOOR_RUNS": str(runs), "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *arguments], env=os.environ | settings, check=True, capture_output=True)


def _compare(folder: Path) -> None:
    """Stop unless all ways gave the same text outputs."""
    for path in list_notebooks():
        house = next((folder / "runs" / "all-notebooks").glob(f"{path.stem}.*/{path.name}"))
        if _hash_outputs(house) != _hash_outputs(folder / "papermill" / path.name):
            sys.exit(
                f"{path.name}: the runner and papermill give different outputs; no time is worth printing."
            )


def _hash_outputs(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = [
        output.get("text")
        or output.get("data", {}).get("text/plain")
        or output.get("data", {}).get("text/markdown")
        for cell in cells
        for output in cell.get("outputs", [])
        if output.get("name") != "stderr"
    ]
    return hashlib.sha256("".join("".join(text or "") for text in texts).encode()).hexdigest()

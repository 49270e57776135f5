"""Measure ways to do the same tasks: a child process each turn, results compared before a time is printed.

A benchmark is a module with

- `SIZES`, by name, the usual one first; `TINY`, what warms up;
- `WAYS`, ours first; `TASKS`; `LEFT_OUT`, (size, way, task) that would take too long to wait for;
- `prepare(folder, size)`, which writes the data and says in a line what they are;
- `open_way(way, folder)`, which imports what it needs and gives {task: (call, check)}. Only `call()` is
  timed; `check(what it returned)` gives what must be equal across ways, or None;
- if ways may differ, `judge(folder, result)`, which says in a word how good a result is.

Ways take turns (A B C, A B C), and each does all tasks on tiny data first: no import is part of a time.
"""

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

WARM = "warm"
TOLERANCE = 1e-6
TICK = 0.004  # CPU seconds that some clocks cannot count
PACKAGES = ("pandas", "numpy", "networkx", "igraph", "scipy", "duckdb", "rapidfuzz", "papermill")


class Row(NamedTuple):
    """One line of the table: seconds and MB of each turn."""

    benchmark: str
    task: str
    way: str
    wall: list[float]
    cpu: list[float]
    peak: list[float]


def measure(module, size: str, turns: int) -> tuple[list[Row], list[str]]:
    """Measure one benchmark.

    Returns
    -------
    Rows, ours first within a task; and what is to be said about the data and the results.

    Raises
    ------
    SystemExit
        A way failed, or two ways gave different results: no time is worth printing.
    """
    name = module.__name__.rpartition(".")[2]
    rows = {(task, way): Row(name, task, way, [], [], []) for task in module.TASKS for way in module.WAYS}
    with tempfile.TemporaryDirectory(prefix="sidedoor-bench-") as text:
        folder = Path(text)
        notes = [f"{name}: {module.prepare(folder, size)}"]
        if module.TINY:
            (folder / WARM).mkdir()
            module.prepare(folder / WARM, module.TINY)
        results: dict[str, dict[str, np.ndarray]] = {}
        for turn in range(turns):
            for way in module.WAYS:
                left_out = [task for task in module.TASKS if (size, way, task) in module.LEFT_OUT]
                print(f"  {name}, turn {turn + 1} of {turns}: {way}", file=sys.stderr, flush=True)
                for line in _run_turn(module.__name__, way, folder, left_out):
                    row = rows[line["task"], way]
                    row.wall.append(line["wall"])
                    row.cpu.append(line["cpu"])
                    row.peak.append(line["peak"])
                    if line["result"]:
                        results.setdefault(line["task"], {})[way] = np.load(line["result"])
        for task, found in results.items():
            if hasattr(module, "judge"):
                notes += [f"{name}, {task}, {way}: {module.judge(folder, found[way])}" for way in found]
            else:
                check_equal(task, found)
    absent = sorted({way for _, way in rows if not any(rows[task, way].wall for task in module.TASKS)})
    if absent:
        notes.append(f"{name}: not installed: {', '.join(absent)}")
    notes += [
        f"{name}: {way} would take too long for {task}" for at, way, task in module.LEFT_OUT if at == size
    ]
    return [row for row in rows.values() if row.wall], notes


def check_equal(task: str, results: dict[str, np.ndarray]) -> None:
    """Stop unless all ways gave the same: whole numbers exactly, floats within `TOLERANCE`."""
    (first, expected), *others = results.items()
    for way, value in others:
        is_exact = "f" not in (expected.dtype.kind, value.dtype.kind)
        tolerance = 0 if is_exact else TOLERANCE
        is_equal = expected.shape == value.shape and np.allclose(expected, value, tolerance, tolerance / 1e6)
        if not is_equal:
            sys.exit(f"{task}: {way} and {first} give different results; no time is worth printing.")


def _run_turn(module: str, way: str, folder: Path, left_out: list[str]) -> list[dict]:
    settings = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "benchmarks.measure", module, way, str(folder), ",".join(left_out)]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=settings, check=False)
    if done.returncode:
        sys.exit(f"{module}, {way} failed; no time is worth printing.")
    return [json.loads(line) for line in done.stdout.splitlines()]


def print_table(rows: list[Row]) -> None:
    """Print medians, and how many times as long as ours each way takes: the median over turns.

    A ratio of CPU times that are too short to be counted is `-`.
    """
    head = f"{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'wall / ours':>13}{'CPU / ours':>12}"
    print(f"\n{'task':<26}{'way':<12}{head}")
    for row in rows:
        ours = next(one for one in rows if one[:2] == row[:2])
        wall, cpu = ([a / max(b, 1e-6) for a, b in zip(*pair)] for pair in zip(row[3:5], ours[3:5]))
        shown = f"{median(cpu):.2f}" if median(ours.cpu) >= TICK else "-"
        seconds = f"{median(row.wall):>9.3f}{median(row.cpu):>9.3f}{max(row.peak):>9,.0f}"
        print(f"{f'{row.benchmark}: {row.task}':<26}{row.way:<12}{seconds}{median(wall):>13.2f}{shown:>12}")
    print()


def describe_machine(turns: int) -> str:
    """Say on what was measured, and how often."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{turns} turns, {os.cpu_count()} cores, load {load}, Python {python}, {versions}"


# --- in the child ------------------------------------------------------------------------------------------


def serve(name: str, way: str, folder: Path, left_out: list[str]) -> None:
    """Do the tasks of one way, and tell of each in a line of JSON on standard output."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)  # what a library prints is no report
        module = importlib.import_module(name)
        try:
            warm = module.open_way(way, folder / WARM) if module.TINY else {}
        except ModuleNotFoundError:
            return
        for call, check in warm.values():
            check(call())
        for task, (call, check) in module.open_way(way, folder).items():
            if task in left_out:
                continue
            _forget_peak()
            cpu, start = _count_cpu(), time.perf_counter()
            made = call()
            line = {"wall": time.perf_counter() - start, "cpu": _count_cpu() - cpu, "peak": _read_peak()}
            result = check(made)
            path = folder / f"{way}-{task}.npy" if result is not None else None
            if path:
                np.save(path, result)
            out.write(json.dumps({"task": task, **line, "result": path and str(path)}) + "\n")


def _count_cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _forget_peak() -> None:
    """Let Linux measure the peak of memory anew."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8", newline="\n")
    except OSError:
        pass  # elsewhere the peak is that of the process so far


def _read_peak() -> float:
    """Read the peak of this process's memory in MB, or that of its largest child."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        own = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except OSError:
        pass
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4].split(","))

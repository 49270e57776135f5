"""Measure engines against each other: a child process for each turn, results compared before any time is printed.

A benchmark names a module of engines. Each turn of an engine is a child process that imports what it needs, then runs
its tasks one after the other, each on what it built itself. Engines take turns (A B C A B C), so that a busy machine
disturbs them alike; a first turn warms caches of files and of compiled code and is thrown away. A module of engines
offers `open_engine(name, folder)`, which returns tasks as (name, prepare, call, check): `call`, given what `prepare` made,
is measured, and `check` turns what it returned into what must be equal across engines: bytes or integers exactly, floats within a tolerance, None for nothing.
"""

import hashlib
import importlib
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from math import isnan, nan
from pathlib import Path
from statistics import median

import numpy as np

CAP, SLOW = 60.0, 20.0
# CPU seconds below this are none or one beat of the clock that counts them on some machines.
TICK = 0.004
# A folder of the same kind of data, very little of it: every task runs there once before it is measured.
WARM = "warm"
TOLERANCE = 1e-7


@dataclass
class Turns:
    """What was measured of one engine at one task."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    is_capped: bool = False


@dataclass(frozen=True)
class Target:
    """A ratio to reach: how many times faster than `against` (a peer, or `best` of all, or `floor`) a task must be."""

    task: str
    against: str
    at_least: float


def compare(
    module: str,
    folder: Path,
    engines: list[str],
    tasks: list[str],
    reps: int,
    cap: float = CAP,
    patience: float = 10 * CAP,
) -> dict:
    """Let engines take turns at all tasks; the first engine is ours.

    Parameters
    ----------
    module
        Name of the module of engines.
    folder
        Its data; a folder `warm` in it holds very little of the same kind.
    engines, tasks
        Which of them, in this order.
    reps
        Turns that count.
    cap
        CPU seconds after which a task is stopped.
    patience
        Seconds after which a task is stopped that uses no CPU.

    Returns
    -------
    (engine, task) -> Turns; with `imports` as a further task. An engine without a task has no entry for it.

    Raises
    ------
    SystemExit
        Two engines gave different results: no time is worth printing.
    """
    found: dict[tuple[str, str], Turns] = {}
    results: dict[str, dict] = {}
    once: set[str] = set()
    slow: dict[str, set[str]] = {}
    for turn in range(reps + 1):
        for engine in engines:
            capped = {task for task in tasks if found.get((engine, task), Turns()).is_capped}
            if turn > 0 and engine in once:
                continue
            _say(f"turn {turn} of {reps}: {engine}")
            spent = 0.0
            lines = _run_turn(module, engine, folder, tasks, capped | slow.get(engine, set()), cap, patience)
            for line in lines:
                turns = found.setdefault((engine, line["task"]), Turns())
                spent += line.get("cpu", cap)
                if line.get("capped"):
                    turns.is_capped = True
                    continue
                _check_result(results, engine, line)
                if turn == 0 and line["cpu"] > SLOW and line["task"] != "build":
                    slow.setdefault(engine, set()).add(line["task"])
                turns.wall.append(line["wall"])
                turns.cpu.append(line["cpu"])
                turns.peak.append(line["peak"])
            if turn == 0 and spent > 3 * cap:
                once.add(engine)
    for (engine, _), turns in found.items():
        # The first turn warmed up; it counts only where there is no other.
        if len(turns.wall) > 1:
            turns.wall, turns.cpu, turns.peak = turns.wall[1:], turns.cpu[1:], turns.peak[1:]
    return found


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def _run_turn(
    module: str, engine: str, folder: Path, tasks: list[str], skipped: set[str], cap: float, patience: float
):
    """Run one turn, in further children after a task that took too long; yield what each task took."""
    left = [task for task in tasks if task not in skipped]
    while left:
        command = [sys.executable, "-m", "benchmarks.measure", module, engine, str(folder)]
        command += [",".join(left), str(cap)]
        settings = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        child = subprocess.Popen(command, stdout=subprocess.PIPE, env=settings)
        stopped, is_done = None, False
        try:
            for line in _read_lines(child, patience):
                if "offers" in line:
                    left = [task for task in left if task in line["offers"]]
                elif "started" in line:
                    stopped = line["started"]
                elif "stopped" in line:
                    is_done = True
                    break
                else:
                    stopped = None
                    left = [task for task in left if task != line["task"]]
                    yield line
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()
        if is_done:
            return
        if stopped is None or child.returncode not in (-signal.SIGKILL, -signal.SIGXCPU):
            sys.exit(f"{engine} failed at {stopped or 'its beginning'}; no time is worth printing.")
        left.remove(stopped)
        yield {"task": stopped, "capped": True}
        if stopped == "build":
            return


def _read_lines(child: subprocess.Popen, patience: float):
    """Read what the child reports; end when it ends, or when one task takes too long."""
    handle, rest, is_task = child.stdout.fileno(), b"", False
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_READ)
        # The child ends itself after the cap of CPU seconds; this is for one that waits.
        while selector.select(patience if is_task else 10 * CAP):
            told = os.read(handle, 1 << 16)
            if not told:
                child.wait()
                return
            *lines, rest = (rest + told).split(b"\n")
            for line in map(json.loads, lines):
                is_task = "started" in line
                yield line


def _check_result(results: dict, engine: str, line: dict) -> None:
    """Stop unless the result is that of the engine that gave it first."""
    told = line.get("result")
    if told is None:
        return
    value = np.load(told["file"]) if "file" in told else told["hash"]
    first_engine, first = results.setdefault(line["task"], (engine, value))
    is_equal = (
        first.shape == value.shape and np.allclose(first, value, rtol=TOLERANCE, atol=1e-12)
        if isinstance(value, np.ndarray) and isinstance(first, np.ndarray)
        else first == value if isinstance(value, str) and isinstance(first, str) else False
    )  # fmt: skip
    if not is_equal:
        sys.exit(
            f"{line['task']}: {engine} and {first_engine} give different results; no time is worth printing."
        )


def print_table(found: dict, engines: list[str], tasks: list[str], floor: str | None = None) -> None:
    """Print one row per task and engine; ratios are medians of ratios of the same turn, to the first engine.

    A ratio of CPU times is `-` where ours is too short for the clock that counts it.
    """
    ours = engines[0]
    print(
        f"{'task':<14}{'engine':<14}{'wall s':>10}{'min':>10}{'max':>10}{'CPU s':>10}{'peak MB':>9}{'n':>4}"
        f"{'wall ratio':>12}{'CPU ratio':>11}{'floor s':>10}{'to floor':>10}"
    )
    for task in tasks:
        base = found.get((floor, task)) if floor and task != "imports" else None  # nothing is read there
        for engine in engines:
            turns = found.get((engine, task))
            if engine == floor or turns is None:
                continue
            if not turns.wall:
                mine = found.get((ours, task))
                least = f">{_show(CAP / median(mine.wall))}" if mine and mine.wall else ""
                print(f"{task:<14}{engine:<14}{'>cap':>10}{'':>10}{'':>10}{'':>10}{'':>9}{'':>4}{least:>12}")
                continue
            few = "*" if len(turns.wall) < 5 else ""
            row = f"{task:<14}{engine:<14}{_show(median(turns.wall)):>10}{_show(min(turns.wall)):>10}"
            row += f"{_show(max(turns.wall)):>10}{_show(median(turns.cpu)):>10}{max(turns.peak):>9.0f}"
            row += f"{f'{len(turns.wall)}{few}':>4}"
            mine = found.get((ours, task))
            if mine and mine.wall:
                row += f"{_show(_pair(turns.wall, mine.wall)):>12}{_show(_pair_cpu(turns.cpu, mine.cpu)):>11}"
            if base and base.wall:
                row += f"{_show(median(base.wall)):>10}{_show(_pair(turns.wall, base.wall)):>10}"
            print(row)


def print_targets(found: dict, engines: list[str], targets: list[Target], floor: str | None = None) -> None:
    """Print for each target what was reached, in wall time and in CPU time.

    Wall time decides, unless our times spread by more than half of their median: then the machine was too busy for a
    headline, and CPU time decides where it is long enough to be counted.
    """
    ours = engines[0]
    for target in targets:
        mine = found.get((ours, target.task))
        if mine is None or not mine.wall:
            print(f"{target.task}: not measured")
            continue
        peers = [floor] if target.against == "floor" else [
            name for name in engines[1:] if name != floor and target.against in ("best", name)
        ]  # fmt: skip
        ratios = {
            name: _compare_turns(found[name, target.task], mine)
            for name in peers
            if (name, target.task) in found
        }
        if not ratios:
            print(f"{target.task}: no peer to compare with")
            continue
        spread = (max(mine.wall) - min(mine.wall)) / median(mine.wall)
        is_busy, is_resolved = spread > 0.5, median(mine.cpu) >= TICK
        way = 1 if is_busy and is_resolved else 0
        peer = min(ratios, key=lambda name: ratios[name][way])
        mark = ">" if not found[peer, target.task].wall else ""
        verdict = "reached" if ratios[peer][way] >= target.at_least else "NOT reached"
        if is_busy:
            verdict += f" by {'CPU' if way else 'wall'} time (wall times spread by {spread:.1f} of their median: no headline"
            verdict += ")" if is_resolved else f"; CPU time below {TICK} s could not be resolved)"
        shown = " and ".join(
            f"{mark}{_show(ratio)} ({kind})"
            for ratio, kind in zip(ratios[peer], ("wall", "CPU"), strict=True)
        )
        print(f"{target.task}: {shown} times {peer}, wanted {target.at_least:g}: {verdict}")


def _compare_turns(turns: Turns, mine: Turns) -> tuple[float, float]:
    """Give the ratios of wall and CPU time to ours; at least, for an engine that was stopped."""
    if not turns.wall:
        return CAP / median(mine.wall), CAP / median(mine.cpu) if median(mine.cpu) >= TICK else nan
    return _pair(turns.wall, mine.wall), _pair_cpu(turns.cpu, mine.cpu)


def _pair(times: list[float], base: list[float]) -> float:
    """Give the median ratio of times of the same turn."""
    return median(a / max(b, 1e-6) for a, b in zip(times, base, strict=False))


def _pair_cpu(times: list[float], base: list[float]) -> float:
    """Give the ratio of CPU times as `_pair` does; nothing where ours is too short for the clock that counts it."""
    return _pair(times, base) if median(base) >= TICK else nan


def _show(number: float) -> str:
    if isnan(number):
        return "-"
    return f"{number:.3g}" if number < 1000 else f"{number:,.0f}"


def describe_machine(packages: list[str]) -> str:
    """Describe what it was measured on: cores, load, versions."""
    from importlib.metadata import PackageNotFoundError, version

    def find(name: str) -> str:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            return f"{name} missing"

    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{os.cpu_count()} cores, load {load}, Python {python}, {', '.join(map(find, packages))}"


def hash_file(path: Path) -> str:
    """Hash a file, as text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- in the child ----------------------------------------------------------------------------------------------------


def serve(module: str, engine: str, folder: Path, tasks: list[str], cap: float) -> None:
    """Run the tasks of one engine and report each on standard output, a line of JSON before it and one after it."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no report

    def tell(**line) -> None:
        out.write(json.dumps(line) + "\n")
        out.flush()

    begun, cpu = time.perf_counter(), _count_cpu()
    open_engine = importlib.import_module(module).open_engine
    opened = open_engine(engine, folder)
    tell(task="imports", wall=time.perf_counter() - begun, cpu=_count_cpu() - cpu, peak=_read_peak())
    tell(offers=[name for name, *_ in opened])
    if (folder / WARM).is_dir():
        for _, prepare, call, check in open_engine(engine, folder / WARM):
            check(call(prepare()))
    for name, prepare, call, check in opened:
        if name != "build" and name not in tasks:
            continue
        given = prepare()
        if name in tasks:
            tell(started=name)
            _limit_cpu(cap)
        _forget_peak()
        cpu, begun = _count_cpu(), time.perf_counter()
        made = call(given)
        wall, cpu = time.perf_counter() - begun, _count_cpu() - cpu
        peak = _read_peak()
        _limit_cpu(None)
        result = _keep_result(check(made), folder, name)
        del given, made
        if name in tasks:
            tell(task=name, wall=wall, cpu=cpu, peak=peak, result=result)
    tell(stopped=True)


def _keep_result(value, folder: Path, name: str) -> dict | None:
    if value is None:
        return None
    array = np.ascontiguousarray(value)
    if array.dtype.kind == "f":
        path = folder / f"result-{name}-{os.getpid()}.npy"
        np.save(path, array)
        return {"file": str(path)}
    return {"hash": hashlib.sha256(array.astype(np.int64).tobytes()).hexdigest()}


def _limit_cpu(seconds: float | None) -> None:
    """Let the kernel end this process once it used so many CPU seconds more; without a number, let it live."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = hard if seconds is None else int(time.process_time() + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _count_cpu() -> float:
    """Count CPU seconds of this process, its threads included, and of its children that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime


def _forget_peak() -> None:
    """Let the kernel forget the peak of memory so far, where it can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def _read_peak() -> float:
    """Read the peak of memory [MB]: since it was forgotten, or of the whole process where it cannot be."""
    try:
        text = Path("/proc/self/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4].split(","), float(sys.argv[5]))

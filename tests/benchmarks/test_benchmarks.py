"""Benchmarks: engines agree on a tiny network, and nothing is timed that differs."""

import importlib.util
import os
import sys

import numpy as np
import pytest

from helpers import paths

sys.path.insert(0, str(paths.ROOT))
from benchmarks import measure, network, network_engines  # noqa: E402

PACKAGES = {
    "networkx": "networkx",
    "igraph": "igraph",
    "rustworkx": "rustworkx",
    "networkit": "networkit",
    "scipy": "scipy",
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A generated network of 60 agencies, and what our engine says of it."""
    folder = tmp_path_factory.mktemp("edges")
    network.write_edges(folder, "tiny")
    return folder, run_all("sidedoor", folder)


def run_all(engine, folder):
    """Run every task of an engine in this process: what must be equal, by task."""
    return {
        name: check(call(prepare()))
        for name, prepare, call, check in network_engines.open_engine(engine, folder)
    }


@pytest.mark.parametrize("engine", [name for name in network.ENGINES if name not in ("sidedoor", "floor")])
def test_engines_agree(engine, tiny):
    """Whatever an engine can do comes out as ours does: exactly, or floats within the stated tolerance."""
    if engine in PACKAGES and importlib.util.find_spec(PACKAGES[engine]) is None:
        pytest.skip(f"{engine} is installed by `make bench` only")
    folder, ours = tiny
    found = {task: value for task, value in run_all(engine, folder).items() if value is not None}
    assert set(found) <= set(ours) == set(network.TASKS)
    for task, value in found.items():
        if np.asarray(value).dtype.kind == "f":
            assert np.allclose(value, ours[task], rtol=measure.TOLERANCE, atol=1e-12), task
        else:
            assert np.array_equal(value, ours[task]), task


def test_generated_edges_are_a_sharing_network():
    """The same seed gives the same edges, about as many as wanted, no loop, none twice, about half returned."""
    owners, readers = network.invent_edges(300, 9_000)
    again = network.invent_edges(300, 9_000)
    pairs = set(zip(owners.tolist(), readers.tolist(), strict=True))
    assert np.array_equal(owners, again[0]) and np.array_equal(readers, again[1])
    assert len(pairs) == len(owners) and all(u != v for u, v in pairs)
    assert 0.9 * 9_000 < len(pairs) < 1.1 * 9_000
    assert 0.3 < sum((v, u) in pairs for u, v in pairs) / len(pairs) < 0.7


ENGINES = """
import time
import numpy as np

def open_engine(name, folder):
    tasks = [("build", lambda: None, lambda _: [1, 2], lambda made: np.array(made))]
    slow = {"capped": 30}.get(name, 0)
    said = {"liar": 4}.get(name, 3)
    tasks.append(("sum", lambda: 3, lambda given: time.sleep(slow) or given, lambda made: np.array(said)))
    return [*tasks, ("near", lambda: None, lambda _: 0.1, lambda made: np.array([made + 1e-9]))]
"""


@pytest.fixture
def invented(tmp_path, monkeypatch):
    """A module of invented engines that children can import."""
    (tmp_path / "invented_engines.py").write_text(ENGINES)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(paths.ROOT)]))
    return "invented_engines", tmp_path


def test_turns_are_measured_and_a_slow_peer_is_capped(invented, capsys):
    """Equal results give a table; a task that takes too long is shown as such, and the tasks after it still run."""
    found = measure.compare(*invented, ["ours", "capped"], ["build", "sum", "near"], 1, patience=4)
    measure.print_table(found, ["ours", "capped"], ["imports", "build", "sum", "near"])
    measure.print_targets(found, ["ours", "capped"], [measure.Target("sum", "best", 2)])
    assert found["capped", "sum"].is_capped and not found["capped", "sum"].wall
    assert len(found["capped", "near"].wall) == len(found["ours", "sum"].wall) == 1
    shown = capsys.readouterr().out
    assert ">cap" in shown and "times capped, wanted 2: reached" in shown


def test_cpu_time_too_short_to_be_counted_is_no_ratio(capsys):
    """Below one beat of the clock no ratio of CPU times is shown; wall time decides, and a busy machine is told."""
    ours = measure.Turns([0.001, 0.002, 0.004], [0, 0.001, 0], [1, 1, 1])
    long = measure.Turns([1.0, 2.0, 4.0], [0.5, 1.0, 2.0], [1, 1, 1])
    found = {("ours", "hop"): ours, ("peer", "hop"): long, ("ours", "walk"): long, ("peer", "walk"): long}
    found |= {("floor", "hop"): ours, ("floor", "imports"): ours, ("ours", "imports"): long}
    measure.print_table(found, ["ours", "peer"], ["hop", "walk", "imports"], "floor")
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[1][-4:] == ["1", "-", "0.002", "1"] and rows[2][-4:-2] == ["1,000", "-"]
    assert rows[3][-2:] == ["1", "1"] and rows[5][-2:] == [
        "1",
        "1",
    ]  # nothing is read once for imports: no floor
    measure.print_targets(
        found, ["ours", "peer"], [measure.Target("hop", "best", 30), measure.Target("walk", "best", 1)]
    )
    first, second = capsys.readouterr().out.splitlines()
    assert (
        "(wall) and - (CPU)" in first and "reached by wall time" in first and "could not be resolved" in first
    )
    assert "reached by CPU time" in second


def test_no_time_is_printed_where_results_differ(invented, capsys):
    """An engine with another result ends the run before any time is printed."""
    with pytest.raises(SystemExit, match="sum: liar and ours give different results"):
        measure.compare(*invented, ["ours", "liar"], ["build", "sum"], 1)
    assert "wall" not in capsys.readouterr().out

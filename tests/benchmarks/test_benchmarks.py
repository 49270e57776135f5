"""Benchmarks: all ways give the same on tiny data, and nothing is timed that differs. No time is tested."""

import numpy as np
import pytest

from benchmarks import logs, measure, names, network


def run_all(module, folder):
    """Do all tasks of all ways that are installed: task -> way -> what must be equal."""
    results = {}
    for way in module.WAYS:
        try:
            opened = module.open_way(way, folder)
        except ModuleNotFoundError:
            continue
        for task, (call, check) in opened.items():
            results.setdefault(task, {})[way] = np.asarray(check(call()))
    return results


@pytest.mark.parametrize("module, ways", [(network, 4), (logs, 3)])
def test_ways_agree(module, ways, tmp_path):
    """Whatever a way can do comes out as ours does, for every task that is measured."""
    module.prepare(tmp_path, "tiny")
    results = run_all(module, tmp_path)

    assert [*results] == module.TASKS and len(results[module.TASKS[0]]) >= ways
    for task, found in results.items():
        measure.check_equal(task, found)
        assert "sidedoor" in found and np.any(found["sidedoor"])


def test_names_are_mostly_right(tmp_path):
    """Both ways find most of the agencies that the invented names mean, and link few wrongly."""
    names.prepare(tmp_path, "tiny")
    truth = names._read(tmp_path / "names.csv")["agency_id"].to_numpy()
    for found in run_all(names, tmp_path)["resolve"].values():
        assert (found == truth).mean() > 0.9 and ((found != "") & (found != truth)).mean() < 0.05


def test_invented_shares_are_a_network():
    """About as many shares as asked for, none twice, none with itself, some returned; the same each time."""
    owners, readers = network.invent_edges(300, 9_000)
    pairs = set(zip(owners.tolist(), readers.tolist(), strict=True))
    again = network.invent_edges(300, 9_000)

    assert np.array_equal(owners, again[0]) and np.array_equal(readers, again[1])
    assert 8_000 < len(pairs) == len(owners) < 10_000 and all(u != v for u, v in pairs)
    assert 0.2 < sum((v, u) in pairs for u, v in pairs) / len(pairs) < 0.8


@pytest.mark.parametrize("other", [[1, 2, 4], [1, 2], [1.0, 2.0, 3.001]])
def test_no_time_is_printed_where_results_differ(other):
    """Another number, another length, a float beyond the tolerance: the measurement ends."""
    measure.check_equal("sum", {"ours": np.array([1, 2, 3]), "theirs": np.array([1.0, 2.0, 3.0 + 1e-9])})
    with pytest.raises(SystemExit):
        measure.check_equal("sum", {"ours": np.array([1, 2, 3]), "theirs": np.array(other)})

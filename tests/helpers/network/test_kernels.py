"""Compiled code stays out of small runs and out of the repository."""

import os
import subprocess
import sys

from helpers import paths

SMALL = """
import sys
import pandas as pd
from helpers import network
pairs = [(f"a{i}", f"a{(i * step + 1) % 40}") for i in range(40) for step in (1, 3)]
edges = pd.DataFrame(sorted({pair for pair in pairs if pair[0] != pair[1]}), columns=["from_id", "to_id"])
graph = network.build_graph(edges, reporters=["a1"])
network.measure_degrees(graph), network.measure_reciprocity(graph), network.count_reach(graph, 3)
network.measure_cores(graph), network.measure_pagerank(graph), network.compare_with_null(graph, samples=20)
print(sorted({"numba", "igraph", "llvmlite"} & set(sys.modules)))
"""
WHERE = """
from helpers.network import kernels
import numba
print(numba.config.CACHE_DIR, kernels.set_bits.stats.cache_path)
"""


def call(code, **settings):
    """Run code in a process of its own; return what it printed."""
    settings = {**os.environ, "PYTHONPATH": str(paths.SOURCE), **settings}
    done = subprocess.run(
        [sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


def test_small_runs_load_no_compiler():
    """Every measure of a small graph, null models included, is done without numba and igraph."""
    assert call(SMALL) == "[]"


def test_compiled_code_is_kept_outside(tmp_path):
    """Compiled code is kept where the user's caches are, or where NUMBA_CACHE_DIR says; never in the repository."""
    caches = tmp_path / "caches"
    shown = call(WHERE, XDG_CACHE_HOME=str(caches), LOCALAPPDATA=str(caches), NUMBA_CACHE_DIR="").split()
    assert all(path.startswith(str(caches / "sidedoor" / "compiled")) for path in shown)
    named = tmp_path / "named"
    assert all(path.startswith(str(named)) for path in call(WHERE, NUMBA_CACHE_DIR=str(named)).split())

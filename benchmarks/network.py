"""Sharing networks: ours against networkx, igraph, rustworkx, networkit, SciPy and dense matrices, on generated graphs.

S is a vendor's network of 1,000 agencies, M one of 5,000, L every agency of the country. Owners share with lognormal
numbers of readers, popular ones and those of their own state first, and about half is returned. Every engine starts
from the same arrays of numbers; each task of ours starts from a fresh graph, so that nothing is at hand that a peer's
task would not have.
"""

import tempfile
from pathlib import Path

import numpy as np

from .measure import WARM, Target, compare, describe_machine, hash_file, print_table, print_targets

SEED, VERSION = 20261125, 2
SIZES = {"tiny": (60, 500), "S": (1_000, 133_000), "M": (5_000, 4_200_000), "L": (18_000, 21_500_000)}
ENGINES = ["sidedoor", "networkx", "igraph", "rustworkx", "networkit", "scipy", "numpy dense", "floor"]
# A bare matrix is no library for graphs: it is shown, and counts as a peer where a product of matrices is the way.
DENSE = "numpy dense"
# At L these need more memory or time than there is for one row of a table: see the issue.
LARGE = ["sidedoor", "igraph", "networkit", "scipy", "floor"]
TASKS = [
    "build", "reach-3", "reciprocity", "components", "k-core", "pagerank", "betweenness", "reach-2-all", "rewiring",
]  # fmt: skip
TARGETS = [
    Target("build", "best", 8), Target("build", "networkx", 500), Target("reach-3", "best", 50),
    Target("reach-3", "networkx", 500), Target("reach-3", "floor", 0.5), Target("reciprocity", "best", 5),
    Target("reach-2-all", "best", 15), Target("rewiring", "best", 30), Target("components", "best", 0.67),
    Target("pagerank", "best", 0.67), Target("betweenness", "best", 0.67), Target("k-core", "best", 0.67),
]  # fmt: skip
PACKAGES = ["numpy", "numba", "networkx", "igraph", "rustworkx", "networkit", "scipy"]


def invent_edges(nodes_n: int, edges_n: int, seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """Invent a sharing network of about that many edges: owners and readers, sorted by owner, then by reader."""
    source = np.random.default_rng([seed, VERSION, nodes_n])
    gives, reads = source.lognormal(0, 1, nodes_n), source.lognormal(0, 0.8, nodes_n)
    states = np.minimum(source.geometric(0.06, nodes_n), 50)
    returned = 0.35
    scale = edges_n / (1 + returned) / (gives.sum() * reads.sum())
    some = np.arange(0, nodes_n, max(1, nodes_n // 1000))
    for _ in range(8):  # chances beyond 1 are lost: raise the others until the sum is what was asked for
        chance = _find_chance(gives, reads, states, some, scale).sum() * nodes_n / len(some)
        scale *= edges_n / (1 + returned) / chance
    keys = []
    for rows in np.array_split(np.arange(nodes_n), max(1, nodes_n // 500)):
        is_shared = source.random((len(rows), nodes_n)) < _find_chance(gives, reads, states, rows, scale)
        at = np.argwhere(is_shared)
        owners, readers = rows[at[:, 0]], at[:, 1]
        back = source.random(len(owners)) < returned
        keys += [owners * nodes_n + readers, readers[back] * nodes_n + owners[back]]
    keys = np.unique(np.concatenate(keys))
    return (keys // nodes_n).astype(np.int32), (keys % nodes_n).astype(np.int32)


def _find_chance(gives, reads, states, rows, scale) -> np.ndarray:
    near = np.where(states[rows][:, None] == states, 4.0, 1.0)
    chance = np.minimum(0.98, scale * gives[rows][:, None] * reads * near)
    chance[np.arange(len(rows)), rows] = 0
    return chance


def write_edges(folder: Path, size: str) -> str:
    """Write the edges of one size, and say what they are."""
    nodes_n, wanted = SIZES[size]
    folder.mkdir(exist_ok=True)
    owners, readers = invent_edges(nodes_n, wanted)
    np.save(folder / "from.npy", owners)
    np.save(folder / "to.npy", readers)
    (folder / "nodes.txt").write_text(str(nodes_n))
    return (
        f"{size}: {nodes_n:,} invented agencies, {len(owners):,} edges, seed {SEED}, version {VERSION}, sha256 "
        f"{hash_file(folder / 'from.npy')[:12]} {hash_file(folder / 'to.npy')[:12]}"
    )


def measure(reps: int, size: str = "S", engines: list[str] | None = None) -> None:
    """Print the table of one size, and what became of the targets."""
    engines = engines or (LARGE if size == "L" else ENGINES)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(write_edges(folder, size))
        write_edges(folder / WARM, "tiny")
        found = compare("benchmarks.network_engines", folder, engines, TASKS, reps)
    print(describe_machine(PACKAGES))
    print(
        "results are equal; a peer that took more than 60 CPU seconds is shown as >cap; * is fewer than 5 turns"
    )
    print_table(found, engines, [*TASKS, "imports"], "floor")
    if size == "M":
        print_targets(found, [engine for engine in engines if engine != DENSE], TARGETS, "floor")
        print_targets(found, [engines[0], DENSE], [Target("reach-2-all", DENSE, 15)])
    mine = [
        (task, turns) for (engine, task), turns in found.items() if engine == engines[0] and task != "imports"
    ]
    slowest, largest = (
        max(mine, key=lambda pair: max(pair[1].wall)),
        max(mine, key=lambda pair: max(pair[1].peak)),
    )
    print(
        f"ours: the longest task took {max(slowest[1].wall):.3g} s ({slowest[0]}), "
        f"the largest {max(largest[1].peak):,.0f} MB ({largest[0]})"
    )

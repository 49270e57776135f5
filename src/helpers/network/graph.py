"""The sharing graph: who may read whose plate data, one bit for every ordered pair of agencies.

Node: an agency. Edge u -> v: v may read data of u. Sharing networks are small in nodes and dense, so the graph is held
as rows of bits: 5,000 agencies take 3 MB however many edges they have. Only agencies whose own list was released have
a known number of recipients; of all others it is unknown, which is not zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.network.bits import COMPILED_FROM, count_rows, flip_bits, list_bits, pack_edges

PLACE = "edge table"


@dataclass(frozen=True, eq=False)
class SharingGraph:
    """A directed graph without loops and without parallel edges.

    Parameters
    ----------
    names
        Agency ids, text, sorted and unique: node i is `names[i]`.
    out_bits
        Bytes, one row per node, bits packed from the highest: bit v of row u says that data of u may be read by v.
    is_reporter
        Whose own list of recipients was released.
    is_pool
        Which nodes stand for members that nobody named.
    """

    names: np.ndarray
    out_bits: np.ndarray
    is_reporter: np.ndarray
    is_pool: np.ndarray

    @cached_property
    def in_bits(self) -> np.ndarray:
        """Rows of bits the other way: bit u of row v says that data of u may be read by v."""
        return flip_bits(self.out_bits, self.edges_n >= COMPILED_FROM)

    @cached_property
    def out_degrees(self) -> np.ndarray:
        """Count the direct recipients of each node."""
        return count_rows(self.out_bits)

    @cached_property
    def in_degrees(self) -> np.ndarray:
        """Count the nodes whose data each node may read directly."""
        if "in_bits" in self.__dict__ or self.edges_n >= COMPILED_FROM:
            return count_rows(self.in_bits)
        degrees = np.zeros(self.nodes_n, np.int64)
        for start in range(0, self.nodes_n, 128):
            rows = np.unpackbits(self.out_bits[start : start + 128], axis=1, count=self.nodes_n)
            degrees += rows.sum(axis=0, dtype=np.uint8)
        return degrees

    @cached_property
    def out_lists(self) -> tuple[np.ndarray, np.ndarray]:
        """List recipients as (indptr, indices): those of node u are `indices[indptr[u]:indptr[u + 1]]`, sorted."""
        return list_bits(self.out_bits, self.out_degrees)

    @cached_property
    def in_lists(self) -> tuple[np.ndarray, np.ndarray]:
        """List the owners that each node may read, as `out_lists` does."""
        return list_bits(self.in_bits, self.in_degrees)

    @cached_property
    def edges_n(self) -> int:
        """Count the edges."""
        return int(self.out_degrees.sum())

    @property
    def nodes_n(self) -> int:
        """Count the nodes."""
        return len(self.names)

    def find_node(self, agency_id: str) -> int:
        """Find the number of a node.

        Raises
        ------
        DataError
            The graph has no such agency; the message offers the nearest.
        """
        at = int(np.searchsorted(self.names, agency_id)) if isinstance(agency_id, str) else self.nodes_n
        if at < self.nodes_n and self.names[at] == agency_id:
            return at
        import difflib

        near = difflib.get_close_matches(str(agency_id), self.names.tolist(), n=3, cutoff=0.6)
        hint = f"Did you mean {', '.join(near)}?" if near else "Names stand in the columns from_id and to_id."
        raise DataError("sharing graph", f"no agency named `{agency_id}`", hint)

    def list_edges(self) -> pd.DataFrame:
        """List the edges by name: from_id, to_id."""
        indptr, indices = self.out_lists
        owners = np.repeat(np.arange(self.nodes_n), np.diff(indptr))
        return pd.DataFrame({"from_id": self.names[owners], "to_id": self.names[indices]}, dtype="str")

    def select_nodes(self, keep: np.ndarray) -> "SharingGraph":
        """Keep some nodes, a mask over all of them, and the edges between them.

        A reporter stays one, its recipients counted among the nodes that are kept.
        """
        keep = np.asarray(keep, bool)
        parts = [
            np.packbits(np.unpackbits(self.out_bits[rows], axis=1, count=self.nodes_n)[:, keep], axis=1)
            for rows in np.array_split(np.flatnonzero(keep), max(1, self.nodes_n // 1024))
        ]
        return SharingGraph(
            self.names[keep], np.concatenate(parts), self.is_reporter[keep], self.is_pool[keep]
        )

    def drop_lists(self, reporters: Iterable[str]) -> "SharingGraph":
        """Take back some agencies' lists: their edges to recipients go, and they are no reporters any more.

        All agencies stay nodes, and what others share with those agencies stays.
        """
        at = [self.find_node(name) for name in reporters]
        bits, is_reporter = self.out_bits.copy(), self.is_reporter.copy()
        bits[at], is_reporter[at] = 0, False
        return SharingGraph(self.names, bits, is_reporter, self.is_pool)

    def to_networkx(self):
        """Give the graph as a `networkx.DiGraph`, nodes and edges sorted, with is_reporter and is_pool."""
        import networkx as nx

        graph = nx.DiGraph()
        flags = zip(self.names.tolist(), self.is_reporter.tolist(), self.is_pool.tolist(), strict=True)
        graph.add_nodes_from(
            (name, {"is_reporter": reporter, "is_pool": pool}) for name, reporter, pool in flags
        )
        edges = self.list_edges()
        graph.add_edges_from(zip(edges["from_id"], edges["to_id"], strict=True))
        return graph


def build_graph(
    edges: pd.DataFrame,
    *,
    reporters: Iterable[str] = (),
    pools: Iterable[str] = (),
    nodes: Iterable[str] = (),
) -> SharingGraph:
    """Build the graph from a table of edges.

    Parameters
    ----------
    edges
        One row per edge, in any order, with the columns from_id (whose data) and to_id (who may read them).
    reporters
        Agencies whose own list of recipients was released, so that their number of recipients is known.
    pools
        Nodes that stand for unnamed members.
    nodes
        Further agencies to hold, with or without an edge.

    Returns
    -------
    SharingGraph over all names in `edges`, `reporters`, `pools` and `nodes`.

    Raises
    ------
    DataError
        A missing name, an edge from an agency to itself, or the same edge twice; the message names the row, counted
        from 1.
    """
    for column in ("from_id", "to_id"):
        if column not in edges.columns:
            raise DataError(PLACE, f"no column {column}", "Give the columns from_id and to_id.")
    count = len(edges)
    ends = pd.concat([edges["from_id"], edges["to_id"]], ignore_index=True)
    codes, found = pd.factorize(ends)
    _check_rows(codes[:count] < 0, edges, "from_id is missing")
    _check_rows(codes[count:] < 0, edges, "to_id is missing")
    for column in ("from_id", "to_id"):
        if any(not isinstance(name, str) or not name for name in found):
            wrong = edges[column].map(lambda name: not isinstance(name, str) or not name).to_numpy(bool)
            _check_rows(wrong, edges, f"{column} is no name")
    sets = [
        _read_names(kind, given)
        for kind, given in (("reporters", reporters), ("pools", pools), ("nodes", nodes))
    ]
    names = np.array(sorted(set(found).union(*sets)), dtype=object)
    place = {name: at for at, name in enumerate(names.tolist())}
    order = np.array([place[name] for name in found], dtype=np.int32)
    coded = order[codes] if count else np.zeros(0, np.int32)
    marks = [np.fromiter((name in chosen for name in names), bool, len(names)) for chosen in sets[:2]]
    return build_coded(names, coded[:count], coded[count:], is_reporter=marks[0], is_pool=marks[1])


def build_coded(
    names: np.ndarray,
    from_codes: np.ndarray,
    to_codes: np.ndarray,
    *,
    is_reporter: np.ndarray | None = None,
    is_pool: np.ndarray | None = None,
) -> SharingGraph:
    """Build the graph from edges whose ends are already numbers of nodes.

    Parameters
    ----------
    names
        Sorted unique agency ids.
    from_codes, to_codes
        Integers, places in `names`, one of each per edge.
    is_reporter, is_pool
        Masks over the nodes; without one, no node is.

    Raises
    ------
    DataError
        A number out of range, an edge from an agency to itself, or the same edge twice.
    """
    nodes_n = len(names)
    from_codes, to_codes = np.asarray(from_codes), np.asarray(to_codes)
    bits, distinct_n = pack_edges(nodes_n, from_codes, to_codes)
    if distinct_n != len(from_codes):
        _refuse_codes(names, from_codes, to_codes)
    none = np.zeros(nodes_n, bool)
    graph = SharingGraph(
        names, bits, none if is_reporter is None else is_reporter, none.copy() if is_pool is None else is_pool
    )
    graph.__dict__["edges_n"] = distinct_n  # counted already
    return graph


def _refuse_codes(names: np.ndarray, from_codes: np.ndarray, to_codes: np.ndarray) -> None:
    """Say which edge cannot be one of the graph."""
    nodes_n = len(names)
    if any(int(codes.min()) < 0 or int(codes.max()) >= nodes_n for codes in (from_codes, to_codes)):
        raise DataError(PLACE, "a node's number is out of range", "Number the nodes as `names` lists them.")
    loops = from_codes == to_codes
    if loops.any():
        at = int(np.argmax(loops))
        found = f"`{names[from_codes[at]]}` shares with itself"
        raise DataError(f"{PLACE}, row {at + 1}", found, "Leave the row out, or correct its ends.")
    at = int(np.argmax(pd.Series(from_codes.astype(np.int64) * nodes_n + to_codes).duplicated()))
    found = f"the edge from `{names[from_codes[at]]}` to `{names[to_codes[at]]}` stands there twice"
    raise DataError(f"{PLACE}, row {at + 1}", found, "Keep one row for each pair.")


def _read_names(kind: str, given: Iterable[str]) -> set[str]:
    names = set(given)
    if any(not isinstance(name, str) or not name for name in names):
        raise DataError(kind, "a name is missing or no text", "Give agency ids.")
    return names


def _check_rows(is_wrong: np.ndarray, edges: pd.DataFrame, found: str) -> None:
    if len(edges) and is_wrong.any():
        raise DataError(
            f"{PLACE}, row {int(np.argmax(is_wrong)) + 1}", found, "Complete the row, or leave it out."
        )

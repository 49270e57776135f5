"""From sharing lists to edges: who may read whose data, by whose list, and whose lists there are at all.

A list is one agency's own statement. Two lists may state the same edge, from either end; both stand behind it. An
agency is a reporter if its own list of recipients was released: of all others the number of recipients is unknown.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import agencies
from helpers.errors import DataError
from helpers.network import access
from helpers.network.graph import SharingGraph, build_graph

KINDS = ("detections", "hot_list")
GIVEN, RECEIVED = ("detections_shared", "hot_lists_shared"), ("detections_received", "hot_lists_received")
UNNAMED_KINDS = ("pool", "unnamed")
PRIVATE_EYES = "private-eyes-edges"


@dataclass(frozen=True)
class SharingLists:
    """Edges with what stands behind them.

    Parameters
    ----------
    edges
        One row per edge, sorted: from_id, to_id, is_detections, is_hot_list (what is shared), is_from_list,
        is_to_list (whose list says so: the owner's, the reader's), as_of_first, as_of_last, rows_n, source_ids
        (joined by `, `).
    reporters
        Agencies whose own list of recipients was released, sorted: of any kind.
    pools
        Names that stand for unnamed members, sorted.
    reporters_of
        The same reporters for each kind that is shared.
    """

    edges: pd.DataFrame
    reporters: tuple[str, ...]
    pools: tuple[str, ...]
    reporters_of: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def build(self, kinds: Iterable[str] = KINDS) -> SharingGraph:
        """Build the graph of the edges by which one of these kinds is shared, all agencies kept."""
        chosen = set(kinds)
        if not chosen or chosen - set(KINDS):
            raise DataError(
                "kinds", f"{', '.join(sorted(chosen)) or 'none'}", f"Choose out of {', '.join(KINDS)}."
            )
        edges = self.edges
        is_kept = np.logical_or.reduce([edges[f"is_{kind}"].to_numpy(bool) for kind in sorted(chosen)])
        nodes = {*edges["from_id"], *edges["to_id"]}
        reporters = {name for kind in chosen for name in self.reporters_of.get(kind, self.reporters)}
        return build_graph(edges[is_kept], reporters=reporters, pools=self.pools, nodes=nodes)


def list_sharing(
    sharing: pd.DataFrame,
    *,
    by: str = "printed",
    loops: str = "refuse",
    is_latest: bool = True,
    pools: Iterable[str] | None = None,
) -> SharingLists:
    """List the edges of a canonical table `sharing`.

    Parameters
    ----------
    sharing
        From `ingest`: lists of one or several agencies.
    by
        Which name an agency goes by: `printed`, or `id` for from_agency_id and to_agency_id.
    loops
        What happens to rows by which an agency shares with itself: `refuse` them, or `leave_out`.
    is_latest
        Whether only the latest list counts where an agency's list of the same section has several dates.
    pools
        Names that stand for unnamed members; without it, names that `agencies.parse_name` reads as a pool.

    Returns
    -------
    SharingLists. Rows of the same edge become one.

    Raises
    ------
    DataError
        A missing name, or an agency that shares with itself; the message names the row, counted from 1.

    Notes
    -----
    Being listed is permission, not proof that a scan moved.
    """
    if by not in ("printed", "id") or loops not in ("refuse", "leave_out"):
        raise DataError("list_sharing", f"by={by!r}, loops={loops!r}", "Read its parameters.")
    suffix = "agency_as_printed" if by == "printed" else "agency_id"
    rows = pd.DataFrame(
        {
            "from_id": sharing[f"from_{suffix}"], "to_id": sharing[f"to_{suffix}"], "shares": sharing["shares"],
            "section": sharing["section"].fillna(""), "as_of": sharing["as_of"].fillna(""),
            "source_id": sharing["source_id"].fillna(""), "reported_by": sharing["reported_by"],
            "printed": sharing["from_agency_as_printed"], "printed_to": sharing["to_agency_as_printed"],
        }
    ).reset_index(drop=True)  # fmt: skip
    for column, words in (("from_id", "the owner has no name"), ("to_id", "the reader has no name")):
        _refuse(rows[column].isna() | (rows[column] == ""), words, "Name it, or leave the row out.")
    _refuse(~rows["shares"].isin(KINDS), f"shares is none of {', '.join(KINDS)}", "Say what is shared.")
    is_loop = rows["from_id"] == rows["to_id"]
    if loops == "refuse":
        _refuse(is_loop, "an agency shares with itself", "Leave such rows out with `loops='leave_out'`.")
    # Whose list a row stands in: that of its owner, of its reader, or of a third.
    is_given = rows["section"].isin(GIVEN) | (
        rows["section"].eq("") & rows["reported_by"].eq(rows["printed"])
    )
    is_received = rows["section"].isin(RECEIVED) | (
        rows["section"].eq("") & rows["reported_by"].eq(rows["printed_to"])
    )
    rows = rows.assign(is_from_list=is_given, is_to_list=is_received & ~is_given)
    if is_latest:
        list_of = [rows["reported_by"].fillna(""), rows["section"], rows["shares"]]
        rows = rows[rows["as_of"] == rows.groupby(list_of)["as_of"].transform("max")]
    own = rows[rows["is_from_list"]]
    reporters_of = {kind: tuple(sorted(set(own.loc[own["shares"] == kind, "from_id"]))) for kind in KINDS}
    rows = rows[rows["from_id"] != rows["to_id"]]
    if pools is None:
        printed = pd.concat([rows["printed"], rows["printed_to"]])
        ids = pd.concat([rows["from_id"], rows["to_id"]])
        pools = find_pools(pd.Series(printed.to_numpy(), index=ids.to_numpy()).groupby(level=0).first())
    kinds = {f"is_{kind}": rows["shares"] == kind for kind in KINDS}
    edges, reporters = _join_rows(rows.assign(**kinds)), tuple(sorted(set(own["from_id"])))
    return SharingLists(edges, reporters, tuple(sorted(set(pools))), reporters_of)


def list_paths(
    paths: pd.DataFrame, known: pd.DataFrame, standings: Iterable[str] = access.WAYS
) -> SharingLists:
    """List the edges of the documented paths, whatever flows.

    Parameters
    ----------
    paths, known
        The tables `access_paths` and `agencies`.
    standings
        Which standings count, as in `access.build_network`.

    Returns
    -------
    SharingLists without reporters: sources name paths, none is an agency's whole list. Search results and commercial
    scans count as detections.
    """
    access.check_paths(paths, known)
    rows = paths[paths["standing"].isin(list(standings))]
    rows = rows.assign(
        is_detections=rows["flows"] != "hot_list", is_hot_list=rows["flows"] == "hot_list", is_from_list=False,
        is_to_list=False, as_of=rows["as_of"].fillna(""),
    )  # fmt: skip
    ends = {*rows["from_id"], *rows["to_id"]}
    pools = known.loc[known["kind"].isin(UNNAMED_KINDS) & known["agency_id"].isin(ends), "agency_id"]
    return SharingLists(_join_rows(rows), (), tuple(sorted(pools)))


def build_sharing(sharing: pd.DataFrame, **choices) -> SharingGraph:
    """Build the graph of a canonical table `sharing`; choices as in `list_sharing`."""
    return list_sharing(sharing, **choices).build()


def read_sharing(path: str | Path, options=None) -> pd.DataFrame:
    """Read a file of any known form into a canonical table `sharing`.

    Raises
    ------
    IngestError, DataError
        The file cannot be read, or holds no sharing list.
    """
    from sidedoor.ingest.files import read_source
    from sidedoor.ingest.source import open_source

    reading = read_source(open_source(Path(path)), options)
    if "sharing" not in reading.tables:
        found = f"it holds {', '.join(reading.tables) or 'no table'}, no sharing list"
        raise DataError(Path(path).name, found, "Give an edge list, a sharing report, or a portal's list.")
    return reading.tables["sharing"]


def find_pools(printed: pd.Series) -> list[str]:
    """Find the names that `agencies.parse_name` reads as a pool; `printed` holds them by agency id."""
    return [str(agency) for agency, name in printed.items() if agencies.parse_name(name).kind == "pool"]


def find_states(printed: pd.Series) -> pd.Series:
    """Find the state in each name; empty where the name gives none. `printed` holds names by agency id."""
    states = [agencies.parse_name(name).state for name in printed]
    return pd.Series(states, index=printed.index, dtype="str", name="state")


def _join_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Make one row of all rows of an edge."""
    flags = ["is_detections", "is_hot_list", "is_from_list", "is_to_list"]
    columns = ["from_id", "to_id", *flags, "as_of_first", "as_of_last", "rows_n", "source_ids"]
    rows = rows.assign(
        as_of_first=rows["as_of"], as_of_last=rows["as_of"], rows_n=1, source_ids=rows["source_id"]
    )
    rows = rows[columns].sort_values(["from_id", "to_id"], kind="stable")
    is_shared = rows.duplicated(["from_id", "to_id"], keep=False)
    parts = [rows[~is_shared]]
    if is_shared.any():  # few edges stand in two lists
        grouped = rows[is_shared].groupby(["from_id", "to_id"], as_index=False, sort=True)
        told = {flag: (flag, "any") for flag in flags}
        ends = {
            "as_of_first": ("as_of_first", "min"),
            "as_of_last": ("as_of_last", "max"),
            "rows_n": ("rows_n", "sum"),
        }
        sources = ("source_ids", lambda ids: ", ".join(sorted(set(ids))))
        parts.append(grouped.agg(**told, **ends, source_ids=sources))
    joined = pd.concat(parts)[columns].sort_values(["from_id", "to_id"], ignore_index=True)
    return joined.astype({"from_id": "str", "to_id": "str", "as_of_first": "str", "as_of_last": "str"})


def _refuse(is_wrong: pd.Series, found: str, way_out: str) -> None:
    if is_wrong.any():
        raise DataError(f"table sharing, row {int(np.argmax(is_wrong.to_numpy())) + 1}", found, way_out)

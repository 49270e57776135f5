"""Make a networkx graph of sharing lists, and write it for other programs."""

import re

import networkx as nx
import numpy as np
import pandas as pd

from helpers import paths
from helpers.export import write_csv
from helpers.network.load import FEDERAL, RECEIVED, SHARED, SharingData

# Characters that a name in a record may hold and XML may not.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def build_graph(data: SharingData, date: str = "") -> nx.DiGraph:
    """Return who can search whose plate data, by the latest list of each agency, system and section.

    Parameters
    ----------
    date
        Leave out lists that are later: YYYY, YYYY-MM or YYYY-MM-DD.

    Returns
    -------
    DiGraph. Edge u -> v: v can search data of u; with sections, dates and sources of the lists that say so,
    joined by `, `. Node: agency_id, with name, kind, state (`federal` for accounts of federal agencies,
    empty where unknown), is_reporter (its complete list of recipients is here) and is_receiver (its complete
    list of senders is here). An absent edge of an agency that did not report is unknown, not absent.
    Accounts marked as inactive have no edge: they cannot search.
    """
    lists = data.list_latest(date)
    whole = lists[lists["is_whole"].astype(bool)]
    reporters = set(whole.loc[whole["section"] == SHARED, "reported_by"])
    receivers = set(whole.loc[whole["section"] == RECEIVED, "reported_by"])
    rows = data.select_latest(date)
    rows = rows[~rows["is_inactive"] & (rows["from_id"] != rows["to_id"])]
    edges = _join_rows(rows)
    about = data.agencies.fillna("").to_dict("index")
    graph = nx.DiGraph()
    for agency in sorted({*edges["from_id"], *edges["to_id"], *reporters, *receivers}):
        flags = {"is_reporter": agency in reporters, "is_receiver": agency in receivers}
        graph.add_node(agency, **about[agency], **flags)
    marks = edges[["sections", "dates", "sources"]].to_dict("records")
    graph.add_edges_from(zip(edges["from_id"], edges["to_id"], marks, strict=True))
    return graph


def _join_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Make one row of all rows of an edge, sorted by its ends."""
    ends = ["from_id", "to_id"]
    columns = {"section": "sections", "as_of": "dates", "source_id": "sources"}
    rows = rows[[*ends, *columns]].fillna("").rename(columns=columns).drop_duplicates()
    is_shared = rows.duplicated(ends, keep=False)
    joined = rows[is_shared].groupby(ends, as_index=False).agg(lambda texts: ", ".join(sorted(set(texts))))
    return pd.concat([rows[~is_shared], joined]).sort_values(ends, ignore_index=True)


def select_reporters(graph: nx.DiGraph) -> nx.DiGraph:
    """Return the part of a graph between agencies whose complete lists of recipients are here."""
    return graph.subgraph([agency for agency, is_it in graph.nodes(data="is_reporter") if is_it])


def list_matrix(graph: nx.DiGraph) -> pd.DataFrame:
    """Return which reporter's list names which agency: bool, one row for each reporter."""
    reporters = sorted(select_reporters(graph))
    named = sorted({agency for reporter in reporters for agency in graph.successors(reporter)})
    place = {agency: at for at, agency in enumerate(named)}
    matrix = np.zeros((len(reporters), len(named)), dtype=bool)
    for row, reporter in enumerate(reporters):
        matrix[row, [place[agency] for agency in graph.successors(reporter)]] = True
    return pd.DataFrame(matrix, index=reporters, columns=named)


def save_network(graph: nx.DiGraph, stem: str) -> list[str]:
    """Write a graph into the folder of the figures; return the names of the files, which begin with `stem`.

    As CSV with the headers that Gephi expects (Source and Target; Id and Label), GraphML and GEXF.
    """
    folder = paths.find_figure_folder()
    folder.mkdir(parents=True, exist_ok=True)
    clean = nx.DiGraph()
    for agency, about in graph.nodes(data=True):
        clean.add_node(_fit(agency), **{"label" if key == "name" else key: _fit(about[key]) for key in about})
    for owner, reader, about in graph.edges(data=True):
        clean.add_edge(_fit(owner), _fit(reader), **{key: _fit(value) for key, value in about.items()})
    nx.write_graphml(clean, folder / f"{stem}.graphml", named_key_ids=True)
    text = "\n".join(nx.generate_gexf(clean))
    text = re.sub(r'lastmodifieddate="[^"]*"|<creator>[^<]*</creator>', "", text)  # the same bytes each day
    (folder / f"{stem}.gexf").write_text(text + "\n", encoding="utf-8", newline="\n")
    edges = nx.to_pandas_edgelist(clean, "Source", "Target")
    # networkx collects the columns in a set, whose order differs from run to run
    edges = edges[["Source", "Target", *sorted(edges.columns.drop(["Source", "Target"]))]]
    nodes = pd.DataFrame.from_dict(dict(clean.nodes(data=True)), orient="index").rename_axis("Id")
    write_csv(edges, folder / f"{stem}-edges.csv")
    write_csv(nodes.rename(columns={"label": "Label"}).reset_index(), folder / f"{stem}-nodes.csv")
    return [f"{stem}{end}" for end in ("-edges.csv", "-nodes.csv", ".graphml", ".gexf")]


def _fit(value):
    return _UNFIT.sub("\ufffd", value) if isinstance(value, str) else value


def name_regions(states: pd.Series, home: str) -> pd.Series:
    """Return where accounts are: `federal`, `in the state`, `another state` or `unknown`.

    Parameters
    ----------
    states
        Postal codes, `federal`, or missing.
    home
        Postal code of the state of the agency whose list it is; if empty, no account counts as in the state.
    """
    known = states.fillna("")
    found = np.where(known == home, "in the state", "another state") if home else "unknown"
    found = np.where(known == "", "unknown", found)
    return pd.Series(np.where(known == FEDERAL, "federal", found), index=states.index, dtype="str")

"""The released sharing lists: who shares with whom, to filter, compare, read and download."""

import json
import re
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pandas as pd

from helpers.export import write_csv
from helpers.facts.tables import load_table
from helpers.wording import say_number
from sidedoor.publish.site._html import (
    build_table,
    link,
    link_sources,
    offer,
    show,
    show_date,
    show_name,
    write_page,
)

SECTIONS = {
    "detections_shared": "agencies that can search its data",
    "detections_received": "agencies that share their data with it",
    "hot_lists_shared": "hot lists that it gives to others",
    "hot_lists_received": "hot lists that it gets",
}
# The same in a few words, after "only".
_COMPLETE = {
    "detections_shared": "who can search its data",
    "detections_received": "who shares with it",
    "hot_lists_shared": "hot lists given",
    "hot_lists_received": "hot lists received",
}
DETECTIONS = ["detections_shared", "detections_received"]
NAMES_FILE = "data/sharing-names.js"
_STEM = "data/sharing-network"
_HEAD = "Agency that released it|Date|System|Can search its data|Share with it|Complete|Source".split("|")
_CHANGES = "Agency|List of|Dates|Names then|Names now|On both|Left|New|Compare".split("|")


def load_lists(facts: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sections of the sharing lists, and one row per name on them.

    Returns
    -------
    Two DataFrames: the columns of `lists` and reporter (the name of the agency); the columns of
    `sharing_lists` and of the first, name (corrected where a scan was misread) and key (the same for the same
    agency on two lists).
    """
    called = load_table("agencies", facts).set_index("agency_id")["name"]
    lists = load_table("lists", facts)
    lists["reporter"] = lists["reported_by"].map(called).fillna(lists["reported_by"])
    about = lists.rename(columns={"page": "list_page", "note": "list_note"})
    names = load_table("sharing_lists", facts).merge(about, on=["list_id", "section"], how="left")
    names["name"] = names["name_corrected"].fillna(names["name_as_printed"]).str.removeprefix("Inactive ")
    names["key"] = names["agency_id"].fillna(names["name"].str.casefold())
    return lists.sort_values(["reporter", "as_of", "list_id"], kind="stable"), names


def show_lists(facts: Path, cited: dict[str, str], extra: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the blocks of the page of sharing lists, and one page for each list by its name.

    The downloads and the data that the page filters are written to `extra`.
    """
    lists, names = load_lists(facts)
    (extra / NAMES_FILE).write_text(_pack_names(lists, names), encoding="utf-8")
    edges = _write_network(names, extra)
    rows, pages = [], {}
    for list_id, parts in lists.groupby("list_id", sort=False):
        first, counts = parts.iloc[0], parts.set_index("section")["names_n"]
        about = [link(f"list-{list_id}.html", show_name(first["reporter"])), show_date(first["as_of"])]
        shown = [_show_count(counts.get(section)) for section in DETECTIONS]
        sources = link_sources(parts["source_id"].unique(), cited)
        rows.append([*about, show(first["system"]), *shown, _show_complete(parts), sources])
        pages[f"list-{list_id}"] = _write_list(parts, names[names["list_id"] == list_id], cited)
    caption = say_number(len(rows), "released list")
    files = " · ".join(offer(f"{_STEM}{end}") for end in ("-edges.csv", "-nodes.csv", ".graphml", ".gexf"))
    blocks = {
        "lists": build_table(_HEAD, rows, caption=caption, sortable=True, numbers={3, 4}),
        "filter": '<div class="list-filter"></div>',
        "compare": '<div class="list-compare"></div>',
        "changes": _show_changes(names, lists),
        "downloads": f'<p class="downloads">{say_number(edges, "pair")}: {files}</p>',
    }
    return blocks, pages


def _show_count(count) -> str:
    return "not published" if pd.isna(count) else f"{int(count):,}"


def _show_complete(parts: pd.DataFrame) -> str:
    """Return whether a list is complete, or which of its sections are."""
    is_whole = parts["is_whole"].astype(bool)
    if is_whole.all():
        return "yes"
    whole = [_COMPLETE[section] for section in parts.loc[is_whole, "section"]]
    return f"only {' and '.join(whole)}" if whole else "no"


def _write_list(parts: pd.DataFrame, names: pd.DataFrame, cited: dict[str, str]) -> str:
    """Return the page of one list: every name on it, by section."""
    first = parts.iloc[0]
    date = show_date(first["as_of"])
    content = [f"<p>{show(first['system'])}, {date}. {link('sharing.html', 'All sharing lists')}.</p>"]
    for part in parts.itertuples():
        own = names[names["section"] == part.section].sort_values("row_no")
        source = f"Source: {link_sources([part.source_id], cited)}. {show(part.note)}"
        title = SECTIONS[part.section].capitalize()
        columns = {
            "Name": [_link_name(*pair) for pair in zip(own["name"], own["agency_id"], strict=True)],
            "State": own["state"].map(show),
            "Hot list": own["hot_list"].map(show),
            "Account": ["inactive" if is_inactive is True else "" for is_inactive in own["is_inactive"]],
            "Page": own["page"].map(show),
        }
        filled = {name: cells for name, cells in columns.items() if any(cells)}
        rows = [list(cells) for cells in zip(*filled.values(), strict=True)]
        table = build_table(list(filled), rows, caption=title, sortable=True) if rows else ""
        content += [f"## {title}", f"<p>{_show_count(part.names_n)}. {source}</p>", table]
    return ":orphan:\n\n" + write_page(f"Sharing list of {first['reporter']}, {date}", *content)


def _link_name(name: str, agency_id: object) -> str:
    shown = show_name(name)
    return link(f"agencies.html#{agency_id}", shown) if isinstance(agency_id, str) else shown


def _show_changes(names: pd.DataFrame, lists: pd.DataFrame) -> str:
    """Return, for each agency with two complete lists of a kind, how many names left and how many came."""
    whole = lists[lists["is_whole"].astype(bool) & lists["section"].isin(DETECTIONS) & (lists["names_n"] > 0)]
    keys = names.groupby(["list_id", "section"])["key"].agg(set)
    rows = []
    for (reporter, section, _), group in whole.groupby(["reporter", "section", "system"], sort=True):
        for then, now in pairwise(group.sort_values("as_of").itertuples()):
            before, after = (keys.get((one.list_id, section), set()) for one in (then, now))
            dates = f"{show_date(then.as_of)} to {show_date(now.as_of)}"
            sets = (before, after, before & after, before - after, after - before)
            query = f"first={then.list_id}.{section}&second={now.list_id}.{section}"
            place = link(f"sharing.html?{query}#compare-two-lists", "names")
            counts = [f"{len(one):,}" for one in sets]
            rows.append([show_name(reporter), show(SECTIONS[section]), dates, *counts, place])
    caption = "Then and now, by name; a name counts once"
    return build_table(_CHANGES, rows, caption=caption, numbers=range(3, 8)) if rows else ""


def _pack_names(lists: pd.DataFrame, names: pd.DataFrame) -> str:
    """Return the names as a script that the page of sharing lists loads, from files as well."""
    shown = lists[lists["names_n"].fillna(0) > 0]
    places = {pair: at for at, pair in enumerate(zip(shown["list_id"], shown["section"], strict=True))}
    told = shown.assign(title=shown["section"].map(SECTIONS), as_of=shown["as_of"].fillna(""))
    named = names.assign(place=list(map(places.get, zip(names["list_id"], names["section"], strict=True))))
    named = named.dropna(subset="place").astype({"place": int}).fillna({"state": ""})
    columns = ["list_id", "section", "reporter", "as_of", "title", "system"]
    packed = {
        "lists": told[columns].to_numpy().tolist(),
        "names": named[["place", "name", "state", "key"]].to_numpy().tolist(),
    }
    return "window.sidedoorLists = " + json.dumps(packed, ensure_ascii=True, separators=(",", ":")) + ";\n"


def _write_network(names: pd.DataFrame, extra: Path) -> int:
    """Write who shares with whom as CSV, GraphML and GEXF; return how many pairs there are."""
    is_active = ~names["is_inactive"].fillna(False).astype(bool)
    shared = names[names["section"].isin(DETECTIONS) & is_active]
    is_given = shared["section"] == "detections_shared"
    columns = {
        "Source": shared["reported_by"].where(is_given, shared["key"]),
        "Target": shared["key"].where(is_given, shared["reported_by"]),
        "Label": shared["list_id"],
        "Date": shared["as_of"].fillna(""),
    }
    edges = pd.DataFrame(columns).drop_duplicates(ignore_index=True)
    edges.insert(2, "Id", [f"e{number}" for number in range(1, len(edges) + 1)])
    others = shared[["key", "name", "state"]].set_axis(["Id", "Label", "State"], axis=1)
    owners = shared[["reported_by", "reporter"]].set_axis(["Id", "Label"], axis=1)
    ends = pd.concat([others, owners]).fillna("")
    nodes = ends.groupby("Id", sort=True).agg({"Label": "first", "State": "max"}).reset_index()
    write_csv(edges, extra / f"{_STEM}-edges.csv")
    write_csv(nodes, extra / f"{_STEM}-nodes.csv")
    graph = nx.MultiDiGraph()
    for row in nodes.itertuples():
        graph.add_node(row.Id, label=row.Label, state=row.State)
    for row in edges.itertuples():
        graph.add_edge(row.Source, row.Target, row.Id, list=row.Label, date=row.Date)
    nx.write_graphml(graph, extra / f"{_STEM}.graphml")
    path = extra / f"{_STEM}.gexf"
    nx.write_gexf(graph, path)
    # The day of the build is no part of the network.
    undated = re.sub(r'<meta lastmodifieddate="[^"]*">', "<meta>", path.read_text("utf-8"))
    path.write_text(undated, encoding="utf-8")
    return len(edges)

"""The released sharing lists: who shares with whom, to filter, compare, read and download."""

import json
import re
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
NAMES_FILE = "data/sharing-names.js"
_STEM = "data/sharing-network"


def load_names(facts: Path) -> pd.DataFrame:
    """Return one row per name on a sharing list, with the list's date, source and reporter.

    Returns
    -------
    DataFrame: the columns of `sharing_lists` and `lists`, name (corrected where a scan was misread), key
    (the same for the same agency on two lists) and reporter (its name).
    """
    called = load_table("agencies", facts).set_index("agency_id")["name"]
    lists = load_table("lists", facts).rename(columns={"page": "list_page", "note": "list_note"})
    names = load_table("sharing_lists", facts).merge(lists, on=["list_id", "section"], how="left")
    names["name"] = names["name_corrected"].fillna(names["name_as_printed"]).str.removeprefix("Inactive ")
    names["key"] = names["agency_id"].fillna(names["name"].str.casefold())
    names["reporter"] = names["reported_by"].map(called).fillna(names["reported_by"])
    return names


def show_lists(facts: Path, cited: dict[str, str], extra: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the blocks of the page of sharing lists, and one page for each list by its name.

    The downloads and the data that the page filters are written to `extra`.
    """
    names = load_names(facts)
    lists = load_table("lists", facts)
    called = load_table("agencies", facts).set_index("agency_id")["name"]
    lists = lists.assign(reporter=lists["reported_by"].map(called).fillna(lists["reported_by"]))
    lists = lists.sort_values(["reporter", "as_of", "list_id"], kind="stable")
    (extra / NAMES_FILE).write_text(_pack_names(lists, names), encoding="utf-8")
    edges = _write_network(names, extra)
    rows = []
    for list_id, parts in lists.groupby("list_id", sort=False):
        first = parts.iloc[0]
        counts = parts.set_index("section")["names_n"]
        rows.append(
            [
                link(f"list-{list_id}.html", show_name(first["reporter"])),
                show_date(first["as_of"]),
                show(first["system"]),
                *(_show_count(counts.get(section)) for section in list(SECTIONS)[:2]),
                "yes" if parts["is_whole"].astype(bool).all() else "in part",
                link_sources(parts["source_id"].unique(), cited),
            ]
        )
    head = [
        "Agency that released it",
        "Date",
        "System",
        "Can search its data",
        "Share with it",
        "Complete",
        "Source",
    ]
    downloads = " · ".join(
        offer(f"{_STEM}{end}") for end in ("-edges.csv", "-nodes.csv", ".graphml", ".gexf")
    )
    blocks = {
        "lists": build_table(
            head, rows, caption=f"{say_number(len(rows), 'released list')}", sortable=True, numbers={3, 4}
        ),
        "filter": '<div class="list-filter"></div>',
        "compare": '<div class="list-compare"></div>',
        "changes": _show_changes(names, lists),
        "downloads": f'<p class="downloads">{say_number(edges, "pair")}: {downloads}</p>',
    }
    pages = {
        f"list-{list_id}": _write_list(list_id, parts, names[names["list_id"] == list_id], cited)
        for list_id, parts in lists.groupby("list_id", sort=False)
    }
    return blocks, pages


def _show_count(count) -> str:
    return "not published" if pd.isna(count) else f"{int(count):,}"


def _write_list(list_id: str, parts: pd.DataFrame, names: pd.DataFrame, cited: dict[str, str]) -> str:
    """Return the page of one list: every name on it, by section."""
    first = parts.iloc[0]
    back = link("sharing.html", "All sharing lists")
    about = f"<p>{show(first['system'])}, {show_date(first['as_of'])}. {back}.</p>"
    content = []
    for part in parts.itertuples():
        own = names[names["section"] == part.section].sort_values("row_no")
        source = f"Source: {link_sources([part.source_id], cited)}. {show(part.note)}"
        source = f"<p>{_show_count(part.names_n)}. {source}</p>"
        title = SECTIONS[part.section]
        columns = {
            "Name": [_link_name(*pair) for pair in zip(own["name"], own["agency_id"], strict=True)],
            "State": own["state"].map(show),
            "Hot list": own["hot_list"].map(show),
            "Account": ["inactive" if is_inactive is True else "" for is_inactive in own["is_inactive"]],
            "Page": own["page"].map(show),
        }
        filled = {name: cells for name, cells in columns.items() if any(cells)}
        rows = [list(cells) for cells in zip(*filled.values(), strict=True)]
        table = build_table(list(filled), rows, caption=title.capitalize(), sortable=True) if rows else ""
        content += [f"## {title.capitalize()}", source, table]
    return ":orphan:\n\n" + write_page(
        f"Sharing list of {first['reporter']}, {show_date(first['as_of'])}", about, *content
    )


def _link_name(name: str, agency_id: object) -> str:
    shown = show_name(name)
    return link(f"agencies.html#{agency_id}", shown) if isinstance(agency_id, str) else shown


def _show_changes(names: pd.DataFrame, lists: pd.DataFrame) -> str:
    """Return, for each agency with two complete lists of a kind, how many names left and how many came."""
    whole = lists[
        lists["is_whole"].astype(bool) & lists["section"].isin(list(SECTIONS)[:2]) & (lists["names_n"] > 0)
    ]
    rows = []
    for (reporter, section, _), group in whole.groupby(["reporter", "section", "system"], sort=True):
        group = group.sort_values("as_of")
        for then, now in zip(group.itertuples(), group.iloc[1:].itertuples(), strict=False):
            sets = [
                set(names.loc[(names["list_id"] == one.list_id) & (names["section"] == section), "key"])
                for one in (then, now)
            ]
            before, after = sets
            rows.append(
                [
                    show_name(reporter),
                    show(SECTIONS[section]),
                    f"{show_date(then.as_of)} to {show_date(now.as_of)}",
                    *(
                        f"{count:,}"
                        for count in (
                            len(before),
                            len(after),
                            len(before & after),
                            len(before - after),
                            len(after - before),
                        )
                    ),
                    link(
                        f"sharing.html?first={then.list_id}.{section}&second={now.list_id}.{section}#compare-two-lists",
                        "names",
                    ),
                ]
            )
    if not rows:
        return ""
    head = ["Agency", "List of", "Dates", "Names then", "Names now", "On both", "Left", "New", "Compare"]
    return build_table(head, rows, caption="Then and now, by name; a name counts once", numbers=range(3, 8))


def _pack_names(lists: pd.DataFrame, names: pd.DataFrame) -> str:
    """Return the names as a script that the page of sharing lists loads, from files as well."""
    shown = lists[lists["names_n"].fillna(0) > 0]
    places = {pair: at for at, pair in enumerate(zip(shown["list_id"], shown["section"], strict=True))}
    packed = {
        "lists": [
            [
                row.list_id,
                row.section,
                row.reporter,
                row.as_of if isinstance(row.as_of, str) else "",
                SECTIONS[row.section],
                row.system,
            ]
            for row in shown.itertuples()
        ],
        "names": [
            [
                places[row.list_id, row.section],
                row.name_,
                row.state if isinstance(row.state, str) else "",
                row.key,
            ]
            for row in names.rename(columns={"name": "name_"}).itertuples()
            if (row.list_id, row.section) in places
        ],
    }
    return "window.sidedoorLists = " + json.dumps(packed, ensure_ascii=True, separators=(",", ":")) + ";\n"


def _write_network(names: pd.DataFrame, extra: Path) -> int:
    """Write who shares with whom as CSV, GraphML and GEXF; return how many pairs there are."""
    shared = names[
        names["section"].isin(list(SECTIONS)[:2]) & ~names["is_inactive"].fillna(False).astype(bool)
    ]
    is_given = shared["section"] == "detections_shared"
    edges = pd.DataFrame(
        {
            "Source": shared["reported_by"].where(is_given, shared["key"]),
            "Target": shared["key"].where(is_given, shared["reported_by"]),
            "Label": shared["list_id"],
            "Date": shared["as_of"].fillna(""),
        }
    ).drop_duplicates(ignore_index=True)
    edges.insert(2, "Id", [f"e{number}" for number in range(1, len(edges) + 1)])
    ends = pd.concat(
        [
            shared[["key", "name", "state"]].set_axis(["Id", "Label", "State"], axis=1),
            shared[["reported_by", "reporter"]].set_axis(["Id", "Label"], axis=1),
        ]
    )
    nodes = ends.fillna("").groupby("Id", sort=True).agg({"Label": "first", "State": "max"}).reset_index()
    write_csv(edges, extra / f"{_STEM}-edges.csv")
    write_csv(nodes, extra / f"{_STEM}-nodes.csv")
    graph = nx.MultiDiGraph()
    graph.add_nodes_from((row.Id, {"label": row.Label, "state": row.State}) for row in nodes.itertuples())
    graph.add_edges_from(
        (row.Source, row.Target, row.Id, {"list": row.Label, "date": row.Date}) for row in edges.itertuples()
    )
    nx.write_graphml(graph, extra / f"{_STEM}.graphml")
    nx.write_gexf(graph, extra / f"{_STEM}.gexf")
    # The day of the build is no part of the network.
    path = extra / f"{_STEM}.gexf"
    path.write_text(
        re.sub(r'<meta lastmodifieddate="[^"]*">', "<meta>", path.read_text("utf-8")), encoding="utf-8"
    )
    return len(edges)

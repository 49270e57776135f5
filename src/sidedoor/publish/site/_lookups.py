"""What a reader looks up: agencies with their dated statements, and sharing lists to filter and compare."""

import json
import re
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pandas as pd
from us import states

from helpers.agencies import looks_like_agency
from helpers.canonical import SECTIONS
from helpers.export import write_csv
from helpers.facts.agencies import HEADERS, PHRASES, build_agency_table
from helpers.facts.tables import load_table
from helpers.wording import say_number
from sidedoor.publish.site._html import (
    build_table,
    link,
    link_sources,
    list_items,
    offer,
    show,
    show_date,
    show_name,
    write_page,
)

AGENCIES_FILE = "data/agency-table.csv"
NAMES_FILE = "data/sharing-names.js"
_STEM = "data/sharing-network"
_READ_AS = {"press_excerpt": "only the opening was read", "derived": "computed"}
# Columns of the table of agencies on the page; the download has all.
_SHOWN = ("kind", "state", "on_ice_list", "reply", "status", "status_on", "lists_n")
_LISTED = {
    "yes": "named on ICE's list, and confirming it",
    "reported": "named on the list",
    "denied": "named on the list, and denying it",
}
DETECTIONS = ["detections_shared", "detections_received"]
# What a section of a list is; the same after "only"; what an agency on it does.
TITLES = {
    "detections_shared": "agencies that can search its data",
    "detections_received": "agencies that share their data with it",
    "hot_lists_shared": "hot lists that it gives to others",
    "hot_lists_received": "hot lists that it gets",
}
_COMPLETE = dict(
    zip(TITLES, ["who can search its data", "who shares with it", "hot lists given", "hot lists received"])
)
_ROLES = {"detections_shared": "may search its data", "detections_received": "shares data with it"}
_SAYS = ("can search its data", "shares data with it", "gets its hot lists", "sends it hot lists")
_NO_AGENCY = "(not an agency's name)"


def show_agencies(facts: Path, cited: dict[str, str], extra: Path) -> dict[str, str]:
    """Return the blocks of the page of agencies, and write its table as a download."""
    table = build_agency_table(facts)
    # federal agencies, which have no state, come last
    table = table.sort_values("state", key=lambda states: states.eq(""), kind="stable")
    table["on_ice_list"] = table["on_ice_list"].replace("not named", "")
    write_csv(table.rename(columns=HEADERS)[list(HEADERS.values())], extra / AGENCIES_FILE)
    heads = {column: HEADERS[column][0].upper() + HEADERS[column][1:] for column in ("name", *_SHOWN)}
    rows = []
    for row in table.to_dict("records"):
        name = link(f"#{row['agency_id']}", show_name(row["name"]))
        rows.append({heads["name"]: name} | {heads[column]: show(row[column] or "") for column in _SHOWN})
    claims, names = load_table("sharing_claims", facts), load_lists(facts)[1]
    called = dict(zip(table["agency_id"], table["name"], strict=True))
    parts, index = [], []
    for (_, state), group in table.assign(last=table["state"] == "").groupby(["last", "state"], sort=True):
        title, anchor = _name_state(state), f"state-{state.lower() or 'federal-and-other'}"
        index.append(f"{link(f'#{anchor}', show(title))} ({len(group)})")
        parts.append(f'<h2 id="{anchor}">{show(title)}</h2><p>{_sum_up(group)}</p>')
        for agency, name in zip(group["agency_id"], group["name"], strict=True):
            said = claims[claims["agency_id"] == agency].sort_values("as_of", na_position="first")
            text = list_items(_show_statement(claim, cited) for claim in said.itertuples())
            text += _list_memberships(names[names["agency_id"] == agency], called)
            text = text or "<p>Named in the fact tables without a statement on sharing.</p>"
            parts.append(f'<h3 id="{show(agency)}">{show_name(name)}</h3>{text}')
    caption = f"{say_number(len(table), 'agency', 'agencies')} in the fact tables"
    sets = {"numbers": [heads["lists_n"]], "choices": [heads["kind"], heads["state"], heads["on_ice_list"]]}
    shown = build_table(rows, caption, sortable=True, **sets)
    return {
        "table": f'{shown}<p class="downloads">Download: {offer(AGENCIES_FILE, len(table))}</p>',
        "states": f"<p>{' · '.join(index)}</p>",
        "statements": "\n".join(parts),
    }


def _name_state(state: str) -> str:
    found = states.lookup(state) if state else None
    return found.name if found else state or "Federal agencies and others without a state"


def _sum_up(group: pd.DataFrame) -> str:
    counts = group["on_ice_list"].value_counts()
    said = [f"{counts[word]} {text}" for word, text in _LISTED.items() if counts.get(word)]
    return f"{say_number(len(group), 'agency', 'agencies')} here" + (f": {', '.join(said)}." if said else ".")


def _show_statement(claim, cited: dict[str, str]) -> str:
    pages = {claim.source_id: [claim.page]} if isinstance(claim.page, str) else None
    about = link_sources([claim.source_id], cited, pages)
    about += f"; {_READ_AS[claim.read_as]}" if claim.read_as in _READ_AS else ""
    said = f"{show_date(claim.as_of) or 'Undated'}: {show(PHRASES[claim.status])}."
    return f"<strong>{said}</strong> {show(claim.statement)} ({about})"


def _list_memberships(names: pd.DataFrame, called: dict[str, str]) -> str:
    """Return on which sharing lists an agency is, newest first, behind their number."""
    items = []
    for (day, list_id, by), group in names.groupby(["as_of", "list_id", "reported_by"], sort=True):
        roles = [_ROLES[section] for section in _ROLES if section in set(group["section"])]
        place = link(f"list-{list_id}.html", f"list of {show_name(called.get(by, by))}")
        items.append(f"{place}, {show_date(day)}: {' and '.join(roles) or 'exchanges hot lists with it'}")
    title = f"On {say_number(len(items), 'sharing list')}"
    return f"<details><summary>{title}</summary>{list_items(items[::-1])}</details>" if items else ""


def show_own_agencies(folder: Path, records: list[dict], extra: Path) -> dict[str, str]:
    """Return the blocks of the page of agencies for an edition's own records: who is on its sharing lists.

    Parameters
    ----------
    folder
        `runs/<edition>/records`.
    records
        Of the edition's manifest.
    extra
        Folder whose content is copied into the site.
    """
    files = [folder / record["name"] / "sharing.parquet" for record in records]
    parts = [pd.read_parquet(file) for file in files if file.is_file()]
    if not parts:
        return {}
    sharing = pd.concat(parts, ignore_index=True)
    is_given = sharing["section"].isin(("detections_shared", "hot_lists_shared"))
    other = sharing["to_agency_as_printed"].where(is_given, sharing["from_agency_as_printed"])
    words = dict(zip(SECTIONS, _SAYS, strict=True))
    columns = {
        "Agency": other.where(other.fillna("").map(looks_like_agency), _NO_AGENCY),
        "State": sharing["state_as_printed"].fillna(""),
        "List of": sharing["reported_by"].fillna(""),
        "Date": sharing["as_of"].fillna(""),
        "What the list says": sharing["section"].map(words).fillna("is connected"),
    }
    table = pd.DataFrame(columns).drop_duplicates()
    table = table.sort_values(["Agency", "List of", "Date"], kind="stable", ignore_index=True)
    write_csv(table, extra / AGENCIES_FILE)
    shown = table.map(show).assign(**{name: table[name].map(show_name) for name in ("Agency", "List of")})
    caption = f"Agencies on the sharing lists of this edition: {say_number(len(table), 'row')}"
    shown = build_table(shown.to_dict("records"), caption, sortable=True)
    return {"table": f'{shown}<p class="downloads">Download: {offer(AGENCIES_FILE, len(table))}</p>'}


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
        shown, received = (_show_count(counts.get(section)) for section in DETECTIONS)
        rows.append(
            {
                "Agency that released it": link(f"list-{list_id}.html", show_name(first["reporter"])),
                "Date": show_date(first["as_of"]),
                "System": show(first["system"]),
                "Can search its data": shown,
                "Share with it": received,
                "Complete": _show_complete(parts),
                "Source": link_sources(parts["source_id"].unique(), cited),
            }
        )
        pages[f"list-{list_id}"] = _write_list(parts, names[names["list_id"] == list_id], cited)
    sets = {"sortable": True, "numbers": ["Can search its data", "Share with it"]}
    files = " · ".join(offer(f"{_STEM}{end}") for end in ("-edges.csv", "-nodes.csv", ".graphml", ".gexf"))
    blocks = {
        "lists": build_table(rows, say_number(len(rows), "released list"), **sets),
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
        linked = own["agency_id"].map(lambda name: f"agencies.html#{name}", na_action="ignore").fillna("")
        columns = {
            "Name": [link(*pair) for pair in zip(linked, own["name"].map(show_name), strict=True)],
            "State": own["state"].map(show),
            "Hot list": own["hot_list"].map(show),
            "Account": ["inactive" if is_inactive is True else "" for is_inactive in own["is_inactive"]],
            "Page": own["page"].map(show),
        }
        filled = pd.DataFrame({name: list(cells) for name, cells in columns.items() if any(cells)})
        title = TITLES[part.section].capitalize()
        table = build_table(filled.to_dict("records"), title, sortable=True) if len(filled) else ""
        source = f"Source: {link_sources([part.source_id], cited)}. {show(part.note)}"
        content += [f"## {title}", f"<p>{_show_count(part.names_n)}. {source}</p>", table]
    return ":orphan:\n\n" + write_page(f"Sharing list of {first['reporter']}, {date}", *content)


def _show_changes(names: pd.DataFrame, lists: pd.DataFrame) -> str:
    """Return, for each agency with two complete lists of a kind, how many names left and how many came."""
    whole = lists[lists["is_whole"].astype(bool) & lists["section"].isin(DETECTIONS) & (lists["names_n"] > 0)]
    keys = names.groupby(["list_id", "section"])["key"].agg(set)
    rows = []
    for (reporter, section, _), group in whole.groupby(["reporter", "section", "system"], sort=True):
        for then, now in pairwise(group.sort_values("as_of").itertuples()):
            before, after = (keys.get((one.list_id, section), set()) for one in (then, now))
            sets = {
                "Names then": before,
                "Names now": after,
                "On both": before & after,
                "Left": before - after,
                "New": after - before,
            }
            counts = {name: f"{len(one):,}" for name, one in sets.items()}
            dates = f"{show_date(then.as_of)} to {show_date(now.as_of)}"
            row = {"Agency": show_name(reporter), "List of": show(TITLES[section]), "Dates": dates} | counts
            query = f"first={then.list_id}.{section}&second={now.list_id}.{section}"
            rows.append(row | {"Compare": link(f"sharing.html?{query}#compare-two-lists", "names")})
    numbers = ["Names then", "Names now", "On both", "Left", "New"]
    return build_table(rows, "Then and now, by name; a name counts once", numbers=numbers) if rows else ""


def _pack_names(lists: pd.DataFrame, names: pd.DataFrame) -> str:
    """Return the names as a script that the page of sharing lists loads, from files as well."""
    shown = lists[lists["names_n"].fillna(0) > 0]
    places = {pair: at for at, pair in enumerate(zip(shown["list_id"], shown["section"], strict=True))}
    told = shown.assign(title=shown["section"].map(TITLES), as_of=shown["as_of"].fillna(""))
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

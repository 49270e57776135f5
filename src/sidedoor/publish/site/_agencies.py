"""The agencies: a table to look a town up in, and for each agency its dated statements with their sources."""

from pathlib import Path

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
)
from sidedoor.publish.site._lists import load_lists

TABLE = "data/agency-table.csv"
_READ_AS = {"press_excerpt": "only the opening was read", "derived": "computed"}
# Columns of the table on the page; the download has all.
_SHOWN = ("name", "kind", "state", "on_ice_list", "reply", "status", "status_on", "lists_n")
_LISTED = {
    "yes": "named on ICE's list, and confirming it",
    "reported": "named on the list",
    "denied": "named on the list, and denying it",
}
_ROLES = {"detections_shared": "may search its data", "detections_received": "shares data with it"}
_SAYS = ("can search its data", "shares data with it", "gets its hot lists", "sends it hot lists")
_NO_AGENCY = "(not an agency's name)"


def show_agencies(facts: Path, cited: dict[str, str], extra: Path) -> dict[str, str]:
    """Return the blocks of the page of agencies, and write its table as a download."""
    table = build_agency_table(facts)
    # federal agencies, which have no state, come last
    table = table.sort_values("state", key=lambda states: states.eq(""), kind="stable")
    table["on_ice_list"] = table["on_ice_list"].replace("not named", "")
    write_csv(table.rename(columns=HEADERS)[list(HEADERS.values())], extra / TABLE)
    rows = []
    for row in table.to_dict("records"):
        name = link(f"#{row['agency_id']}", show_name(row["name"]))
        rows.append([name, *(show(row[column] or "") for column in _SHOWN[1:])])
    head = [HEADERS[name][0].upper() + HEADERS[name][1:] for name in _SHOWN]
    caption = f"{say_number(len(table), 'agency', 'agencies')} in the fact tables"
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
    shown = build_table(head, rows, caption=caption, sortable=True, numbers={7}, choices={1, 2, 3})
    return {
        "table": f'{shown}<p class="downloads">Download: {offer(TABLE, len(table))}</p>',
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
    write_csv(table, extra / TABLE)
    rows = table.assign(**{name: table[name].map(show_name) for name in ("Agency", "List of")})
    rows = rows.assign(**{name: table[name].map(show) for name in ("State", "Date", "What the list says")})
    caption = f"Agencies on the sharing lists of this edition: {say_number(len(table), 'row')}"
    shown = build_table(list(table), rows.to_numpy().tolist(), caption=caption, sortable=True)
    return {"table": f'{shown}<p class="downloads">Download: {offer(TABLE, len(table))}</p>'}

"""Load sharing lists: Orange County's, public portals', one's own records, or single documented lines.

A list is one agency's own statement of who can search its data (`detections_shared`), or of whose data it can
search (`detections_received`). Being listed is permission, not proof that anybody searched.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.agencies import Registry, load_registry, mixes_alphabets, parse_name, resolve_names
from helpers.agencies.words import STATES, load_words
from helpers.errors import DataError, offer_nearest
from helpers.facts.dates import write_date
from helpers.facts.sources import name_publishers
from helpers.facts.tables import load_table
from helpers.files import hash_file
from helpers.network.documented import HOT_LIST, WAYS, fold_units
from helpers.searches.records import SIMULATED, list_records, load_records
from helpers.toml import load_toml

NETWORKS = ("orange-county", "private-eyes", "documented", "records")
SHARED, RECEIVED = "detections_shared", "detections_received"
FEDERAL = "federal"
PRIVATE_EYES = "private-eyes-edges"
ROWS = (
    "list_id section reported_by system as_of from_id to_id agency_id name kind state"
    " is_inactive source_id page"
).split()
LISTS = ["list_id", "section", "reported_by", "system", "as_of", "is_whole", "names_n", "source_id"]


@dataclass(frozen=True)
class SharingData:
    """Sharing lists, ready to be counted and to be made a graph of.

    Attributes
    ----------
    key
        One of `NETWORKS`.
    lists
        One row for each list: list_id, section, reported_by (agency_id), system, as_of, is_whole (False
        where names are missing), names_n, source_id.
    rows
        One row for each name on a list, as `ROWS`: from_id (whose data), to_id (who can search them),
        agency_id (that of the name: the end that did not report), name (as written, slips of a scan
        corrected), kind, state (postal code, `federal` for accounts of federal agencies, missing where
        unknown), is_inactive, page. Without a list (`documented`, or an edge list) list_id and reported_by
        are empty, and a row is one line of a source.
    agencies
        One row for each agency, by agency_id (index): name, kind, state.
    notes, files
        How the lists were read, and what stays open, one sentence each; form and sha256 of each file.
    """

    key: str
    lists: pd.DataFrame
    rows: pd.DataFrame
    agencies: pd.DataFrame
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def is_simulated(self) -> bool:
        """Whether any of it is invented."""
        return bool(self.rows["source_id"].str.startswith(SIMULATED).any())

    def find_agency(self, agency: str) -> str:
        """Return the agency_id of an id or a name; without one, the agency with most lists, then most names.

        DataError with the nearest names if no list and no line names it.
        """
        names = self.agencies["name"]
        if not agency:
            counts = self.lists if len(self.lists) else self.rows.assign(reported_by=self.rows["from_id"])
            sizes = counts.groupby("reported_by").size().rename("lists_n").reset_index()
            names_n = self.rows.groupby("reported_by" if len(self.lists) else "from_id").size()
            sizes["names_n"] = sizes["reported_by"].map(names_n)
            order = ["lists_n", "names_n", "reported_by"]
            return sizes.sort_values(order, ascending=[False, False, True])["reported_by"].iloc[0]
        found = names.index[(names.index == agency) | (names.str.casefold() == agency.casefold())]
        if found.empty:
            hint = offer_nearest(agency, [*names.index, *names])
            way_out = hint or "Write an agency_id, or a name as the lists write it."
            raise DataError("agency", f"no list names `{agency}`", way_out, code="unknown-agency")
        return found[0]

    def list_dates(self, agency_id: str, section: str = SHARED, date: str = "") -> pd.DataFrame:
        """Return the complete lists of an agency, oldest first, at most of `date`.

        As `lists`, with label: the system and the date in words, as `LEARN, 11 March 2025`.
        """
        is_own = (self.lists["reported_by"] == agency_id) & (self.lists["section"] == section)
        found = self.lists[is_own & self.lists["is_whole"].astype(bool)]
        found = found[found["as_of"].fillna("") <= date] if date else found
        found = found.sort_values(["as_of", "list_id"], ignore_index=True)
        days = found["as_of"].map(lambda day: write_date(day) if isinstance(day, str) and day else "undated")
        label = (found["system"] + ", " + days).str.removeprefix(", ")
        again = label.groupby(label).cumcount()
        return found.assign(label=label.where(again == 0, label + " (" + (again + 1).astype("str") + ")"))

    def select_list(self, list_id: str, section: str = SHARED) -> pd.DataFrame:
        """Return the rows of one list."""
        return self.rows[(self.rows["list_id"] == list_id) & (self.rows["section"] == section)]

    def select_own(self, agency_id: str, date: str = "") -> pd.DataFrame:
        """Return the rows of all complete lists of an agency, oldest first, with the label of their list.

        Without a list they are the lines that name the agency as owner, labeled `named by sources`.
        """
        lists = self.list_dates(agency_id, date=date)
        parts = [self.select_list(row.list_id).assign(label=row.label) for row in lists.itertuples()]
        if not parts:
            return self.rows[self.rows["from_id"] == agency_id].assign(label="named by sources")
        return pd.concat(parts, ignore_index=True)

    def list_latest(self, date: str = "") -> pd.DataFrame:
        """Return the latest list of each agency, system and section, at most of `date`, rows as in `lists`.

        DataError if no list is that old.
        """
        lists = self.lists[self.lists["as_of"].fillna("") <= date] if date else self.lists
        if len(self.lists) and lists.empty:
            way_out = f"The first is of {self.lists['as_of'].min()}."
            raise DataError("date", f"no list is of {date} or before", way_out, code="no-list")
        keys = ["reported_by", "system", "section"]
        return lists.sort_values("as_of", kind="stable").drop_duplicates(keys, keep="last")

    def select_latest(self, date: str = "") -> pd.DataFrame:
        """Return the rows of `list_latest`, and those that stand in no list."""
        kept = pd.MultiIndex.from_frame(self.list_latest(date)[["list_id", "section"]])
        here = pd.MultiIndex.from_frame(self.rows[["list_id", "section"]])
        return self.rows[here.isin(kept) | (self.rows["list_id"] == "")]


def load_network(
    network: str, records: str = "", facts: str | Path | None = None, home: str = ""
) -> SharingData:
    """Return the sharing lists of a name.

    Parameters
    ----------
    network
        `orange-county`: tables `lists` and `sharing_lists`. `private-eyes`: lists of public Flock portals,
        fetched. `documented`: table `access_paths`. `records`: what `sidedoor ingest` wrote.
    records
        Folder of ingested records. Where it is given, the default `orange-county` yields to it.
    facts
        Folder with the fact tables; by default `data/facts`.
    home
        Postal code of the state of those agencies in the records that report without printing one.

    Raises
    ------
    DataError
        There is no such network, its file was not fetched or is another, there are no records, or `home` is
        no state.
    """
    if network not in NETWORKS:
        way_out = f"Choose one of {', '.join(NETWORKS)}."
        raise DataError("network", f"there is no network `{network}`", way_out, code="unknown-network")
    if home and home not in STATES:
        way_out = "Write its postal code, such as CA."
        raise DataError("home", f"`{home}` is no state", way_out, code="unknown-state")
    if records and network in ("records", "orange-county"):
        return read_records(load_records(records, "sharing"), home, list_records(records))
    if network == "records":
        way_out = "Name their folder in `records`; `sidedoor ingest FILE --out DIR` makes one."
        raise DataError("network", "`records` is chosen and no folder is given", way_out, code="no-records")
    if network == "private-eyes":
        return read_portals(find_portals())
    if network == "documented":
        return read_documented(load_table("access_paths", facts), load_table("agencies", facts))
    tables = (load_table(name, facts) for name in ("lists", "sharing_lists", "agencies"))
    return read_county(*tables)


def read_county(lists: pd.DataFrame, names: pd.DataFrame, agencies: pd.DataFrame) -> SharingData:
    """Return the lists of Orange County, and of agencies to compare with, from the fact tables."""
    keys = ["list_id", "section"]
    lists = lists[lists["section"].isin([SHARED, RECEIVED])]
    lists = lists.assign(is_whole=lists["is_whole"].fillna(False))
    rows = names.merge(lists[[*keys, "reported_by", "system", "as_of", "source_id"]], on=keys)
    rows["name"] = rows["name_corrected"].fillna(rows["name_as_printed"])
    known = agencies.set_index("agency_id")[["name", "kind", "state"]]
    notes = [
        "Names are as written; slips of a scan are corrected. States come from the city and state that a"
        " report prints, then from the same account on another list, then from the name."
    ]
    return _arrange("orange-county", lists, rows, known, notes)


def read_portals(path: Path) -> SharingData:
    """Return the lists of recipients of public Flock portals that The News & Observer gathered."""
    edges = pd.read_csv(path, dtype="str", keep_default_na=False)
    owner, reader = (edges[name].str.split().str.join(" ") for name in ("src_agency", "external_agency"))
    common = {"section": SHARED, "system": "Flock", "as_of": "2024-04", "source_id": PRIVATE_EYES}
    rows = pd.DataFrame({"list_id": owner, "reported_by": owner, "name": reader, "agency_id": reader})
    rows = rows.assign(**common)
    lists = rows.groupby("reported_by", as_index=False).agg(names_n=("name", "size"))
    lists = lists.assign(list_id=lists["reported_by"], is_whole=True, **common)
    notes = [
        "Lists of recipients that public portals printed between July 2023 and April 2024. Lists of those"
        " that share with an agency are not among them. State and kind are read from the name."
    ]
    return _arrange("private-eyes", lists, rows, None, notes, (f"{path.name}  {hash_file(path)}",))


def find_portals() -> Path:
    """Return the fetched lists of public portals, or those in the mirror, checked; never from a server.

    DataError if the file was not fetched, or is not the one that `data/registry/sources.toml` describes.
    """
    registry = load_toml(paths.DATA / "registry" / "sources.toml", "sources", error=DataError)
    source = next(entry for entry in registry["file"] if entry["name"] == PRIVATE_EYES)
    places = [paths.RUNS / paths.FETCHED / source["file"]]
    if mirror := os.environ.get("SIDEDOOR_MIRROR"):
        places += sorted(Path(mirror).rglob(source["file"]))
    path = next((path for path in places if path.is_file()), None)
    if path is None:
        way_out = f"Run `sidedoor fetch {PRIVATE_EYES}` once; a notebook asks no server."
        raise DataError(source["file"], "it was not fetched yet", way_out, code="not-fetched")
    if (found := hash_file(path)) != source["sha256"]:
        way_out = f"Delete it and run `sidedoor fetch {PRIVATE_EYES}`."
        found = f"another file lies there, sha256 {found[:12]}"
        raise DataError(source["file"], found, way_out, code="other-file")
    return path


def read_documented(paths_table: pd.DataFrame, agencies: pd.DataFrame) -> SharingData:
    """Return the documented lines: units count as the agency above them; no list is among them."""
    rows = fold_units(paths_table, agencies)
    rows = rows[rows["standing"].isin(WAYS) & (rows["door"] != HOT_LIST)]
    rows = rows.drop_duplicates(["from_id", "to_id"])
    known = agencies.set_index("agency_id")[["name", "kind", "state"]]
    rows = rows.assign(list_id="", reported_by="", system="", section=rows["door"], agency_id=rows["to_id"])
    rows["name"] = rows["to_id"].map(known["name"])
    note = "Lines that sources print one by one: no complete list is among them, so every count is at least."
    return _arrange("documented", pd.DataFrame(columns=LISTS), rows, known, [note])


def read_records(sharing: pd.DataFrame, home: str = "", held: pd.DataFrame | None = None) -> SharingData:
    """Return the lists of an edition's records: detections only, names resolved.

    A name that the registry of agencies knows for sure gets that agency's id. States come from the city and
    state that a report prints, then from the same account name on another of the reports, then from the
    name; `home` is that of agencies that report under a name without one. Rows that say of nobody whose list
    they stand in are single lines: nobody is a reporter by them.
    """
    rows = sharing[sharing["shares"].fillna("detections") == "detections"].copy()
    if rows.empty:
        way_out = "Give a report that does."
        raise DataError("records, sharing", "no list shares detections", way_out, code="no-detections")
    section, reporter = rows["section"].fillna(""), rows["reported_by"]
    owner, reader = rows["from_agency_as_printed"], rows["to_agency_as_printed"]
    is_given = (section == SHARED) | (section == "") & (reporter == owner)
    is_received = (section == RECEIVED) | (section == "") & (reporter == reader) & ~is_given
    is_listed = is_given | is_received
    rows["section"] = pd.Series(RECEIVED, rows.index).where(is_received, SHARED).where(is_listed, "")
    rows["name"], holder = owner.where(is_received, reader), reader.where(is_received, owner)
    ids = _resolve({*rows["name"], *holder}, set(holder[is_listed]), home)
    rows["agency_id"], rows["from_id"], rows["to_id"] = rows["name"].map(ids), owner.map(ids), reader.map(ids)
    rows["reported_by"], rows["system"] = holder.map(ids).where(is_listed, ""), ""
    marks = [rows["source_id"], rows["reported_by"], rows["as_of"].fillna("")]
    rows["list_id"] = marks[0].str.cat(marks[1:], sep=" ").where(is_listed, "")
    if "state_as_printed" in rows:
        printed = rows["state_as_printed"].where(rows["state_as_printed"].isin(list(STATES))).astype("str")
        rows["state"] = printed.fillna(rows["name"].map(_carry_states(rows["name"], printed)).astype("str"))
    keys = ["list_id", "section", "reported_by", "system", "source_id"]
    listed = rows[is_listed].groupby(keys, as_index=False)
    lists = listed.agg(as_of=("as_of", "max"), names_n=("name", "size"))
    known = load_registry().set_index("agency_id")[["name", "kind", "state"]]
    sure = sum(found in known.index for found in ids.values())
    notes = [f"{sure:,} of {len(ids):,} names are in the registry of agencies; the others stay as written."]
    if mixed := sorted(name for name in ids if mixes_alphabets(name)):
        notes.append(f"Names that mix alphabets may be another agency than they look like: {len(mixed)}.")
    loops_n = int((rows["from_id"] == rows["to_id"]).sum())
    if loops_n:
        notes.append(f"Rows that name the reporting agency itself: {loops_n}, left out of the network.")
    files = ()
    if held is not None:
        held = held[held["tables"].str.contains("sharing")]
        files = tuple(held["family"] + "  " + held["sha256"])
    return _arrange("records", lists.assign(is_whole=True), rows, known, notes, files)


def _resolve(names: set[str], reporters: set[str], home: str) -> dict[str, str]:
    """Return an id for each name: the registry's where it is sure, otherwise by place, role and state."""
    printed = sorted(names)
    homeless = {name for name in reporters if home and not parse_name(name).state}
    longer = [f"{name} ({home})" if name in homeless else name for name in printed]
    found = resolve_names(longer, Registry(load_registry()))["agency_id"]
    keys = _make_keys(longer)
    return {
        name: agency_id or keys[full] for name, full, agency_id in zip(printed, longer, found, strict=True)
    }


def _carry_states(names: pd.Series, states: pd.Series) -> pd.Series:
    """Return the state of each account name that is printed with one state only."""
    found = pd.DataFrame({"name": names, "state": states}).dropna().groupby("name")["state"]
    return found.first()[found.nunique() == 1]


def _arrange(key, lists, rows, known, notes, files=()) -> SharingData:
    """Put lists and rows into one form; `known` has name, kind and state of agencies, by agency_id."""
    known = (pd.DataFrame(columns=["name", "kind", "state"]) if known is None else known).astype("str")
    rows = _complete_rows(rows, known)
    about = _describe_agencies(rows, known)
    order = ["list_id", "section", "from_id", "to_id"]
    rows = rows[ROWS].sort_values(order, kind="stable", ignore_index=True)
    return SharingData(key, lists[LISTS].reset_index(drop=True), rows, about, tuple(notes), tuple(files))


def _complete_rows(rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Give every row its ends, kind and state; what a source gives is kept, the name gives the rest."""
    texts = dict.fromkeys([name for name in ROWS if name not in ("is_inactive", "page")], "str")
    rows = rows.reindex(columns=ROWS).astype(texts | {"is_inactive": "boolean", "page": "object"})
    names, ids = rows["name"], rows["agency_id"]
    read = {name: parse_name(name) for name in names.dropna().unique()}
    kinds = ids.map(known["kind"]).astype("str").fillna(names.map(lambda name: read[name].kind))
    states = rows["state"].fillna(ids.map(known["state"]).replace("", None).astype("str"))
    states = states.fillna(names.map(lambda name: read[name].state or None).astype("str"))
    is_received = rows["section"] == RECEIVED
    ids = ids.fillna(names.map(_make_keys(read)))
    owners, readers = ids.where(is_received, rows["reported_by"]), rows["reported_by"].where(is_received, ids)
    pages = rows["page"].map(lambda page: page if isinstance(page, str) or pd.isna(page) else f"p. {page}")
    return rows.assign(
        agency_id=ids,
        from_id=rows["from_id"].fillna(owners),
        to_id=rows["to_id"].fillna(readers),
        kind=kinds,
        state=states.where(kinds != FEDERAL, FEDERAL),
        is_inactive=rows["is_inactive"].fillna(False).astype("bool"),
        page=pages,
    )


def _describe_agencies(rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return name, kind and state of every agency; of several spellings one that is not all in capitals."""
    plain = rows.assign(name=rows["name"].str.split().str.join(" "), shouts=rows["name"].str.isupper())
    about = plain.sort_values(["shouts", "name"], kind="stable").drop_duplicates("agency_id")
    about = about.set_index("agency_id")[["name", "kind", "state"]]
    others = sorted({*rows["from_id"], *rows["to_id"]} - set(about.index))
    more = [(known["name"].get(other, other), *_describe(known, other)) for other in others]
    about = pd.concat([about, pd.DataFrame(more, index=others, columns=about.columns)])
    about["name"] = about.index.to_series().map(known["name"]).astype("str").fillna(about["name"])
    return about.sort_index().rename_axis("agency_id").astype("str")


def _make_keys(names: Iterable[str]) -> dict[str, str]:
    """Return one id for the spellings of an agency: place, role and state where the name gives all three.

    Other names are their own id. Capitals tell no two of them apart: some lists are in capitals only.
    """
    keys, written = {}, {}
    for name in sorted(names, key=lambda name: (name.isupper(), name)):
        read, plain = parse_name(name), " ".join(name.split())
        if read.state and read.role and read.place:
            keys[name] = " ".join(filter(None, [read.place, read.role, read.state, read.detail]))
        else:
            keys[name] = written.setdefault(plain.casefold(), plain)
    return keys


def _describe(known: pd.DataFrame, agency_id: str) -> tuple[str, str | None]:
    if agency_id in known.index:
        row = known.loc[agency_id]
        return row["kind"], FEDERAL if row["kind"] == FEDERAL else row["state"] or None
    read = parse_name(agency_id)
    return read.kind, FEDERAL if read.kind == FEDERAL else read.state or None


def find_state(data: SharingData, agency_id: str) -> str:
    """Return the postal code of an agency's state, or nothing."""
    state = data.agencies["state"].get(agency_id)
    return state if state in STATES else ""


def shorten_name(name: str) -> str:
    """Return an agency's name as short as a row label needs it: `Irvine PD`, `Orange County SO`."""
    return re.sub("Sheriff's (Department|Office)", "SO", name.replace("Police Department", "PD"))


def name_federal(names: pd.Series) -> pd.Series:
    """Return the federal agency that each account name is of, written out; missing for other accounts."""
    labels = {entry["id"]: entry["label"] for entry in load_words().federal}
    read = names.map(parse_name)
    label = read.map(lambda name: labels.get(name.role, "another federal agency"))
    return label.where(read.map(lambda name: name.kind == FEDERAL), None)


def name_sources(data: SharingData, rows: pd.DataFrame, facts: str | Path | None = None) -> str:
    """Return who published the rows, for the source line of a figure; for records, whose lists they are."""
    if data.key == "records":
        names = data.agencies["name"].reindex(rows["reported_by"].unique()).dropna()
        return f"released lists of {', '.join(names)}" if len(names) else "own records"
    return name_publishers(rows["source_id"], facts)

"""The sharing networks that a notebook can be pointed at: documented ways, fetched lists of portals, one's own records.

A statement is one line of one list. Several statements can speak of one pair; a graph has one edge for them.
"""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from helpers import paths as _paths
from helpers.errors import DataError
from helpers.facts.sources import cite_sources, name_publishers
from helpers.facts.tables import load_table
from helpers.files import hash_file
from helpers.network.access import WAYS, find_parents, fold_units
from helpers.network.graph import SharingGraph
from helpers.network.lists import PRIVATE_EYES, SharingLists, list_paths, list_sharing, read_sharing
from helpers.network.views import find_regions
from helpers.searches.records import SIMULATED, list_records, load_records
from helpers.wording import say_number

NETWORKS = ("documented", "private-eyes", "records")
DETECTIONS = "detections"
STATEMENT = ["from_id", "to_id", "reported_by", "section", "as_of", "source_id", "page"]


@dataclass(frozen=True)
class SharingData:
    """A network that a notebook measures, with all that a reader needs to judge it.

    Attributes
    ----------
    key
        One of `NETWORKS`.
    lists
        Edges, reporters and pools, as `network.lists` reads them.
    statements
        One row per line of a list, by from_id, to_id and source: the columns of `STATEMENT`. The arrow goes from
        the agency that owns data to the one that may read it.
    agencies
        One row per agency, by agency_id: agency_id, name, state (postal code or missing), kind, federal_id (which
        federal agency an account belongs to, empty for others).
    publishers, period
        For the source line of a figure.
    notes
        What was done to read the lists, and what stays open; one sentence each.
    files
        Fetched or ingested files with their SHA-256, one line each.
    """

    key: str
    lists: SharingLists
    statements: pd.DataFrame
    agencies: pd.DataFrame
    publishers: str
    period: str
    notes: tuple[str, ...] = field(default=())
    files: tuple[str, ...] = field(default=())

    def build(self) -> SharingGraph:
        """Build the graph of the shares of detections."""
        return self.lists.build([DETECTIONS])

    @property
    def names(self) -> pd.Series:
        """The name of each agency, by agency_id."""
        return self.agencies.set_index("agency_id")["name"]

    @property
    def regions(self) -> pd.Series:
        """The state of each agency, `federal` for federal accounts, else empty, by agency_id."""
        return find_regions(self.agencies).fillna("")

    @property
    def receivers(self) -> tuple[str, ...]:
        """Agencies whose whole list of those that share with them was released."""
        return tuple(
            sorted(
                set(self.statements.loc[self.statements["section"] == "detections_received", "reported_by"])
            )
        )

    @property
    def is_simulated(self) -> bool:
        """Whether any of it is invented."""
        return any(name.startswith(SIMULATED) for name in self.sources)

    @property
    def opening(self) -> str:
        """How findings on it open: by saying that it is invented, where it is."""
        return "In simulated lists: " if self.is_simulated else ""

    @property
    def sources(self) -> list[str]:
        """The names of the sources behind the statements."""
        return sorted(set(self.statements["source_id"]))


def load_network(
    network: str, records: str = "", facts: str | Path | None = None, home: str = ""
) -> SharingData:
    """Load the sharing network of a name.

    Parameters
    ----------
    network
        `documented`: the table `access_paths`. `private-eyes`: lists of public Flock portals, fetched. `records`:
        what `sidedoor ingest` wrote.
    records
        Folder of ingested records. Where it is given, `documented` yields to it.
    facts
        Folder with the fact tables; by default `data/facts`.
    home
        Postal code of the state of those agencies in the records that report without printing one.

    Raises
    ------
    DataError
        There is no such network, its file was not fetched, there are no records, or `home` is no state.
    """
    if network not in NETWORKS:
        raise DataError(
            "network", f"there is no network `{network}`", f"Choose one of {', '.join(NETWORKS)}."
        )
    if network == "private-eyes":
        path = find_portals()
        return replace(read_portals(path), files=(f"{path.name}  {hash_file(path)}",))
    if network == "records" and not records:
        way_out = "Name their folder in `records`; `sidedoor ingest FILE --out DIR` makes one."
        raise DataError("network", "`records` is chosen and no folder is given", way_out)
    if records:
        held = list_records(records)
        files = [f"{name}  {digest}" for name, digest in zip(held["file"], held["sha256"], strict=True)]
        return replace(read_records(load_records(records, "sharing"), home), files=tuple(files))
    return read_documented(load_table("access_paths", facts), load_table("agencies", facts), facts)


def read_documented(
    paths: pd.DataFrame, agencies: pd.DataFrame, facts: str | Path | None = None
) -> SharingData:
    """Read the documented ways: units count as the agency above them, denied and halted ways do not count.

    No agency's whole list is among them: sources print single lines, so nobody is a reporter, and `reported_by`
    is the publisher that printed the line. A way that ended before any way to its owner is documented joins none, and is
    left out.
    """
    rows = fold_units(paths, agencies)
    rows = rows[rows["standing"].isin(WAYS)]
    first = rows.groupby("to_id")["as_of"].min()
    is_late = rows["ended_on"] < rows["from_id"].map(first)
    publishers = cite_sources(rows["source_id"], facts).set_index("source_id")["publisher"]
    told_by = rows["source_id"].map(publishers)
    statements = rows[~is_late].assign(reported_by=told_by, section=rows["door"])
    tops = find_parents(agencies)
    known = agencies[agencies["agency_id"].isin({*statements["from_id"], *statements["to_id"]})]
    about = known[["agency_id", "name", "state", "kind"]].sort_values("agency_id", ignore_index=True)
    federal = about["agency_id"].map(tops).where(about["kind"] == "federal", "")
    notes = ["Lines that sources print, one by one: no agency's whole list is among them."]
    notes += [
        f"Left out, as it ended before any way to its owner is documented: {name}."
        for name in rows.loc[is_late, "path_id"]
    ]
    return SharingData(
        "documented",
        list_paths(statements, agencies),
        _sort(statements),
        about.assign(federal_id=federal),
        name_publishers(statements["source_id"], facts),
        _state_period(statements["as_of"]),
        tuple(notes),
    )


def find_portals() -> Path:
    """Find the fetched lists of public portals, or take them from the mirror; never from a server.

    Raises
    ------
    DataError
        They were not fetched.
    """
    from sidedoor.fetch import MIRROR, fetch_source, load_fetch_sources

    source = load_fetch_sources()[PRIVATE_EYES]
    if not (_paths.RUNS / _paths.FETCHED / source.file).is_file() and not os.environ.get(MIRROR):
        way_out = f"Run `sidedoor fetch {PRIVATE_EYES}` once; a notebook asks no server."
        raise DataError(source.file, "it was not fetched yet", way_out)
    return fetch_source(PRIVATE_EYES)


def read_portals(path: Path | str) -> SharingData:
    """Read the lists of public Flock portals that The News & Observer gathered.

    Names stay as printed but for spaces: two spellings of one agency would be two nodes.
    """
    sharing = read_sharing(path)
    ends = {"from_agency_id": "from_agency_as_printed", "to_agency_id": "to_agency_as_printed"}
    sharing = sharing.assign(
        **{end: sharing[printed].str.split().str.join(" ") for end, printed in ends.items()},
        source_id=PRIVATE_EYES, section="detections_shared",
    )  # fmt: skip
    statements = _list_statements(sharing, sharing["from_agency_id"])
    return SharingData(
        "private-eyes",
        list_sharing(sharing, by="id"),
        statements,
        describe_names({*statements["from_id"], *statements["to_id"]}),
        name_publishers([PRIVATE_EYES]),
        "2023-07 to 2024-04",
        ("Lists of recipients that public Flock portals print; lists of those that share with an agency are not among "
         "them.", "Names are as printed; state and kind are read from the name."),
    )  # fmt: skip


def read_records(sharing: pd.DataFrame, home: str = "") -> SharingData:
    """Read the canonical table `sharing` of an edition's records: shares of detections, names resolved.

    A name that the registry of agencies knows for sure gets that agency's id; any other stays a node of its own,
    under the name as printed. Where an agency's list has several dates, the latest counts. An agency that reports under
    a name without a state, as on its own LEARN report, is the one that others print with `home`, if that is given.

    Raises
    ------
    DataError
        No row shares detections, or `home` is no postal code.
    """
    rows = sharing[sharing["shares"] == DETECTIONS]
    if rows.empty:
        raise DataError("records, sharing", "no list shares detections", "Give a report that does.")
    homeless = _find_homeless(rows, home)
    ids, about = _resolve_names(rows, {name: f"{name} ({home})" for name in homeless})
    ends = {f"{end}_agency_id": rows[f"{end}_agency_as_printed"].map(ids) for end in ("from", "to")}
    rows = rows.assign(**ends)
    loops_n = int((rows["from_agency_id"] == rows["to_agency_id"]).sum())
    statements = _list_statements(rows, rows["reported_by"].map(ids))
    known = sum(1 for name, found in ids.items() if " ".join(name.split()) != found)
    notes = [
        f"{known:,} of {len(ids):,} names were found in the registry of agencies; the others stay as printed."
    ]
    if homeless:
        notes.append(
            f"{home} is taken for the state of {say_number(len(homeless), 'reporting agency that prints', 'reporting agencies that print')} none, as given."
        )
    if loops_n:
        notes.append(
            f"{say_number(loops_n, 'line that names the reporting agency itself is', 'lines that name the reporting agency itself are')} left out."
        )
    return SharingData(
        "records",
        list_sharing(rows, by="id", loops="leave_out"),
        statements[statements["from_id"] != statements["to_id"]].reset_index(drop=True),
        about,
        ", ".join(sorted(set(rows["source_id"]))),
        _state_period(rows["as_of"]),
        tuple(notes),
    )


def _list_statements(sharing: pd.DataFrame, reported_by: pd.Series) -> pd.DataFrame:
    page = sharing["page"].map(lambda page: pd.NA if pd.isna(page) else f"p. {page}")
    ends = {"from_id": sharing["from_agency_id"], "to_id": sharing["to_agency_id"]}
    return _sort(sharing.assign(**ends, page=page, reported_by=reported_by))


def _find_homeless(rows: pd.DataFrame, home: str) -> list[str]:
    """Find the agencies that report under a name without a state; none if no state is given for them."""
    from helpers.agencies import parse_name
    from helpers.agencies.words import STATES

    if not home:
        return []
    if home not in STATES:
        raise DataError(
            "home", f"`{home}` is no state", "Write its postal code, such as CA, or leave it empty."
        )
    reporters = sorted(set(rows["reported_by"].dropna()))
    return [name for name in reporters if not parse_name(name).state and parse_name(name, home).state]


def _resolve_names(rows: pd.DataFrame, longer: dict[str, str]) -> tuple[dict[str, str], pd.DataFrame]:
    """Give each printed name an id, and describe the ids; some names are read as longer ones."""
    from helpers.agencies import load_registry, resolve_names

    printed = sorted(set(rows[["from_agency_as_printed", "to_agency_as_printed", "reported_by"]].stack()))
    registry = load_registry()
    names = [longer.get(name, name) for name in printed]
    found = resolve_names(names, registry)
    given = [agency or " ".join(name.split()) for name, agency in zip(names, found["agency_id"], strict=True)]
    about = describe_names(set(given)).set_index("agency_id")
    known = registry.set_index("agency_id").reindex(about.index).dropna(subset=["name"])
    parsed = describe_names(set(known["name"])).set_index("agency_id")["federal_id"]
    known = known.assign(
        federal_id=known["name"].map(parsed), state=known["state"].where(known["state"] != "")
    )
    about.loc[known.index] = known[about.columns]
    return dict(zip(printed, given, strict=True)), about.reset_index()


def describe_names(names: set[str]) -> pd.DataFrame:
    """Describe agencies by what their names say: agency_id (the name), name, state, kind, federal_id."""
    from helpers.agencies import parse_name

    rows = []
    for name in sorted(names):
        read = parse_name(name)
        federal = read.role if read.kind == "federal" else ""
        rows.append((name, name, read.state or pd.NA, read.kind, federal))
    return pd.DataFrame(rows, columns=["agency_id", "name", "state", "kind", "federal_id"]).astype("str")


# Units by which accounts of one federal agency are named, in the words of the registry.
_UNITS = {"ice": ("ice", "hsi"), "cbp": ("cbp", "border patrol")}


def find_targets(data: SharingData, target: str) -> list[str]:
    """Find the nodes of a reader: the agency of that id, or all accounts of that federal agency and its units.

    Returns
    -------
    list of agency_id, sorted; empty where no list names it, which does not mean that it reads nothing.
    """
    about = data.agencies
    is_it = (about["agency_id"] == target) | about["federal_id"].isin(_UNITS.get(target, (target,)))
    return sorted(about.loc[is_it, "agency_id"])


def name_reader(data: SharingData, target: str) -> str:
    """Name a reader: the agency of that id, else the federal agency of the word list, else the word itself."""
    from helpers.agencies.words import load_words

    labels = {entry["id"]: entry["label"] for entry in load_words().federal}
    return str(data.names.get(target, labels.get(target, target)))


def choose_example(data: SharingData, graph: SharingGraph) -> list[str]:
    """Choose a reader on which to show a method: the federal account known to read most agencies' data, or, without one,
    the agency that does; the first by id among equals.
    """
    counts = pd.Series(graph.in_degrees, index=graph.names)
    federal = data.agencies.loc[data.agencies["kind"] == "federal", "agency_id"]
    counts = counts[counts.index.isin(federal)] if len(federal) else counts
    return [min(counts.index, key=lambda name: (-counts[name], name))]


def choose_agency(data: SharingData, agency: str = "") -> str:
    """Choose the agency that a question is about: the given one, else the reporter that names most recipients (or,
    without a whole list, the owner with most documented readers), the first by id among equals.

    Raises
    ------
    DataError
        No list names the given one; the message offers the nearest.
    """
    if agency:
        if agency in set(data.agencies["agency_id"]):
            return agency
        import difflib

        near = difflib.get_close_matches(agency, sorted(data.agencies["agency_id"]), n=3, cutoff=0.4)
        hint = f"Did you mean {', '.join(near)}?" if near else "Take an agency_id of the table of agencies."
        raise DataError("agency", f"no list names `{agency}`", hint)
    edges, reporters = data.lists.edges, data.lists.reporters
    owners = edges[edges["from_id"].isin(reporters)] if reporters else edges
    counts = owners["from_id"].value_counts()
    return min(counts.index, key=lambda name: (-counts[name], name))


def _sort(statements: pd.DataFrame) -> pd.DataFrame:
    keys = ["from_id", "to_id", "source_id", "section"]
    return statements[STATEMENT].astype("str").sort_values(keys, ignore_index=True)


def _state_period(dates: pd.Series) -> str:
    known = dates.dropna()
    if known.empty:
        return "undated"
    first, last = known.min(), known.max()
    return first if first == last else f"{first} to {last}"

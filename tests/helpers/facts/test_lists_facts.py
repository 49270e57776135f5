"""Sharing lists, counts, agreements: every list is counted again from the record, without our readers."""

import csv
import gzip
import html
import logging
import re
from collections import Counter

import pandas as pd
import pdfplumber
import pytest

from helpers import paths
from helpers.facts.tables import load_table

GIVEN, RECEIVED = "detections_shared", "detections_received"
SECTIONS = {
    "detections shared": GIVEN,
    "detections received": RECEIVED,
    "hot list sharing": "hot_lists_shared",
    "hot list received": "hot_lists_received",
}
# The sections of issue 13 and of the records: list, section, names.
COUNTS = {
    "ocsd-learn-2020-02-06": {GIVEN: 295, RECEIVED: 311, "hot_lists_received": 29},
    # a scan: each cell was boxed as it was read (tests/sidedoor/ingest/test_learn_sharing.py)
    "irvine-learn-2020-03-02": {GIVEN: 342, RECEIVED: 310, "hot_lists_shared": 60, "hot_lists_received": 28},
    "ocsd-learn-2022-11-18": {GIVEN: 287, RECEIVED: 466, "hot_lists_received": 38},
    "ocsd-learn-2025-03-11": {GIVEN: 149, RECEIVED: 138, "hot_lists_received": 19},
    "irvine-learn-2025-03-11": {GIVEN: 316, RECEIVED: 1553},
    "ocsd-flock-2025-12-30": {GIVEN: 308, RECEIVED: 330},
    "buena-park-flock-2026-04-21": {GIVEN: 324},
    "costa-mesa-flock-2026-04-25": {GIVEN: 354},
    "fountain-valley-flock-2026-04-25": {GIVEN: 270},
    "fullerton-flock-2026-04-25": {GIVEN: 326, RECEIVED: 291},
    "newport-beach-flock-2026-04-27": {GIVEN: 303},
    "orange-flock-2026-04-27": {GIVEN: 293, RECEIVED: 305},
    "santa-ana-flock-2026-04-21": {GIVEN: 177},
    "westminster-flock-2026-04-23": {GIVEN: 329},
    "el-cerrito-flock-2026-03-28": {GIVEN: 324, RECEIVED: 285},
    "el-cerrito-flock-2026-04-27": {GIVEN: 322, RECEIVED: 282},
}
# Federal accounts as the documents print them: read by eye, those of the Orange scan twice.
ATF, CBP, FBI = "ATF National Account", "CBP - NTC", "Federal Bureau of Investigation"
FOREST = "United States Forest Service CA"
NEWARK, NEW_ORLEANS = "DHS - HSI (Newark NJ)", "DHS - HSI - New Orleans"
PATROL = "San Diego Sector Border Patrol (CA)"
DEA_2020, DEA_2022 = "Drug Enforcement Agency (NATL)", "Drug Enforcement Administration (NATL)"
LOMA_LINDA = "[Federal] Loma Linda Healthcare System CA Veterans Affairs PD"
FEDERAL = {
    ("ocsd-learn-2020-02-06", GIVEN): {ATF, CBP, NEWARK, NEW_ORLEANS, DEA_2020, FBI, PATROL, FOREST},
    ("ocsd-learn-2020-02-06", RECEIVED): {ATF, CBP, NEW_ORLEANS, DEA_2020, "ICE", PATROL, FOREST},
    ("irvine-learn-2020-03-02", GIVEN): {
        ATF, "CEP - NTC", NEWARK, "Drug Enforcement Agency (NAIL)", FBI, PATROL, FOREST,
    },
    ("irvine-learn-2020-03-02", RECEIVED): {ATF, CBP, DEA_2020, PATROL, FOREST},
    ("ocsd-learn-2022-11-18", GIVEN): {ATF, CBP, NEWARK, NEW_ORLEANS, DEA_2022, FBI, PATROL, FOREST},
    ("ocsd-learn-2022-11-18", RECEIVED): {
        ATF, CBP, NEW_ORLEANS, DEA_2022, PATROL, "HSI", "ICE ERO", "Bureau of Indian Affairs",
        "IRS Criminal Investigations", "United States Marshals Service",
    },
    ("ocsd-learn-2025-03-11", GIVEN): {f"Inactive {FOREST}", "IRS Criminal Investigations"},
    ("irvine-learn-2025-03-11", GIVEN): set(),
    ("irvine-learn-2025-03-11", RECEIVED): {
        ATF.upper(), DEA_2022.upper(), PATROL.upper(), "US POSTAL INSPECTION SERVICE",
    },
    ("ocsd-flock-2025-12-30", GIVEN): set(),
    ("ocsd-flock-2025-12-30", RECEIVED): {LOMA_LINDA},
    ("orange-flock-2026-04-27", GIVEN): set(),
    ("orange-flock-2026-04-27", RECEIVED): {LOMA_LINDA},
    ("el-cerrito-flock-2026-03-28", RECEIVED): {LOMA_LINDA},
    ("el-cerrito-flock-2026-04-27", RECEIVED): set(),
    ("orange-learn-2022-11", "hot_lists_shared"): {
        "Air Force Office of Special Investigations (AFOSI) (NATL)",
        "Alcohol And Tobacco Tax And Trade Bureau",
        "HSI", "HSI Bulk Cash Smuggling Center", "ICE ERO", PATROL, "US Border Patrol (NATL)",
        "U.S. Department of Veterans Affairs Police Services (CA)",
        "United States Marshals Service",
        "US Postal Inspection Service", "US Postal Service OIG",
    },
}  # fmt: skip
FLOCK_PORTALS = {
    "amberley-village": "amberley-village-oh-pd", "newport-beach": "newport-beach-pd-ca",
    "san-joaquin": "san-joaquin-county-ca-so",
}  # fmt: skip


@pytest.fixture(scope="module")
def lists() -> pd.DataFrame:
    return load_table("lists")


@pytest.fixture(scope="module")
def names() -> pd.DataFrame:
    """The names on the lists, each with the kind and state of its agency."""
    agencies = load_table("agencies").rename(columns={"state": "agency_state"})
    return load_table("sharing_lists").merge(agencies[["agency_id", "kind", "agency_state"]], how="left")


def pick(names: pd.DataFrame, list_id: str, section: str) -> pd.DataFrame:
    """Pick the rows of one section, in order."""
    rows = names[(names["list_id"] == list_id) & (names["section"] == section)]
    return rows.sort_values("row_no")


def test_names_n_is_the_number_of_rows_and_rows_are_numbered_through(lists, names):
    """A section has the rows it says, from 1 on; one not read or not published has no number and no row.

    Each list of the collection has as many names as were counted before its rows were made.
    """
    rows = names.groupby(["list_id", "section"])["row_no"].agg(["size", "min", "max", "nunique"])
    held = lists.set_index(["list_id", "section"])["names_n"]

    for row in lists.itertuples():
        key = (row.list_id, row.section)
        if pd.isna(row.names_n) or row.names_n == 0:
            assert key not in rows.index
            assert row.is_whole == (row.names_n is not pd.NA and row.names_n == 0)
        else:
            assert tuple(rows.loc[key]) == (row.names_n, 1, row.names_n, row.names_n)
    for list_id, sections in COUNTS.items():
        assert {section: held[list_id, section] for section in sections} == sections


@pytest.mark.parametrize("key", FEDERAL, ids="/".join)
def test_federal_accounts_are_those_of_the_documents(names, key):
    """An account of a federal agency is known as one by its agency, and no other name is."""
    assert set(pick(names, *key).query("kind == 'federal'")["name_as_printed"]) == FEDERAL[key]


def test_an_account_marked_inactive_says_so_and_no_other_does(names):
    """The mark is read from the name alone: 13 recipients of the sheriff in 2025 cannot search."""
    rows = pick(names, "ocsd-learn-2025-03-11", GIVEN)

    assert rows["is_inactive"].tolist() == rows["name_as_printed"].str.startswith("Inactive ").tolist()
    assert rows["is_inactive"].sum() == 13


def test_a_state_is_said_with_what_it_rests_on(names):
    """State and reason stand together; a printed state is the state; one account has one printed state."""
    assert (names["state"].isna() == names["state_from"].isna()).all()
    printed = names[names["state_from"] == "printed"]
    assert (printed["state"] == printed["state_as_printed"]).all()
    assert (printed.groupby(printed["name_as_printed"].str.lower())["state"].nunique() == 1).all()
    local = names[names["kind"] != "federal"].dropna(subset=["state", "agency_state"])
    assert len(local) > 0 and (local["state"] == local["agency_state"]).all()


def test_every_decided_state_has_a_row_that_says_who_and_why(names):
    """What the rules could not settle was decided by name, once, and with a reason."""
    path = paths.DATA / "registry" / "name_decisions.csv"
    decided = pd.read_csv(path, dtype=str, keep_default_na=False)

    assert decided["name"].is_unique and (decided[["decided_by", "decided_on", "why"]] != "").all(axis=None)
    used = names[names["state_from"] == "decision"]
    used = used["name_corrected"].fillna(used["name_as_printed"])
    assert set(used) <= set(decided.loc[decided["state"] != "", "name"])
    assert set(decided["agency_id"]) - {""} <= set(load_table("agencies")["agency_id"])


def test_corrections_stand_beside_the_printed_form_and_only_in_the_scan(names):
    """A slip of the text layer is kept as printed; the corrected name stands on another list."""
    mended = names.dropna(subset=["name_corrected"])
    others = names[names["list_id"] != "irvine-learn-2020-03-02"]

    assert set(mended["list_id"]) == {"irvine-learn-2020-03-02"} and len(mended) > 15
    assert (mended["name_corrected"] != mended["name_as_printed"]).all()
    known = set(others["name_as_printed"]) | set(names["name_as_printed"])
    assert set(mended["name_corrected"]) <= known


def test_no_name_is_a_plate_a_person_or_a_home(names):
    """No word looks like a plate, no name ends as that of a resident, and a street number stands nowhere."""
    text = names["name_as_printed"]
    plate = r"\b(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6,8}\b"
    street = r"^\d+ [A-Z][a-z]+ (?:Circle|Street|St|Lane|Ln|Road|Rd|Drive|Dr|Way)\b"

    assert not [words for words in (plate, street, r"\bResident\b") if text.str.contains(words).any()]
    withheld = text[text.str.startswith("(")]
    assert len(withheld) == 2 and names.loc[withheld.index, "agency_id"].isna().all()


def read_cells(path):
    """Read the cells of a report as (page, x, y, height, text), words of one run together."""
    logging.getLogger("pdfminer").setLevel(logging.ERROR)
    with pdfplumber.open(path) as file:
        for page in file.pages:
            for word in page.extract_words(x_tolerance=1.5, keep_blank_chars=True):
                place = page.page_number, word["x0"], word["top"], word["bottom"] - word["top"]
                # a name that reaches the second column is one run with the name there
                first, *second = re.split(r"(?<=\))(?=[A-Z])", word["text"].strip())
                yield *place, first
                if second:
                    yield page.page_number, 300.0, *place[2:], second[0]


def recount_text_report(path) -> dict[str, Counter]:
    """Count (page, name) of a text report by section: cells of the body, a second line glued to the first."""
    found: dict[str, list[list]] = {}
    section, last = "", {}
    for page, x, y, height, text in read_cells(path):
        if 14 < height < 18:
            section = SECTIONS.get(text.lower().replace("-", " "), section)
            found.setdefault(section, [])
        if not (10.5 < height < 11.5 and 60 < y < 815):
            continue
        has_places = section == RECEIVED and "_2020-" not in path.name
        column = "left" if x < (380 if has_places else 280) else "right"
        if column == "right" and (has_places or section.startswith("hot_lists")):
            continue
        if last.get(column, (0, 0))[0] == page and 0 < y - last[column][1] < 17.5:
            found[section][last[column][2]][1] += f" {text}"
        else:
            found[section].append([page, text])
            last[column] = (page, y, len(found[section]) - 1)
        last[column] = (page, y, last[column][2])
    return {section: Counter(map(tuple, cells)) for section, cells in found.items() if section}


@pytest.mark.parametrize("day", ["2020-02-06", "2022-11-18", "2025-03-11"])
def test_the_sheriff_s_reports_counted_from_the_words_on_the_page(mirror, names, lists, day):
    """Each name of a section is a cell of the page that its row says, and each cell of the page a name."""
    found = recount_text_report(mirror / "learn" / f"ocsd_{day}_data_sharing.pdf")

    for row in lists[lists["list_id"] == f"ocsd-learn-{day}"].itertuples():
        rows, cells = pick(names, row.list_id, row.section), found.get(row.section, Counter())
        pages = rows["page"].str.removeprefix("PDF p. ").astype(int)
        assert Counter(zip(pages, rows["name_as_printed"], strict=True)) == cells
        assert cells.total() == row.names_n


def split_names(text: str) -> list[str]:
    """Split a portal's list at its commas; one organization has a comma in its own name."""
    text = text.replace("University of California, Berkeley", "University of California; Berkeley")
    return [" ".join(part.replace(";", ",").split()) for part in text.split(",")]


def read_portal(mirror, source_id: str) -> str:
    """Read the saved page of a portal as text, by the day it was saved on."""
    short, day = re.fullmatch(r"flock-(.+)-(\d{4}-\d\d-\d\d)", source_id).groups()
    saved = mirror / "portals" / f"{FLOCK_PORTALS.get(short, f'{short}-ca-pd')}_{day}"
    (path, *_) = sorted(saved.parent.glob(f"{saved.name}*.txt")) or saved.parent.glob(f"{saved.name}*.html")
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":  # the pages of January were saved as web pages only
        text = re.sub(r"<[^>]+>", "\n", re.sub(r"(?s)<(script|style).*?</\1>", "", text))
        text = html.unescape(re.sub(r"\n\s+", "\n", text)).replace("Last Updated: \n", "Last Updated: ")
    return text


def test_portals_counted_from_the_text_of_the_page(mirror, names, lists):
    """Names, order and date of a portal's list are those of the page; a page without a list has no row."""
    portals = lists[(lists["system"] == "Flock") & lists["source_id"].str.startswith("flock-")]
    headings = {
        GIVEN: r"Organizations granted access to .* data|Only Agencies With External Access",
        RECEIVED: r"Organizations sharing their data with .*",
    }
    seen = 0
    for row in portals.itertuples():
        text = read_portal(mirror, row.source_id)
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        day = next(line.removeprefix("Last Updated: ") for line in lines if line.startswith("Last Updated: "))
        assert pd.Timestamp(day).date().isoformat() == row.as_of
        place = [n for n, line in enumerate(lines) if re.fullmatch(headings[row.section], line)]
        assert bool(place) == row.is_whole
        if place:
            held = pick(names, row.list_id, row.section)["name_as_printed"]
            assert split_names(lines[place[0] + 1]) == held.tolist()
            seen += 1

    assert seen == 26


def test_daily_counts_are_those_of_the_released_logs(mirror):
    """Rows by day of both logs, counted with the csv module; no day is printed as zero."""
    counts = load_table("search_counts")
    for name, file in {
        "eugene": "eugene_or_pd_search_audit_reduced.csv.gz",
        "okaloosa": "okaloosa_fl_so_org_audit_reduced.csv.gz",
    }.items():
        with gzip.open(mirror / "flock" / file, "rt", encoding="utf-8") as log:
            days = Counter(row["search_hour"][:10] for row in csv.DictReader(log))
        held = counts[counts["count_id"].str.startswith(f"{name}-rows-")]

        assert dict(zip(held["period_start"], held["value"], strict=True)) == days
        edges = held.sort_values("period_start")["qualifier"].tolist()
        assert edges == ["at_least", *["exact"] * (len(held) - 2), "at_least"]


def test_figures_of_the_portals_are_printed_on_them(mirror):
    """Searches, hits, vehicles, cameras and days of retention are under their heading on the saved page."""
    counts = load_table("search_counts").query("source_id.str.startswith('flock-')")
    for row in counts.itertuples():
        printed = rf"(?im)^\s*{re.escape(row.page)}\s*{row.value:,}(?: days)?\s*$"
        assert re.search(printed, read_portal(mirror, row.source_id))

    assert len(counts) == 122


def test_agreements_are_whole_and_none_joins_another_state():
    """1,314 agreements, 719 of the task force kind; a matched agency is of the state that the list prints."""
    agreements = load_table("agreements_287g")
    matched = agreements.dropna(subset=["agency_id"]).merge(load_table("agencies"), on="agency_id")

    assert len(agreements) == 1314 and agreements["row_no"].tolist() == list(range(2, 1316))
    assert (agreements["agreement_type"] == "Task Force Model").sum() == 719
    assert agreements["signed_on"].max() == "2026-01-08"
    assert len(matched) > 0 and (matched["state_x"] == matched["state_y"]).all()


NO_PLACE = set(
    "county parish sheriff sheriffs office department police pd so co dept of state and metro".split()
)
STATES = r"\b(?:al|ar|az|fl|ga|in|ks|ky|la|mi|mo|ms|nc|nd|ne|nv|oh|ok|pa|sc|sd|tn|tx|ut|va|wi)\b"


def find_place(name: str) -> set[str]:
    """Find the words of a name that say where: all but roles, states and forms."""
    words = re.sub(r"[’'.]", "", name.lower()).replace("saint", "st").replace("metropolitan", "metro")
    return set(re.findall(r"[a-z]+", re.sub(STATES, "", words))) - NO_PLACE


def test_agreements_meet_the_names_on_lists(names):
    """A name joined to an agreement stands on a list, in its state, and says the same place."""
    agreements = load_table("agreements_287g").dropna(subset=["listed_as"])
    joined = agreements.assign(name=agreements["listed_as"].str.split("; ")).explode("name")
    names = names.assign(name=names["name_corrected"].fillna(names["name_as_printed"]))

    assert set(zip(joined["name"], joined["state"])) <= set(zip(names["name"], names["state"]))
    for row in joined.itertuples():
        assert find_place(row.name) - {"la"} <= find_place(row.agency_as_printed) | {"la", "st"}, row.name
    met = names.merge(joined[["name", "state"]].drop_duplicates(), on=["name", "state"])
    counts = met.groupby(["list_id", "section"]).size()
    assert (
        counts["ocsd-learn-2022-11-18", GIVEN] == 23 and ("ocsd-learn-2025-03-11", GIVEN) not in counts.index
    )

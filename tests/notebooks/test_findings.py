"""The findings of the committed notebooks, computed again from the CSV files or from the truth of the log."""

import functools
import math
import re
import runpy

import pandas as pd
import pytest

from helpers.simulate.log import build_log
from made import notebooks
from made.notebooks import SOLUTIONS, find_notebook, list_outputs, read_findings

FEWEST = 10
LOCAL = ["police", "sheriff", "campus_police", "fusion_center"]
# findings that say "at least"
OPEN = {
    "sources-unread", "agencies-in-other-records", "agencies-that-shared", "searches-on-request", "log-ins",
    "queries-floor",
}  # fmt: skip

read = functools.cache(notebooks.read)


def pick(table, **cells):
    """Rows of a fact table in which columns have these texts."""
    rows = read(table)
    for column, cell in cells.items():
        rows = rows[rows[column] == cell]
    return rows


def by_id(name, key):
    return read(name).set_index(key, drop=False)


def is_sound(rows):
    """Whether each row rests on a source that may carry a finding alone."""
    return ~rows["source_id"].isin(read("sources").query("weak_as != ''")["source_id"])


def list_named():
    """The rows that name an agency of ICE's list."""
    return pick("sharing_claims", claim_kind="listing", is_in_release="true")


def list_replies():
    replies = pick("sharing_claims", claim_kind="reply")
    return replies[replies["agency_id"].isin(list_named()["agency_id"])]


def list_into_ice():
    """Rows of access to ICE or a unit of it that count as access, with the kind of who opened it."""
    agencies, rows, ice = by_id("agencies", "agency_id"), read("access_paths"), {"ice"}
    while more := set(agencies.index[agencies["part_of"].isin(ice)]) - ice:
        ice |= more
    rows = rows[rows["to_id"].isin(ice) & ~rows["standing"].isin(["denied", "halted"])]
    return rows.assign(kind=rows["from_id"].map(agencies["kind"]))


# Each function `find_...` computes the finding of that name: value, the rows used (or None, where their sources
# are not compared), and words that its sentence must hold.

# --- 00 and 01 ------------------------------------------------------------------------------------


def find_sources_checked():
    rows = read("sources").query("read_as != 'not_read'")
    counts = rows["read_as"].value_counts()
    return len(rows), rows, f"{counts['document']} were read", f"of {counts['press_excerpt']} only"


def find_sources_unread():
    rows = pick("sources", read_as="not_read")
    return len(rows), rows


def find_lists_read():
    whole = pick("lists", section="detections_shared", is_whole="true")
    names = pick("sharing_lists", section="detections_shared")
    entries = names["list_id"].isin(whole["list_id"]).sum()
    return len(whole), whole, f"{whole['reported_by'].nunique()} agencies", f"{entries:,} entries"


def find_names_recovered():
    listed, least = list_named(), pick("quantities", quantity_id="agencies-sharing-with-ice")
    full = list_replies()["status"].isin(["denied", "denied_and_stopped", "denied_and_suspended"])
    denied = list_replies().loc[full, "agency_id"].nunique()
    names = listed["agency_id"].nunique()
    missing = int(least["value"].iloc[0]) - names
    return names, pd.concat([listed, least]), f"{denied} of these deny", f"other {missing} or more"


def find_replies():
    replies = list_replies()
    denied, part, ended = set(), set(), set()
    for row in replies.itertuples():
        words = row.status.split("_")
        if row.status == "unaware" or row.status.startswith(("denied_direct", "denied_agreement")):
            part.add(row.agency_id)
        elif words[0] == "denied":
            denied.add(row.agency_id)
        if words[-1] == "stopped":
            ended.add(row.agency_id)
    texts = (f"{len(denied)} denied it outright", f"{len(part)} did not know", f"{len(ended)} ended sharing")
    both = f"{len(ended & (denied | part))} of these after or with"
    return replies["agency_id"].nunique(), replies, *texts, both


def find_names_single_source():
    listed, sources = list_named(), {}
    for row in listed.itertuples():
        sources.setdefault(row.agency_id, set()).update({row.source_id, row.corroborated_by} - {""})
    texas = listed[listed["state"] == "TX"]
    assert all(len(sources[name]) == 1 for name in texas["agency_id"]) and texas["source_id"].nunique() == 1
    second = sum(len(named) > 1 for named in sources.values())
    return len(texas), texas, f"{second} of the {len(sources)} names"


def find_agencies_in_other_records():
    kinds, listed = by_id("agencies", "agency_id")["kind"], list_named()["agency_id"]
    shares = pick("sharing_claims", status="shares")
    second = shares[shares["corroborated_by"] != ""].assign(source_id=shares["corroborated_by"])
    opened = list_into_ice().query("door != 'hot_list'").rename(columns={"from_id": "agency_id"})
    rows = pd.concat([frame[["agency_id", "source_id"]] for frame in (shares, second, opened)])
    rows = rows[rows["agency_id"].map(kinds).isin(LOCAL) & ~rows["agency_id"].isin(listed) & is_sound(rows)]
    return rows["agency_id"].nunique(), rows


def find_listed_with_agreement():
    agreements = read("agreements_287g")
    signed = agreements[agreements["agency_id"].isin(list_named()["agency_id"])]
    assert signed["signed_on"].min() > "2019-03-13"
    return signed["agency_id"].nunique(), signed


# --- 02 -------------------------------------------------------------------------------------------


def find_agencies_that_shared():
    """An agency is disputed or ended only if no row of it is better."""
    front = list_into_ice().query("door == 'front' and kind in @LOCAL")
    best = front.groupby("from_id")["standing"].agg(set)
    documented = sum("documented" in found for found in best)
    disputed = sum("disputed" in found and "documented" not in found for found in best)
    assert read_findings("02")["agencies-that-shared"]["low"] == documented
    ended = f"{len(best) - documented - disputed} later records say or suggest"
    return len(best), front, f"{disputed} of them", ended


def find_searches_on_request():
    """Rows that rest on a weak source alone carry no finding."""
    rows = list_into_ice().query("door == 'side' and standing == 'documented'")
    return rows.loc[is_sound(rows), "from_id"].nunique(), None


def find_log_ins():
    rows = list_into_ice().query("door == 'account' and queries_n != ''")
    return int(rows.loc[is_sound(rows), "queries_n"].iloc[0]), None


# --- 03 -------------------------------------------------------------------------------------------


def list_recipients():
    """Names on complete lists of recipients, with the head of their list."""
    lists = pick("lists", section="detections_shared", is_whole="true")
    names = read("sharing_lists").merge(lists, on=["list_id", "section"])
    is_federal = names["agency_id"].map(by_id("agencies", "agency_id")["kind"]) == "federal"
    return names.assign(is_federal=is_federal, is_active=names["is_inactive"] == "false")


def take_latest(rows):
    """The latest list of each agency and system."""
    return rows[rows["as_of"] == rows.groupby(["reported_by", "system"])["as_of"].transform("max")]


def count(rows):
    """Count active accounts of one list: federal, in another state than California, of unknown state."""
    active = rows[rows["is_active"]]
    local = active[~active["is_federal"]]
    outside = local[(local["state"] != "CA") & (local["state"] != "")]
    return int(active["is_federal"].sum()), len(outside), int((local["state"] == "").sum())


def find_change_between_lists():
    """The headline: accounts outside California and federal accounts, with bounds, before and after."""
    rows, finding = list_recipients(), read_findings("03")["change-between-lists"]
    before, after = (rows[rows["list_id"] == f"ocsd-learn-{day}"] for day in ("2022-11-18", "2025-03-11"))
    federal, outside, unknown = count(before)
    federal_later, outside_later, unknown_later = count(after)
    assert (finding["low"], finding["high"], unknown_later) == (outside, outside + unknown, 0)
    return (
        outside,
        pd.concat([before, after]),
        f"let {outside} to {outside + unknown} accounts outside California and {federal} federal",
        f"it was {outside_later} outside California and {federal_later} federal",
    )


def find_accounts_on_latest_list():
    latest = take_latest(
        list_recipients().query("reported_by == 'orange-county-so-ca' and system == 'Flock'")
    )
    assert count(latest)[:2] == (0, 0)
    return latest["is_active"].sum(), latest, "none of federal agencies, none outside California"


def find_federal_on_latest_lists():
    latest = take_latest(list_recipients())
    counts = [count(rows) for _, rows in latest.groupby(["reported_by", "system"])]
    abroad = sum(outside > 0 for _, outside, _ in counts)
    texts = f"Of {len(counts)} latest", f"and at least {abroad} an account outside"
    return sum(federal > 0 for federal, _, _ in counts), latest, *texts


KINDS = {
    "PD": r"\bPOLICE( (DEPARTMENT|DEPT))?\b",
    "SO": r"\bSHERIFFS?( (DEPARTMENT|OFFICE))?\b",
    "DA": r"\bDISTRICT ATTORNEYS?( OFFICE)?\b|\bDA OFFICE\b",
    "DPS": r"\bDEPARTMENT OF PUBLIC SAFETY\b",
    "CHP": r"\bHIGHWAY PATROL\b",
}


def join_spellings(row):
    """One key for an agency of the table, and for spellings that give California and the kind of agency.

    Names with a remark in brackets stay as printed, all others too but for capitals: the count is a minimum.
    """
    printed = row["name_corrected"] or row["name_as_printed"]
    words = printed.upper().replace("'S", "S").replace("CALIFORNIA", "CA").replace("(CA)", " CA ")
    for kind, spelling in KINDS.items():
        words = re.sub(spelling, f" {kind} ", words)
    found = {*re.findall("[A-Z]+", words)}
    is_joined = "CA" in found and found & {*KINDS} and "(" not in words
    if is_joined:
        return row["agency_id"] or " ".join(sorted(found))
    return row["agency_id"] or (printed if "(" in words else printed.casefold())


def find_agencies_on_most_lists():
    rows = take_latest(list_recipients()).query("is_active")
    lists = rows.assign(key=rows.apply(join_spellings, axis="columns")).groupby("reported_by")["key"].agg(set)
    others = {key: [names for owner, names in lists.items() if owner != key] for key in set.union(*lists)}
    on_all = [key for key in others if all(key in names for names in others[key])]
    return 100, None, f"{len(on_all)} agencies are on every complete list"


# --- 04 -------------------------------------------------------------------------------------------


def find_queries_floor():
    """Seven months of the monthly floor."""
    monthly = pick("query_volumes", volume_id="ice-queries-per-month")
    months = pick("quantities", quantity_id="log-months")
    floor = monthly["value"].iloc[0] * months["value"].iloc[0]
    assert read_findings("04")["queries-floor"]["low"] == floor
    return floor, pd.concat([monthly, months])


def find_long_beach_queries():
    rows = read("query_volumes").query("volume_id.str.startswith('long-beach-')")
    first, second = rows["value"].sort_values().head(2)
    return first, rows, f"{second:.0f}"


def find_quoted_entries():
    rows = read("log_quotes")
    counts = rows["topic"].value_counts()
    texts = f"{counts['family_or_associate']} are about a relative", f"{counts['vague']} give, in our"
    return len(rows), rows, *texts, f"{counts['for_another_agency']} were run for"


def find_irvine_accesses():
    """They end with the last complete month."""
    rows = read("query_volumes").query("volume_id.str.startswith('irvine-accesses-')")
    rows = rows[rows["period_start"].str.len() == len("2024-02")].sort_values("period_start")
    first, *_, last = rows["value"]
    return last, rows, f"{first:,.0f} for February 2024", "January 2025"


def find_eugene_fall():
    """The most likely day of one change between two Poisson levels, found by trying each."""
    rows = pick("search_counts", agency_id="eugene-pd-or", qualifier="exact")
    days = pd.date_range(rows["period_start"].min(), rows["period_start"].max())
    known = dict(zip(rows["period_start"], rows["value"], strict=True))
    daily = [known.get(f"{day:%Y-%m-%d}", 0) for day in days]

    def weigh(part):
        return sum(part) * math.log(sum(part) / len(part))

    turn = max(range(15, len(daily) - 14), key=lambda at: weigh(daily[:at]) + weigh(daily[at:]))
    after, before = sum(daily[turn:]) / (len(daily) - turn), sum(daily[:turn]) / turn
    until = f"{days[turn - 1]:%-d %B %Y}"
    return round(after, 1), rows, f"{before:.1f} rows a day in their Flock log until {until}"


# --- 08, 09, 11 and 99 ----------------------------------------------------------------------------


def find_rules_seen_in_a_log():
    finding = read_findings("08")["rules-seen-in-a-log"]
    return finding["value"], None, f"Of {len(read('query_rules'))} requirements"


def find_rules_changed_2021():
    return read("query_rules")["in_force_from"].str.startswith("2021").sum(), None


def find_rules_quoted_entries():
    quotes = read("log_quotes")
    vague = (quotes["topic"] == "vague").sum()
    return (quotes["reason_code"] != "").sum(), None, f"{vague} give, in our reading, only vague"


def find_portal_retention():
    rows = by_id("quantities", "quantity_id")
    printed, portals = rows.filter(like="private-eyes-retention-", axis=0), rows.loc[["private-eyes-portals"]]
    assert printed["value"].sum() == portals["value"].iloc[0]
    return printed["value"].max(), pd.concat([printed, portals]), "365 police portals"


def find_portals_keeping_a_year():
    rows = pick("search_counts", measure="retention_days").sort_values("period_end")
    latest = rows.drop_duplicates("agency_id", keep="last")
    texts = f"Of {len(latest)} police portals", "Costa Mesa", "Santa Ana"
    return (latest["value"] == 365).sum(), latest, *texts


def find_retention_rules():
    """Five years against sixty days."""
    rows = by_id("quantities", "quantity_id").loc[["retention-rule-lapd-deletion", "retention-rule-chp"]]
    years, days = rows["value"]
    return round(years * 365.2425 / days), rows


def find_portal_hits():
    names = ["private-eyes-portals-with-use", "private-eyes-vehicles", "private-eyes-hits"]
    rows = by_id("quantities", "quantity_id").loc[names]
    _, vehicles, hits = rows["value"]
    return 100 * hits / vehicles, rows


def find_ice_case_files():
    rows = pick("quantities", quantity_id="retention-ero-electronic")
    return rows["value"].iloc[0], rows


def find_metro_share():
    metros, claim = read("metros"), pick("claims", claim_id="metros-60pct")
    of_year = metros[metros["estimate_on"].str.startswith("2016")].astype({"population": int})
    country = of_year.query("area_kind == 'country'")["population"].iloc[0]
    areas = of_year.query("area_kind == 'metro'")["population"].nlargest(50).sum()
    return round(100 * areas / country, 1), pd.concat([of_year, claim]), "almost 60 percent"


def find_lapd_matched_images():
    rows = by_id("quantities", "quantity_id").loc[["lapd-images-matched", "lapd-images-mother-jones"]]
    matched, images = rows["value"]
    return 100 * matched / images, rows


def find_riverside_daily():
    rows = pick("query_volumes", volume_id="riverside-flock-log-entries")
    (start, end), *_ = rows[["period_start", "period_end"]].to_numpy()
    days = (pd.Timestamp(end) - pd.Timestamp(start)).days + 1
    return rows["value"].iloc[0] / days, rows, f"cover {days} days"


def find_police_scans_conflict():
    rows = pick("quantities", conflict_group="le-scans")
    return rows["value"].max(), rows, "1.5 billion", "500 million"


def find_claims_checked():
    """By the check of the facts: of 42 published numbers 15 hold, 9 differ, 18 cannot be checked."""
    sources = read_findings("11")["claims-checked"]["sources"]
    assert set(sources) <= set(read("claims")["source_id"])
    return 9, None, "Of 24 published numbers"


def find_hedged_quantities():
    rows = read("quantities")
    hedged = rows[rows["qualifier"] != "exact"]
    return len(hedged), hedged, f"of {len(rows)} figures"


COMPUTED = {
    name.removeprefix("find_").replace("_", "-"): function
    for name, function in list(globals().items())
    if name.startswith("find_") and name != "find_notebook"
}
NUMBERS = sorted(path.stem for path in SOLUTIONS.glob("*.py"))
STATED = {key: finding for number in NUMBERS for key, finding in read_findings(number).items()}


def test_every_finding_from_records_is_computed_again():
    assert {key for key, finding in STATED.items() if not finding["simulated"]} == set(COMPUTED)


@pytest.mark.parametrize("name", COMPUTED)
def test_a_finding_is_what_the_tables_give(name):
    finding, (value, rows, *texts) = STATED[name], COMPUTED[name]()

    assert finding["value"] == pytest.approx(value)
    assert finding["unlimited"] == ["high"] * (name in OPEN)
    assert rows is None or set(finding["sources"]) == set(rows["source_id"])
    assert all(text in finding["sentence"] for text in texts), finding["sentence"]


# --- simulated logs and solutions of exercises ----------------------------------------------------


def test_method_checks_are_those_of_the_simulated_log():
    """The true number of searches is within the bounds; letters counted in plain pandas; recall by purpose."""
    rows, truth = build_log(2019, 20_000)
    events = truth["event_n"].nunique()
    only = rows["reason_text"].str.strip().str.lower().str.fullmatch(r"ice|immigration").fillna(False)
    civil = truth["purpose"].to_numpy() == "civil_immigration"

    assert STATED["log-rows-and-searches"]["low"] <= events <= STATED["log-rows-and-searches"]["high"]
    percent = f"{100 * (len(rows) / events - 1):.0f} percent above"
    assert percent in STATED["simulated-count-error"]["sentence"]
    # helpers.simulate.world: CHANGE_FACTOR
    assert STATED["log-level"]["low"] <= 1.5 <= STATED["log-level"]["high"]
    assert STATED["reasons-range"]["low"] <= only.sum() <= STATED["reasons-range"]["high"]
    assert STATED["reasons-recall"]["low"] == round(100 * (only.to_numpy() & civil).sum() / civil.sum(), 2)


def test_no_small_count_of_a_class_is_shown():
    """Notebook 06 shows no agency or month with one to nine reasons of a class, in tables or figures."""
    for output in list_outputs(find_notebook("06")):
        for line in "".join(output.get("data", {}).get("text/plain", "")).splitlines():
            if " ZZ " in line or line.startswith("[Federal]"):
                shown = [int(part) for part in line.split() if part.isdigit()]
                assert all(number >= FEWEST for number in shown[:2]), line


def list_on_both():
    """Agencies named on ICE's list that Irvine's list of 2025 names as well."""
    names = pick("sharing_lists", list_id="irvine-learn-2025-03-11", section="detections_shared")
    return set(names["agency_id"]) & set(pick("sharing_claims", claim_kind="listing")["agency_id"]) - {""}


# notebook -> a name in its solution, and whether it is what the tables give
SOLVED = {
    "00": ("weak", lambda weak: not is_sound(weak).any() and len(weak) == (~is_sound(read("sources"))).sum()),
    "01": ("on_both", lambda rows: set(rows["agency_id"]) == list_on_both()),
    "04": ("per_camera", lambda rates: rates.index[0][0] == "buena-park-pd-ca"),
    "09": ("rate", lambda rates: rates.index[0][0] == "oakland-pd-ca" and 74 < rates.iloc[0] < 75),
    "11": ("per_day", lambda rates: round(rates[51], 2) == 116.25 and round(rates[52], 2) == 114.02),
    "99": ("units", lambda units: units.sum() == len(read("quantities").query("qualifier != 'exact'"))),
}


@pytest.mark.parametrize("number", NUMBERS)
def test_solutions_run_and_give_what_the_tables_give(number, capsys):
    solved = runpy.run_path(str(SOLUTIONS / f"{number}.py"))

    assert capsys.readouterr().out.count("\n") >= 2
    if number in SOLVED:
        name, is_right = SOLVED[number]
        assert is_right(solved[name])

"""The findings of the committed notebooks, computed again from the CSV files or from the truth of the log."""

import math
import re
import runpy

import pandas as pd
import pytest

from helpers.simulate.log import build_log
from made.notebooks import SOLUTIONS, find_notebook, list_outputs, read, read_findings

FEWEST = 10
LOCAL = ["police", "sheriff", "campus_police", "fusion_center"]


def check(finding, value, rows, *texts):
    """Compare a finding with a value, the sources of the rows used, and words that its sentence must hold."""
    assert finding["value"] == pytest.approx(value)
    assert rows is None or set(finding["sources"]) == set(rows["source_id"])
    assert all(text in finding["sentence"] for text in texts), finding["sentence"]


def list_ice():
    """ICE and its units, by the table of agencies."""
    agencies, ice = read("agencies"), {"ice"}
    while more := set(agencies.loc[agencies["part_of"].isin(ice), "agency_id"]) - ice:
        ice |= more
    return ice


def list_into_ice():
    """Rows of access to ICE or a unit of it that count as access, with the kind of who opened it."""
    rows, kinds = read("access_paths"), read("agencies").set_index("agency_id")["kind"]
    rows = rows[rows["to_id"].isin(list_ice()) & ~rows["standing"].isin(["denied", "halted"])]
    return rows.assign(kind=rows["from_id"].map(kinds))


def is_sound(rows):
    """Whether each row rests on a source that may carry a finding alone."""
    return ~rows["source_id"].isin(read("sources").query("weak_as != ''")["source_id"])


def by_id(name, key):
    return read(name).set_index(key, drop=False)


# --- 00 -------------------------------------------------------------------------------------------


def test_sources_are_counted_by_how_they_were_read():
    found, known = read_findings("00"), read("sources")
    read_ones = known[known["read_as"] != "not_read"]
    counts = read_ones["read_as"].value_counts()
    texts = (f"{counts['document']} were read", f"of {counts['press_excerpt']} only")
    check(found["sources-checked"], len(read_ones), read_ones, *texts)
    unread = known[known["read_as"] == "not_read"]
    check(found["sources-unread"], len(unread), unread)


def test_complete_lists_are_counted_with_their_names():
    lists, names = read("lists"), read("sharing_lists")
    whole = lists[(lists["section"] == "detections_shared") & (lists["is_whole"] == "true")]
    rows = names[names["list_id"].isin(whole["list_id"]) & (names["section"] == "detections_shared")]
    texts = (f"{whole['reported_by'].nunique()} agencies", f"{len(rows):,} entries")
    check(read_findings("00")["lists-read"], len(whole), whole, *texts)


# --- 01 -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def listed():
    """The rows that name an agency of ICE's list."""
    claims = read("sharing_claims")
    return claims[(claims["claim_kind"] == "listing") & (claims["is_in_release"] == "true")]


def test_names_of_the_list_and_those_that_deny(listed):
    finding = read_findings("01")["names-recovered"]
    quantities, claims = read("quantities"), read("sharing_claims")
    least = quantities[quantities["quantity_id"] == "agencies-sharing-with-ice"]
    replies = claims[(claims["claim_kind"] == "reply") & claims["agency_id"].isin(listed["agency_id"])]
    full = ("denied", "denied_and_stopped", "denied_and_suspended")
    denied = replies.loc[replies["status"].isin(full), "agency_id"].nunique()
    names = listed["agency_id"].nunique()
    missing = int(least["value"].iloc[0]) - names
    check(finding, names, pd.concat([listed, least]), f"{denied} of these deny", f"other {missing} or more")


def test_replies_are_counted_by_agency(listed):
    finding, claims = read_findings("01")["replies"], read("sharing_claims")
    replies = claims[(claims["claim_kind"] == "reply") & claims["agency_id"].isin(listed["agency_id"])]
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
    check(finding, replies["agency_id"].nunique(), replies, *texts, both)


def test_names_with_one_source(listed):
    finding = read_findings("01")["names-single-source"]
    sources = {}
    for row in listed.itertuples():
        sources.setdefault(row.agency_id, set()).update({row.source_id, row.corroborated_by} - {""})
    texas = listed[listed["state"] == "TX"]
    assert all(len(sources[name]) == 1 for name in texas["agency_id"]) and texas["source_id"].nunique() == 1
    second = sum(len(named) > 1 for named in sources.values())
    check(finding, len(texas), texas, f"{second} of the {len(sources)} names")


def test_agencies_named_by_other_records(listed):
    finding, claims = read_findings("01")["agencies-in-other-records"], read("sharing_claims")
    kinds = by_id("agencies", "agency_id")["kind"]
    shares = claims[claims["status"] == "shares"]
    second = shares[shares["corroborated_by"] != ""].assign(source_id=shares["corroborated_by"])
    opened = list_into_ice().query("door != 'hot_list'").rename(columns={"from_id": "agency_id"})
    rows = pd.concat([frame[["agency_id", "source_id"]] for frame in (shares, second, opened)])
    rows = rows[rows["agency_id"].map(kinds).isin(LOCAL) & ~rows["agency_id"].isin(listed["agency_id"])]
    rows = rows[is_sound(rows)]
    check(finding, rows["agency_id"].nunique(), rows)
    assert finding["unlimited"] == ["high"]


def test_agencies_with_an_agreement(listed):
    agreements = read("agreements_287g")
    signed = agreements[agreements["agency_id"].isin(listed["agency_id"])]
    assert signed["signed_on"].min() > "2019-03-13"
    check(read_findings("01")["listed-with-agreement"], signed["agency_id"].nunique(), signed)


# --- 02 -------------------------------------------------------------------------------------------


def test_agencies_whose_settings_let_ice_search():
    """An agency is disputed or ended only if no row of it is better."""
    finding, into = read_findings("02")["agencies-that-shared"], list_into_ice()
    front = into[(into["door"] == "front") & into["kind"].isin(LOCAL)]
    best = front.groupby("from_id")["standing"].agg(set)
    documented = sum("documented" in found for found in best)
    disputed = sum("disputed" in found and "documented" not in found for found in best)
    ended = f"{len(best) - documented - disputed} later records say or suggest"

    check(finding, len(best), front, f"{disputed} of them", ended)
    assert finding["low"] == documented


def test_searches_on_request_and_log_ins():
    """Rows that rest on a weak source alone carry no finding."""
    into, found = list_into_ice(), read_findings("02")
    sound = into[is_sound(into)]
    side = sound[(sound["door"] == "side") & (sound["standing"] == "documented")]
    accounts = sound[(sound["door"] == "account") & (sound["queries_n"] != "")]

    assert found["searches-on-request"]["value"] == side["from_id"].nunique()
    assert found["log-ins"]["value"] == int(accounts["queries_n"].iloc[0])


# --- 03 -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recipients():
    """Names on complete lists of recipients, with the head of their list."""
    lists = read("lists")
    lists = lists[(lists["section"] == "detections_shared") & (lists["is_whole"] == "true")]
    names = read("sharing_lists").merge(lists, on=["list_id", "section"])
    is_federal = names["agency_id"].map(by_id("agencies", "agency_id")["kind"]) == "federal"
    return names.assign(is_federal=is_federal, is_active=names["is_inactive"] == "false")


def count(rows):
    """Count active accounts of one list: federal, in another state than California, of unknown state."""
    active = rows[rows["is_active"]]
    local = active[~active["is_federal"]]
    outside = local[(local["state"] != "CA") & (local["state"] != "")]
    return int(active["is_federal"].sum()), len(outside), int((local["state"] == "").sum())


def test_change_of_the_sheriffs_list_from_2022_to_2025(recipients):
    """The headline: accounts outside California and federal accounts, with bounds, before and after."""
    finding = read_findings("03")["change-between-lists"]
    days = ("2022-11-18", "2025-03-11")
    before, after = (recipients[recipients["list_id"] == f"ocsd-learn-{day}"] for day in days)
    federal, outside, unknown = count(before)
    federal_later, outside_later, unknown_later = count(after)

    texts = (
        f"let {outside} to {outside + unknown} accounts outside California and {federal} federal",
        f"it was {outside_later} outside California and {federal_later} federal",
    )
    check(finding, outside, pd.concat([before, after]), *texts)
    assert (finding["low"], finding["high"], unknown_later) == (outside, outside + unknown, 0)


def test_the_sheriffs_latest_list(recipients):
    own = recipients[recipients["reported_by"] == "orange-county-so-ca"]
    latest = own[own["as_of"] == own["as_of"].max()]

    assert count(latest)[:2] == (0, 0)
    text = "none of federal agencies, none outside California"
    check(read_findings("03")["accounts-on-latest-list"], latest["is_active"].sum(), latest, text)


def test_federal_accounts_on_the_latest_lists(recipients):
    """The latest list of each agency and system: how many name a federal account that can search."""
    keys = ["reported_by", "system"]
    latest = recipients[recipients["as_of"] == recipients.groupby(keys)["as_of"].transform("max")]
    counts = [count(rows) for _, rows in latest.groupby(keys)]
    abroad = sum(outside > 0 for _, outside, _ in counts)

    texts = (f"Of {len(counts)} latest", f"and at least {abroad} an account outside")
    finding = read_findings("03")["federal-on-latest-lists"]
    check(finding, sum(federal > 0 for federal, _, _ in counts), latest, *texts)


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


def test_agencies_on_every_list_of_others(recipients):
    finding = read_findings("03")["agencies-on-most-lists"]
    newest = recipients.groupby(["reported_by", "system"])["as_of"].transform("max")
    rows = recipients[(recipients["as_of"] == newest) & recipients["is_active"]]
    lists = rows.assign(key=rows.apply(join_spellings, axis="columns")).groupby("reported_by")["key"].agg(set)
    on_all = [
        key
        for key in set.union(*lists)
        if all(key in names for owner, names in lists.items() if owner != key)
    ]

    assert finding["value"] == 100
    assert f"{len(on_all)} agencies are on every complete list" in finding["sentence"]


# --- 04 -------------------------------------------------------------------------------------------


def test_floor_of_ice_searches_is_seven_months_of_the_monthly_one():
    volumes, quantities = read("query_volumes"), read("quantities")
    monthly = volumes[volumes["volume_id"] == "ice-queries-per-month"]
    months = quantities[quantities["quantity_id"] == "log-months"]
    finding = read_findings("04")["queries-floor"]
    check(finding, monthly["value"].iloc[0] * months["value"].iloc[0], pd.concat([monthly, months]))
    assert finding["unlimited"] == ["high"] and finding["low"] == finding["value"]


def test_searches_through_long_beach():
    rows = read("query_volumes").query("volume_id.str.startswith('long-beach-')").sort_values("value")
    check(
        read_findings("04")["long-beach-queries"], rows["value"].iloc[0], rows, f"{rows['value'].iloc[1]:.0f}"
    )


def test_quoted_entries_by_topic():
    quotes = read("log_quotes")
    counts = quotes["topic"].value_counts()
    texts = (f"{counts['family_or_associate']} are about a relative", f"{counts['vague']} give, in our")
    other = f"{counts['for_another_agency']} were run for"
    check(read_findings("04")["quoted-entries"], len(quotes), quotes, *texts, other)


def test_accesses_to_irvine_end_with_the_last_complete_month():
    rows = read("query_volumes").query("volume_id.str.startswith('irvine-accesses-')")
    rows = rows[rows["period_start"].str.len() == len("2024-02")].sort_values("period_start")
    check(
        read_findings("04")["irvine-accesses"],
        rows["value"].iloc[-1],
        rows,
        f"{rows['value'].iloc[0]:,.0f} for February 2024",
        "January 2025",
    )


def test_break_in_the_log_of_eugene():
    """The most likely day of one change between two Poisson levels, found by trying each."""
    rows = read("search_counts").query("agency_id == 'eugene-pd-or' and qualifier == 'exact'")
    days = pd.date_range(rows["period_start"].min(), rows["period_start"].max())
    known = dict(zip(rows["period_start"], rows["value"], strict=True))
    daily = [known.get(f"{day:%Y-%m-%d}", 0) for day in days]

    def weigh(part):
        return sum(part) * math.log(sum(part) / len(part))

    turn = max(range(15, len(daily) - 14), key=lambda at: weigh(daily[:at]) + weigh(daily[at:]))
    after = sum(daily[turn:]) / (len(daily) - turn)
    texts = (
        f"{sum(daily[:turn]) / turn:.1f} rows a day in their Flock log until {days[turn - 1]:%-d %B %Y}",
    )
    check(read_findings("04")["eugene-fall"], round(after, 1), rows, *texts)


# --- 05 to 08: simulated logs ---------------------------------------------------------------------


def test_searches_of_the_simulated_log():
    """The true number of searches is within the bounds, and the errors of other counts are what they are."""
    rows, truth = build_log(2019, 20_000)
    events, found = truth["event_n"].nunique(), read_findings("05")

    assert found["log-rows-and-searches"]["low"] <= events <= found["log-rows-and-searches"]["high"]
    assert f"{100 * (len(rows) / events - 1):.0f} percent above" in found["simulated-count-error"]["sentence"]
    # helpers.simulate.world: CHANGE_FACTOR
    assert found["log-level"]["low"] <= 1.5 <= found["log-level"]["high"]


def test_range_of_reasons():
    """Letters counted in plain pandas; recall against the purpose of each row."""
    rows, truth = build_log(2019, 20_000)
    found = read_findings("06")
    only = rows["reason_text"].str.strip().str.lower().str.fullmatch(r"ice|immigration").fillna(False)
    civil = truth["purpose"].to_numpy() == "civil_immigration"

    assert found["reasons-range"]["low"] <= only.sum() <= found["reasons-range"]["high"]
    assert found["reasons-recall"]["low"] == round(100 * (only.to_numpy() & civil).sum() / civil.sum(), 2)


def test_no_small_count_of_a_class_is_shown():
    """Notebook 06 shows no agency or month with one to nine reasons of a class, in tables or figures."""
    for output in list_outputs(find_notebook("06")):
        for line in "".join(output.get("data", {}).get("text/plain", "")).splitlines():
            if " ZZ " in line or line.startswith("[Federal]"):
                shown = [int(part) for part in line.split() if part.isdigit()]
                assert all(number >= FEWEST for number in shown[:2]), line


def test_rules_are_those_of_the_table():
    """Requirements of both documents, and those of 2021; entries with a reason code, and vague ones."""
    rules, quotes, found = read("query_rules"), read("log_quotes"), read_findings("08")
    vague = (quotes["topic"] == "vague").sum()

    assert f"Of {len(rules)} requirements" in found["rules-seen-in-a-log"]["sentence"]
    check(found["rules-changed-2021"], rules["in_force_from"].str.startswith("2021").sum(), None)
    text = f"{vague} give, in our reading, only vague"
    check(found["rules-quoted-entries"], (quotes["reason_code"] != "").sum(), None, text)


# --- 09 -------------------------------------------------------------------------------------------


def test_portals_that_print_thirty_days():
    rows = by_id("quantities", "quantity_id")
    printed = rows[rows.index.str.startswith("private-eyes-retention-")]
    assert printed["value"].sum() == rows.loc["private-eyes-portals", "value"]
    used = pd.concat([printed, rows.loc[["private-eyes-portals"]]])
    check(read_findings("09")["portal-retention"], printed["value"].max(), used, "365 police portals")


def test_portals_that_keep_a_year():
    rows = read("search_counts").query("measure == 'retention_days'").sort_values("period_end")
    latest = rows.drop_duplicates("agency_id", keep="last")
    year = latest[latest["value"] == 365]
    finding = read_findings("09")["portals-keeping-a-year"]
    check(finding, len(year), latest, f"Of {len(latest)} police portals", "Costa Mesa", "Santa Ana")


def test_five_years_against_sixty_days():
    rows = by_id("quantities", "quantity_id")
    used = rows.loc[["retention-rule-lapd-deletion", "retention-rule-chp"]]
    years, days = used["value"]
    check(read_findings("09")["retention-rules"], round(years * 365.2425 / days), used)


def test_hits_of_portals_and_case_files_of_ice():
    rows, found = by_id("quantities", "quantity_id"), read_findings("09")
    used = rows.loc[["private-eyes-portals-with-use", "private-eyes-vehicles", "private-eyes-hits"]]
    rate = 100 * used.loc["private-eyes-hits", "value"] / used.loc["private-eyes-vehicles", "value"]
    check(found["portal-hits"], rate, used)
    files = rows.loc[["retention-ero-electronic"]]
    check(found["ice-case-files"], files["value"].iloc[0], files)


# --- 11 -------------------------------------------------------------------------------------------


def test_metropolitan_areas():
    metros, claims = read("metros"), read("claims")
    metros = metros.assign(population=metros["population"].astype(int), year=metros["estimate_on"].str[:4])
    of_year = metros[metros["year"] == "2016"]
    areas = of_year[of_year["area_kind"] == "metro"]["population"].sort_values().tail(50).sum()
    country = of_year[of_year["area_kind"] == "country"]["population"].iloc[0]
    used = pd.concat([of_year, claims[claims["claim_id"] == "metros-60pct"]])
    check(read_findings("11")["metro-share"], round(100 * areas / country, 1), used, "almost 60 percent")


def test_images_entries_and_scans():
    rows, found = by_id("quantities", "quantity_id"), read_findings("11")
    images = rows.loc[["lapd-images-matched", "lapd-images-mother-jones"]]
    check(found["lapd-matched-images"], 100 * images["value"].iloc[0] / images["value"].iloc[1], images)
    log = read("query_volumes").query("volume_id == 'riverside-flock-log-entries'")
    days = (pd.Timestamp(log["period_end"].iloc[0]) - pd.Timestamp(log["period_start"].iloc[0])).days + 1
    check(found["riverside-daily"], log["value"].iloc[0] / days, log, f"cover {days} days")
    scans = rows[rows["conflict_group"] == "le-scans"]
    check(found["police-scans-conflict"], scans["value"].max(), scans, "1.5 billion", "500 million")


def test_claims_that_do_not_hold_are_nine_of_those_checked():
    """By the check of the facts: of 42 published numbers 15 hold, 9 differ, 18 cannot be checked."""
    finding = read_findings("11")["claims-checked"]
    assert finding["value"] == 9 and "Of 24 published numbers" in finding["sentence"]
    claims = read("claims").set_index("claim_id")
    assert set(finding["sources"]) <= set(claims["source_id"])


# --- 99 and solutions of exercises ----------------------------------------------------------------


def test_template_counts_every_row():
    rows = read("quantities")
    hedged = rows[rows["qualifier"] != "exact"]
    check(read_findings("99")["hedged-quantities"], len(hedged), hedged, f"of {len(rows)} figures")


def find_on_both():
    """Agencies named on ICE's list that Irvine's list of 2025 names as well."""
    names, claims = read("sharing_lists"), read("sharing_claims")
    names = names[(names["list_id"] == "irvine-learn-2025-03-11") & (names["section"] == "detections_shared")]
    return set(names["agency_id"]) & set(claims.query("claim_kind == 'listing'")["agency_id"]) - {""}


# notebook -> a name in its solution, and whether it is what the tables give
SOLVED = {
    "00": ("weak", lambda weak: not is_sound(weak).any() and len(weak) == (~is_sound(read("sources"))).sum()),
    "01": ("on_both", lambda rows: set(rows["agency_id"]) == find_on_both()),
    "04": ("per_camera", lambda rates: rates.index[0][0] == "buena-park-pd-ca"),
    "09": ("rate", lambda rates: rates.index[0][0] == "oakland-pd-ca" and 74 < rates.iloc[0] < 75),
    "11": ("per_day", lambda rates: round(rates[51], 2) == 116.25 and round(rates[52], 2) == 114.02),
    "99": ("units", lambda units: units.sum() == len(read("quantities").query("qualifier != 'exact'"))),
}


@pytest.mark.parametrize("number", sorted(path.stem for path in SOLUTIONS.glob("*.py")))
def test_solutions_run_and_give_what_the_tables_give(number, capsys):
    solved = runpy.run_path(str(SOLUTIONS / f"{number}.py"))

    assert capsys.readouterr().out.count("\n") >= 2
    if number in SOLVED:
        name, is_right = SOLVED[number]
        assert is_right(solved[name])

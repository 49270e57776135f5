"""The findings of notebooks 00, 01, 04, 09, 11 and 99, computed again from the CSV files."""

import json
import math
import runpy

import pandas as pd
import pytest

from helpers import paths

SOLUTIONS = paths.ROOT / "tests" / "notebooks" / "solutions"


def read_findings(number):
    """Read the findings of a committed notebook."""
    book = json.loads(next(paths.NOTEBOOKS.glob(f"{number}-*.ipynb")).read_text(encoding="utf-8"))
    found = [
        output["metadata"]["sidedoor_finding"]
        for cell in book["cells"]
        for output in cell.get("outputs", [])
        if "sidedoor_finding" in output.get("metadata", {})
    ]
    return {finding["id"]: finding for finding in found}


def read(name):
    """Read a fact table as text, and its column `value` as numbers."""
    table = pd.read_csv(paths.FACTS / f"{name}.csv", dtype="str", keep_default_na=False)
    return table.assign(value=table["value"].astype(float)) if "value" in table else table


def check(finding, value, rows, *texts):
    """Compare a finding with a value, the sources of the rows used, and words that its sentence must hold."""
    assert finding["value"] == pytest.approx(value)
    assert set(finding["sources"]) == set(rows["source_id"])
    assert all(text in finding["sentence"] for text in texts), finding["sentence"]


@pytest.fixture(scope="module")
def listed():
    """The rows that name an agency of ICE's list."""
    claims = read("sharing_claims")
    return claims[(claims["claim_kind"] == "listing") & (claims["is_in_release"] == "true")]


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
    finding, agencies = read_findings("01")["agencies-in-other-records"], read("agencies")
    weak = set(read("sources").query("weak_as != ''")["source_id"])
    claims, connections = read("sharing_claims"), read("access_paths")
    parts = {"ice"}
    while more := set(agencies.loc[agencies["part_of"].isin(parts), "agency_id"]) - parts:
        parts |= more
    shares = claims[claims["status"] == "shares"]
    second = shares[shares["corroborated_by"] != ""].assign(source_id=shares["corroborated_by"])
    opened = connections[connections["to_id"].isin(parts) & (connections["door"] != "hot_list")]
    opened = opened[~opened["standing"].isin(["denied", "halted"])].rename(columns={"from_id": "agency_id"})
    rows = pd.concat([frame[["agency_id", "source_id"]] for frame in (shares, second, opened)])
    kinds = agencies.set_index("agency_id")["kind"]
    is_local = rows["agency_id"].map(kinds).isin(["police", "sheriff", "campus_police", "fusion_center"])
    rows = rows[is_local & ~rows["agency_id"].isin(listed["agency_id"]) & ~rows["source_id"].isin(weak)]
    check(finding, rows["agency_id"].nunique(), rows)
    assert finding["unlimited"] == ["high"]


def test_agencies_with_an_agreement(listed):
    agreements = read("agreements_287g")
    signed = agreements[agreements["agency_id"].isin(listed["agency_id"])]
    assert signed["signed_on"].min() > "2019-03-13"
    check(read_findings("01")["listed-with-agreement"], signed["agency_id"].nunique(), signed)


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


# --- 09 -------------------------------------------------------------------------------------------


def test_portals_that_print_thirty_days():
    rows = read("quantities").set_index("quantity_id", drop=False)
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
    rows = read("quantities").set_index("quantity_id", drop=False)
    used = rows.loc[["retention-rule-lapd-deletion", "retention-rule-chp"]]
    years, days = used["value"]
    check(read_findings("09")["retention-rules"], round(years * 365.2425 / days), used)


def test_hits_of_portals_and_case_files_of_ice():
    rows, found = read("quantities").set_index("quantity_id", drop=False), read_findings("09")
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
    rows, found = read("quantities").set_index("quantity_id", drop=False), read_findings("11")
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


# --- 99 and all -----------------------------------------------------------------------------------


def test_template_counts_every_row():
    rows = read("quantities")
    hedged = rows[rows["qualifier"] != "exact"]
    check(read_findings("99")["hedged-quantities"], len(hedged), hedged, f"of {len(rows)} figures")


@pytest.mark.parametrize("number", sorted(path.stem for path in SOLUTIONS.glob("*.py")))
def test_findings_lie_within_their_bounds(number):
    for finding in read_findings(number).values():
        assert finding["low"] is None or finding["low"] <= finding["value"], finding["id"]
        assert finding["high"] is None or finding["value"] <= finding["high"], finding["id"]


def find_weak():
    """Sources on which no finding may rest alone."""
    return set(read("sources").query("weak_as != ''")["source_id"])


def find_on_both():
    """Agencies named on ICE's list that Irvine's list of 2025 names as well."""
    names, claims = read("sharing_lists"), read("sharing_claims")
    shared = names[
        (names["list_id"] == "irvine-learn-2025-03-11") & (names["section"] == "detections_shared")
    ]
    return set(shared["agency_id"]) & set(claims[claims["claim_kind"] == "listing"]["agency_id"]) - {""}


SOLVED = [
    (
        "00",
        "weak",
        lambda weak: set(weak["source_id"]) == set(read("sources").query("weak_as != ''")["source_id"]),
    ),
    ("01", "on_both", lambda rows: set(rows["agency_id"]) == find_on_both()),
    ("04", "per_camera", lambda rates: rates.index[0][0] == "buena-park-pd-ca"),
    ("09", "rate", lambda rates: rates.index[0][0] == "oakland-pd-ca" and 74 < rates.iloc[0] < 75),
    ("11", "per_day", lambda rates: round(rates[51], 2) == 116.25 and round(rates[52], 2) == 114.02),
    ("99", "units", lambda units: units.sum() == len(read("quantities").query("qualifier != 'exact'"))),
]


@pytest.mark.parametrize(("number", "name", "is_right"), SOLVED, ids=[number for number, *_ in SOLVED])
def test_solutions_run_and_give_what_the_tables_give(number, name, is_right):
    assert is_right(runpy.run_path(str(SOLUTIONS / f"{number}.py"))[name])

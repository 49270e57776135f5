"""Names of agencies: read by rules, compared, resolved against a registry; told from names of persons."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import paths
from helpers.agencies import (
    KINDS,
    Registry,
    clean_name,
    compare_names,
    load_registry,
    looks_like_agency,
    mixes_alphabets,
    parse_name,
    resolve_names,
)
from helpers.errors import DataError
from helpers.facts.tables import load_table

PAIRS = paths.ROOT / "tests" / "data" / "name_pairs.csv"

# printed -> place, role, state, kind
READINGS = {
    "ABERDEEN WA PD": ("aberdeen", "pd", "WA", "police"),
    "Aberdeen Police Department (WA)": ("aberdeen", "pd", "WA", "police"),
    "IN - Angola PD": ("angola", "pd", "IN", "police"),
    "Pasco PD - WA": ("pasco", "pd", "WA", "police"),
    "N Las Vegas NV PD": ("north las vegas", "pd", "NV", "police"),
    "Hollywood Police Department (Fl)": ("hollywood", "pd", "FL", "police"),
    "University of Iowa (IA) PD": ("university of iowa", "pd", "IA", "campus_police"),
    "University of Iowa Police": ("university of iowa", "pd", "IA", "campus_police"),
    "Tyler TX ISD PD": ("tyler independent school district", "pd", "TX", "campus_police"),
    "College Station Police Department": ("college station", "pd", "", "police"),
    # codes that are a role as often as a state
    "Los Angeles County CA SD": ("los angeles", "so", "CA", "sheriff"),
    "LA County CA Sheriff": ("los angeles", "so", "CA", "sheriff"),
    "Jefferson CO TXSO": ("jefferson", "so", "TX", "sheriff"),
    "Wagoner CO OK SO (Trailer)": ("wagoner", "so", "OK", "sheriff"),
    "Dolores County CO SO": ("dolores", "so", "CO", "sheriff"),
    "Brookings SD PD": ("brookings", "pd", "SD", "police"),
    "San Diego County SD": ("san diego", "so", "", "sheriff"),
    "Winston Count MS CO": ("winston county", "", "MS", "other"),
    "Bozeman MT PD": ("bozeman", "pd", "MT", "police"),
    "Oregon OH PD": ("oregon", "pd", "OH", "police"),
    "Washington Police Department": ("washington", "pd", "", "police"),
    # several roles in one name: the special one wins
    "Cook County IL Sheriff's PD": ("cook", "so", "IL", "sheriff"),
    "Cook County States Attorney IL PD": ("cook county", "states_attorney", "IL", "district_attorney"),
    "Lake County DA CA": ("lake county", "da", "CA", "district_attorney"),
    "Jefferson County MO 911": ("jefferson county", "dispatch", "MO", "other"),
    # states
    "California Highway Patrol (CA)": ("california", "highway_patrol", "CA", "state_police"),
    "Arizona Department of Public Safety": ("arizona", "dps", "AZ", "state_police"),
    "Ohio DPS": ("ohio", "dps", "OH", "other"),
    "Office of the Attorney General - GA": ("georgia", "attorney_general", "GA", "other"),
    # what scans and clerks do
    "County of San Mateo Sheriffs Office": ("san mateo", "so", "", "sheriff"),
    "Reeve County Sherriffs Office": ("reeve", "so", "", "sheriff"),
    "Boone County SheriffOffice": ("boone", "so", "", "sheriff"),
    "HendersonvHle Police Department": ("hendersonville", "pd", "", "police"),
    "Livingston County Sheriffs Office (Ml)": ("livingston", "so", "MI", "sheriff"),
    # federal agencies
    "ICE": ("", "ice", "", "federal"),
    "[Federal] ICE ERO": ("ero", "ice", "", "federal"),
    "DHS - HSI (Newark NJ)": ("newark", "hsi", "NJ", "federal"),
    "CBP - NTC": ("ntc", "cbp", "", "federal"),
    "San Diego Sector Border Patrol (CA)": ("san diego sector", "border patrol", "CA", "federal"),
    "US Postal Inspection Service": ("", "postal inspection", "", "federal"),
    "Federal Way Police Department": ("federal way", "pd", "", "police"),
    "MEDWAY Drug Enforcement Agency OH PD": ("medway drug enforcement agency", "pd", "OH", "police"),
    # no local agencies
    "NCRIC": ("northern california regional intelligence center", "", "", "fusion_center"),
    "St. Louis Fusion Center MO": ("saint louis fusion center", "", "MO", "fusion_center"),
    "L6A UbiHub Demo": ("l6a ubihub demo", "", "", "vendor_demo"),
    "Flock Safety LE Training": ("flock safety le training", "", "", "vendor_demo"),
    "Little Flock AR PD": ("little flock", "pd", "AR", "police"),
    "NVLS": ("national vehicle location service", "", "", "pool"),
    "Axon": ("axon", "", "", "company"),
    "Org Name": ("org name", "", "", "not_an_agency"),
    "do not use": ("", "", "", "not_an_agency"),
}


@pytest.mark.parametrize("printed", READINGS)
def test_names_are_read_by_rules(printed):
    """Place, role, state and kind come out as a reader of the lists would have them."""
    found = parse_name(printed)

    assert (found.place, found.role, found.state, found.kind) == READINGS[printed]


@pytest.mark.parametrize("mark", ["Inactive {}", "{} (Do Not Use)", "DNU- {}", "{} - NOT IN USE"])
def test_inactive_accounts_are_marked_and_still_named(mark):
    """The mark is a fact of its own; the agency is the same."""
    found = parse_name(mark.format("Aberdeen PD"))

    assert (found.place, found.role, found.is_inactive) == ("aberdeen", "pd", True)
    assert not parse_name("Old Westbury Village NY PD").is_inactive


@pytest.mark.parametrize(
    "printed", ["Office of Police Services", "JUSTICE IL PD", "Ice House TX PD", "Slice Device Services"]
)
def test_ice_is_never_found_inside_words(printed):
    """ICE counts as a word of its own in capitals; Office, Justice and Ice House do not hold it."""
    assert parse_name(printed).kind != "federal"


@pytest.mark.parametrize(
    ("printed", "detail"),
    [
        ("Harris County Const TX Pct 4", "precinct 4"),
        ("Montgomery County Constable Precinct 3 (TX)", "precinct 3"),
        ("LASD CA - San Dimas Station", "san dimas station"),
        ("Jackson Township OH PD (Stark County)", "stark"),
    ],
)
def test_units_of_one_place_are_told_apart(printed, detail):
    """Precinct, station and the county in brackets stay as a detail."""
    assert parse_name(printed).detail == detail


JUMBLE = (
    "Aberdeen|Los Angeles|St. Louis|University of Iowa|Washington|Port|Co|SD|MS|MT|in|or|Police|Sheriff's"
    "|Office|County|Parish|Twp|City of|Town of|DA|Pct 4|Station|-|(|)|[|]|Inactive|DNU|ICE|DHS|Justice"
    "|Flock Safety|Demo|CA|WA|PD|SO|DPS|State|Campus|Dept.|&|/|of|North|N|2|US|U.S.|National|Task Force"
    "|ISD|school|NVLS|Inc"
).split("|")
texts = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(JUMBLE), max_size=7).map(" ".join))


@given(texts)
def test_any_text_gives_a_name_of_a_known_kind(text):
    assert parse_name(text).kind in KINDS


@pytest.mark.parametrize("printed", ["Reeves CO TX SO", "IN - Angola PD", "Orange County (CA) DA Office"])
def test_case_and_spaces_do_not_matter(printed):
    """Capitals, small letters, double spaces and a no-break space change nothing."""
    spaced = [printed.replace(" ", "  "), f" {printed}\u00a0", printed.replace(" ", "\u00a0")]

    for text in [printed.upper(), printed.lower(), *spaced]:
        assert parse_name(text) == parse_name(printed)


# name, name, outcome: from names of the real lists, or made after them
COMPARISONS = [
    ("Richland PD WA", "Richland WA PD", "same"),
    ("Sringfield IL (PD)", "Springfield IL PD", "same"),
    ("Port of Los Angeles CA PD", "Los Angeles Port Police CA", "same"),
    ("Mann County Sheriffs Office", "Marin County Sheriffs Office", "same"),
    ("Alton IL PD", "Altona IL PD", "different"),
    ("Denton NC PD", "Edenton NC PD", "unsure"),
    ("Pikeville NC PD", "Pineville NC PD", "unsure"),
    ("Clayton GA PD", "Clayton County GA PD", "different"),
    ("Gaston County NC PD", "Gaston County NC SO", "different"),
    ("Ripon CA PD", "Ripon WI PD", "different"),
    ("Poland Village OH PD", "Poland Township OH PD", "different"),
    ("Little Rock AR PD", "North Little Rock AR PD", "different"),
    ("Clemson University SC PD", "Clemson SC PD", "different"),
    ("Harris County Const TX Pct 4", "Harris County Const TX Pct 8", "different"),
    ("Jackson Township OH PD (Stark County)", "Jackson Township OH PD (Mahoning County)", "different"),
    ("ATF Louisville KY", "ATF Nashville TN", "different"),
    ("ICE", "Justice IL PD", "different"),
    ("Rockford MI DPS", "Rockford MI PD", "unsure"),
    ("Orange County Sheriff", "Orange County Sheriffs Department", "unsure"),
    ("Duluth Police Department", "Duluth GA PD", "unsure"),
    ("do not use", "Z Do not use", "unsure"),
]


@pytest.mark.parametrize(("one", "other", "outcome"), COMPARISONS)
def test_two_names_are_compared(one, other, outcome):
    """The outcome is the same from both sides, with a score and a reason."""
    found, score, why = compare_names(one, other)

    assert found == outcome == compare_names(other, one)[0]
    assert 0 <= score <= 100 and why


def make_registry(*rows):
    """Make a registry of (id, name, state) or (id, name, state, also_known_as, also_in)."""
    columns = ["agency_id", "name", "state", "also_known_as", "also_in"]
    return pd.DataFrame([[*row, "", ""][:5] for row in rows], columns=columns)


TOWN = make_registry(
    ("irvine-pd-ca", "Irvine Police Department", "CA", "", "KY"),
    ("tustin-pd-ca", "Tustin Police Department", "CA"),
    ("marin-county-so-ca", "Marin County Sheriff's Office", "CA"),
    ("los-angeles-county-so-ca", "Los Angeles County Sheriff's Department", "CA", "LASD; Sheriff of L.A."),
    ("ice", "U.S. Immigration and Customs Enforcement", ""),
    ("alton-pd-il", "Alton Police Department", "IL"),
    ("springfield-pd-il", "Springfield Police Department", "IL"),
    ("springfield-pd-mo", "Springfield Police Department", "MO"),
    ("pineville-pd-nc", "Pineville Police Department", "NC"),
)


@pytest.mark.parametrize(
    ("name", "outcome", "agency_id"),
    [
        ("Irvine CA PD", "same", "irvine-pd-ca"),
        ("Irvine Police Department", "unsure", ""),  # also_in: Kentucky has one too
        ("Tustin Police Department", "same", "tustin-pd-ca"),  # no state, and no other Tustin is known
        ("Mann County CA SO", "same", "marin-county-so-ca"),
        ("LASD", "same", "los-angeles-county-so-ca"),
        ("Sheriff of L.A.", "same", "los-angeles-county-so-ca"),
        ("ICE", "same", "ice"),
        ("Altona IL PD", "different", ""),
        ("Sprngfield IL PD", "same", "springfield-pd-il"),
        ("Springfield PD", "unsure", ""),
        ("Pikeville NC PD", "unsure", ""),
        ("Irvine CA DPS", "new", ""),
        ("Irvine CA SO", "new", ""),
        ("Walla Walla WA PD", "new", ""),
        ("Flock Safety Demo", "new", ""),
        ("", "new", ""),
    ],
)
def test_names_are_resolved(name, outcome, agency_id):
    """Four outcomes; an agency is given only with `same`."""
    row = resolve_names([name], TOWN).iloc[0]

    assert (row["outcome"], row["agency_id"]) == (outcome, agency_id)
    assert row["why"]


def test_resolving_keeps_order_repeats_and_gaps():
    """One row per name, in order; a registry built once gives the same answers."""
    names = ["Irvine CA PD", None, "Walla Walla WA PD", "Irvine CA PD"]
    found = resolve_names(names, TOWN)

    assert found["name"].tolist() == ["Irvine CA PD", "", "Walla Walla WA PD", "Irvine CA PD"]
    assert list(found.columns) == ["name", "outcome", "agency_id", "score", "why", "candidate_id"]
    pd.testing.assert_frame_equal(found, resolve_names(names, Registry(TOWN)))
    assert len(resolve_names([], TOWN)) == 0


@pytest.mark.parametrize(
    "text",
    [
        "agency_id,name\na,A PD\n",
        "agency_id,name,state\na,A PD,CA\na,B PD,CA\n",
        "agency_id,name,state\na,A PD,XX\n",
    ],
)
def test_a_registry_that_makes_no_sense_is_refused(tmp_path, text):
    """A missing column, an id given twice, a state that is none."""
    path = tmp_path / "agencies.csv"
    path.write_text(text)

    with pytest.raises(DataError):
        load_registry(path)


def test_the_registry_holds_the_agencies_of_the_facts():
    """Every named agency of the fact table is in the registry, under the same id, name and state."""
    registry = load_registry().set_index("agency_id")
    facts = load_table("agencies").query("kind != 'unnamed'").fillna("").set_index("agency_id")

    assert set(facts.index) <= set(registry.index)
    for column in ("name", "state", "source_id"):
        assert registry.loc[facts.index, column].tolist() == facts[column].tolist()
    assert set(registry["source_id"]) <= set(load_table("sources")["source_id"])
    assert set(registry["kind"]) <= set(KINDS)


def test_the_registry_finds_its_own_names():
    """Every name of an agency leads back to it, or to a person, never to another agency."""
    table = load_registry()
    names = table["name"] + ";" + table["also_known_as"]
    known = table.assign(given=names.str.split(";")).explode("given").query("given != ''")
    found = resolve_names(known["given"], Registry(table))["agency_id"].to_numpy()
    wrong = known[(found != known["agency_id"]) & (found != "")]

    assert len(known) > len(table) and wrong["given"].tolist() == []


def test_precision_and_recall_on_the_test_half():
    """On pairs that the rules were not tuned on none is wrongly called the same, and nearly all are that can.

    Measured: 71 of 71 pairs called the same are; of the pairs whose names say enough 65 of 67 are found. The
    floors let one wrong call and two more misses pass (a change of vocabulary may cost that), not more. Pairs
    in which a state is missing are left out of the second floor: without a registry of all agencies they are
    for a person.
    """
    pairs = pd.read_csv(PAIRS, dtype="str", keep_default_na=False).query("split == 'test'")
    known = Registry(load_registry())
    same = pairs.apply(lambda row: compare_names(row.name_a, row.name_b, known)[0] == "same", axis="columns")
    is_true = pairs["label"] == "same"
    enough = is_true & ~pairs["why"].str.contains("state missing")

    assert same.sum() >= 65 and (same & ~is_true).sum() <= 1
    assert same[enough].mean() >= 0.94


@pytest.fixture(scope="module")
def accounts(mirror):
    """Names of 5,152 accounts, from the portals of April 2024."""
    return pd.read_csv(mirror / "private_eyes" / "agency20240426.csv")["name"].dropna()


def test_real_names_are_told_apart(accounts):
    """Of 5,152 real names few are federal, none by the letters inside Office or Police."""
    read = {name: parse_name(name) for name in accounts}
    federal = {name for name, found in read.items() if found.kind == "federal"}

    assert len(read) == 5152
    assert {"FBI", "USMS", "US Postal Inspection Service", "ATF Nashville TN"} <= federal
    assert len(federal) < 25
    assert not any(found.role == "ice" for found in read.values())
    assert sum(found.kind in ("police", "sheriff", "campus_police") for found in read.values()) > 4700


# --- cells that should hold an agency's name ------------------------------------------------------


@pytest.mark.parametrize("mark", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad", "\u034f", "\U000e0041"])
def test_hidden_characters_are_removed_and_counted(mark):
    """A name with a character that turns the line or has no width is the same name without it."""
    assert clean_name(f" Irvine{mark} CA  {mark}PD") == ("Irvine CA PD", 2)
    assert clean_name("Doña Ana County NM SO") == ("Doña Ana County NM SO", 0)


def test_mixed_alphabets_are_noticed():
    """A Cyrillic I in a Latin name is found; accents are no other alphabet."""
    assert mixes_alphabets("\u0406rvine CA PD")
    assert not mixes_alphabets("Doña Ana County SO 2") and not mixes_alphabets("")


AGENCIES = (
    "Irvine CA PD|ICE|HSI Newark|LVMPD|TXDPS|orange county sheriff|NCRIC|City of Tustin|LASD|"
    "Irvine\u200b Police|Town of Lyons CO|Georgia Tech PD|FBI|MS - Flora PD|Axon|NVLS|Kansas KBI|ALEA|Nlets|"
    "Forest Service|Fort Worth TX Code Compliance|SOUTH DAKOTA GAME FISH AND PARKS|Louisiana DOTD|USDA"
).split("|")
# persons, plates and bare places
OTHERS = (
    "Jane Roe|ROE, JANE|Alonso|ALONSO|Det. Roe, Irvine PD|Officer Roe|Marshall Park|Ice, Jane|JANE ICE|"
    "Roe, Da|Ming So|O'Brien, Pat|Virginia Woolf|Georgia|7ABC123|3||\u200b|Sheridan, Phil|"
    "Maria da Silva|Irvine|Alea Montgomery|ALEA MONTGOMERY|Robert Service|Forest Roe|Rosa Parks|Fish, Jane|"
    "Kim Hoa|Jane Code|Ron Guard"
).split("|")


@pytest.mark.parametrize("text", [*AGENCIES, *OTHERS])
def test_agencies_look_like_agencies_and_persons_do_not(text):
    assert looks_like_agency(text) == (text in AGENCIES)


def test_nearly_all_real_names_look_like_agencies(accounts):
    """Of 5,152 real account names fewer than one in 200 fails; a person's name is none of the others."""
    failed = [name for name in accounts if not looks_like_agency(name)]

    assert len(accounts) == 5152
    assert 0 < len(failed) < len(accounts) / 200
    assert "Lynne Drake" not in set(accounts) - set(failed)

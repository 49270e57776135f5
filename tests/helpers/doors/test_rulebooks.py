"""Behaviour of `helpers.doors.rules.rulebooks`: the books are sound, each rule leads to its source."""

import copy

import pytest

from helpers.doors.rules import BOOKS, describe_rules, load_rulebook
from helpers.errors import DataError
from helpers.facts.tables import load_table


def test_every_book_is_listed_and_sound():
    """Each file loads, says whom it binds, and names sources that are in the table."""
    names = {path.stem for path in BOOKS.glob("*.toml")}
    known = set(load_table("sources")["source_id"])

    assert {
        "ice-2017",
        "ice-2021",
        "us-ca-1798-90-52",
        "us-ca-1798-90-55",
        "us-il-2-130",
        "simulated-zz",
    } == names
    for name in names:
        assert set(load_rulebook(name).get("source_ids", ())) <= known


def test_rules_of_ice_are_the_rows_of_the_table():
    """Requirement, limit, source and page come from `query_rules`."""
    table = load_table("query_rules").set_index("rule_id")
    book = load_rulebook("ice-2017")
    described = describe_rules(book).set_index("rule")

    for rule in book["rule"]:
        row = table.loc[rule["query_rule"]]
        assert (row["requirement"], row["source_id"]) == tuple(
            described.loc[rule["id"], ["requirement", "source_id"]]
        )
    assert (5.0, "years", "p. 3") == tuple(
        described.loc["lookback-ero", ["limit_value", "limit_unit", "page"]]
    )
    asked = table[(table["subject"] == "query") & table["in_force_from"].str.startswith("2017")].index
    # how many photographs a hit brings, and that one may fill in a plate, is no requirement on who asks
    assert {"photos-per-hit", "query-photo"} == set(asked) - {rule["query_rule"] for rule in book["rule"]}


def test_rules_of_2021_are_a_set_of_their_own():
    """The book of 2021 has rows of that document alone."""
    table = load_table("query_rules").set_index("rule_id")
    described = describe_rules(load_rulebook("ice-2021"))
    again = table["earlier_rule_id"].dropna()

    assert {"ice-pia-039b-2021"} == set(described["source_id"])
    assert {"ice-pia-039a-2017"} == set(table.loc[again, "source_id"])
    assert {"ice-pia-039b-2021"} == set(table.loc[again.index, "source_id"])
    assert table.loc["query-plate-number", "in_force_until"] == "2021-05-21"
    ended = table["in_force_until"].dropna()
    assert (ended > table.loc[ended.index, "in_force_from"]).all()


def test_every_rule_of_ice_was_read_with_its_page():
    """102 requirements of two documents, each with a page and read in the document itself."""
    table = load_table("query_rules")

    assert table["page"].notna().all() and {"document"} == set(table["read_as"])
    assert {"ice-pia-039a-2017": 66, "ice-pia-039b-2021": 36} == table["source_id"].value_counts().to_dict()


@pytest.mark.parametrize("name", ["us-ca-1798-90-52", "us-ca-1798-90-55", "us-il-2-130"])
def test_rules_of_states_cite_their_section(name):
    """Each rule of a statute has a source and names the subdivision."""
    described = describe_rules(load_rulebook(name))

    assert described[["source_id", "page", "requirement"]].notna().all(axis=None)
    assert described["page"].str.contains(r"\([a-z]\)").all()


HEAD = 'title = "Mine"\nkind = "sharing"\nbinds = "all"\nnote = "n"\nstate = "CA"\nsource_ids = ["ktvu"]\n'
RULE = 'unseen_if = { party = ["demo"] }\n'
RULE = '[[rule]]\nid = "a"\nasks = "A?"\ncite = "s. 1"\nlabel = "a"\nlook = { party = ["federal"] }\n' + RULE


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD + RULE, ""),
        (HEAD.replace("binds", "blinds") + RULE, "unknown-key"),
        (HEAD.replace("sharing", "advice") + RULE, "wrong-value"),
        (HEAD + RULE.replace('party = ["federal"]', 'mood = ["bad"]'), "unknown-key"),
        (HEAD + RULE + RULE, "doubled"),
        (HEAD + RULE.replace("look =", "# look ="), "missing-key"),
        (HEAD.replace("sharing", "query") + RULE, "missing-key"),
        ("[" * 4_000, "unreadable"),
    ],
)
def test_a_book_of_ones_own_is_a_file_and_is_checked(tmp_path, text, code):
    """A path works as a name does; the first thing that is wrong is named."""
    path = tmp_path / "mine.toml"
    path.write_text(text)
    if not code:
        assert "Mine" == load_rulebook(path)["title"]
        return
    with pytest.raises(DataError) as caught:
        load_rulebook(path)
    assert caught.value.code == code and caught.value.place.startswith("mine.toml")


def test_what_leads_nowhere_is_named():
    """No such book; a rule that the table does not hold."""
    book = copy.deepcopy(load_rulebook("ice-2017"))
    book["rule"][0]["query_rule"] = "query-mood"
    for call, code in (
        (lambda: describe_rules(book), "unknown-rule"),
        (lambda: load_rulebook("no-such"), "unknown-book"),
    ):
        with pytest.raises(DataError) as caught:
            call()
        assert caught.value.code == code

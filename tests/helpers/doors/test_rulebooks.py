"""Behaviour of `helpers.doors.rules.rulebooks`: the books are sound, each rule leads to its source."""

import copy
import os

import pytest

from helpers.doors.rules import describe_rules, list_rulebooks, load_rulebook
from helpers.doors.rules.rulebooks import check_rulebook
from helpers.errors import DataError
from helpers.facts.tables import load_table


def test_every_book_is_listed_and_sound():
    """Each file loads, says whom it binds, and names sources that are in the table."""
    books = list_rulebooks()
    known = set(load_table("sources")["source_id"])

    assert {
        "ice-2017",
        "ice-2021",
        "us-ca-1798-90-52",
        "us-ca-1798-90-55",
        "us-il-2-130",
        "simulated-zz",
    } == set(books["name"])
    for name in books["name"]:
        assert set(load_rulebook(name).get("source_ids", ())) <= known


def test_rules_of_ice_are_the_rows_of_the_table():
    """Requirement, limit, source and page come from `query_rules`; all but one of its rules on a query of 2017 are in."""
    table = load_table("query_rules").set_index("rule_id")
    book = load_rulebook("ice-2017")
    described = describe_rules(book).set_index("rule")

    for rule in book["rule"]:
        row = table.loc[rule["query_rule"]]
        assert (row["requirement"], row["source_id"]) == tuple(
            described.loc[rule["id"], ["requirement", "source_id"]]
        )
    assert (5.0, "years", "p. 3") == tuple(described.loc["lookback-ero", ["limit", "unit", "page"]])
    asked = table[(table["subject"] == "query") & table["in_force_from"].str.startswith("2017")].index
    # how many photographs a hit brings, and that one may fill in a plate, is no requirement on who asks
    assert {"photos-per-hit", "query-photo"} == set(asked) - {rule["query_rule"] for rule in book["rule"]}


def test_rules_of_2021_are_a_set_of_their_own():
    """The book of 2021 has rows of that document alone; what ends or has an earlier rule leads to one of 2017."""
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

    assert described[["source_id", "page", "read_as", "requirement"]].notna().all(axis=None)
    assert described["page"].str.contains(r"\([a-z]\)").all()


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("ice-2017", lambda b: b.pop("binds"), "binds"),
        ("ice-2017", lambda b: b.update(kind="advice"), "kind"),
        ("ice-2017", lambda b: b.update(verdict="guilty"), "verdict"),
        ("ice-2017", lambda b: b["rule"][0].update(check="hunch"), "check hunch"),
        ("ice-2017", lambda b: b["rule"][0].update(fields=["mood"]), "field mood"),
        ("ice-2017", lambda b: b["rule"][0].pop("query_rule"), "no source"),
        ("ice-2017", lambda b: b["rule"][1].update(id="plate"), "twice"),
        ("ice-2017", lambda b: b["rule"][0].pop("unseen"), "unseen"),
        ("us-il-2-130", lambda b: b["rule"][0].update(look={"mood": ["bad"]}), "aspect mood"),
    ],
)
def test_an_unsound_book_is_refused(name, change, found):
    """The first thing that is wrong is named."""
    book = copy.deepcopy(load_rulebook(name))
    change(book)

    with pytest.raises(DataError, match=found):
        check_rulebook(book, "mine.toml")


def test_a_book_of_ones_own_is_a_file(tmp_path):
    """A path works as a name does; what is not there says what is."""
    path = tmp_path / "mine.toml"
    path.write_text(
        'title = "Mine"\nkind = "sharing"\nbinds = "all"\nnote = "n"\nstate = "CA"\nsource_ids = ["ktvu"]\n[[rule]]\n'
        'id = "a"\nasks = "A?"\ncite = "s. 1"\nlabel = "a"\nlook = { party = ["federal"] }\nunseen = {}\n'
    )

    assert "Mine" == load_rulebook(path)["title"]
    with pytest.raises(DataError, match="ice-2017"):
        load_rulebook("no-such-book")


def test_a_rule_that_leads_nowhere_is_named():
    """A name that the table does not hold is refused."""
    book = copy.deepcopy(load_rulebook("ice-2017"))
    book["rule"][0]["query_rule"] = "query-mood"

    with pytest.raises(DataError, match="query-mood"):
        describe_rules(book)


@pytest.mark.parametrize("content", ["#" * 70_000, "x\n" * 40_000, "[" + "a." * 3_000 + "a]", "[" * 4_000])
def test_file_that_would_take_for_ever_is_refused(tmp_path, content):
    """A large file, a key of thousands of parts, brackets within brackets: an error at once, and a pipe is not waited for."""
    path = tmp_path / "book.toml"
    path.write_text(content)
    with pytest.raises(DataError, match="book.toml"):
        load_rulebook(path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.toml")
        with pytest.raises(DataError, match="cannot be read"):
            load_rulebook(tmp_path / "pipe.toml")

"""What a finding says follows what the lists can bear: every sentence can be stated, none claims more."""

import pandas as pd
import pytest

from helpers.findings import state_finding
from helpers.network import words


def state(**told):
    """State a finding and return its sentence."""
    return state_finding("a-finding", **told, sources=["a-source"]).sentence


READERS = pd.DataFrame({"hops_n": [1, 1, 2, 1], "is_pool": [False, False, False, True]})


def test_readers_by_ones_own_list():
    """A whole list gives a number; a pool on it takes the upper bound away."""
    told = words.tell_readers("A", READERS, 1, is_reporter=True, gives_to_pool=False, steps=2)
    pooled = words.tell_readers("A", READERS, 1, is_reporter=True, gives_to_pool=True, steps=2)

    assert (
        "A lets 2 agencies read its plate data, by its own list; 1 of them a federal account. Within 2 permissions in a row 3"
        in state(**told)
    )
    assert (2, 2) == (told["low"], told["high"]) and pooled["high"] is None
    assert "no upper bound" in state(**pooled)


def test_readers_by_others_lists_are_a_floor():
    """Without its own list the number is at least what is named."""
    told = words.tell_readers("A", READERS[:1], 0, is_reporter=False, gives_to_pool=False, steps=1)

    assert (
        "1 reader of the plate data of A is named, 0 of them federal accounts; its whole list is not among"
        in state(**told)
    )
    assert told["high"] is None


@pytest.mark.parametrize(
    ("lists", "reporter", "said", "unsaid"),
    [
        (20, False, ["on 9 of 20 whole lists", "ranks 1 to 3", "its place shows who answered"], []),
        (20, True, ["ranks 1 to 3"], ["who answered"]),
        (1, False, ["cannot be told from 1 whole list:"], ["ranks"]),
        (0, False, ["Of 50 documented shares 9 lead to A", "not who reads most"], ["ranks"]),
    ],
)
def test_most_named_is_worth_what_the_lists_are(lists, reporter, said, unsaid):
    """A rank only from enough lists; an agency without a list is marked as an artifact of who answered."""
    ranked = pd.DataFrame(
        {"name": ["A"], "lists_n": [9], "rank_low": [1], "rank_high": [3], "is_reporter": [reporter]}
    )
    sentence = state(**words.tell_most_named(ranked, lists, 50))

    assert all(part in sentence for part in said) and not any(part in sentence for part in unsaid)


def test_out_of_state_needs_known_states():
    """Federal accounts and unknown states are no state; with too few known ones nothing is told; unknown ones make bounds."""
    shares = pd.DataFrame(
        {"in_state_n": [6, 0], "out_of_state_n": [2, 0], "federal_n": [5, 0], "unknown_n": [0, 0]}
    )
    open_ones = shares.assign(unknown_n=[0, 2])
    few = shares.assign(in_state_n=0, out_of_state_n=0, federal_n=10)
    told = words.tell_outside(open_ones)

    assert (
        "Of 8 shares between agencies whose states are in their names, 25 percent lead out of the state."
        == state(**words.tell_outside(shares))
    )
    assert "20 to 40 percent, if the 2 with a state unknown all stay" in state(**told) and (20, 40) == (
        told["low"],
        told["high"],
    )
    assert "without the longest list, that of A, 50 percent" in state(
        **words.tell_outside(shares, shares.assign(in_state_n=[2, 0]), "A")
    )
    assert "In 20 of 20 shares" in state(**words.tell_outside(few))
    assert "that of A, none is left." in state(**words.tell_outside(shares, few, "A"))


PAIRS = pd.DataFrame(
    {"a_id": ["a"], "b_id": ["b"], "common_n": [8], "a_n": [9], "b_n": [10], "alike_frac": [8 / 11]}
)


def test_likeness_needs_two_whole_lists():
    """8 of 9 and 10 are 8 of 11 of either; without a pair nothing is told."""
    names = pd.Series({"a": "A", "b": "B"})

    assert (
        "Of 5 whole lists those of A and B are most alike: of 11 recipients of either, 8 are on both."
        in state(**words.tell_cosharing(PAIRS, 5, names))
    )
    assert "1 whole list is among these records" in state(**words.tell_cosharing(PAIRS[:0], 1, names))


@pytest.mark.parametrize(
    ("ari", "chance", "said", "value"),
    [
        (1, 0.1, "fall into 2 groups that share more among themselves than chance would have it: modularity 0.4, against 0.1 or less in 97.5 percent of "
         "50 random networks in which each shares with as many; 2 starts give the same. 3 of 4 states", 2),
        (0.9, 0.1, "2 starts agree to 0.9 at worst", 2),
        (0.5, 0.1, "bear no groups: 2 starts agree to 0.5 at worst", 0),
        (1, 0.4, "bear no groups: 2 starts give the same, and the method divides them at a modularity of 0.4, against 0.4 or less", 0),
    ],
)  # fmt: skip
def test_groups_have_to_be_firm_and_beyond_chance(ari, chance, said, value):
    """Groups are told only if the starts agree and random networks are not divided as well; an agency alone is no group."""
    members = pd.DataFrame({"community": [0, 0, 0, 1, 1, 2]})
    stability = pd.DataFrame({"seed_a": [0], "seed_b": [1], "ari": [ari]})
    null = pd.DataFrame(
        {"measure": ["modularity"], "observed": [0.4], "null_high": [chance], "samples_n": [50]}
    )
    told = words.tell_groups(6, members, stability, null, {"states_n": 4, "whole_n": 3})

    assert said in state(**told) and value == told["value"]


def test_too_few_lists_bear_no_groups():
    """Below the least number of lists nothing was computed, and the sentence says why."""
    assert "with 3 whole lists a group would show who was asked" in state(
        **words.tell_groups(3, None, None, None, None)
    )


def test_returned_shares_need_two_lists():
    """Between lists a percentage; from one agency's own two lists a count; else it cannot be told."""
    table = pd.DataFrame(
        {
            "scope": ["all edges", "between reporters"],
            "agencies_n": [9, 2],
            "edges_n": [10, 4],
            "returned_n": [3, 3],
        }
    )
    own = pd.DataFrame({"reads": [True, True, False], "shares": [True, False, True]})
    none = table.assign(edges_n=[10, 0], agencies_n=[9, 1])

    between = words.tell_returned(table, own, "A", bounds={"low": 0.5, "high": 0.9}, is_reader_list=False)
    assert "75 percent are returned (50 to 90 percent" in state(
        **between
    ) and "of all 10 shares 30 percent" in state(**between)
    assert "1 of the 2 agencies" in state(
        **words.tell_returned(none, own, "A", bounds=None, is_reader_list=True)
    )
    assert "cannot be told here" in state(
        **words.tell_returned(none, own, "A", bounds=None, is_reader_list=False)
    )


def test_conflicts_are_told_or_not():
    """Where no pair could stand in two lists, no agreement is claimed."""
    counts = {
        "owners_n": 3,
        "readers_n": 2,
        "pairs_n": 4,
        "named_n": 3,
        "both_n": 1,
        "owner_only_n": 1,
        "reader_only_n": 1,
    }

    assert "Of 3 shares" in state(**words.tell_conflicts(counts)) and "2 stand in one" in state(
        **words.tell_conflicts(counts)
    )
    assert "cannot be told" in state(**words.tell_conflicts(counts | {"pairs_n": 0}))


def test_hub_says_why_it_is_the_biggest():
    """A hub with a released list, or one that the records are about, is said to be one."""
    hubs = pd.DataFrame(
        {"name": ["at the start", "A"], "edges_n": [10, 5], "edges_frac": [1, 0.5], "readers_n": [4, 3]}
    )

    assert "50 percent of 10 shares would be left, and 3 of 4" in state(
        **words.tell_hub(hubs, is_reporter=False, has_reporters=True)
    )
    assert "its whole list is among" in state(**words.tell_hub(hubs, is_reporter=True, has_reporters=True))
    assert "the records are about it" in state(**words.tell_hub(hubs, is_reporter=False, has_reporters=False))


def test_a_reader_that_no_list_names_is_said_to_be_none():
    """That no list names it is not that it reads nothing; the example is named as one."""
    ways = pd.DataFrame({"agency_id": list("abc"), "way": ["direct", "indirect", "none"]})
    named, other = (words.tell_direct("ICE", ways, is_named=name, example="B") for name in (True, False))

    assert state(**named).startswith("1 agency or company has a way straight to ICE, as listed")
    assert "No list here names an account of ICE" in state(
        **other
    ) and "that it reads nothing does not follow" in state(**other)
    assert "shown on B" in state(**other)


def test_cut_is_a_floor():
    """As many as the cut has must stop; where none is needed the sentence says so."""
    ways = pd.DataFrame({"agency_id": list("abc"), "way": ["direct", "indirect", "none"]})
    told = words.tell_cut("ICE", ways, pd.DataFrame({"agency_id": ["m"]}))

    assert (
        "to close them all, 1 agency in between would have to stop sharing" in state(**told)
        and told["high"] is None
    )
    assert "no cut in between is needed" in state(
        **words.tell_cut("ICE", ways[ways["way"] != "indirect"], pd.DataFrame())
    )


def test_sampling_needs_lists():
    """Without enough lists only what one source carries is told."""
    leverage = pd.DataFrame({"name": ["A", "B"], "only_n": [7, 1]})
    means = pd.DataFrame(
        {"mean_n": [10.0, 8.0], "low_n": [7.0, 6.0], "high_n": [14.0, 9.0]},
        index=["all lists", "without the longest list"],
    )

    assert "A alone stands behind 7 of 9 shares" in state(**words.tell_sampling(1, leverage, 9, None, None))
    told = words.tell_sampling(20, leverage, 9, {"next_new_n": 2.62, "known_frac": 0.984}, means)
    assert "10 recipients on average (7 to 14 by chance alone), 8 without" in state(
        **told
    ) and "98.4 percent" in state(**told)


def test_pools_have_no_bound_unless_assumed():
    """No pool on the lists proves nothing; members assumed are called an assumption."""
    givers = pd.DataFrame({"name": ["A"], "pools": ["NVLS"]})

    assert "No pool stands on these lists" in state(**words.tell_pools(givers[:0], 0))
    assert "(NVLS): the number of their readers has no upper bound" in state(**words.tell_pools(givers, 0))
    assert "with 200 members assumed" in state(**words.tell_pools(givers, 200))

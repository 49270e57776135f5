"""Word what a sharing network shows by what its lists can bear: each finding, or why there is none.

Every function returns what `findings.state_finding` takes beside id and sources: sentence, value, unit, bounds, and the
values that the sentence names.
"""

import pandas as pd

from helpers.network.communities import FIRM
from helpers.network.nulls import SPAN
from helpers.network.sampling import FEWEST


def choose_number(number: int, one: str, many: str) -> str:
    """Choose the word that goes with a number."""
    return one if number == 1 else many


def tell_readers(
    name: str, readers: pd.DataFrame, federal_n: int, *, is_reporter: bool, gives_to_pool: bool, steps: int
) -> dict:
    """Tell how many can read the data of one agency.

    Parameters
    ----------
    name
        The agency.
    readers
        From `reach.list_readers`: hops_n, is_pool.
    federal_n
        Federal accounts among its direct readers.
    is_reporter, gives_to_pool
        Whether its whole list was released; whether a pool with unnamed members is on it.
    steps
        Longest way counted in `readers`.
    """
    named = readers[~readers["is_pool"]]
    direct, all_n = int((named["hops_n"] == 1).sum()), len(named)
    accounts = choose_number(federal_n, "a federal account", "federal accounts")
    if is_reporter:
        sentence = "{agency} lets {value} {readers} read its plate data, by its own list; {federal} of them {accounts}."
    else:
        sentence = "{value} {readers} of the plate data of {agency} {are} named, {federal} of them {accounts}; its whole list is "
        sentence += "not among these records, so the true number is at least this one."
    if all_n > direct:
        sentence += " Within {steps} permissions in a row {further} agencies are in reach, as far as lists were released."
    if gives_to_pool:
        sentence += " It also gives to a pool whose members nobody names, so the number has no upper bound."
    is_exact = is_reporter and not gives_to_pool
    return {"sentence": sentence, "value": direct, "low": direct, "high": direct if is_exact else None, "unit": "agencies",
            "agency": name, "federal": federal_n, "accounts": accounts, "steps": steps, "further": all_n,
            "readers": choose_number(direct, "agency", "agencies") if is_reporter else choose_number(direct, "reader", "readers"),
            "are": choose_number(direct, "is", "are")}  # fmt: skip


def tell_most_named(ranked: pd.DataFrame, lists_n: int, edges_n: int) -> dict:
    """Tell who is named as a reader most, and what this is worth.

    Parameters
    ----------
    ranked
        From `sampling.rank_readers` or `count_readers`, with name.
    lists_n
        Whole lists.
    edges_n
        Shares in the network.
    """
    first = ranked.iloc[0]
    values = {"value": int(first["lists_n"]), "agency": first["name"], "lists": lists_n, "edges": edges_n}
    if lists_n >= FEWEST:
        sentence = "{agency} is on {value} of {lists} whole lists, more than any other agency; chance alone leaves open the ranks "
        sentence += "{first} to {last} for it."
        if not first["is_reporter"]:
            sentence += " Its own list is not among them: its place shows who answered, not what it does with the data."
        bounds = {"first": int(first["rank_low"]), "last": int(first["rank_high"])}
        return {"sentence": sentence, "unit": "lists", **values, **bounds}
    if lists_n:
        sentence = "Who reads most cannot be told from {lists} whole {word}: nearly every reader is on as many lists as any other, "
        sentence += "and {agency}, named in {value} shares, comes first because its own records were released or asked about."
        return {
            "sentence": sentence,
            "unit": "shares",
            **values,
            "word": choose_number(lists_n, "list", "lists"),
        }
    sentence = "Of {edges} documented shares {value} lead to {agency}, more than to any other reader. This shows whose records "
    sentence += "came to light, not who reads most: no agency's whole list is among them."
    return {"sentence": sentence, "unit": "shares", **values}


def tell_outside(shares: pd.DataFrame, without: pd.DataFrame | None = None, longest: str = "") -> dict:
    """Tell how much leaves its state, where names tell the states.

    Parameters
    ----------
    shares
        From `degrees.measure_state_shares`: in_state_n, out_of_state_n, federal_n, unknown_n.
    without
        The same without the longest list.
    longest
        The agency whose list is left out there.
    """
    inside, outside, federal, unknown = _sum_shares(shares)
    known, edges = inside + outside, inside + outside + federal + unknown
    if 2 * known < edges:
        sentence = "In {value} of {edges} shares the state of one side or both is unknown or none, so how much leaves a state "
        sentence += "cannot be told."
        return {"sentence": sentence, "value": edges - known, "unit": "shares", "edges": edges}
    low, high = (round(100 * part / (known + unknown), 1) for part in (outside, outside + unknown))
    sentence = "Of {known} shares between agencies whose states are in their names, {value} percent lead out of the state"
    values = {
        "value": round(100 * outside / known, 1),
        "low": low,
        "high": high,
        "unit": "percent",
        "known": known,
    }
    if unknown:
        sentence += "; {low} to {high} percent, if the {unknown} with a state unknown all stay within one, or all leave"
        values |= {"unknown": unknown}
    if without is not None:
        inside, outside, *_ = _sum_shares(without)
        sentence += "; without the longest list, that of {longest}, "
        sentence += "{less} percent" if inside + outside else "none is left"
        values |= {"longest": longest, "less": round(100 * outside / max(1, inside + outside), 1)}
    return {"sentence": sentence + ".", **values}


def _sum_shares(shares: pd.DataFrame) -> tuple[int, int, int, int]:
    return tuple(
        int(shares[name].sum()) for name in ("in_state_n", "out_of_state_n", "federal_n", "unknown_n")
    )


def tell_returned(
    reciprocity: pd.DataFrame, own: pd.DataFrame, name: str, *, bounds: dict | None, is_reader_list: bool
) -> dict:
    """Tell whether sharing is returned, from lists that both sides released, or from one agency's own two lists.

    Parameters
    ----------
    reciprocity
        From `structure.measure_reciprocity`: scope, agencies_n, edges_n, returned_n.
    own
        Neighbors of one agency: reads, shares.
    name
        That agency.
    bounds
        From `sampling.bound_reciprocity`, if there are enough lists.
    is_reader_list
        Whether both of that agency's lists, of recipients and of those that share with it, were released.
    """
    scopes = reciprocity.set_index("scope")
    between = scopes.loc["between reporters"] if "between reporters" in scopes.index else None
    every = scopes.loc["all edges"]
    floor = {
        "all": int(every["edges_n"]),
        "seen": round(100 * every["returned_n"] / max(int(every["edges_n"]), 1), 1),
    }
    if between is not None and between["edges_n"]:
        percent = round(100 * between["returned_n"] / between["edges_n"], 1)
        sentence = (
            "Of {edges} shares between agencies that both released their lists {value} percent are returned"
        )
        values = {"value": percent, "unit": "percent", "edges": int(between["edges_n"])}
        if bounds:
            sentence += " ({low} to {high} percent, if those agencies had been drawn by chance)"
            values |= {"low": round(100 * bounds["low"], 1), "high": round(100 * bounds["high"], 1)}
        sentence += "; of all {all} shares {seen} percent are seen to be, which says more about whose lists are missing."
        return {"sentence": sentence, **values, **floor}
    if is_reader_list:
        both, reads = int((own["reads"] & own["shares"]).sum()), int(own["reads"].sum())
        sentence = "By its own two lists, {value} of the {reads} agencies that may read the data of {agency} share theirs with it; "
        sentence += "{more} share with it without being on its list."
        more = int((own["shares"] & ~own["reads"]).sum())
        return {
            "sentence": sentence,
            "value": both,
            "unit": "agencies",
            "reads": reads,
            "agency": name,
            "more": more,
        }
    lists = 0 if between is None else int(between["agencies_n"])
    sentence = "Whether sharing is returned cannot be told here: it takes the whole lists of two agencies that name each other, and "
    sentence += "{value} {word} among these records."
    word = choose_number(lists, "whole list is", "whole lists are")
    return {"sentence": sentence, "value": lists, "unit": "lists", "word": word}


def tell_conflicts(counts: dict[str, int]) -> dict:
    """Tell how often the two lists that speak of one share contradict each other (from `conflicts.count_conflicts`)."""
    conflicts = counts["owner_only_n"] + counts["reader_only_n"]
    if not counts["pairs_n"]:
        sentence = "Whether two lists contradict each other cannot be told: no share could stand in an owner's and in a reader's list, "
        sentence += "as these records hold {owners} lists of owners and {readers} of readers."
        values = {"owners": counts["owners_n"], "readers": counts["readers_n"]}
        return {"sentence": sentence, "value": 0, "unit": "shares", **values}
    sentence = "Of {named} shares on which an owner's and a reader's list both speak, {value} {stand} in one of the two only."
    return {
        "sentence": sentence,
        "value": conflicts,
        "unit": "shares",
        "named": counts["named_n"],
        "stand": choose_number(conflicts, "stands", "stand"),
    }


def tell_cosharing(pairs: pd.DataFrame, lists_n: int, names: pd.Series) -> dict:
    """Tell which two agencies share with the same recipients most, from whole lists only.

    Parameters
    ----------
    pairs
        From `cosharing.list_cosharing`, most alike first.
    lists_n
        Whole lists.
    names
        Name by agency_id.
    """
    if pairs.empty:
        sentence = "Which agencies share with the same recipients cannot be told: it takes two whole lists that have a name in common, and "
        sentence += "{value} {word} among these records."
        word = choose_number(lists_n, "whole list is", "whole lists are")
        return {"sentence": sentence, "value": lists_n, "unit": "lists", "word": word}
    first = pairs.iloc[0]
    either = int(first["a_n"] + first["b_n"] - first["common_n"])
    sentence = "Of {lists} whole lists those of {one} and {other} are most alike: of {either} recipients of either, {value} are on both. "
    sentence += "It shows a like choice, and not who copied it from whom."
    return {"sentence": sentence, "value": int(first["common_n"]), "unit": "agencies", "lists": lists_n, "either": either,
            "one": str(names[first["a_id"]]), "other": str(names[first["b_id"]])}  # fmt: skip


def tell_groups(
    lists_n: int,
    members: pd.DataFrame | None,
    stability: pd.DataFrame | None,
    null: pd.DataFrame | None,
    whole: dict | None,
) -> dict:
    """Tell into which groups the agencies with whole lists fall, if the lists can bear it.

    Parameters
    ----------
    lists_n
        Whole lists.
    members, stability
        From `communities.find_communities`, on those agencies; None where there are too few.
    null
        From `nulls.compare_with_null`, with `modularity`.
    whole
        From `communities.count_whole_states`.
    """
    if members is None or stability is None or null is None or whole is None:
        sentence = "Whether agencies fall into groups that share among themselves cannot be told: with {value} whole {word} a group would "
        sentence += "show who was asked for records, not who shares with whom."
        return {
            "sentence": sentence,
            "value": lists_n,
            "unit": "lists",
            "word": choose_number(lists_n, "list", "lists"),
        }
    row = null.set_index("measure").loc["modularity"]
    groups = members["community"].value_counts()
    values = {"value": int((groups > 1).sum()), "unit": "groups", "lists": lists_n, "seeds": stability["seed_b"].nunique() + 1,
              "ari": round(float(stability["ari"].min()), 2), "observed": round(float(row["observed"]), 2),
              "chance": round(float(row["null_high"]), 2), "samples": int(row["samples_n"])}  # fmt: skip
    agree = (
        "{seeds} starts give the same"
        if stability["ari"].min() > 1 - 1e-9
        else "{seeds} starts agree to {ari} at worst (adjusted Rand index)"
    )
    random = (
        "{chance} or less in {most} percent of {samples} random networks in which each shares with as many"
    )
    values["most"] = 100 * SPAN[1]
    if values["ari"] < FIRM or row["observed"] <= row["null_high"]:
        sentence = (
            "The shares between the {lists} agencies with whole lists bear no groups: "
            + agree
            + ", and the method divides them at a modularity "
        )
        sentence += "of {observed}, against " + random + "."
        return {"sentence": sentence, **values, "value": 0}
    sentence = "The {lists} agencies with whole lists fall into {value} groups that share more among themselves than chance would have it: "
    sentence += "modularity {observed}, against " + random + "; " + agree
    sentence += ". {whole} of {states} states with several of these agencies lie whole in one group. Agencies without a list have no group."
    return {"sentence": sentence, **values, "whole": whole["whole_n"], "states": whole["states_n"]}


def tell_hub(hubs: pd.DataFrame, *, is_reporter: bool, has_reporters: bool) -> dict:
    """Tell what is left if the biggest hub leaves (from `withdrawal.remove_hubs`, with name)."""
    before, after = hubs.iloc[0], hubs.iloc[1]
    sentence = "Without {agency}, which most shares touch, {value} percent of {edges} shares would be left, and {readers} of {all} agencies "
    sentence += "would still read another's data, as far as the records show."
    if is_reporter:
        sentence += " It is the biggest because its whole list is among the records."
    elif not has_reporters:
        sentence += " It is the biggest because the records are about it."
    return {"sentence": sentence, "value": round(100 * float(after["edges_frac"]), 1), "unit": "percent", "agency": after["name"],
            "edges": int(before["edges_n"]), "readers": int(after["readers_n"]), "all": int(before["readers_n"])}  # fmt: skip


def tell_direct(reader: str, ways: pd.DataFrame, *, is_named: bool, example: str = "") -> dict:
    """Tell how many share straight with a reader, or that no list names it.

    Parameters
    ----------
    reader
        The reader asked for.
    ways
        From `cuts.split_sources`, for it or for the example.
    is_named
        Whether a list names the reader.
    example
        The account that stands in for the method where none does.
    """
    direct = int((ways["way"] == "direct").sum())
    if is_named:
        sentence = "{value} {have} a way straight to {reader}, as listed; no third one can close it, only they themselves or the reader."
        have = choose_number(direct, "agency or company has", "agencies or companies have")
        return {"sentence": sentence, "value": direct, "unit": "agencies", "reader": reader, "have": have}
    sentence = "No list here names an account of {reader}, so a way to it cannot be measured with these records; that it reads nothing "
    sentence += "does not follow. The method is shown on {example}, the federal account that most lists name: {value} share with it straight."
    return {"sentence": sentence, "value": direct, "unit": "agencies", "reader": reader, "example": example}


def tell_cut(reader: str, ways: pd.DataFrame, cut: pd.DataFrame) -> dict:
    """Tell how many in between would have to stop (from `cuts.split_sources` and `cuts.find_cut`)."""
    indirect = int((ways["way"] == "indirect").sum())
    if not indirect:
        sentence = "No agency in these records reaches {reader} only through others, so no cut in between is needed; {value} have no way."
        return {
            "sentence": sentence,
            "value": int((ways["way"] == "none").sum()),
            "unit": "agencies",
            "reader": reader,
        }
    sentence = "{indirect} {more} {have} only ways through others to {reader}; to close them all, {value} {agencies} in between would have "
    sentence += "to stop sharing, and fewer cannot do it. Ways that no list shows would stay open."
    return {"sentence": sentence, "value": len(cut), "low": len(cut), "high": None, "unit": "agencies", "reader": reader,
            "indirect": indirect, "agencies": choose_number(len(cut), "agency", "agencies"), "more": choose_number(indirect, "more agency", "more agencies"),
            "have": choose_number(indirect, "has", "have")}  # fmt: skip


def tell_sampling(
    lists_n: int, leverage: pd.DataFrame, edges_n: int, foreseen: dict | None, degrees: pd.DataFrame | None
) -> dict:
    """Tell what more lists would change (from `sampling.foresee_list` and `bound_degrees`), or what one source carries.

    Parameters
    ----------
    lists_n, edges_n
        Whole lists, and shares.
    leverage
        From `views.count_leverage`, with name.
    foreseen, degrees
        None where there are too few lists for an estimate.
    """
    if foreseen is None or degrees is None:
        first = leverage.iloc[0]
        sentence = "With {lists} whole {word} nothing follows about the lists that were not released. {name} alone stands behind {value} of "
        sentence += "{edges} shares."
        return {"sentence": sentence, "value": int(first["only_n"]), "unit": "shares", "lists": lists_n, "name": first["name"],
                "edges": edges_n, "word": choose_number(lists_n, "list", "lists")}  # fmt: skip
    row, other = degrees.loc["all lists"], degrees.loc["without the longest list"]
    sentence = "A list names {mean} recipients on average ({low} to {high} by chance alone), {less} without the longest one. One more "
    sentence += "list like these would name about {value} agencies that no list names yet; {known} percent of its entries would be known."
    return {"sentence": sentence, "value": round(foreseen["next_new_n"], 1), "unit": "agencies", "mean": round(row["mean_n"], 1),
            "low": round(row["low_n"], 1), "high": round(row["high_n"], 1), "less": round(other["mean_n"], 1),
            "known": round(100 * foreseen["known_frac"], 1)}  # fmt: skip


def tell_pools(givers: pd.DataFrame, members: int) -> dict:
    """Tell what pools could hide: who gives to one (from `views.list_givers`), and the members assumed (0: unknown)."""
    values = {"value": len(givers), "low": len(givers), "high": None, "unit": "agencies"}
    if givers.empty:
        sentence = "No pool stands on these lists, which print recipients one by one: what a nationwide look-up or another pool opens "
        sentence += (
            "cannot be told from them, and every number of readers here is at least as high as stated."
        )
        return {"sentence": sentence, **values}
    sentence = "{value} {give} to a pool or group whose members no source names ({pools}): "
    give = choose_number(len(givers), "agency gives", "agencies give")
    values |= {"give": give, "pools": "; ".join(sorted(set(givers["pools"])))}
    if members:
        sentence += "with {members} members assumed for each, the number of their readers has a bound, by that assumption alone."
        return {"sentence": sentence, **values, "members": members}
    return {"sentence": sentence + "the number of their readers has no upper bound.", **values}

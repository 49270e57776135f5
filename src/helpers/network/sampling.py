"""What the choice of reporting agencies does to a number: intervals for degrees, reciprocity and ranks, names to come.

Every estimate here is about the agencies that might have answered and their lists, taken as if those that did answer had
been drawn from them at random. They were not: agencies with a public portal, or that answered a records request, may
share otherwise than the rest. An interval shows what chance alone leaves open, and is too narrow for that reason.
"""

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.facts.intervals import bound_share
from helpers.network.graph import SharingGraph
from helpers.network.places import list_ends

# Below this number of lists no interval is stated: it would rest on a guess.
FEWEST = 8


def check_reporters(graph: SharingGraph) -> np.ndarray:
    """Give the places of the reporters, if they are enough for an interval.

    Raises
    ------
    DataError
        There are fewer than `FEWEST`.
    """
    places = np.flatnonzero(graph.is_reporter)
    if len(places) < FEWEST:
        found = f"{len(places)} whole lists were released"
        raise DataError("reporters", found, f"An interval needs at least {FEWEST}; name the counts alone.")
    return places


def find_largest_reporter(graph: SharingGraph) -> str:
    """Find the reporter with the longest list, the first by name among equals."""
    places = np.flatnonzero(graph.is_reporter)
    if not len(places):
        raise DataError("reporters", "no whole list was released", "Name the counts alone.")
    return str(graph.names[places[np.argmax(graph.out_degrees[places])]])


def leave_out_reporter(graph: SharingGraph, agency_id: str) -> SharingGraph:
    """Leave one reporter's list out: its edges go, and every agency that nobody else names or that gave no other list.

    Returns
    -------
    SharingGraph as it would be if that agency had not answered; named by others, it stays as a reader.
    """
    place = graph.find_node(agency_id)
    owners, readers = list_ends(graph)
    keep = owners != place
    left = np.zeros(graph.nodes_n, dtype=bool)
    left[np.concatenate([owners[keep], readers[keep]])] = True
    left |= graph.is_reporter
    left[place] = bool((readers[keep] == place).any())
    return graph.drop_lists([agency_id]).select_nodes(left)


def bound_degrees(
    graph: SharingGraph, level: float = 0.95, draws: int = 2000, seed: int = 20190313
) -> pd.DataFrame:
    """Bound the mean number of recipients, with and without the longest list.

    Parameters
    ----------
    graph
        Node: agency. Edge u -> v: v may read data of u.
    level
        Coverage of the interval (0 to 1).
    draws
        Bootstrap samples [samples].
    seed
        Of the random numbers.

    Returns
    -------
    DataFrame, rows `all lists` and `without the longest list` (index: lists): reporters_n, mean_n, low_n, high_n,
    median_n, median_low_n, median_high_n [recipients].

    Raises
    ------
    DataError
        Fewer than `FEWEST` whole lists.

    Notes
    -----
    Estimand: mean (median) length of the lists of the agencies from which those that answered are taken to be drawn.
    Mean: bootstrap-t over reporters, whose interval keeps its level better for skewed lengths than percentiles do.
    Median: order statistics, exact for any distribution; the level is at least the nominal one. The second row is
    another estimand, since its longest list is left out on purpose: it shows leverage, it is no correction.
    """
    degrees = np.sort(graph.out_degrees[check_reporters(graph)])
    rows = {}
    for name, part in {"all lists": degrees, "without the longest list": degrees[:-1]}.items():
        low, high = bound_mean(part, level, draws, seed)
        median_low, median_high = _bound_median(part, level)
        rows[name] = (len(part), part.mean(), low, high, np.median(part), median_low, median_high)
    columns = ["reporters_n", "mean_n", "low_n", "high_n", "median_n", "median_low_n", "median_high_n"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("lists")


def bound_mean(values: np.ndarray, level: float, draws: int, seed: int) -> tuple[float, float]:
    """Bound a mean by the bootstrap-t: resample, divide each deviation by its own standard error."""
    values = np.asarray(values, dtype=float)
    n, mean = len(values), values.mean()
    error = values.std(ddof=1) / np.sqrt(n)
    if error == 0:
        return mean, mean
    samples = values[np.random.default_rng(seed).integers(0, n, (draws, n))]
    errors = samples.std(axis=1, ddof=1) / np.sqrt(n)
    ratios = (samples.mean(axis=1) - mean)[errors > 0] / errors[errors > 0]
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return float(mean - high * error), float(mean - low * error)


def _bound_median(values: np.ndarray, level: float) -> tuple[float, float]:
    """Bound a median by order statistics: how many of n values fall below it is binomial with one half."""
    from scipy.stats import binom

    n = len(values)
    at = int(binom.ppf((1 - level) / 2, n, 0.5))
    while at and binom.cdf(at - 1, n, 0.5) > (1 - level) / 2:
        at -= 1
    return float(values[max(at - 1, 0)]), float(values[n - max(at, 1)])


def bound_reciprocity(graph: SharingGraph, level: float = 0.95) -> dict[str, float]:
    """Bound the share of edges between reporters that are returned.

    Returns
    -------
    dict: edges_n (between reporters), returned_n, value, low, high (0 to 1).

    Raises
    ------
    DataError
        Fewer than `FEWEST` whole lists, or no edge between two of them.

    Notes
    -----
    Estimand: among ordered pairs of agencies drawn as those that answered were, the probability that a share is
    returned. One agency enters many pairs: the variance adds up over all pairs of pairs that have an agency in common
    (Aronow, Samii and Assenova, Political Analysis 2015), and Student's t gives the width.
    """
    from scipy.stats import t

    places = check_reporters(graph)
    links = np.unpackbits(graph.out_bits[places], axis=1, count=graph.nodes_n)[:, places].astype(np.int64)
    both = links & links.T
    edges_n, returned_n, n = int(links.sum()), int(both.sum()), len(places)
    if not edges_n:
        raise DataError("reporters", "no edge joins two of them", "Name the counts alone.")
    value = returned_n / edges_n
    rest = both - value * links
    pairs = rest + rest.T
    squared = (pairs.sum(axis=1) ** 2).sum() - (pairs**2).sum() / 2
    error = np.sqrt(max(squared, (pairs**2).sum() / 2) * n / (n - 1)) / edges_n
    width = float(t.ppf((1 + level) / 2, n - 1) * error)
    bounds = {"low": max(0.0, value - width), "high": min(1.0, value + width)}
    return {"edges_n": edges_n, "returned_n": returned_n, "value": value, **bounds}


def rank_readers(
    graph: SharingGraph, most: int = 15, level: float = 0.95, draws: int = 1000, seed: int = 20190313
) -> pd.DataFrame:
    """Rank agencies by how many lists name them, with the ranks that the data leave open.

    Parameters
    ----------
    graph, level, draws, seed
        As for `bound_degrees`.
    most
        Agencies ranked [agencies].

    Returns
    -------
    DataFrame, one row per agency, by rank and agency_id: agency_id, lists_n, share_frac (of the lists of all other
    reporters), share_low, share_high, rank (1 + agencies named by more lists), rank_low, rank_high,
    rank_without_longest, is_reporter.

    Raises
    ------
    DataError
        Fewer than `FEWEST` whole lists.

    Notes
    -----
    Estimand: the rank by the share of all lists, of the agencies from which those that answered are taken to be
    drawn, that name the agency. Share: Wilson's score interval. Rank: from simultaneous intervals for the difference
    to every other agency named at all (bootstrap over reporters, studentized maximum; Mogstad, Romano, Shaikh and
    Wilhelm, Review of Economic Studies 2024), which stay valid for ties, where resampled ranks do not. Each
    interval covers its own rank; several at once are covered less often. A reporter cannot name itself: its own list is
    left out of its count of lists, and in differences counts as not naming it.
    """
    places = check_reporters(graph)
    lists = np.unpackbits(graph.out_bits[places], axis=1, count=graph.nodes_n)
    named = np.flatnonzero(lists.any(axis=0))
    lists = lists[:, named].astype(np.float32)
    counts = lists.sum(axis=0)
    order = np.lexsort([np.arange(len(named)), -counts])[:most]
    n = len(places) - graph.is_reporter[named]
    shares = [
        bound_share(int(part), int(whole), level) for part, whole in zip(counts[order], n[order], strict=True)
    ]
    rank_low, rank_high = _bound_ranks(lists, order, level, draws, seed)
    longest = int(np.argmax(lists.sum(axis=1)))
    other = counts - lists[longest]
    table = pd.DataFrame(
        {
            "agency_id": graph.names[named[order]],
            "lists_n": counts[order].astype(int),
            "share_frac": (counts / n)[order],
            "share_low": [share.low for share in shares],
            "share_high": [share.high for share in shares],
            "rank": [1 + int((counts > counts[at]).sum()) for at in order],
            "rank_low": rank_low,
            "rank_high": rank_high,
            "rank_without_longest": [1 + int((other > other[at]).sum()) for at in order],
            "is_reporter": graph.is_reporter[named[order]],
        }
    )
    return table.astype({"agency_id": "str"})


def count_readers(graph: SharingGraph, most: int = 15) -> pd.DataFrame:
    """Count whose data agencies may read, where there are too few lists for `rank_readers`.

    Returns
    -------
    DataFrame like that of `rank_readers`: lists_n counts the agencies known to share with each; share, rank and their
    bounds are missing.
    """
    order = np.lexsort([np.arange(graph.nodes_n), -graph.in_degrees])[:most]
    order = order[graph.in_degrees[order] > 0]
    table = pd.DataFrame({"agency_id": graph.names[order], "lists_n": graph.in_degrees[order]})
    for column in ("share_frac", "share_low", "share_high"):
        table[column] = np.nan
    for column in ("rank", "rank_low", "rank_high", "rank_without_longest"):
        table[column] = pd.array([pd.NA] * len(table), dtype="Int64")
    return table.assign(is_reporter=graph.is_reporter[order]).astype({"agency_id": "str"})


def _bound_ranks(lists, order, level: float, draws: int, seed: int) -> tuple[list[int], list[int]]:
    """Bound ranks from simultaneous intervals for the differences to all other agencies."""
    n, agencies_n = lists.shape
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws).astype(np.float32) / n
    shares = lists.mean(axis=0)
    moved = weights @ lists - shares
    together = lists[:, order].T @ lists / n
    low, high = [], []
    for row, at in enumerate(order):
        gaps = shares[at] - shares
        # the variance of a difference of two yes-or-no answers of one list
        spread = np.sqrt(np.maximum(shares[at] + shares - 2 * together[row] - gaps**2, 0) / n)
        is_apart = spread > 1e-7
        if not is_apart.any():
            low.append(1), high.append(agencies_n)
            continue
        largest = np.max(np.abs(moved[:, [at]] - moved[:, is_apart]) / spread[is_apart], axis=1)
        width = np.quantile(largest, level) * spread
        low.append(1 + int((is_apart & (gaps + width < 0)).sum()))
        high.append(agencies_n - int((is_apart & (gaps - width > 0)).sum()))
    return low, high


def accumulate_recipients(graph: SharingGraph) -> pd.DataFrame:
    """Count how many recipients some of the lists name, on average over all choices of that many lists.

    Returns
    -------
    DataFrame, one row per number of lists from 1: lists_n, recipients_n (exact mean over all choices).

    Raises
    ------
    DataError
        No whole list was released.

    Notes
    -----
    A recipient that k of n lists name is missed by m of them with probability C(n - k, m) / C(n, m).
    """
    from scipy.special import gammaln

    places = np.flatnonzero(graph.is_reporter)
    if not len(places):
        raise DataError("reporters", "no whole list was released", "Name the counts alone.")
    counts = np.unpackbits(graph.out_bits[places], axis=1, count=graph.nodes_n).sum(axis=0, dtype=np.int64)
    by_count = np.bincount(counts[counts > 0], minlength=len(places) + 1)
    n, times = len(places), np.flatnonzero(by_count)
    lists_n = np.arange(1, n + 1)
    possible = lists_n[:, None] <= n - times
    rest = np.where(possible, n - times - lists_n[:, None], 0)
    chance = gammaln(n - times + 1) - gammaln(rest + 1) + gammaln(n - lists_n + 1)[:, None] - gammaln(n + 1)
    missed = np.where(possible, np.exp(chance), 0.0)
    recipients = (by_count[times] * (1 - missed)).sum(axis=1)
    return pd.DataFrame({"lists_n": lists_n, "recipients_n": recipients})


def foresee_list(graph: SharingGraph, level: float = 0.95) -> dict[str, float]:
    """Foresee how many new names one more list would bring, and how many names no list has shown yet.

    Returns
    -------
    dict: reporters_n, entries_n (on all lists), recipients_n, once_n (recipients that one list alone names), twice_n, next_new_n (names that one
    more list would add), known_frac (share of the entries of one more list that stand in a list already), unseen_n
    (recipients not yet named, a lower bound), low, high (of all recipients, for that bound).

    Raises
    ------
    DataError
        Fewer than `FEWEST` whole lists.

    Notes
    -----
    Estimands: the expected number of new names in the next list drawn like these (Good and Toulmin's once_n / n,
    a little too high), and Chao's lower bound for the number of names that such lists can hold at all, with his
    log-normal interval. A list much longer than all others carries many of the names seen once: the bound hangs on it.
    """
    from scipy.stats import norm

    places = check_reporters(graph)
    counts = np.unpackbits(graph.out_bits[places], axis=1, count=graph.nodes_n).sum(axis=0, dtype=np.int64)
    n, found = len(places), int((counts > 0).sum())
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    scale = (n - 1) / n
    if twice:
        ratio = once / twice
        unseen = scale * once * ratio / 2
        variance = twice * (scale / 2 * ratio**2 + scale**2 * ratio**3 + scale**2 / 4 * ratio**4)
    else:
        unseen = scale * once * (once - 1) / 2
        total = found + unseen
        variance = scale * once * (once - 1) / 2 + scale**2 * once * (2 * once - 1) ** 2 / 4
        variance -= scale**2 * once**4 / (4 * total) if total else 0
    width = (
        float(np.exp(norm.ppf((1 + level) / 2) * np.sqrt(np.log1p(variance / unseen**2)))) if unseen else 1.0
    )
    return {
        "reporters_n": n,
        "entries_n": int(counts.sum()),
        "recipients_n": found,
        "once_n": once,
        "twice_n": twice,
        "next_new_n": once / n,
        "known_frac": 1 - once / int(counts.sum()),
        "unseen_n": unseen,
        "low": found + unseen / width,
        "high": found + unseen * width,
    }

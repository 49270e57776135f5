"""What sharing lists declare of a pair of agencies at a time, and when they say nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from helpers.agencies import Registry
from helpers.doors.parties import describe_parties, match_names

# The nearer to the top, the more a list says; what it says of a pair is the first that fits.
_ORDER = ("listed", "inactive", "unsure", "pool", "absent")


@dataclass
class _List:
    """One released list: who holds it, which way it looks, its month, the names on it."""

    holder: str
    is_outbound: bool
    month: int  # year * 12 + month - 1; -1 where undated
    names: dict[str, tuple[bool, str]] = field(default_factory=dict)  # name -> (inactive, where it stands)
    pools: list[str] = field(default_factory=list)


class Lists:
    """Sharing lists, arranged to be asked about pairs.

    Parameters
    ----------
    sharing
        Canonical table `sharing`. Rows about hot lists are passed over: they open no detections.
    registry
        Agencies known; settles names without a state.
    months
        How far from a list's month it still speaks [months]; an undated list speaks for any time.
    same
        Pairs of names that a person found to be one agency's.
    """

    def __init__(
        self,
        sharing: pd.DataFrame,
        registry: Registry | None = None,
        months: int = 6,
        same: Iterable[tuple] = (),
    ):
        self.months, self.registry, self.same = months, registry, tuple(same)
        rows = sharing[sharing["shares"].fillna("detections") == "detections"]
        columns = ["from_agency_as_printed", "to_agency_as_printed", "reported_by", "as_of"]
        columns += ["source_id", "page", "row_no"]
        rows = rows.assign(is_inactive=rows["is_inactive"].fillna(False))
        rows = rows.sort_values(columns, kind="stable", na_position="first")
        parties = describe_parties([*rows["from_agency_as_printed"], *rows["to_agency_as_printed"]])
        pools = set(parties.loc[parties["party"] == "pool", "name"])
        lists: dict[tuple, _List] = {}
        for row in rows.itertuples(index=False):
            owner, reader = row.from_agency_as_printed, row.to_agency_as_printed
            if pd.isna(owner) or pd.isna(reader):
                continue
            is_outbound = pd.isna(row.reported_by) or row.reported_by != reader
            holder, other = (owner, reader) if is_outbound else (reader, owner)
            key = (holder, is_outbound, _read_month(row.as_of), row.source_id)
            made = lists.setdefault(key, _List(holder, is_outbound, key[2]))
            page = "" if pd.isna(row.page) else f"p. {row.page} "
            where = f"{row.source_id} {page}row {row.row_no}"
            if other in pools:
                made.pools.append(where)
            elif other not in made.names or made.names[other][0]:
                made.names[other] = (bool(row.is_inactive), where)
        self.lists = [lists[key] for key in sorted(lists, key=str)]
        self._held: dict[tuple[bool, str], list[_List]] = {}
        for made in self.lists:
            self._held.setdefault((made.is_outbound, made.holder), []).append(made)

    def find_statuses(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """Return what the lists say of each pair at its month.

        Parameters
        ----------
        pairs
            Columns host, searcher (names as printed) and month (year * 100 + month, 0 where unknown).

        Returns
        -------
        DataFrame with the index of `pairs`: declared (a state of the fact), listed_at (source and row of the
        line that says so; empty where none does).
        """
        hosts = self._match(pairs["host"], is_outbound=False)
        searchers = self._match(pairs["searcher"], is_outbound=True)
        keys = list(zip(pairs["host"], pairs["searcher"], pairs["month"], strict=True))
        known = {
            key: self._find_status(hosts.get(key[0], {}), searchers.get(key[1], {}), _turn_month(key[2]))
            for key in dict.fromkeys(keys)
        }
        found = [known[key] for key in keys]
        return pd.DataFrame(found, columns=["declared", "listed_at"], index=pairs.index, dtype="str")

    def _match(self, names: Iterable[str], is_outbound: bool) -> dict[str, dict[str, str]]:
        """Match names with holders and with names on lists that look one way: name -> other -> outcome."""
        others = {made.holder for made in self.lists}
        others.update(*(made.names for made in self.lists if made.is_outbound == is_outbound))
        matched: dict[str, dict[str, str]] = {}
        for row in match_names(names, others, self.registry, self.same).itertuples(index=False):
            matched.setdefault(row.name, {})[row.other] = row.outcome
        return matched

    def _find_status(self, hosts: dict[str, str], searchers: dict[str, str], month: int) -> tuple[str, str]:
        answers = []
        for is_outbound, holders, others in ((True, hosts, searchers), (False, searchers, hosts)):
            for holder in sorted(holders):
                for made in self._held.get((is_outbound, holder), ()):
                    said = ("unsure", "") if holders[holder] == "unsure" else _ask(made, others)
                    answers.append((made, *said))
        if not answers:
            return "no_list", ""
        near = _choose_near(answers, month, self.months)
        if not near:
            return "other_time", ""
        own = {status for made, status, _ in near if made.is_outbound}
        # what the searcher says it receives adds to the owner's list, and does not take away from it
        said = {status for made, status, _ in near if not made.is_outbound}
        said = own | (said - {"absent"}) if own else said
        if len(said) > 1 and said != {"pool", "absent"}:
            return "unsure", ""
        answers = ((status, where) for _, status, where in near if status in said)
        return min(answers, key=lambda answer: (_ORDER.index(answer[0]), answer[1]))


def _ask(made: _List, others: dict[str, str]) -> tuple[str, str]:
    """Ask one list about the names that one agency may have."""
    same = sorted(name for name, outcome in others.items() if outcome == "same" and name in made.names)
    if same:
        inactive, where = min((made.names[name] for name in same), key=lambda entry: entry)
        return ("inactive" if inactive else "listed"), where
    if any(name in made.names for name in others):
        return "unsure", ""
    return ("pool", min(made.pools)) if made.pools and made.is_outbound else ("absent", "")


def _choose_near(answers: list, month: int, months: int) -> list:
    """Choose the answers that hold for a month; all of them where it is not known.

    Of the lists within reach the nearest before it and the nearest after it, failing these the undated ones.
    """
    if month < 0:
        return answers
    dated = [answer for answer in answers if answer[0].month >= 0 and abs(answer[0].month - month) <= months]
    before = max((answer[0].month for answer in dated if answer[0].month <= month), default=None)
    after = min((answer[0].month for answer in dated if answer[0].month >= month), default=None)
    near = [answer for answer in dated if answer[0].month in (before, after)]
    return near or [answer for answer in answers if answer[0].month < 0]


def _read_month(as_of) -> int:
    """Read the month of a date such as `2020-02-06`; -1 where it is not known to the month."""
    text = "" if pd.isna(as_of) else str(as_of)
    if len(text) < 7 or not (text[:4].isdigit() and text[5:7].isdigit()):
        return -1
    return int(text[:4]) * 12 + int(text[5:7]) - 1


def _turn_month(month: int) -> int:
    return -1 if month <= 0 else month // 100 * 12 + month % 100 - 1


def list_leftovers(
    sharing: pd.DataFrame, searchers: Iterable[str], registry: Registry | None = None, same=()
) -> pd.DataFrame:
    """Return the names of lists that are unsure or match nobody in a log, for a person to decide.

    Parameters
    ----------
    sharing
        Canonical table `sharing`.
    searchers
        Names of searchers in the log, as printed.
    registry, same
        As for `Lists`.

    Returns
    -------
    DataFrame, one row per name on a list without a sure match, the most alike first: listed, nearest (in the
    log), likeness (0 to 100, by words in any order), outcome (`unsure`, or `none`), why.
    """
    from rapidfuzz import fuzz, process

    names = sorted({name for name in searchers if isinstance(name, str) and name})
    listed = sorted(set(sharing["to_agency_as_printed"].dropna()))
    found = match_names(listed, names, registry, same)
    sure = set(found.loc[found["outcome"] == "same", "name"])
    unsure = found[found["outcome"] == "unsure"].groupby("name")["why"].first()
    rows = []
    for name in listed:
        if name not in sure and names:
            nearest, score, _ = process.extractOne(name, names, scorer=fuzz.token_sort_ratio)
            outcome = "unsure" if name in unsure.index else "none"
            why = unsure.get(name, "nothing alike by the rules")
            rows.append((name, nearest, int(round(score)), outcome, why))
    made = pd.DataFrame(rows, columns=["listed", "nearest", "likeness", "outcome", "why"])
    return made.sort_values(["likeness", "listed"], ascending=[False, True], ignore_index=True)

"""The list of agencies in the release: which names were recovered, from whom, and what was said of them."""

import pandas as pd

from helpers.errors import DataError
from helpers.facts.dates import order_by_date

# What a status says about an agency; one status can say two things.
ANSWERS = {
    "denies": ("denied", "denied_and_stopped", "denied_and_suspended"),
    "denies in part": ("unaware", "denied_direct", "denied_agreement", "denied_direct_and_stopped"),
    "admits": ("admitted_and_stopped", "confirmed_partly"),
    "cut off": ("stopped", "denied_and_stopped", "denied_direct_and_stopped", "admitted_and_stopped"),
    "suspended": ("denied_and_suspended",),
    "reviews": ("under_review",),
    "continues": ("continues",),
}


def list_recovered(claims: pd.DataFrame, agencies: pd.DataFrame, min_sources: int = 1) -> pd.DataFrame:
    """List the agencies whose names on the release's list were recovered.

    Parameters
    ----------
    claims, agencies
        Tables `sharing_claims` and `agencies`.
    min_sources
        Sources that must tie a name to the list for it to count, at least 1.

    Returns
    -------
    DataFrame, one row per agency, by state and name: state, agency_id, name (settled spelling),
    agency_as_printed, listed_on, sources_n, source_ids (joined by a space), page, read_as, has_account
    (another agency's LEARN report shows an account of that name, no evidence of sharing with ICE).

    Raises
    ------
    DataError
        `min_sources` is below 1, or no listing is left.

    Notes
    -----
    Being listed is permission to read, not proof that a scan moved. Unnamed listings are not counted.
    """
    if min_sources < 1:
        raise DataError("min_sources", f"{min_sources}", "A listing needs at least one source.")
    is_listing = (claims["claim_kind"] == "listing") & claims["is_in_release"]
    listed = claims[is_listing & claims["agency_id"].notna()]
    rows = [_recover_agency(agency_id, rows) for agency_id, rows in listed.groupby("agency_id", sort=True)]
    rows = [row for row in rows if row["sources_n"] >= min_sources]
    if not rows:
        found = f"no listing with {min_sources} or more sources"
        raise DataError("sharing_claims", found, "Lower min_sources.")
    recovered = pd.DataFrame(rows).merge(agencies[["agency_id", "name"]], on="agency_id", validate="1:1")
    recovered.insert(2, "name", recovered.pop("name"))
    return recovered.sort_values(["state", "name"], ignore_index=True)


def _recover_agency(agency_id: str, rows: pd.DataFrame) -> dict:
    sources = list(dict.fromkeys(pd.concat([rows["source_id"], rows["corroborated_by"]]).dropna()))
    first = rows.iloc[0]
    return {
        "state": first["state"],
        "agency_id": agency_id,
        "agency_as_printed": first["agency_as_printed"],
        "listed_on": first["as_of"],
        "sources_n": len(sources),
        "source_ids": " ".join(sources),
        "page": first["page"],
        "read_as": first["read_as"],
        "has_account": bool(rows["account_source_id"].notna().any()),
    }


def count_by_state(recovered: pd.DataFrame) -> pd.DataFrame:
    """Count recovered names by state, with the sources behind them.

    Returns
    -------
    DataFrame, one row per state, most names first: state, names_n, single_n (names with one source only),
    sources_n (distinct sources), source_ids. The counts follow where somebody published names: they are no
    shares of the list.
    """
    rows = []
    for state, names in recovered.groupby("state", sort=True):
        sources = sorted(set(" ".join(names["source_ids"]).split()))
        single = int((names["sources_n"] == 1).sum())
        rows.append([state, len(names), single, len(sources), " ".join(sources)])
    table = pd.DataFrame(rows, columns=["state", "names_n", "single_n", "sources_n", "source_ids"])
    return table.sort_values(["names_n", "state"], ascending=[False, True], ignore_index=True)


def count_by_source(recovered: pd.DataFrame) -> pd.DataFrame:
    """Count recovered names by source.

    Returns
    -------
    DataFrame, one row per source, most names first: source_id, names_n (names that it ties to the list),
    only_n (names that no other source does).
    """
    pairs = recovered.assign(source_id=recovered["source_ids"].str.split()).explode("source_id")
    pairs["is_only"] = pairs["sources_n"] == 1
    grouped = pairs.groupby("source_id")
    table = grouped.agg(names_n=("agency_id", "size"), only_n=("is_only", "sum")).reset_index()
    return table.sort_values(["names_n", "source_id"], ascending=[False, True], ignore_index=True)


def trace_replies(claims: pd.DataFrame, recovered: pd.DataFrame) -> pd.DataFrame:
    """Follow what was said of the recovered names: listing, reply and correction as separate dated claims.

    Parameters
    ----------
    claims
        Table `sharing_claims`.
    recovered
        Result of `list_recovered`.

    Returns
    -------
    DataFrame, one row per claim, for agencies with a reply or a correction; by agency, its listing first,
    then by date with undated claims last: agency_id, name, state, as_of, claim_kind, status, statement,
    source_id, read_as. A date known only to the month counts as its first day. Replies of later years that
    are not about the list are kept.
    """
    about = claims[claims["agency_id"].isin(recovered["agency_id"])]
    about = about[about["claim_kind"].isin(["listing", "reply", "correction"])]
    answered = about.loc[about["claim_kind"] != "listing", "agency_id"].unique()
    about = order_by_date(about[about["agency_id"].isin(answered)], "as_of", by_first=True)
    names = recovered.set_index("agency_id")["name"]
    about = about.assign(name=about["agency_id"].map(names), is_later=about["claim_kind"] != "listing")
    about = about.sort_values(["state", "name", "is_later"], kind="stable", ignore_index=True)
    columns = ["agency_id", "name", "state", "as_of", "claim_kind", "status", "statement"]
    return about[[*columns, "source_id", "read_as"]]


def count_answers(replies: pd.DataFrame, recovered: pd.DataFrame) -> pd.DataFrame:
    """Count the listed agencies by what they are known to have answered.

    Parameters
    ----------
    replies
        Result of `trace_replies`.
    recovered
        Result of `list_recovered`.

    Returns
    -------
    DataFrame: answer, agencies_n, agencies. An agency can stand in several rows, so they do not add up. `denies in
    part`: it did not know, or denies an agreement, or denies sharing directly, which is no denial that its data could
    be read. `denies and cut off` counts those that deny, in full or in part, and cut sharing off; `neither of the two`
    those that answered otherwise; `none found` means that no source seen prints an answer, not that there was none.
    """
    own = replies[replies["claim_kind"] == "reply"]
    groups = {answer: own[own["status"].isin(statuses)] for answer, statuses in ANSWERS.items()}
    groups["corrected by the publisher"] = replies[replies["claim_kind"] == "correction"]
    is_denier = own["agency_id"].isin(pd.concat([groups["denies"], groups["denies in part"]])["agency_id"])
    is_cut = own["agency_id"].isin(groups["cut off"]["agency_id"])
    groups["denies and cut off"] = own[is_denier & is_cut]
    groups["neither of the two"] = own[~is_denier & ~is_cut]
    groups["any answer"] = own
    rows = [_count_group(answer, rows["agency_id"], recovered) for answer, rows in groups.items()]
    silent = recovered.loc[~recovered["agency_id"].isin(own["agency_id"]), "agency_id"]
    return pd.DataFrame([*rows, _count_group("none found", silent, recovered)])


def _count_group(answer: str, agency_ids: pd.Series, recovered: pd.DataFrame) -> dict:
    names = recovered.loc[recovered["agency_id"].isin(agency_ids), "name"]
    return {"answer": answer, "agencies_n": len(names), "agencies": "; ".join(names)}


def follow_agency(claims: pd.DataFrame, agency_id: str) -> pd.DataFrame:
    """Follow one agency through all dated claims, undated ones last.

    Raises
    ------
    DataError
        No claim speaks of that agency.
    """
    found = claims[claims["agency_id"] == agency_id]
    if found.empty:
        raise DataError("sharing_claims", f"no claim about `{agency_id}`", "Take an agency_id of that table.")
    return order_by_date(found, "as_of", by_first=True)

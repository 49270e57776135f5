"""Quoted log entries as a log: what was printed of them, and nothing more."""

import pandas as pd


def read_quotes(quotes: pd.DataFrame, book: dict) -> pd.DataFrame:
    """Read the fact table `log_quotes` as a canonical log, so that the same checks apply to it.

    Parameters
    ----------
    quotes
        The table `log_quotes`.
    book
        A rulebook; its rule of the check `reference` says which of our topics refer to a case and which do not.

    Returns
    -------
    DataFrame with columns of the canonical table `searches`, one row per quoted entry in the order of the table. The
    reason is the code alone: the text is not kept. Only the day is printed, so the time cannot be seen; what was
    not printed is `not_exported`.
    """
    rule = next((rule for rule in book["rule"] if rule["check"] == "reference"), {})
    met, not_met = (
        quotes["topic"].isin(rule.get("topics_met", ())),
        quotes["topic"].isin(rule.get("topics_not_met", ())),
    )
    made = pd.DataFrame({"source_id": quotes["source_id"], "row_no": range(1, len(quotes) + 1)})
    made["reason_text"], made["reason_text_cell"], made["reason_origin"] = (
        quotes["reason_code"],
        "value",
        "reason",
    )
    # "no number" is told only where our class says that the words refer to no case
    made["has_case_number"] = met.where(met | not_met).astype("boolean")
    made["has_case_number_cell"] = pd.Series("value", index=quotes.index).where(met | not_met, "not_exported")
    return made.reset_index(drop=True)

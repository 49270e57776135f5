"""The doors: the kinds of way by which one agency may come to read another's plate data."""

import re

import pandas as pd

from helpers.doors.decide import load_registry


def describe_doors(observed: bool = False) -> pd.DataFrame:
    """Return each kind of access, in the order of the schema: door, label, what_it_is, opened_by.

    Parameters
    ----------
    observed
        Also what only a search log can show: the back door, a search of one's own data, and what is
        undetermined.
    """
    doors = [door for door in load_registry()["door"] if observed or not door.get("observed")]
    columns = {"id": "door", "label": "label", "what_it_is": "what_it_is", "opened_by": "opened_by"}
    return pd.DataFrame(doors)[list(columns)].rename(columns=columns)


def name_doors(doors) -> str:
    """Name doors for a reader, in the order of the schema: `front door, account and side door`."""
    labels = describe_doors().set_index("door")["label"].str.lower()
    wanted = [labels[door] for door in labels.index if door in set(doors)]
    return " and ".join(filter(None, [", ".join(wanted[:-1]), *wanted[-1:]]))


def choose_word(number: int, one: str, many: str) -> str:
    """Choose the word that goes with a number: `1 path`, `2 paths`."""
    return one if number == 1 else many


def name_years(dates) -> str:
    """Name the years that dates span: `2018 to 2024`, `2019`, or `undated`."""
    years = sorted(str(date)[:4] for date in dates if not pd.isna(date))
    return " to ".join(sorted({years[0], years[-1]})) if years else "undated"


def tell_span(dates) -> str:
    """Say when, at the head of a sentence.

    `Between 2018 and 2024`, `In 2019`, `Without a date`, or, where there
    is nothing to date, `So far`.
    """
    if not len(dates):
        return "So far"
    first, _, last = name_years(dates).partition(" to ")
    if first == "undated":
        return "Without a date"
    return f"Between {first} and {last}" if last else f"In {first}"


def tell_standings(standings) -> str:
    """Say which doubtful ways are counted: `disputed ways included, ended ways left out`."""
    kept = [word for word in ("disputed", "ended") if word in standings]
    dropped = [word for word in ("disputed", "ended") if word not in standings]
    parts = ((kept, "included"), (dropped, "left out"))
    return ", ".join(f"{' and '.join(words)} ways {what}" for words, what in parts if words)


def tell_lower(standings, low: int) -> str:
    """Say what is left of a count without doubtful ways; `low` is that smaller count."""
    words = {"disputed": "a party disputes", "ended": "ended"}
    kept = [words[word] for word in words if word in standings]
    dropped = [words[word] for word in words if word not in standings]
    told = f"; {low:,} if ways that {' or that '.join(kept)} are left out" if kept else ""
    return told + (f"; ways that {' or that '.join(dropped)} are not counted" if dropped else "")


def tell_doubted(ways: pd.DataFrame) -> str:
    """Say which doors have no plainly documented way, and what they stand on instead.

    Parameters
    ----------
    ways
        Rows of `access_paths` that count as ways: door, standing, statement.

    Returns
    -------
    str: empty, or clauses that each begin with `; `. A door with one way tells the first clause of that
    row's statement (up to a colon, semicolon or full stop).
    """
    told = []
    for door, label in describe_doors()[["door", "label"]].itertuples(index=False):
        part = ways[ways["door"] == door]
        if part.empty or (part["standing"] == "documented").any():
            continue
        standings = " or ".join(sorted(set(part["standing"])))
        if len(part) > 1:
            told.append(f"; the {label.lower()} only by ways that are {standings}")
            continue
        about = re.split(r"[:;]|\.(?:\s|$)", part["statement"].iloc[0])[0]
        about = re.sub(r"^(A|An|The|Named)\b", lambda word: word[0].lower(), about)
        article = "an" if standings[0] in "aeiou" else "a"
        told.append(f"; the {label.lower()} only by {article} {standings} way ({about})")
    return "".join(told)


def tell_ways(ways: pd.DataFrame) -> list[str]:
    """Tell paths in words, one line each, with source and page.

    Parameters
    ----------
    ways
        From `access.list_agency_ways`.

    Returns
    -------
    list of str, in the order of the rows.
    """
    labels = describe_doors().set_index("door")["label"].str.lower()
    lines = []
    for row in ways.to_dict("records"):
        date = "undated" if pd.isna(row["as_of"]) else row["as_of"]
        until = "" if pd.isna(row["ended_on"]) else f", until {row['ended_on']}"
        page = "no page known" if pd.isna(row["page"]) else row["page"]
        lines.append(
            f"{row['from_name']} to {row['to_name']}, {labels[row['door']]}, {row['standing']}, {date}{until}: "
            f"{row['statement']} [{row['source_id']}, {page}, read as {row['read_as']}]"
        )
    return lines

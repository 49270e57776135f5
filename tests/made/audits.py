"""Rows of simulated Flock audits, cell by cell."""

from datetime import datetime, timedelta

from helpers.formats import load_format
from made.tables import CASE, OFFICER, PLATE, REASON

FORMS = load_format("flock")["audit"]["forms"]
WIDE = FORMS[-1]["columns"]
AGENCIES = ["Exampleton ZZ PD", "Sample County ZZ SO", "Hillside ZZ PD"]
START = datetime(2025, 6, 1, 7, 0, 5)


def stamp(moment: datetime, comma: str = ",", *, is_padded: bool = True) -> str:
    """Write a time as Flock prints it."""
    if is_padded:
        return f"{moment:%m/%d/%Y}{comma} {moment:%I:%M:%S %p} UTC"
    return f"{moment.month}/{moment.day}/{moment.year}{comma} {int(f'{moment:%I}')}:{moment:%M:%S %p} UTC"


def build_row(n: int = 0, **cells) -> dict[str, str]:
    """Build a search as cells by column; `cells` replaces some of them."""
    moment = START + timedelta(minutes=n)
    frame = f"{stamp(moment - timedelta(days=7))}\n{stamp(moment - timedelta(minutes=1))}"
    known = {
        "ID": f"00000000-0000-4000-8000-{n:012d}", "Name": OFFICER, "Org Name": AGENCIES[n % 3],
        "Total Networks Searched": str(800 + n), "Total Devices Searched": f"{17000 + n:,}",
        "Time Frame": frame, "License Plate": PLATE, "Reason": REASON, "Case #": CASE, "Filters": PLATE,
        "Search Time": stamp(moment), "Search Type": "lookup", "Text Prompt": "", "Moderation": "",
        "userID": "***", "networkCount": str(800 + n),
    }  # fmt: skip
    return known | cells


def lay_out(rows: list[dict[str, str]], columns: list[str] = WIDE) -> list[list[str]]:
    """Lay rows out under a header."""
    return [columns, *[[cells[name] for name in columns] for cells in rows]]

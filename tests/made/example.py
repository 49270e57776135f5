"""A simulated export to try the readers on: an invented county, no real agency, no real search."""

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

FILE = "simulated-network-audit.csv"
HEADER = (
    "ID,Name,Org Name,Total Networks Searched,Time Frame,License Plate,Reason,Case #,Filters,Search Time,"
    "Search Type,Text Prompt,Moderation"
).split(",")
_AGENCIES = [
    "Exampleton ZZ PD", "Sample County ZZ SO", "Inventory Falls ZZ PD", "[Federal] Simulated Federal Agency",
]  # fmt: skip
_REASONS = ["Investigation", "simulated theft", "simulated welfare check", "", "REDACTED", "***"]


def write_example(folder: Path | str, rows_n: int = 60, seed: int = 2019) -> Path:
    """Write a simulated Network Audit with the habits of real ones, and give its path.

    Masks, blanks, two-line time frames, a header that is repeated in the middle. Same seed, same file.

    It is in the 13-column form of 2025; names, plates and case numbers are masked as an agency would mask
    them.
    """
    pick = random.Random(seed)
    first = datetime(2025, 3, 1, 6)
    path = Path(folder) / FILE
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for number in range(rows_n):
            when = first + timedelta(minutes=pick.randrange(60 * 24 * 30))
            frame = f"{_show(when - timedelta(days=30))}\n{_show(when)}"
            agency, reason = pick.choice(_AGENCIES), pick.choice(_REASONS)
            networks = pick.choice([0, 1, 12, 480, 5200])
            who = [f"simulated-{number:04d}", "***", agency, networks, frame, "***"]
            writer.writerow([*who, reason, "***", "", _show(when), "lookup", "", ""])
            if number == rows_n // 2:
                writer.writerow(HEADER)
    return path


def _show(when: datetime) -> str:
    """Write a time as the vendor does."""
    return f"{when:%m/%d/%Y, %I:%M:%S %p} UTC"

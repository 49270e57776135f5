"""A simulated export to try the readers on: an invented county, no real agency, no real search."""

import random
from datetime import datetime, timedelta
from pathlib import Path

from made.audits import FORMS, lay_out, stamp
from made.tables import write_csv

HEADER = next(form["columns"] for form in FORMS if form["name"] == "Audit, 13 columns")
_AGENCIES = [
    "Exampleton ZZ PD", "Sample County ZZ SO", "Inventory Falls ZZ PD", "[Federal] Simulated Federal Agency",
]  # fmt: skip
_REASONS = ["Investigation", "simulated theft", "simulated welfare check", "", "REDACTED", "***"]


def write_example(folder: Path | str, seed: int = 2019) -> Path:
    """Write a simulated Network Audit of 60 searches with the habits of real ones, and give its path.

    Masks, blanks, two-line time frames, a header that is repeated in the middle. Names, plates and case
    numbers are masked as an agency would mask them. Same seed, same file.
    """
    pick, rows = random.Random(seed), []
    for number in range(60):
        when = datetime(2025, 3, 1, 6) + timedelta(minutes=pick.randrange(60 * 24 * 30))
        cells = {
            "ID": f"simulated-{number:04d}", "Name": "***", "Org Name": pick.choice(_AGENCIES),
            "Reason": pick.choice(_REASONS),
            "Total Networks Searched": pick.choice([0, 1, 12, 480, 5200]),
            "Time Frame": f"{stamp(when - timedelta(days=30))}\n{stamp(when)}", "License Plate": "***",
            "Case #": "***", "Search Time": stamp(when), "Search Type": "lookup",
        }  # fmt: skip
        rows.append(dict.fromkeys(HEADER, "") | cells)
    printed = lay_out(rows, HEADER)
    printed.insert(32, HEADER)
    return write_csv(Path(folder) / "simulated-network-audit.csv", printed, encoding="utf-8-sig", end="\n")

"""Simulated exports of an invented town and its neighbors, one file for every reader: nothing in them is
real.

The searches and the lists are those of the simulated world, printed as each vendor prints them.
"""

import csv
import zipfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pandas as pd

from helpers.formats import load_format
from helpers.simulate import world
from helpers.simulate.log import build_lists, build_log

SEED, ROWS = 2019, 2400
_TOWN, _COUNTY, _FALLS, _OFFICE, _LAKE = (
    "Exampleton ZZ PD", "Sample County ZZ SO", "Inventory Falls ZZ PD", "Officeville ZZ PD", "Lakemark ZZ PD",
)  # fmt: skip
_MASK = "***"
_MAPPINGS = {
    "simulated-edges-mapping.toml": """# Which columns of the invented edge list mean what.
title = "Simulated edge list of an invented town"
source = "Simulated; nothing in it is real"
table = "sharing"
notes = ["Simulated: the agencies are invented."]

[columns]
from_agency_as_printed = "Owner"
to_agency_as_printed = "Reader"
as_of = "Seen on"

[constants]
shares = "detections"
section = "detections_shared"
reported_by = "Inventory Falls ZZ PD"

[times]
forms = ["%Y-%m-%d"]
time_zone = "UTC"
""",
    "simulated-clerk-mapping.toml": """# What the sheets of the invented clerk's workbook hold.
title = "Simulated workbook of an invented town's clerk"
source = "Simulated; nothing in it is real"
table = "workbook"

[sheets."A1"]
section = "detections_shared"

[sheets."OtherAgencies"]
measure = "searches"
scope = "access by other agencies"

[sheets."Request"]
skip = true
""",
}


def write_town(folder: Path | str, seed: int = SEED, rows_n: int = ROWS) -> list[Path]:
    """Write the files of a simulated records request into an empty folder, and give their paths, sorted.

    The files hold the part of `log.build_log` which the town and three neighbors released; the same seed and
    size give the same bytes.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    log, lists = build_log(seed, rows_n)[0], build_lists(seed)
    _write_audits(folder, log)
    _write_lists(folder, lists, log)
    _write_figures(folder)
    for name, text in _MAPPINGS.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return sorted(folder.iterdir())


def _write_audits(folder: Path, log: pd.DataFrame) -> None:
    """Write search logs: two forms of the vendor's audit as CSV, one as a workbook, and a public portal's."""
    is_new = log["searched_at"] >= pd.Timestamp(world.BREAK_ON)
    network = log["source_id"].str.startswith("simulated-exampleton-network")
    neighbor = log["source_id"].str.startswith("simulated-sample-county-network")
    for name, part, columns_n in (
        ("simulated-network-audit-2025.csv", network & ~is_new, 14),
        ("simulated-network-audit-2026.csv", network & is_new, 13),
        ("simulated-neighbor-network-audit.csv", neighbor, 11),
    ):
        rows = _print_audit(log[part], f"Audit, {columns_n} columns")
        _write_csv(folder / name, rows, "utf-8-sig")
    own = log[log["source_id"].str.startswith("simulated-exampleton-org")]
    _write_book(
        folder / "simulated-organization-audit.xlsx", {"Audit": _print_audit(own, "Audit, 14 columns")}
    )
    portal = log[log["source_id"].str.startswith("simulated-lakemark-portal")]
    rows = [["id", "userId", "searchDate", "networkCount", "offenseType"]]
    for row in portal.itertuples():
        when = f"{row.searched_at:%Y-%m-%dT%H:%M:%S}.000Z"
        rows.append([row.search_id, _MASK, when, _write_count(row.networks_n), _print_reason(row)])
    _write_csv(folder / "simulated-portal-search-audit.csv", rows)


def _print_audit(log: pd.DataFrame, form: str) -> list[list[str]]:
    """Print searches as the vendor's audit does, with names, plates and case numbers masked."""
    columns = next(one["columns"] for one in load_format("flock")["audit"]["forms"] if one["name"] == form)
    rows = []
    for row in log.sort_values(["searched_at", "search_id"], kind="stable").itertuples():
        cells = dict.fromkeys(columns, "")
        frame = [_print_time(moment) for moment in (row.window_start, row.window_end) if not pd.isna(moment)]
        cells |= {
            "ID": row.search_id if isinstance(row.search_id, str) else "", "Name": _MASK,
            "License Plate": _MASK,
            "Org Name": row.searcher_agency_as_printed,
            "Total Networks Searched": _write_count(row.networks_n),
            "Total Devices Searched": _write_count(row.devices_n), "Time Frame": "\n".join(frame),
            "Reason": _print_reason(row), "Case #": _MASK if row.has_case_number is True else "",
            "Search Time": _print_time(row.searched_at),
            "Search Type": row.search_type if isinstance(row.search_type, str) else "",
        }  # fmt: skip
        rows.append([cells[name] for name in columns])
    return [columns, *rows]


def _print_reason(row) -> str:
    shown = {"masked": _MASK, "redacted": "[REDACTED]", "placeholder": "n/a"}
    return row.reason_text if isinstance(row.reason_text, str) else shown.get(row.reason_text_cell, "")


def _print_time(moment: datetime) -> str:
    return f"{moment:%m/%d/%Y, %I:%M:%S %p} UTC"


def _write_count(count: object) -> str:
    return "" if pd.isna(count) else f"{count}"


def _write_lists(folder: Path, lists: pd.DataFrame, log: pd.DataFrame) -> None:
    """Write sharing lists: the vendor's report as PDF, networks as CSV, a clerk's workbook, an edge list."""
    from made.learn_pages import Layout
    from made.pdf import write_pdf

    shared = {name: part["to_agency_as_printed"].tolist() for name, part in lists.groupby("reported_by")}
    received = {
        name: lists.loc[lists["to_agency_as_printed"] == name, "reported_by"].tolist()
        for name in (_TOWN, _COUNTY)
    }
    layout = Layout(agency=_COUNTY, created="11-30-25")
    layout.add_section("detections_shared", shared[_COUNTY])
    layout.add_section("detections_received", received[_COUNTY])
    layout.add_section("hot_lists_shared", [])
    layout.add_section("hot_lists_received", [("ZZ Department of Justice", "Simulated stolen vehicles")])
    write_pdf(folder / "simulated-learn-sharing.pdf", layout.finish(), layout.size, packed=False)

    rows = [["Organization Name", "Networks Shared With Me", "Networks I'm Sharing"]]
    for name in sorted({*shared[_TOWN], *received[_TOWN]}):
        rows.append([name, name * (name in received[_TOWN]), _TOWN * (name in shared[_TOWN])])
    _write_csv(folder / "simulated-shared-networks.csv", rows)

    own = log[(log["host_agency"] == _OFFICE)].sort_values("searched_at", kind="stable").head(60)
    local = own["searched_at"].dt.tz_localize("UTC").dt.tz_convert(world.ZONE).dt.tz_localize(None)
    reasons = ["" if pd.isna(reason) else reason for reason in own["reason_text"]]
    _write_book(
        folder / "simulated-clerk-workbook.xlsx",
        {
            "Request": [["Simulated answer to an invented records request"]],
            "A1": [["ORGANIZATION NAME"], *([f"{name} "] for name in shared[_OFFICE])],
            "Audit": [
            ["Reason", "DateTime"],
            *([reason, when.to_pydatetime()] for reason, when in zip(reasons, local)),
        ],
            "OtherAgencies": [
                ["Month", 2025, 2024],
            *([month, 40 + 7 * n, 30 + 5 * n if n else "-"] for n, month in enumerate(_MONTHS)),
            ],
        },
    )  # fmt: skip
    edges = [[_FALLS, name, world.LIST_ON] for name in shared[_FALLS]]
    _write_csv(folder / "simulated-edges.csv", [["Owner", "Reader", "Seen on"], *edges])


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def _write_figures(folder: Path) -> None:
    """Write volumes: the dashboard's reports on detections and hits, and a table in the form of EFF's."""
    from made.pdf import write_pdf

    foot = [
        (6, 780, "Date Created: 12-01-25", 9), (220, 780, "VehicleManager Administrator List Report", 9),
        (540, 780, "Page 1 of 1", 9),
    ]  # fmt: skip
    frame = [
        (80, 140, f"Report By: {_MASK}"),
        (70, 170, "Time Frame: From 1-01-25 12 AM To"),
        (130, 182, "12-01-25 12 AM"),
    ]
    detections = [
        (280, 40, "Agency", 16), (220, 60, "Dashboard Detection Report", 14),
        (260, 110, "Report Details", 12), *frame,
        (360, 170, "Total Detections: 3412806"), (80, 230, "Contributor", 11), (280, 230, "Agency", 11),
        (460, 230, "Detections", 11), (100, 255, "1"), (270, 255, "My Agency"), (470, 255, "3412806"), *foot,
    ]  # fmt: skip
    write_pdf(folder / "simulated-learn-detections.pdf", [detections], packed=False)
    ratio = [
        (280, 40, "Hit Ratio", 16), (220, 60, "Dashboard Hit Ratio Report", 14),
        (260, 110, "Report Details", 12), *frame,
        (360, 170, "Total Records: 3412806"), (80, 230, "Contributor", 11), (280, 230, "Record Type", 11),
        (460, 230, "Records", 11), (100, 255, "1"), (270, 255, "Detections"), (470, 255, "3410995"),
        (100, 275, "2"), (270, 275, "Hits"), (470, 275, "1811"), *foot,
    ]  # fmt: skip
    write_pdf(folder / "simulated-learn-hits.pdf", [ratio], packed=False)
    header = [
        "A. Agency", "B. State", "C. Direct Sharing", "D. NVLS", "E1. 2016 Detections", "E2. 2016 Hits",
        "F1. 2017 Detections", "F2. 2017 Hits", "G1. 2016-2017 Detections", "G2. 2016-2017 Hits",
        "H. All Time Detections",
        "H2. All Time Hits", "R1. Data Sharing Link", "R2. 2016 Hit Ratio Report",
        "R3. 2017 Hit Ratio Report",
        "R4. 2016 Detection Report", "R5. 2016 Hit Report", "R6. 2017 Detection Report",
        "R7. 2017 Hit Report",
        "R8. Combined Detection/Hit Data",
    ]  # fmt: skip
    rows = [
        ["Exampleton Police Department (simulated)", "ZZ", "160", "Y", "1,204,800", "612", "1,377,310", "655",
         "2,582,110",
         "1,267", "n/a", "n/a"],
        ["Sample County Sheriff (simulated)", "ZZ", "88", "N", "Not Provided", "Not Provided",
         "940,112*", "301",
         "Data Incomplete", "", "", ""],
    ]  # fmt: skip
    _write_csv(folder / "simulated-eff-data-driven.csv", [header, *([*row, *[""] * 8] for row in rows)])


def _write_csv(path: Path, rows: Iterable[list], encoding: str = "utf-8") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, lineterminator="\r\n").writerows(rows)


def _write_book(path: Path, sheets: dict[str, list[list]]) -> None:
    """Write a workbook, its parts stored as they are: how they are packed depends on the machine."""
    import io

    import xlsxwriter

    made = io.BytesIO()
    options = {f"strings_to_{kind}": False for kind in ("formulas", "urls", "numbers")}
    with xlsxwriter.Workbook(made, options | {"in_memory": True}) as book:
        about = {"created": datetime(2025, 12, 1), "comments": "Simulated: nothing in it is real."}
        book.set_properties(about)
        when = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for y, row in enumerate(rows):
                for x, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(y, x, cell, when)
                    else:
                        sheet.write(y, x, cell)
    with zipfile.ZipFile(made) as packed, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as stored:
        for part in packed.infolist():
            stored.writestr(zipfile.ZipInfo(part.filename, (2025, 12, 1, 0, 0, 0)), packed.read(part))

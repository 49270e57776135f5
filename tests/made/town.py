"""Simulated exports of an invented town and its neighbors, one file for every reader: nothing in them is
real.

The searches and the lists are those of the simulated world, printed as each vendor prints them.
"""

import calendar
import zipfile
from pathlib import Path

import pandas as pd

from helpers.simulate import world
from helpers.simulate.log import build_lists, build_log
from made.audits import FORMS, lay_out, stamp
from made.learn_pages import Layout
from made.pdf import write_pdf
from made.tables import read_parts, write_book, write_csv

SEED, ROWS = 2019, 2400
_TOWN, _COUNTY, _FALLS, _OFFICE = (
    "Exampleton ZZ PD", "Sample County ZZ SO", "Inventory Falls ZZ PD", "Officeville ZZ PD",
)  # fmt: skip
_MASK = "***"


def write_town(folder: Path) -> None:
    """Write the files of a simulated records request into a new folder.

    They hold the part of the log which the town and three neighbors released. What is drawn from no log, the
    two mappings and the table in the form of EFF's, was written by hand: its committed copy is the only one.
    """
    folder.mkdir()
    log, lists = build_log(SEED, ROWS)[0], build_lists(SEED)
    _write_audits(folder, log)
    _write_lists(folder, lists, log)
    _write_figures(folder)


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
        write_csv(folder / name, rows, encoding="utf-8-sig")
    own = log[log["source_id"].str.startswith("simulated-exampleton-org")]
    _write_book(
        folder / "simulated-organization-audit.xlsx", {"Audit": _print_audit(own, "Audit, 14 columns")}
    )
    portal = log[log["source_id"].str.startswith("simulated-lakemark-portal")]
    rows = [["id", "userId", "searchDate", "networkCount", "offenseType"]]
    for row in portal.itertuples():
        when = f"{row.searched_at:%Y-%m-%dT%H:%M:%S}.000Z"
        rows.append([row.search_id, _MASK, when, _write_count(row.networks_n), _print_reason(row)])
    write_csv(folder / "simulated-portal-search-audit.csv", rows)


def _print_audit(log: pd.DataFrame, form: str) -> list[list[str]]:
    """Print searches as the vendor's audit does, with names, plates and case numbers masked."""
    columns = next(one["columns"] for one in FORMS if one["name"] == form)
    rows = []
    for row in log.sort_values(["searched_at", "search_id"], kind="stable").itertuples():
        frame = [stamp(moment) for moment in (row.window_start, row.window_end) if not pd.isna(moment)]
        cells = {
            "ID": row.search_id if isinstance(row.search_id, str) else "", "Name": _MASK,
            "License Plate": _MASK,
            "Org Name": row.searcher_agency_as_printed,
            "Total Networks Searched": _write_count(row.networks_n),
            "Total Devices Searched": _write_count(row.devices_n), "Time Frame": "\n".join(frame),
            "Reason": _print_reason(row), "Case #": _MASK if row.has_case_number is True else "",
            "Search Time": stamp(row.searched_at),
            "Search Type": row.search_type if isinstance(row.search_type, str) else "",
        }  # fmt: skip
        rows.append(dict.fromkeys(columns, "") | cells)
    return lay_out(rows, columns)


def _print_reason(row) -> str:
    shown = {"masked": _MASK, "redacted": "[REDACTED]", "placeholder": "n/a"}
    return row.reason_text if isinstance(row.reason_text, str) else shown.get(row.reason_text_cell, "")


def _write_count(count: object) -> str:
    return "" if pd.isna(count) else f"{count}"


def _write_lists(folder: Path, lists: pd.DataFrame, log: pd.DataFrame) -> None:
    """Write sharing lists: the vendor's report as PDF, networks as CSV, a clerk's workbook, an edge list."""
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
    write_csv(folder / "simulated-shared-networks.csv", rows)

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
            *([month, 40 + 7 * n, 30 + 5 * n if n else "-"] for n, month in enumerate(calendar.month_name[1:])),
            ],
        },
    )  # fmt: skip
    edges = [[_FALLS, name, world.LIST_ON] for name in shared[_FALLS]]
    write_csv(folder / "simulated-edges.csv", [["Owner", "Reader", "Seen on"], *edges])


def _write_figures(folder: Path) -> None:
    """Write volumes: the dashboard's reports on detections and hits."""
    foot = [
        (6, 780, "Date Created: 12-01-25", 9), (220, 780, "VehicleManager Administrator List Report", 9),
        (540, 780, "Page 1 of 1", 9),
    ]  # fmt: skip
    frame = [
        (260, 110, "Report Details", 12), (80, 140, f"Report By: {_MASK}"),
        (70, 170, "Time Frame: From 1-01-25 12 AM To"), (130, 182, "12-01-25 12 AM"),
    ]  # fmt: skip
    for name, title, report, total, header, rows in (
        ("detections", "Agency", "Detection", "Detections", ("Agency", "Detections"), [("My Agency", "3412806")]),
        (
            "hits", "Hit Ratio", "Hit Ratio", "Records", ("Record Type", "Records"),
            [("Detections", "3410995"), ("Hits", "1811")],
        ),
    ):  # fmt: skip
        page = [(280, 40, title, 16), (220, 60, f"Dashboard {report} Report", 14), *frame]
        page += [(360, 170, f"Total {total}: 3412806"), (80, 230, "Contributor", 11)]
        page += [(280, 230, header[0], 11), (460, 230, header[1], 11)]
        for number, (kind, count) in enumerate(rows):
            y = 255 + 20 * number
            page += [(100, y, f"{number + 1}"), (270, y, kind), (470, y, count)]
        write_pdf(folder / f"simulated-learn-{name}.pdf", [[*page, *foot]], packed=False)


def _write_book(path: Path, sheets: dict[str, list[list]]) -> None:
    """Write a workbook, its parts stored as they are: how they are packed depends on the machine."""
    parts = read_parts(write_book(path, sheets))
    with zipfile.ZipFile(path, "w") as stored:
        for name, content in parts.items():
            stored.writestr(zipfile.ZipInfo(name, (2025, 12, 1, 0, 0, 0)), content)

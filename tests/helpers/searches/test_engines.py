"""All of `helpers.searches` on two engines, in any order of rows and files, and without a word of what an officer typed."""

import dataclasses

import pandas as pd
import pytest

from helpers.searches import cells, coverage, engine, inflation, logs, same, series, spikes, spread
from helpers.simulate.log import build_log

from .conftest import ZONE

CANARIES = ("CANARYREASON", "8ABC123", "Officer Canary", "25-0099887")


def count_all(connection, table):
    """Compute every result of the package over a log."""
    log = engine.read_log(connection, table)
    files = logs.list_logs(log)
    keyed = same.key_rows(log, files)
    searches = same.build_searches(keyed)
    days = coverage.count_days(log, files, ZONE)
    shared, by_host = inflation.count_shared(keyed), inflation.count_hosts(keyed)
    agencies, widths = spread.count_agencies(searches), spread.count_widths(searches)
    return {
        "files": files, "steps": same.count_steps(keyed), "count": pd.DataFrame([dataclasses.asdict(same.count_searches(keyed))]),
        "keys": same.measure_keys(keyed), "days": days, "grid": coverage.grid_months(days), "cells": cells.count_cells(log),
        "constants": cells.find_constants(log), "breaks": cells.find_breaks(log, files, ZONE), "words": cells.compare_reasons(log, ZONE),
        "shared": shared, "curve": inflation.curve_inflation(shared, by_host), "methods": inflation.compare_methods(keyed),
        "by_day": series.count_by_day(keyed, ZONE), "by_type": series.count_by_type(searches, ZONE), "agencies": agencies,
        "concentration": spread.measure_concentration(agencies), "widths": spread.summarize_widths(widths),
        "spikes": spikes.find_spikes(searches, ZONE, 2, 2),
    }, searches  # fmt: skip


@pytest.fixture(scope="module")
def small():
    """A small simulated log in which every kind of row occurs, canaries in all that was typed, and its results on DuckDB."""
    table = build_log(5, 1_500)[0]
    table = table.assign(
        reason_text=table["reason_text"] + f" {CANARIES[0]} {CANARIES[1]}",
        officer_token=CANARIES[2], plate_token=CANARIES[1], case_number_token=CANARIES[3],
    )  # fmt: skip
    return table, count_all(engine.connect(), table)


def test_spark_gives_equal_results_row_for_row(small, spark):
    """Every table, and every search with all its columns: the same rows, in the same order, of the same types."""
    table, (expected, searches) = small
    found, others = count_all(spark, table)

    for name in expected:
        pd.testing.assert_frame_equal(expected[name], found[name], obj=name)
    pd.testing.assert_frame_equal(
        engine.fetch(searches, ["search_key"]), engine.fetch(others, ["search_key"])
    )


def test_order_of_rows_changes_nothing(small):
    """The log shuffled gives the same tables, byte for byte."""
    table, (expected, _) = small
    found, _ = count_all(engine.connect(threads=1), table.sample(frac=1, random_state=7))

    for name in expected:
        assert expected[name].to_csv() == found[name].to_csv(), name


def test_no_word_of_an_officer_leaves(small):
    """Reasons, officers, plates and cases are canaries: no table and no figure's numbers hold one of them."""
    table, (found, _) = small
    text = "".join(result.to_csv() for result in found.values())

    assert table["reason_text"].str.contains(CANARIES[0]).any()
    assert len(text) > 10_000 and not [canary for canary in CANARIES if canary in text]

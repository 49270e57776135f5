"""Small counts of persons: what a reader who subtracts, solves and enumerates can and cannot learn."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.searches.suppression import ACRO, OPENSAFELY, join_widths, suppress_cells

SHAPES = [(10, 4), (20, 12), (58, 12)]  # the tables of the study in which a naive threshold failed


def draw_counts(seed: int, shape: tuple[int, int], mean: float = 24.0) -> pd.DataFrame:
    """Draw a table of counts with many small ones and some zeros, as of agencies by months."""
    drawn = np.random.default_rng(seed).negative_binomial(1, 1 / (1 + mean), size=shape)
    return pd.DataFrame(
        drawn, index=[f"r{n}" for n in range(shape[0])], columns=[f"c{n}" for n in range(shape[1])]
    )


def add_margins(table: pd.DataFrame) -> np.ndarray:
    """Add up the margins, by numpy alone."""
    cells = table.to_numpy()
    return np.block(
        [[cells, cells.sum(axis=1)[:, None]], [cells.sum(axis=0)[None, :], cells.sum().reshape(1, 1)]]
    )


def hide_naively(table: pd.DataFrame, threshold: int = 10) -> pd.DataFrame:
    """Hide the small cells and nothing else: what goes wrong."""
    whole = pd.DataFrame(add_margins(table)).astype("Int64")
    inner = np.zeros(whole.shape, dtype=bool)
    inner[:-1, :-1] = (table > 0) & (table < threshold)
    return whole.mask(inner)


def list_equations(shape: tuple[int, int]) -> list[list[tuple[tuple[int, int], int]]]:
    """List what holds in every table with margins: each line adds up to its margin."""
    rows, columns = shape[0] - 1, shape[1] - 1
    lines = [
        [((row, column), 1) for column in range(columns)] + [((row, columns), -1)] for row in range(rows + 1)
    ]
    return lines + [
        [((row, column), 1) for row in range(rows)] + [((rows, column), -1)] for column in range(columns + 1)
    ]


def solve_linear(shown: pd.DataFrame) -> set[tuple[int, int]]:
    """Solve the equations of the margins and list the hidden counts that come out as one number."""
    hidden = [tuple(place) for place in np.argwhere(shown.isna().to_numpy())]
    at = {place: number for number, place in enumerate(hidden)}
    matrix = np.zeros((sum(shown.shape), max(1, len(hidden))))
    for number, line in enumerate(list_equations(shown.shape)):
        for place, sign in line:
            if place in at:
                matrix[number, at[place]] += sign
    _, sizes, free = np.linalg.svd(matrix)
    free = free[(sizes > 1e-9).sum() :]
    return {place for place, number in at.items() if np.abs(free[:, number]).max(initial=0) < 1e-9}


def find_range(
    shown: pd.DataFrame, place: tuple[int, int], least: int = 1, cap: int = 10_000
) -> tuple[int, int]:
    """Find the exact range of a hidden count from what is shown alone, by network simplex (networkx)."""
    values, (rows, columns) = shown.to_numpy(dtype=object), (shown.shape[0] - 1, shown.shape[1] - 1)
    found = []
    for sign in (1, -1):
        graph = nx.DiGraph()
        need = {
            node: 0
            for node in [*(("r", n) for n in range(rows)), *(("c", n) for n in range(columns)), "R", "C"]
        }
        for row, column in np.ndindex(rows + 1, columns + 1):
            tail = (
                ("r", row)
                if row < rows and column < columns
                else "R"
                if row < rows
                else ("c", column)
                if column < columns
                else "C"
            )
            head = (
                ("c", column)
                if row < rows and column < columns
                else ("r", row)
                if row < rows
                else "C"
                if column < columns
                else "R"
            )
            value, is_hidden = values[row, column], shown.isna().iat[row, column]
            fixed = least if is_hidden else int(value)
            need[tail] += fixed
            need[head] -= fixed
            if is_hidden:
                graph.add_edge(tail, head, capacity=cap, weight=sign if (row, column) == place else 0)
        graph.add_nodes_from((node, {"demand": amount}) for node, amount in need.items())
        cost, _ = nx.network_simplex(graph)
        found.append(sign * cost + least)
    return found[0], found[1]


def list_tables(
    options: list, shape: tuple[int, int]
) -> tuple[np.ndarray, dict[tuple[int, int], np.ndarray]]:
    """List every table that has in each cell one of its options, and the margins of each."""
    rows, columns = shape
    cells = np.stack(np.meshgrid(*options, indexing="ij"), axis=-1).reshape(-1, rows, columns)
    margins = {(row, columns): cells[:, row].sum(axis=1) for row in range(rows)}
    margins |= {(rows, column): cells[:, :, column].sum(axis=1) for column in range(columns)}
    return cells, margins | {(rows, columns): cells.sum(axis=(1, 2))}


@pytest.mark.parametrize("shape", SHAPES)
def test_subtraction_beats_a_naive_threshold_and_not_this_one(shape):
    """The solver of this file recovers cells where only small ones are hidden, and none where more are."""
    recovered = 0
    for seed in range(3):
        table = draw_counts(seed, shape, mean=12 if shape != (10, 4) else 24)
        recovered += len(solve_linear(hide_naively(table)))
        assert solve_linear(suppress_cells(table)) == set()
    assert recovered > 0


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from(SHAPES),
    st.sampled_from([3.0, 9.0, 24.0, 120.0]),
    st.sampled_from([5, 10]),
)
def test_small_cells_may_be_anything_small(seed, shape, mean, threshold):
    """The exact range of each small cell covers 1 to threshold - 1, from what is shown alone."""
    table = draw_counts(seed, shape, mean)
    shown = suppress_cells(table, threshold)
    assert solve_linear(shown) == set()
    small = np.argwhere(((table > 0) & (table < threshold)).to_numpy())
    for place in small[np.random.default_rng(seed).permutation(len(small))[:4]]:
        low, high = find_range(shown, tuple(place))
        assert low == 1 and high >= threshold - 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 14), min_size=1, max_size=5), min_size=1, max_size=5).filter(
        lambda rows: len({len(row) for row in rows}) == 1
    )
)
def test_tables_of_few_and_small_counts(rows):
    """Narrow tables, single rows, all but empty ones: every cell and margin keeps more than one value."""
    table = pd.DataFrame(rows)
    shown, whole = suppress_cells(table), add_margins(table)
    for row, column in np.argwhere(shown.isna().to_numpy()):
        low, high = find_range(shown, (row, column))
        assert low <= whole[row, column] <= high and low < high
        if 0 < whole[row, column] < 10 and row < len(rows) and column < len(rows[0]):
            assert low == 1 and high >= 9
    known = ~shown.isna().to_numpy()
    assert (shown.to_numpy(dtype=object)[known] == whole[known]).all()
    assert not ((whole[known] > 0) & (whole[known] < 10)).any()


def test_brute_force_agrees_with_the_claim():
    """In a table of two by three, trying every table leaves all values from 1 to 4 for each small cell."""
    table = pd.DataFrame([[2, 9, 7], [6, 2, 8]])
    shown, truth = suppress_cells(table, threshold=5), add_margins(table)
    known = ~shown.isna().to_numpy()
    options = [[truth[place]] if known[place] else range(1, 18) for place in np.ndindex(2, 3)]
    assert not known[0, 0] and not known[1, 1] and sum(len(option) > 1 for option in options) <= 5
    cells, margins = list_tables(options, (2, 3))
    fits = np.all([sums == truth[place] for place, sums in margins.items() if known[place]], axis=0)
    for place in ((0, 0), (1, 1)):
        assert {1, 2, 3, 4} <= set(cells[fits][:, *place].tolist())


def test_margins_of_size_stay():
    """In tables with counts of size in every row and column no margin is hidden."""
    for seed in range(10):
        shown = suppress_cells(table := draw_counts(seed, (20, 12), mean=60))
        margins = np.r_[shown["total"], shown.loc["total"]]
        assert not pd.isna(margins).any()
        assert shown.loc["total", "total"] == table.to_numpy().sum()


def test_small_margins_are_hidden():
    """A margin is a count of persons, too: a row of 3 persons in all is hidden with its total."""
    shown = suppress_cells(pd.DataFrame([[3, 0], [40, 60], [50, 20]], index=["x", "y", "z"]))
    assert pd.isna(shown.loc["x", "total"]) and shown.loc["x", 1] == 0
    assert shown.loc["total", "total"] == 173


def test_nothing_small_nothing_hidden():
    """A table without small counts comes back as it is, with its margins; zeros stay."""
    shown = suppress_cells(pd.DataFrame({"a": [10, 0], "b": [0, 99]}, index=["x", "y"]))
    assert shown.to_numpy().tolist() == [[10, 0, 10], [0, 99, 99], [10, 99, 109]]
    assert list(shown.index) == ["x", "y", "total"] and list(shown.columns) == ["a", "b", "total"]


def test_all_is_hidden_if_all_is_small():
    """A table of five persons tells nothing, not even that there are five."""
    shown = suppress_cells(pd.DataFrame([[5]]))
    assert shown.isna().all(axis=None)


def test_same_table_same_answer():
    """The same counts are hidden each time, and in whatever types the counts come."""
    table = draw_counts(3, (20, 12))
    first = suppress_cells(table)
    pd.testing.assert_frame_equal(first, suppress_cells(table.astype("Int64")))
    pd.testing.assert_frame_equal(first, suppress_cells(table.astype(float), **ACRO))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(SHAPES), st.sampled_from([3, 5, 10]))
def test_rounding_is_to_the_nearest_multiple(seed, shape, base):
    """Cells and margins are rounded each by itself, halves up: (2 n + base) div (2 base) times base."""
    table = draw_counts(seed, shape)
    shown, whole = suppress_cells(table, threshold=3, method="round", base=base), add_margins(table)
    known = ~shown.isna().to_numpy()
    values = shown.to_numpy(dtype=object)[known].astype(int)
    assert (values % base == 0).all()
    assert (values == np.floor(whole[known] / base + 0.5) * base).all()
    assert known[:-1, :-1][(whole[:-1, :-1] >= 3) | (whole[:-1, :-1] == 0)].all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=6, max_size=6))
def test_rounded_counts_are_not_pinned_down(values):
    """Trying every table of two by three: a small count keeps two values under 5, and five under 10."""
    table = pd.DataFrame(np.reshape(values, (2, 3)))
    whole = add_margins(table)
    for rule, base, least in (
        ({"method": "round"}, 10, 5),
        (OPENSAFELY, 5, 2),
        ({"method": "round", "threshold": 5}, 5, 2),
    ):
        shown = suppress_cells(table, **rule)
        known, threshold = ~shown.isna().to_numpy(), rule.get("threshold", 10)
        rounded = np.where(known, shown.fillna(0).to_numpy(dtype=int), -1)

        def choices(row, column):
            if rounded[row, column] < 0:
                return range(1, threshold)
            fits = [n for n in range(20) if (2 * n + base) // (2 * base) * base == rounded[row, column]]
            return [n for n in fits if base >= threshold or n == 0 or n >= threshold]

        cells, margins = list_tables([choices(*place) for place in np.ndindex(2, 3)], (2, 3))
        keep = np.ones(len(cells), dtype=bool)
        for place, sums in margins.items():
            if known[place]:
                keep &= (2 * sums + base) // (2 * base) * base == rounded[place]
                if base < threshold:
                    keep &= (sums == 0) | (sums >= threshold)
        for row, column in np.ndindex(2, 3):
            if 0 < whole[row, column] < threshold:
                assert len(np.unique(cells[keep, row, column])) >= least


def test_margins_cannot_give_rounded_cells_back():
    """Four threes rounded to fives with a margin of ten could only be threes: the margin goes."""
    shown = suppress_cells(pd.DataFrame([[3, 3, 3, 3]] * 6), threshold=5, method="round", base=5)
    assert shown.iloc[:-1, :-1].eq(5).all(axis=None)
    assert shown["total"].iloc[:-1].isna().any()


def test_opensafely_hides_up_to_seven_and_rounds_to_five():
    """7 is hidden, 8 is shown as 10, 12 as 10, 13 as 15, zero as zero."""
    shown = suppress_cells(pd.DataFrame([[7, 8, 12], [13, 0, 200], [90, 60, 80]]), **OPENSAFELY)
    assert pd.isna(shown.iat[0, 0])
    assert shown.iloc[:2, :3].to_numpy(dtype=object).tolist()[0][1:] == [10, 10]
    assert shown.iloc[1, :3].tolist() == [15, 0, 200]


@pytest.mark.parametrize(
    ("table", "options"),
    [
        (pd.DataFrame([[1.5]]), {}),
        (pd.DataFrame([[-1]]), {}),
        (pd.DataFrame([[None, 2]]), {}),
        (pd.DataFrame([["a"]]), {}),
        (pd.DataFrame([[1, 2]], columns=["a", "total"]), {}),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), {}),
        (pd.DataFrame([[1]]), {"threshold": 2}),
        (pd.DataFrame([[1]]), {"method": "noise"}),
        (pd.DataFrame([[1]]), {"method": "round", "base": 1}),
        ([[1]], {}),
    ],
)
def test_what_is_no_table_of_counts_is_refused(table, options):
    """Shares, gaps, negative counts, margins in the table and senseless rules are refused with a way out."""
    with pytest.raises(DataError) as caught:
        suppress_cells(table, **options)
    assert caught.value.way_out


def test_no_rows_at_all():
    """A table without rows has margins of zero."""
    assert suppress_cells(pd.DataFrame(columns=["a", "b"])).to_numpy().tolist() == [[0, 0, 0]]


def test_large_tables_take_seconds():
    """A table of 200 by 40 counts is done within 10 seconds (measured: below one)."""
    import time

    started = time.perf_counter()
    suppress_cells(draw_counts(1, (200, 40)))
    assert time.perf_counter() - started < 10


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 9)), st.integers(1, 12)),
        max_size=14,
    )
)
def test_joined_widths_tell_no_single_search(cells):
    """Every step holds ten or more, as do the groups left out together; it ends where so many of the group's searches do."""
    table = pd.DataFrame(cells, columns=["group", "width", "searches_n"]).astype(
        {"width": "Int64", "searches_n": "int64"}
    )
    joined = join_widths(table)
    known = [cell for cell in cells if cell[1]]
    total = sum(count for *_, count in known)
    hidden = total - int(joined.drop_duplicates("group")["group_n"].sum())

    assert hidden == 0 or hidden >= 10
    assert (joined["searches_n"] >= min(10, total)).all() and len(joined) >= (total > 0)
    for group, part in joined.groupby("group"):
        mine = [(width, count) for name, width, count in known if group in ("all", name)]
        assert (part["group_n"] == sum(count for _, count in mine)).all()
        assert part["searches_n"].cumsum().tolist() == [
            sum(count for width, count in mine if width <= most) for most in part["width"]
        ]
        assert part["group_n"].iloc[0] - part["searches_n"].sum() < 10

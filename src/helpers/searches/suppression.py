"""Hide small counts of persons in a table with margins, so that the margins do not give them back; join small steps.

A table of counts with its totals is a circulation: every count is an arc, every row, column and total a node
where what comes in goes out. What a reader cannot see may move along the cycles of that network and no
further, so the exact range of a hidden count is a question of maximum flow. (The approach: L. H. Cox,
"Network models for complementary cell suppression", Journal of the American Statistical Association 90,
1995.)
"""

import numpy as np
import pandas as pd

from helpers.errors import DataError

# Named rules of others. `threshold` is the smallest count that may be shown.
ACRO = {"method": "suppress", "threshold": 10}
OPENSAFELY = {"method": "round", "threshold": 8, "base": 5}

_ENDLESS = np.iinfo(np.int64).max // 4
# What it costs to hide one more count: a cell by its size, a margin only where no cells will do.
_MARGIN_COST, _TOTAL_COST = 1e6, 1e9


def suppress_cells(
    table: pd.DataFrame,
    threshold: int = 10,
    method: str = "suppress",
    *,
    base: int | None = None,
    total: str = "total",
) -> pd.DataFrame:
    """Make a two-way table of counts of persons fit to be published, margins included.

    For breakdowns of persons only: plates, officers, reasons by day. How many queries an agency ran, or how
    many agencies it shares with, are facts about government: such totals are not to be suppressed.

    Parameters
    ----------
    table
        Counts, whole and not negative, rows by columns, without margins.
    threshold
        The smallest count that may be shown, besides zero; 10 as in ACRO.
    method
        `suppress` hides every count from 1 to threshold - 1, and further counts without which the margins
        would give those back. `round` rounds every count and every margin by itself to the nearest multiple
        of `base`, halves up; where `base` is below `threshold` it hides the counts from 1 to threshold - 1 as
        well.
    base
        For `round`: by default the threshold. `suppress_cells(table, **OPENSAFELY)` hides up to 7 and rounds
        to 5.
    total
        Name of the margins in the result.

    Returns
    -------
    DataFrame of `Int64`: the table with a last column and a last row `total`; hidden counts are missing.

    Raises
    ------
    DataError
        The counts are not whole, negative or missing, a label is not unique or is that of the margins, or the
        threshold or base is out of range.

    Notes
    -----
    Guaranteed by `suppress`, against a reader who has the result, its margins and this text: every cell from
    1 to threshold - 1 may be each of 1 … threshold - 1 as far as the reader can tell: for each of these
    values there is a table that agrees with all that is shown and has no hidden zero. A hidden margin may be
    anything from the number of its cells that are not zero up to threshold - 1. Margins of `threshold` and
    above are shown unless hiding cells alone does not suffice: in rows and columns that hold little else than
    small counts.

    Guaranteed by `round`: a count that is shown rounded stands for `base` neighboring values (those below
    half the base look like zero), and margins that would narrow a count below the threshold to fewer than
    half of `base` values, at least two, are hidden. Rounded cells need not add up to their rounded margin.

    Not guaranteed: zeros are shown by `suppress` (nobody is in that group, and if all others of a row are
    zero, all of it is in one group); what several tables of the same persons tell together; what a reader can
    tell who counts among the persons, knows some of them, or retraces which further counts this program chose
    to hide.
    """
    counts = _read_counts(table, total)
    if method not in ("suppress", "round"):
        raise DataError("suppress_cells", f"the method {str(method)[:40]!r}", "Use suppress or round.")
    if not _is_whole(threshold) or threshold < 3:
        raise DataError(
            "suppress_cells",
            "a threshold below 3 or not whole",
            "With less, a hidden count is told by its mark.",
        )
    base = threshold if base is None else base
    if method == "round" and (not _is_whole(base) or base < 3):
        raise DataError("suppress_cells", "a base below 3 or not whole", "Give a base such as 5 or 10.")
    ring = _Ring(counts)
    if method == "suppress":
        hidden = _hide_cells(ring, int(threshold))
        shown = ring.counts.copy()
    else:
        hidden, shown = _round_cells(ring, int(threshold), int(base))
    values = pd.array(ring.as_table(shown).ravel(), dtype="Int64")
    values[ring.as_table(hidden).ravel()] = pd.NA
    rows, columns = counts.shape
    index = table.index.append(pd.Index([total])) if rows else pd.Index([total])
    names = [*table.columns, total]
    laid = {name: values[at :: columns + 1] for at, name in enumerate(names)}
    return pd.DataFrame(laid, index=index.rename(table.index.name)).rename_axis(columns=table.columns.name)


def join_widths(widths: pd.DataFrame, fewest: int = ACRO["threshold"]) -> pd.DataFrame:
    """Join widths until no single search can be told from them.

    Parameters
    ----------
    widths
        Counts of searches: group, width (of what each went over, such as networks; missing where unknown), searches_n.
    fewest
        Searches that a step and a group hold at least [searches].

    Returns
    -------
    DataFrame: group, width, searches_n (over at most so many, and over more than the row before: `fewest` at least),
    group_n (searches of the group that say a width above zero; its widest ones, where they are too few for a step, are
    in none).

    Notes
    -----
    A group of fewer is left out, and the smallest other one with it where those left out are fewer together: else the
    same searches in other groups would give them back. Where no group is left, all are one, `all`; fewer than `fewest`
    in all are one step.
    """
    known = widths[widths["width"].notna() & (widths["width"] > 0)]
    sizes = known.groupby("group")["searches_n"].sum().sort_values(kind="stable")
    hidden = int((sizes < fewest).sum())
    hidden += 0 < sizes.iloc[:hidden].sum() < fewest
    shown = known[known["group"].isin(sizes.index[hidden:])]
    rows = []
    for group, part in (known.assign(group="all") if shown.empty else shown).groupby("group"):
        counts = part.groupby("width")["searches_n"].sum()
        total, held = int(counts.sum()), 0
        for width, count in counts.items():
            held += int(count)
            if held >= min(fewest, total):
                rows.append((group, width, held, total))
                held = 0
    columns = {"group": "str", "width": "Int64", "searches_n": "int64", "group_n": "int64"}
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


class _Ring:
    """The table as a circulation: total → rows → columns → total. Arrays are node by node.

    Nodes: rows, columns, then the sum of rows (`-2`) and the sum of columns (`-1`). Between two nodes runs at
    most one arc, so `room[u, v]` is how far the arc may grow, or, against its direction, how far it may
    shrink.
    """

    def __init__(self, cells: np.ndarray):
        self.rows, self.columns = cells.shape
        n = self.rows + self.columns + 2
        whole = np.zeros((self.rows + 1, self.columns + 1), dtype=np.int64)
        whole[:-1, :-1] = cells
        whole[:-1, -1], whole[-1, :-1], whole[-1, -1] = cells.sum(axis=1), cells.sum(axis=0), cells.sum()
        self.is_arc = np.zeros((n, n), dtype=bool)
        self.is_arc[self._arcs()] = True
        self.counts = self.as_arcs(whole)
        self.room = np.zeros((n, n), dtype=np.int64)

    def _arcs(self) -> tuple[np.ndarray, np.ndarray]:
        """Give, for each place of the table with margins, the two nodes of its arc."""
        rows, columns = np.indices((self.rows + 1, self.columns + 1))
        sum_of_rows, sum_of_columns = self.rows + self.columns, self.rows + self.columns + 1
        tail = np.where(rows < self.rows, rows, sum_of_columns)
        head = np.where(columns < self.columns, self.rows + columns, sum_of_rows)
        is_row_margin = (columns == self.columns) & (rows < self.rows)
        is_column_margin = (rows == self.rows) & (columns < self.columns)
        tail = np.where(is_row_margin, sum_of_rows, np.where(is_column_margin, self.rows + columns, tail))
        head = np.where(is_row_margin, rows, np.where(is_column_margin, sum_of_columns, head))
        return tail, head

    def as_arcs(self, table: np.ndarray) -> np.ndarray:
        """Lay a table with margins out by nodes."""
        laid = np.zeros(self.is_arc.shape, dtype=table.dtype)
        laid[self._arcs()] = table
        return laid

    def as_table(self, arcs: np.ndarray) -> np.ndarray:
        """Lay arcs out as a table with margins."""
        return arcs[self._arcs()]

    def open(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """Set how far each count may move."""
        self.room = (
            np.where(self.is_arc, upper - self.counts, 0) + np.where(self.is_arc, self.counts - lower, 0).T
        )

    def push(self, start: int, end: int, wanted: int) -> int:
        """Find how much, up to `wanted`, can go from one node to another, not by the arc between them."""
        room, moved = self.room.copy(), 0
        room[start, end] = room[end, start] = 0
        # The arc between the two is what moves: its own room is the limit, in the other direction.
        wanted = min(wanted, int(self.room[end, start]))
        while moved < wanted:
            path = _find_path(room > 0, start, end)
            if not path:
                break
            step = min(wanted - moved, min(int(room[u, v]) for u, v in path))
            for u, v in path:
                room[u, v] -= step
                room[v, u] += step
            moved += step
        return moved


def _hide_cells(ring: _Ring, threshold: int) -> np.ndarray:
    """Hide the small counts, and as little more as lets each of them be anything from 1 to threshold - 1."""
    counts = ring.counts
    hidden = ring.is_arc & (counts > 0) & (counts < threshold)
    small = sorted(np.argwhere(hidden).tolist(), key=lambda arc: (counts[arc[0], arc[1]], arc))
    # a reader of this text knows that what is hidden is not zero
    ring.open(np.where(hidden, 1, counts), np.where(hidden, _ENDLESS, counts))
    costs, floor = _weigh(ring), ring.as_arcs(_count_nonzero(ring.as_table(counts)))
    for u, v in small:
        up, down = max(threshold - 1 - counts[u, v], int(floor[u, v] > 1)), counts[u, v] - floor[u, v]
        for start, end, wanted in ((v, u, int(up)), (u, v, int(down))):
            if ring.push(start, end, wanted) < wanted:
                _open_paths(ring, hidden, costs, start, end, wanted)
    return hidden


def _count_nonzero(table: np.ndarray) -> np.ndarray:
    """Count, for each margin, its cells that are not zero, each of which is at least 1; 1 for a cell."""
    least = np.ones_like(table)
    least[:-1, -1] = (table[:-1, :-1] > 0).sum(axis=1)
    least[-1, :-1] = (table[:-1, :-1] > 0).sum(axis=0)
    least[-1, -1] = (table[:-1, :-1] > 0).sum()
    return least


def _open_paths(
    ring: _Ring, hidden: np.ndarray, costs: np.ndarray, start: int, end: int, wanted: int
) -> None:
    """Hide the cheapest counts by which `wanted` can go from one node to another."""
    counts = ring.counts
    closed = ring.is_arc & ~hidden & (counts > 0)
    # what room there would be if all counts but the zeros were hidden
    room = ring.room + np.where(closed, _ENDLESS, 0) + np.where(closed, counts - 1, 0).T
    room[start, end] = room[end, start] = 0
    price = np.where(closed, costs, 0.0) + np.where(closed, costs, 0.0).T
    opened, moved = np.zeros_like(hidden), 0
    while moved < wanted:
        path = _find_cheapest(room, price, start, end)
        if not path:  # cannot be: with the totals hidden, all counts can move
            raise DataError("suppress_cells", "no way to protect a count", "Publish the totals only.")
        step = min(wanted - moved, min(int(room[u, v]) for u, v in path))
        for u, v in path:
            room[u, v] -= step
            room[v, u] += step
            price[u, v] = price[v, u] = 0.0
            arc = (u, v) if ring.is_arc[u, v] else (v, u)
            opened[arc] = closed[arc]
        moved += step
    hidden |= opened
    ring.open(np.where(hidden, 1, counts), np.where(hidden, _ENDLESS, counts))


def _round_cells(ring: _Ring, threshold: int, base: int) -> tuple[np.ndarray, np.ndarray]:
    """Round all counts, then hide the margins that would tell too much of a small one."""
    counts = ring.counts
    small = ring.is_arc & (counts > 0) & (counts < threshold)
    hidden = small & (base < threshold)
    shown = np.where(ring.is_arc, (2 * counts + base) // (2 * base) * base, 0)
    least = np.where(shown > 0, shown - base // 2, 0)
    most = shown + (base - 1) // 2
    lower = np.where(hidden, 1, least)
    upper = np.where(hidden, threshold - 1, most)
    if base < threshold:  # what is shown is zero or not small
        lower = np.where(hidden, lower, np.where(shown > 0, np.maximum(lower, threshold), 0))
        upper = np.where(hidden | (counts > 0), upper, 0)
    ring.open(lower, upper)
    wanted = max(2, base // 2)
    for u, v in np.argwhere(small).tolist():
        for margin in _list_margins(ring, u, v):
            if ring.push(v, u, wanted) + ring.push(u, v, wanted) + 1 >= wanted:
                break
            hidden[margin] = True
            lower[margin], upper[margin] = 0, _ENDLESS
            ring.open(lower, upper)
    return hidden, shown


def _list_margins(ring: _Ring, u: int, v: int) -> list[tuple[int, int]]:
    """List the margins over a count, nearest first, then all others; hiding all of them frees every count."""
    sum_of_rows, sum_of_columns = ring.rows + ring.columns, ring.rows + ring.columns + 1
    rows = [(sum_of_rows, row) for row in range(ring.rows)]
    columns = [(ring.rows + column, sum_of_columns) for column in range(ring.columns)]
    near = [arc for arc in (*rows, *columns) if {u, v} & set(arc)]
    far = [arc for arc in (*rows, *columns) if arc not in near]
    return [*near, (sum_of_columns, sum_of_rows), *far]


def _weigh(ring: _Ring) -> np.ndarray:
    """Weigh what is lost by hiding each count."""
    costs = 1.0 + np.log1p(ring.counts)
    sum_of_rows, sum_of_columns = ring.rows + ring.columns, ring.rows + ring.columns + 1
    costs[sum_of_rows, :] += _MARGIN_COST
    costs[:, sum_of_columns] += _MARGIN_COST
    costs[sum_of_columns, sum_of_rows] += _TOTAL_COST
    return costs


def _find_path(is_open: np.ndarray, start: int, end: int) -> list[tuple[int, int]]:
    """Find a path of the fewest steps; empty if there is none."""
    before = np.full(len(is_open), -1)
    before[start], front = start, np.array([start])
    while len(front) and before[end] < 0:
        reached = is_open[front] & (before < 0)
        new = np.flatnonzero(reached.any(axis=0))
        before[new] = front[reached[:, new].argmax(axis=0)]
        front = new
    return _trace(before, start, end)


def _find_cheapest(room: np.ndarray, price: np.ndarray, start: int, end: int) -> list[tuple[int, int]]:
    """Find the cheapest path (Dijkstra); among equal ones the first by the order of nodes."""
    n = len(room)
    before, cost, is_done = np.full(n, -1), np.full(n, np.inf), np.zeros(n, dtype=bool)
    before[start], cost[start] = start, 0.0
    for _ in range(n):
        u = int(np.argmin(np.where(is_done, np.inf, cost)))
        if is_done[u] or cost[u] == np.inf or u == end:
            break
        is_done[u] = True
        # a step costs a little by itself, so that fewer counts are used where prices are equal
        through = cost[u] + price[u] + 1e-3
        better = (room[u] > 0) & (through < cost) & ~is_done
        cost[better], before[better] = through[better], u
    return _trace(before, start, end)


def _trace(before: np.ndarray, start: int, end: int) -> list[tuple[int, int]]:
    path, at = [], end
    while before[at] >= 0 and at != start:
        path.append((int(before[at]), int(at)))
        at = int(before[at])
    return path[::-1]


def _read_counts(table: pd.DataFrame, total: str) -> np.ndarray:
    """Read the counts of a table, and refuse what is no table of counts."""
    if (
        not isinstance(table, pd.DataFrame)
        or isinstance(table.index, pd.MultiIndex)
        or isinstance(table.columns, pd.MultiIndex)
    ):
        raise DataError(
            "suppress_cells", "no two-way table", "Give a DataFrame with one row and one column of labels."
        )
    if table.index.has_duplicates or table.columns.has_duplicates:
        raise DataError("suppress_cells", "a label that occurs twice", "Add those rows or columns up first.")
    if total in table.index or total in table.columns:
        raise DataError(
            "suppress_cells",
            f"a row or column {total!r}",
            "Give the table without margins, or name them otherwise.",
        )
    if table.size and (
        table.isna().any(axis=None) or not all(pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes)
    ):
        raise DataError(
            "suppress_cells", "counts that are missing or no numbers", "Give zero where nobody was counted."
        )
    counts = table.to_numpy(dtype=float) if table.size else np.zeros(table.shape)
    if (counts < 0).any() or (counts != np.floor(counts)).any() or (counts > 2**53).any():
        raise DataError("suppress_cells", "counts that are negative or not whole", "Give counts, not shares.")
    return counts.astype(np.int64)


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)

"""Hide small counts of a class of reasons, so that totals and differences do not give them back."""

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog

from helpers.errors import DataError

# The smallest count of persons, or of searches of one class, that is shown (as ACRO, the checker of UK
# statistics).
FEWEST = 10
# Said on the site, where two editions may hold the same rows.
OVERLAP = (
    "Do not publish two editions of records that overlap: a count that differs between them by one row shows"
    " what that row is. Counts of a class of reasons are shown from ten up, and hold within one edition only."
)


def hide_small(counts: pd.DataFrame, wholes: pd.Series, fewest: int = FEWEST) -> pd.DataFrame:
    """Say which counts of a class are to be hidden before a table by group is published.

    For classes of what persons did: reasons, plates, officers. How many searches an agency ran is a fact
    about government: such totals stay, and whoever reads the table is taken to know them.

    Parameters
    ----------
    counts
        One row for each group, one column for each class, narrowest first, each part of the next one
        (explicit; explicit or agency named). One row alone is a table of totals.
    wholes
        What each group has in all, at least its widest class; the same index.
    fewest
        The smallest count that is shown. A zero is hidden as well: were it shown, a hidden count would be
        known not to be zero.

    Returns
    -------
    DataFrame of bool in the form of `counts`, true where the count is to be hidden.

    Raises
    ------
    DataError
        Counts are negative, or a class holds more than the next one or than the whole.

    Notes
    -----
    A reader knows all counts that are shown, all wholes, and the sum of each class over all groups, where
    that sum may be shown itself. Every count from 1 to fewest - 1, of a class or of what one class holds
    more than the one before, may for that reader be anything from 0 to fewest - 1 (at most the whole of its
    group). Where it may not yet, the cheapest further counts are hidden: a linear program moves the count to
    the end of that range, the class sums held fast, and what has to move with it is hidden too. Only where
    the sums alone say more than that, all of the table is hidden and no more can be done. Not covered: what
    several tables by other groups tell together, and what one edition tells beside another of nearly the
    same rows (`OVERLAP`).
    """
    values, whole = counts.to_numpy(dtype=np.int64), wholes.to_numpy(dtype=np.int64)
    steps = np.diff(values, axis=1, prepend=0, append=whole[:, None])
    if (steps < 0).any():
        found = "a class that holds more than the next wider one"
        raise DataError("counts", found, "Give classes narrowest first.")
    untold = np.zeros(values.shape[1], dtype=bool)
    totals = _hide_more(steps.sum(axis=0)[None, :], untold, fewest, steps.shape[1])
    hidden = totals if len(values) == 1 else _hide_more(steps, ~totals[0], fewest, values.shape[1])
    return pd.DataFrame(hidden, index=counts.index, columns=counts.columns)


def _hide_more(steps: np.ndarray, told: np.ndarray, fewest: int, classes: int) -> np.ndarray:
    """Hide small counts and, class sums that are told held fast, whatever keeps one of them from its range.

    `steps` holds, group by group, what each class adds to the one before, and last what is in none.
    """
    counts, whole = steps.cumsum(axis=1)[:, :-1], steps.sum(axis=1)
    hidden = counts < fewest
    small = (steps[:, :classes] > 0) & (steps[:, :classes] < fewest)
    for group, at in np.argwhere(small):
        most = min(fewest - 1, whole[group])
        for target in {0, int(most)} - {int(steps[group, at])}:
            if not _moves_freely(steps, hidden, told, group, at, target):
                moved = _move_step(steps, hidden, told, group, at, target)
                hidden |= True if moved is None else moved
    return hidden


def _moves_freely(steps, hidden, told, group: int, at: int, target: int) -> bool:
    """Tell quickly, for tables of many groups, if hidden counts suffice: other groups take what moves."""
    change = target - steps[group, at]
    is_open = hidden[:, at:].all(axis=1)
    if at == hidden.shape[1] or not is_open[group] or steps[group, -1] < change:
        return False
    others = is_open.copy()
    others[group] = False
    room = steps[others, at if change > 0 else -1].sum()
    return not told[at:].any() or room >= abs(change)


def _move_step(steps, hidden, told, group: int, at: int, target: int) -> np.ndarray | None:
    """Find the cheapest counts that have to move if one step is to have another value; None if it cannot."""
    groups, classes = hidden.shape
    cost = np.where(hidden, 0.0, np.log2(2.0 + steps.cumsum(axis=1)[:, :-1])).ravel()
    # what a change of the counts makes of each step of each group, and of the sum of each class
    differences = np.eye(classes + 1, classes) - np.eye(classes + 1, classes, -1)
    step = sparse.kron(sparse.eye(groups), differences, "csr")
    sums = sparse.kron(np.ones((1, groups)), sparse.eye(classes), "csr")[told]
    fixed = sparse.vstack([step[group * (classes + 1) + at], sums])
    wanted = np.zeros(fixed.shape[0])
    wanted[0] = target - steps[group, at]
    # a change is a gain less a loss, none of them negative; no step falls below zero
    within = {"A_ub": sparse.hstack([-step, step]), "b_ub": steps.ravel()}
    found = linprog(np.r_[cost, cost], **within, A_eq=sparse.hstack([fixed, -fixed]), b_eq=wanted)
    if found.status != 0:
        return None
    return np.abs(found.x[: hidden.size] - found.x[hidden.size :]).reshape(hidden.shape) > 1e-6

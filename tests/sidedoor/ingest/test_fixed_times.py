"""Times of a fixed width: read from bytes, they are what the patterns read, and Python's own strptime where it knows the form."""

import random
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.formats import load_format
from sidedoor.ingest.fixed_times import list_shapes, read_fixed
from sidedoor.ingest.time_forms import read_slowly
from sidedoor.ingest.times import read_times

FLOCK = load_format("flock")["audit"]["times"]["forms"]
SETS = {
    "flock": FLOCK,
    "both orders": ["%d/%m/%Y %H:%M[:%S]", "%m/%d/%Y %H:%M[:%S]", "%q/%q/%Y, %I:%M %p"],
    "names": ["%d %b %y", "%b %d, %Y %H:%M[ %z]", "%Y-%m-%dT%H:%M[:%S[.%f]]%z"],
    "side by side": ["%Y%m%d", "%m%d%y %H:%M", "%H:%M %d.%m.%Y"],
    "a literal digit": ["20%y-%m-%d", "%Y-%m-%d"],
}
STRPTIME = [
    "%m/%d/%Y, %I:%M:%S %p UTC",
    "%Y-%m-%d %H:%M:%S",
    "%d %b %y",
    "%Y%m%d",
    "%d.%m.%Y",
    "%m/%d/%Y %H:%M",
    "%Y-%m-%dT%H:%M:%S.%fZ",
]


def draw_cells(rng: random.Random) -> list[str]:
    """Draw many cells of one form, some with a sign or two changed."""
    form, cells = rng.choice(STRPTIME), []
    for _ in range(600):
        cell = datetime.fromtimestamp(rng.randrange(10**9, 2 * 10**9)).strftime(form)
        if rng.random() < 0.3:
            cell = cell.lstrip("0").replace("/0", "/")
        while rng.random() < 0.2:
            at = rng.randrange(len(cell))
            cell = cell[:at] + rng.choice("0123456789/-:,. TZAPMJaé") + cell[at + 1 :]
        cells.append(cell.strip())
    return cells


@pytest.mark.parametrize("name", SETS)
@given(seed=st.integers(0, 10**6), month_first=st.booleans())
@settings(max_examples=12, deadline=None)
def test_bytes_and_patterns_agree(name, seed, month_first):
    """Value, zone and form of every cell, changed signs and impossible days included, are those of the patterns."""
    rng = random.Random(seed)
    cells = pa.array([*draw_cells(rng), *draw_cells(rng), "", "N/A"])
    read, slow = (way(cells, SETS[name], month_first=month_first) for way in (read_times, read_slowly))
    np.testing.assert_array_equal(read.values, slow.values)
    np.testing.assert_array_equal(read.forms, slow.forms)
    np.testing.assert_array_equal(read.is_utc, slow.is_utc)


@pytest.mark.parametrize(
    ("notation", "form"), [(FLOCK[0], STRPTIME[0]), (FLOCK[1], STRPTIME[1]), ("%d %b %y", "%d %b %y")]
)
def test_python_reads_the_same(notation, form):
    """All cells of a usual form are read from bytes, to the moments that strptime gives."""
    rng = random.Random(form)
    moments = [datetime.fromtimestamp(rng.randrange(10**9, 2 * 10**9)) for _ in range(500)]
    cells = [moment.strftime(form) for moment in moments]
    values, _, forms = read_fixed(pa.array(cells), (notation,), True)
    assert (forms == 0).all()
    assert values.tolist() == [datetime.strptime(cell, form) for cell in cells]


def test_an_earlier_notation_goes_first():
    """A shape that an earlier notation may fit is left to the patterns: 05/04 is the day that the first notation says."""
    forms = SETS["both orders"]
    assert {shape.form for shape in list_shapes(tuple(forms), True, len("05/04/2025 10:11"))} == {0}
    cells = pa.array(["05/04/2025 10:11"] * 300 + ["05/28/2025 10:11"] * 300)
    read = read_times(cells, forms)
    assert str(read.values[0])[:10] == "2025-04-05" and str(read.values[-1])[:10] == "2025-05-28"
    assert read.forms.tolist() == [0] * 300 + [1] * 300


def test_few_cells_are_left_to_the_patterns():
    """It takes some hundreds of cells of one length to be worth it."""
    assert read_fixed(pa.array(["2025-01-02"] * 20), ("%Y-%m-%d",), True)[2].tolist() == [-1] * 20

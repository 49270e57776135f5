"""Small sharing graphs worked by hand, and the real one where it is at hand."""

import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

from helpers.network import build_graph, list_sharing, read_sharing

# a and b share with each other, both with c; c with d; e is shared with by d and shares with nobody known.
FIVE = [("a", "b"), ("b", "a"), ("a", "c"), ("b", "c"), ("c", "d"), ("d", "e")]

# Two busy cores: no deadline, and as many examples as pay.
FEW = settings(deadline=None, max_examples=40)


def make_graph(pairs, **choices):
    """Build a graph from pairs of names, `ab` for a pair of letters."""
    return build_graph(
        pd.DataFrame(list(map(tuple, pairs)), columns=["from_id", "to_id"], dtype="str"), **choices
    )


@pytest.fixture
def five():
    """Five agencies, six edges; a, b and c answered."""
    return make_graph(FIVE, reporters=["a", "b", "c"])


@pytest.fixture(scope="session")
def private_eyes():
    """The sharing lists of 224 Flock portals."""
    folder = os.environ.get("SIDEDOOR_MIRROR")
    if not folder or not Path(folder).is_dir():
        pytest.skip("SIDEDOOR_MIRROR names no folder of real records")
    return list_sharing(read_sharing(Path(folder) / "private_eyes" / "agency_access20240426.csv"))


@pytest.fixture(scope="session")
def real(private_eyes):
    """The graph of these lists."""
    return private_eyes.build()

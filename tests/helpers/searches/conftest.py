"""The simulated log that tests of `helpers.searches` share."""

import pytest

from helpers.simulate.log import build_log

ZONE = "America/Los_Angeles"


@pytest.fixture(scope="session")
def teaching():
    """A simulated log and its truth."""
    return build_log(11, 9_000)

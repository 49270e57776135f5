"""Sites that are built once for all tests: an ordinary edition, one of own records, one full of hostile text."""

from pathlib import Path

import pytest

import made.site_edition as made
from made.file_server import serve
from sidedoor.publish.site import build_site


@pytest.fixture(scope="session")
def edition(tmp_path_factory) -> Path:
    """An ordinary edition with its site."""
    folder = made.place_edition(tmp_path_factory.mktemp("runs"))
    build_site(made.EDITION, folder.parent)
    return folder


@pytest.fixture(scope="session")
def own(tmp_path_factory) -> Path:
    """An edition of own records with its site."""
    folder = made.place_own_edition(tmp_path_factory.mktemp("own"))
    build_site(made.EDITION, folder.parent)
    return folder


@pytest.fixture(scope="session")
def host():
    """A server on this machine: its port, and the list of what it is asked for."""
    with serve() as server:
        yield server.server_port, server.asked


@pytest.fixture(scope="session")
def poisoned(tmp_path_factory, host) -> Path:
    """An edition with hostile text in every place, with its site."""
    folder = made.place_poisoned_edition(tmp_path_factory.mktemp("poisoned"), host[0])
    build_site(made.EDITION, folder.parent)
    return folder

"""Sites that are built once for all tests: an ordinary edition, one of own records, one full of hostile text."""

import http.server
import threading
from pathlib import Path

import pytest

import made.site_edition as made
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

    class Note(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    asked: list[str] = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Note)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def poisoned(tmp_path_factory, host) -> Path:
    """An edition with hostile text in every place, with its site."""
    folder = made.place_poisoned_edition(tmp_path_factory.mktemp("poisoned"), host[0])
    build_site(made.EDITION, folder.parent)
    return folder

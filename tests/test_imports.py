"""The house has floors: a module imports from lower ones only, and there are no circles."""

import re

import pytest

from helpers import _paths
from helpers.imports import find_imports, list_modules, read_import_graph, trace_imports

# The floors of the design, from the ground up; a package's private modules stand on its own floor.
FLOORS = [
    {"errors", "grammar", "_kernel", "_paths", "wording"},
    {"concentration", "dates", "environment", "files", "forks", "imports", "intervals", "metros",
     "progress", "sandbox", "_sandbox_child", "suppression"},
    {"schema"},
    {"tables"},
    {"agencies", "fetch", "parameters", "privacy", "results", "scan", "sources", "ways"},
    {"access", "claims", "ingest", "notebooks", "raw", "sharing", "volumes"},
    {"doors", "engine", "rules", "simulate"},
    {"searches"},
    {"editions", "execute", "exposure", "figures", "findings", "network", "records", "retention", "traces"},
    {"logbook"},
    {"datasets", "draft", "intake", "keys", "outcome", "reasons", "site"},
    {"run"},
    {"verify"},
    {"cli"},
]  # fmt: skip
FLOOR_OF = {room: number for number, floor in enumerate(FLOORS) for room in floor}


def find_room(name):
    """Return the room that a module stands in: the part after the package's name."""
    return (name.split(".") + [""])[1]


def test_every_module_has_a_floor():
    """No module stands outside the design, and the design names none that does not exist."""
    rooms = {find_room(name) for name in list_modules()} - {""}

    assert rooms == set(FLOOR_OF) and len(FLOOR_OF) == sum(map(len, FLOORS))


def test_imports_go_down():
    """A module imports from lower floors only, and from its own package."""
    rooms = {
        (find_room(name), find_room(other)) for name, others in read_import_graph().items() for other in others
    }
    level = [
        (room, other)
        for room, other in rooms
        if room and other and room != other and FLOOR_OF[other] >= FLOOR_OF[room]
    ]

    assert not level


def test_there_are_no_circles():
    """No module reaches itself through what it imports; packages and their own parts aside."""
    graph = {
        name: {other for other in others if not name.startswith(other + ".")} for name, others in read_import_graph().items()
    }
    for name in graph:
        seen, due = set(), list(graph[name])
        while due:
            other = due.pop()
            if other not in seen:
                seen.add(other)
                due += graph[other]

        assert name not in seen


def test_package_itself_imports_nothing():
    """`import helpers` costs nothing: modules are loaded when they are used."""
    text = (_paths.PACKAGE / "__init__.py").read_text(encoding="utf-8")

    assert not re.search(r"^\s*(import|from)\s", text, flags=re.M)


@pytest.mark.parametrize(
    ("source", "inside", "found"),
    [
        ("from helpers import tables, findings", "", {"helpers", "helpers.tables", "helpers.findings"}),
        ("from helpers.findings import state_finding", "", {"helpers", "helpers.findings"}),
        ("import helpers.tables as t", "", {"helpers", "helpers.tables"}),
        ("from . import _base", "helpers.figures", {"helpers", "helpers.figures", "helpers.figures._base"}),
        ("from ..errors import DataError", "helpers.figures", {"helpers", "helpers.errors"}),
        ("def f():\n    from .errors import DataError", "helpers", {"helpers", "helpers.errors"}),
        ("import pandas", "", set()),
        ("%matplotlib inline", "", set()),
        ("!ls\n  %time\nfrom helpers import tables", "", {"helpers", "helpers.tables"}),
        ("x = (7\n%2)\nfrom helpers import tables", "", {"helpers", "helpers.tables"}),
        ("frame.eval('a + b')", "", set()),
        ("from . import x = 1", "helpers", set()),
    ],
)
def test_imports_are_found(source, inside, found):
    """Absolute, relative and nested imports are found, other packages are not; lines of IPython are passed over."""
    assert found == find_imports(source, inside) & {"helpers", *list_modules()}


@pytest.mark.parametrize(
    "source",
    ["files = !ls\nimport helpers.tables", "%%bash\nls -l", "%run 'other.py'", "!python -m helpers.cli list",
     "import importlib; importlib.import_module('hel' + 'pers')",
     "from importlib import reload", "__import__('helpers.' + name)", "exec(text)", "import runpy"],
)
def test_code_that_cannot_be_traced_rests_on_everything(source):
    """A cell that is no Python, or imports by other means, is run again whatever module changes."""
    assert set(list_modules()) <= find_imports(source)


def test_tracing_leaves_out_what_is_not_imported():
    """Findings rest on errors, not on the site."""
    assert {"helpers", "helpers.findings", "helpers.errors"} == trace_imports(["helpers.findings"], read_import_graph())

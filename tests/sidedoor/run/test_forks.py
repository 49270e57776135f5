"""Forked kernels: as fresh as any other, sharing nothing, and never a condition of a result."""

import os
import signal

import pytest

from sidedoor.run import execute
from sidedoor.run.editions import load_edition
from sidedoor.run.forks import Forks, can_fork, find_modules
from sidedoor.run.run import run_edition

needs_forks = pytest.mark.skipif(not can_fork(), reason="kernels cannot be forked here")
SHOW = """import random
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
ours = pd.DataFrame({f"column_{n}": [1.5, 2] for n in range(25)})
fig, ax = plt.subplots(figsize=(2, 1))
ax.plot([1, 2])
plt.show()
ours"""
SETTINGS = """import matplotlib, networkx, warnings, locale, logging, sys, threading
from pandas._config import config
print(sorted(map(str, warnings.filters)))  # their order is that of imports
warnings.simplefilter("ignore")  # pandas warns of options that will go
print({name: pd.get_option(name) for name in config._select_options("all")})
print(dict(matplotlib.rcParams), networkx.config, locale.getlocale(), sys.argv[1:2], sys.path)
print(logging.root.level, threading.active_count(), sys.flags, plt.get_fignums(), sorted(pd.__dict__))"""
STAIN = """import pandas, json, os, sys
print(hasattr(json, "stain"), pandas.get_option("display.max_rows"), "STAIN" in os.environ, len(sys.argv))
json.stain, os.environ["STAIN"] = 1, "x"
pandas.set_option("display.max_rows", 7)"""


@pytest.fixture
def started(monkeypatch):
    """The processes that forked kernels, and how often each was asked."""
    made = []

    class Counted(Forks):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.pids = []
            made.append(self)

        def fork(self, *arguments):
            self.pids.append(super().fork(*arguments))
            return self.pids[-1]

    monkeypatch.setattr(execute, "Forks", Counted)
    return made


def read_notebook(house, name):
    """Read the executed notebook, as published."""
    (path,) = house.runs.glob(f"town/{name}.*/{name}.ipynb")
    return path.read_text(encoding="utf-8")


@needs_forks
def test_nothing_of_one_notebook_is_seen_in_the_next(house, started):
    """Three kernels of one process: each finds modules, settings, environment and arguments untouched."""
    for number in (1, 2, 3):
        house.write_notebook(
            f"0{number}-a", STAIN, "import os\nprint(os.getppid())", "import random\nprint(random.random())"
        )
    house.write_edition('notebook = "01"', 'notebook = "02"', 'notebook = "03"')
    run_edition(load_edition("town"), workers=1)
    (forks,) = started
    assert len(set(forks.pids)) == 3 and None not in forks.pids
    shown = [house.read_output("town", f"0{number}-a").splitlines() for number in (1, 2, 3)]
    assert [lines[0] for lines in shown] == ["False 60 False 3"] * 3
    assert len({lines[1] for lines in shown}) == 1 and len({lines[2] for lines in shown}) == 3


@needs_forks
def test_kernels_do_not_look_through_what_was_imported_before(house, started):
    """The garbage collector passes over the modules that a fork begins with."""
    house.write_notebook("01-a", "import numpy, gc", "print(gc.isenabled(), gc.get_freeze_count() > 10_000)")
    house.write_edition('notebook = "01"')
    run_edition(load_edition("town"))

    assert started[0].pids != [None] and house.read_output("town", "01-a") == "True True\n"


@needs_forks
def test_result_is_the_same_bytes_with_and_without_forks(house, started, monkeypatch):
    """Tables, figures, hashes and every setting of the libraries do not depend on how the kernel started."""
    house.write_notebook(
        "01-a",
        SHOW,
        SETTINGS,
        "print(hash('a'), sorted({'x', 'yy', 'z'}, key=hash), random.Random(1).random())",
    )
    house.write_edition('notebook = "01"')
    run_edition(load_edition("town"))
    forked = read_notebook(house, "01-a")
    monkeypatch.setattr(execute, "can_fork", lambda: False)
    run_edition(load_edition("town"), force=True)
    assert started[0].pids != [None] and len(started) == 1
    assert "image/png" in forked and read_notebook(house, "01-a") == forked


@needs_forks
@pytest.mark.parametrize("trouble", ["threads", "killed"])
def test_kernels_start_by_themselves_where_there_is_no_fork(house, started, monkeypatch, trouble):
    """Libraries that start threads, or a process that is gone: the notebook runs all the same."""
    house.write_notebook("01-a", "import numpy\nprint('ran')")
    house.write_edition('notebook = "01"')
    if trouble == "threads":
        monkeypatch.setenv("SIDEDOOR_THREADS", "2")
    else:
        monkeypatch.setattr(Forks, "fork", kill_first(Forks.fork))
    run_edition(load_edition("town"))
    assert started[0].pids == [None] and house.read_output("town", "01-a") == "ran\n"


def kill_first(fork):
    """Make a `fork` that finds its process killed."""

    def killed(self, *arguments):
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        return fork(self, *arguments)

    return killed


@needs_forks
def test_fork_that_ends_at_once_is_tried_as_an_ordinary_kernel(house, started, monkeypatch):
    """A forked kernel that does not start is no failure of the notebook."""
    real = Forks.fork

    def broken(self, connection, cwd, *rest):
        return real(self, connection, f"{cwd}/gone", *rest)

    monkeypatch.setattr(Forks, "fork", broken)
    house.write_notebook("01-a", "print('ran')")
    house.write_edition('notebook = "01"')
    run_edition(load_edition("town"))
    assert house.read_output("town", "01-a") == "ran\n"


def test_modules_are_found_at_the_start_of_a_line(house):
    """Of notebooks, only what the house and its libraries import beforehand; the backend for figures never."""
    path = house.write_notebook(
        "01-a",
        "import os\nimport pandas as pd\nfrom helpers import figures, tables as t\nfrom helpers.network import graph",
        "def f():\n    import networkx\nfrom antigravity import x\nimport matplotlib_inline.backend_inline",
    )
    assert find_modules([path]) == {
        "pandas", "helpers.figures", "helpers.facts.tables", "helpers.network", "matplotlib.pyplot",
        "matplotlib.backends.backend_agg",
    }  # fmt: skip

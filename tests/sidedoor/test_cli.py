"""The command: what it refuses, what it prints, and what it leaves."""

import os
import signal
import subprocess
import sys

import pytest
import typer

from helpers import __version__
from made.example import write_example
from sidedoor import cli
from sidedoor.ingest.files import make_work_folder
from sidedoor.run import notebooks, verify

LEAST = "least: int = 1  # smallest count [queries]"
COMMANDS = "list new run site reproduce refresh verify lock inspect ingest fetch scan simulate"


@pytest.fixture
def town(house):
    house.write_notebook("01-count", "print('least is', least)", parameters=LEAST)
    facts = 'facts: str = "data/facts"  # folder of tables [path]'
    house.write_notebook("02-map", 'print("map")', parameters=facts)
    house.write_edition('notebook = "01"', 'notebook = "02"', name="aclu-release")
    return house


def test_every_command_has_help(call):
    """The help names every command, and every command and option says what it is for."""
    group = typer.main.get_command(cli.app)
    assert set(group.commands) == set(COMMANDS.split())
    for name, command in group.commands.items():
        assert command.help and all(getattr(option, "help", None) for option in command.params), name
        code, out, _ = call(name, "--help")
        assert code == 0 and command.help.split(",")[0][:40] in " ".join(out.split())


def test_help_version_and_list(town, call):
    """`sidedoor` alone is a question, answered with what there is; `list` shows what a reader may set."""
    assert "reproduce" in "".join(call()[1:])
    assert call("--version")[:2] == (0, f"sidedoor {__version__}\n")
    code, out, _ = call("list")
    shown = ["01  About count", "    How many?", "    -p least=1  int: smallest count [queries]"]
    assert code == 0 and out.splitlines()[:3] == shown


# One of each kind: what parameters and editions refuse is tested with them.
REFUSED = """run 01 -p least=-1
run 01 -p least=__import__('os').system('touch\thacked')
run 01 -p x;\timport\tos=1
run 02 -p facts=../..
run ../01-count
run --edition a/\x1b[2Jb.toml
run --edition hostile
verify --edition hostile
site --edition hostile
run --no-such-option
run --timeout 0
walk"""


@pytest.mark.parametrize("line", REFUSED.splitlines())
def test_refusals_exit_with_2_and_write_nothing(town, call, line):
    """A misspelt, mistyped or hostile request is refused in one line before anything is begun."""
    arguments = [word.replace("\t", " ") for word in line.split(" ")]
    (town.editions / "hostile.toml").write_text(
        'title = "x"\n[[run]]\nnotebook = "01"\n'
        "[run.parameters]\n\"import os; os.system('touch hacked'); x\" = 1\n"
    )
    before = town.list_files()
    code, out, err = call(*arguments)
    assert code == 2 and not out and err
    if err.startswith("sidedoor:"):
        assert err.count("\n") == 1 and "Traceback" not in err and err[:-1].isprintable()
    assert town.list_files() == before


# Runs the command and prints its exit code and which of the slow packages it has loaded.
_LOADED = """
import sys
sys.argv[0] = "sidedoor"
from sidedoor import cli
try:
    cli.main()
except SystemExit as end:
    slow = ("papermill", "nbformat", "jupyter_client", "pandas", "frictionless")
    print(end.code, [name for name in slow if name in sys.modules])
"""


def test_machinery_is_loaded_only_when_a_kernel_starts(town):
    """A refusal comes before what could do harm is even loaded; so does a run in which nothing has changed.

    What ipykernel says at every start stays hidden.
    """

    def list_loaded(*arguments):
        command = {**town.build_command(), "args": [sys.executable, "-c", _LOADED, *arguments]}
        return subprocess.run(**command, capture_output=True, timeout=600)

    town.copy_package()
    done = list_loaded("run", "01", "-p", "x; import os=1")
    assert done.stdout == "2 []\n", done.stderr
    done = town.call("run", "01")
    assert done.returncode == 0 and len(done.stderr.splitlines()) == 1, done.stderr
    done = list_loaded("run", "01")
    assert done.stderr.count("unchanged") == 1 and done.stdout.splitlines()[-1] == "0 []", done.stdout


def test_run_prints_a_line_per_notebook_and_the_site_is_that_of_the_edition_run_last(town, call, monkeypatch):
    """Where there is no terminal, progress is one plain line per notebook; values by hand go elsewhere.

    `sidedoor run --edition my-city.toml && sidedoor site` needs no second naming.
    """
    from sidedoor.publish import site

    built = []
    monkeypatch.setattr(site, "build_site", lambda name, **more: built.append(name))
    call("site")
    code, out, err = call("reproduce")
    assert code == 0 and "aclu-release/site/index.html" in out and "file://" in out
    lines = sorted(line.split() for line in err.splitlines())
    assert [line[0] for line in lines] == ["1/2", "2/2"] and all(line[2:4] == ["ran", "in"] for line in lines)
    assert {line[1] for line in lines} == {"01-count", "02-map"}
    assert out.startswith("Results: ") and town.read_output("aclu-release", "01-count") == "least is 1\n"
    assert call("run", "01", "-p", "least=7")[0] == 0
    assert town.read_output("by-hand", "01-count") == "least is 7\n"
    assert town.read_output("aclu-release", "01-count") == "least is 1\n"
    edition = town.write_edition('notebook = "01"', name="my-city", folder=town.root)
    assert call("run", "--edition", edition)[0] == 0
    code, out, _ = call("site")
    assert code == 0 and "my-city/site/index.html" in out
    assert built == ["aclu-release", "aclu-release", "my-city"]


def test_no_text_of_a_file_moves_the_cursor(town, call, capsys):
    """Whatever a notebook, a file name or an error says, a terminal gets printable characters only."""
    opening = "# 02 \u00b7 Clear\x1b[2J\n\n**Question.** How\x07 many?"
    town.write_notebook("02-map", r"raise ValueError('\x1b[2J\x1b]0;owned\x07')", opening=opening)
    _, out, _ = call("list")
    _, _, err = call("run", "02")
    cli.Progress(1)("failed", "02\x1b[2Jmap")
    shown = out + err + capsys.readouterr().err
    assert "Clear\\x1b[2J" in out and "\\x1b[2J" in err and shown.replace("\n", "").isprintable()


def test_verify_exits_with_1_when_a_file_differs_or_is_not_compared(town, call, monkeypatch):
    """The file and the place are printed, and what could not be compared is named."""
    different = (("01-count/01-count.ipynb", "line 3: 'a'"),)
    for found, code, names in (
        (verify.Verification(9, 9, (), ()), 0, ["9 files"]),
        (verify.Verification(9, 9, different, ()), 1, ["01-count/01-count.ipynb", "line 3"]),
        (verify.Verification(9, 3, (), ("02-map",)), 1, ["02-map", "9 files"]),
    ):
        monkeypatch.setattr(verify, "verify_edition", lambda *_, found=found, **__: found)
        ended, out, err = call("verify")
        assert ended == code and all(name in out + err for name in names)


def test_progress_on_a_terminal_names_notebook_and_cell(capsys, monkeypatch):
    """On a terminal the running cell is shown, and only finished notebooks stay on the screen."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    shown = []
    with cli.Progress(2) as progress:
        monkeypatch.setattr(progress._live, "update", lambda text: shown.append(text.plain))
        progress("start", "01-read")
        progress("cell", "01-read", 5, 14)
        progress("done", "01-read", 1.25)
    assert "0/2 notebooks · 01-read cell 5/14" in shown
    assert "1/2  01-read  ran in 1.2 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "on_path", "shown"),
    [
        ("my venv/sidedoor", False, "'my venv/sidedoor' run"),
        ("my venv/sidedoor", True, "sidedoor run"),
        ("src/sidedoor/cli.py", False, "-m sidedoor.cli run"),
    ],
)
def test_commands_are_shown_as_they_must_be_typed(tmp_path, monkeypatch, capsys, typed, on_path, shown):
    """By the path that was typed, unless the shell finds the command by its name."""
    script = tmp_path / "my venv" / "sidedoor"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [typed])
    monkeypatch.setenv("PATH", str(script.parent) if on_path else "/nowhere")
    cli.show("Type `sidedoor run --edition x`; runs/sidedoor stays.")
    out = capsys.readouterr().out
    assert shown in out and "runs/sidedoor stays" in out


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (OSError(28, "No space left on device", "/x/town.csv"), "town.csv: No space left on device"),
        (KeyError("secret"), "KeyError"),
    ],
)
def test_no_error_ends_in_a_traceback(town, call, monkeypatch, error, found):
    """A full or read-only disk is a sentence, and so is a defect; neither repeats a path or a record."""

    def fail(*_, **__):
        raise error

    monkeypatch.delenv("SIDEDOOR_DEBUG", raising=False)
    monkeypatch.setattr(notebooks, "list_notebooks", fail)
    code, out, err = call("list")
    assert code == 1 and found in err and "Traceback" not in err and "/x/" not in err and "secret" not in err


# Kills itself where the earlier tables are moved away (0), or where the new ones are moved there (1).
_KILLED = """
import os, signal, sys
from pathlib import Path
moment, out, rename = int(sys.argv.pop(1)), Path(sys.argv[-1]), os.replace
def replace(*names):
    if names[moment] == out:
        os.kill(os.getpid(), signal.SIGKILL)
    rename(*names)
os.replace = replace
from sidedoor import cli
cli.main()
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_killed_ingest_is_cleared_by_the_next_one(tmp_path, call):
    """After kill -9 the earlier tables stand, at the latest when the command runs again.

    What another process is at work on, and what only has such a name, stays.
    """
    out = tmp_path / "out"
    arguments = ("ingest", str(write_example(tmp_path)), "--out", str(out))
    assert call(*arguments)[0] == 0
    folders = sorted(path.name for path in tmp_path.iterdir())
    tables = sorted(path.name for path in out.iterdir())

    for moment in (0, 1):
        command = [sys.executable, "-c", _KILLED, str(moment), *arguments]
        assert subprocess.run(command, capture_output=True, timeout=600).returncode == -signal.SIGKILL
        assert len(list(tmp_path.glob(".out-*"))) == 1 and out.exists() == (moment == 0)
        assert call("ingest", __file__, "--out", out)[0] == 1, "no record"
        assert sorted(path.name for path in tmp_path.iterdir()) == folders
        assert sorted(path.name for path in out.iterdir()) == tables
    (tmp_path / ".out-abcdefgh").mkdir()
    with make_work_folder(out) as busy, make_work_folder(out):
        assert busy.is_dir() and (tmp_path / ".out-abcdefgh").is_dir()


def test_console_without_a_letter_shows_its_number(town):
    """A Windows console or a pipe in another encoding gets text, not a traceback."""
    town.copy_package()
    town.write_notebook("03-name", opening="# 03 · Köln 日本")
    command = town.build_command("list")
    command["env"] |= {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(**command, capture_output=True, check=False, timeout=600)
    assert done.returncode == 0 and "K\\xf6ln" in done.stdout and not done.stderr

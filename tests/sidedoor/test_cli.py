"""The command: what it refuses, what it prints, and what it leaves."""

import json
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from helpers import __version__
from helpers.errors import RunError
from sidedoor import cli
from sidedoor.cli import app
from sidedoor.run import results, verify

LEAST = "least: int = 1  # smallest count [queries]"
COMMANDS = {
    "list",
    "new",
    "run",
    "site",
    "reproduce",
    "refresh",
    "verify",
    "lock",
    "inspect",
    "ingest",
    "fetch",
    "scan",
    "simulate",
}


@pytest.fixture
def town(house):
    house.write_notebook("01-count", "print('least is', least)", parameters=LEAST)
    facts = 'facts: str = "data/facts"  # folder of tables [path]'
    house.write_notebook("02-map", 'print("map")', parameters=facts)
    house.write_edition('notebook = "01"', 'notebook = "02"', name="aclu-release")
    return house


def call(capsys, monkeypatch, *arguments):
    """Call the command in this process; give exit code, printed text and errors."""
    monkeypatch.setattr(sys, "argv", ["sidedoor", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr()
    return ended.value.code or 0, printed.out, printed.err


def test_every_command_has_help():
    """The help names every command, and every command and option says what it is for."""
    import typer

    group = typer.main.get_command(app)
    assert set(group.commands) == COMMANDS
    for name, command in group.commands.items():
        assert command.help, name
        for option in command.params:
            assert getattr(option, "help", None), f"{name} {option.name}"
        shown = CliRunner().invoke(app, [name, "--help"])
        assert shown.exit_code == 0 and command.help.split(",")[0][:40] in " ".join(shown.output.split())


def test_no_arguments_print_help_and_version_prints_the_version(capsys, monkeypatch):
    """`sidedoor` alone is a question, answered with what there is."""
    code, out, err = call(capsys, monkeypatch)
    assert "reproduce" in out + err
    code, out, _ = call(capsys, monkeypatch, "--version")
    assert (code, out) == (0, f"sidedoor {__version__}\n")


def test_list_shows_number_title_question_and_parameters(town, capsys, monkeypatch):
    """What a reader needs to choose a notebook and to set its parameters."""
    code, out, _ = call(capsys, monkeypatch, "list")
    assert code == 0
    assert out.splitlines()[:3] == [
        "01  About count",
        "    How many?",
        "    -p least=1  int: smallest count [queries]",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "01", "-p", "laest=3"],
        ["run", "01", "-p", "least=three"],
        ["run", "01", "-p", "least=1.5"],
        ["run", "01", "-p", "least=true"],
        ["run", "01", "-p", "x; import os=1"],
        ["run", "01", "-p", "import os; os.system('touch hacked'); x=1"],
        ["run", "01", "-p", "least=__import__('os').system('touch hacked')"],
        ["run", "01", "-p", "least"],
        ["run", "01", "-p", "least=1", "-p", "least=2"],
        ["run", "-p", "least=3"],
        ["run", "01", "02", "-p", "least=3"],
        ["run", "02", "-p", "facts=../.."],
        ["run", "02", "-p", "facts=/etc"],
        ["run", "02", "-p", "facts=missing"],
        ["run", "77"],
        ["run", "01", "99", "-p", "least=3"],
        ["run", "--edition", "x" * 5000],
        ["run", "--edition", "a\0b"],
        ["run", "--edition", "a/\x1b[2Jb.toml"],
        ["run", "../01-count"],
        ["run", "--edition", "missing.toml"],
        ["run", "--edition", "hostile"],
        ["verify", "--edition", "hostile"],
        ["site", "--edition", "hostile"],
        ["run", "--no-such-option"],
        ["run", "--timeout", "0"],
        ["walk"],
    ],
    ids=" ".join,
)
def test_refusals_exit_with_2_and_write_nothing(town, capsys, monkeypatch, arguments):
    """A misspelt, mistyped or hostile request is refused in one line before anything is begun."""
    (town.editions / "hostile.toml").write_text(
        'title = "x"\n[[run]]\nnotebook = "01"\n[run.parameters]\n"import os; os.system(\'touch hacked\'); x" = 1\n'
    )
    before = town.list_files()
    code, out, err = call(capsys, monkeypatch, *arguments)
    assert code == 2 and not out and err
    if err.startswith("sidedoor:"):
        assert err.count("\n") == 1 and "Traceback" not in err and err[:-1].isprintable()
    assert town.list_files() == before


def test_refusal_starts_no_kernel_and_imports_no_papermill(town):
    """The refusal comes before the machinery that could do harm is even loaded."""
    town.copy_package()
    code = (
        "import sys\nsys.argv = ['sidedoor', 'run', '01', '-p', 'x; import os=1']\nfrom helpers import cli\n"
        "try:\n    cli.main()\nexcept SystemExit as end:\n    print(end.code, [m for m in sys.modules if m in "
        "('papermill', 'nbformat', 'jupyter_client', 'pandas')])"
    )
    done = subprocess.run(
        **{**town.build_command(), "args": [sys.executable, "-c", code]}, capture_output=True, timeout=60
    )
    assert done.stdout == "2 []\n", done.stderr


def test_run_prints_a_line_per_notebook_and_the_folder(town, capsys, monkeypatch):
    """Where there is no terminal, progress is one plain line per notebook."""
    code, out, err = call(capsys, monkeypatch, "run")
    assert code == 0
    lines = sorted(err.splitlines(), key=lambda line: line.split()[1])
    assert [line.split()[1] for line in lines] == ["01-count", "02-map"]
    assert all("ran in" in line for line in lines)
    assert {line.split()[0] for line in lines} == {"1/2", "2/2"}
    assert out.startswith("Results: ") and out.strip().endswith("aclu-release")
    assert town.read_output("aclu-release", "01-count") == "least is 1\n"
    assert results.find_last_edition() == "aclu-release"
    code, _, err = call(capsys, monkeypatch, "run", "01", "-p", "least=7")
    assert code == 0 and town.read_output("by-hand", "01-count") == "least is 7\n"
    assert town.read_output("aclu-release", "01-count") == "least is 1\n"


def test_no_text_of_a_file_moves_the_cursor(town, capsys, monkeypatch):
    """Whatever a notebook, a file name or an error says, a terminal gets printable characters and line ends."""
    opening = "# 02 \u00b7 Clear\x1b[2J\n\n**Question.** How\x07 many?"
    town.write_notebook("02-map", r"raise ValueError('\x1b[2J\x1b]0;owned\x07')", opening=opening)
    _, out, _ = call(capsys, monkeypatch, "list")
    _, _, err = call(capsys, monkeypatch, "run", "02")
    progress = cli.Progress(1)
    progress("failed", "02\x1b[2Jmap")
    shown = out + err + capsys.readouterr().err
    assert "Clear\\x1b[2J" in out and "\\x1b[2J" in err and shown.replace("\n", "").isprintable()
    assert str(RunError("a", "b\u202e\x1b", "c\nd")) == "a: b\\u202e\\x1b. c\nd"


def test_failed_notebook_exits_with_1_and_one_line(town, capsys, monkeypatch):
    """The message names notebook, cell and reason, and where the stopped notebook can be read."""
    town.write_notebook("02-map", "raise KeyError('agency')")
    code, _, err = call(capsys, monkeypatch, "run", "02")
    assert code == 1
    assert "02-map, cell 3: KeyError: 'agency'" in err and "failed/02-map.ipynb" in err
    assert "Traceback" not in err


def test_fresh_run_prints_no_chatter_and_an_unchanged_one_is_fast(town):
    """What ipykernel says at every start stays hidden; nothing to do takes less than half as long as two small notebooks."""
    town.copy_package()
    began = time.monotonic()
    done = town.call("run")
    first = time.monotonic() - began
    assert done.returncode == 0 and len(done.stderr.splitlines()) == 2 and "encryption" not in done.stderr
    began = time.monotonic()
    done = town.call("run")
    took = time.monotonic() - began
    assert done.returncode == 0 and done.stderr.count("unchanged") == 2
    # a ratio within one test: seconds alone would measure what else the machine does
    assert took < first / 2


def test_verify_exits_with_1_when_a_file_differs(town, capsys, monkeypatch):
    """The file and the place are printed."""
    found = [verify.Difference("01-count/01-count.ipynb", "line 3: 'a' and 'b'")]
    monkeypatch.setattr(verify, "verify_edition", lambda *_, **__: (9, found))
    code, _, err = call(capsys, monkeypatch, "verify")
    assert code == 1 and err == "01-count/01-count.ipynb: line 3: 'a' and 'b'\n"
    monkeypatch.setattr(verify, "verify_edition", lambda *_, **__: (9, []))
    code, out, _ = call(capsys, monkeypatch, "verify")
    assert code == 0 and out == "9 files came out the same, byte for byte.\n"


def test_refresh_says_what_it_wrote(town, capsys, monkeypatch):
    """Written notebooks are named; a second time there are none."""
    code, out, _ = call(capsys, monkeypatch, "refresh")
    assert code == 0 and out.count("Written:") == 2
    code, out, _ = call(capsys, monkeypatch, "refresh")
    assert code == 0 and "nothing is written" in out


def test_site_is_built_of_the_edition_run_last(town, capsys, monkeypatch):
    """`sidedoor run --edition my-city.toml && sidedoor site` needs no second naming."""
    from sidedoor.publish import site

    built = []
    monkeypatch.setattr(site, "build_site", built.append)
    call(capsys, monkeypatch, "site")
    town.write_edition('notebook = "01"', name="my-city", folder=town.root)
    code, _, err = call(capsys, monkeypatch, "run", "--edition", str(town.root / "my-city.toml"))
    assert code == 0, err
    code, out, _ = call(capsys, monkeypatch, "site")
    assert built == ["aclu-release", "my-city"] and code == 0 and "my-city/site/index.html" in out


def test_reproduce_runs_builds_and_says_where(town, capsys, monkeypatch):
    """One command from facts to a page that can be opened."""
    from sidedoor.publish import site

    built = []
    monkeypatch.setattr(site, "build_site", built.append)
    code, out, _ = call(capsys, monkeypatch, "reproduce")
    assert code == 0 and built == ["aclu-release"]
    assert "aclu-release/site/index.html" in out and "file://" in out
    manifest = json.loads((town.runs / "aclu-release" / "manifest.json").read_text())
    assert len(manifest["notebooks"]) == 2


def test_lock_prints_what_it_wrote(town, capsys, monkeypatch):
    """The two generated files are named."""
    from sidedoor import lock as environment

    monkeypatch.setattr(environment, "write_environment", lambda: [town.root / "requirements.lock"])
    code, out, _ = call(capsys, monkeypatch, "lock")
    assert code == 0 and "requirements.lock" in out


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

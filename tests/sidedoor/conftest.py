"""The command, called in this process."""

import sys

import pytest

from sidedoor import cli


@pytest.fixture
def call(capsys, monkeypatch):
    """Call the command as a shell does; a call gives exit code, printed text and errors."""

    def call_command(*arguments):
        monkeypatch.setattr(sys, "argv", ["sidedoor", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, *capsys.readouterr()

    return call_command

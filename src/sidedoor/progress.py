"""What a person sees while a command works: one line per file or notebook, and a live one on a terminal."""

import sys
from pathlib import Path

from helpers.errors import SideDoorError, escape_controls
from helpers.wording import say_number


class _Live:
    """A line on the terminal that changes while something runs; where there is no terminal, none."""

    def __init__(self):
        self._live = None

    def __enter__(self):
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(stderr=True), transient=True, refresh_per_second=8)
            self._live.start()
        return self

    def __exit__(self, *_):
        if self._live:
            self._live.stop()

    def _show(self, line: str) -> None:
        if self._live:
            from rich.text import Text

            self._live.update(Text(line))

    def _print(self, line: str) -> None:
        if self._live:
            self._live.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)


class FetchProgress(_Live):
    """Shows how much of a file has come, and prints where each file is, or the error."""

    def follow(self, name: str):
        """Return the function that is given the bytes of a file so far; None where there is no terminal."""

        def show(done: int, total: int | None) -> None:
            self._show(f"{name}  {done / 1e6:,.1f}" + (f" of {total / 1e6:,.1f} MB" if total else " MB"))

        return show if self._live else None

    def report(self, name: str, outcome: Path | SideDoorError) -> None:
        """Print how a file ended."""
        self._show("")
        if isinstance(outcome, SideDoorError):
            self._print(f"sidedoor: {outcome}")
        else:
            print(f"{name}: {shorten_path(outcome)}", flush=True)


class Progress(_Live):
    """Shows which notebook is at which cell; a plain line per notebook where there is no terminal."""

    def __init__(self, total: int):
        super().__init__()
        self._total, self._ended, self._rows = total, 0, {}

    def __call__(self, event: str, name: str, *values) -> None:
        name = escape_controls(name, "")
        if event in ("start", "cell"):
            self._rows[name] = f"{name} cell {values[0]}/{values[1]}" if values else name
        else:
            self._rows.pop(name, None)
            self._ended += 1
            outcome = f"ran in {values[0]:.1f} s" if event == "done" else event
            self._print(f"{self._ended}/{self._total}  {name}  {outcome}")
        rows = " · ".join(list(self._rows.values()))
        self._show(f"{self._ended}/{self._total} notebooks · {rows}" if rows else "")

    def report_record(self, event: str, name: str, *values) -> None:
        """Show which record is being read, and what came of it."""
        name = escape_controls(name, "")
        if event == "reading":
            self._show(f"reading record {name}")
        elif event == "read":
            self._print(f"record {name}  {say_number(values[0], 'row')} read in {values[1]:.1f} s")
        elif event == "kept":
            self._print(f"record {name}  {say_number(values[0], 'row')}, unchanged")


def shorten_path(path: Path) -> str:
    """Return a path as short as it is from the present folder."""
    return escape_controls(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path), "")

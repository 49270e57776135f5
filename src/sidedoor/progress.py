"""What a person sees while a command works: a line for each thing done, and a live one on a terminal."""

import sys
from pathlib import Path

from helpers.errors import escape_controls
from helpers.wording import say_number


class Progress:
    """A line on the terminal that changes while something runs, above lines that stay; elsewhere only these.

    `total` is the number of notebooks that will run.
    """

    def __init__(self, total: int = 0):
        self._live, self._total, self._ended, self._rows = None, total, 0, {}

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

    def show(self, line: str) -> None:
        """Change the live line."""
        if self._live:
            from rich.text import Text

            self._live.update(Text(line))

    def print(self, line: str) -> None:
        """Print a line that stays."""
        if self._live:
            self._live.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)

    def follow(self, name: str):
        """Return the function that is given the bytes of a file so far; None where there is no terminal."""
        name = escape_controls(name, "")

        def show(done: int, total: int | None) -> None:
            self.show(f"{name}  {done / 1e6:,.1f}" + (f" of {total / 1e6:,.1f} MB" if total else " MB"))

        return show if self._live else None

    def __call__(self, event: str, name: str, *values) -> None:
        """Show what `ingest_records` and `run_edition` report of a record or a notebook."""
        name = escape_controls(name, "")
        if event in ("reading", "start", "cell"):
            cell = f" cell {values[0]}/{values[1]}" if values else ""
            self._rows[name] = f"reading record {name}" if event == "reading" else f"{name}{cell}"
        elif event in ("read", "kept"):
            self._rows.pop(name, None)
            how = f" read in {values[1]:.1f} s" if event == "read" else ", unchanged"
            self.print(f"record {name}  {say_number(values[0], 'row')}{how}")
        else:
            self._rows.pop(name, None)
            self._ended += 1
            outcome = f"ran in {values[0]:.1f} s" if event == "done" else event
            self.print(f"{self._ended}/{self._total}  {name}  {outcome}")
        rows = " · ".join(list(self._rows.values()))
        self.show(f"{self._ended}/{self._total} notebooks · {rows}" if rows else "")


def shorten_path(path: Path) -> str:
    """Return a path as short as it is from the present folder."""
    return escape_controls(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path), "")

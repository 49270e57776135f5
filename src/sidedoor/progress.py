"""What a person sees while a command works: one line per file or notebook, and a live one on a terminal."""

import sys
from pathlib import Path

from helpers.errors import SideDoorError, escape_controls
from helpers.wording import say_number


class FetchProgress:
    """Shows the bytes of the file under way, on a terminal only; prints where each file is, or the error."""

    def __init__(self):
        self._bar = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop()

    def follow(self, name: str):
        """Give the function that is told the bytes of a file; None where there is no terminal."""

        def show(done: int, total: int | None) -> None:
            if self._bar is None:
                from rich.console import Console
                from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
                from rich.progress import Progress as Bar

                columns = (
                    TextColumn("{task.fields[name]}"),
                    BarColumn(),
                    DownloadColumn(),
                    TransferSpeedColumn(),
                )
                self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
                self._bar.add_task("", name=name, total=total)
                self._bar.start()
            self._bar.update(self._bar.task_ids[0], completed=done, total=total)

        return show if sys.stderr.isatty() else None

    def report(self, name: str, outcome: Path | SideDoorError) -> None:
        """Print how a file ended."""
        self._stop()
        if isinstance(outcome, SideDoorError):
            print(f"sidedoor: {outcome}", file=sys.stderr, flush=True)
        else:
            print(f"{name}: {shorten_path(outcome)}", flush=True)

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class Progress:
    """Shows which notebook is at which cell; a plain line per notebook where there is no terminal."""

    def __init__(self, total: int):
        self._total, self._ended, self._live, self._rows = total, 0, None, {}

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

    def __call__(self, event: str, name: str, *values) -> None:
        name = escape_controls(name)
        if event in ("start", "cell"):
            self._rows[name] = f"{name} cell {values[0]}/{values[1]}" if values else name
        else:
            self._rows.pop(name, None)
            self._ended += 1
            told = f"ran in {values[0]:.1f} s" if event == "done" else event
            self._print(f"{self._ended}/{self._total}  {name}  {told}")
        if self._live:
            from rich.text import Text

            rows = " · ".join(list(self._rows.values()))
            self._live.update(Text(f"{self._ended}/{self._total} notebooks · {rows}" if rows else ""))

    def report_record(self, event: str, name: str, *values) -> None:
        """Show which record is being read, and what came of it."""
        name = escape_controls(name)
        if event == "reading" and self._live:
            from rich.text import Text

            self._live.update(Text(f"reading record {name}"))
        elif event == "read":
            self._print(f"record {name}  {say_number(values[0], 'row')} read in {values[1]:.1f} s")
        elif event == "kept":
            self._print(f"record {name}  {say_number(values[0], 'row')}, unchanged")

    def _print(self, line: str) -> None:
        if self._live:
            self._live.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)


def shorten_path(path: Path) -> str:
    """Write a path as short as it is from the present folder."""
    return escape_controls(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))

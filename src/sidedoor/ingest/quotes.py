"""Whether the quotes of a large text are plain, so that any fast splitter reads the same cells from it as ours.

Plain means: every quoted cell begins right after a separator and ends right before one, and quotes inside are
doubled. Only positions of quotes and blank lines are looked at, a chunk at a time.
"""

import re
from dataclasses import dataclass, field

import numpy as np

_QUOTE, _ENDS = 34, (10, 13)
_BLANK = re.compile(rb"\n(?=\r\n|\r|\n)|\r(?!\n)(?=\r\n|\r|\n)")
_BLANKS_CAP = 10_000


@dataclass
class QuoteScan:
    """Collects from the chunks of a text what stands beside its quotes, and where its blank lines are.

    Attributes
    ----------
    beside
        Bytes found before an opening and after a closing quote.
    blanks
        Positions in the file of line ends that end a blank line, outside of quotes.
    """

    beside: set[int] = field(default_factory=set)
    blanks: list[int] = field(default_factory=list)
    _seen: int = 0
    _quotes: int = 0
    _last: int = 10

    def add(self, data: bytes) -> None:
        """Look at the next chunk."""
        if not self._seen and data.startswith(b"\xef\xbb\xbf"):
            data, self._seen = data[3:], 3
            if not data:
                return
        buffer = np.frombuffer(data, "uint8")
        at = np.flatnonzero(buffer == _QUOTE) if b'"' in data else np.empty(0, "int64")
        if self._quotes % 2 == 0 and self._quotes and self._last == _QUOTE:
            self.beside.add(int(buffer[0]))  # what follows a quote that closed the chunk before
        if len(at):
            first = self._quotes % 2
            opening, closing = at[first::2], at[1 - first :: 2]
            before = buffer[opening - 1]
            if len(opening) and opening[0] == 0:
                before[0] = self._last
            after = buffer[np.minimum(closing + 1, len(buffer) - 1)]
            if len(closing) and closing[-1] == len(buffer) - 1:
                after = after[:-1]
            for part in (before, after):
                self.beside.update(np.flatnonzero(np.bincount(part, minlength=256)).tolist())
        self._find_blanks(data, buffer, at)
        self._seen += len(data)
        self._quotes += len(at)
        self._last = data[-1]

    def _find_blanks(self, data: bytes, buffer: np.ndarray, at: np.ndarray) -> None:
        if self._last in _ENDS and self._quotes % 2 == 0 and data[0] in _ENDS:
            if (self._last, data[0]) != (13, 10):
                self.blanks.append(self._seen)
        line_feed, both = buffer == 10, b"\r" in data
        ends = line_feed | (buffer == 13) if both else line_feed
        doubled = ends[:-1] & ends[1:]
        if both:
            doubled &= ~((buffer[:-1] == 13) & line_feed[1:])
        if doubled.any():
            for found in _BLANK.finditer(data):
                inside = (self._quotes + int(np.searchsorted(at, found.end()))) % 2
                if not inside and len(self.blanks) < _BLANKS_CAP:
                    self.blanks.append(self._seen + found.end())

    def is_plain(self, delimiter: str) -> bool:
        """Say whether the quotes are plain, given what separates the columns."""
        known = {ord(delimiter), _QUOTE, *_ENDS}
        return self._quotes % 2 == 0 and self.beside <= known and len(self.blanks) < _BLANKS_CAP

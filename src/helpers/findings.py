"""State a finding once: shown as a sentence, kept as data, and repeated at the top of its notebook."""

import csv
import html
import math
import re
from dataclasses import asdict, dataclass
from functools import lru_cache
from string import Formatter

from helpers import paths
from helpers.errors import DataError
from helpers.wording import format_number

KEY = "sidedoor_finding"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]#!|~$])")


@dataclass(frozen=True)
class Finding:
    """One computed statement.

    Attributes
    ----------
    id
        Short name, unique in an edition.
    sentence
        The statement as text, numbers included.
    value, low, high
        The figure and the bounds that its sources allow, in `unit`; a bound is None where none is stated, or
        where the sources set no limit on that side.
    unlimited
        Sides (`low`, `high`) on which the sources set no limit: "at least 80" has no upper bound.
    unit
        What is counted.
    sources, pages
        Names of sources in the table `sources`, and pages of them that the figure is from, where known.
    simulated
        True where the figure comes from invented data; the sentence then says so.
    """

    id: str
    sentence: str
    value: float
    low: float | None
    high: float | None
    unlimited: tuple[str, ...]
    unit: str
    sources: tuple[str, ...]
    pages: dict[str, tuple[str, ...]]
    simulated: bool

    def _repr_mimebundle_(self, include=None, exclude=None):
        kind = "Method check" if self.simulated else "Finding"
        shown = f"**{kind}.** {escape_markdown(self.sentence)}"
        pages = {source: list(pages) for source, pages in self.pages.items()}
        lists = {"sources": list(self.sources), "unlimited": list(self.unlimited), "pages": pages}
        return {"text/markdown": shown, "text/plain": f"{kind}: {self.sentence}"}, {KEY: asdict(self) | lists}


class Summary:
    """The box "In short" at the top of a notebook: empty when the run begins, filled by its last cells.

    Display it in the first code cell and call `fill` once the findings are computed; Jupyter then changes
    what the first cell shows, so no sentence at the top of a notebook is typed.
    """

    def __init__(self):
        self._handle = None

    def _ipython_display_(self):
        from IPython.display import Markdown, display

        text = Markdown("*The answers appear here when the notebook has run.*")
        self._handle = display(text, display_id=True)

    def fill(self, *findings: "Finding") -> None:
        """Show one to four findings at the top, in the order given."""
        if not 1 <= len(findings) <= 4:
            raise DataError("In short", f"{len(findings)} findings", "Give one to four.")
        lines = "\n".join(f"- {escape_markdown(finding.sentence)}" for finding in findings)
        if self._handle is not None:
            from IPython.display import Markdown

            self._handle.update(Markdown(lines))


def escape_markdown(text: str) -> str:
    """Make text from data harmless in Markdown and HTML: no markup in it takes effect."""
    return _MARKDOWN.sub(r"\\\1", html.escape(str(text), quote=False))


def state_finding(
    id: str,
    sentence: str,
    *,
    value: float,
    unit: str,
    sources,
    low: float | None = None,
    high: float | None = None,
    simulated: bool = False,
    opening: str = "",
    **values,
) -> Finding:
    """State one finding from computed values.

    Parameters
    ----------
    id
        Short name in kebab-case, unique in an edition.
    sentence
        Template with named fields (`{value}`, `{low}`, or any name in `values`). It may contain no digit of
        its own, so no number in a finding can be typed. Fields without a format of their own are written by
        `format_number`; text is taken as it is.
    value, unit, low, high
        The figure, its unit, and its bounds: None where none is stated, infinite where the sources set no
        limit.
    sources
        What the figure rests on: names of sources, or rows of fact tables (a frame with the columns
        `source_id` and `page`), which carry their pages along.
    simulated
        True where it comes from invented data: the sentence must then say "simulated".
    opening
        Words before the sentence, such as those by which a notebook that runs on any data says that these
        are simulated, or names the log. It is taken as it is.
    values
        Further values that the sentence uses.

    Returns
    -------
    Finding, which a notebook shows as Markdown and the runner collects into `findings.json`.

    Raises
    ------
    DataError
        A typed digit, an unknown field, no source, only weak sources, a value that is no number or outside
        its bounds, or simulated data not called so.
    """
    place = f"finding `{id}`"
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id):
        raise DataError(place, "the id is not kebab-case", "Use lower-case words joined by hyphens.")
    if any(re.search(r"\d", literal) for literal, *_ in Formatter().parse(sentence)):
        raise DataError(place, "a digit is typed in the sentence", "Pass every number as a named value.")
    # the opening comes from data: the name of a log may hold digits and braces
    sentence = opening.replace("{", "{{").replace("}", "}}") + sentence
    named, pages = _list_sources(sources)
    if not named:
        raise DataError(place, "no source is named", "Name at least one source_id.")
    if set(named) <= _list_weak_sources():
        found = f"it rests only on {', '.join(named)}: written by a machine, copied, or retold"
        way_out = "Cite a source without a word in the column weak_as of sources.csv, or state nothing."
        raise DataError(place, found, way_out, code="weak-sources")
    if not math.isfinite(value):
        raise DataError(place, f"the value is {value}", "State a finding only from a finite figure.")
    if simulated and "simulated" not in sentence.lower():
        found = "it rests on simulated data without saying so"
        raise DataError(place, found, "Call the data simulated in the sentence.")
    bounds = {"low": low, "high": high}
    unlimited = tuple(side for side, bound in bounds.items() if bound is not None and math.isinf(bound))
    low, high = (None if bound is None or math.isinf(bound) else _plain(bound) for bound in (low, high))
    if (low is not None and value < low) or (high is not None and value > high):
        found = f"the value {value} is outside its bounds {low} to {high}"
        raise DataError(place, found, "Correct the bounds.")
    fields = {"value": value, **bounds, "unit": unit, **values}
    try:
        text = _Sentence().format(sentence, **fields)
    except (KeyError, IndexError) as missing:
        raise DataError(place, f"the sentence asks for {missing}", "Pass it as a named value.") from None
    return Finding(id, text, _plain(value), low, high, unlimited, unit, named, pages, simulated)


def _list_sources(sources) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """List sources in order of first mention, and the pages that rows of fact tables name."""
    if not hasattr(sources, "columns"):
        named = (str(source) for source in sources if isinstance(source, str) and source)
        return tuple(dict.fromkeys(named)), {}
    pages: dict[str, dict[str, None]] = {}
    for source, page in zip(sources["source_id"], sources["page"], strict=True):
        kept = pages.setdefault(source, {})
        if isinstance(page, str) and page:
            kept[page] = None
    return tuple(pages), {source: tuple(kept) for source, kept in pages.items() if kept}


@lru_cache(maxsize=1)
def _list_weak_sources() -> frozenset[str]:
    """List the sources of the collection on which no finding may rest alone."""
    with (paths.FACTS / "sources.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["source_id"] for row in csv.DictReader(file) if row["weak_as"])


class _Sentence(Formatter):
    """Formats numbers without a format of their own as people write them; reaches into no object."""

    def get_field(self, field_name, args, kwargs):
        return kwargs[field_name], field_name

    def format_field(self, value, format_spec):
        if value is None:
            return "no limit"
        if not format_spec and not isinstance(value, str):
            return format_number(value)
        return super().format_field(value, format_spec)


def _plain(number: float) -> int | float:
    """Turn NumPy and pandas numbers into what JSON writes the same everywhere."""
    number = float(number)
    return int(number) if number.is_integer() else round(number, 10)

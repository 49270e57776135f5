"""State a finding once: shown as a sentence, kept as data."""

import html
import math
import re
from dataclasses import asdict, dataclass
from string import Formatter

from helpers.errors import DataError

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
        The figure and the bounds that its sources allow, in `unit`; a bound is None where nothing limits it.
    unit
        What is counted.
    sources
        Names of sources in the table `sources`.
    pages
        Pages of them that the figure stands on, by source, where they are known.
    simulated
        True where the figure comes from invented data; the sentence then says so.
    """

    id: str
    sentence: str
    value: float
    low: float | None
    high: float | None
    unit: str
    sources: tuple[str, ...]
    pages: dict[str, tuple[str, ...]]
    simulated: bool

    def _repr_mimebundle_(self, include=None, exclude=None):
        shown = f"**Finding.** {escape_markdown(self.sentence)}"
        pages = {source: list(pages) for source, pages in self.pages.items()}
        data = asdict(self) | {"sources": list(self.sources), "pages": pages}
        return {"text/markdown": shown, "text/plain": f"Finding: {self.sentence}"}, {KEY: data}


def escape_markdown(text: str) -> str:
    """Make text from data harmless in Markdown and HTML: no markup in it takes effect."""
    return _MARKDOWN.sub(r"\\\1", html.escape(str(text), quote=False))


def format_number(number: float) -> str:
    """Write a number for a sentence: thousands separated, at most four significant digits after rounding fractions."""
    if isinstance(number, float) and not math.isfinite(number):
        return "without bound"
    if float(number).is_integer():
        return f"{int(number):,}"
    digits = max(0, 3 - math.floor(math.log10(abs(number)))) if number else 0
    text = f"{number:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


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
        Template with named fields (`{value}`, `{low}`, or any name in `values`). It may hold no digit of its
        own, so no number in a finding can be typed. Fields without a format of their own are written by
        `format_number`; text is taken as it is.
    value, unit, low, high
        The figure, its unit, and its bounds; an infinite bound is kept as none.
    sources
        What the figure rests on: names of sources, or rows of fact tables (a frame with the columns `source_id`
        and `page`), which carry their pages along.
    simulated
        True where it comes from invented data: the sentence must then say "simulated".
    opening
        Words before the sentence, such as those by which a notebook that runs on any data says that these are simulated.
    values
        Further values that the sentence uses.

    Returns
    -------
    Finding, which a notebook shows as Markdown and the runner collects into `findings.json`.

    Raises
    ------
    DataError
        A typed digit, an unknown field, no source, a value that is no number, or simulated data not called so.
    """
    place, sentence = f"finding `{id}`", f"{opening}{sentence}"
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id):
        raise DataError(place, "the id is not kebab-case", "Use lower-case words joined by hyphens.")
    if any(re.search(r"\d", literal) for literal, *_ in Formatter().parse(sentence)):
        raise DataError(place, "a digit is typed in the sentence", "Pass every number as a named value.")
    named, pages = _list_sources(sources)
    if not named:
        raise DataError(place, "no source is named", "Name at least one source_id.")
    if not math.isfinite(value):
        raise DataError(place, f"the value is {value}", "State a finding only from a finite figure.")
    if simulated and "simulated" not in sentence.lower():
        raise DataError(
            place, "it rests on simulated data without saying so", "Call the data simulated in the sentence."
        )
    low, high = (None if bound is None or math.isinf(bound) else _plain(bound) for bound in (low, high))
    fields = {"value": value, "low": low, "high": high, "unit": unit, **values}
    try:
        text = _Sentence().format(sentence, **fields)
    except (KeyError, IndexError) as missing:
        raise DataError(place, f"the sentence asks for {missing}", "Pass it as a named value.") from None
    return Finding(id, text, _plain(value), low, high, unit, named, pages, simulated)


def _list_sources(sources) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """List sources in order of first mention, and the pages that rows of fact tables name."""
    if not hasattr(sources, "columns"):
        return tuple(
            dict.fromkeys(str(source) for source in sources if isinstance(source, str) and source)
        ), {}
    pages: dict[str, dict[str, None]] = {}
    for source, page in zip(sources["source_id"], sources["page"], strict=True):
        kept = pages.setdefault(source, {})
        if isinstance(page, str) and page:
            kept[page] = None
    return tuple(pages), {source: tuple(kept) for source, kept in pages.items() if kept}


class _Sentence(Formatter):
    """Formats numbers without a format of their own the house way; reaches into no object."""

    def get_field(self, field_name, args, kwargs):
        return kwargs[field_name], field_name

    def format_field(self, value, format_spec):
        if value is None:
            return "without bound"
        if not format_spec and not isinstance(value, str):
            return format_number(value)
        return super().format_field(value, format_spec)


def _plain(number: float) -> int | float:
    """Turn NumPy and pandas numbers into what JSON writes the same everywhere."""
    number = float(number)
    return int(number) if number.is_integer() else round(number, 10)

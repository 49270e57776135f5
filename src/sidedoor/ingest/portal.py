"""Reads a page of Flock's transparency portal: saved as a web page, printed to PDF, or copied as text.

What it shows are a date, figures, and often the organizations that an agency shares its data with, or that
share theirs with it. What is not on the page is reported as not published.
"""

import re
from collections import Counter

import pandas as pd

from helpers.agencies.check import looks_like_agency
from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest import portal_page as page
from sidedoor.ingest.decode import find_encoding
from sidedoor.ingest.headers import check_day
from sidedoor.ingest.lists import ask_for, build_row, close_tables
from sidedoor.ingest.pdf import read_pages, warn_unseen
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import peek_text
from sidedoor.ingest.volumes import read_figure, state_dates

KINDS = ("html", "text", "pdf")
FAMILY = "Flock transparency portal page"
FORMS = {"html": "saved web page", "pdf": "printed to PDF", "text": "copied as text"}
NAME_CHARS = 120
# So many names of agencies below a heading that is not known are a list.
UNKNOWN = 5
_SENTENCE = re.compile(r"(?!Dept|Corp)\b\w{4,}\.(?: [A-Z]|$)")


def recognize(source: Source) -> Match | None:
    """Recognize a portal page by its title, and by its date and headings.

    Raises
    ------
    IngestError
        A web page that is none: what it seems to be, and what to do.
    """
    title = page.load_page()["title"]
    if source.kind == "text" and title.casefold() not in peek_text(source).casefold():
        return None
    blocks = page.read_blocks(source)
    known = [block.text for block in blocks if page.read_heading(block)[0]]
    is_page = page.find_title(blocks) and len(known) >= (3 if page.find_date(blocks) < 0 else 1)
    if source.kind == "html" and (not is_page or source.cache["page"]["is_translated"]):
        raise _refuse_page(source)
    if not is_page:
        return None
    why = f"the title {title!r}, a date of its update, and {known[0][:60]!r}"
    return Match(FAMILY, FORMS[source.kind], why, 0.98)


def _refuse_page(source: Source) -> IngestError:
    """Say what a web page is that is no portal, or none that can be read."""
    told, others = source.cache["page"], page.load_page()["other_pages"]
    other = next(one for one in others if told.get(one.get("flag")) or re.search(one["title"], told["title"]))
    return IngestError(f"{source.name}, line 1", other["found"], other["way_out"], code=other["code"])


def read(source: Source, options: ReadOptions) -> Reading:
    """Read a portal page.

    Returns
    -------
    Reading with the table `sharing`, if the page prints a list, and `volumes`, each with the page's own date.
    A list that the page does not print is `not published` in the report's details, which is not the same as
    sharing with nobody.

    Raises
    ------
    IngestError
        The page prints no date, or no name of its agency, or a list without saying which way its data flows,
        and nobody said.
    """
    match = recognize(source)
    if match is None:
        found = "no page of a transparency portal"
        raise IngestError(source.name, found, "Save the whole page.", code="no-portal")
    source.cache["vendor prints agencies"] = True
    blocks = page.read_blocks(source)
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    agency, day = _read_head(blocks, source, options, report)
    base = {"reported_by": agency, "source_id": options.source_id or source.id}
    entries = page.find_entries(blocks)
    lists = _settle_lists(blocks, entries, source, options)
    names = _read_lists(lists, base | {"as_of": day}, options, report)
    figures = _read_figures(entries, base, day, report)
    if source.kind == "text":
        find_encoding(source).describe(report)
    if source.kind == "pdf":
        warn_unseen(read_pages(source), report)
    if source.kind == "html" and source.cache["page"]["has_download"]:
        report.note("download", "The page offers a file, such as its search audit; give that file itself.")
    return close_tables(report, ({"sharing": names} if names else {}) | {"volumes": figures})


def _read_head(
    blocks: list[page.Block], source: Source, options: ReadOptions, report: Report
) -> tuple[str, str]:
    """Read whose page it is, and its day: `Last Updated` and what stands above the title."""
    title, known = page.find_title(blocks), page.load_page()["title"]
    beside = re.split(re.escape(known), title.text, flags=re.I)[0].removeprefix("Flock Safety - ").strip()
    above = [block.text for block in blocks[: blocks.index(title)]]
    names = (text for text in (beside, *reversed(above)) if text and known.casefold() not in text.casefold())
    printed = next(names, "")
    printed = printed if len(printed) <= NAME_CHARS else ""
    at = page.find_date(blocks)
    day = _read_day(" ".join(block.text for block in blocks[at : at + 2])) if at >= 0 else None
    found = {"reported_by": printed, "as_of": day}
    for option, on_page in found.items():
        given = getattr(options, option)
        if not on_page and not given:
            raise ask_for(option, source.name)
        if on_page and given and given != on_page:
            code = "other-agency" if option == "reported_by" else "other-date"
            report.warn(code, f"The page prints {on_page!r}, not what was given; it was followed.")
        found[option] = on_page or given
    check_day(found["as_of"])
    report.details |= {"agency": found["reported_by"], "as_of": found["as_of"]}
    return found["reported_by"], found["as_of"]


def _read_day(text: str) -> str | None:
    """Read the date behind `Last Updated`; the portals are American, so that 4/5 is in April."""
    known = page.load_page()
    found = re.search(known["day"], re.split(known["updated"], text, maxsplit=1)[-1].strip())
    day = pd.to_datetime(found["day"], errors="coerce") if found else pd.NaT
    return None if pd.isna(day) else day.date().isoformat()


def _settle_lists(
    blocks: list[page.Block], entries: list[page.Entry], source: Source, options: ReadOptions
) -> list[page.Entry]:
    """Return the lists; which way the data flows where a heading does not say it, a person has said."""
    lists = [one for one in entries if one.field in page.LISTS]
    lists += [one for one in entries if one.field == "unclear" and _count_agencies(one.blocks)]
    used = {id(block) for entry in lists for block in page.cut_list(entry.blocks)}
    unknown = (run for run in _list_runs(blocks, used) if _count_agencies(run) >= UNKNOWN)
    lists += [page.Entry("unclear", "", blocks=run) for run in unknown]
    asked = [one for one in lists if one.field == "unclear"]
    given = (options.section or "").split(",")
    if asked and (len(given) not in (1, len(asked)) or not set(given) <= set(page.LISTS)):
        count = _count_agencies(asked[0].blocks)
        where = f"{asked[0].heading!r}, which" if asked[0].heading else "a heading that"
        found = f"a list of {say_number(count, 'name')} below {where} does not say which way its data flows"
        way_out = "Say it: --section detections_shared, or detections_received; one for each list, by commas."
        raise IngestError(source.name, found, way_out, code="unknown-list", asks_for="section")
    for entry, section in zip(asked, given * len(asked), strict=False):
        entry.field = section
    return lists


def _list_runs(blocks: list[page.Block], used: set[int]) -> list[list[page.Block]]:
    """List what may be a list below a heading that is not known: paragraphs, and cells in a row."""
    runs: list[list[page.Block]] = [[]]
    for block in blocks:
        is_none = id(block) in used or page.is_prose(block.text) or page.find_field(block.text)
        is_whole = not block.is_line and "," in block.text  # names between commas in one block
        if is_none or is_whole or not (block.is_next or block.is_cell):
            runs.append([])
        if not is_none:
            runs[-1].append(block)
        if is_whole:
            runs.append([])
    return runs


def _count_agencies(blocks: list[page.Block]) -> int:
    """Count the names of a list of agencies; 0 if most of what it holds look like none, or it is prose."""
    if not blocks or _SENTENCE.search(" ".join(block.text for block in blocks)):
        return 0
    names = [name.text for name in page.read_names(blocks)]
    described = page.load_page()["instead"]["described"]["pattern"]
    agencies_n = sum(looks_like_agency(text) and not re.fullmatch(described, text, re.I) for text in names)
    return len(names) if agencies_n >= 0.7 * len(names) else 0


def _read_lists(lists: list[page.Entry], base: dict, options: ReadOptions, report: Report) -> list[dict]:
    rows: list[dict] = []
    told = report.details["lists"] = {
        section: {"names": 0, "status": "not published"} for section in page.LISTS
    }
    for entry in lists:
        part = told[entry.field]
        blocks, printed_n = _drop_controls(entry)
        names = page.read_names(blocks)
        instead = _find_instead(entry, blocks, names, options)
        if instead:
            if page.load_page()["instead"][instead]["is_skipped"]:
                report.put_aside(entry.heading, instead, code=instead.replace(" ", "-"))
            part["status"] = part["status"] if part["names"] else instead
            continue
        _report_names(entry.field, names, len(rows) + 1, printed_n, report)
        for row_no, name in enumerate(names, len(rows) + 1):
            row = build_row(entry.field, base["reported_by"], name.text)
            rows.append(base | row | {"doubt": name.doubt, "row_no": row_no})
        part |= {"names": part["names"] + len(names), "status": "printed"}
    for section, part in told.items():
        if status := page.load_page()["instead"].get(part["status"]):
            report.warn(part["status"].replace(" ", "-"), f"{section}: {part['status']}; {status['says']}")
    shown = ", ".join(f"{section} {part['names']:,}" for section, part in told.items() if part["names"])
    if shown:
        report.note("names", f"Names by list: {shown}. A list is a setting on one day, not a record of use.")
    return rows


def _drop_controls(entry: page.Entry) -> tuple[list[page.Block], int | None]:
    """Drop what stands beside names to page through them.

    Returns
    -------
    The other blocks, and the number of names that the page says there are; -1 if it says that there are more.
    """
    known, kept = page.load_page(), []
    found = re.search(r"\((\d+)\)$", entry.heading)
    printed_n = int(found[1]) if found else None
    for block in entry.blocks:
        if block.is_cell:
            kept.append(block)
        elif found := re.fullmatch(known["partly"], block.text):
            printed_n = int(found["all"].replace(",", "")) if found["all"] else -1
        elif not re.fullmatch(known["controls"], block.text):
            kept.append(block)
    return kept, printed_n


def _find_instead(
    entry: page.Entry, blocks: list[page.Block], names: list[page.Name], options: ReadOptions
) -> str:
    """Find what stands below the heading in place of a list; nothing where a list does."""
    whole = " ".join(block.text for block in blocks)
    agencies_n = sum(looks_like_agency(name.text) for name in names)
    for status, known in page.load_page()["instead"].items():
        is_said_above = status == "says none" and len(names) <= 1
        texts = (entry.heading, entry.about, whole) if is_said_above else (whole,)
        # what stands below a list may say what is not shared, and is not said of the list
        is_few = len(names) <= known["names_n"] and not (status == "says none" and agencies_n > 2)
        if is_few and any(re.fullmatch(known["pattern"], text, re.I) for text in texts):
            return status
    is_list = len(names) > 2 or options.confirm_agencies
    return "" if is_list or agencies_n else "no agencies"


def _report_names(
    section: str, names: list[page.Name], first: int, printed_n: int | None, report: Report
) -> None:
    for doubt in ("comma", "line"):
        doubtful = [str(at) for at, name in enumerate(names, first) if name.doubt == doubt]
        if doubtful:
            said = f"{say_number(len(doubtful), 'name')} may be parted or joined wrongly at a {doubt}"
            report.warn(doubt, f"{section}: {said}: row {', '.join(doubtful[:20])}.")
    if printed_n is not None and printed_n != len(names):
        said = f"{printed_n:,}" if printed_n >= 0 else "more"
        found = f"{section}: {len(names):,} names were read, and the page says that there are {said}."
        report.warn("incomplete", f"{found} Show all of them, and save it again.")
    if twice_n := sum(count > 1 for count in Counter(name.text for name in names).values()):
        said = say_number(twice_n, "name stands", "names stand")
        report.warn("twice", f"{section}: {said} there more than once; each row is kept.")


def _read_value(blocks: list[page.Block]) -> tuple[float | None, str]:
    """Read the figure below a heading; without one, a code for what stands there."""
    known = page.load_page()
    texts = [block.text for block in blocks[:3]]
    at = next((at for at, text in enumerate(texts[:2]) if page.NUMBER.fullmatch(text)), None)
    if at is None:
        return None, "unavailable" if texts and re.fullmatch(
            known["instead"]["unavailable"]["pattern"], texts[0], re.I
        ) else "no-figure"
    found = page.NUMBER.fullmatch(texts[at])
    if found["unit"]:
        is_plain = re.fullmatch(known["units"], found["unit"])
    else:
        is_plain = not re.fullmatch(known["other_units"], "".join(texts[at + 1 : at + 2]))
    return read_figure(found["number"]) if is_plain else None, "no-figure"


def _read_figures(entries: list[page.Entry], base: dict, day: str, report: Report) -> list[dict]:
    """Read the figures, each with its period: the days that its heading names, or the day of the page."""
    rows = []
    for entry in (entry for entry in entries if entry.field in page.FIGURES):
        number, code = _read_value(entry.blocks)
        if number is None:
            report.put_aside(entry.heading, "no figure in plain digits", code=code)
            continue
        start = end = day
        if entry.field in ("detections", "hits", "searches"):
            found = re.search(page.load_page()["period"], f"{entry.heading} {entry.about}", re.I)
            start, end = state_dates(day, int(found[1]) if found else 30)
            if not found:
                report.note("period", f"{entry.heading}: no period is printed; portals count 30 days.")
        more = {"measure": entry.field, "value": number, "scope": entry.heading}
        rows.append(base | more | {"period_start": start, "period_end": end})
    report.details["figures"] = dict(Counter(row["measure"] for row in rows))
    missing = [name for name in page.FIGURES if name not in {entry.field for entry in entries}]
    if missing:
        report.note("missing", f"Not on the page: {', '.join(missing)}.")
    return rows

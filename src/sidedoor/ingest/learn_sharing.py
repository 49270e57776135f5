"""Reads the Agency Data Sharing Report of Vigilant LEARN, later VehicleManager: who shares with whom.

Four lists, found by their headings and sentences, with names in two columns or in the three columns Agency,
City and State. Every printed name becomes one row, in the order in which it is read; names are kept as
printed.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

from helpers.canonical import build_table
from helpers.errors import IngestError
from helpers.paths import FACTS
from helpers.wording import say_number
from sidedoor.ingest._learn_form import Footer, check_pages, load_form, read_footer, squeeze
from sidedoor.ingest._learn_lists import Record, Section, cut_page, find_heading, find_sections, read_sections
from sidedoor.ingest.lists import build_row
from sidedoor.ingest.pdf import Page, build_lines, read_pages, warn_unseen
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source

KINDS = ("pdf",)
# More lines before the first heading than a cover page has; more names than a report has.
BEFORE, NAMES_CAP = 10, 4_000
# Letters of a name that is long enough to be compared; of two that are shorter than twice this, one may
# differ.
SHORT = 6


def recognize(source: Source) -> Match | None:
    """Return what the report is by its title and the sentences over its lists."""
    form, pages = load_form()["sharing"], read_pages(source)
    texts = [squeeze(page.text) for page in pages]
    has_title = any(form["title_squeezed"] in text for text in texts)
    sentences_n = sum(any(tail in text for text in texts) for tail in form["sentences"].values())
    if not sentences_n and not (has_title and _has_heading(pages)):
        return None
    layouts = (
        row["form"] for row in load_form()["products"] if any(row["squeezed"] in text for text in texts)
    )
    layout = next(layouts, "layout of an unknown year")
    kind = "scan with an OCR layer" if any(page.is_scan for page in pages) else "text PDF"
    why = f"it has the sentences over {sentences_n} of its 4 lists" + (", and its title" if has_title else "")
    name = f"{form['title']}, {layout}, {kind}"
    return Match(load_form()["family"], name, why, 1.0 if sentences_n else 0.8)


def _has_heading(pages: list[Page]) -> bool:
    return any(find_heading(line.text) for page in pages for line in build_lines(page))


def read(source: Source, options: ReadOptions) -> Reading:
    """Read a sharing report.

    Returns
    -------
    Reading with the table `sharing`. An arrow goes from the agency that owns data to the one that may read
    it: from the reporting agency to a name that it shares with, to the reporting agency from a name that it
    receives from. Agency ids stay empty: resolving names is a step of its own. A name that OCR read is marked
    as such (`doubt`).

    Raises
    ------
    IngestError
        No list is found, the reporting agency is named nowhere, or a date is none.
    """
    match = recognize(source)
    if match is None:
        raise IngestError(source.name, "no Agency Data Sharing Report", "Give the PDF as LEARN wrote it.")
    source.cache["vendor prints agencies"] = True
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    pages = []
    for page in read_pages(source):
        if _is_dashboard(page):
            text = f"Page {page.number} belongs to a Dashboard report and was not read: split the PDF."
            report.warn("dashboard", text)
        else:
            pages.append(page)
    bodies, margins = zip(*map(cut_page, pages), strict=True)
    footers = {}
    for page, margin in zip(pages, margins, strict=True):
        place = f"{source.name}, page {page.number}"
        footers[page.number] = read_footer("\n".join(margin), place, options.day_first)
    dates = {number: footer.created for number, footer in footers.items()}
    sections, before = find_sections(bodies, dates, options.section)
    if len(before) > BEFORE:
        found = f"{len(before)} lines before the first heading: the file begins inside a list"
        way_out = "Say which list it is: --section detections_received, for example."
        raise IngestError(source.name, found, way_out, code="section", asks_for=("section",))
    if not sections:
        way_out = "Give the whole report, or a scan with a better OCR layer."
        raise IngestError(source.name, "none of the four lists", way_out)
    _settle_heads(sections, footers, options, report)
    records = read_sections(sections)
    scans = {page.number for page in pages if page.is_scan}
    source_id = options.source_id or source.id
    rows = [_build_row(record, source_id, scans) for record in records if not record.reason]
    table = build_table("sharing", rows)
    report.set_aside += before
    report.rows_in, report.rows_out = len(before) + len(table), len(table)
    warn_unseen(pages, report)
    _report_margins(pages, margins, report)
    _report_records(records, report)
    _report_sections(sections, records, report)
    if scans:
        _report_slips(records, report)
    days = sorted({row["as_of"] for row in rows if row["as_of"]})
    report.span = {"sharing": [days[0], days[-1]] if days else [None, None]}
    report.check()
    return Reading({"sharing": table}, report)


def _is_dashboard(page: Page) -> bool:
    head = squeeze(" ".join(word.text for word in page.words if word.top < 0.25 * page.height))
    return "dashboard" in head and load_form()["sharing"]["title_squeezed"] not in head


def _settle_heads(
    sections: list[Section], footers: dict[int, Footer], options: ReadOptions, report: Report
) -> None:
    """Say of each list whose it is and of what day, and check that no page is missing."""
    named = Counter(section.reporter for section in sections if section.reporter)
    usual = named.most_common(1)[0][0] if named else options.reported_by
    if usual is None:
        way_out = "Name it as it would be printed: --reported-by 'AGENCY'."
        found = "no legible name of the agency whose report it is"
        raise IngestError(report.file, found, way_out, code="agency", asks_for="reported_by")
    if not named:
        report.note("agency-given", "The report names its agency nowhere legibly; the given name was taken.")
    elif options.reported_by and options.reported_by not in named:
        text = f"The report names {usual!r} as its agency, not the one given; it was followed."
        report.warn("other-agency", text)
    if len(named) > 1:
        text = f"The sentences over the lists name {len(named)} agencies; each list keeps its own."
        report.warn("agencies", text)
    created = Counter(footer.created for footer in footers.values() if footer.created)
    if not created:
        way = f"{options.as_of}, as given, was taken" if options.as_of else "give it with --as-of"
        asks_for = "" if options.as_of else "as_of"
        report.warn("no-date", f"The report prints no legible date: {way}.", asks_for)
    elif options.as_of and options.as_of not in created:
        text = f"The report is dated {min(created)}, not {options.as_of}; it was followed."
        report.warn("other-date", text)
    if len(created) > 1:
        report.warn("dates", f"Its pages are dated differently: {', '.join(sorted(created))}.")
    day = created.most_common(1)[0][0] if created else options.as_of
    for section in sections:
        section.reporter = section.reporter or usual
        section.created = section.created or day
    check_pages(footers.items(), report)
    report.details["agency"] = usual
    report.details["pages"] = [[at, footer.number, footer.of] for at, footer in footers.items()]


def _build_row(record: Record, source_id: str, scans: set[int]) -> dict:
    section = record.section
    return build_row(section.name, section.reporter, record.name) | {
        "hot_list": record.hot_list,
        "city_as_printed": record.city,
        "state_as_printed": record.state,
        "doubt": "ocr" if record.page in scans else None,
        "as_of": section.created,
        "source_id": source_id,
        "page": record.page,
        "row_no": record.row_no,
    }


# Why a name is in no row, and what is said of names that are.
REASONS = {
    "glued": "two cells printed without a space between them, and no one place where they part",
    "says-none": "the word None beside names",
    "unreadable": "a letter of which the PDF does not say which it is",
    "no-letter": "no letter in it",
    "noise": "noise of the OCR layer, no name",
    "no-state": "names without a state between them",
    "no-agency": "a city, state or hot list without an agency",
}
REMARKS = {
    "alone": "stand alone in a row of two, so that one beside each may be lost",
    "no-place": "have no city and state beside them",
    "rest": "may be the rest of a name at the end of the page before",
    "pool": "are the vendor's pool, whose members are not printed",
    "demo": "look like accounts of the vendor or for demonstrations; they are kept",
    "inactive": "are marked as inactive: kept, and not counted as able to search",
    "twice": "are printed more than once in their list; each is counted",
}
_WARNED = ("alone", "no-place", "rest", "twice")


def _report_margins(pages: list[Page], margins: Iterable[list[str]], report: Report) -> None:
    """Account for what stands in heads and feet of few pages; it may be a name, and is not repeated."""
    known = load_form()["sharing"]["margin"]
    odd = [
        {
            line
            for line in margin
            if any(re.search(r"[^\W\d_]", word) and squeeze(word) not in known for word in line.split())
        }
        for margin in margins
    ]
    times = Counter(line for lines in odd for line in lines)
    for page, lines in zip(pages, odd, strict=True):
        count = sum(times[line] < max(2, len(pages) / 2) for line in lines)
        report.put_aside(f"page {page.number}", "a line in the head or foot of the page", count, "margin")


def _report_records(records: list[Record], report: Report) -> None:
    """Account for names that are in no row, and say by their numbers what is to be known of others."""
    form = load_form()["sharing"]
    demo = re.compile("|".join(form["demo"]), re.I)
    keys = [(one.section.name, one.name, one.hot_list, one.city) for one in records]
    counts = Counter(keys)
    told: dict[str, list[int]] = {}
    for one, key in zip(records, keys, strict=True):
        if one.reason:
            place = f"page {one.page}, row {one.row_no}"
            report.put_aside(place, REASONS[one.reason], one.names_n, one.reason)
            continue
        kinds = {
            one.remark: one.remark,
            "demo": demo.search(one.name),
            "inactive": re.search(form["inactive"], one.name, re.I),
            "twice": counts[key] > 1,
        }
        for kind in (kind for kind, is_so in kinds.items() if is_so):
            told.setdefault(kind, []).append(one.row_no)
    for kind, rows in told.items():
        text = f"{say_number(len(rows), 'name')} {REMARKS[kind]}: row {_say_first(map(str, rows))}."
        (report.warn if kind in _WARNED else report.note)(kind, text)
    report.details["rows_told"] = told


def _say_first(shown: Iterable[str]) -> str:
    """Return the first twenty of a list, and how many more there are."""
    shown = list(shown)
    more = f" and {len(shown) - 20:,} more (report.json)" if len(shown) > 20 else ""
    return ", ".join(shown[:20]) + more


def _report_sections(sections: list[Section], records: list[Record], report: Report) -> None:
    """Report the counts of each list, and lists that are odd or not there."""
    counts: dict[str, dict] = {}
    for section in sections:
        own = [record for record in records if record.section is section and not record.reason]
        new = {"names": 0, "pages": [], "columns": section.columns_n, "says_none": False}
        part = counts.setdefault(section.name, new)
        part["names"] += len(own)
        part["pages"] = sorted({*part["pages"], *(record.page for record in own)})
        part["says_none"] = part["says_none"] or section.is_empty
        if section.columns_n == 1 and len(own) > 3:
            text = "was read as one column; if the page shows two, names have run together"
            report.warn("one-column", f"The list {section.name} {text}.")
        if section.is_empty == bool(own):
            text = "says None and holds names" if own else "holds no name, and does not say None"
            report.warn("none", f"The list {section.name} {text}.")
    for name in load_form()["sharing"]["headings"]:
        if name not in counts:
            report.warn("no-list", f"The list {name} is not in the file.")
    report.details["sections"] = counts
    shown = ", ".join(f"{name.replace('_', ' ')} {part['names']:,}" for name, part in counts.items())
    report.note("names", f"Names by list: {shown}.")


def _report_slips(records: list[Record], report: Report) -> None:
    """Report names that are nearly one known from elsewhere: OCR may have misread them. None is changed."""
    kept = [record for record in records if not record.reason]
    lists: dict[str, set[str]] = {}
    for record in kept:
        lists.setdefault(record.name, set()).add(record.section.name)
    near = find_near_names(lists)
    slips = [[one.page, one.row_no, one.name, near[one.name]] for one in kept if one.name in near]
    if slips:
        shown = _say_first(f"page {page} row {row_no}" for page, row_no, *_ in slips)
        said = say_number(len(slips), "name is", "names are")
        text = f"{said} nearly one that is known from elsewhere, so that OCR may have misread them; they are "
        report.warn("slips", f"{text}kept as read. Look at {shown}.")
    report.details["slips"] = slips


def find_near_names(lists: dict[str, set[str]]) -> dict[str, str]:
    """Return for each name, if it is not known from elsewhere, the one that is nearly alike and is.

    Nearly alike are names that differ by one or two letters. Known are those of the facts' text PDFs and, by
    name, those of other lists of the report (`lists`).
    """
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import extract

    known = _load_known_names()
    usual = [name for name in {*known, *lists} if len(squeeze(name)) >= SHORT]
    squeezed = [squeeze(name) for name in usual]
    found: dict[str, str] = {}
    for one in [name for name in lists if name not in known and len(squeeze(name)) >= SHORT][:NAMES_CAP]:
        near = []
        for _, steps, at in extract(
            squeeze(one), squeezed, scorer=Levenshtein.distance, score_cutoff=2, limit=None
        ):
            other = usual[at]
            on = lists.get(other, set())
            is_elsewhere = other in known or (not lists[one] & on and len(lists[one]) <= len(on))
            if is_elsewhere and _may_be_one(one, other, steps):
                near.append((steps, Levenshtein.distance(one, other), other.isupper(), other))
        if near:
            found[one] = min(near)[-1]
    return found


def _may_be_one(one: str, other: str, steps: int) -> bool:
    """Say whether two names that differ by so many letters may be one: not if a number or state differs."""
    known = set(load_form()["sharing"]["states"])
    states = [known & set(re.findall(r"\(([A-Z]{2})\)", name)) for name in (one, other)]
    digits = [re.sub(r"\D", "", name) for name in (one, other)]
    is_same = one.casefold() == other.casefold() or (all(states) and states[0] != states[1])
    is_short = min(len(squeeze(one)), len(squeeze(other))) < 2 * SHORT
    return not is_same and digits[0] == digits[1] and steps <= (1 if is_short else 2)


@cache
def _load_known_names() -> frozenset[str]:
    """Return the names of the lists in the facts, corrected where they were misread."""
    import pandas as pd

    columns = ["name_as_printed", "name_corrected"]
    names = pd.read_csv(FACTS / "sharing_lists.csv", dtype="str", usecols=columns)
    return frozenset(names["name_corrected"].fillna(names["name_as_printed"]).dropna())

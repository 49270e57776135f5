"""Reads the Agency Data Sharing Report of Vigilant LEARN, later VehicleManager: who shares with whom.

Four lists, found by their headings and sentences, with names in two columns or in the three columns Agency,
City and State. Every printed name becomes one row, in the order in which it is read; names are kept as
printed.
"""

import re
from collections import Counter
from functools import cache

from helpers.errors import IngestError
from helpers.paths import FACTS
from helpers.wording import say_number
from sidedoor.ingest._learn_form import check_pages, gather_lines, load_form, read_footer, squeeze
from sidedoor.ingest._learn_pages import Section, Sheet, cut_pages, find_heading, find_sections
from sidedoor.ingest._learn_rows import Record, read_sections
from sidedoor.ingest.pdf import Page, read_pages, report_unseen
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source

KINDS = ("pdf",)
# More lines before the first heading than a cover page has; more names than a report has.
BEFORE, NAMES_CAP = 10, 4_000
# Letters of a name that is long enough to be compared; of two that are shorter than twice this, one may
# differ.
SHORT = 6


def recognize(source: Source) -> Match | None:
    """Return what the report is by its title and the sentences over its lists; kept with the source."""
    if "sharing report" not in source.cache:
        source.cache["sharing report"] = _recognize(source)
    return source.cache["sharing report"]


def _recognize(source: Source) -> Match | None:
    form, pages = load_form()["sharing"], read_pages(source)
    if any(len(page.words) > form["page_words_cap"] for page in pages):
        return None
    texts = [squeeze(" ".join(word.text for word in page.words)) for page in pages]
    has_title = any(form["title_squeezed"] in text for text in texts)
    sentences_n = sum(any(tail in text for text in texts) for tail in form["sentences"].values())
    if not sentences_n and not (has_title and _has_heading(pages)):
        return None
    sheets = _cut_pages(source)
    kind = "scan with an OCR layer" if any(sheet.is_ocr for sheet in sheets) else "text PDF"
    seen = f"the sentences over {sentences_n} of its 4 lists" if sentences_n else "headings of its lists"
    why = f"its title is {form['title']!r}, and it has {seen}" if has_title else f"it has {seen}"
    name = f"{form['title']}, {_find_layout(sheets)}, {kind}"
    return Match(load_form()["family"], name, why, 1.0 if sentences_n else 0.8)


def _has_heading(pages: list[Page]) -> bool:
    return any(find_heading(line.text) for page in pages for line in gather_lines(page.words))


def _cut_pages(source: Source) -> list[Sheet]:
    """Return the pages of the report, cut; pages of a Dashboard report, as their heads say, are left out."""
    if "sharing sheets" not in source.cache:
        pages = [page for page in read_pages(source) if not _is_dashboard(page)]
        source.cache["sharing sheets"] = cut_pages(pages)
    return source.cache["sharing sheets"]


def _is_dashboard(page: Page) -> bool:
    head = squeeze(" ".join(word.text for word in page.words if word.top < 0.25 * page.height))
    return "dashboard" in head and load_form()["sharing"]["title_squeezed"] not in head


def _find_layout(sheets: list[Sheet]) -> str:
    """Return of which year's layout a report is, by what feet or else heads of its pages call the product."""
    products = load_form()["products"]
    for texts in ([sheet.read_margin() for sheet in sheets], [sheet.read_head() for sheet in sheets]):
        starts = [squeeze(text).partition("report")[0] for text in texts]
        named = [next((row["form"] for row in products if row["squeezed"] in start), "") for start in starts]
        if known := Counter(filter(None, named)):
            return known.most_common(1)[0][0]
    return "layout of an unknown year"


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
    pages, sheets = read_pages(source), _cut_pages(source)
    for number in sorted({page.number for page in pages} - {sheet.number for sheet in sheets}):
        text = f"Page {number} belongs to a Dashboard report and was not read: split the PDF."
        report.warn("dashboard", text)
    for sheet in sheets:
        place = f"{source.name}, page {sheet.number}"
        sheet.footer = read_footer(sheet.read_margin(), place, options.day_first)
    sections, before = find_sections(sheets, options.section)
    if len(before) > BEFORE and options.section is None:
        found = f"{len(before)} lines before the first heading: the file begins inside a list"
        way_out = "Say which list it is: --section detections_received, for example."
        raise IngestError(source.name, found, way_out, code="section", asks_for=("section",))
    if not sections:
        way_out = "Give the whole report, or a scan with a better OCR layer."
        raise IngestError(source.name, "none of the four lists", way_out)
    _settle_heads(sections, sheets, options, report)
    records = read_sections(sections, sheets)
    source_id = options.source_id or source.id
    ocr_pages = {sheet.number for sheet in sheets if sheet.is_ocr}
    rows = [_build_row(record, source_id, ocr_pages) for record in records if not record.reason]

    from helpers.canonical import build_table

    table = build_table("sharing", rows)
    report.set_aside += before
    report_unseen([page for page in pages if not _is_dashboard(page)], report)
    report.rows_in = len(report.set_aside)
    _report_noise(sheets, report)
    _report_records(records, report)
    _report_sections(sections, records, report)
    if ocr_pages:
        _report_slips(records, report)
    report.rows_out = len(table)
    report.rows_in += len(table)
    dates = sorted({row["as_of"] for row in rows if row["as_of"]})
    report.span = {"sharing": [dates[0], dates[-1]] if dates else [None, None]}
    report.check()
    return Reading({"sharing": table}, report)


def _settle_heads(sections: list[Section], sheets: list[Sheet], options: ReadOptions, report: Report) -> None:
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
        report.warn(
            "other-agency", f"The report names {usual!r} as its agency, not the one given; it was followed."
        )
    if len(named) > 1:
        report.warn(
            "agencies", f"The sentences over the lists name {len(named)} agencies; each list keeps its own."
        )
    created = Counter(sheet.footer.created for sheet in sheets if sheet.footer.created)
    if not created:
        source = f"{options.as_of}, as given, was taken" if options.as_of else "give it with --as-of"
        report.warn(
            "no-date", f"The report prints no legible date: {source}.", "" if options.as_of else "as_of"
        )
    elif options.as_of and options.as_of not in created:
        report.warn(
            "other-date", f"The report is dated {min(created)}, not {options.as_of}; it was followed."
        )
    if len(created) > 1:
        report.warn("dates", f"Its pages are dated differently: {', '.join(sorted(created))}.")
    day = created.most_common(1)[0][0] if created else options.as_of
    for section in sections:
        section.reporter = section.reporter or usual
        section.created = section.created or day
    check_pages([(sheet.number, sheet.footer) for sheet in sheets], report)
    misread = [sheet.number for sheet in sheets if sheet.footer.is_misread]
    if misread:
        pages = ", ".join(map(str, misread))
        report.note("page-digits", f"Page numbers were read with letters for digits on pages {pages}.")
    report.details["agency"] = usual
    report.details["pages"] = [[sheet.number, sheet.footer.number, sheet.footer.of] for sheet in sheets]


def _build_row(record: Record, source_id: str, ocr_pages: set[int]) -> dict:
    section = record.section
    is_shared = section.name.endswith("shared")
    return {
        "from_agency_as_printed": section.reporter if is_shared else record.name,
        "to_agency_as_printed": record.name if is_shared else section.reporter,
        "shares": "detections" if section.name.startswith("detections") else "hot_list",
        "reported_by": section.reporter,
        "section": section.name,
        "hot_list": record.hot_list,
        "city_as_printed": record.city,
        "state_as_printed": record.state,
        "doubt": "ocr" if record.page in ocr_pages else None,
        "is_inactive": bool(re.search(load_form()["sharing"]["inactive"], record.name, re.I)),
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
    "no-agency": "a city or state without an agency",
}
REMARKS = {
    "alone": "stand alone in a row of two, so that one beside each may be lost",
    "no-place": "have no city and state beside them",
    "pool": "are the vendor's pool, whose members are not printed",
    "split": "were split from the cell beside them, which began without a space",
    "demo": "look like accounts of the vendor or for demonstrations; they are kept",
    "inactive": "are marked as inactive: kept, and not counted as able to search",
    "twice": "are printed more than once in their list; each is counted",
}
_WARNED = ("alone", "no-place", "twice")


def _report_noise(sheets: list[Sheet], report: Report) -> None:
    """Account for what stands beside the lists; nothing of it is repeated, as it may name a person."""
    margins = Counter(text for sheet in sheets for text in sheet.list_strange())
    for sheet in sheets:
        place = f"page {sheet.number}"
        report.put_aside(place, REASONS["noise"], sheet.count_noise(), "noise")
        # what every page carries is its form
        odd_n = sum(margins[text] < 2 or 2 * margins[text] < len(sheets) for text in sheet.list_strange())
        report.put_aside(place, "a line in the head or foot of the page", odd_n, "margin")


def _report_records(records: list[Record], report: Report) -> None:
    """Account for names that are in no row, and say by their numbers what is to be known of others."""
    form = load_form()["sharing"]
    demo = re.compile("|".join(form["demo"]), re.I)
    counts = Counter((record.section.name, record.name, record.hot_list, record.city) for record in records)
    told: dict[str, list[int]] = {}
    for record in records:
        if record.reason:
            place = f"page {record.page}, row {record.row_no}"
            report.put_aside(place, REASONS[record.reason], record.names_n, record.reason)
            continue
        is_pool = squeeze(record.name) in form["pools"]
        kinds = {"pool"} if is_pool else {record.remark} - {""}
        kinds |= {"demo"} if demo.search(record.name) else set()
        kinds |= {"inactive"} if re.search(form["inactive"], record.name, re.I) else set()
        kinds |= (
            {"twice"} if counts[record.section.name, record.name, record.hot_list, record.city] > 1 else set()
        )
        for kind in kinds:
            told.setdefault(kind, []).append(record.row_no)
    for kind, rows in told.items():
        shown = ", ".join(map(str, rows[:20])) + (f" and {len(rows) - 20} more" if len(rows) > 20 else "")
        text = f"{say_number(len(rows), 'name')} {REMARKS[kind]}: row {shown}."
        (report.warn if kind in _WARNED else report.note)(kind, text)
    report.details["rows_told"] = told


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
        if section.columns_n == 1 and len(own) > 3 and not section.name.startswith("hot"):
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
    """Report names that are nearly, but not quite, a name of another list: OCR may have misread them. None is
    changed.
    """
    kept = [record for record in records if not record.reason]
    lists: dict[str, set[str]] = {}
    for record in kept:
        lists.setdefault(record.name, set()).add(record.section.name)
    slips = []
    for name, near in find_near_names(lists).items():
        rows = [record for record in kept if record.name == name]
        slips += [[record.page, record.row_no, name, near] for record in rows]
    slips.sort(key=lambda slip: slip[1])
    if slips:
        shown = ", ".join(f"page {page} row {row_no}" for page, row_no, *_ in slips[:20])
        report.warn(
            "slips",
            f"{say_number(len(slips), 'name is', 'names are')} nearly one that is known from elsewhere, so "
            "that OCR may have "
            f"misread them; they are kept as read. Look at {shown}"
            + (f" and {len(slips) - 20:,} more (report.json)." if len(slips) > 20 else "."),
        )
    report.details["slips"] = slips


def find_near_names(lists: dict[str, set[str]]) -> dict[str, str]:
    """Find for each name, if it is not known from elsewhere, the one that is nearly alike and is.

    Parameters
    ----------
    lists
        For each name the lists that it stands on.

    Returns
    -------
    Names that differ by one or two letters from a name of the facts' text PDFs, or of another list of the
    report.
    """
    import numpy as np
    from rapidfuzz.distance import JaroWinkler, Levenshtein
    from rapidfuzz.process import cdist

    known = _load_known_names()
    usual = [name for name in {*known, *lists} if len(squeeze(name)) >= SHORT]
    odd = [name for name in lists if name not in known and len(squeeze(name)) >= SHORT][:NAMES_CAP]
    if not odd:
        return {}
    squeezed = [[squeeze(name) for name in names] for names in (odd, usual)]
    far = cdist(*squeezed, scorer=Levenshtein.distance, score_cutoff=2, dtype=np.uint8)
    near: dict[str, tuple] = {}
    for i, j in zip(*np.nonzero(far <= 2), strict=True):
        one, other, steps = odd[i], usual[j], int(far[i, j])
        is_elsewhere = other in known or (
            not lists[one] & lists[other] and len(lists[one]) <= len(lists[other])
        )
        if is_elsewhere and _may_be_one(one, other, steps):
            likeness = JaroWinkler.similarity(one.casefold(), other.casefold())
            near[one] = min(near.get(one, (9,)), (steps, -likeness, other.isupper(), other))
    return {one: found[-1] for one, found in near.items()}


def _may_be_one(one: str, other: str, steps: int) -> bool:
    """Say whether two names that differ by so many letters may be one: not if a number or the state
    differs.
    """
    states = [
        set(re.findall(r"\(([A-Z]{2})\)", name)) & set(load_form()["sharing"]["states"])
        for name in (one, other)
    ]
    digits = [re.sub(r"\D", "", name) for name in (one, other)]
    is_short = min(len(squeeze(one)), len(squeeze(other))) < 2 * SHORT
    is_same = one.casefold() == other.casefold() or (states[0] and states[1] and states[0] != states[1])
    return not is_same and digits[0] == digits[1] and steps <= (1 if is_short else 2)


@cache
def _load_known_names() -> frozenset[str]:
    """Load the names of the lists in the facts, corrected where they were misread."""
    import pandas as pd

    names = pd.read_csv(
        FACTS / "sharing_lists.csv", dtype="str", usecols=["name_as_printed", "name_corrected"]
    )
    return frozenset(names["name_corrected"].fillna(names["name_as_printed"]).dropna())

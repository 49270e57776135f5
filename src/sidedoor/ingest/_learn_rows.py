"""The lists of a sharing report, read row by row into records: one for every printed name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from sidedoor.ingest._learn_columns import (
    Columns,
    cut_seams,
    find_columns,
    find_gutter,
    find_strip,
    is_drawn_by_line,
    place_words,
    split_glued,
    split_runs,
)
from sidedoor.ingest._learn_form import load_form, squeeze
from sidedoor.ingest._learn_layout import (
    Cell,
    Piece,
    Pitch,
    Row,
    Step,
    anchor_rows,
    find_pitch,
    gather_cells,
    gather_lines,
    gather_rows,
    list_steps,
    measure_gap,
    would_fit,
)
from sidedoor.ingest._learn_pages import Section, Sheet
from sidedoor.ingest.pdf import UNREADABLE, Word

AGENCY, CITY, STATE = 0, 1, 2
HOT_LIST = 1
# So many steps from line to line say how a list is set; shorter lists are read as the rest of the report is.
ENOUGH = 12
# How many missing places a row without an agency, or with two, weighs.
ODD = 20
# So many rows of two cells say whether the second holds cities.
PLACES = 20
GLUED = "glued"


@dataclass(eq=False)
class Record:
    """A printed name.

    Attributes
    ----------
    section, page
        Where it stands.
    name, hot_list, city, state
        As printed, lines joined.
    reason
        Why it is skipped, as a code; empty for a row of the table.
    names_n
        How many names it is: two if they could not be parted.
    remark
        What was done or what looks odd, as a code.
    row_no
        Number in reading order.
    """

    section: Section
    page: int
    name: str
    hot_list: str | None = None
    city: str | None = None
    state: str | None = None
    reason: str = ""
    names_n: int = 1
    remark: str = ""
    row_no: int = 0


def read_sections(sections: list[Section], sheets: list[Sheet]) -> list[Record]:
    """Read all lists: their columns first, then how far apart wrapped lines are, then their rows."""
    ocr_pages = {sheet.number for sheet in sheets if sheet.is_ocr}
    lines = [line for sheet in sheets for line in sheet.lines]
    names = [word for section in sections for block in section.blocks for word in block.words]
    heights = sorted(word.bottom - word.top for word in names)
    height = heights[len(heights) // 2] if heights else 10.0
    gap = measure_gap(lines, height)
    by_line = not ocr_pages and is_drawn_by_line(lines, gap)
    marks: dict[Word, str] = {}
    for block in (block for section in sections for block in section.blocks):
        block.is_ocr = block.page in ocr_pages
    for section in sections:
        place_section(section, gap, ocr_pages, marks, by_line)
    steps = [_list_steps(section, gap) for section in sections]
    usual = find_pitch([step for part in steps for step in part], height)
    records = []
    for section, own in zip(sections, steps):
        wrap = find_pitch(own, height) if len(own) >= ENOUGH else None
        records += read_section(section, Pitch(wrap or usual, height), gap, marks)
    for number, record in enumerate(records, 1):
        record.row_no = number
    return records


def place_section(
    section: Section, gap: float, ocr_pages: set[int], marks: dict[Word, str], by_line: bool = False
) -> None:
    """Find the columns of a list and put its words into them, line by line.

    Parameters
    ----------
    section
        The list; its blocks get their `pieces`.
    gap
        Space between words.
    ocr_pages
        Pages of a scan: each lies a little differently, so that columns are looked for on each.
    marks
        Gets a remark for words that were parted, and `GLUED` for those that could not be.
    by_line
        One operator draws what stands in one line of a cell.
    """
    if by_line:
        for block in section.blocks:
            block.words = [part for word in block.words for part in cut_seams(word)]
    by_block = [gather_lines(block.words, block.page) for block in section.blocks]
    lines = [line for part in by_block for line in part]
    sway = 2.5 * gap if any(block.page in ocr_pages for block in section.blocks) else 0.5
    whole = None if section.centers or section.name.startswith("hot") else find_states(lines, gap)
    whole = whole or find_columns(lines, gap, section.centers, sway, by_line)
    if not whole.edges and lines and section.list_x is not None:
        words = [[(word.x0, word.x1) for word in line.words] for line in lines]
        left, right, _ = find_strip(words, gap, section.list_x) or (section.list_x, section.list_x, 0)
        whole = Columns([(left + right) / 2], [(left + right) / 2], [False], whole.slack)
    section.columns_n = len(whole.edges) + 1
    margin = median(_find_starts(lines, whole) or [0.0])
    for block, part in zip(section.blocks, by_block):
        columns = whole
        if block.page in ocr_pages and section.columns_n == 2:
            own = find_columns(part, gap, sway=sway) if len(part) >= 8 else whole
            starts = _find_starts(part, whole)
            columns = whole.move(median(starts or [margin]) - margin)
            columns = own if own is not whole and len(own.edges) == 1 else columns
        placed, glued = place_words(block.words, columns, gap, by_line)
        for word in glued:
            parts = split_glued(word, columns)
            if parts is None and by_line:  # drawn with its neighbors: it only reaches over the edge
                continue
            for column in placed:
                if word in column:
                    column.remove(word)
            if parts is None:
                marks[word] = GLUED
                placed[AGENCY].append(word)
                continue
            left, right = parts
            marks[left] = "split"
            at = columns.find_wall(word)
            placed[at].append(left)
            placed[at + 1].append(right)
            if by_line:  # what the same operator drew after the seam goes with it
                after = [other for other in placed[at] if other.run == word.run and other.x0 >= word.x1]
                placed[at] = [other for other in placed[at] if other not in after]
                placed[at + 1] += [other for other in after if abs(other.top - word.top) < 2]
                placed[at] += [other for other in after if abs(other.top - word.top) >= 2]
        block.pieces = {n: gather_lines(words, block.page) for n, words in enumerate(placed) if words}


def _find_starts(lines: list[Piece], columns: Columns) -> list[float]:
    """Find where lines of the first column begin."""
    return [line.x0 for line in lines if not columns.edges or line.x0 < columns.edges[0] - columns.slack]


def find_states(lines: list[Piece], gap: float) -> Columns | None:
    """Find the columns Agency, City and State without their heads: most lines end in a lone state."""
    form = load_form()["sharing"]
    known = {*form["states"], *form["not_given"]}
    ends = [line.words for line in lines if len(line.words) > 2 and line.words[-1].text in known]
    ends = [words for words in ends if words[-1].x0 - words[-2].x1 > 2.5 * gap]
    if len(ends) < 3 or len(ends) < 0.6 * len(lines):
        return None
    starts = sorted(words[-1].x0 for words in ends)
    if starts[-1] - starts[0] > 8 * gap:  # names may end in a state as well, but not all at one place
        return None
    high = starts[0]
    runs = [[run for run in split_runs(line, gap) if run[0] < high - 0.1] for line in lines]
    gutter = find_gutter(runs, high=high)
    if gutter is None:
        return None
    before = max(word.x1 for words in ends for word in words[:-1])
    edges = [(gutter[0] + gutter[1]) / 2, (min(before, high) + high) / 2]
    return Columns(edges, edges, [False, False], gap)


def _list_steps(section: Section, gap: float) -> list[Step]:
    """List the steps from line to line; hot lists may share a cell, so that only agencies count there."""
    numbers = (0, 1) if section.columns_n > 1 and section.name.startswith("detections") else (AGENCY,)
    steps = []
    for number in numbers:
        steps += list_steps([block.pieces.get(number, []) for block in section.blocks], gap, _are_two)
    return steps


def _are_two(above: str, text: str) -> bool:
    return is_whole(above) and is_whole(text) and not is_rest(above, text)


def read_section(section: Section, pitch: Pitch, gap: float, marks: dict[Word, str]) -> Iterator[Record]:
    """Read one list into records, in reading order."""
    for page, agency, lists in section.entries:
        yield Record(section, page, agency, lists or None)
    rows = gather_section(section, pitch, gap)
    is_ocr = any(block.is_ocr for block in section.blocks)
    if section.columns_n == 3:
        read = _read_places
    elif is_ocr and section.name.startswith("detections") and _holds_places(rows):
        read = _read_lost_places
    elif section.name.startswith("hot"):
        read = _read_hot_lists
    else:
        read = _read_names
    for record, cells in read(section, rows, gap):
        words = [word for cell in cells for piece in cell.pieces for word in piece.words]
        remarks = [marks[word] for word in words if word in marks]
        if GLUED in remarks:
            record.reason, record.names_n = GLUED, 2 if read is _read_names else 1
        elif not record.reason and squeeze(record.name) in load_form()["sharing"]["empty"]:
            record.reason = "says-none"
        elif UNREADABLE in f"{record.name}{record.hot_list}{record.city}{record.state}":
            record.reason = "unreadable"
        elif not record.reason and not re.search(r"[^\W\d_]", record.name):
            record.reason = "no-letter"
        elif is_ocr and not record.reason and _is_noise(record.name):
            record.reason = "noise"
        record.remark = next((remark for remark in remarks if remark != GLUED), record.remark)
        yield record
    for line in section.pools:
        yield Record(section, line.page, line.text, remark="pool")


def gather_section(section: Section, pitch: Pitch, gap: float) -> list[Row]:
    """Gather the rows of a list over all its pages, the rest of a name on the next page included."""
    widths = _measure_widths(section)
    rows: list[Row] = []
    by_block = []
    for block in section.blocks:
        found = gather_rows({n: gather_cells(pieces, pitch.wrap) for n, pieces in block.pieces.items()})
        if section.columns_n == 3:
            key = max((CITY, STATE), key=lambda number: len(block.pieces.get(number, ())))
            other = anchor_rows(block.pieces, key, pitch.height)
            has_pitch = pitch.wrap is not None
            found = min((found, other), key=lambda rows: _count_odd(rows, has_pitch=has_pitch))
        by_block.append(found)
    left_n = sum(map(len, by_block))
    for found in by_block:
        for at, row in enumerate(found):
            left_n -= 1
            may_continue = rows and (at == 0 or pitch.wrap is None)
            if may_continue and _is_rest_of(rows[-1], row, section, widths, gap, is_last=left_n == 0):
                for number, cell in row.cells.items():
                    if number in rows[-1].cells:
                        rows[-1].cells[number].pieces.extend(cell.pieces)
                    else:
                        rows[-1].cells[number] = cell
            else:
                rows.append(row)
    return rows


def _measure_widths(section: Section) -> dict[int, float]:
    widths: dict[int, float] = {}
    for block in section.blocks:
        for number, pieces in block.pieces.items():
            widths[number] = max([widths.get(number, 0.0), *(piece.x1 - piece.x0 for piece in pieces)])
    return widths


def _count_odd(rows: list[Row], *, has_pitch: bool) -> int:
    """Count what is odd in rows: no agency, or two; if lines do not tell rows apart, a missing place as well.

    The first row may be the rest of one on the page before.
    """
    odd = 0
    for row in rows[1:]:
        odd += ODD * (AGENCY not in row.cells or _holds_two(row.cells[AGENCY]))
        odd += 0 if has_pitch else (CITY not in row.cells) + (STATE not in row.cells)
    return odd


def _holds_two(cell: Cell) -> bool:
    """Say whether the lines of a cell read as two names."""
    texts = [piece.text for piece in cell.pieces]
    return any(_are_two(" ".join(texts[:at]), " ".join(texts[at:])) for at in range(1, len(texts)))


def _is_rest_of(
    last: Row, row: Row, section: Section, widths: dict[int, float], gap: float, *, is_last: bool
) -> bool:
    """Say whether a row is the rest of the one above it, on the page before or in a table without padding.

    Names run row by row, so that only the last row may lack a cell: any other with one cell is the rest of a
    name, if its first word had no room in the line above.
    """
    may, rest = {}, {}
    for number, cell in row.cells.items():
        above = last.cells.get(number)
        may[number] = bool(above) and not would_fit(above.pieces[-1], cell.pieces[0], widths[number], gap)
        rest[number] = may[number] and is_rest(above.text, cell.text)
    if section.columns_n == 3:
        if AGENCY not in row.cells:
            return all(number not in last.cells or may.get(number) for number in row.cells)
        return CITY not in row.cells and STATE not in row.cells and may[AGENCY]
    if len(row.cells) == section.columns_n:
        return all(rest.values())
    if AGENCY in row.cells and is_last:
        return rest[AGENCY]
    for number, cell in row.cells.items():
        if may[number] and is_whole(last.cells[number].text) and is_whole(cell.text):
            may[number] = rest[number]
    return all(may.values())


def is_rest(above: str, text: str) -> bool:
    """Say whether a text reads as the rest of a name: `(CA)`, `Office (CA)`, a closing parenthesis."""
    if text[:1] == "(" or text[:1].islower() or above.count("(") > above.count(")"):
        return True
    if "".join(above.split()[-1:]).lower() in ("of", "the", "and", "&", "-", "for"):
        return True
    words = [squeeze(word) for word in re.sub(r"\([^)]*\)", " ", text).split()]
    return all(word in load_form()["sharing"]["rest"] for word in words)


def is_whole(text: str) -> bool:
    """Say whether a text reads as a name of its own: a place, and what kind of agency is there."""
    words = [squeeze(word) for word in text.split()] or [""]
    rest = load_form()["sharing"]["rest"]
    return words[0] not in rest and any(word in load_form()["sharing"]["roles"] for word in words[1:])


def _read_names(section: Section, rows: list[Row], gap: float) -> Iterator[tuple[Record, list[Cell]]]:
    for at, row in enumerate(rows):
        for cell in row.cells.values():
            record = Record(section, cell.page, cell.text)
            if len(row.cells) < section.columns_n and (at + 1 < len(rows) or AGENCY not in row.cells):
                record.remark = "alone"
            yield record, [cell]


def _read_hot_lists(section: Section, rows: list[Row], gap: float) -> Iterator[tuple[Record, list[Cell]]]:
    widths = _measure_widths(section)
    last: tuple[Record, list[Cell]] | None = None
    for row in rows:
        lists = _join_lists(row.cells[HOT_LIST], widths[HOT_LIST], gap) if HOT_LIST in row.cells else None
        if AGENCY not in row.cells and last:  # one more list of the agency above
            last[0].hot_list = "; ".join(part for part in (last[0].hot_list, lists) if part)
            last[1].extend(row.cells.values())
            continue
        if last:
            yield last
        name = row.cells[AGENCY].text if AGENCY in row.cells else ""
        last = Record(section, row.page, name, lists), list(row.cells.values())
    if last:
        yield last


def _join_lists(cell: Cell, width: float, gap: float) -> str:
    """Join the lines of a cell: a line that would have had room in the one above is a list of its own."""
    text = cell.pieces[0].text
    for above, piece in zip(cell.pieces, cell.pieces[1:]):
        is_other = would_fit(above, piece, width, gap) and above.page == piece.page
        text += ("; " if is_other else " ") + piece.text
    return text


def _read_places(section: Section, rows: list[Row], gap: float) -> Iterator[tuple[Record, list[Cell]]]:
    for row in rows:
        name, city, state = (row.cells[n].text if n in row.cells else None for n in (AGENCY, CITY, STATE))
        record = Record(section, row.page, name or "", city=city, state=state)
        if name is None:
            record.name = " ".join(filter(None, (city, state)))
            record.reason = "no-agency"
        elif city is None and state is None:
            record.remark = "no-place"
        yield record, list(row.cells.values())


def _holds_places(rows: list[Row]) -> bool:
    """Say whether the second of two columns holds cities, where OCR lost the heads or the states of three."""
    roles = load_form()["sharing"]["roles"]
    pairs = [(row.cells[AGENCY].text, row.cells[CITY].text) for row in rows if len(row.cells) == 2]
    shares = [
        sum(any(squeeze(word) in roles for word in pair[at].split()) for pair in pairs)
        for at in (AGENCY, CITY)
    ]
    return len(pairs) >= PLACES and shares[0] > 0.6 * len(pairs) and shares[1] < 0.2 * len(pairs)


def _read_lost_places(section: Section, rows: list[Row], gap: float) -> Iterator[tuple[Record, list[Cell]]]:
    """Read rows of an agency and a place: its last word is the state, if it is short enough for one."""
    form = load_form()["sharing"]
    for record, cells in _read_places(section, rows, gap):
        words = (record.city or "").split()
        if words and (
            words[-1] in (*form["states"], *form["not_given"]) or len(words) > 1 and len(words[-1]) < 3
        ):
            record.city, record.state = " ".join(words[:-1]) or None, words[-1]
        yield record, cells


def _is_noise(name: str) -> bool:
    """Say whether a text is what OCR makes of specks and cut lines: several words, most of a letter or
    two.
    """
    words = re.findall(r"[^\W_]+", name)
    return len(words) > 2 and sum(map(len, words)) < 3 * len(words)

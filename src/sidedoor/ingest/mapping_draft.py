"""A mapping for a file in an unknown layout, filled in as far as its columns say what they hold."""

import json
from contextlib import suppress

from helpers.agencies.check import looks_like_agency
from helpers.errors import SideDoorError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.headers import HEADER_ROWS, list_beginnings, tidy_header
from sidedoor.ingest.mapping_file import ENDS, SHIPPED, list_person_headers, load_mapping, spell_header
from sidedoor.ingest.source import Source
from sidedoor.ingest.times import read_times

_ROWS, _SHOWN = 50, 30
_HINT = (
    "If it is a search log or a sharing list, correct this mapping, save it, and give it with "
    "--mapping FILE.toml:"
)


def draft_mapping(source: Source) -> tuple[str, str, str]:
    """Return what a text or a workbook in an unknown layout holds, the way out, and a mapping as TOML; it is
    empty if the file has no header.
    """
    kind = f"a {'workbook' if source.kind == 'xlsx' else 'text'} in a layout that no reader knows"
    for sheet, rows in list_beginnings(source):
        at = next((at for at, (_, cells) in enumerate(rows) if _is_header(cells)), None)
        if at is None:
            continue
        header = [cell.strip() for cell in rows[at][1]]
        below = (list(sheet)[: _ROWS + HEADER_ROWS] if sheet else rows)[at + 1 :]
        columns = {
            name: [cells[place].strip() for _, cells in below if place < len(cells)]
            for place, name in enumerate(header)
            if name
        }
        shown = ", ".join(repr(name[:40]) for name in [*columns][:_SHOWN])
        own = [f"{name} beside it names its columns: --mapping {name}." for name in _list_own(source, header)]
        text = _write_mapping(columns, sheet.name if sheet else "", rows[at][0])
        found = f"{kind}; its {say_number(len(columns), 'column')}: {shown}"
        return found, " ".join([*own, _HINT]), text
    way_out = f"Say which columns mean what in a mapping; {SHIPPED / 'example.toml'} explains how."
    return f"{kind}, without a header", way_out, ""


def _is_header(cells: list[str]) -> bool:
    """Return whether a row may be a header: most cells hold letters and no digit, and no two the same."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    words = [cell for cell in filled if any(map(str.isalpha, cell)) and not any(map(str.isdigit, cell))]
    return len(filled) > 1 and len(words) * 2 > len(filled) and len(set(filled)) == len(filled)


def _list_own(source: Source, header: list[str]) -> list[str]:
    """List the mappings beside the file whose columns it has."""
    found = []
    beside = sorted(source.path.parent.glob("*.toml"))[:20]
    for path in [path for path in beside if not path.is_symlink()]:
        with suppress(SideDoorError):
            mapping = load_mapping(path)
            columns = set(mapping["columns"].values())
            if columns and columns <= set(spell_header(header, mapping)):
                found.append(path.name)
    return found


def _write_mapping(cells: dict[str, list[str]], sheet: str, number: int) -> str:
    """Write a mapping for columns, each with some of its cells."""
    columns = _guess_ends(cells)
    table = "sharing" if columns else "searches"
    columns = columns or _guess_fields(cells)
    lines = [f'title = "A file of {say_number(len(cells), "column")}"', f'table = "{table}"', "", "[file]"]
    lines += [f"header_line = {number}", *([f"sheet = {_quote(sheet)}"] if sheet else [])]
    lines += ["", "# field = name of the column; what is not named is dropped", "[columns]"]
    lines += [f"{field} = {_quote(name)}" for field, name in columns.items()]
    lines += [f"# ... = {_quote(name)}" for name in cells if name not in columns.values()]
    if table == "sharing":
        lines += ["", "[constants]", 'shares = "detections"', '# as_of = "2025-12-31"', ""]
    else:
        forms = ", ".join(map(_quote, _guess_forms(cells.get(columns.get("searched_at", ""), []))))
        lines += ["", "[times]", f"forms = [{forms}]", '# time_zone = "America/Los_Angeles"', ""]
    return "\n".join(lines)


def _are_agencies(texts: list[str]) -> bool:
    return bool(texts) and sum(map(looks_like_agency, texts)) * 2 > len(texts)


def _guess_ends(cells: dict[str, list[str]]) -> dict[str, str]:
    """Find two columns of agencies whose headers say that they are the ends of shares."""
    known = load_format("workbook")["draft"]
    agencies = [name for name, texts in cells.items() if _are_agencies(texts)]
    found = {}
    for end, words in zip(ENDS, (known["from"], known["to"]), strict=True):
        for name in agencies:
            if set(tidy_header(name).replace("_", " ").split()) & set(words) and name not in found.values():
                found.setdefault(end, name)
    if len(agencies) == 2 and len(found) < 2 and not any(map(_guess_forms, cells.values())):
        found = dict(zip(ENDS, agencies, strict=True))  # which is which is for the person to say
    return found if len(found) == 2 else {}


def _guess_fields(cells: dict[str, list[str]]) -> dict[str, str]:
    """Find the columns of a search log, by a word of their headers that says it."""
    found: dict[str, str] = {}
    for name, texts in cells.items():
        tidy = tidy_header(name)
        plain = tidy.replace("_", " ")
        words = load_format("workbook")["draft"]["words"].items()
        fields = [field for field, some in words if any(word in plain for word in some)]
        is_agency = _are_agencies(texts) and tidy not in list_person_headers("searches")
        fits = {"searcher_agency_as_printed": is_agency, "searched_at": bool(_guess_forms(texts))}
        field = next((one for one in fields if fits.get(one, True) and one not in found), None)
        if field:
            found[field] = name
    return found


def _guess_forms(texts: list[str]) -> list[str]:
    """Find the known forms of dates that fit most cells."""
    times = load_format("workbook")["searches"]["times"]
    known = [*load_format("flock")["audit"]["times"]["forms"], *times["forms"], *times["days"]]
    filled = [text for text in texts if text]
    forms = read_times(filled, known).forms
    used = [known[number] for number in sorted(set(forms[forms >= 0].tolist()))]
    return used if filled and (forms >= 0).sum() * 2 > len(filled) else []


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

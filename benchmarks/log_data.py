"""A simulated search log of any size as raw CSV: nine columns, three notations of time, commas, quotes and line ends in cells."""

from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SEED, VERSION = 20261125, 1
ROWS = {"tiny": 20_000, "1M": 1_000_000, "10M": 10_000_000, "30M": 30_000_000}
HEADER = "Search ID,Searched At,Agency,Officer,Plate,Plate State,Networks,Reason,Case No"
DAYS, STEP, _AT_ONCE = 730, 100_000, 8
# What a hand conversion parses and what the mapping says.
FORMS = ("%Y-%m-%dT%H:%M:%SZ", "%m/%d/%Y, %I:%M:%S %p UTC", "%Y-%m-%d %H:%M:%S")
MAPPING = r"""
title = "Simulated search log"
table = "searches"
[columns]
search_id = "Search ID"
searched_at = "Searched At"
searcher_agency_as_printed = "Agency"
officer = "Officer"
plate = "Plate"
plate_state = "Plate State"
networks_n = "Networks"
reason_text = "Reason"
case_number = "Case No"
[times]
forms = ["%Y-%m-%dT%H:%M:%S%z", "%m/%d/%Y, %I:%M:%S %p %z", "%Y-%m-%d %H:%M:%S"]
time_zone = "UTC"
"""
_USUAL = (
    "stolen vehicle|burglary|warrant|follow up|welfare check|hit and run|investigation|homicide|robbery|assault|missing person|"
    "bolo|shots fired|fraud|traffic|vandalism|patrol|theft|amber alert|pursuit"
).split("|")
_RARE = (
    "ice|immigration|ero|hsi|dhs|cbp|border|deport|287g|detainer|removal|visa|alien|customs|protest|rally|demonstration|"
    "abortion|clinic|church|press|union"
).split("|")
PATTERNS = [
    *(rf"\b{word}\b" for word in _RARE), *(rf"\b{word} (?:case|op|detail)\b" for word in _RARE[:18]),
    *(rf"\b(?:us|fed|federal) {word}\b" for word in _RARE[:18]), r"\bcivil (?:imm|enf)", r"\bfed(?:eral)? assist", r"\btask force\b",
    r"\bassist other agency\b",
]  # fmt: skip


def write_log(folder: Path, size: str) -> str:
    """Write `log.csv` and `mapping.toml`, and say what they are."""
    from .measure import hash_file

    folder.mkdir(exist_ok=True)
    (folder / "mapping.toml").write_text(MAPPING)
    rows_n, path = ROWS[size], folder / "log.csv"
    agencies = invent_agencies()
    with path.open("wb") as file:
        file.write(f"{HEADER}\n".encode())
        # some parts at a time, so that no more of them lie in memory
        with ProcessPoolExecutor() as pool:
            for first in range(0, rows_n, _AT_ONCE * STEP):
                starts = range(first, min(first + _AT_ONCE * STEP, rows_n), STEP)
                file.writelines(pool.map(_write_rows, starts, repeat(rows_n), repeat(agencies)))
    return (
        f"{size}: a simulated log of {rows_n:,} rows, {path.stat().st_size:,} bytes, {len(PATTERNS)} patterns, seed {SEED}, "
        f"version {VERSION}, sha256 {hash_file(path)[:12]}"
    )


def invent_agencies() -> pa.Array:
    """Invent agencies of states that do not exist; one name in seven holds a comma."""
    first, last = (
        "Ash Beech Elm Oak Pine Cedar Fir Yew Birch Alder".split(),
        "ton ville burg ford dale field wick".split(),
    )
    names = [
        f"{a}{b}{{}} Z{state} {role}"
        for a in first
        for b in last
        for state in "ABCDE"
        for role in ("PD", "SO")
    ]
    return pa.array([name.format("," if at % 7 == 0 else "") for at, name in enumerate(names)])


def _write_rows(start: int, all_n: int, agencies: pa.Array) -> bytes:
    rows_n = min(STEP, all_n - start)
    source = np.random.default_rng([SEED, VERSION, start])

    def number(low: int, high: int) -> pa.Array:
        return pc.cast(pa.array(source.integers(low, high, rows_n)), pa.string())

    def draw(values: list[str] | pa.Array, weights: list[float] | None = None) -> pa.Array:
        return pa.array(values).take(pa.array(source.choice(len(values), rows_n, p=weights)))

    def join(*parts) -> pa.Array:
        return pc.binary_join_element_wise(*parts, "")

    at = np.arange(start, start + rows_n)
    at = np.where(
        source.random(rows_n) < 0.03, np.maximum(at - 50, 0), at
    )  # three rows in a hundred come again
    ids = join("Q", pc.cast(pa.array(at + 1_000_000_000), pa.string()))
    seconds = at * DAYS * 86_400 // all_n + at * 7_919 % 3_600
    moments = pa.array(np.datetime64("2023-07-01", "s") + seconds)
    printed = [pc.strftime(moments, form) for form in FORMS]
    kind = pa.array(source.choice(4, rows_n, p=[0.33, 0.33, 0.32, 0.02]))
    when = pc.case_when(
        pc.make_struct(*(pc.equal(kind, number) for number in range(3))), *printed, pa.scalar("N/A")
    )
    agency = agencies.take(pa.array((source.random(rows_n) ** 3 * len(agencies)).astype(int)))
    plate = pc.if_else(
        pa.array(source.random(rows_n) < 0.1), "***", join(number(1, 9), "ZZZ", number(100, 999))
    )
    first = pc.if_else(pa.array(source.random(rows_n) < 0.05), draw(_RARE), draw(_USUAL))
    between = draw([" ", ", ", "\n", ' "so called" '], [0.80, 0.12, 0.036, 0.044])
    tail = pc.if_else(pa.array(source.random(rows_n) < 0.35), join(" ", number(0, 1_000_000)), "")
    reason = join(first, between, draw(_USUAL), tail)
    case = pc.if_else(pa.array(source.random(rows_n) < 0.4), "", join("C", number(0, 1_000_000)))
    officer = join("Officer ", number(0, 20_000))
    cells = [
        ids,
        _quote(when),
        _quote(agency),
        officer,
        plate,
        draw(["ZA", "ZB", "ZC", ""]),
        number(0, 6_000),
        _quote(reason),
        case,
    ]
    lines = pc.binary_join_element_wise(*cells, ",")
    return ("\n".join(lines.to_pylist()) + "\n").encode()


def _quote(cells: pa.Array) -> pa.Array:
    doubled = pc.binary_join_element_wise('"', pc.replace_substring(cells, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(cells, '[,"\n]'), doubled, cells)

"""A simulated search log with known truth: what six invented agencies released, with faults of real ones."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.canonical import CELL_STATES, COLUMNS, WITHHELD, build_table
from helpers.errors import DataError
from helpers.simulate import world
from helpers.simulate.events import DOORS, IS_ZZ, KINDS, NAMES, TEXTS, Events, convert_local, draw_events

_DAY = 24 * 3_600_000_000
_PILOT = 4_000
_MORE = 1.2
_PART = 40_000  # searches that are drawn at a time: what bounds the memory
_SLOTS = tuple((host, kind) for host in world.HOSTS for kind in host.kinds)
_SLUGS = [host.slug for host in world.HOSTS]


def build_log(seed: int, rows_n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a simulated log and its truth, in memory: same seed and size [rows], same log.

    Returns
    -------
    The canonical table `searches`, every `source_id` of which begins with `simulated-`, and the truth, one
    row per row of it: source_id, row_no, event_n (the search that the row records), door (`front` or `back`
    where a federal agency searched data of an agency that declares it or does not; `side`, `relay`,
    `account` where another one did it for a federal agency; else `none`), is_declared (whether the agency
    whose data it is declared the one that searched), purpose (`world.PURPOSES`), reason_bucket (of what was
    typed, before any export cut or masked it) and is_repeat (an earlier row records the same search).
    """
    parts = list(iterate_log(seed, rows_n))
    log, truth = (pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))
    return log.astype(COLUMNS["searches"]), truth


def iterate_log(seed: int, rows_n: int, part_n: int = _PART) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield a simulated log and its truth part by part, in order of time: memory does not grow with it.

    Row numbers of a source go on from part to part.

    Parameters
    ----------
    seed, rows_n
        As for `build_log`.
    part_n
        Searches that are drawn at a time; another number gives another log.
    """
    if rows_n < 1:
        raise DataError("simulated log", f"{rows_n} rows are asked for", "Ask for one row or more.")
    declared = _declare(seed)
    cap = find_cap(seed, rows_n)
    rate = len(_place_rows(draw_events(seed, 0, 1, _PILOT), declared, cap * _PILOT)[0]) / _PILOT
    # a fifth more than needed: the log ends before the period does, with a partial month
    parts_n = max(1, round(rows_n / rate * _MORE / part_n))
    events_n = int(rows_n / rate * _MORE / parts_n) + 50
    left, room, row_numbers = rows_n, cap, Counter()
    for part in range(parts_n):
        events = draw_events(seed, part, parts_n, events_n)
        event, slot, source = _place_rows(events, declared, room)
        event, slot, source = event[:left], slot[:left], source[:left]
        room -= int((slot == _find_slot(world.CAPPED)).sum())
        left -= len(event)
        if len(event):
            yield _build_part(seed, events, event, slot, source, declared, row_numbers)
        if not left:
            return


def find_cap(seed: int, rows_n: int) -> int:
    """Find the round number of rows at which the capped file ends: about half of what it would hold."""
    events = draw_events(seed, 0, 1, _PILOT)
    _, slot, _ = _place_rows(events, _declare(seed), _PILOT * 10)
    expected = (slot == _find_slot(world.CAPPED)).mean() * rows_n * 0.6
    step = 1_000 if expected >= 1_000 else 100
    return max(step, int(expected // step) * step)


def build_lists(seed: int) -> pd.DataFrame:
    """Return the declared sharing lists of the simulated agencies, as the canonical table `sharing`.

    One list was not released; one names a pool in place of its members; some names are printed otherwise than
    in the logs. The lists are of one day, so that they can be older or newer than a search.
    """
    declared, lists = _declare(seed), []
    for place, host in enumerate(world.HOSTS):
        if host.slug == world.NO_LIST:
            continue
        names = [world.ALIASES.get(name, name) for name in np.array(NAMES)[declared[place]]]
        names += [world.POOL] if host.slug == world.POOLED else []
        made = pd.DataFrame({"to_agency_as_printed": sorted(names), "row_no": range(1, len(names) + 1)})
        made = made.assign(from_agency_as_printed=host.name, reported_by=host.name)
        lists.append(made.assign(source_id=f"simulated-{host.slug}-list"))
    rows = pd.concat(lists, ignore_index=True).assign(shares="detections", section="detections_shared")
    return build_table("sharing", rows.assign(is_inactive=False, as_of=world.LIST_ON, page=1))


def _declare(seed: int) -> np.ndarray:
    """Draw which agency each host declares, as a table of truth: hosts by agencies."""
    pick = np.random.default_rng([seed, 7])
    chance = np.where(KINDS != "local", 0.0, np.where(IS_ZZ, 0.8, 0.3))
    declared = pick.random((len(world.HOSTS), len(NAMES))) < chance
    for place, host in enumerate(world.HOSTS):
        for name in world.DECLARED[host.slug]:
            declared[place, NAMES.index(name)] = True
        declared[place, NAMES.index(host.name)] = False
    return declared


def _find_slot(slug: str, kind: str = "network") -> int:
    return next(number for number, (host, name) in enumerate(_SLOTS) if (host.slug, name) == (slug, kind))


def _place_rows(events: Events, declared: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place each search in the files that record it.

    Returns search, slot (whose log) and source of each row: places in `events`, in `_SLOTS` and among the
    sources of a slot (`_name_source`), by search.
    """
    months = _find_months(events.time)
    starts = np.array([convert_local(f"{month}-01") for month in _list_months()])
    is_first_day = events.time < starts[months] + _DAY
    found = []
    for number, (host, kind) in enumerate(_SLOTS):
        is_own = events.searcher == NAMES.index(host.name)
        rows = np.flatnonzero(is_own)
        if kind == "network":
            # a nationwide search reaches whoever takes part in it, declared or not
            is_declared = declared[_SLUGS.index(host.slug)][events.searcher]
            reach = (events.scope == 2) | (events.scope == 1) & is_declared
            rows = np.flatnonzero(is_own | (reach & ~_miss(events.number, number)))
        if host.slug == world.CAPPED and kind == "network":
            rows = rows[: max(room, 0)]
        rows = rows[~_is_missing(events.time[rows], months[rows], host)]
        one_file = host.slug == world.CAPPED or kind != "network"
        sources = np.zeros(len(rows), "int64") if one_file else months[rows] * 2
        found.append((rows, np.full(len(rows), number), sources))
        if kind == "network" and host.slug == world.OVERLAPPING:
            again = rows[is_first_day[rows] & ~np.isin(months[rows] - 1, [-1, *_list_missing(host)])]
            found.append((again, np.full(len(again), number), (months[again] - 1) * 2))
        if kind == "network" and host.slug == world.RELEASED_TWICE[0]:
            again = rows[months[rows] == _list_months().index(world.RELEASED_TWICE[1])]
            found.append((again, np.full(len(again), number), months[again] * 2 + 1))
    event, slot, source = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((source, slot, event))
    return event[order], slot[order], source[order]


def _miss(number: np.ndarray, slot: int) -> np.ndarray:
    """Tell which searches a log lacks though they reached it: one in thirty, so that no log is complete."""
    return (number * 2_654_435_761 + slot * 40_503) % 2**32 < 2**32 // 30


def _is_missing(time: np.ndarray, months: np.ndarray, host: world.Host) -> np.ndarray:
    lost = np.isin(months, _list_missing(host))
    for period in host.missing:
        if len(period) > 7:
            start = convert_local(period)
            lost |= (time >= start) & (time < start + _DAY)
    return lost


def _list_missing(host: world.Host) -> list[int]:
    """List the months of which a host released nothing, as places in the months of the period."""
    return [_list_months().index(period) for period in host.missing if period in _list_months()]


def _list_months() -> list[str]:
    return [str(month) for month in pd.period_range(world.FIRST[:7], world.LAST[:7], freq="M")][:-1]


def _find_months(time: np.ndarray) -> np.ndarray:
    """Find the local month of each time, as a place in the months of the period."""
    starts = [convert_local(f"{month}-01") for month in _list_months()]
    return np.searchsorted(starts, time, side="right") - 1


def _name_source(slot: int, source: int) -> str:
    host, kind = _SLOTS[slot]
    name = f"simulated-{host.slug}-{kind}"
    if kind != "network" or host.slug == world.CAPPED:
        return name
    month, again = divmod(source, 2)
    return f"{name}-{_list_months()[month]}" + ("-again" if again else "")


def _build_part(
    seed, events, event, slot, source, declared, row_numbers: Counter
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write the rows of one part, as each host exports them, in order of source and time."""
    order = np.lexsort((event, source, slot))
    event, slot, source = event[order], slot[order], source[order]
    pairs, place = np.unique(slot * 1_000 + source, return_inverse=True)
    names = [_name_source(*divmod(int(pair), 1_000)) for pair in pairs]
    starts = np.searchsorted(slot * 1_000 + source, pairs)
    earlier = np.array([row_numbers[name] for name in names])
    row_no = np.arange(len(event)) - starts[place] + 1 + earlier[place]
    row_numbers.update(dict(zip(names, np.bincount(place).tolist(), strict=True)))
    first = np.zeros(len(event), bool)
    first[np.unique(event, return_index=True)[1]] = True
    source_id = _take(names, place)
    host = np.array([_SLUGS.index(owner.slug) for owner, _ in _SLOTS])[slot]
    searcher, door = events.searcher[event], events.door[event]
    is_declared = declared[host, searcher]
    shown = np.array(["none", "side", "relay", "account", "back", "front"])
    truth = pd.DataFrame(
        {
            "source_id": source_id,
            "row_no": row_no,
            "event_n": events.number[event],
            "door": _take(list(shown), door + ((door == DOORS.index("federal")) & is_declared)),
            "is_declared": is_declared,
            "purpose": _take(list(world.PURPOSES), events.purpose[event]),
            "reason_bucket": _take([bucket for _, bucket in TEXTS], events.text[event]),
            "is_repeat": ~first,
        }
    )
    log = _export(seed, events, event, slot, host)
    log["source_id"], log["row_no"] = source_id, row_no
    return build_table("searches", pd.DataFrame(log)), truth


def _export(seed: int, events: Events, event: np.ndarray, slot: np.ndarray, host: np.ndarray) -> dict:
    """Write rows as their hosts' forms have them: what is shown, and in which state each cell is."""
    time, rows_n = events.time[event], len(event)
    is_new = time >= convert_local(world.BREAK_ON)
    is_portal = np.array([kind == "portal" for _, kind in _SLOTS])[slot]
    hidden = (events.number[event] * 2_246_822_519 + seed) % 2**32 / 2**32
    has_id = np.array([owner.has_ids for owner in world.HOSTS])[host] | is_new
    masked_host = host == _SLUGS.index(world.MASKED)
    states = {name: np.full(rows_n, CELL_STATES.index("value")) for name in WITHHELD}
    state = {name: number for number, name in enumerate(CELL_STATES)}
    states["search_id"][~has_id] = state["not_exported"]
    states["searcher_agency_as_printed"][is_portal] = state["not_exported"]
    states["searcher_agency_as_printed"][masked_host & (hidden > 0.97)] = state["redacted"]
    for name in ("window_start", "window_end", "search_type", "devices_n"):
        states[name][is_portal] = state["not_exported"]
    states["devices_n"][is_new] = state["not_exported"]
    for name, before in {"officer": "masked", "plate": "masked", "case_number": "redacted"}.items():
        states[name][:] = np.where(is_new | is_portal, state["not_exported"], state[before])
    states["plate_state"][:] = np.where(events.plate_state[event] == 0, state["empty"], state["value"])
    states["plate_state"][is_new | is_portal] = state["not_exported"]
    texts, text = _shorten_reasons(events.text[event], host)
    states["reason_text"][:] = np.array([_find_state(shown) for shown in texts])[text]
    states["reason_text"][masked_host & (hidden < 0.33)] = state["masked"]
    has = {name: codes == state["value"] for name, codes in states.items()}
    days = events.window_days[event]
    after = np.where(events.number[event] % 3 == 0, 1_800_000_000, 0)  # windows that end after the search
    log = {
        "search_id": _mask(_write_ids(events.number[event], seed), has["search_id"]),
        "searched_at": time.astype("datetime64[us]"),
        "searcher_agency_as_printed": _take(
            list(NAMES), events.searcher[event], has["searcher_agency_as_printed"]
        ),
        "host_agency": _take([owner.name for owner in world.HOSTS], host),
        "search_type": _take([name for name, _ in world.TYPES], events.kind[event], has["search_type"]),
        "window_start": _mask_time(time - days * _DAY, has["window_start"]),
        "window_end": _mask_time(time + after, has["window_end"]),
        "networks_n": pd.arrays.IntegerArray(events.networks[event], ~has["networks_n"]),
        "devices_n": pd.arrays.IntegerArray(events.devices[event], ~has["devices_n"]),
        "reason_text": _take(texts, text, has["reason_text"]),
        "reason_origin": _take(["reason", "offense_type"], is_portal.astype(int), has["reason_text"]),
        "has_case_number": events.has_case[event],
        "plate_state": _take(["", "ZZ", "YY"], events.plate_state[event], has["plate_state"]),
    }
    return log | {f"{name}_cell": _take(list(CELL_STATES), codes) for name, codes in states.items()}


def _shorten_reasons(text: np.ndarray, host: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Write reasons as a host exports them: one overwrites all of them, one cuts a word short."""
    shown = [name for name, _ in TEXTS]
    short = shown.index("Inv")
    cut = [short if name.lower().startswith("inv") else number for number, name in enumerate(shown)]
    text = np.where(host == _SLUGS.index(world.SHORTENED), np.array(cut)[text], text)
    return shown, np.where(host == _SLUGS.index(world.OVERWRITTEN), shown.index("Investigation"), text)


def _find_state(text: str) -> int:
    return CELL_STATES.index("empty" if not text else "placeholder" if text == "n/a" else "value")


def _take(names: list[str], places: np.ndarray, has: np.ndarray | None = None) -> pd.arrays.ArrowStringArray:
    """Look up texts by place; missing where `has` is false."""
    taken = pa.array(names, pa.large_string()).take(pa.array(places, mask=None if has is None else ~has))
    return pd.array(taken, dtype="str")


def _mask(values: pa.Array, has: np.ndarray) -> pd.arrays.ArrowStringArray:
    return pd.array(pa.compute.if_else(pa.array(has), values, pa.scalar(None, values.type)), dtype="str")


def _mask_time(values: np.ndarray, has: np.ndarray) -> np.ndarray:
    return np.where(has, values.astype("datetime64[us]"), np.datetime64("NaT", "us"))


def _write_ids(number: np.ndarray, seed: int) -> pa.Array:
    """Write ids in the form of a UUID: the same for a search in every log, without telling its number."""
    words = np.empty((len(number), 2), ">u8")
    for place in (0, 1):
        mixed = number.astype("u8") * 2 + place + np.uint64((seed * 1_000_003 + 1) % 2**63)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        words[:, place] = mixed ^ (mixed >> np.uint64(31))
    digits = np.frombuffer(words.tobytes().hex().encode(), "u1").reshape(len(number), 32)
    signs = np.full((len(number), 36), ord("-"), "u1")
    signs[:, [place for place in range(36) if place not in (8, 13, 18, 23)]] = digits
    offsets = np.arange(len(number) + 1, dtype="int64") * 36
    return pa.LargeStringArray.from_buffers(len(number), pa.py_buffer(offsets), pa.py_buffer(signs.tobytes()))

"""Canonical sharing tables of known content, and networks of them."""

from helpers.canonical import build_table
from helpers.network.build import build_graph
from helpers.network.load import RECEIVED, SHARED, read_records

ME = "Homeville ZZ PD"


def make_list(names, reporter=ME, section=SHARED, date="2025-01-31", source=None):
    """Make the rows of one list.

    A name is a text, or (name, printed state), or (name, printed state, is inactive).
    """
    rows = []
    for number, name in enumerate(names, start=1):
        name, state, is_inactive = (*((name,) if isinstance(name, str) else name), None, False)[:3]
        owner, reader = (reporter, name) if section == SHARED else (name, reporter)
        rows.append(
            dict(
                from_agency_as_printed=owner,
                to_agency_as_printed=reader,
                shares="detections",
                reported_by=reporter,
                section=section,
                as_of=date,
                state_as_printed=state,
                is_inactive=is_inactive,
                source_id=source or f"{reporter} {date}",
                page=3,
                row_no=number,
            )
        )
    return rows


def make_data(*lists, home=""):
    """Make sharing data of several lists of `make_list`."""
    return read_records(build_table("sharing", [row for part in lists for row in part]), home)


def make_graph(links, receivers=()):
    """Make a network of reporter -> names.

    `receivers` are pairs of an agency and the names that share with it.
    """
    lists = [make_list(names, reporter) for reporter, names in dict(links).items()]
    lists += [make_list(names, reader, RECEIVED) for reader, names in dict(receivers).items()]
    return build_graph(make_data(*lists))

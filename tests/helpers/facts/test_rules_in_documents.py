"""Limits of ICE's rules, looked up in the two privacy documents themselves: needs the real records."""

import os
import re
from pathlib import Path

import pandas as pd
import pdfplumber
import pytest

from helpers.facts.tables import load_table

MIRROR = os.environ.get("SIDEDOOR_MIRROR")
# File, and how many PDF pages come before the page printed as 1.
DOCUMENTS = {
    "ice-pia-039a-2017": ("dhs-ice-pia-039a_2017-12-27.pdf", 1),
    "ice-pia-039b-2021": ("dhs-ice-pia-039b_2021-05-21.pdf", 0),
}
# How the documents write small numbers; four times a year is a quarter, once a year annual.
WORDS = {1: "one|1|annual", 2: "two|2", 3: "three|3", 4: "quarterly", 5: "five|5", 7: "seven|7", 10: "ten|10"}


@pytest.fixture(scope="module")
def pages():
    """Text of each printed page of both documents, by source and number."""
    found = {}
    for source, (name, before) in DOCUMENTS.items():
        with pdfplumber.open(Path(MIRROR) / "pia" / name) as document:
            for number, page in enumerate(document.pages, 1):
                found[source, number - before] = page.extract_text()
    return found


def list_pages(cited: str) -> list[int]:
    """Return the numbers of the pages that a cell names: `pp. 5-6`, `pp. 2, 14, 17-18`, `p. 13, note 25`."""
    numbers = []
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", re.sub(r"(note|n\.) \d+", "", cited)):
        numbers += range(int(first), int(last or first) + 1)
    return numbers


@pytest.mark.skipif(not MIRROR, reason="needs real records: set SIDEDOOR_MIRROR")
def test_every_limit_stands_on_its_page(pages):
    """The number of a rule is printed on a page that its row cites; every cited page exists."""
    table = load_table("query_rules")
    missing = []
    for rule in table.itertuples():
        texts = " ".join(pages[rule.source_id, number] for number in list_pages(rule.page))
        if pd.isna(rule.limit_value):
            continue
        number = int(rule.limit_value)
        pattern = WORDS.get(number, f"{number:,}")
        if not re.search(rf"\b(?:{pattern})\b", texts, re.IGNORECASE):
            missing.append(rule.rule_id)

    assert table["limit_value"].notna().sum() >= 20
    assert missing == []

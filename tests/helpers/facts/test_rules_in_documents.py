"""Limits of ICE's rules, looked up in the two privacy documents themselves: needs the real records."""

import re

import pdfplumber

from helpers.facts.tables import load_table

# File, and how many PDF pages come before the page printed as 1.
DOCUMENTS = {
    "ice-pia-039a-2017": ("dhs-ice-pia-039a_2017-12-27.pdf", 1),
    "ice-pia-039b-2021": ("dhs-ice-pia-039b_2021-05-21.pdf", 0),
}
# How the documents write small numbers; four times a year is a quarter, once a year annual.
WORDS = {1: "one|1|annual", 2: "two|2", 3: "three|3", 4: "quarterly", 5: "five|5", 7: "seven|7", 10: "ten|10"}


def list_pages(cited: str) -> list[int]:
    """Return the numbers of the pages that a cell names: `pp. 5-6`, `pp. 2, 14, 17-18`, `p. 13, note 25`."""
    numbers = []
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", re.sub(r"(note|n\.) \d+", "", cited)):
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def test_every_limit_stands_on_its_page(mirror):
    """The number of a rule is printed on a page that its row cites; every cited page exists."""
    rules, missing = load_table("query_rules"), []
    for source, (name, before) in DOCUMENTS.items():
        own = rules[rules["source_id"] == source]
        limited = own[own["limit_value"] > 0]
        cited = {number for page in limited["page"] for number in list_pages(page)}
        with pdfplumber.open(mirror / "pia" / name) as document:
            texts = {number: document.pages[number + before - 1].extract_text() for number in cited}
            assert max(max(list_pages(page)) for page in own["page"]) + before <= len(document.pages)
        for rule in limited.itertuples():
            number = int(rule.limit_value)
            pattern = rf"\b(?:{WORDS.get(number, f'{number:,}')})\b"
            text = " ".join(texts[number] for number in list_pages(rule.page))
            missing += [] if re.search(pattern, text, re.IGNORECASE) else [rule.rule_id]

    assert rules["limit_value"].notna().sum() >= 20 and set(rules["source_id"]) == set(DOCUMENTS)
    assert missing == []

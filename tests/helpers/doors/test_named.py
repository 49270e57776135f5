"""Behaviour of `helpers.doors.named`: what a reason says of whom a search was for, and what it does not."""

import re

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from helpers.doors.named import class_reasons, describe_named, list_patterns, split_codes


def class_texts(texts, cells=None):
    """Class texts on DuckDB."""
    frame = pd.DataFrame({"reason_text": texts, "reason_text_cell": cells or ["value"] * len(texts)}).astype(
        "str"
    )
    table = ibis.memtable(pa.Table.from_pandas(frame.assign(row=range(len(frame)))))
    made = table.select("row", code=class_reasons(table)).order_by("row")
    return ibis.duckdb.connect().to_pyarrow(made).to_pandas()["code"].tolist()


CASES = {
    "HSI": "federal:hsi",
    "assist Homeland Security Investigations": "federal:hsi",
    "ICE/ERO": "federal:ice",
    "ICE + ERO": "federal:ice",
    "for ICE": "federal:ice",
    "ICE warrant": "federal:ice",
    "assist U.S. Border Patrol": "federal:border patrol",
    "CBP": "federal:cbp",
    "fbi": "federal:fbi",
    "US Marshals fugitive": "federal:usms",
    # the same letters, or the same word in another sense
    "ice": "unsure:ice",
    "possession of ice": "unsure:ice",
    "DHS": "unsure:dhs",
    "immigration": "unsure:immigration",
    "federal warrant": "unsure:federal",
    "city marshal": "unsure:usms",
    "police notice of office theft, justice service device": "nobody:",
    "Inv": "nobody:",
    "Investigation": "nobody:",
    "hsinvestigation": "nobody:",
    "price": "nobody:",
    # another agency; a federal name goes before it
    "assist Sample County SO": "agency:",
    "outside agency request": "unsure:another agency",
    "agency assist": "unsure:another agency",
    "Assist other agency": "unsure:another agency",
    "Police assist": "nobody:",
    "for State Police": "agency:",
    "assist PD with HSI case": "federal:hsi",
    "assist Exampleton PD with ice arrest": "unsure:ice",
    "suspect in custody, press charges": "nobody:",
}


@pytest.mark.parametrize("write", [str, str.upper, str.title])
def test_reasons_are_classed_by_what_they_name(write):
    """Sure names are sure, words of two senses are unsure, letters inside other words are nothing."""
    classed = class_texts([write(text) for text in CASES])

    assert CASES == dict(zip(CASES, classed, strict=True))


def test_cells_without_text_are_told_apart():
    """Blank and placeholder say nothing; masked, redacted, not exported and not kept cannot be seen."""
    cells = ["empty", "placeholder", "masked", "redacted", "not_exported", "value"]

    assert ["blank:", "blank:", "hidden:", "hidden:", "hidden:", "hidden:"] == class_texts([None] * 6, cells)


def test_prefilter_fits_whatever_a_pattern_fits():
    """The combined pattern loses none of the cases above and keeps those out that name nobody."""
    pattern = list_patterns().any

    assert {text: code != "nobody:" for text, code in CASES.items()} == {
        text: bool(re.search(pattern, text.lower())) for text in CASES
    }


def test_patterns_are_read_alike_by_all_engines():
    """No lookaround, no end sign, no named class of letters, no capital: RE2 and Java agree on the rest."""
    for code, pattern in list_patterns().ordered:
        assert not re.search(r"\(\?[=!<]|\$|\[:|[A-Z](?<!\\B)", pattern), code


def test_codes_split_into_fact_and_agency():
    """A code is a fact and, where one is named, whose."""
    parts = split_codes(pd.Series(["federal:ice", "nobody:", "unsure:immigration"]))

    assert [["federal", "ice"], ["nobody", ""], ["unsure", "immigration"]] == parts.to_numpy().tolist()


def test_agencies_looked_for_are_described():
    """Each has a label, and a pattern of one kind or the other."""
    table = describe_named()

    assert table["named_for"].is_unique and (table["label"] != "").all()
    assert ((table["sure"] + table["unsure"]) != "").all()

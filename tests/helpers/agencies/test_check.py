"""Cells that should hold an agency's name: hidden characters go, persons are told from agencies."""

import os
from pathlib import Path

import pandas as pd
import pytest

from helpers.agencies import clean_name, looks_like_agency, mixes_alphabets

MIRROR = os.environ.get("SIDEDOOR_MIRROR")


@pytest.mark.parametrize("mark", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad", "\u034f", "\U000e0041"])
def test_hidden_characters_are_removed_and_counted(mark):
    """A name with a character that turns the line or has no width is the same name without it."""
    assert clean_name(f" Irvine{mark} CA  {mark}PD") == ("Irvine CA PD", 2)
    assert clean_name("Doña Ana County NM SO") == ("Doña Ana County NM SO", 0)


def test_mixed_alphabets_are_noticed():
    """A Cyrillic I in a Latin name is found; accents are no other alphabet."""
    assert mixes_alphabets("\u0406rvine CA PD")
    assert not mixes_alphabets("Doña Ana County SO 2")
    assert not mixes_alphabets("")


@pytest.mark.parametrize(
    "text",
    (
        "Irvine CA PD|ICE|HSI Newark|LVMPD|TXDPS|orange county sheriff|NCRIC|City of Tustin|LASD|"
        "Irvine\u200b Police|Town of Lyons CO|Georgia Tech PD|FBI|MS - Flora PD|Axon|NVLS|Kansas KBI|ALEA|Nlets|"
        "Forest Service|Fort Worth TX Code Compliance|SOUTH DAKOTA GAME FISH AND PARKS|Louisiana DOTD|USDA"
    ).split("|"),
)
def test_agencies_look_like_agencies(text):
    assert looks_like_agency(text)


@pytest.mark.parametrize(
    "text",
    (
        "Jane Roe|ROE, JANE|Alonso|ALONSO|Det. Roe, Irvine PD|Officer Roe|Marshall Park|Ice, Jane|JANE ICE|"
        "Roe, Da|Ming So|O'Brien, Pat|Virginia Woolf|Georgia|7ABC123|3||\u200b|Sheridan, Phil|"
        "Maria da Silva|Irvine|Alea Montgomery|ALEA MONTGOMERY|Robert Service|Forest Roe|Rosa Parks|Fish, Jane|"
        "Kim Hoa|Jane Code|Ron Guard"
    ).split("|"),
)
def test_persons_plates_and_bare_places_do_not(text):
    assert not looks_like_agency(text)


@pytest.mark.skipif(not MIRROR, reason="SIDEDOOR_MIRROR is not set: the real lists are not here")
def test_nearly_all_real_names_look_like_agencies():
    """Of 5,152 real account names fewer than one in 200 fails; one of the failing ones is a person's."""
    names = pd.read_csv(Path(MIRROR) / "private_eyes" / "agency20240426.csv")["name"].dropna()
    failed = [name for name in names if not looks_like_agency(name)]

    assert len(names) == 5152
    assert 0 < len(failed) < len(names) / 200
    assert "Lynne Drake" not in set(names) - set(failed)

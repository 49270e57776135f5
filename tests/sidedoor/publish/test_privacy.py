"""Keys, tokens, and tables that no spreadsheet runs."""

import hashlib
import hmac
import os
import re
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import paths
from helpers.errors import DataError
from helpers.export import neutralize_formulas, write_csv, write_parquet
from sidedoor.publish.privacy import load_key, tokenize

KEY = hashlib.sha256(b"a key for tests").digest()
POSIX = pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
# threats.md T7, CWE-1236, and the ways around a check of the first character
PAYLOADS = [
    "=cmd|'/c calc'!A1", "=1+1", "+1+1", "-1+1", "@SUM(1+1)", "\t=1+1", "\r=1+1", "\n=1+1", "\x00=1+1",
    "\ttext", "\rtext", "  =1+1", "\u00a0=1+1", "\u200b=1+1", "\ufeff=1+1", "\uff1d1+1", "\uff0b1", "\uff0d1",
    "\uff20SUM(1)", "\u22121", '=HYPERLINK("http://127.0.0.1/?"&A1,"x")', "=DDE(\"cmd\";\"/C calc\";\"x\")",
    "-5", "+1 206 555 0142",
]  # fmt: skip


def make_key(folder: Path, content: bytes = KEY, mode: int = 0o600, name: str = "key") -> Path:
    """Write a key file."""
    path = folder / name
    path.write_bytes(content)
    path.chmod(mode)
    return path


def refuse(path: Path) -> str:
    """Return the code with which a key is refused."""
    with pytest.raises(DataError) as caught:
        load_key(path)
    return caught.value.code


def test_a_good_key_is_its_bytes(tmp_path):
    """32 bytes in a file that only the owner reads are taken as they are."""
    assert load_key(make_key(tmp_path)) == KEY
    assert load_key(str(make_key(tmp_path, os.urandom(64).hex().encode() + b"\n"))).endswith(b"\n")


# few different bytes, with a line break too; a pattern; a row of numbers
WEAK = [b"\x00" * 32, b"ab" * 31 + b"a\n", b"0123456789" * 4, bytes(range(40))]


@pytest.mark.parametrize(
    ("content", "mode", "code"),
    [(key, 0o600, "key-size") for key in (b"", KEY[:31], KEY * 200)]
    + [(key, 0o600, "key-weak") for key in WEAK]
    + [pytest.param(KEY, mode, "key-mode", marks=POSIX) for mode in (0o640, 0o604)],
)
def test_weak_keys_are_refused(tmp_path, content, mode, code):
    """Fewer than 32 bytes, patterns, rows of numbers, and files that others can use; no key is ever shown."""
    with pytest.raises(DataError) as caught:
        load_key(make_key(tmp_path, content, mode))
    assert caught.value.code == code and str(tmp_path) not in str(caught.value)
    assert not content or content.decode("latin-1") not in str(caught.value)


@POSIX
def test_no_key_is_in_a_repository_or_leads_there(tmp_path, monkeypatch):
    """Inside, by a roundabout path, and links at both ends are refused; a link outside is followed."""
    root, outside, other = tmp_path / "house", tmp_path / "outside", tmp_path / "other"
    for folder in (root / "data", outside, other / ".git", other / "keys"):
        folder.mkdir(parents=True)
    monkeypatch.setattr(paths, "ROOT", root)
    inner, outer = make_key(root / "data", name="inner"), make_key(outside, name="outer")
    links = {"to-inner": inner, "folder": root, "to-outer": outer, "to-nowhere": outside / "nothing"}
    for name, target in links.items():
        (outside / name).symlink_to(target)
    (root / "to-outer").symlink_to(outer)
    around = root / "data" / ".." / "data" / "inner"
    through = outside / "folder" / "data" / "inner"
    for path in (inner, around, through, outside / "to-inner", root / "to-outer", make_key(other / "keys")):
        assert refuse(path) == "key-place"
    assert load_key(outside / "to-outer") == KEY
    assert refuse(outside / "to-nowhere") == "key-unread"
    outer.chmod(0o644)
    assert refuse(outside / "to-outer") == "key-mode"


@POSIX
@pytest.mark.parametrize("name", [".", "pipe", "nothing"])
def test_what_is_no_file_is_refused(tmp_path, name):
    """A folder, a pipe (without waiting for it) and nothing at all."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert refuse(tmp_path / name) == "key-unread"


def test_a_token_is_the_hmac_that_the_docstring_says():
    """Computed by hand with hmac and hashlib, for texts of any script."""
    secret = hmac.new(KEY, b"plate", hashlib.sha256).digest()
    for text in ("some text", "ÄÖ", "a\x00b"):
        wanted = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
        assert tokenize([text], KEY, "plate").tolist() == [wanted[:16]]
    with pytest.raises(DataError):
        tokenize(["a"], KEY[:31], "plate")


def test_missing_stays_missing_and_the_index_stays():
    """None, NaN, NA, NaT and blank texts have no token; order, index and name are kept."""
    values = pd.Series(["a", None, "b", np.nan, "a", pd.NA, "", "  "], index=list("stuvwxyz"), name="plate")
    tokens = tokenize(values, KEY, "plate")
    assert tokens.isna().tolist() == [False, True, False, True, False, True, True, True]
    assert tokens["s"] == tokens["w"] != tokens["v"]
    assert list(tokens.index) == list("stuvwxyz") and tokens.name == "plate"
    assert tokenize(pd.Series([], dtype="str"), KEY, "plate").empty


@given(st.lists(st.text(min_size=1), max_size=20))
def test_tokens_join_within_a_field_and_a_key_only(texts):
    """One text, one token; another field or another key, another token."""
    plates, officers = tokenize(texts, KEY, "plate"), tokenize(texts, KEY, "officer")
    other = tokenize(texts, KEY[::-1], "plate")
    kept = [text for text in texts if text.strip()]
    assert plates.dropna().nunique() == len(set(kept))
    assert not set(plates.dropna()) & (set(officers.dropna()) | set(other.dropna()))
    # the field has a key of its own: `plate` + `x` and `platex` + nothing are different
    assert tokenize(["xy"], KEY, "plate")[0] != tokenize(["y"], KEY, "platex")[0]


def test_all_else_is_left_alone():
    """Numbers, dates, missing cells and harmless texts; a name of a column is a cell, too."""
    frame = pd.DataFrame(
        {
            "n": [-1, 2], "f": [-1.5, np.nan], "t": pd.to_datetime(["2024-01-01", None]), "s": ["a=b", None],
            "o": ["-x", -3], "b": pd.array([True, None], dtype="boolean"), "=h": ["a-b", "it's"],
        }
    )  # fmt: skip
    safe = neutralize_formulas(frame)
    assert list(safe.columns) == ["n", "f", "t", "s", "o", "b", "'=h"]
    assert safe["o"].tolist() == neutralize_formulas(frame["o"]).tolist() == ["'-x", -3]
    for name in ("n", "f", "t", "s", "b"):
        pd.testing.assert_series_equal(safe[name], frame[name])


@given(st.lists(st.text(), min_size=1, max_size=8))
def test_no_text_begins_a_formula_afterwards(texts):
    """Any text: its first visible character is none of the four, in either width."""
    for text in neutralize_formulas(pd.Series(texts, dtype="str")):
        assert not re.match(r"[\s\x00\u200b\ufeff]*[=+\-@＝＋－＠]|[\t\r\n\x00]", text)


def build_table() -> pd.DataFrame:
    """Build a table with one column of each type and all payloads."""
    size = len(PAYLOADS)
    plain = ["NA", "null", "0012", "1E55555", 'say "hi"', "a,b", "a;b", "a\nb"] * 3
    return pd.DataFrame(
        {
            "text": pd.Series(PAYLOADS, dtype="str"),
            "plain": pd.Series(plain, dtype="str"),
            "gap": pd.Series([None, "x"] * (size // 2), dtype="str"),
            "n": pd.array([None, -5] * (size // 2), dtype="Int64"),
            "f": np.linspace(-1, 1, size),
            "b": pd.array([True, False, None] * (size // 3), dtype="boolean"),
            "t": pd.to_datetime(["2024-05-31 14:00:00", None] * (size // 2)),
        }
    )


def test_csv_comes_back_as_it_was_written(tmp_path):
    """Each cell is the neutralized one, without control characters; NA, leading zeros, line breaks survive."""
    table = build_table()
    write_csv(table, tmp_path / "t.csv")
    back = pd.read_csv(tmp_path / "t.csv", dtype="str", keep_default_na=False)
    # Python's reader takes a lone carriage return in quotes for a line feed
    shown = ["'" + text.replace("\r", "\n").replace("\x00", "\ufffd") for text in PAYLOADS]
    assert [text.replace("\r", "\n") for text in back["text"]] == shown
    assert back["plain"].tolist() == table["plain"].tolist()
    starts = {"gap": ["", "x", ""], "n": ["", "-5", ""], "b": ["true", "false", ""]}
    starts["t"] = ["2024-05-31T14:00:00", "", "2024-05-31T14:00:00"]
    assert {name: back[name].tolist()[:3] for name in starts} == starts
    assert [float(value) for value in back["f"]] == table["f"].tolist()
    assert b"\r\n" not in (tmp_path / "t.csv").read_bytes().replace(b"\r=", b"")


def test_separators_of_other_countries_begin_no_cell(tmp_path):
    """A semicolon or tab before a formula is quoted, so that it stays one cell where those part cells."""
    write_csv(pd.DataFrame({"a": ["x;=1+1", "x\t=1+1", "x|=1+1"]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == 'a\n"x;=1+1"\n"x\t=1+1"\n"x|=1+1"\n'


@POSIX
def test_parquet_is_lossless_and_private_files_are_for_the_owner(tmp_path):
    """Types, gaps and payloads come back as they were; a private file has the mode 0600, others the mask's."""
    table = build_table()
    write_parquet(table, tmp_path / "t.parquet", private=True)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), table)
    assert stat.S_IMODE((tmp_path / "t.parquet").stat().st_mode) == 0o600
    write_csv(table, tmp_path / "t.csv")
    (tmp_path / "plain").touch()
    assert (tmp_path / "t.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_failed_write_leaves_what_was_there(tmp_path):
    """What stood there before stands until the new file is complete."""
    write_csv(pd.DataFrame({"a": [1]}), tmp_path / "t.csv")

    class Broken:
        def __str__(self):
            raise ValueError("broken")

    with pytest.raises(ValueError):
        write_csv(pd.DataFrame({"a": [Broken()]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "a\n1\n" and len(list(tmp_path.iterdir())) == 1

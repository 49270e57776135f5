"""The sheet: drawn alike everywhere, redacted, private, and read back without its texts."""

import csv
import stat

import pandas as pd
import pytest

from helpers import paths
from helpers.errors import DataError
from helpers.reasons import draw_sample, load_rule_sets, read_sheet, score_rules, write_sheet
from helpers.reasons.hand_coding import KEY, SHEET, mask_text
from helpers.searches import engine
from helpers.simulate.log import build_log
from made.logs import make_reasons, read_log
from made.refusal import refused

from .conftest import label_plainly

SETS = load_rule_sets(["word-boundary", "newsroom-contains"])
# an invented plate, phone number and case number
SECRETS = ["7ABC123", "415-555-0123", "19-004512"]


@pytest.fixture(scope="module")
def log():
    """The teaching log, small."""
    return build_log(3, 1_500)[0]


@pytest.fixture(scope="module")
def sample(log):
    return draw_sample(read_log(log), SETS, 15, 30, 2019)


@pytest.fixture
def sheet(sample, tmp_path):
    """The sheet of the sample, in a folder of its own."""
    return write_sheet(sample, tmp_path / "mine")


def test_strata_are_what_the_same_rules_find(log, sample):
    """Each stratum has its size in the log, and as many rows as asked for or all of them."""
    texts = log["reason_text"].dropna()
    signs = ["".join("1" if label_plainly(rules.name, text) else "0" for rules in SETS) for text in texts]
    sizes = pd.Series(signs).value_counts()
    drawn = sample["stratum"].value_counts()

    assert {key: min(30 if key == "00" else 15, int(n)) for key, n in sizes.items()} == drawn.to_dict()
    assert (sample["stratum_rows_n"] == sample["stratum"].map(sizes)).all()
    assert (sample["rule: newsroom-contains"] == sample["stratum"].str[1].eq("1")).all()


def test_same_seed_same_sample_in_any_order(log, sample):
    """Rows shuffled give the same sample, another seed gives another."""
    again = draw_sample(read_log(log.sample(frac=1, random_state=9)), SETS, 15, 30, 2019)
    other = draw_sample(read_log(log), SETS, 15, 30, 2020)

    pd.testing.assert_frame_equal(sample, again)
    assert sample["text"].tolist() != other["text"].tolist()


def test_spark_draws_the_same_rows(log, sample, spark):
    """The rank of a row is a checksum that engines compute alike."""
    pd.testing.assert_frame_equal(sample, draw_sample(engine.read_log(spark, log), SETS, 15, 30, 2019))


def test_plates_phones_and_numbers_are_masked(tmp_path):
    """Neither the sheet nor the key holds them; equal redacted texts share a line."""
    texts = [f"ICE {secret}" for secret in SECRETS] + ["ICE 19-004513", "287(g)", "=cmd ice"]
    sample = draw_sample(read_log(make_reasons(texts)), SETS, 50, 50, 1)
    sheet = write_sheet(sample, tmp_path / "mine")
    written = sheet.read_text(encoding="utf-8") + (sheet.parent / KEY).read_text(encoding="utf-8")

    assert not [secret for secret in SECRETS if secret in written]
    assert "287(g)" in written and "'=cmd ice" in written
    assert (sample["line"].nunique(), len(sample)) == (5, 6)
    assert "ICE 1••••••••" == mask_text("ICE\n 19-004512")
    assert "case ######" == mask_text("case 123456")


def test_sheet_is_private_and_blind(sample, sheet):
    """Only its owner can read it; the sheet does not say which rule found a line."""
    with sheet.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))

    assert ["line", "text", "code", "note"] == header
    assert {0o600} == {stat.S_IMODE((sheet.parent / name).stat().st_mode) for name in (SHEET, KEY)}
    assert "text" not in (sheet.parent / KEY).read_text(encoding="utf-8").splitlines()[0]
    with pytest.raises(DataError) as error:
        write_sheet(sample, sheet.parent)
    assert "already" in error.value.found


@pytest.mark.parametrize("mark", ["manifest.json", "index.html", ".git", "house", "runs", "link"])
def test_published_and_tracked_folders_are_refused(sample, tmp_path, mark):
    """Below a run, a site or a repository, ours too, through a link as well; nothing is written."""
    places = {"house": paths.ROOT / "mine", "runs": paths.RUNS / "mine", "link": tmp_path / "link" / "mine"}
    folder = places.get(mark, tmp_path / "deep" / "mine")
    if mark == "link":
        (tmp_path / "link").symlink_to(paths.ROOT / "data")
    elif mark not in places:
        (tmp_path / mark).write_text("{}")
        (tmp_path / "deep").mkdir()
    with pytest.raises(DataError) as error:
        write_sheet(sample, folder)

    assert "published or tracked" in str(error.value) and not folder.exists()


def fill(sheet, code, order=1):
    """Fill a sheet as a person would: another order of lines, capitals, a note."""
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[::order]
    for row in rows:
        row["code"], row["note"] = code(row["text"]), "a note"
    with sheet.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, ["line", "text", "code", "note"])
        writer.writeheader()
        writer.writerows(rows)


def test_filled_sheet_comes_back_without_texts(sample, sheet):
    """Codes are joined to every row; who codes by the whole-word rule finds it perfect."""
    fill(sheet, lambda text: " YES" if label_plainly(SETS[0].name, text) else "no", order=-1)
    coded = read_sheet(sheet.parent)
    scores = score_rules(coded).set_index("rule")

    assert len(sample) == len(coded) and not {"text", "note"} & set(coded.columns)
    assert (coded["code"].eq("yes") == coded["rule: word-boundary"]).all()
    assert 1.0 == scores.loc["word-boundary", "precision"] == scores.loc["word-boundary", "recall"]
    assert scores.loc["newsroom-contains", "precision"] < 1


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda text: text.replace("\r\n2,", "\r\n1,", 1), "line"),
        (lambda text: text.replace("line,", "number,", 1), "column"),
        (lambda text: text.rsplit("\r\n", 2)[0] + "\r\n", "line"),
        (lambda text: text.replace(",yes,", ",perhaps,", 1), "code"),
        (lambda text: "\0" * 9, "column"),
    ],
)
def test_a_spoilt_sheet_is_refused(sheet, spoil, code):
    """Double, lost and unknown lines, columns and codes, each with its place."""
    fill(sheet, lambda text: "yes")
    text = sheet.read_bytes().decode("utf-8-sig")
    assert spoil(text) != text
    sheet.write_bytes(spoil(text).encode())

    with refused(code, DataError):
        read_sheet(sheet.parent)


def test_a_second_coder_makes_differences_unclear(sheet):
    """Lines on which two coders differ are unclear; a line that only one coded has that code."""
    fill(sheet, lambda text: "yes")
    second = sheet.with_name("second.csv")
    second.write_bytes(sheet.read_bytes().removeprefix("\ufeff".encode()))
    fill(second, lambda text: "yes" if "i" in text else "" if "t" in text else "no")
    coded = read_sheet(sheet.parent)

    assert set(coded["code"]) == {"yes", "unclear"}
    assert (coded["code"] == "unclear").equals(coded["code_second"] == "no")
    assert coded.loc[coded["code_second"] == "", "code"].eq("yes").all()


def test_nothing_to_draw_is_said():
    """A copy for publication has no texts; no rows are asked for."""
    for log, size, code in ((["<masked>"], 5, "no-text"), (["ice"], 0, "size")):
        with refused(code, DataError):
            draw_sample(read_log(make_reasons(log)), SETS, size, 5, 1)

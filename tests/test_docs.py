"""What people read is true: every command, notebook, table, column and number in the READMEs exists."""

import json
import re
from importlib import import_module

import pytest
from typer.main import get_command

from helpers import paths
from helpers.facts.tables import describe_table, list_tables
from helpers.wording import format_number
from sidedoor import cli
from sidedoor.run.notebooks import list_notebooks, load_notebook

README = (paths.ROOT / "README.md").read_text(encoding="utf-8")
DICTIONARY = (paths.DATA / "README.md").read_text(encoding="utf-8")


def read_section(text: str, heading: str) -> str:
    """Return the text from a heading to the next of its level."""
    level = heading.split(" ")[0]
    return text.split(f"\n{heading}", 1)[1].split(f"\n{level} ", 1)[0]


def collect_findings() -> dict[str, dict]:
    """Collect the findings that the committed notebooks computed, by id."""
    found = {}
    for path in list_notebooks():
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                if finding := output.get("metadata", {}).get("sidedoor_finding"):
                    found[finding["id"]] = finding | {"notebook": path.name}
    return found


@pytest.mark.parametrize("name", list_tables())
def test_dictionary_lists_exactly_the_columns_of_a_table(name):
    """The dictionary has each column once, in order, with its type and its description, and none that is not there."""
    section = read_section(DICTIONARY, f"### `{name}`")
    rows = re.findall(r"^\| `(\w+)` \| (\w+)[^|]* \| (.*) \|$", section, flags=re.M)
    fields = describe_table(name)["schema"]["fields"]

    assert [(field["name"], field["type"]) for field in fields] == [row[:2] for row in rows]
    for field, row in zip(fields, rows, strict=True):
        assert row[2].startswith(field["description"])
        for value in field.get("constraints", {}).get("enum", []):
            assert f"`{value}`" in row[2]


def test_dictionary_has_exactly_the_tables_of_the_schema():
    """No table is missing, none is described that does not exist."""
    assert list_tables() == re.findall(r"^### `(\w+)`", DICTIONARY, flags=re.M)


def test_every_command_in_the_readme_exists_and_every_command_is_shown():
    """`sidedoor NAME` and `make NAME` in the README are real, and no command is left out."""
    commands = set(get_command(cli.app).commands)
    targets = set(re.findall(r"^([a-z]+):", (paths.ROOT / "Makefile").read_text(), flags=re.M))
    shown = set(re.findall(r"\bsidedoor ([a-z]+)\b", README))

    assert commands == shown
    assert targets == set(re.findall(r"\bmake ([a-z]+)\b", README))


def test_notebook_table_lists_the_notebooks_with_their_questions():
    """The table in the README and the one in notebook 00 have one row per notebook, in order, in its own words."""
    books = [load_notebook(path) for path in list_notebooks()]
    start = "".join(
        "".join(cell["source"])
        for cell in json.loads(books[0].path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown"
    )
    for text, folder in ((README, "notebooks/"), (start, "")):
        rows = re.findall(rf"^\| \[(.+?)\]\({folder}([0-9a-z-]+\.ipynb)\) \| (.+?) \|", text, flags=re.M)

        assert [(f"{book.number} · {book.title}", book.path.name, book.question) for book in books] == rows


def test_readme_states_three_to_eight_findings_as_computed():
    """Each finding in the README is, word for word, one that its linked notebook computed."""
    section = read_section(README, "## What the records show")
    stated = re.findall(r"^- (.+?) \(\[[^\]]+\]\(notebooks/([0-9a-z-]+\.ipynb)\)\)$", section, flags=re.M)
    computed = {(finding["sentence"], finding["notebook"]) for finding in collect_findings().values()}

    assert 3 <= len(stated) <= 8
    assert len(stated) == section.count("\n- ")
    assert not set(stated) - computed


def test_findings_of_all_notebooks_have_different_names():
    """An id is used once in the collection, so that it can be cited."""
    ids = [
        output["metadata"]["sidedoor_finding"]["id"]
        for path in list_notebooks()
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        for output in cell.get("outputs", [])
        if "sidedoor_finding" in output.get("metadata", {})
    ]

    assert len(ids) == len(set(ids)) >= 10


def test_links_of_the_readmes_lead_somewhere():
    """Every relative link of a README points to a file of the repository."""
    for text, folder in ((README, paths.ROOT), (DICTIONARY, paths.DATA)):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (folder / link).exists(), link


def test_stated_counts_of_the_readme_are_the_tables_counts():
    """The README's table of data gives each table's number of rows as it is."""
    section = read_section(README, "## Data")
    from helpers.facts.tables import load_table

    rows = dict(re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", section, flags=re.M))

    assert {name: format_number(len(load_table(name))) for name in list_tables()} == rows


def test_what_no_notebook_calls_stands_in_the_readme():
    """Each public function on networks and reasons is called by a notebook or another module, or is in the README; what is there exists."""
    section = read_section(README, "## Use the package")
    listed = set(re.findall(r"`((?:network|reasons)\.\w+)`", section))
    cells = [
        cell for path in list_notebooks() for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    ]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    texts += [
        path.read_text(encoding="utf-8") for path in paths.SOURCE.rglob("*.py") if path.name != "__init__.py"
    ]
    code = re.sub(r"^\s*(def|from|import) .*$", "", "\n".join(texts), flags=re.M)
    public = {
        f"{room}.{name}"
        for room in ("network", "reasons")
        for name in import_module(f"helpers.{room}").__all__
    }
    uncalled = {name for name in public if not re.search(rf"(?<![`\w]){name.partition('.')[2]}\b", code)}

    assert listed <= public and uncalled <= listed


def test_citation_file_is_valid():
    """CITATION.cff has what version 1.2.0 of the format demands, and the package's version."""
    text = (paths.ROOT / "CITATION.cff").read_text(encoding="utf-8")
    keys = re.findall(r"^([a-z-]+):", text, flags=re.M)

    assert {"cff-version", "message", "title", "authors"} <= set(keys)
    assert len(keys) == len(set(keys))
    assert "cff-version: 1.2.0" in text
    assert f"version: {__import__('helpers').__version__}\n" in text

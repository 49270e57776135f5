"""What people read is true: every command, notebook, table, column and number in the READMEs exists."""

import ast
import re

import pytest
from typer.main import get_command

from helpers import __version__, paths
from helpers.facts.tables import describe_table, list_tables, load_table
from made.notebooks import find_notebook, list_findings, read_cells, read_prose
from sidedoor import cli
from sidedoor.run.notebooks import list_notebooks, load_notebook

README = (paths.ROOT / "README.md").read_text(encoding="utf-8")
CHANGELOG = (paths.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
DICTIONARY = (paths.DATA / "README.md").read_text(encoding="utf-8")


def read_section(text: str, heading: str) -> str:
    """Return the text from a heading to the next of its level."""
    level = heading.split(" ")[0]
    return text.split(f"\n{heading}", 1)[1].split(f"\n{level} ", 1)[0]


@pytest.mark.parametrize("name", list_tables())
def test_dictionary_lists_exactly_the_columns_of_a_table(name):
    """The dictionary has each column once, in order, with its type and description, and no other."""
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
    """README and notebook 00 have one row for each notebook, in order, in its own words."""
    books = [load_notebook(path) for path in list_notebooks()]
    start = read_prose(find_notebook("00"))
    for text, folder in ((README, "notebooks/"), (start, "")):
        rows = re.findall(rf"^\| \[(.+?)\]\({folder}([0-9a-z-]+\.ipynb)\) \| (.+?) \|", text, flags=re.M)

        assert [(f"{book.number} · {book.title}", book.path.name, book.question) for book in books] == rows


def test_readme_states_findings_as_computed():
    """Each finding in the README is, word for word, one that its linked notebook computed."""
    section = read_section(README, "## What the records show")
    stated = re.findall(r"^- (.+?) \(\[[^\]]+\]\(notebooks/([0-9a-z-]+\.ipynb)\)\)$", section, flags=re.M)

    assert len(stated) == 3 == section.count("\n- ")
    for sentence, name in stated:
        assert sentence in [finding["sentence"] for finding in list_findings(paths.NOTEBOOKS / name)]


def test_links_of_the_readmes_lead_somewhere():
    """Every relative link of a README points to a file of the repository."""
    for text, folder in ((README, paths.ROOT), (DICTIONARY, paths.DATA)):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (folder / link).exists(), link


def test_every_public_function_of_helpers_has_a_caller():
    """In a notebook, a command, a benchmark or another module: a line of a README and a test are no callers."""
    folders = (paths.SOURCE, paths.ROOT / "benchmarks")
    modules = {path: path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py")}
    words = {
        path: set(re.findall(r"\w+", text)) for path, text in modules.items() if path.name != "__init__.py"
    }
    cells = [cell["source"] for path in list_notebooks() for cell in read_cells(path)]
    called = set(re.findall(r"\w+", "\n".join(cells)))
    uncalled = []
    for path in sorted((paths.SOURCE / "helpers").rglob("*.py")):
        tree = ast.parse(modules[path])
        # a name that its own module uses, other than where it is defined
        own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        others = set().union(called, own, *(found for at, found in words.items() if at != path))
        defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        uncalled += [(path.name, name) for name in defined if name[0] != "_" and name not in others]

    assert not uncalled


def test_what_could_not_be_read_is_linked():
    """The README links every source that is known and was not read, and no other document of that kind."""
    section = read_section(README, "## What we could not read")
    unread = load_table("sources").query("read_as == 'not_read'")

    assert re.findall(r"^- \[.+\]\((https://[^)]+)\)$", section, flags=re.M) == unread["url"].tolist()


def test_readme_fits():
    """At most 150 lines, and the findings within the first screen."""
    lines = README.splitlines()

    assert len(lines) <= 150 and lines.index("## Run it") <= 30


def test_changelog_and_citation_have_the_version():
    """The newest entry of the changelog; and CITATION.cff has what version 1.2.0 of the format demands."""
    versions = re.findall(r"^## \[([\d.]+)\] - \d{4}-\d{2}-\d{2}$", CHANGELOG, flags=re.M)
    text = (paths.ROOT / "CITATION.cff").read_text(encoding="utf-8")
    keys = re.findall(r"^([a-z-]+):", text, flags=re.M)

    assert versions[0] == __version__ and f"version: {__version__}\n" in text
    assert "cff-version: 1.2.0" in text and len(keys) == len(set(keys))
    assert {"cff-version", "message", "title", "authors"} <= set(keys)

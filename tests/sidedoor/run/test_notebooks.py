"""Notebooks: found, read without running, and written without anything that varies."""

import json
import sys
import tempfile
from pathlib import Path

import pytest

from helpers.errors import RunError
from made.refusal import refused
from sidedoor.run.notebooks import (
    PathEraser,
    check_executed,
    find_notebook,
    list_notebooks,
    load_notebook,
    scrub_notebook,
)


def build_executed(*outputs, source="1", metadata=None, **cell):
    """Build a notebook of one executed cell, as papermill would leave it."""
    code = {"cell_type": "code", "id": "a", "source": source, "metadata": metadata or {}}
    code |= {"execution_count": 1, "outputs": list(outputs), **cell}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [code]}


def build_stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def test_list_notebooks_takes_numbered_notebooks_only(house):
    """A checkpoint or a scratch notebook is none of the house's; `sidedoor run 01` means one notebook."""
    for name in ("02-b", "01-a"):
        house.write_notebook(name)
    for name in ("scratch.ipynb", "1-c.ipynb", "03_d.ipynb"):
        (house.notebooks / name).write_text("{}")
    assert [path.stem for path in list_notebooks()] == ["01-a", "02-b"]
    house.write_notebook("01-b")
    with refused("same-number"):
        list_notebooks()


def test_find_notebook_by_number_or_name_and_offers_the_nearest(house):
    """A misspelt name is answered with the one that was meant."""
    path = house.write_notebook("01-read-the-release")
    house.write_notebook("02-map-the-access")
    names = ("01", "1", "01-read-the-release", "01-read-the-release.ipynb", "read-the-release")
    assert {find_notebook(name) for name in (*names, "notebooks/01-read-the-release.ipynb")} == {path}
    with refused("no-notebook", hint="`01-read-the-release`"):
        find_notebook("01-read-the-relaese")
    for name in ("../01-read-the-release", "001", "-1", ""):
        with refused("no-notebook"):
            find_notebook(name)


def test_load_notebook_reads_title_question_and_parameters(house):
    """What `sidedoor list` shows comes from the notebook alone."""
    opening = (
        "# 04 · Count the queries\n\n**Question.** How many queries, between which bounds?\n\nMore. Is it?"
    )
    least = "least: int = 1  # smallest count [queries]"
    path = house.write_notebook("04-count", parameters=least, opening=opening)
    book = load_notebook(path)
    assert (book.number, book.title) == ("04", "Count the queries")
    assert book.question == "How many queries, between which bounds?"
    for opening, shown in (
        ("# 01 · A\n\n*What is here?* Two lists. And so on?", "What is here?"),
        ("# 01 · A\n\nPolice share plate data. Lists show it.\nMore.", "Police share plate data."),
        ("# 01 · A", ""),
    ):
        assert load_notebook(house.write_notebook("01-a", opening=opening)).question == shown
    assert book.parameters["least"].unit == "queries"


def change_cells(path, change):
    """Change the cells of a notebook file."""
    content = json.loads(path.read_text())
    change(content["cells"])
    path.write_text(json.dumps(content))


EARLY = {"cell_type": "code", "id": "e", "metadata": {}, "source": "m = n + 1", "outputs": []}
LEFT = EARLY | {"source": "n = 2", "metadata": {"tags": ["injected-parameters"]}}


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("no-cell", lambda cells: cells[1].update(metadata={})),
        ("no-cell", lambda cells: cells.append(cells[1])),
        ("used-early", lambda cells: cells.insert(0, EARLY)),
        ("left-over", lambda cells: cells.append(LEFT)),
        ("unreadable", lambda cells: cells.append(1)),
    ],
)
def test_load_notebook_demands_one_parameters_cell_before_any_use(house, code, change):
    """Papermill would otherwise set a value too early, too late, or not at all."""
    path = house.write_notebook("01-a", "print(1)", parameters="n: int = 1  # number [x]")
    change_cells(path, change)
    with refused(code):
        load_notebook(path)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"nbformat": 3, "metadata": {}, "cells": []}', "[" * 100_000, "\xff"]
)
def test_load_notebook_refuses_what_is_no_notebook(house, content):
    """A broken file is a message, not a traceback."""
    path = house.notebooks / "01-a.ipynb"
    path.write_bytes(content.encode("latin-1"))
    with refused("unreadable"):
        load_notebook(path)


def test_source_hash_follows_cells_not_outputs(house):
    """Running a notebook does not change its hash; changing a cell or a tag does."""
    path = house.write_notebook("01-a", "print(1)")
    seen = [load_notebook(path).source_hash]
    for change in ({"outputs": [build_stream("1\n")]}, {"source": "print(2)"}, {"metadata": {"tags": ["x"]}}):
        change_cells(path, lambda cells, change=change: cells[2].update(change))
        seen.append(load_notebook(path).source_hash)
    assert seen[0] == seen[1] and len(set(seen)) == 3


def test_scrub_removes_what_a_run_adds_and_keeps_what_an_author_wrote():
    """Timings, versions, program settings and papermill's own notes go; tags, alt texts and findings stay."""
    picture = {"output_type": "display_data", "data": {"image/png": "aGVsbG8=", "text/plain": "<Figure>"}}
    picture["metadata"] = {"image/png": {"alt": "Bars", "sidedoor": "bars"}}
    picture["transient"] = {"display_id": "x"}
    times = {"start_time": "2024-11-24T02:00:00", "duration": 0.1}
    metadata = {"tags": ["a"], "papermill": times, "execution": times, "collapsed": True}
    notebook = build_executed(picture, metadata=metadata)
    notebook["metadata"] = {
        "papermill": {"input_path": "/home/ann/x.ipynb", **times},
        "kernelspec": {"name": "my-env", "display_name": "My Env", "language": "python"},
        "language_info": {"name": "python", "version": "3.11.7"},
        "vscode": {},
    }
    clean = scrub_notebook(notebook)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    assert clean["metadata"]["kernelspec"] == kernel
    assert set(clean["metadata"]) == {"kernelspec", "language_info"}
    assert "version" not in clean["metadata"]["language_info"]
    cell = clean["cells"][0]
    assert cell["metadata"] == {"tags": ["a"]}
    assert cell["outputs"][0]["metadata"] == picture["metadata"] and "transient" not in cell["outputs"][0]
    assert notebook["metadata"]["vscode"] == {}, "the argument is not changed"
    assert scrub_notebook(clean) == clean
    # an old notebook has no ids
    del notebook["cells"][0]["id"]
    assert scrub_notebook(notebook)["cells"][0]["id"] == "cell-00"


def test_paths_of_this_machine_are_replaced_and_other_texts_left_alone(house):
    """The repository, the home folder, the temporary folder and the interpreter's are not published.

    A web address or a longer name that only looks like such a path stays. The work folder inside the
    repository inside the home folder is one word, not three.
    """
    root, home, temporary = house.root, Path.home(), tempfile.gettempdir()
    erase = PathEraser({f"{root}/runs/.tmp-1": "<run>"})
    for text, shown in (
        (f"{root}/data/x.csv {home}/x ({root})", "./data/x.csv ~/x (.)"),
        (f"'file://{root}/a' {temporary}/y", "'file://./a' <tmp>/y"),
        (f"\x1b[32m{home}\x1b[0m", "\x1b[32m~\x1b[0m"),
        (f"{root}/runs/.tmp-1/figures", "<run>/figures"),
    ):
        assert erase(text) == shown == erase(shown) and erase.locate(shown) is None
    other = f"https://example.org{temporary}/x {temporary}fs/y .{temporary} </{home.name}> and/or 1/2"
    assert erase(other) == other
    assert sys.prefix not in erase(f"{sys.prefix}/lib")
    html = {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
    html["data"] = {"text/html": f"<td>{root}/data</td>"}
    printed, shown = scrub_notebook(build_executed(build_stream(f"{root}/x"), html))["cells"][0]["outputs"]
    assert printed["text"] == "./x" and shown["data"]["text/html"] == "<td>./data</td>"


def test_a_short_path_tells_something_only_where_it_goes_on(house, monkeypatch):
    """Where the home folder is /srv, an agency may still be called so; a path that goes on below it is one."""
    monkeypatch.setattr(Path, "home", lambda: Path("/srv"))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: "/tmp")
    erase = PathEraser()
    for honest in ("Tulare /srv Police", "Kern /srv, /tmp", "/srvs/x", "and/srv/x", "/tmp-1/x", "x/srv"):
        assert erase.locate(honest) is None, honest
    assert erase.locate("see /srv/records") == 4
    assert erase.locate("file:///tmp/x") == 7 and erase.locate(f"{house.root} a") == 0
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ann"))
    assert PathEraser().locate("by /home/ann") == 3


def test_scrub_refuses_a_path_that_it_may_not_replace(house):
    """An author's own cell is never rewritten: the run says what to change."""
    with refused("path-left", RunError, place="01-a, cell 1"):
        scrub_notebook(build_executed(source=f"open('{house.root}/data/x.csv')"), None, "01-a")
    note = {"output_type": "display_data", "data": {"text/plain": ""}}
    note["metadata"] = {"made": "2024-11-24T02:00:00Z"}
    with refused("time-left", RunError):
        scrub_notebook(build_executed(note))


def test_scrub_joins_printed_pieces_however_they_arrived():
    """How many pieces a text arrives in, and how streams interleave, depends on the clock; no result does."""
    display = {"output_type": "display_data", "data": {"text/plain": "d"}, "metadata": {}}
    one = [build_stream("a"), build_stream("w", "stderr"), build_stream("b"), display, build_stream("c")]
    other = [build_stream("w", "stderr"), build_stream("ab"), display, build_stream("c")]
    assert scrub_notebook(build_executed(*one)) == scrub_notebook(build_executed(*other))
    outputs = scrub_notebook(build_executed(*one))["cells"][0]["outputs"]
    assert [output.get("text") for output in outputs] == ["w", "ab", None, "c"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"execution_count": None}, "not-run"),
        ({"execution_count": 3}, "not-run"),
        ({"outputs": [{"output_type": "error", "ename": "E", "evalue": "", "traceback": []}]}, "cell-failed"),
    ],
)
def test_check_executed_refuses_half_a_run(change, code):
    """A result has every code cell run once, from top to bottom, without error."""
    check_executed(build_executed(), "01-a")
    with refused(code, RunError, place="01-a, cell 1"):
        check_executed(build_executed(**change), "01-a")

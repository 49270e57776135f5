"""The runner: complete or absent, skipped when unchanged, the same again, and no kernel left behind."""

import functools
import json
import math
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import paths
from helpers.errors import DataError, RunError
from helpers.files import hash_files
from helpers.findings import state_finding as state
from made.refusal import refused
from sidedoor.run import execute, run
from sidedoor.run.editions import Run, build_defaults, load_edition, plan_run
from sidedoor.run.keys import compute_key, hash_inputs
from sidedoor.run.notebooks import find_notebook, load_notebook
from sidedoor.run.results import KernelLimits, load_manifest, lock_edition, read_result, remove_unnamed
from sidedoor.run.run import refresh_notebooks, run_edition

LEAST = "least: int = 1  # smallest count [queries]"
FINDING = {
    "id": "a", "sentence": "It is so.", "value": 1, "low": None, "high": None, "unit": "edges",
    "unlimited": [], "sources": ["log"], "pages": {"log": ["3"]}, "simulated": False,
}  # fmt: skip
PLOT = """import os, pathlib
folder = pathlib.Path(os.environ["SIDEDOOR_FIGURES"])
(folder / "bars.csv").write_text("a,b\\n")
print(folder)"""


def display_finding(*parts):
    """Write the code of a cell that displays dictionaries, joined, as a finding's metadata."""
    data = f"{{'sidedoor_finding': {' | '.join(parts)}}}"
    return f"from IPython.display import display\ndisplay({{'text/plain': 'x'}}, raw=True, metadata={data})"


def state_finding(identity, value="1"):
    """Write the code of a cell that states a finding the way `helpers.findings` does."""
    return display_finding(f"{FINDING | {'id': identity}}", f"{{'value': {value}}}")


def record():
    """Make a `report` that keeps what it is told, cell by cell excepted."""
    events = []
    return events, lambda event, name, *_: events.append((event, name)) if event != "cell" else None


def find_kernels(house) -> list[int]:
    """Find processes whose command line or folder says that they are kernels of this house."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
            if b"sidedoor.run.kernel" in line and str(house.root).encode() in line:
                if (folder / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                    found.append(int(folder.name))
        except OSError:
            continue
    return found


def await_no_kernel(house, seconds=30.0) -> list[int]:
    """Wait until no kernel of the house is alive; give those that still are."""
    until = time.monotonic() + seconds
    while (alive := find_kernels(house)) and time.monotonic() < until:
        time.sleep(0.05)
    return alive


def list_named(house, edition="town") -> dict[str, str]:
    """List the files that the manifest names, with the manifest and the findings."""
    folder = house.runs / edition
    manifest = json.loads((folder / "manifest.json").read_text())
    named = tuple(entry["folder"] + "/" for entry in manifest["notebooks"])
    files = house.list_files(folder)
    own = ("manifest.json", "findings.json")
    return {name: value for name, value in files.items() if name.startswith(named) or name in own}


def run_nothing(monkeypatch, act=lambda: None):
    """Let `act` replace the kernels of all notebooks: cells count as run and show nothing."""

    def run_cells(notebook, *_):
        act()
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        for number, cell in enumerate(code, start=1):
            cell.update(execution_count=number, outputs=[])
        return notebook

    monkeypatch.setattr(execute, "run_cells", run_cells)


@pytest.fixture
def town(house):
    house.write_notebook("01-count", "print(least)", state_finding("least", "least"), PLOT, parameters=LEAST)
    house.write_notebook("02-map", state_finding("edges"))
    house.write_edition('notebook = "01"\n[run.parameters]\nleast = 5', 'notebook = "02"')
    return house


def test_run_publishes_complete_results_and_skips_them_when_unchanged(town):
    """A run leaves what the manifest names, with parameters set; the next one runs and writes nothing."""
    edition = load_edition("town")
    events, report = record()
    manifest = run_edition(edition, report=report)
    names = ("01-count", "02-map")
    assert sorted(events) == [(event, name) for event in ("done", "start") for name in names]
    assert [entry["name"] for entry in manifest["notebooks"]] == ["01-count", "02-map"]
    first = manifest["notebooks"][0]
    assert first["parameters"] == {"least": 5} and first["folder"] == f"01-count.{first['key'][:12]}"
    assert set(first["files"]) == {"01-count.ipynb", "findings.json", "figures/bars.csv"}
    findings = json.loads((town.runs / "town" / "findings.json").read_text())
    assert findings == [
        FINDING | {"id": "least", "notebook": "01-count", "value": 5},
        FINDING | {"id": "edges", "notebook": "02-map"},
    ]
    assert town.read_output("town", "01-count") == "5\nx<run>/result/figures\n"
    assert not [name for name in town.list_files(town.runs) if ".tmp" in name or "failed" in name]
    before = town.list_files()
    stamps = {path: path.stat().st_mtime_ns for path in town.runs.rglob("*")}
    events, report = record()
    run_edition(load_edition("town"), report=report)
    assert events == [("unchanged", "01-count"), ("unchanged", "02-map")]
    assert town.list_files() == before and all(path.stat().st_mtime_ns == at for path, at in stamps.items())


def test_only_some_notebooks_run_and_the_others_keep_their_results(town, monkeypatch):
    """`sidedoor run 02` leaves the result of 01 in the manifest."""
    run_nothing(monkeypatch)
    first = run_edition(load_edition("town"))
    town.write_notebook("02-map", "print('new')", state_finding("edges"))
    events, report = record()
    second = run_edition(load_edition("town"), ["02"], report=report)
    assert {name for _, name in events} == {"02-map"}
    assert second["notebooks"][0] == first["notebooks"][0] and second["notebooks"][1] != first["notebooks"][1]


def test_values_by_hand_leave_the_edition_alone(town, monkeypatch):
    """A changed parameter lands in runs/by-hand and changes nothing in the edition."""
    edition = load_edition("town")
    with monkeypatch.context() as quick:
        run_nothing(quick)
        run_edition(edition)
    before = town.list_files(town.runs / "town")
    plan, only = plan_run(edition, ["01"], ["least=9"])
    run_edition(plan, only)
    assert town.list_files(town.runs / "town") == before
    assert town.read_output("by-hand", "01-count").startswith("9\n")


def test_key_follows_every_input(town):
    """Notebook, parameters, data, both packages, lock and the files of a path parameter change the key."""
    town.write_notebook("03-read", parameters='records: str = "own"  # folder of records [path]')
    (town.root / "own").mkdir()
    (town.root / "own" / "a.csv").write_text("1\n")

    def read_keys():
        inputs, edition = hash_inputs(), build_defaults()
        return {each.name: compute_key(each, edition.folder, inputs) for each in edition.runs}

    def list_changed():
        nonlocal keys
        before, keys = keys, read_keys()
        return {name for name in keys if keys[name] != before[name]}

    keys = read_keys()
    assert list_changed() == set()
    (town.root / "own" / "a.csv").write_text("2\n")
    assert list_changed() == {"03-read"}
    town.write_notebook("02-map", "print(2)")
    assert list_changed() == {"02-map"}
    code = [town.source / "helpers" / "a.py", town.source / "sidedoor" / "b.py"]
    data = [town.facts / "counts.csv", town.data / "datapackage.json", town.data / "registry" / "leaks.toml"]
    for path in (*code, *data, town.root / "requirements.lock"):
        path.write_text((path.read_text() if path.exists() else "") + "\n")
        assert list_changed() == {"01-count", "02-map", "03-read"}, path
    (town.data / "README.md").write_text("words\n")
    assert list_changed() == set()
    run_five, run_one = load_edition("town").runs[0], build_defaults().runs[0]
    assert compute_key(run_five, None, hash_inputs()) != compute_key(run_one, None, hash_inputs())


def test_changed_rulebook_beside_the_edition_is_another_key(town, tmp_path):
    """A book that an edition names is an input like any other: the notebook runs again."""
    town.write_notebook("08-rules", parameters='book: str = "ice-2017"  # requirements [rulebook file]')
    own = 'notebook = "08"\n[run.parameters]\nbook = "book.toml"'
    keys = set()
    for text in ("VERSION ONE", "VERSION TWO"):
        (tmp_path / "book.toml").write_text(text)
        edition = load_edition(town.write_edition(own, name="newsroom", folder=tmp_path))
        keys.add(compute_key(edition.runs[0], edition.folder, hash_inputs()))
    assert len(keys) == 2


def test_records_beside_the_edition_are_read_and_their_place_is_not_published(town, tmp_path):
    """A colleague's clone computes the same key, and shows `<edition>` in outputs, cells and manifest."""
    declared = 'records: str = ""  # own records [path]'
    town.write_notebook("03-read", "print(open(records).read(), records)", parameters=declared)
    own = 'notebook = "03"\n[run.parameters]\nrecords = "a.csv"'
    editions = []
    for place in ("ann/town", "b/town"):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        (folder / "a.csv").write_text("secret-free\n")
        editions.append(load_edition(town.write_edition(own, name="newsroom", folder=folder)))
    one, other = (compute_key(edition.runs[0], edition.folder, hash_inputs()) for edition in editions)
    manifest = run_edition(editions[0])
    assert town.read_output("newsroom", "03-read") == "secret-free\n <edition>/a.csv\n"
    (entry,) = manifest["notebooks"]
    assert entry["parameters"] == {"records": "<edition>/a.csv"} and entry["key"] == one == other
    for file in (town.runs / "newsroom").rglob("*"):
        assert not file.is_file() or str(tmp_path) not in file.read_text(), file


def test_kernel_is_this_interpreter_whatever_the_notebook_or_the_user_says(house, monkeypatch):
    """Neither a kernel name saved in the notebook nor the user's Jupyter and IPython settings count."""
    settings = house.root / "settings"
    fake = settings / "jupyter" / "kernels" / "python3"
    fake.mkdir(parents=True)
    (fake / "kernel.json").write_text('{"argv": ["false"], "display_name": "x", "language": "python"}')
    startup = settings / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "a.py").write_text("print('from startup'); leaked = 1")
    (settings / "start.py").write_text("leaked = 2")
    monkeypatch.setenv("JUPYTER_PATH", str(settings / "jupyter"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(settings / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(settings / "ipython"))
    monkeypatch.setenv("PYTHONSTARTUP", str(settings / "start.py"))
    code = """import os, sys, sidedoor.run
print(sys.executable, os.getcwd(), sidedoor.run.__file__, 'leaked' in globals())
print(*(os.environ[name] for name in ('PYTHONHASHSEED', 'OMP_NUM_THREADS', 'TZ')))"""
    path = house.write_notebook("01-a", code)
    content = json.loads(path.read_text())
    content["metadata"]["kernelspec"] = {"name": "gone-env", "display_name": "R", "language": "R"}
    path.write_text(json.dumps(content))
    house.write_edition('notebook = "01"')
    run_edition(load_edition("town"))
    erase = run.PathEraser()
    package = erase(str(Path(run.__file__).parent / "__init__.py"))
    assert house.read_output("town", "01-a") == f"{erase(sys.executable)} . {package} False\n0 1 UTC\n"


def test_two_notebooks_at_a_time_share_nothing(house):
    """Each kernel has its own figure folder and environment, and one's changes do not reach the other."""
    code = (
        "import os, pathlib, time\nfolder = pathlib.Path(os.environ['SIDEDOOR_FIGURES'])\n"
        "os.environ['LEAK'] = '{0}'; os.chdir('/')\ntime.sleep(0.5)\n"
        "(folder / '{0}.csv').write_text('{0}')\n"
        "print(os.environ['LEAK'], sorted(path.name for path in folder.iterdir()))"
    )
    house.write_notebook("01-a", code.format("one"))
    house.write_notebook("02-b", code.format("two"))
    house.write_edition('notebook = "01"', 'notebook = "02"')
    before, here = dict(os.environ), os.getcwd()
    run_edition(load_edition("town"))
    assert house.read_output("town", "01-a") == "one ['one.csv']\n"
    assert house.read_output("town", "02-b") == "two ['two.csv']\n"
    assert dict(os.environ) == before and os.getcwd() == here


@pytest.mark.parametrize(
    ("code", "cell", "found"),
    [
        ("raise ValueError('no\\nrows')", 3, "ValueError: no rows"),
        ("import os; os._exit(3)", 3, "the kernel died"),
        ("import time\nwhile True: time.sleep(1)", 3, "took longer than 2 s"),
        ("x = bytearray(4 << 30)", 3, "MemoryError"),
        ("import sys; sys.exit(0)", 3, "shows an error"),
        ("open('/proc/self/nothing')", 3, "FileNotFoundError"),
    ],
)
def test_failure_names_notebook_cell_and_reason_and_changes_no_result(town, monkeypatch, code, cell, found):
    """A notebook that stops is an error of one line; results, manifest and findings stay as they were."""
    with monkeypatch.context() as quick:
        run_nothing(quick)
        run_edition(load_edition("town"))
    before = list_named(town)
    town.write_notebook("02-map", code, "print('never')")
    with pytest.raises(RunError, match=found) as raised:
        run_edition(load_edition("town"), limits=KernelLimits(2, 2.0))
    assert raised.value.place == f"02-map, cell {cell}" and "\n" not in str(raised.value)
    assert list_named(town) == before
    assert await_no_kernel(town) == []
    assert not list((town.runs / "town").glob(".tmp*"))
    if "shows an error" not in found:
        assert json.loads((town.runs / "town" / "failed" / "02-map.ipynb").read_text())["nbformat"] == 4


def test_failed_notebook_is_kept_until_it_succeeds_and_others_need_not_run_again(town):
    """After a failure the notebooks that did succeed are not run a second time."""
    town.write_notebook("02-map", "1 / 0")
    with pytest.raises(RunError, match="ZeroDivisionError"):
        run_edition(load_edition("town"))
    assert load_manifest("town") is None
    failed = town.runs / "town" / "failed" / "02-map.ipynb"
    assert str(town.root) not in failed.read_text() and "papermill" not in failed.read_text()
    # nobody has looked through what it shows
    assert os.name != "posix" or stat.S_IMODE(failed.parent.stat().st_mode) == 0o700
    town.write_notebook("02-map", "1 / 1")
    events, report = record()
    run_edition(load_edition("town"), report=report)
    assert ("unchanged", "01-count") in events and ("done", "02-map") in events and not failed.exists()


def test_finding_stated_twice_is_refused(town):
    """An id names one finding of an edition; a notebook run twice puts its slug before its ids."""
    town.write_notebook("02-map", state_finding("least"))
    with refused("twice", RunError, place="02-map"):
        run_edition(load_edition("town"))
    assert load_manifest("town") is None
    town.write_edition('notebook = "02"', 'notebook = "02"\nas = "again"')
    run_edition(load_edition("town"))
    findings = json.loads((town.runs / "town" / "findings.json").read_text())
    assert [each["id"] for each in findings] == ["least", "again-least"]
    assert [each["notebook"] for each in findings] == ["02-map", "02-again"]


def test_input_changed_while_a_notebook_runs_is_noticed(town):
    """A result never stands under the key of inputs that it did not have."""
    town.write_notebook("02-map", "open('data/facts/counts.csv', 'a').write('b,2\\n')")
    with refused("changed", RunError, place="02-map") as raised:
        run_edition(load_edition("town"), ["02"])
    assert "counts.csv" in raised.value.found and load_manifest("town") is None


def test_path_of_this_machine_in_a_figure_file_is_refused(house):
    """Where a path cannot be replaced without changing a file under its readers, the run stops."""
    code = "import os, pathlib\nplace = pathlib.Path(os.environ['SIDEDOOR_FIGURES']) / 'a.csv'\n"
    house.write_notebook("01-a", code + "place.write_text(os.getcwd())")
    house.write_edition('notebook = "01"')
    with refused("path-left", RunError, place="01-a, figures/a.csv, line 1"):
        run_edition(load_edition("town"))


def test_only_files_and_folders_are_results(house):
    """A link or a pipe that a notebook leaves is named; neither is followed or waited for."""
    code = "import os, pathlib\nos.{0}os.environ['SIDEDOOR_FIGURES'] + '/a.csv')"
    house.write_notebook("01-a", code.format("mkfifo("))
    house.write_notebook("02-b", code.format("symlink('/etc/hostname', "))
    house.write_edition('notebook = "01"', 'notebook = "02"')
    with refused("irregular", RunError, place="01-a, figures/a.csv") as raised:
        run_edition(load_edition("town"))
    assert "02-b, figures/a.csv" in raised.value.found


def test_second_run_of_an_edition_at_the_same_time_is_refused(town):
    """Two runs never write into one edition; another edition may run meanwhile."""
    with lock_edition("town"):
        with refused("locked", RunError):
            run_edition(load_edition("town"))
        with lock_edition("other"):
            pass
    with lock_edition("town"):
        pass


def test_damaged_result_is_run_again(town, monkeypatch):
    """A result whose bytes are not those that were written is as if it had never been."""
    run_nothing(monkeypatch)
    manifest = run_edition(load_edition("town"))
    path = town.runs / "town" / manifest["notebooks"][1]["folder"] / "02-map.ipynb"
    path.write_text(path.read_text() + " ")
    events, report = record()
    run_edition(load_edition("town"), report=report)
    assert ("unchanged", "01-count") in events and ("done", "02-map") in events
    (town.runs / "town" / "manifest.json").write_text("{")
    events, report = record()
    run_edition(load_edition("town"), report=report)
    assert {event for event, _ in events} == {"unchanged"} and load_manifest("town")["title"] == "A town"


def test_kernel_that_does_not_start_is_tried_once_more(town, monkeypatch):
    """A disk that takes no sockets is no failure of the notebook; a second failure to start is one."""
    real, calls = execute.KernelSpec, []

    def build_spec(argv, **rest):
        calls.append(1)
        if len(calls) in failing[:-1]:
            raise RuntimeError("no port")
        broken = ["sh", "-c", "echo port taken >&2; exit 1"]
        return real(argv=broken if len(calls) in failing else argv, **rest)

    monkeypatch.setattr(execute, "KernelSpec", build_spec)
    failing = [1]
    run_edition(load_edition("town"), ["02"])
    assert len(calls) == 2
    failing, calls[:] = [1, 2], []
    with refused("cell-failed", RunError, place="02-map") as raised:
        run_edition(load_edition("town"), ["02"], force=True)
    assert "port taken" in raised.value.found
    assert len(calls) == 2


def test_refresh_writes_executed_notebooks_and_a_second_time_nothing(town):
    """The committed notebook is, byte for byte, the result of a run with its defaults."""
    (town.notebooks / ".tmp-0123456789abcdef").write_text("left by a refresh that was killed")
    changed = refresh_notebooks()
    assert not (town.notebooks / ".tmp-0123456789abcdef").exists()
    assert [path.name for path in changed] == ["01-count.ipynb", "02-map.ipynb"]
    before = town.list_files(town.notebooks)
    assert refresh_notebooks() == [] and town.list_files(town.notebooks) == before
    town.write_edition('notebook = "01"', 'notebook = "02"')
    manifest = run_edition(load_edition("town"))
    for entry in manifest["notebooks"]:
        result = town.runs / "town" / entry["folder"] / f"{entry['name']}.ipynb"
        assert result.read_bytes() == (town.notebooks / result.name).read_bytes()


# What a prepared or damaged folder of results may not do


def prepare_manifest(house, **changed):
    """Change the first entry of the manifest."""
    path = house.runs / "town" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["notebooks"][0] |= changed
    path.write_text(json.dumps(manifest))


NO_NAMES = ("../a", "/a", "a/../b", "a\\b", "")
PREPARED = [
    {"name": "../../../notebooks/01-count"}, {"name": "02-map"}, {"notebook": "../x"}, {"title": 3},
    {"folder": "../01-count.0123456789ab"}, {"folder": "02-map.0123456789ab"}, {"folder": None},
    {"key": "x" * 64}, *({"files": {name: "0" * 64}} for name in NO_NAMES),
]  # fmt: skip


def test_manifest_that_no_run_wrote_is_refused(town, monkeypatch):
    """Names of a manifest become parts of paths; each is checked where it is read, for all readers."""
    run_nothing(monkeypatch)
    run_edition(load_edition("town"))
    path = town.runs / "town" / "manifest.json"
    honest = path.read_text()
    for changed in PREPARED:
        path.write_text(honest)
        prepare_manifest(town, **changed)
        with refused("damaged", RunError):
            load_manifest("town")


def test_prepared_manifest_deletes_nothing_outside(town, monkeypatch):
    """A name with `..` in a manifest that came from elsewhere used to remove a notebook."""
    run_nothing(monkeypatch)
    run_edition(load_edition("town"))
    before = town.list_files(town.notebooks)
    prepare_manifest(town, name="../../../notebooks/01-count")
    run_edition(load_edition("town"), ["02"])
    shutil.rmtree(town.runs / "town" / "failed", ignore_errors=True)
    (town.runs / "town" / "failed").symlink_to(town.notebooks)
    run_edition(load_edition("town"), force=True)
    assert town.list_files(town.notebooks) == before


def test_link_in_a_result_makes_it_incomplete(town, tmp_path, monkeypatch):
    """What a link leads to is not what was computed, even if it is the same for now."""
    manifest = run_edition(load_edition("town"), ["01"])
    folder = town.runs / "town" / manifest["notebooks"][0]["folder"]
    bars = folder / "figures" / "bars.csv"
    assert read_result(folder)
    bars.rename(tmp_path / "bars.csv")
    bars.symlink_to(tmp_path / "bars.csv")
    assert read_result(folder) is None and "figures/bars.csv" not in hash_files(folder)
    bars.unlink()
    (tmp_path / "bars.csv").rename(bars)
    assert read_result(folder)
    folder.rename(tmp_path / "result")
    folder.symlink_to(tmp_path / "result")
    assert read_result(folder) is None
    events, report = record()
    run_nothing(monkeypatch)
    manifest = run_edition(load_edition("town"), report=report)
    assert ("done", "01-count") in events
    assert not (town.runs / "town" / manifest["notebooks"][0]["folder"]).is_symlink()
    assert read_result(tmp_path / "result"), "what the link led to is left alone"


def test_edition_of_the_same_name_elsewhere_takes_no_results_away(town, tmp_path, monkeypatch):
    """Two files of one name are two editions; the second is told to rename. No path is written down."""
    run_nothing(monkeypatch)
    for place in ("ann", "bob"):
        (tmp_path / place).mkdir()
    ann, bob = (
        town.write_edition('notebook = "01"', name="city", folder=tmp_path / place)
        for place in ("ann", "bob")
    )
    run_edition(load_edition(ann))
    before = town.list_files(town.runs / "city")
    with refused("other-edition"):
        run_edition(load_edition(bob))
    assert town.list_files(town.runs / "city") == before
    run_edition(load_edition(ann))
    assert str(tmp_path) not in (town.runs / "city" / "manifest.json").read_text()
    shutil.rmtree(town.runs / "city")
    run_edition(load_edition(bob))


OTHER_FORMS = [
    {"id": "../x"}, {"value": float("nan")}, {"low": True}, {"high": [1]}, {"sources": "log"},
    {"pages": {"log": 3}}, {"simulated": 0}, {"extra": 1}, {"value": 10**400}, {"unlimited": ["up"]},
]  # fmt: skip


@pytest.mark.parametrize("changed", OTHER_FORMS, ids=str)
def test_finding_of_another_form_is_refused(changed):
    """Metadata that `state_finding` would not write does not get into findings.json."""
    output = {"output_type": "display_data", "metadata": {"sidedoor_finding": FINDING | changed}, "data": {}}
    notebook = {"cells": [{"cell_type": "code", "outputs": [output]}]}
    stated = Run("01-a", None)
    with pytest.raises(RunError) as raised:
        run.collect_findings(notebook, stated)
    assert raised.value.place.startswith("01-a, cell 1, finding") and raised.value.code
    output["metadata"]["sidedoor_finding"] = FINDING
    assert run.collect_findings(notebook, stated) == [FINDING | {"notebook": "01-a"}]
    for gone in FINDING:
        output["metadata"]["sidedoor_finding"] = {name: FINDING[name] for name in FINDING if name != gone}
        with refused("missing-key", RunError):
            run.collect_findings(notebook, stated)


def test_finding_is_what_state_finding_writes():
    """The schema knows the metadata of a real finding."""
    finding = state("a", "{value} is so.", value=1, unit="edges", sources=["log"], low=1, high=math.inf)
    _, metadata = finding._repr_mimebundle_()
    output = {"output_type": "display_data", "metadata": metadata, "data": {}}
    notebook = {"cells": [{"cell_type": "code", "outputs": [output]}]}
    (found,) = run.collect_findings(notebook, Run("01-a", None))
    assert (found["id"], found["low"], found["high"], found["unlimited"]) == ("a", 1, None, ["high"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SystemError("AST constructor"), "defect"),
        (OSError(28, "No space left on device"), "disk"),
        (DataError("a", "b", "c", code="own"), "own"),
    ],
)
def test_unexpected_error_of_a_worker_names_the_notebook(town, monkeypatch, error, code):
    """Whatever happens in a worker is an error of one line, and the results before stay."""
    run_nothing(monkeypatch)
    run_edition(load_edition("town"))
    before = list_named(town)

    def fail():
        raise error

    run_nothing(monkeypatch, fail)
    with refused(code, RunError, place="02-map"):
        run_edition(load_edition("town"), ["02"], force=True)
    assert list_named(town) == before


# What stops a run from outside

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/cmdline").exists(), reason="sees processes through /proc"
)


@needs_proc
def test_kill_leaves_the_result_before_and_no_kernel(house):
    """After kill -9 amid two notebooks nothing that they started lives, and the next run succeeds."""
    house.copy_package()
    house.write_notebook("01-a", "print('v1')")
    house.write_notebook("02-b", "print('v1')")
    house.write_edition('notebook = "01"', 'notebook = "02"')
    assert house.call("run", "--edition", "town").returncode == 0
    before = list_named(house)
    # a cell that holds Python's lock, and one that starts a process of its own
    house.write_notebook("01-a", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')")
    marker = f"import time; time.sleep(600) # sidedoor.run.kernel {house.root}"
    child = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {marker!r}])"
    house.write_notebook("02-b", child)
    started = subprocess.Popen(**house.build_command("run", "--edition", "town"), stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while (
        len(find_kernels(house)) < 5 and time.monotonic() < until
    ):  # two kernels, who watch them, and the child
        time.sleep(0.05)
    assert len(find_kernels(house)) == 5 and started.poll() is None
    started.kill()
    started.wait()
    assert await_no_kernel(house) == [] and list_named(house) == before
    for name in ("01-a", "02-b"):
        house.write_notebook(name, "print('v3')")
    done = house.call("run", "--edition", "town")
    assert done.returncode == 0, done.stderr
    assert house.read_output("town", "01-a") == house.read_output("town", "02-b") == "v3\n"
    assert not list((house.runs / "town").glob(".tmp*"))


# One process imports everything once; for each step, a child of it runs the edition until that step and is
# killed.
_KILLER = """
import os, signal, sys, types
stub = types.ModuleType("sidedoor.run.execute")
def run_cells(notebook, *rest):
    for number, cell in enumerate((c for c in notebook["cells"] if c["cell_type"] == "code"), 1):
        cell.update(execution_count=number, outputs=[])
    return notebook
class Lifeline:
    def close(self):
        pass
stub.Lifeline, stub.run_cells, stub.CellError = Lifeline, run_cells, Exception
sys.modules["sidedoor.run.execute"] = stub
from sidedoor.run.editions import load_edition
from helpers import paths
from sidedoor.run import run
# what a key is computed of is another test's affair
paths.SOURCE = paths.ROOT / "nothing"
run.format_notebook = lambda notebook: str(notebook)
run.check_publication = lambda folder: None
def hit(event, arguments):
    global left
    is_write = event == "open" and arguments[1] in ("w", "wb", "xb", "rb+")
    if is_write or event in ("os.rename", "os.mkdir", "os.remove", "shutil.rmtree"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        left, edition, code = int(line), load_edition("town"), 1
        try:
            sys.addaudithook(hit)
            run.run_edition(edition, workers=1)
            code = 0
        finally:
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_kill_at_every_step_of_publishing_leaves_the_old_or_the_new_result(house):
    """At each single write, rename and removal: the manifest names complete results, all old or all new."""
    house.copy_package()
    house.write_edition('notebook = "01"', 'notebook = "02"')
    command = house.build_command() | {"args": [sys.executable, "-c", _KILLER]}
    killer = subprocess.Popen(**command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def call(step):
        for slug in ("01-a", "02-b"):
            house.write_notebook(slug, f"print({step})")
        killer.stdin.write(f"{step}\n")
        killer.stdin.flush()
        return int(killer.stdout.readline())

    with killer:
        assert call(10**6) == 0
        code, step = -signal.SIGKILL, 0
        while code == -signal.SIGKILL:
            step += 1
            old = load_manifest("town")["notebooks"]
            code = call(step)
            new = load_manifest("town")["notebooks"]
            assert all(read_result(house.runs / "town" / entry["folder"]) for entry in new), step
            changed = [one["key"] != other["key"] for one, other in zip(old, new)]
            assert all(changed) or not any(changed), step
        assert code == 0 and 20 < step < 100
    assert not list((house.runs / "town").glob(".tmp*")) and len(list((house.runs / "town").glob("0*"))) == 2


@needs_proc
def test_interrupted_run_ends_with_no_kernel(house):
    """Ctrl-C is as harmless as kill -9, and shows no traceback."""
    house.copy_package()
    house.write_notebook("01-a", "import time; time.sleep(60)")
    house.write_edition('notebook = "01"')
    command = house.build_command("run", "--edition", "town")
    # A suite started in the background of a shell is deaf to Ctrl-C, and so would be what it starts.
    listen = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    started = subprocess.Popen(**command, stderr=subprocess.PIPE, preexec_fn=listen)
    until = time.monotonic() + 120
    while len(find_kernels(house)) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.3)
    started.send_signal(signal.SIGINT)
    assert started.wait(timeout=120) != 0
    assert "Traceback" not in started.stderr.read()
    started.stderr.close()
    assert await_no_kernel(house) == []
    assert not (house.runs / "town" / "manifest.json").exists()


def test_full_disk_is_an_error_and_leaves_the_result_before(town):
    """On a disk of 200 kB: the run says what is wrong, the results stand, and the next run succeeds."""
    disk = town.runs / "town"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, capture_output=True, check=False) if shutil.which("mount") else None
    if mounted is None or mounted.returncode:
        pytest.skip("a small disk can be mounted by root only")
    try:
        run_edition(load_edition("town"))
        before = list_named(town)
        town.write_notebook("01-count", "print('x' * 150_000)", parameters=LEAST)
        town.write_notebook("02-map", "print('y' * 150_000)")
        with refused("disk", RunError):
            run_edition(load_edition("town"))
        assert list_named(town) == before and not list(disk.glob(".tmp*"))
        # full to the last byte
        town.write_notebook("01-count", "print('z')", parameters=LEAST)
        remove_unnamed(disk, {name.split("/")[0] for name in before})
        (disk / "ballast").write_bytes(b"")
        with pytest.raises(OSError), (disk / "ballast").open("ab", buffering=0) as ballast:
            while True:
                ballast.write(b"b" * 4096)
        with pytest.raises(RunError):
            run_edition(load_edition("town"), ["01"])
        assert list_named(town) == before
        (disk / "ballast").unlink()
        run_edition(load_edition("town"), ["01"])
        assert town.read_output("town", "01-count") == "z\n"
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


# Who else may read what a kernel says


@needs_proc
def test_kernel_listens_in_a_private_folder(town):
    """Its channels are sockets that only this user can reach: no port of the machine gives outputs away."""
    code = """import json, os, pathlib, stat
from ipykernel.connect import get_connection_file
path = get_connection_file()
home = os.path.dirname(path)
print(json.load(open(path))['transport'], oct(stat.S_IMODE(os.stat(home).st_mode) & 0o077))
opened = set()
for file in pathlib.Path('/proc/self/fd').glob('*'):
    try:
        opened.add(os.readlink(file))
    except OSError:
        pass
rows = [line.split() for name in ('tcp', 'tcp6') for line in open(f'/proc/self/net/{name}') if ' 0A ' in line]
print('listens on', [row[1] for row in rows if f'socket:[{row[9]}]' in opened])"""
    town.write_notebook("02-map", code)
    run_edition(load_edition("town"), ["02"])
    assert town.read_output("town", "02-map") == "ipc 0o0\nlistens on []\n"


def test_long_paths_leave_room_for_sockets(tmp_path):
    """A folder whose path is too long for a socket is replaced by a short private one."""
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    with execute._place_sockets(deep) as folder:
        assert folder != deep and len(str(folder)) < 90 and stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()
    with execute._place_sockets(Path("/tmp")) as folder:
        assert folder == Path("/tmp")


def test_plain_papermill_runs_a_notebook_from_any_folder(tmp_path):
    """`papermill NOTEBOOK OUT -p name value` needs neither the command nor the repository as its folder."""
    book = load_notebook(find_notebook("99"))
    name = next(name for name, parameter in book.parameters.items() if parameter.type == "str")
    env = {**os.environ, "PYTHONPATH": str(paths.SOURCE), "SIDEDOOR_RUNS": str(tmp_path / "runs")}
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(book.path), "out.ipynb"]
    command += ["-p", name, book.parameters[name].default]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    cells = json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    assert any("injected-parameters" in cell["metadata"].get("tags", []) for cell in cells)
    assert all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code" and cell["source"])

"""The runner: complete or absent, skipped when unchanged, the same again, and no kernel left behind."""

import functools
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import paths
from helpers.errors import DataError, RunError
from helpers.findings import state_finding as state
from made.kernels import pretend_to_run
from made.refusal import refused
from sidedoor.run import execute, run
from sidedoor.run.editions import Run, build_defaults, load_edition
from sidedoor.run.keys import compute_key, hash_inputs
from sidedoor.run.notebooks import find_notebook, load_notebook
from sidedoor.run.results import KernelLimits, load_manifest, lock_edition, read_result
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


def state_finding(identity, value="1"):
    """Write the code of a cell that states a finding the way `helpers.findings` does."""
    data = f"{{'sidedoor_finding': {FINDING | {'id': identity}} | {{'value': {value}}}}}"
    return f"from IPython.display import display\ndisplay({{'text/plain': 'x'}}, raw=True, metadata={data})"


def run_town(only=None, **options) -> list[tuple[str, str]]:
    """Run the edition `town`, and give what was reported; cells excepted."""
    events = []

    def report(event, name, *_):
        if event != "cell":
            events.append((event, name))

    run_edition(load_edition("town"), only, report=report, **options)
    return events


def count_kernels(house) -> int:
    """Count processes whose command line says that they are kernels of this house."""
    found = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line, status = ((folder / name).read_bytes() for name in ("cmdline", "stat"))
        except OSError:  # it has ended meanwhile
            continue
        is_kernel = b"sidedoor.run.kernel" in line and str(house.root).encode() in line
        found += is_kernel and status.rpartition(b")")[2].split()[0] != b"Z"
    return found


def await_kernels(house, number, started=None) -> bool:
    """Wait until this many kernels of the house are alive, or what started them ends; say whether they are."""
    until = time.monotonic() + 120
    while count_kernels(house) != number and time.monotonic() < until:
        if started and started.poll() is not None:
            break
        time.sleep(0.05)
    return count_kernels(house) == number


def list_named(house) -> dict[str, str]:
    """List the files that the manifest of `town` names, with the manifest and the findings."""
    folder = house.runs / "town"
    named = tuple(entry["folder"] + "/" for entry in load_manifest("town")["notebooks"])
    own = ("manifest.json", "findings.json")
    files = house.list_files(folder)
    return {name: value for name, value in files.items() if name.startswith(named) or name in own}


@pytest.fixture
def town(house):
    house.write_notebook("01-count", "print(least)", state_finding("least", "least"), PLOT, parameters=LEAST)
    house.write_notebook("02-map", state_finding("edges"))
    house.write_edition('notebook = "01"\n[run.parameters]\nleast = 5', 'notebook = "02"')
    return house


@pytest.fixture
def ran(town, monkeypatch):
    """The town after a run in which every kernel only pretended."""
    with monkeypatch.context() as quick:
        pretend_to_run(quick)
        run_town()
    return town


def test_run_publishes_complete_results_and_skips_them_when_unchanged(town):
    """A run leaves what the manifest names, with parameters set; the next one runs and writes nothing."""
    names = ("01-count", "02-map")
    assert sorted(run_town()) == [(event, name) for event in ("done", "start") for name in names]
    first, second = load_manifest("town")["notebooks"]
    assert (first["name"], second["name"]) == names
    assert first["parameters"] == {"least": 5} and first["folder"] == f"01-count.{first['key'][:12]}"
    assert set(first["files"]) == {"01-count.ipynb", "findings.json", "figures/bars.csv"}
    assert json.loads((town.runs / "town" / "findings.json").read_text()) == [
        FINDING | {"id": "least", "notebook": "01-count", "value": 5},
        FINDING | {"id": "edges", "notebook": "02-map"},
    ]
    assert town.read_output("town", "01-count") == "5\nx<run>/result/figures\n"
    before = town.list_files()
    assert not [name for name in before if ".tmp" in name or "failed" in name]
    stamps = {path: path.stat().st_mtime_ns for path in town.runs.rglob("*")}
    assert run_town() == [("unchanged", "01-count"), ("unchanged", "02-map")]
    assert town.list_files() == before and all(path.stat().st_mtime_ns == at for path, at in stamps.items())


def test_only_some_notebooks_run_and_the_others_keep_their_results(ran, monkeypatch):
    """`sidedoor run 02` leaves the result of 01 in the manifest."""
    pretend_to_run(monkeypatch)
    first = load_manifest("town")["notebooks"]
    ran.write_notebook("02-map", "print('new')", state_finding("edges"))
    assert {name for _, name in run_town(["02"])} == {"02-map"}
    second = load_manifest("town")["notebooks"]
    assert second[0] == first[0] and second[1] != first[1]


def test_key_follows_every_input(town):
    """Notebook, parameters, data, both packages, lock and the files of a path parameter change the key."""
    town.write_notebook("03-read", parameters='records: str = "own"  # folder of records [path]')
    (town.root / "own").mkdir()
    (town.root / "own" / "a.csv").write_text("1\n")
    keys = {}

    def list_changed():
        inputs, edition, before = hash_inputs(), build_defaults(), dict(keys)
        keys.update({each.name: compute_key(each, edition.folder, inputs) for each in edition.runs})
        return {name for name in keys if keys[name] != before.get(name)}

    assert len(list_changed()) == 3 and list_changed() == set()
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
    five = load_edition("town").runs[0]
    assert compute_key(five, None, hash_inputs()) != keys["01-count"]


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

    def compute_keys():
        return [compute_key(edition.runs[0], edition.folder, hash_inputs()) for edition in editions]

    one, other = compute_keys()
    (entry,) = run_edition(editions[0])["notebooks"]
    assert town.read_output("newsroom", "03-read") == "secret-free\n <edition>/a.csv\n"
    assert entry["parameters"] == {"records": "<edition>/a.csv"} and entry["key"] == one == other
    for file in (town.runs / "newsroom").rglob("*"):
        assert not file.is_file() or str(tmp_path) not in file.read_text(), file
    (folder / "a.csv").write_text("changed\n")
    assert compute_keys()[0] == one != compute_keys()[1]


SOCKETS = """import json, os, pathlib, stat
from ipykernel.connect import get_connection_file
path = json.load(open(get_connection_file()))
homes = [os.path.dirname(get_connection_file()), os.path.dirname(path['ip'])]
print(path['transport'], *(oct(stat.S_IMODE(os.stat(home).st_mode) & 0o077) for home in homes))
opened = set()
for file in pathlib.Path('/proc/self/fd').glob('*'):
    try:
        opened.add(os.readlink(file))
    except OSError:
        pass
rows = [line.split() for name in ('tcp', 'tcp6') for line in open(f'/proc/self/net/{name}') if ' 0A ' in line]
print('listens on', [row[1] for row in rows if f'socket:[{row[9]}]' in opened])"""


def test_kernel_is_this_interpreter_and_nobody_else_hears_it(house, monkeypatch):
    """Neither a kernel name saved in the notebook nor the user's Jupyter and IPython settings count.

    Its channels are sockets that only this user can reach: no port of the machine gives outputs away.
    """
    settings = house.root / "settings"
    fake, startup = settings / "kernels" / "python3", settings / "profile_default" / "startup"
    fake.mkdir(parents=True)
    startup.mkdir(parents=True)
    (fake / "kernel.json").write_text('{"argv": ["false"], "display_name": "x", "language": "python"}')
    (startup / "a.py").write_text("print('from startup'); leaked = 1")
    (settings / "start.py").write_text("leaked = 2")
    for name in ("JUPYTER_PATH", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(settings))
    monkeypatch.setenv("PYTHONSTARTUP", str(settings / "start.py"))
    code = """import os, sys, sidedoor.run
print(sys.executable, os.getcwd(), sidedoor.run.__file__, 'leaked' in globals())
print(*(os.environ[name] for name in ('PYTHONHASHSEED', 'OMP_NUM_THREADS', 'TZ')))"""
    path = house.write_notebook("01-a", code)
    content = json.loads(path.read_text())
    content["metadata"]["kernelspec"] = {"name": "gone-env", "display_name": "R", "language": "R"}
    path.write_text(json.dumps(content))
    house.write_notebook("02-b", SOCKETS)
    house.write_edition('notebook = "01"', *['notebook = "02"'] * Path("/proc/self/net").exists())
    run_town()
    erase = run.PathEraser()
    package = erase(str(Path(run.__file__).parent / "__init__.py"))
    assert house.read_output("town", "01-a") == f"{erase(sys.executable)} . {package} False\n0 1 UTC\n"
    if Path("/proc/self/net").exists():
        assert house.read_output("town", "02-b") == "ipc 0o0 0o0\nlistens on []\n"


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
    run_town()
    assert house.read_output("town", "01-a") == "one ['one.csv']\n"
    assert house.read_output("town", "02-b") == "two ['two.csv']\n"
    assert dict(os.environ) == before and os.getcwd() == here


@pytest.mark.parametrize(
    ("code", "error", "found"),
    [
        ("raise ValueError('no\\nrows')", "cell-failed", "ValueError: no rows"),
        ("import os; os._exit(3)", "cell-failed", "kernel died"),
        ("import time\nwhile True: time.sleep(1)", "cell-failed", "2 s"),
        ("x = bytearray(4 << 30)", "memory", "MemoryError"),
        ("import sys; sys.exit(0)", "cell-failed", ""),
    ],
)
def test_failure_names_notebook_cell_and_reason_and_changes_no_result(ran, code, error, found):
    """A notebook that stops is an error of one line; results, manifest and findings stay as they were."""
    before = list_named(ran)
    ran.write_notebook("02-map", code, "print('never')")
    with refused(error, RunError, place="02-map, cell 3") as raised:
        run_town(limits=KernelLimits(2, 2.0))
    assert found in raised.value.found and "\n" not in str(raised.value)
    assert list_named(ran) == before and not list((ran.runs / "town").glob(".tmp*"))
    assert not Path("/proc/self").exists() or await_kernels(ran, 0)


def test_failed_notebook_is_kept_until_it_succeeds_and_others_need_not_run_again(town):
    """After a failure the notebooks that did succeed are not run a second time."""
    town.write_notebook("02-map", "1 / 0")
    with refused("cell-failed", RunError):
        run_town()
    assert load_manifest("town") is None
    failed = town.runs / "town" / "failed" / "02-map.ipynb"
    assert str(town.root) not in failed.read_text() and "papermill" not in failed.read_text()
    town.write_notebook("02-map", "1 / 1")
    events = run_town()
    assert ("unchanged", "01-count") in events and ("done", "02-map") in events and not failed.exists()


def test_kernel_that_does_not_start_is_a_failure(town, monkeypatch):
    """The last thing that it said is shown."""
    spec, broken = execute.KernelSpec, ["sh", "-c", "echo no room >&2; exit 1"]
    monkeypatch.setattr(execute, "KernelSpec", lambda argv, **rest: spec(argv=broken, **rest))
    with refused("cell-failed", RunError, place="02-map") as raised:
        run_town(["02"])
    assert "no room" in raised.value.found


def test_finding_stated_twice_is_refused(town):
    """An id names one finding of an edition."""
    town.write_notebook("02-map", state_finding("least"))
    with refused("twice", RunError, place="02-map"):
        run_town()
    assert load_manifest("town") is None


@pytest.mark.parametrize(
    ("act", "error", "place"),
    [
        # a result never stands under the key of inputs that it did not have
        (lambda _: (paths.FACTS / "counts.csv").write_text("b,2\n"), "changed", "02-map"),
        # where a path cannot be replaced without changing a file under its readers, the run stops
        (lambda path: path.write_text(str(paths.ROOT)), "path-left", "02-map, figures/a.csv, line 1"),
        # a link or a pipe that a notebook leaves is neither followed nor waited for
        (os.mkfifo, "irregular", "02-map, figures/a.csv"),
        (lambda path: path.symlink_to("/etc/hostname"), "irregular", "02-map, figures/a.csv"),
    ],
)
def test_result_that_is_not_what_it_should_be_is_refused(town, monkeypatch, act, error, place):
    """What a notebook leaves is looked at before it is published."""
    pretend_to_run(monkeypatch, lambda figures: act(figures / "a.csv"))
    with refused(error, RunError, place=place):
        run_town(["02"])
    assert load_manifest("town") is None


def test_second_run_of_an_edition_at_the_same_time_is_refused(town):
    """Two runs never write into one edition; another edition may run meanwhile."""
    with lock_edition("town"):
        with refused("locked", RunError):
            run_town()
        with lock_edition("other"):
            pass
    with lock_edition("town"):
        pass


def test_damaged_result_is_run_again(ran, monkeypatch):
    """A result whose bytes are not those that were written is as if it had never been."""
    pretend_to_run(monkeypatch)
    path = ran.runs / "town" / load_manifest("town")["notebooks"][1]["folder"] / "02-map.ipynb"
    path.write_text(path.read_text() + " ")
    events = run_town()
    assert ("unchanged", "01-count") in events and ("done", "02-map") in events
    (ran.runs / "town" / "manifest.json").write_text("{")
    assert {event for event, _ in run_town()} == {"unchanged"}
    assert load_manifest("town")["title"] == "A town"


def test_refresh_writes_executed_notebooks_and_a_second_time_nothing(town, monkeypatch):
    """The committed notebook is, byte for byte, the result of a run with its defaults."""
    pretend_to_run(monkeypatch)
    (town.notebooks / ".tmp-0123456789abcdef").write_text("left by a refresh that was killed")
    changed = refresh_notebooks()
    assert not (town.notebooks / ".tmp-0123456789abcdef").exists()
    assert [path.name for path in changed] == ["01-count.ipynb", "02-map.ipynb"]
    before = town.list_files(town.notebooks)
    assert refresh_notebooks() == [] and town.list_files(town.notebooks) == before
    for entry in load_manifest("defaults")["notebooks"]:
        result = town.runs / "defaults" / entry["folder"] / f"{entry['name']}.ipynb"
        assert result.read_bytes() == (town.notebooks / result.name).read_bytes()


# What a prepared or damaged folder of results may not do


NO_NAMES = ("../a", "/a", "a/../b", "a\\b", "")
PREPARED = [
    {"name": "02-map"}, {"notebook": "../x"}, {"title": 3},
    {"folder": "../01-count.0123456789ab"}, {"folder": "02-map.0123456789ab"}, {"folder": None},
    {"key": "x" * 64}, *({"files": {name: "0" * 64}} for name in NO_NAMES),
    {"name": "../../../notebooks/01-count"},
]  # fmt: skip


def test_prepared_manifest_is_refused_and_deletes_nothing_outside(ran, monkeypatch):
    """Names of a manifest become parts of paths; each is checked where it is read, for all readers.

    A name with `..` in a manifest that came from elsewhere used to remove a notebook.
    """
    path = ran.runs / "town" / "manifest.json"
    first, *others = load_manifest("town")["notebooks"]
    for changed in PREPARED:
        manifest = json.loads(path.read_text()) | {"notebooks": [first | changed, *others]}
        path.write_text(json.dumps(manifest))
        with refused("damaged", RunError):
            load_manifest("town")
    pretend_to_run(monkeypatch)
    before = ran.list_files(ran.notebooks)
    run_town(["02"])
    shutil.rmtree(ran.runs / "town" / "failed", ignore_errors=True)
    (ran.runs / "town" / "failed").symlink_to(ran.notebooks)
    (ran.facts / "counts.csv").write_text("changed\n")
    assert ("done", "01-count") in run_town()
    assert ran.list_files(ran.notebooks) == before


def test_link_in_a_result_makes_it_incomplete(ran, tmp_path, monkeypatch):
    """What a link leads to is not what was computed, even if it is the same for now; it is left alone."""
    folder = ran.runs / "town" / load_manifest("town")["notebooks"][0]["folder"]
    for path in (folder / "findings.json", folder):
        assert read_result(folder)
        path.rename(tmp_path / path.name)
        path.symlink_to(tmp_path / path.name)
        assert read_result(folder) is None
        if path != folder:
            path.unlink()
            (tmp_path / path.name).rename(path)
    pretend_to_run(monkeypatch)
    with refused("foreign-files", RunError, place="01-count"):
        run_town()
    assert read_result(tmp_path / folder.name)


def test_edition_of_the_same_name_elsewhere_takes_no_results_away(town, tmp_path, monkeypatch):
    """Two files of one name are two editions; the second is told to rename. No path is written down."""
    pretend_to_run(monkeypatch)
    for place in ("ann", "bob"):
        (tmp_path / place).mkdir()
        town.write_edition('notebook = "01"', name="city", folder=tmp_path / place)
    ann, bob = (load_edition(tmp_path / place / "city.toml") for place in ("ann", "bob"))
    run_edition(ann)
    before = town.list_files(town.runs / "city")
    with refused("other-edition"):
        run_edition(bob)
    assert town.list_files(town.runs / "city") == before
    assert str(tmp_path) not in (town.runs / "city" / "manifest.json").read_text()
    shutil.rmtree(town.runs / "city")
    run_edition(bob)


OTHER_FORMS = [
    {"id": "../x"}, {"value": float("nan")}, {"low": True}, {"high": [1]}, {"sources": "log"},
    {"pages": {"log": 3}}, {"simulated": 0}, {"extra": 1}, {"value": 10**400}, {"unlimited": ["up"]},
]  # fmt: skip


def collect(metadata, **names):
    """Collect the findings of a notebook of one output."""
    output = {"output_type": "display_data", "metadata": metadata, "data": {}}
    book = {"cells": [{"cell_type": "code", "outputs": [output]}]}
    return run.collect_findings(book, Run("01-a", None, **names))


def test_finding_of_another_form_is_refused():
    """Metadata that `state_finding` would not write does not get into findings.json.

    A notebook run twice puts its slug before its ids.
    """
    own = {"notebook": "01-a"}
    assert collect({"sidedoor_finding": FINDING}) == [FINDING | own]
    assert collect({"sidedoor_finding": FINDING}, slug="b") == [FINDING | own | {"id": "b-a"}]
    gone = [{name: FINDING[name] for name in FINDING if name != missing} for missing in FINDING]
    for changed in [*(FINDING | changed for changed in OTHER_FORMS), *gone]:
        with pytest.raises(RunError) as raised:
            collect({"sidedoor_finding": changed})
        assert raised.value.place.startswith("01-a, cell 1, finding") and raised.value.code, changed
    finding = state("a", "{value} is so.", value=1, unit="edges", sources=["log"], low=1, high=math.inf)
    (found,) = collect(finding._repr_mimebundle_()[1])
    assert (found["id"], found["low"], found["high"], found["unlimited"]) == ("a", 1, None, ["high"])


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (SystemError("a defect"), "02-map: the runner itself failed: SystemError: a defect"),
        (OSError(28, "No space left on device"), "runs/town: No space left"),
        (DataError("a", "b", "c", code="own"), "02-map, a: b"),
    ],
)
def test_results_before_stay_whatever_happens_in_a_worker(ran, monkeypatch, error, seen):
    """An error of the reader's, of the disk or a defect is one line that names the notebook or the folder."""
    before = list_named(ran)
    ran.write_notebook("02-map", "print('new')")

    def fail(figures):
        raise error

    pretend_to_run(monkeypatch, fail)
    with pytest.raises(RunError) as raised:
        run_town(["02"])
    assert str(raised.value).startswith(seen) and list_named(ran) == before


# What stops a run from outside

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/cmdline").exists(), reason="sees processes through /proc"
)


@needs_proc
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_run_leaves_the_result_before_and_no_kernel(ran, monkeypatch, how):
    """After kill -9 or Ctrl-C amid two notebooks nothing that they started lives; no traceback is shown."""
    ran.copy_package()
    before = list_named(ran)
    # a cell that holds Python's lock, and one that starts a process of its own
    ran.write_notebook("01-count", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')", parameters=LEAST)
    marker = f"import time; time.sleep(600) # sidedoor.run.kernel {ran.root}"
    child = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {marker!r}])"
    ran.write_notebook("02-map", child)
    # A suite started in the background of a shell is deaf to Ctrl-C, and so would be what it starts.
    listen = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    command = ran.build_command("run", "--edition", "town")
    for _ in range(3):  # a kernel may fail to start; this is about what ends once all have started
        with subprocess.Popen(**command, stderr=subprocess.PIPE, preexec_fn=listen) as started:
            is_up = await_kernels(ran, 5, started)  # two kernels, who watch them, and the child
            started.send_signal(how)
            assert started.wait(timeout=120) != 0
            told = started.stderr.read()
        if is_up:
            break
    assert is_up and "Traceback" not in told, told
    assert await_kernels(ran, 0) and list_named(ran) == before
    ran.write_notebook("02-map", "print('again')")
    pretend_to_run(monkeypatch)
    assert [name for event, name in sorted(run_town()) if event == "done"] == ["01-count", "02-map"]
    assert not list((ran.runs / "town").glob(".tmp*"))


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
from helpers.facts import tables  # before the children need it
from sidedoor.run import run
# what a key is computed of is another test's affair, and a kill loses nothing that is not on the disk yet
paths.SOURCE, os.fsync = paths.ROOT / "nothing", lambda file: None
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
    edition, _ = load_edition("town"), run.load_manifest("town")  # compiles the schemas, for all children
    child = os.fork()
    if child == 0:
        left, code = int(line), 1
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


def test_full_disk_is_an_error_and_leaves_the_result_before(ran, monkeypatch):
    """On a disk of 200 kB: the run says what is wrong, the results stand, and the next run succeeds."""
    disk, old = ran.runs / "town", ran.root / "old"
    disk.rename(old)
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, capture_output=True, check=False) if shutil.which("mount") else None
    if mounted is None or mounted.returncode:
        pytest.skip("a small disk can be mounted by root only")
    try:
        shutil.copytree(old, disk, dirs_exist_ok=True)
        before = list_named(ran)
        ran.write_notebook("01-count", "1", parameters=LEAST)
        ran.write_notebook("02-map", "2")
        pretend_to_run(monkeypatch, printed="x" * 150_000)
        with refused("disk", RunError):
            run_town()
        assert list_named(ran) == before and not list(disk.glob(".tmp*"))
        pretend_to_run(monkeypatch)
        assert ("done", "02-map") in run_town() and list_named(ran) != before
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_plain_papermill_runs_a_notebook_from_any_folder(tmp_path):
    """`papermill NOTEBOOK OUT -p name value` needs neither the command nor the repository as its folder."""
    book = load_notebook(find_notebook("99"))
    name = next(name for name, parameter in book.parameters.items() if parameter.type == "str")
    env = {**os.environ, "PYTHONPATH": str(paths.SOURCE), "SIDEDOOR_RUNS": str(tmp_path / "runs")}
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(book.path), "out.ipynb"]
    command += ["-p", name, book.parameters[name].default]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    cells = json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    assert any("injected-parameters" in cell["metadata"].get("tags", []) for cell in cells)
    assert all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code" and cell["source"])

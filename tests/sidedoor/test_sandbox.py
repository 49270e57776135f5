"""The sandbox: whatever a parser does, the parent goes on, and says which limit was hit."""

import os
import shutil
import time
from pathlib import Path

import pytest

from helpers import paths
from helpers.errors import IngestError
from made.refusal import refused
from sidedoor import sandbox
from sidedoor.sandbox import Limits, run_limited

PROBE = """
import os, sys
from helpers.errors import IngestError

def echo(value): return value
def count(n):
    for number in range(n): yield {"n": number}
def refuse():
    more = {"code": "dragon", "asks_for": ("as_of", "section")}
    raise IngestError("a.pdf, page 3", "a dragon", "Run.", **more)
def wrap():
    try: refuse()
    except IngestError as error: raise ValueError("secret plate 7ABC123") from error
def fail(): raise ValueError("secret plate 7ABC123")
def take(mib): return len(bytearray(mib << 20))
def burn():
    while True: pass
def flood():
    while True: yield "x" * 1000
def chatter():
    print("secret"); print("secret", file=sys.stderr); os.write(1, b"secret"); return "said"
def die():
    import ctypes
    ctypes.string_at(0)
def leave(): os._exit(7)
def show():
    import resource
    names = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE")
    limits = {name: resource.getrlimit(getattr(resource, name)) for name in names}
    about = {"flags": sys.flags.isolated, "sid": os.getsid(0) == os.getpid(), "limits": limits}
    return about | {"env": dict(os.environ), "path": sys.path}
def spawn():
    pid = os.fork()
def call_out():
    import socket
    socket.create_connection(("127.0.0.1", 9))
def write(path): open(path, "w").write("x")
def write_raw(path): os.open(path, os.O_CREAT | os.O_WRONLY)
def unpickle():
    import pickle
    return pickle.loads(b"cos\\ngetcwd\\n(tR.")
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the limits are those of POSIX")


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """A package in small with a module of functions that behave badly."""
    root = tmp_path_factory.mktemp("src")
    parts = ("helpers/__init__", "helpers/errors", "sidedoor/__init__", "sidedoor/_sandbox_child")
    for name in (f"{part}.py" for part in parts):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(paths.SOURCE / name, root / name)
    (root / "sidedoor" / "_probe.py").write_text(PROBE)
    return root / "sidedoor"


@pytest.fixture
def probe(package, monkeypatch):
    """Call a function of that module in the sandbox."""
    monkeypatch.setattr(sandbox, "CHILD", package / "_sandbox_child.py")
    return lambda name, limits=None, **arguments: run_limited(
        f"sidedoor._probe:{name}", arguments, limits, place="a.pdf"
    )


def test_results_come_back(probe):
    """What JSON can carry comes back as it is; a generator function gives a list. What a parser prints, also by
    its file descriptor, does not mix with it.
    """
    value = {"text": 'é\n\u2028"x"', "n": 7, "list": [1.5, None, True]}
    assert probe("echo", value=value) == value
    assert probe("count", n=3) == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert probe("count", n=0) == []
    assert probe("chatter") == "said"


def test_refusals_come_back_whole(probe):
    """An `IngestError` of the child is raised in the parent with all its fields, wrapped or not."""
    for name in ("refuse", "wrap"):
        with refused("dragon", IngestError, place="a.pdf, page 3", hint="Run.") as raised:
            probe(name)
        assert raised.value.found == "a dragon" and raised.value.asks_for == ("as_of", "section")


@pytest.mark.parametrize(
    ("name", "code", "kind"),
    [
        # of an error only the name comes out: its message may hold what stands in the file
        ("fail", "parser-failed", "ValueError"),
        # no process, no connection, no pickle that names a function, no file, not even an empty one
        ("spawn", "parser-failed", "PermissionError"),
        ("call_out", "parser-failed", "PermissionError"),
        ("unpickle", "parser-failed", "PermissionError"),
        ("write", "parser-failed", "PermissionError"),
        ("write_raw", "parser-failed", "PermissionError"),
        # a crash in native code and a silent exit are errors of the file, not the end of the run
        ("die", "parser-crashed", ""),
        ("leave", "parser-crashed", ""),
    ],
)
def test_what_a_parser_may_not(probe, tmp_path, name, code, kind):
    """Whatever a parser does, it is an error that tells no content."""
    arguments = {"path": str(tmp_path / "new")} if name.startswith("write") else {}
    with refused(code, IngestError) as caught:
        probe(name, **arguments)
    assert kind in caught.value.found and "7ABC123" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_only_functions_of_this_package_run():
    """A name of another package is refused by the child."""
    with refused("parser-failed", IngestError):
        run_limited("os:getcwd", {})


@pytest.mark.parametrize(
    ("name", "limits", "arguments"),
    [
        ("take", {"memory_bytes": 512 << 20}, {"mib": 1024}),
        ("burn", {"cpu_seconds": 1, "wall_seconds": 600}, {}),
        ("flood", {"output_bytes": 1 << 20}, {}),
    ],
)
def test_limits_end_a_child(probe, name, limits, arguments):
    """Too much memory, an endless loop, an endless result; what fits is no reason to refuse."""
    with refused("over-limit", IngestError, place="a.pdf"):
        probe(name, Limits(**limits), **arguments)
    assert probe("take", Limits(memory_bytes=512 << 20), mib=64) == 64 << 20


def test_child_inherits_nothing_and_its_limits_are_hard(probe, monkeypatch):
    """It sees only language and path, starts isolated, leads a session of its own, and can raise no limit.

    Processor time ends a second later than the signal.
    """
    monkeypatch.setenv("SIDEDOOR_SECRET", "hush")
    monkeypatch.setenv("PYTHONPATH", "/nowhere/at/all")
    seen = probe("show", Limits(memory_bytes=1 << 30, cpu_seconds=5, open_files=32))
    assert set(seen["env"]) <= {"LANG", "PATH", "LC_CTYPE"}
    assert seen["flags"] == 1 and seen["sid"]
    assert not {"/nowhere/at/all", ""} & set(seen["path"])
    assert seen["limits"] == {
        "RLIMIT_AS": [1 << 30, 1 << 30],
        "RLIMIT_CPU": [5, 6],
        "RLIMIT_FSIZE": [0, 0],
        "RLIMIT_NOFILE": [32, 32],
        "RLIMIT_CORE": [0, 0],
    }


def test_grandchildren_end_too(package, tmp_path, monkeypatch):
    """A process that slipped out of the child belongs to its session, and is killed with it."""
    script, note = package / "_slip.py", tmp_path / "pid"
    script.write_text(
        "import pathlib, subprocess\n"
        "slipped = subprocess.Popen(['sleep', '60'])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(slipped.pid))\n"
        "slipped.wait()\n"
    )
    monkeypatch.setattr(sandbox, "CHILD", script)
    with refused("over-limit", IngestError):
        run_limited("sidedoor._probe:echo", {"value": 1}, Limits(wall_seconds=3))
    assert _is_gone(int(note.read_text()))


def _is_gone(pid: int) -> bool:
    """Wait a moment for a process to end; one that nobody has collected yet has ended too."""
    for _ in range(50):
        try:
            os.kill(pid, 0)
            state = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False

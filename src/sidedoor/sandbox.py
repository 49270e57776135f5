"""Run a parser of untrusted bytes in a child process that cannot take much: memory, time, output, files.

The child is a fresh interpreter (`python -I`), one per file, in a session of its own, with an emptied
environment. It limits itself before it touches the file (see `_sandbox_child`), and hands its result back
as JSON lines on a pipe that the parent stops reading at a cap. Where the platform has no module `resource`
(Windows), only wall time and output are limited, and macOS does not enforce the limit on memory; Linux
enforces all of them.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from helpers.errors import IngestError

CHILD = Path(__file__).with_name("_sandbox_child.py")


@dataclass(frozen=True)
class Limits:
    """What a child may use."""

    memory_bytes: int = 2 << 30  # address space
    cpu_seconds: int = 60
    wall_seconds: float = 90.0  # start of the interpreter included
    output_bytes: int = 64 << 20  # of the result as JSON
    open_files: int = 64  # descriptors


def run_limited(
    function: str, arguments: dict, limits: Limits | None = None, *, place: str = "the file"
) -> Any:
    """Call a function of this package in a child process under limits.

    Parameters
    ----------
    function
        `module:name` within this package, for example `sidedoor.ingest._pdf_child:read_pages`.
    arguments
        Keyword arguments that JSON can carry.
    place
        What an error names: the file without its folders.

    Returns
    -------
    What the function returned, through JSON; for a generator function the list of what it yielded.

    Raises
    ------
    IngestError
        The function raised one, a limit was hit (the error names it), or the parser failed or crashed.
    """
    limits = limits or Limits()
    request = json.dumps({"function": function, "arguments": arguments, "limits": asdict(limits)})
    answer, is_late = bytearray(), threading.Event()
    with _start_child() as child:

        def end_late() -> None:
            is_late.set()
            _end_child(child)

        timer = threading.Timer(limits.wall_seconds, end_late)
        timer.daemon = True
        timer.start()
        try:
            with suppress(OSError):  # it died before it listened; its return code says how
                child.stdin.write(request.encode())
                child.stdin.close()
            while len(answer) <= limits.output_bytes and (part := child.stdout.read1(1 << 20)):
                answer += part
            if len(answer) <= limits.output_bytes:
                child.wait()
        finally:
            timer.cancel()
            _end_child(child)
    if len(answer) > limits.output_bytes:
        raise _refuse(place, f"its content fills more than {_show_bytes(limits.output_bytes)}")
    if is_late.is_set():
        raise _refuse(place, f"reading it took longer than {limits.wall_seconds:g} s")
    return _open_answer(answer, child.returncode, limits, place)


def _start_child() -> subprocess.Popen:
    kept = {"LANG": "C.UTF-8", "PATH": os.defpath}
    if os.name == "nt":  # without it the interpreter does not start there
        kept["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", r"C:\Windows")
    return subprocess.Popen(
        # By path, not by `-m`: the child is then the same code as this module, wherever it was imported from.
        [sys.executable, "-I", "-B", "-X", "utf8", str(CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=kept,
        cwd=Path(sys.executable).anchor,
        start_new_session=True,
    )


def _end_child(child: subprocess.Popen) -> None:
    # The whole group, whether the child has ended or not: it may have left processes of its own behind.
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()


def _open_answer(data: bytes, code: int, limits: Limits, place: str) -> Any:
    lines = data.split(b"\n")
    last = lines[-2] if len(lines) > 1 and not lines[-1] else b""
    kind, value = json.loads(last) if last.startswith(b"[") else ("none", None)
    if kind == "value":
        return value
    if kind == "end":
        return [json.loads(line)[1] for line in lines[:-2]]
    if kind == "refused":
        *texts, code, asks_for = value
        raise IngestError(*texts, code=code, asks_for=asks_for)
    if kind == "failed":
        way_out = "The file is damaged or not what it seems: open it, and save or print it anew."
        raise IngestError(place, f"the parser gave it up ({value})", way_out, code="parser-failed")
    memory = _show_bytes(limits.memory_bytes)
    if kind == "memory":
        raise _refuse(place, f"reading it needs more than {memory} of memory")
    if code == -getattr(signal, "SIGXCPU", 0):
        raise _refuse(place, f"reading it took more than {limits.cpu_seconds} s of processor time")
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    found = f"the parser crashed ({how}) under a limit of {memory} of memory"
    raise _refuse(place, found, "parser-crashed")


def _refuse(place: str, found: str, code: str = "over-limit") -> IngestError:
    way_out = "The file is damaged, hostile or very large: split it, or save it anew from its program."
    return IngestError(place, found, way_out, code=code)


def _show_bytes(count: int) -> str:
    return f"{count / (1 << 20):,.10g} MiB"

"""The child side of `sandbox`: limits itself, calls one function, answers in JSON lines. Started by path."""

import importlib
import json
import math
import os
import signal
import sys
import types

# What a parser has no business doing. Not a wall against native code: that is what the limits are for.
_SYSTEM = "exec fork posix_spawn spawn system kill remove rename rmdir mkdir chmod chown link symlink"
_MODULES = "os.truncate socket. subprocess. shutil. pickle.find_class urllib. http. ftplib. smtplib."
REFUSED = (*(f"os.{name}" for name in _SYSTEM.split()), *_MODULES.split())


def set_limits(limits: dict) -> None:
    """Lower the limits of this process; they cannot be raised again."""
    if hasattr(signal, "alarm"):  # ends an orphan, should the parent be gone
        signal.alarm(math.ceil(limits["wall_seconds"]) + 2)
    try:
        import resource
    except ImportError:
        return
    memory, cpu, files = (limits[name] for name in ("memory_bytes", "cpu_seconds", "open_files"))
    # processor time: first the signal that names the limit, then the end
    wanted = {"AS": (memory, memory), "CPU": (cpu, cpu + 1), "NOFILE": (files, files)}
    for name, pair in (wanted | {"FSIZE": (0, 0), "CORE": (0, 0)}).items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            pair = tuple(min(value, hard) for value in pair)
        try:
            resource.setrlimit(kind, pair)
        except (ValueError, OSError):
            if name != "AS":  # macOS refuses this one
                raise


def refuse_event(event: str, values: tuple) -> None:
    """Refuse what a parser has no business doing (an audit hook)."""
    if event.startswith(REFUSED):
        raise PermissionError(f"a parser tried {event}")
    if event == "open":
        _, mode, flags = values
        by_flags = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if set(mode) & set("wax+") if isinstance(mode, str) else by_flags:
            raise PermissionError("a parser tried to write a file")


def explain(error: BaseException, refusal: type) -> tuple[str, object]:
    """Say what ended the call; parsers wrap errors in their own, so the whole chain is looked through."""
    part, seen = error, 0
    while part is not None and seen < 20:
        if isinstance(part, refusal):
            return "refused", [part.place, part.found, part.way_out, part.code, part.asks_for]
        if isinstance(part, MemoryError):
            return "memory", None
        part, seen = part.__cause__ or part.__context__, seen + 1
    return "failed", type(error).__name__  # the name only: a message may repeat what stands in the file


def main() -> None:
    """Read the request, answer, leave without cleaning up: the parser's state may be in any condition."""
    request = json.loads(sys.stdin.buffer.read())
    # The result goes through a descriptor of its own; what a parser prints goes nowhere.
    pipe = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    set_limits(request["limits"])
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.addaudithook(refuse_event)

    def say(kind: str, value=None) -> None:
        text = json.dumps([kind, value], ensure_ascii=False, separators=(",", ":"))
        pipe.write(text.encode("utf-8", "replace") + b"\n")

    from helpers.errors import IngestError

    spare = [bytearray(4 << 20)]  # room to say that memory ran out
    try:
        module, _, name = request["function"].partition(":")
        if not module.startswith("sidedoor."):
            raise ValueError("only functions of this package run here")
        made = getattr(importlib.import_module(module), name)(**request["arguments"])
        if isinstance(made, types.GeneratorType):
            for item in made:
                say("item", item)
            say("end")
        else:
            say("value", made)
    except BaseException as error:
        made = None
        spare.clear()
        say(*explain(error, IngestError))
    pipe.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

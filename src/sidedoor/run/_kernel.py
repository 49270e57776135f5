"""How the runner's kernels start: on a leash, so that none outlives the runner, and where that can be, by a fork.

The kernel's standard input is the reading end of a pipe whose writing end only the runner holds. When the
runner ends, however it ends, the pipe closes. A small process of its own waits for that and ends the kernel's
whole process group. It is a process, not a thread, because a cell may hold Python's lock for minutes, and not
Linux's death signal, because that one follows the thread that started the kernel, spares what the kernel has
started, and exists on Linux alone.

Most of a kernel's start is the import of libraries. A process that has imported them, and has done nothing else,
forks one kernel after the other: each begins where that process stands, and nothing of one is seen by the next.
"""

import builtins
import gc
import importlib
import json
import os
import random
import signal
import socket
import sys
import types
from select import select

READY, UNFIT = b"ready", b"unfit"
_LONGEST = 1 << 16


def hold_leash(leash: int, kernel: int) -> None:
    """Wait until the runner lets go of the leash, then end the kernel's process group; never returns.

    Parameters
    ----------
    leash
        File descriptor of the pipe's reading end.
    kernel
        Process id of the kernel, which leads its own process group.
    """
    # An interrupt of a cell goes to the whole group, and is not meant for this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        readable, _, _ = select([leash], [], [], 0.5)
        if readable and not os.read(leash, 1):
            os.killpg(os.getpgid(0), signal.SIGKILL)
        if os.getppid() != kernel:
            os._exit(0)


def take_leash() -> None:
    """Hang this process on the leash that its standard input is; from then on it reads nothing."""
    kernel = os.getpid()
    if os.getpgid(0) != kernel:
        os.setpgid(0, 0)
    if os.fork() == 0:
        try:
            hold_leash(0, kernel)
        finally:
            os._exit(1)
    # The kernel itself reads nothing; nor may what its cells start wait for input that never comes.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def start_kernel(arguments: list[str] | None = None) -> None:
    """Start the IPython kernel that the command line describes, on the leash that standard input is."""
    if hasattr(os, "fork"):
        take_leash()
    # As `ipykernel_launcher` does: the working folder comes back as '' after the kernel's own imports.
    if sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]

    from ipykernel import kernelapp

    kernelapp.launch_new_instance(argv=arguments)


def serve_forks(control: int, modules: list[str]) -> list[str]:
    """Import modules, then fork a kernel for each request; returns in the forked process only.

    Parameters
    ----------
    control
        File descriptor of a socket. It gets `READY`, or `UNFIT` if libraries have started threads, which do not
        survive a fork. A request is JSON (`connection`, `cwd`, `env`) with two file descriptors: a leash, and where
        standard output and errors go. The answer is the process id.
    modules
        What to import; one that cannot be imported is left to the notebook that asks for it.

    Returns
    -------
    The command line of the kernel.
    """
    take_leash()
    # pandas asks at its import what will show its tables, and picks its options by the answer: here, a kernel.
    sys.stdout.reconfigure(encoding="UTF-8")
    builtins.get_ipython = lambda: types.SimpleNamespace(kernel=True)
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception:
            continue
    del builtins.get_ipython
    # What is imported stays: no kernel has to look through it for garbage, nor copies the memory that it stands in.
    gc.freeze()
    channel = socket.socket(fileno=control)
    if len(os.listdir("/proc/self/task")) > 1:
        channel.sendall(UNFIT)
        os._exit(0)
    signal.signal(signal.SIGCHLD, _bury)
    channel.sendall(READY)
    while True:
        data, handles, _, _ = socket.recv_fds(channel, _LONGEST, 2)
        if not data:
            _bury()
            os._exit(0)
        kernel = os.fork()
        if kernel == 0:
            channel.close()
            return _become_kernel(json.loads(data), *handles)
        os.setpgid(kernel, kernel)
        for handle in handles:
            os.close(handle)
        channel.sendall(str(kernel).encode())


def _bury(*_) -> None:
    """Take note of kernels that have ended, so that the system forgets them."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _become_kernel(request: dict, leash: int, log: int) -> list[str]:
    """Take on what makes a forked process the kernel of one notebook."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for handle, place in ((leash, 0), (log, 1), (log, 2)):
        os.dup2(handle, place)
    for handle in (leash, log):
        os.close(handle)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    # Forks would draw the same numbers; a notebook that wants the same ones each time says so itself.
    random.seed()
    if numbers := sys.modules.get("numpy.random"):
        numbers.seed()
    sys.argv[1:] = ["-f", request["connection"]]
    return sys.argv[1:]


def main() -> None:
    """Start a kernel, or a process that forks kernels: `--fork CONTROL FOLDER MODULE ...`."""
    if sys.argv[1:2] != ["--fork"]:
        start_kernel()
        return
    control, _, *modules = sys.argv[2:]
    start_kernel(serve_forks(int(control), modules))


if __name__ == "__main__":
    main()

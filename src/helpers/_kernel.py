"""How the runner's kernels start: on a leash, so that none outlives the runner.

The kernel's standard input is the reading end of a pipe whose writing end only the runner holds. When the
runner ends, however it ends, the pipe closes. A small process of its own waits for that and ends the kernel's
whole process group. It is a process, not a thread, because a cell may hold Python's lock for minutes, and not
Linux's death signal, because that one follows the thread that started the kernel, spares what the kernel has
started, and exists on Linux alone.
"""

import os
import signal
import sys
from select import select


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


def start_kernel() -> None:
    """Start the IPython kernel that the command line describes, on the leash that standard input is."""
    if hasattr(os, "fork"):
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
    # As `ipykernel_launcher` does: the working folder comes back as '' after the kernel's own imports.
    if sys.path[0] in ("", os.getcwd()):
        del sys.path[0]

    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


if __name__ == "__main__":
    start_kernel()

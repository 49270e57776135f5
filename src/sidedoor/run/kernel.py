"""The process of a kernel: it ends with the runner and takes no more memory than it was given.

The kernel's standard input is the reading end of a pipe whose writing end only the runner holds. When the
runner ends, however it ends, the pipe closes; a small process waits for that and ends the kernel's process
group. It is a process and not a thread, because a cell may hold Python's lock for minutes, and it is not
Linux's death signal, because that follows the thread that started the kernel and spares what the kernel
itself has started.
"""

import os
import signal
import sys
from select import select


def watch_runner(pipe: int, kernel: int) -> None:
    """Wait until the runner closes its pipe, then end the process group of the kernel. Never returns."""
    # An interrupt of a cell goes to the whole group and is not meant for this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        readable, _, _ = select([pipe], [], [], 0.5)
        if readable and not os.read(pipe, 1):
            os.killpg(os.getpgid(0), signal.SIGKILL)
        if os.getppid() != kernel:
            os._exit(0)


def end_with_runner() -> None:
    """Let this process end with the runner, and give it an empty standard input."""
    kernel = os.getpid()
    if os.getpgid(0) != kernel:
        os.setpgid(0, 0)
    if os.fork() == 0:
        try:
            watch_runner(0, kernel)
        finally:
            os._exit(1)
    # What cells start must not wait for input that never comes.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def limit_memory(bytes_n: int) -> None:
    """Limit the address space of this process and of what it starts, where the system can.

    One Parquet file of 18 KB can unpack to 52 GB: a cell that does this gets a MemoryError.
    """
    try:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        top = bytes_n if hard == resource.RLIM_INFINITY else min(bytes_n, hard)
        resource.setrlimit(resource.RLIMIT_AS, (top, hard))
    except (ImportError, ValueError, OSError):
        return  # Windows has no such limit, and macOS refuses it


def main() -> None:
    """Start a kernel: `python -m sidedoor.run.kernel BYTES -f CONNECTION`."""
    limit_memory(int(sys.argv.pop(1)))
    if hasattr(os, "fork"):
        end_with_runner()
    # As `ipykernel_launcher` does: the working folder comes back as '' after the kernel's own imports.
    if sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]

    from ipykernel import kernelapp

    # The port by which forked processes would print, the only one that a kernel opens beside its sockets.
    kernelapp.IOPubThread._setup_pipe_in = lambda thread: setattr(thread, "_pipe_flag", False)
    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()

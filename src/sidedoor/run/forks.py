"""Kernels forked from one process that has imported what notebooks import; where that cannot be, there are none."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

from jupyter_client.provisioning import LocalProvisioner

from helpers import paths
from sidedoor.run._kernel import READY

# What every kernel needs, and the libraries that are imported beforehand where a notebook imports them. The backend
# for figures is not among them: it asks at import whether there is a kernel.
_EVERYWHERE = ("IPython", "ipykernel.kernelapp", "ipykernel.ipkernel")
_LIBRARIES = ("numpy", "pandas", "matplotlib", "networkx", *paths.PACKAGES)
_IMPORT = re.compile(r"^(?:import|from) +([\w.]+)(?: +import +([\w, ]+))?", flags=re.M)
_BACKEND = "module://matplotlib_inline.backend_inline"
_LONGEST = 60_000
# Longest wait for a process that imports, and for one that forks [seconds].
_START_TIMEOUT, _FORK_TIMEOUT = 60, 20


class Forks:
    """A process that forks kernels, started in the background.

    Parameters
    ----------
    environment
        What all kernels share, see `execute.build_environment`.
    modules
        What to import, see `find_modules`.
    folder
        The folder of results that it works for, shown on its command line.
    cwd
        Where it is started.
    leash
        What it hangs on, see `execute.Leashes`.
    """

    def __init__(
        self, environment: dict[str, str], modules: Iterable[str], folder: Path, cwd: Path, leash: int
    ):
        self._lock = threading.Lock()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._is_ready: bool | None = None
        command = [
            sys.executable,
            "-Xfrozen_modules=off",
            "-m",
            "sidedoor.run._kernel",
            "--fork",
            str(theirs.fileno()),
        ]
        # Arrow's spare allocator would start a thread, and threads do not survive a fork.
        env = environment | {"MPLBACKEND": _BACKEND, "JE_ARROW_MALLOC_CONF": "background_thread:false"}
        with theirs:
            self._process = subprocess.Popen(
                [*command, str(folder), *_EVERYWHERE, *sorted(modules)],
                cwd=cwd,
                env=env,
                stdin=leash,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[theirs.fileno()],
            )

    def fork(self, connection: str, cwd: str, env: dict[str, str], leash: int, log: int) -> int | None:
        """Fork a kernel.

        Returns
        -------
        Its process id; None if there can be no forks here, or no longer.
        """
        with self._lock:
            try:
                if self._is_ready is None:
                    self._channel.settimeout(_START_TIMEOUT)
                    self._is_ready = self._channel.recv(64) == READY
                    self._channel.settimeout(_FORK_TIMEOUT)
                if not self._is_ready:
                    return None
                request = json.dumps({"connection": connection, "cwd": cwd, "env": env}).encode()
                if len(request) > _LONGEST:
                    return None
                socket.send_fds(self._channel, [request], [leash, log])
                return int(self._channel.recv(64))
            except (OSError, ValueError):
                self._is_ready = False
                return None

    def close(self) -> None:
        """End the process; kernels that it forked live on."""
        self._channel.close()
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def find_modules(notebooks: Iterable[Path]) -> set[str]:
    """Find what notebooks import at the start of a line, of the libraries that may be imported before they run."""
    found = set()
    for path in notebooks:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        for module, names in _IMPORT.findall(code):
            if module in paths.PACKAGES:
                found |= {f"{module}.{name.split()[0]}" for name in names.split(",") if name.strip()}
            elif module.split(".")[0] in _LIBRARIES:
                found.add(module)
    if any("figures" in name or "matplotlib" in name for name in found):
        found |= {"matplotlib.pyplot", "matplotlib.backends.backend_agg"}
    return found


def can_fork() -> bool:
    """Say whether kernels may be forked: only where it can be seen that no library has started a thread.

    `SIDEDOOR_FORKS=0` forbids it.
    """
    if os.environ.get("SIDEDOOR_FORKS") == "0":
        return False
    return hasattr(os, "fork") and hasattr(socket, "send_fds") and os.path.isdir("/proc/self/task")


class ForkingProvisioner(LocalProvisioner):
    """Gives Jupyter a forked kernel in the place of one that it starts; one that it starts if there is no fork."""

    forks: Forks | None = None

    async def launch_kernel(self, cmd, **kwargs):
        pid = self.forks and self.forks.fork(
            self.parent.connection_file,
            kwargs["cwd"],
            kwargs["env"],
            kwargs["stdin"],
            kwargs["stdout"].fileno(),
        )
        if not pid:
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.pgid = _Forked(pid), pid, pid
        return self.connection_info


class _Forked:
    """A forked kernel, with what `LocalProvisioner` asks of a process. Whose child it is, nobody has to wait for."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int):
        self.pid, self.returncode = pid, None

    def poll(self) -> int | None:
        if self.returncode is None:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                self.returncode = 1
        return self.returncode

    def wait(self) -> int:
        return self.returncode or 0

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

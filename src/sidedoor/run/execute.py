"""Execute one notebook with papermill, in a kernel that no setting changes and nobody else can reach."""

import copy
import importlib.util
import logging
import os
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from papermill import execute_notebook
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from helpers import paths
from helpers.facts.tables import CHECKED
from sidedoor.run.notebooks import INJECTED, KERNEL
from sidedoor.run.results import KernelLimits

# A unix socket's path must be shorter than this on every system.
_LONGEST_SOCKET = 90
_START_TIMEOUT = 60
_ERROR_TAG = "papermill-error-cell-tag"
_LIBRARIES = ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "NUMEXPR_NUM", "VECLIB_MAXIMUM")
_USERS_OWN = {"COLUMNS", "LINES", "MPLBACKEND"} | {
    f"PYTHON{name}" for name in ("STARTUP", "WARNINGS", "INSPECT", "OPTIMIZE")
}
# What ipykernel prints at every start, about a connection that never leaves this machine.
_EXPECTED = re.compile(r"without encryption|frozen modules|PYDEVD_DISABLE|Debugging will proceed")


class CellError(Exception):
    """A notebook that stopped: what happened, in which cell, the notebook so far, the class of the error."""

    def __init__(self, found: str, cell: int | None = None, notebook: dict | None = None, kind: str = ""):
        super().__init__(found)
        self.found, self.cell, self.notebook, self.kind = found, cell, notebook, kind


class Lifeline:
    """A pipe that all kernels of a run watch: when it closes, they end."""

    def __init__(self):
        self.reading, self._writing = os.pipe()
        self._lock = threading.Lock()
        self.is_cut = False

    def cut(self) -> None:
        """End all kernels, and every one that is still to start."""
        with self._lock:
            if not self.is_cut:
                self.is_cut = True
                os.close(self._writing)

    def close(self) -> None:
        """End all kernels and free the pipe."""
        self.cut()
        os.close(self.reading)


class _Engine(NBClientEngine):
    """Papermill's engine with a kernel manager that is given, not looked up."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, *, manager, launch, timeout, watch, **_):
        watch.notebook = nb_man.nb
        client = PapermillNotebookClient(
            nb_man,
            km=manager,
            kernel_name=kernel_name,
            timeout=timeout,
            startup_timeout=_START_TIMEOUT,
            shutdown_kernel="immediate",
            on_cell_start=watch.start_cell,
            log=logging.getLogger("papermill"),
        )
        client.execute(cleanup_kc=True, **launch)


class _Watch:
    """Remembers which cell is running, and reports it."""

    def __init__(self, report: Callable[[int, int], None] | None):
        self.notebook, self.cell, self._report = None, None, report

    def start_cell(self, cell, cell_index):
        self.cell = cell_index + 1
        if self._report:
            self._report(self.cell, len(self.notebook.cells))


papermill_engines.register("sidedoor", _Engine)
logging.getLogger("papermill").addHandler(logging.NullHandler())
logging.getLogger("papermill").propagate = False
# A kernel that is ended in the middle of a cell leaves tasks, which asyncio complains about on the terminal.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def build_environment(figures: Path, work: Path, checked: str = "") -> dict[str, str]:
    """Return the environment of a kernel: what could change a result is set, not taken from the user.

    `figures` and `checked` are those of `run_cells`. IPython's settings and what an engine puts on disk go
    into `work`.
    """
    # NETWORKX_* hands graphs to another library, which may count in another order.
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in _USERS_OWN and not name.startswith("NETWORKX_")
    }
    source = str(Path(__file__).resolve().parents[2])  # of both packages, installed or not
    env |= {
        "IPYTHONDIR": str(work / "ipython"),
        "LC_ALL": "C.UTF-8",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONHASHSEED": os.environ.get("SIDEDOOR_HASHSEED", "0"),
        "PYTHONPATH": os.pathsep.join(filter(None, [source, env.get("PYTHONPATH")])),
        "PYTHONUTF8": "1",
        CHECKED: checked,
        "SIDEDOOR_FIGURES": str(figures),
        "SIDEDOOR_SPILL": str(work),
        "TZ": "UTC",
    }
    env |= {f"{name}_THREADS": os.environ.get("SIDEDOOR_THREADS", "1") for name in _LIBRARIES}
    # A user's matplotlibrc would change every figure.
    matplotlib = importlib.util.find_spec("matplotlib")
    if matplotlib and matplotlib.submodule_search_locations:
        folder = Path(matplotlib.submodule_search_locations[0])
        env["MATPLOTLIBRC"] = str(folder / "mpl-data" / "matplotlibrc")
    return env


def run_cells(
    notebook: dict,
    parameters: dict[str, object],
    work: Path,
    figures: Path,
    lifeline: Lifeline,
    limits: KernelLimits,
    report: Callable[[int, int], None] | None = None,
    checked: str = "",
) -> dict:
    """Run a notebook from top to bottom in a fresh kernel and return it, executed but not yet cleaned.

    Parameters
    ----------
    notebook
        As nbformat 4 reads it.
    parameters
        Values to set; checked before, since papermill writes names into code.
    work
        A folder of the runner's own that nobody else can enter.
    figures
        Where the notebook's figures go.
    lifeline
        What the kernel ends with.
    limits
        What the kernel may use.
    report
        Called before each cell with its number and the number of cells.
    checked
        Which fact tables need no check in the kernel, see `facts.tables.vouch_for`.

    Raises
    ------
    CellError
        A cell raised an error or took too long, or the kernel died or never started. A kernel that does not
        start is tried once more, over TCP: not every disk takes sockets.
    """
    for transport in ("ipc", "tcp") if os.name == "posix" else ("tcp", "tcp"):
        watch, messages = _Watch(report), work / f"{transport}.log"
        node = nbformat.from_dict(copy.deepcopy(notebook))
        node.metadata = nbformat.from_dict({"kernelspec": KERNEL})
        try:
            with _place_sockets(work) as folder, messages.open("wb") as log:
                manager = _build_manager(work, folder, transport, limits)
                launch = {
                    "cwd": str(paths.ROOT),
                    "env": build_environment(figures, work, checked),
                    "stdin": lifeline.reading,
                    "stdout": log,
                    "stderr": log,
                }
                done = execute_notebook(
                    node,
                    None,
                    parameters=parameters or None,
                    engine_name="sidedoor",
                    kernel_name="python3",
                    language="python",
                    progress_bar=False,
                    manager=manager,
                    launch=launch,
                    timeout=limits.timeout_s,
                    watch=watch,
                )
            return _drop_markers(done)
        except PapermillExecutionError as error:
            found = " ".join(f"{error.ename}: {error.evalue}".split())[:500]
            so_far = _drop_markers(watch.notebook)
            raise CellError(found, error.cell_index + 1, so_far, error.ename) from None
        except Exception as error:
            if lifeline.is_cut:
                raise CellError("the run was stopped", watch.cell, _drop_markers(watch.notebook)) from None
            if watch.cell is None and transport == "ipc" and not isinstance(error, OSError):
                continue
            found = _name_failure(error, watch, limits, messages)
            raise CellError(found, watch.cell, _drop_markers(watch.notebook), type(error).__name__) from None
    raise AssertionError("unreachable")


def _build_manager(work: Path, sockets: Path, transport: str, limits: KernelLimits) -> AsyncKernelManager:
    """Build the manager of a kernel in this interpreter, not in the one that Jupyter would find."""
    connection = str(work / f"{transport}.json")
    manager = AsyncKernelManager(kernel_name="python3", connection_file=connection, transport=transport)
    if transport == "ipc":
        # Sockets in a folder that only this user can enter; ports of 127.0.0.1 are open to every user.
        manager.ip = str(sockets / "k")
    memory = str(int(limits.memory_gib * 2**30))
    command = [sys.executable, "-Xfrozen_modules=off", "-m", "sidedoor.run.kernel", memory, "-f", connection]
    manager._kernel_spec = KernelSpec(argv=command, display_name="Python 3", language="python")
    return manager


@contextmanager
def _place_sockets(work: Path) -> Iterator[Path]:
    """Give a private folder whose path is short enough for sockets."""
    if len(os.fsencode(work)) < _LONGEST_SOCKET:
        yield work
    else:
        with tempfile.TemporaryDirectory(prefix="sidedoor-") as folder:
            yield Path(folder)


def _name_failure(error: Exception, watch: _Watch, limits: KernelLimits, messages: Path) -> str:
    kind = type(error).__name__
    if kind == "CellTimeoutError":
        return f"the cell took longer than {limits.timeout_s} s"
    lines = messages.read_text(errors="replace").splitlines()
    printed = [line for line in lines if line and not _EXPECTED.search(line)]
    last = f" (its last message: {printed[-1][:200]})" if printed else ""
    if kind == "DeadKernelError":
        return f"the kernel died{last}"
    if watch.cell is None:
        return f"the kernel did not start: {error}{last}"
    return f"{kind}: {error}"[:500]


def _drop_markers(notebook) -> dict | None:
    """Remove the red banners that papermill adds to a notebook with an error."""
    if notebook is None:
        return None
    plain = copy.deepcopy(notebook)
    plain.cells = [cell for cell in plain.cells if _ERROR_TAG not in cell.metadata.get("tags", [])]
    for cell in plain.cells:
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
    return plain

"""Execute one notebook with papermill, in a kernel that no setting changes and nobody else can reach."""

import copy
import importlib.util
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable
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
from sidedoor.run.notebooks import KERNEL
from sidedoor.run.results import KernelLimits

_START_TIMEOUT = 60
_LIBRARIES = ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "NUMEXPR_NUM", "VECLIB_MAXIMUM")
# NETWORKX_* hands graphs to another library, which may count in another order.
_USERS_OWN = re.compile("COLUMNS|LINES|MPLBACKEND|PYTHON(STARTUP|WARNINGS|INSPECT|OPTIMIZE)|NETWORKX_.*")
# What ipykernel prints at every start, about a connection that never leaves this machine.
_EXPECTED = re.compile(r"without encryption|frozen modules|PYDEVD_DISABLE|Debugging will proceed")


class CellError(Exception):
    """A notebook that stopped: what happened, in which cell, the notebook so far, the class of the error."""

    def __init__(self, found: str, cell: int | None = None, notebook: dict | None = None, kind: str = ""):
        super().__init__(found)
        self.found, self.cell, self.notebook, self.kind = found, cell, notebook, kind


class Lifeline:
    """A pipe that all kernels of a run watch: when it closes, they end, and so does one that starts later."""

    def __init__(self):
        self.reading, self._writing = os.pipe()
        self.is_cut = False

    def cut(self) -> None:
        """End all kernels."""
        if not self.is_cut:
            self.is_cut = True
            os.close(self._writing)

    def close(self) -> None:
        """End all kernels and free the pipe."""
        self.cut()
        os.close(self.reading)


class _Engine(NBClientEngine):
    """Papermill's engine with a kernel manager that is given, and remarks on where it is."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, *, manager, launch, timeout, at, report, **_):
        at["notebook"] = nb_man.nb

        def start_cell(cell, cell_index):
            at["cell"] = cell_index + 1
            report(at["cell"], len(nb_man.nb.cells))

        client = PapermillNotebookClient(
            nb_man,
            km=manager,
            kernel_name=kernel_name,
            timeout=timeout,
            startup_timeout=_START_TIMEOUT,
            shutdown_kernel="immediate",
            on_cell_start=start_cell,
            log=logging.getLogger("papermill"),
        )
        client.execute(cleanup_kc=True, **launch)


papermill_engines.register("sidedoor", _Engine)
logging.getLogger("papermill").addHandler(logging.NullHandler())
logging.getLogger("papermill").propagate = False
# A kernel that is ended in the middle of a cell leaves tasks, which asyncio complains about on the terminal.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def build_environment(work: Path, checked: str = "") -> dict[str, str]:
    """Return the environment of a kernel: what could change a result is set, not taken from the user."""
    env = {name: value for name, value in os.environ.items() if not _USERS_OWN.fullmatch(name)}
    source = str(Path(__file__).resolve().parents[2])  # of both packages, installed or not
    env |= {
        "IPYTHONDIR": str(work / "ipython"),
        "LC_ALL": "C.UTF-8",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONHASHSEED": os.environ.get("SIDEDOOR_HASHSEED", "0"),
        "PYTHONPATH": os.pathsep.join(filter(None, [source, env.get("PYTHONPATH")])),
        "PYTHONUTF8": "1",
        CHECKED: checked,
        "SIDEDOOR_FIGURES": str(work / "result" / "figures"),
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
    lifeline: Lifeline,
    limits: KernelLimits,
    report: Callable[[int, int], None],
    checked: str = "",
) -> dict:
    """Run a notebook from top to bottom in a fresh kernel and return it, executed but not yet cleaned.

    Parameters
    ----------
    parameters
        Values to set; checked before, since papermill writes names into code.
    work
        A folder of the runner's own that nobody else can enter; figures go to `result/figures` in it.
    report
        Called before each cell with its number and the number of cells.
    checked
        Which fact tables need no check in the kernel, see `facts.tables.vouch_for`.

    Raises
    ------
    CellError
        A cell raised an error or took too long, or the kernel died or never started.
    """
    node = nbformat.from_dict(copy.deepcopy(notebook))
    node.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    at, messages = {"notebook": None, "cell": None}, work / "kernel.log"
    # A folder that only this user can enter, on a disk that takes sockets, with a path short enough for them.
    with tempfile.TemporaryDirectory(prefix="sidedoor-") as sockets, messages.open("wb") as log:
        launch = {
            "cwd": str(paths.ROOT),
            "env": build_environment(work, checked),
            "stdin": lifeline.reading,
            "stdout": log,
            "stderr": log,
        }
        try:
            return execute_notebook(
                node,
                None,
                parameters=parameters or None,
                engine_name="sidedoor",
                kernel_name="python3",
                language="python",
                progress_bar=False,
                manager=_build_manager(work, Path(sockets), limits),
                launch=launch,
                timeout=limits.timeout_s,
                at=at,
                report=report,
            )
        except PapermillExecutionError as error:
            at["cell"], kind = error.cell_index + 1, error.ename
            found = " ".join(f"{error.ename}: {error.evalue}".split())[:500]
        except Exception as error:
            kind = "" if lifeline.is_cut else type(error).__name__
            found = _name_failure(error, at["cell"], limits, messages) if kind else "the run was stopped"
    raise CellError(found, at["cell"], at["notebook"], kind)


def _build_manager(work: Path, sockets: Path, limits: KernelLimits) -> AsyncKernelManager:
    """Build the manager of a kernel in this interpreter, not in the one that Jupyter would find."""
    connection = str(work / "kernel.json")
    manager = AsyncKernelManager(kernel_name="python3", connection_file=connection)
    if os.name == "posix":  # ports of 127.0.0.1 are open to every user
        manager.transport, manager.ip = "ipc", str(sockets / "k")
    memory = str(int(limits.memory_gib * 2**30))
    command = [sys.executable, "-Xfrozen_modules=off", "-m", "sidedoor.run.kernel", memory, "-f", connection]
    manager._kernel_spec = KernelSpec(argv=command, display_name="Python 3", language="python")
    return manager


def _name_failure(error: Exception, cell: int | None, limits: KernelLimits, messages: Path) -> str:
    kind = type(error).__name__
    if kind == "CellTimeoutError":
        return f"the cell took longer than {limits.timeout_s} s"
    lines = messages.read_text(errors="replace").splitlines()
    printed = [line for line in lines if line and not _EXPECTED.search(line)]
    last = f" (its last message: {printed[-1][:200]})" if printed else ""
    if kind == "DeadKernelError":
        return f"the kernel died{last}"
    if cell is None:
        way_out = "if sockets cannot lie in the temporary folder, set TMPDIR to a short local path"
        return f"the kernel did not start: {error}{last}; {way_out}"
    return f"{kind}: {error}"[:500]

"""Execute one notebook with papermill, in a kernel of our own making that no setting of the user changes."""

import copy
import importlib.util
import logging
import os
import re
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from helpers.facts.grammar import withhold_grammar

# nbformat needs jsonschema
with withhold_grammar():
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec
    from papermill import execute_notebook
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine, papermill_engines
    from papermill.exceptions import PapermillExecutionError

from helpers import paths
from helpers.facts.tables import CHECKED
from sidedoor.run.forks import ForkingProvisioner, Forks, can_fork, find_modules
from sidedoor.run.notebooks import INJECTED, KERNEL

_LIBRARIES = ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "NUMEXPR_NUM", "VECLIB_MAXIMUM")
_USERS_OWN = (
    "PYTHONSTARTUP",
    "PYTHONWARNINGS",
    "PYTHONINSPECT",
    "PYTHONOPTIMIZE",
    "COLUMNS",
    "LINES",
    "MPLBACKEND",
)
_START_TIMEOUT = 60
_ERROR_TAG = "papermill-error-cell-tag"
# What ipykernel says at every start, about a connection that never leaves this machine.
_EXPECTED = re.compile(r"TCP without encryption|frozen modules|PYDEVD_DISABLE|Debugging will proceed")


class CellError(Exception):
    """A notebook that stopped: the cell, what happened in it, the notebook as far as it came, and the class of its error."""

    def __init__(self, found: str, cell: int | None = None, notebook: dict | None = None, kind: str = ""):
        super().__init__(found)
        self.found, self.cell, self.notebook, self.kind = found, cell, notebook, kind


class Leashes:
    """The pipes that kernels hang on; letting go of them ends all kernels at once."""

    def __init__(self):
        self._held: set[int] = set()
        self._lock = threading.Lock()
        self.is_cut = False

    @contextmanager
    def hold(self):
        """Give the reading end of a new pipe, to be a kernel's standard input."""
        reading, writing = os.pipe()
        with self._lock:
            self._held.add(writing)
            if self.is_cut:
                self._cut()
        try:
            yield reading
        finally:
            os.close(reading)
            with self._lock:
                if writing in self._held:
                    self._held.remove(writing)
                    os.close(writing)

    def cut(self) -> None:
        """End all kernels, and every one that is still to start."""
        with self._lock:
            self.is_cut = True
            self._cut()

    def _cut(self) -> None:
        while self._held:
            os.close(self._held.pop())


class _Engine(NBClientEngine):
    """Papermill's own engine, given a kernel instead of looking for one."""

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
    """Remembers which cell is running, and tells."""

    def __init__(self, report: Callable[[int, int], None] | None):
        self.notebook, self.cell, self._report = None, None, report

    def start_cell(self, cell, cell_index):
        self.cell = cell_index + 1
        if self._report:
            self._report(self.cell, len(self.notebook.cells))


papermill_engines.register("sidedoor", _Engine)
logging.getLogger("papermill").addHandler(logging.NullHandler())
logging.getLogger("papermill").propagate = False


def build_environment(figures: Path, settings: Path, checked: str = "") -> dict[str, str]:
    """Build the environment of a kernel: whatever could change a result is set, not taken from the user.

    Parameters
    ----------
    figures
        Where figures of this notebook go.
    settings
        An empty folder in the place of the user's IPython settings.
    checked
        Which fact tables need no check, see `schema.vouch_for`.
    """
    # NETWORKX_* hands graphs to another library, which may count in another order.
    own = (name for name in os.environ if name not in _USERS_OWN and not name.startswith("NETWORKX_"))
    env = {name: os.environ[name] for name in own}
    package = str(Path(__file__).resolve().parents[2])
    env |= {
        "IPYTHONDIR": str(settings),
        "LC_ALL": "C.UTF-8",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONHASHSEED": os.environ.get("SIDEDOOR_HASHSEED", "0"),
        # the kernel imports the same `helpers` as the runner, installed or not
        "PYTHONPATH": os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONUTF8": "1",
        CHECKED: checked,
        "SIDEDOOR_FIGURES": str(figures),
        # what an engine puts on disk for the while, gone with the kernel
        "SIDEDOOR_SPILL": str(settings.parent),
        "TZ": "UTC",
    }
    env |= {f"{name}_THREADS": os.environ.get("SIDEDOOR_THREADS", "1") for name in _LIBRARIES}
    # A user's matplotlibrc would change every figure; the package's own stands in its place.
    matplotlib = importlib.util.find_spec("matplotlib")
    if matplotlib and matplotlib.submodule_search_locations:
        folder = Path(matplotlib.submodule_search_locations[0])
        env["MATPLOTLIBRC"] = str(folder / "mpl-data" / "matplotlibrc")
    return env


@contextmanager
def open_forks(notebooks: list[Path], folder: Path, leashes: Leashes):
    """Give a process that forks kernels for these notebooks, or None where kernels cannot be forked.

    It starts in the background: whoever asks it for a kernel waits until it is ready.
    """
    if not can_fork():
        yield None
        return
    with leashes.hold() as leash:
        environment = build_environment(Path(), Path())
        forks = Forks(environment, find_modules(notebooks), folder, paths.ROOT, leash)
        try:
            yield forks
        finally:
            forks.close()


def run_cells(
    notebook: dict,
    parameters: dict[str, object],
    work: Path,
    figures: Path,
    leashes: Leashes,
    timeout: int = 120,
    report: Callable[[int, int], None] | None = None,
    forks: Forks | None = None,
    checked: str = "",
) -> dict:
    """Run a notebook from top to bottom in a fresh kernel.

    Parameters
    ----------
    notebook
        As nbformat 4 reads it.
    parameters
        Values to set; checked before, since papermill writes names into code.
    work
        A folder of the runner's own, for what a kernel needs while it lives.
    figures
        Where the notebook's figures go.
    leashes
        What the kernel hangs on.
    timeout
        Longest time of one cell [seconds].
    report
        Called before each cell with its number and the number of cells.
    forks
        From `open_forks`; without it each kernel starts by itself.
    checked
        Which fact tables need no check in the kernel, see `schema.vouch_for`.

    Returns
    -------
    The executed notebook, not yet scrubbed.

    Raises
    ------
    CellError
        A cell raised an error or took too long, or the kernel died or never started. A kernel that does not
        start is tried once more, since another program may have taken its port; nothing else is.
    """
    import nbformat

    for attempt in (1, 2):
        watch = _Watch(report)
        messages = work / f"kernel-{attempt}.log"
        node = nbformat.from_dict(copy.deepcopy(notebook))
        node.metadata = nbformat.from_dict({"kernelspec": KERNEL})
        try:
            with leashes.hold() as leash, messages.open("wb") as log:
                connection = str(work / f"kernel-{attempt}.json")
                manager = AsyncKernelManager(kernel_name="python3", connection_file=connection)
                # Not the `python3` that Jupyter finds on this machine: this very interpreter.
                command = [
                    sys.executable,
                    "-Xfrozen_modules=off",
                    "-m",
                    "sidedoor.run._kernel",
                    "-f",
                    connection,
                ]
                manager._kernel_spec = KernelSpec(argv=command, display_name="Python 3", language="python")
                manager.provisioner = ForkingProvisioner(kernel_spec=manager._kernel_spec, parent=manager)
                # A fork that did not start is not tried again.
                manager.provisioner.forks = forks if attempt == 1 else None
                launch = {
                    "cwd": str(paths.ROOT),
                    "env": build_environment(figures, work / "ipython", checked),
                    "stdin": leash,
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
                    timeout=timeout,
                    watch=watch,
                )
            return _drop_markers(done)
        except PapermillExecutionError as error:
            found = " ".join(f"{error.ename}: {error.evalue}".split())[:500]
            raise CellError(found, error.cell_index + 1, _drop_markers(watch.notebook), error.ename) from None
        except Exception as error:
            if leashes.is_cut:
                raise CellError("the run was stopped", watch.cell, _drop_markers(watch.notebook)) from None
            if watch.cell is None and attempt == 1 and not isinstance(error, OSError):
                continue
            found = _name_failure(error, watch, timeout, messages)
            raise CellError(found, watch.cell, _drop_markers(watch.notebook)) from None
    raise AssertionError("unreachable")


def _name_failure(error: Exception, watch: _Watch, timeout: int, messages: Path) -> str:
    kind = type(error).__name__
    if kind == "CellTimeoutError":
        return f"the cell took longer than {timeout} s"
    lines = messages.read_text(errors="replace").splitlines()
    said = [line for line in lines if line and not _EXPECTED.search(line)]
    last = f" (it last said: {said[-1][:200]})" if said else ""
    if kind == "DeadKernelError":
        return f"the kernel died{last}"
    if watch.cell is None:
        return f"the kernel did not start: {error}{last}"
    return f"{kind}: {error}"[:500]


def _drop_markers(notebook) -> dict | None:
    """Take out the red banners that papermill adds to a notebook with an error."""
    if notebook is None:
        return None
    plain = copy.deepcopy(notebook)
    plain.cells = [cell for cell in plain.cells if _ERROR_TAG not in cell.metadata.get("tags", [])]
    for cell in plain.cells:
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
    return plain

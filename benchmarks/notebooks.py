"""The runner beside papermill, called once for each notebook, on the committed notebooks."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from helpers import paths
from sidedoor.run.notebooks import list_notebooks

SIZES, TINY = {"all": None}, None
WAYS, TASKS, LEFT_OUT = ["sidedoor", "papermill"], ["run", "nothing changed"], []


def prepare(folder: Path, size: str) -> str:
    """Write an edition of all notebooks."""
    runs = "".join(f'[[run]]\nnotebook = "{path.name[:2]}"\n' for path in list_notebooks())
    (folder / "all.toml").write_text(f'title = "All notebooks"\n{runs}', encoding="utf-8", newline="\n")
    return f"the {len(list_notebooks())} committed notebooks, with their defaults"


def open_way(way: str, folder: Path) -> dict:
    """Give the tasks of one way as {task: (call, check)}."""
    if way == "papermill":
        return {"run": (lambda: _run_papermill(folder), lambda _: read_outputs(folder / "papermill"))}

    def run(is_new: bool = False) -> None:
        if is_new:
            shutil.rmtree(folder / "runs" / "all", ignore_errors=True)
        _call(folder / "runs", "sidedoor.cli", "run", "--edition", str(folder / "all.toml"))

    def check(_):
        return read_outputs(folder / "runs" / "all")

    return {"run": (lambda: run(is_new=True), check), "nothing changed": (run, check)}


def read_outputs(folder: Path) -> np.ndarray:
    """Hash what each notebook printed and displayed as text: 32 numbers each."""
    digests = []
    for notebook in list_notebooks():
        outputs = [
            output.get("text") or output.get("data", {}).get("text/plain") or ""
            for cell in json.loads(next(folder.rglob(notebook.name)).read_text(encoding="utf-8"))["cells"]
            for output in cell.get("outputs", [])
            if output.get("name") != "stderr"
        ]
        digests.append(hashlib.sha256("".join(map("".join, outputs)).encode()).digest())
    return np.frombuffer(b"".join(digests), np.uint8)


def _run_papermill(folder: Path) -> None:
    out = folder / "papermill"
    out.mkdir(exist_ok=True)
    for path in list_notebooks():
        options = ["--no-progress-bar", "--kernel", "python3", "--cwd", str(paths.ROOT)]
        _call(folder / "by-papermill", "papermill", *options, str(path), str(out / path.name))


def _call(runs: Path, module: str, *arguments: str) -> None:
    settings = os.environ | {"SIDEDOOR_RUNS": str(runs), "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", module, *arguments], env=settings, check=True, stdout=sys.stderr)

"""Kernels that only pretend, for tests of what the runner does with results."""

from sidedoor.run import execute


def pretend_to_run(monkeypatch, act=lambda figures: None, printed=""):
    """Replace the kernels of all notebooks by a call of `act` with the folder of figures.

    Cells count as run; each shows what is `printed`.
    """

    def run_cells(notebook, parameters, work, *_):
        act(work / "result" / "figures")
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        shown = {"output_type": "stream", "name": "stdout", "text": printed}
        for number, cell in enumerate(code, start=1):
            cell.update(execution_count=number, outputs=[shown] if printed else [])
        return notebook

    monkeypatch.setattr(execute, "run_cells", run_cells)

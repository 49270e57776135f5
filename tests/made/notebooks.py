"""What the committed notebooks hold, and the fact tables as text: read without the project's readers."""

import json

import pandas as pd

from helpers import paths
from helpers.findings import KEY

SOLUTIONS = paths.ROOT / "tests" / "notebooks" / "solutions"


def find_notebook(number):
    (path,) = paths.NOTEBOOKS.glob(f"{number}-*.ipynb")
    return path


def read_cells(path, kind="code"):
    """Return the cells of one kind, each with its source as one text."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in cells if cell["cell_type"] == kind]


def read_prose(path):
    """Return all text of a notebook that is no code."""
    return "".join(cell["source"] for cell in read_cells(path, "markdown"))


def list_outputs(path):
    return [output for cell in read_cells(path) for output in cell["outputs"]]


def list_findings(path):
    return [output["metadata"][KEY] for output in list_outputs(path) if KEY in output.get("metadata", {})]


def read_findings(number):
    """Read the findings of a committed notebook, by id."""
    return {finding["id"]: finding for finding in list_findings(find_notebook(number))}


def read(name):
    """Read a fact table as text, and its column `value` as numbers."""
    table = pd.read_csv(paths.FACTS / f"{name}.csv", dtype="str", keep_default_na=False)
    return table.assign(value=table["value"].astype(float)) if "value" in table else table

"""The house has floors: a module imports from lower ones only, and there are no circles."""

import re

import pytest

from helpers import _paths
from helpers.imports import find_imports, list_modules, read_import_graph, trace_imports

# The floors of the design, from the ground up; a package's private modules stand on its own floor.
FLOORS = [
    {"_paths", "errors", "_kernel"},
    {"files", "tables", "intervals", "dates", "imports", "sandbox", "_sandbox_child", "suppression", "metros",
     "environment"},
    {"sources", "ways", "agencies", "privacy", "parameters", "results", "fetch", "scan"},

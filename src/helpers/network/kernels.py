"""Loops that NumPy has no words for, compiled. Loaded for large graphs only; everything here has a plain twin.

Compiled code is kept in the user's cache folder, never in the repository.
"""

import os
import sys
from pathlib import Path

import numba
import numpy as np


def _find_cache() -> str:
    """Find the folder for compiled code: the one that NUMBA_CACHE_DIR names, or one in the user's cache folder."""
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        return given
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return str(Path(home) / "sidedoor" / "compiled")


numba.config.CACHE_DIR = _find_cache()
compiled = numba.njit(cache=True, nogil=True)


@compiled
def set_bits(bits, from_codes, to_codes):
    """Set the bit of every edge; return how many were not set before."""
    distinct = 0
    for at in range(from_codes.size):
        u, v = from_codes[at], to_codes[at]
        mark = np.uint8(128 >> (v & 7))
        cell = bits[u, v >> 3]
        distinct += (cell & mark) == 0
        bits[u, v >> 3] = cell | mark
    return distinct

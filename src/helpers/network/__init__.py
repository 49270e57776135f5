"""Measure sharing networks: build them from sharing lists, and say how much of each number is blind.

`build_sharing` and `build_graph` make a `SharingGraph`; everything else takes one and returns pandas tables. Modules
are loaded when they are used: `from helpers.network import reach`, or a name of the list below.
"""

import importlib

_HOMES = {
    "graph": ("SharingGraph", "build_coded", "build_graph"),
    "lists": ("SharingLists", "build_sharing", "find_pools", "find_states", "list_paths", "list_sharing",
              "load_private_eyes", "read_sharing"),
    "export": ("export_graph",),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)


def __getattr__(name: str):
    if name not in _HOME_OF:
        raise AttributeError(f"helpers.network has no `{name}`")
    return getattr(importlib.import_module(f".{_HOME_OF[name]}", __name__), name)

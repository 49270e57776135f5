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
    "degrees": ("count_state_edges", "measure_concentration", "measure_degrees", "measure_state_shares",
                "measure_strength"),
    "structure": ("condense", "count_returned", "label_components", "list_components", "measure_cores",
                  "measure_reciprocity"),
    "reach": ("count_reach", "list_owners", "list_readers", "measure_hops", "trace_paths"),
    "centrality": ("measure_betweenness", "measure_pagerank"),
    "communities": ("compare_labels", "find_communities"),
    "nulls": ("Rewiring", "compare_with_null", "measure_assortativity", "measure_clustering"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)


def __getattr__(name: str):
    if name not in _HOME_OF:
        raise AttributeError(f"helpers.network has no `{name}`")
    return getattr(importlib.import_module(f".{_HOME_OF[name]}", __name__), name)

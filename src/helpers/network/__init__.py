"""Measure sharing networks: build them from sharing lists, and say how much of each number is blind.

`build_sharing` and `build_graph` make a `SharingGraph`; everything else takes one and returns pandas tables. Modules
are loaded when they are used: `from helpers.network import reach`, or a name of the list below.
"""

import importlib

_HOMES = {
    "graph": ("SharingGraph", "build_coded", "build_graph"),
    "lists": ("SharingLists", "build_sharing", "find_pools", "find_states", "list_paths", "list_sharing",
              "read_sharing"),
    "export": ("export_graph", "save_graph"),
    "degrees": ("count_state_edges", "measure_concentration", "measure_degrees", "measure_state_shares",
                "measure_strength"),
    "structure": ("condense", "count_returned", "label_components", "list_components", "measure_cores",
                  "measure_reciprocity"),
    "reach": ("count_reach", "list_owners", "list_readers", "measure_hops", "trace_paths"),
    "centrality": ("measure_betweenness", "measure_pagerank"),
    "communities": ("compare_labels", "count_whole_states", "find_communities", "measure_modularity"),
    "nulls": ("Rewiring", "compare_with_null", "measure_assortativity", "measure_clustering"),
    "cuts": ("cite_paths", "find_cut", "measure_steps", "split_sources"),
    "withdrawal": ("compare_scenarios", "group_by_state", "order_hubs", "rank_withdrawals", "remove_hubs"),
    "sampling": ("accumulate_recipients", "bound_degrees", "bound_reciprocity", "count_readers", "foresee_list",
                 "leave_out_reporter", "rank_readers"),
    "conflicts": ("compare_lists", "count_conflicts"),
    "change": ("compare_reports", "count_changes"),
    "cosharing": ("list_cosharing",),
    "views": ("count_leverage", "find_regions", "list_neighbors", "name_steps", "order_groups", "order_links", "sum_state_shares"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)


def __getattr__(name: str):
    if name not in _HOME_OF:
        raise AttributeError(f"helpers.network has no `{name}`")
    return getattr(importlib.import_module(f".{_HOME_OF[name]}", __name__), name)

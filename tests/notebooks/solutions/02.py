"""Solutions of the exercises of notebook 02."""

from helpers.facts.tables import load_table
from helpers.network import documented

paths, agencies = load_table("access_paths"), load_table("agencies")
folded = documented.fold_units(paths, agencies)

# 1. Which agencies opened their data to the Border Patrol and its parent agency, and by which kind of access?
into = folded[
    (folded["to_id"] == "cbp")
    & folded["standing"].isin(documented.WAYS)
    & (folded["door"] != documented.HOT_LIST)
]
opened = into.groupby("door")["from_id"].unique().map(sorted)
print(opened.to_string())

# 2. Without disputed and ended rows: how many agencies are left, and in which states?
kinds, states = (agencies.set_index("agency_id")[column] for column in ("kind", "state"))
left = folded[(folded["to_id"] == "ice") & (folded["door"] == "front") & (folded["standing"] == "documented")]
left = left[left["from_id"].map(kinds).isin(documented.LOCAL)]
by_state = left.groupby(left["from_id"].map(states))["from_id"].nunique().sort_values(ascending=False)
print(by_state.sum(), by_state.to_dict())

"""Solutions of the exercises of notebook 01."""

from helpers.facts.agencies import build_agency_table
from helpers.facts.tables import load_table

table = build_agency_table()
named = table[table["on_ice_list"] != "not named"]

# 1. Which agencies on ICE's list have evidence from three or more sources?
backed = named[named["sources_n"] >= 3]
print(backed[["name", "state", "sources_n"]].to_string(index=False))

# 2. Which agencies named on ICE's list were on the Irvine police sharing list of 2025?
names = load_table("sharing_lists")
irvine = names[(names["list_id"] == "irvine-learn-2025-03-11") & (names["section"] == "detections_shared")]
on_both = named[named["agency_id"].isin(irvine["agency_id"])]
print(on_both["name"].to_string(index=False))

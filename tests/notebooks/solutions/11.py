"""Solutions of the exercises of notebook 11."""

from helpers.facts.tables import load_table

# 1. What part of the country do the 50 largest areas hold in each year?
metros = load_table("metros")
areas = metros[metros["area_kind"] == "metro"].sort_values("population", ascending=False)
top = areas.groupby("estimate_on").head(50).groupby("estimate_on")["population"].sum()
country = metros[metros["area_kind"] == "country"].set_index("estimate_on")["population"]
percent = (100 * top / country).astype(float)
nearest = (60 - percent).abs().idxmin()
print(percent.round(1).to_string(), nearest)

# 2. How far is Conway's 116 look-ups a day from the count over 52 days, and over 51?
lookups = load_table("query_volumes").set_index("volume_id").loc["conway-federal-searches", "value"]
per_day = {days: lookups / days for days in (51, 52)}
print({days: f"{rate:.1f}, {rate - 116:+.1f}" for days, rate in per_day.items()})

"""Solutions of the exercises of notebook 09."""

from helpers.facts.tables import load_table

quantities = load_table("quantities").set_index("quantity_id")["value"]

# 1. What part of the five years would Los Angeles police keep under the rule of Maine?
days = quantities["retention-rule-maine"]
part = days / (quantities["retention-rule-lapd-deletion"] * 365.2425)
print(f"{days:.0f} days, {100 * part:.1f} percent of the time")

# 2. Which portal of 2026 printed the most hits for each thousand vehicles or detections?
counts = load_table("search_counts")
kept = counts[counts["measure"].isin(["hits", "detections", "unique_vehicles"])]
kept = kept[kept["period_end"].str.startswith("2026")]
pages = kept.pivot(index=["agency_id", "source_id"], columns="measure", values="value").astype(float)
rate = 1000 * pages["hits"] / pages["detections"].fillna(pages["unique_vehicles"])
rate = rate.dropna().sort_values(ascending=False)
print(rate.head(3).round(1).to_string())

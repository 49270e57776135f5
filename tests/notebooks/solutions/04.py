"""Solutions of the exercises of notebook 04."""

import pandas as pd

from helpers.facts.tables import load_table

counts = load_table("search_counts")

# 1. Which portal agency printed the most searches per camera? The two numbers are on one page; an agency with
#    two kinds of cameras prints two numbers, which are added.
kept = counts[counts["measure"].isin(["searches", "cameras"])]
pages = kept.pivot_table(
    index=["agency_id", "source_id"], columns="measure", values="value", aggfunc="sum"
).dropna()
per_camera = (pages["searches"] / pages["cameras"]).astype(float).sort_values(ascending=False)
print(per_camera.head(3).round(1).to_string())

# 2. By how much did Eugene's rows differ between weekdays and weekends before the break?
eugene = counts[(counts["agency_id"] == "eugene-pd-or") & (counts["qualifier"] == "exact")]
daily = pd.Series(eugene["value"].astype(float).to_numpy(), index=pd.to_datetime(eugene["period_start"]))
daily = daily.asfreq("D", fill_value=0)[:"2025-10-09"]
is_weekend = daily.index.day_of_week >= 5
weekday, weekend = daily[~is_weekend].mean(), daily[is_weekend].mean()
print(f"{weekday:.1f} rows on a weekday, {weekend:.1f} on a day of the weekend")

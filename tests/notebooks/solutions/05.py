"""Solutions of notebook 05: how bounds widen on a small log, and who searches on weekends."""

from helpers.searches import clock, engine, same
from helpers.searches.logbook import open_log

# 1. The bounds in percent of the count, for 20,000 and for 2,000 simulated rows.
for rows in (20_000, 2_000):
    count = same.count_searches(same.key_rows(open_log("", rows, 2019).table))
    print(f"{rows:,} rows: {100 * (count.high - count.low) / count.value:.1f} percent")

# 2. Agencies with more searches on a day of the weekend than on a workday, of those with 50 searches or more.
searches = same.build_searches(same.key_rows(open_log("", 20_000, 2019).table))
days = engine.fetch(clock.mark_days(searches, "America/Los_Angeles"))
is_weekend = days["day"].dt.day_of_week >= 5
by_agency = days.groupby(["searcher", is_weekend]).size().unstack(fill_value=0)
by_agency.columns = ["workdays", "weekend"]
often = by_agency[by_agency.sum(axis=1) >= 50]
weekend = often[often["weekend"] / 2 > often["workdays"] / 5]
print(f"{len(weekend)} of {len(often)} agencies")

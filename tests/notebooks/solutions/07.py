"""Solutions of notebook 07: a list that counts for its own month alone, and two names settled by a person."""

from helpers import doors
from helpers.searches.engine import fetch
from helpers.searches.logbook import load_lists, open_log

log, lists = open_log("", 8_000, 2025), load_lists("", 2025)
cases = fetch(doors.group_cases(log.table))

# 1. With `months = 0` rows of other months are undetermined, those by the front door too.
for months in (2, 0):
    print(months, doors.count_doors(doors.judge_cases(cases, lists, months=months))["rows_n"].to_dict())

# 2. Two unsure names are settled: their rows move from undetermined to the front door.
names = fetch(log.table.select("searcher_agency_as_printed").distinct())["searcher_agency_as_printed"]
left = doors.list_leftovers(lists, names).query("outcome == 'unsure'").head(2)
pairs = list(left[["nearest", "listed"]].itertuples(index=False, name=None))
print(pairs, doors.count_doors(doors.judge_cases(cases, lists, same=pairs))["rows_n"].to_dict())

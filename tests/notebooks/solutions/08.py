"""Solutions of notebook 08: what California's record shows and ICE's rules do not; which subjects changed."""

import pandas as pd

from helpers.doors import rules
from helpers.facts import tables
from helpers.searches.logbook import open_log

# 1. California asks for four elements of a record; two can be seen in the simulated export.
log = open_log("", 5_000, 2025)
for name in ("us-ca-1798-90-52", "ice-2017"):
    book = rules.load_rulebook(name)
    counts = rules.count_checks(rules.check_queries(log.table, book, rules.describe_rules(book)), book)
    seen = counts[(counts["met"] + counts["not met"]) * 2 >= log.rows_n]
    print(name, seen["label"].tolist())

# 2. Requirements that ended or changed, by subject.
asked = tables.load_table("query_rules")
changed = asked[asked["earlier_rule_id"].notna() | asked["in_force_until"].notna()]
print(pd.Series(changed["subject"]).value_counts().to_string())

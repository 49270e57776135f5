"""Solutions of the exercises of notebook 99."""

from helpers.facts.tables import load_table

rows = load_table("quantities")
hedged = rows[rows["qualifier"] != "exact"]

# 1. Which unit has most hedged figures?
units = hedged["unit"].value_counts()
print(units.head(1).to_string())

# 2. Are figures of the press hedged more often than those of documents?
part = (rows["qualifier"] != "exact").groupby(rows["read_as"]).mean()
print((100 * part).round(0).to_string())

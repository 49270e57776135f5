"""Solutions of the exercises of notebook 00."""

from helpers.facts.sources import cite_sources
from helpers.facts.tables import load_table

# 1. Which source is behind most rows of `sharing_claims`?
claims = load_table("sharing_claims")
rows = claims["source_id"].value_counts()
most = cite_sources(rows.index[:1]).assign(rows=rows.iloc[0])
print(most[["cite_as", "rows"]].to_string(index=False))

# 2. Which sources are weak on their own, and of what kind are they?
weak = load_table("sources").dropna(subset=["weak_as"])
by_kind = weak.groupby(["weak_as", "kind"])["publisher"].agg(sources="size", who="; ".join)
print(by_kind.to_string())

"""Solutions of notebook 06: one more word moves one end of the range; each rule has its own reasons."""

import tempfile
from pathlib import Path

from helpers import reasons
from helpers.reasons.rule_sets import SHIPPED
from helpers.searches.logbook import open_log

log = open_log("", 5_000, 2019)

# 1. With `hsi` added, the rule of whole words finds more rows; the narrowest rule stays where it is.
with tempfile.TemporaryDirectory() as folder:
    text = (SHIPPED / "word-boundary.toml").read_text(encoding="utf-8")
    label = (
        '[[label]]\nname = "HSI"\nany = [\'\\bhsi\\b\']\n\n[[test]]\ntext = "HSI"\nlabel = "HSI"\n\n[[test]]'
    )
    Path(folder, "word-boundary.toml").write_text(text.replace("[[test]]", label, 1), encoding="utf-8")
    before = reasons.load_rule_sets(["whole-cell", "word-boundary"])
    after = reasons.load_rule_sets(["whole-cell", "word-boundary"], folder=folder)
for sets in (before, after):
    span = reasons.range_rules(reasons.tally_reasons(log.table, sets), sets).iloc[0]
    print(f"{span['low_n']:,} to {span['high_n']:,}")

# 2. Rules on `no reason`: the widest counts "Investigation" as none.
sets = reasons.load_rule_sets([], "no reason")
counts = reasons.count_rules(reasons.tally_reasons(log.table, sets), sets)
print(counts[["rule", "found_n"]].to_string(index=False))

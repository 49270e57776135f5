"""Mappings of a log and of a list of edges that no reader knows."""

LOG_HEADER = ["When", "Who", "Why", "Plate"]
LOG = """
table = "searches"
[columns]
searched_at = "When"
searcher_agency_as_printed = "Who"
reason_text = "Why"
plate = "Plate"
[constants]
host_agency = "Town CA PD"
[times]
forms = ["%q/%q/%Y %H:%M"]
time_zone = "America/Los_Angeles"
[cells]
masked = ['hidden']
[[skip]]
column = "Who"
equals = ["TOTAL"]
reason = "a total"
"""
EDGES_HEADER = ["owner", "reader", "day"]
EDGES = """
table = "sharing"
[columns]
from_agency_as_printed = "owner"
to_agency_as_printed = "reader"
as_of = "day"
[constants]
shares = "detections"
[times]
forms = ["%Y-%m-%d"]
"""

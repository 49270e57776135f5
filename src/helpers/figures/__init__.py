"""Draw result tables: each `draw_*` takes a table and returns a figure with source, alt text and data."""

from helpers.figures._base import CitedFigure, save_figure, save_table
from helpers.figures.charts import draw_bars, draw_lines, draw_matrix, draw_ranges, draw_tiles, in_two_widths
from helpers.figures.claims import draw_verdicts
from helpers.figures.counts import draw_counts
from helpers.figures.doors import draw_door_grades, draw_door_matrix, draw_doors
from helpers.figures.history import draw_depths, draw_growth, draw_history, draw_portals
from helpers.figures.logs import draw_cells, draw_coverage, draw_inflation, draw_steps
from helpers.figures.reasons import draw_agreement, draw_grades, draw_range_months, draw_rule_range
from helpers.figures.release import draw_conflicts, draw_recovery, draw_replies
from helpers.figures.rules import draw_looks, draw_rules
from helpers.figures.searches import draw_days, draw_search_months, draw_widths
from helpers.figures.tiles import draw_states
from helpers.figures.timeline import draw_timeline
from helpers.figures.traces import SIMULATED_TRAFFIC, draw_thinning, draw_town, draw_unicity
from helpers.figures.volumes import draw_months, draw_quotes, draw_volumes

__all__ = [
    "CitedFigure",
    "SIMULATED_TRAFFIC",
    "draw_bars",
    "draw_lines",
    "draw_matrix",
    "draw_ranges",
    "draw_tiles",
    "in_two_widths",
    "draw_agreement",
    "draw_cells",
    "draw_conflicts",
    "draw_counts",
    "draw_coverage",
    "draw_days",
    "draw_depths",
    "draw_door_grades",
    "draw_door_matrix",
    "draw_doors",
    "draw_grades",
    "draw_growth",
    "draw_history",
    "draw_inflation",
    "draw_looks",
    "draw_months",
    "draw_portals",
    "draw_quotes",
    "draw_range_months",
    "draw_recovery",
    "draw_replies",
    "draw_rule_range",
    "draw_rules",
    "draw_search_months",
    "draw_states",
    "draw_steps",
    "draw_thinning",
    "draw_timeline",
    "draw_town",
    "draw_unicity",
    "draw_verdicts",
    "draw_volumes",
    "draw_widths",
    "save_figure",
    "save_table",
]

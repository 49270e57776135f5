"""Draw result tables: each `draw_*` takes a table and returns a figure with source line, alt text and data."""

from helpers.figures._base import CitedFigure, save_figure, save_table
from helpers.figures.access import draw_access, draw_reach
from helpers.figures.charts import draw_bars, draw_lines, draw_matrix, draw_ranges, draw_tiles, in_two_widths
from helpers.figures.claims import draw_verdicts
from helpers.figures.counts import draw_counts
from helpers.figures.history import draw_depths, draw_growth, draw_history, draw_portals
from helpers.figures.network import draw_accumulation, draw_decline, draw_degrees, draw_pools, draw_ranks
from helpers.figures.network_ego import draw_ego
from helpers.figures.network_matrix import draw_adjacency, draw_state_matrix
from helpers.figures.release import draw_conflicts, draw_recovery, draw_replies
from helpers.figures.tiles import draw_states
from helpers.figures.timeline import draw_timeline
from helpers.figures.volumes import draw_months, draw_quotes, draw_volumes

__all__ = [
    "CitedFigure",
    "draw_access",
    "draw_accumulation",
    "draw_adjacency",
    "draw_bars",
    "draw_lines",
    "draw_matrix",
    "draw_ranges",
    "draw_tiles",
    "in_two_widths",
    "draw_conflicts",
    "draw_counts",
    "draw_decline",
    "draw_degrees",
    "draw_depths",
    "draw_ego",
    "draw_growth",
    "draw_history",
    "draw_months",
    "draw_pools",
    "draw_portals",
    "draw_quotes",
    "draw_ranks",
    "draw_reach",
    "draw_recovery",
    "draw_replies",
    "draw_state_matrix",
    "draw_states",
    "draw_timeline",
    "draw_verdicts",
    "draw_volumes",
    "save_figure",
    "save_table",
]

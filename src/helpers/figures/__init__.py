"""Draw result tables: each `draw_*` takes a table and returns a figure with source line, alt text and data."""

from helpers.figures._base import CitedFigure, save_figure, save_table
from helpers.figures.charts import draw_bars, draw_lines, draw_matrix, draw_ranges, draw_tiles, in_two_widths
from helpers.figures.claims import draw_verdicts
from helpers.figures.counts import draw_counts
from helpers.figures.history import draw_depths, draw_growth, draw_history, draw_portals
from helpers.figures.release import draw_conflicts, draw_recovery, draw_replies
from helpers.figures.tiles import draw_states
from helpers.figures.timeline import draw_timeline
from helpers.figures.volumes import draw_months, draw_quotes, draw_volumes

__all__ = [
    "CitedFigure",
    "draw_bars",
    "draw_conflicts",
    "draw_counts",
    "draw_depths",
    "draw_growth",
    "draw_history",
    "draw_lines",
    "draw_matrix",
    "draw_months",
    "draw_portals",
    "draw_quotes",
    "draw_ranges",
    "draw_recovery",
    "draw_replies",
    "draw_states",
    "draw_tiles",
    "draw_timeline",
    "draw_verdicts",
    "draw_volumes",
    "in_two_widths",
    "save_figure",
    "save_table",
]

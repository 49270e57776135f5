"""Draw tables: each `draw_*` returns a figure with its source line, alt text and data."""

from helpers.figures._base import CitedFigure, save_figure, save_table
from helpers.figures.charts import draw_bars, draw_lines, draw_matrix, draw_ranges, draw_tiles, in_two_widths

__all__ = [
    "CitedFigure",
    "draw_bars",
    "draw_lines",
    "draw_matrix",
    "draw_ranges",
    "draw_tiles",
    "in_two_widths",
    "save_figure",
    "save_table",
]

"""Draw result tables: each `draw_*` takes a table and returns a figure with source line, alt text and data."""

from ._base import CitedFigure, save_figure

__all__ = ["CitedFigure", "save_figure"]

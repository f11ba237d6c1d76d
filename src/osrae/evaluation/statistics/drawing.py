"""What the plots share: colours, sizes, a bare canvas and the widths of words."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

__all__ = ["BLUE", "EDGE", "GREY", "ORANGE", "SIZE", "canvas", "plain", "text_width"]

BLUE, ORANGE, GREY = "#1f5fa8", "#e08214", "#8c8c8c"
# The size of letters in points, and the margin around a picture in inches.
SIZE, EDGE = 9, 0.15


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure with bare axes in inches, y downwards."""
    figure = Figure(figsize=(width, height), dpi=140)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    return figure, axes


def plain(text: str) -> str:
    """The text with its dollars, which would start a formula, as they are."""
    return text.replace("$", r"\$")


def text_width(text: str) -> float:
    """Width of a label in inches."""
    if not text.strip():
        return 0.0
    # Drawn letters start at whole pixels, which makes a line a little longer than its outline.
    return 1.04 * TextPath((0, 0), text, size=SIZE).get_extents().width / 72

"""A table of results as a picture."""

from __future__ import annotations

from functools import cache

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from osrae.benchmark.tables.model import Line, Table, Text

__all__ = ["draw_table"]

#: Sizes in points, of letters, and of the lines of the table and of the notes.
_SIZE, _SMALL, _TITLE = 9.0, 7.5, 10.0
#: Heights of a line of the table and of the notes, in points, and distance of broken lines, in
#: sizes.
_LINE, _NOTE_LINE, _SPACING = 15.0, 11.0, 11 / 7.5
#: Space in points around the table, between columns, and before a group of rows.
_EDGE, _GAP, _GROUP = 12.0, 16.0, 5.0
#: A head is not broken to less, in points.
_NARROWEST = 60.0
#: A table is not narrower than this, in points: its notes would not fit.
_LEAST = 380.0
#: The paper's values and the differences stand behind what was measured.
_MUTED = "#5b6470"
_INK, _RULE = "#15181c", "#9aa2ab"
_FAMILY = "DejaVu Sans"
_POINTS = 72.0
#: From the top of a line of letters to where they stand, in sizes.
_ASCENT = 0.93


def draw_table(table: Table) -> Figure:
    """Draw a table with its caption and notes, as large as it needs to be.

    Columns are as wide as their longest text; heads are broken at blanks where they are longer
    than what stands below them.
    """
    lines = table.lines()
    left = table.n_left
    texts = [[Text(text) for text in line.heads] + list(line.cells) for line in lines]
    bodies = [max((_width(row[i]) for row in texts), default=0.0) for i in range(len(table.heads))]
    heads = [
        _wrapped(head, max(width, _NARROWEST), _SIZE, bold=True)
        for head, width in zip(table.heads, bodies, strict=True)
    ]
    widths = [
        max(width, *(_width(Text(part, bold=True)) for part in head.split("\n")))
        for head, width in zip(heads, bodies, strict=True)
    ]
    width = sum(widths) + _GAP * (len(widths) - 1) + 2 * _EDGE
    width = max(width, _LEAST)
    caption = _wrapped(table.caption, width - 2 * _EDGE, _TITLE, bold=True)
    notes = [_wrapped(note, width - 2 * _EDGE, _SMALL) for note in table.notes]
    head_lines = max(head.count("\n") for head in heads) + 1
    groups = sum(line.starts for line in lines[1:])
    height = (
        2 * _EDGE + _LINE * (caption.count("\n") + 1 + head_lines + len(lines)) + _GROUP * groups
        + 2 * _GROUP + sum(_NOTE_LINE * (note.count("\n") + 1) + 3 for note in notes)
    ) + _LINE  # fmt: skip
    figure = Figure(figsize=(width / _POINTS, height / _POINTS), dpi=150, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    places = _places(widths, left)
    top = _EDGE
    _write(axes, _EDGE, top, caption, size=_TITLE, bold=True)
    top += _LINE * (caption.count("\n") + 1) + _GROUP
    _rule(axes, width, top, 1.0)
    for i, head in enumerate(heads):
        low = top + _GROUP + _LINE * (head_lines - head.count("\n") - 1)
        _write(axes, places[i], low, head, bold=True, right=i >= left)
    top += _LINE * head_lines + _GROUP
    _rule(axes, width, top, 0.6)
    top = _body(axes, lines, places, left, top + 3)
    _rule(axes, width, top + 3, 1.0)
    top += _GROUP + 4
    for note in notes:
        _write(axes, _EDGE, top, note, size=_SMALL, colour=_MUTED)
        top += _NOTE_LINE * (note.count("\n") + 1) + 3
    return figure


def _body(axes: Axes, lines: list[Line], places: list[float], left: int, top: float) -> float:
    """Write the lines of the table, and return where they end."""
    for number, line in enumerate(lines):
        if line.starts and number:
            top += _GROUP
        for i, text in enumerate([*map(Text, line.heads), *line.cells]):
            _write(axes, places[i], top, text.text, bold=text.bold, right=i >= left,
                   colour=_INK if line.own else _MUTED)  # fmt: skip
        top += _LINE
    return top


def _places(widths: list[float], left: int) -> list[float]:
    """Return where each column begins, of those that are flush right where it ends."""
    places, x = [], _EDGE
    for i, width in enumerate(widths):
        places.append(x if i < left else x + width)
        x += width + _GAP
    return places


def _write(
    axes: Axes,
    x: float,
    top: float,
    text: str,
    *,
    size: float = _SIZE,
    bold: bool = False,
    right: bool = False,
    colour: str = _INK,
) -> None:
    for number, line in enumerate(text.split("\n")):
        axes.text(
            x, top + (_ASCENT + number * _SPACING) * size, _plain(line), size=size, color=colour,
            weight="bold" if bold else "normal", ha="right" if right else "left", va="baseline",
            family=_FAMILY,
        )  # fmt: skip


def _rule(axes: Axes, width: float, y: float, thickness: float) -> None:
    axes.plot([_EDGE / 2, width - _EDGE / 2], [y, y], color=_RULE, linewidth=thickness)


def _wrapped(text: str, width: float, size: float, bold: bool = False) -> str:
    """Break a text at blanks, so that it fits into a width."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width(Text(longer, bold)) * size / _SIZE <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


@cache
def _width(text: Text) -> float:
    """Return the width of a text in points, in the size of the table."""
    if not text.text.strip():
        return 0.0
    font = FontProperties(family=_FAMILY, weight="bold" if text.bold else "normal", size=_SIZE)
    # Drawn letters start at whole pixels, which makes a line a little longer than its outline.
    return float(TextPath((0, 0), _plain(text.text), prop=font).get_extents().width) * 1.03


def _plain(text: str) -> str:
    """Return the text with its dollars, which would start a formula, as they are."""
    return text.replace("$", r"\$")

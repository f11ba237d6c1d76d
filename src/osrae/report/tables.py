"""The cells of a table as a page shows them: their text, their sort key, where marks stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from osrae.errors import InputError
from osrae.report.page import Cell, Change, Column, DataTable, Interval, Matrix

__all__ = ["CellView", "matrix_view", "number_text", "table_view"]

_DASH = "–"
#: Shades of a matrix, as the style sheet numbers them: `s0` to `s10`.
_SHADES = 10


@dataclass(frozen=True)
class CellView:
    """A cell to show.

    Attributes
    ----------
    text : str
    sort : str
        What it is sorted by: a number, or text in small letters; empty sorts last.
    strong : bool
    chart : str
        The kind of its column if something is drawn, else empty.
    marks : tuple of float
        Where marks stand, in % of the width: the end of a bar, both dots of a change, or value,
        low and high of an interval.
    """

    text: str
    sort: str
    strong: bool = False
    chart: str = ""
    marks: tuple[float, ...] = ()


def number_text(value: Any, digits: int = 1) -> str:
    """Write a number: whole ones with narrow spaces between thousands, others with ``digits``.

    Numbers that ``digits`` would round to 0 are written with two significant digits instead.
    """
    if isinstance(value, str):
        return value
    if value is None or not math.isfinite(value):
        return _DASH
    if float(value).is_integer() and isinstance(value, int):
        return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}").replace("-", "−")
    if value and abs(value) < 0.5 * 10.0**-digits:
        return f"{value:.1e}".replace("-", "−")
    return f"{value:.{digits}f}".replace("-", "−")


def table_view(table: DataTable) -> list[list[CellView]]:
    """Return the rows of a table as they are shown.

    Raises
    ------
    InputError
        If a row does not fit the columns.
    """
    columns = list(table.columns)
    for number, row in enumerate(table.rows, start=1):
        if len(row) != len(columns):
            raise InputError(
                f"row {number} of the table {table.caption} has {len(row)} cells for "
                f"{len(columns)} columns; give one for each."
            )
    scales = [_limits(column, [row[i] for row in table.rows]) for i, column in enumerate(columns)]
    strong = set(table.strong)
    return [
        [
            _cell(value, column, scale, (number, place) in strong)
            for place, (value, column, scale) in enumerate(zip(row, columns, scales, strict=True))
        ]
        for number, row in enumerate(table.rows)
    ]


def matrix_view(matrix: Matrix) -> list[list[tuple[str, int]]]:
    """Return text and shade, from 0 to 10, of every cell."""
    return [
        [
            (number_text(value), round(_SHADES * min(max(shade, 0.0), 1.0)))
            for value, shade in zip(*rows, strict=True)
        ]
        for rows in zip(matrix.values, matrix.shades, strict=True)
    ]


def _limits(column: Column, cells: Sequence[Cell]) -> tuple[float, float]:
    """The values at the left and the right end of what a column draws."""
    if column.limits is not None:
        return column.limits
    numbers = [number for cell in cells for number in _numbers(cell) if math.isfinite(number)]
    if not numbers:
        return 0.0, 1.0
    low = min(numbers) if column.kind == "interval" else min(0.0, *numbers)
    return low, max(numbers)


def _numbers(cell: Cell) -> list[float]:
    if isinstance(cell, Change):
        return [float(end) for end in (cell.before, cell.after) if end is not None]
    if isinstance(cell, Interval):
        return [cell.value, cell.low, cell.high]
    return [float(cell)] if isinstance(cell, int | float) else []


def _cell(value: Cell, column: Column, scale: tuple[float, float], strong: bool) -> CellView:
    if isinstance(value, Change):
        text = " → ".join(number_text(end, column.digits) for end in (value.before, value.after))
        known = value.before is not None and value.after is not None
        marks = _places((value.before, value.after), scale) if known else ()
        return CellView(text, _key(value.after), strong, "change" if known else "", marks)
    if isinstance(value, Interval):
        ends = [number_text(end, column.digits) for end in (value.low, value.high)]
        text = f"{number_text(value.value, column.digits)} ({ends[0]} to {ends[1]})"
        marks = _places((value.value, value.low, value.high), scale)
        return CellView(text, _key(value.value), strong, "interval", marks)
    if isinstance(value, str):
        return CellView(value, value.casefold(), strong)
    text = number_text(value, column.digits)
    drawn = column.kind == "bar" and value is not None and math.isfinite(value)
    return CellView(
        text, _key(value), strong, "bar" if drawn else "", _places((value,), scale) if drawn else ()
    )


def _key(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else repr(float(value))


def _places(values: Sequence[float | None], scale: tuple[float, float]) -> tuple[float, ...]:
    low, high = scale
    width = (high - low) or 1.0
    return tuple(
        round(min(max(100 * (value - low) / width, 0.0), 100.0), 2)
        for value in values
        if value is not None
    )

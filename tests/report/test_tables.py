from __future__ import annotations

import math

import pytest

from osrae.report.page import Change, Column, DataTable, Interval, Matrix
from osrae.report.tables import matrix_view, number_text, table_view


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"), (1234567, "1\u202f234\u202f567"), (2.0, "2.0"), (0.25, "0.2"), (-1.5, "−1.5"),
        (-2, "−2"), (0.0, "0.0"), (0.001, "1.0e−03"), (None, "–"), (math.nan, "–"),
        (math.inf, "–"), ("text", "text"),
    ],
)  # fmt: skip
def test_numbers(value, text):
    assert number_text(value) == text


def row(column: Column, *cells: object) -> list:
    table = DataTable("T", [Column("name"), column], [(str(i), c) for i, c in enumerate(cells)])
    return [cells[1] for cells in table_view(table)]


def test_bars_reach_from_0_to_the_highest():
    half, whole, missing = row(Column("n", "bar"), 5, 10, None)
    assert (half.marks, whole.marks, missing.marks) == ((50.0,), (100.0,), ())
    assert (half.sort, missing.sort, missing.text) == ("5.0", "", "–")


def test_stated_limits_hold_and_nothing_is_drawn_beyond_them():
    inside, beyond = row(Column("n", "bar", limits=(0, 20)), 5, 50)
    assert (inside.marks, beyond.marks) == ((25.0,), (100.0,))


def test_changes_and_intervals():
    change, unknown = row(Column("r", "change", 0, (0, 100)), Change(20, 80), Change(None, 80))
    assert (change.text, change.marks, change.sort) == ("20 → 80", (20.0, 80.0), "80.0")
    assert (unknown.text, unknown.chart) == ("– → 80", "")
    low, high = row(Column("m", "interval"), Interval(2.0, 1.0, 3.0), Interval(4, 3, 5))
    assert low.text == "2.0 (1.0 to 3.0)"
    assert (low.marks, high.marks) == ((25.0, 0.0, 50.0), (75.0, 50.0, 100.0))


def test_text_sorts_without_regard_to_capitals():
    assert [cell.sort for cell in row(Column("t"), "B", "ä")] == ["b", "ä"]


def test_constant_columns_are_drawn():
    assert row(Column("m", "interval"), Interval(1, 1, 1))[0].marks == (0.0, 0.0, 0.0)
    assert row(Column("n", "bar"), 0, 0)[0].marks == (0.0,)


def test_shades_have_eleven_steps():
    matrix = Matrix("M", ["a", "b"], [[9, 1], [0, 1234]], [[0.9, 0.1], [-1.0, 2.0]])
    assert matrix_view(matrix) == [[("9", 9), ("1", 1)], [("0", 0), ("1\u202f234", 10)]]

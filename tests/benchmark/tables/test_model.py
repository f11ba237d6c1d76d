"""What is written in a place of a table."""

from dataclasses import replace

import pytest

from osrae.benchmark.published import Printed
from osrae.benchmark.tables.model import Row, Style, Table, Value, mark_best

PERCENT = Style(2, scale=100)


def test_mean_deviation_and_difference():
    value = Value(PERCENT, (90.0, 92.0, 94.0), Printed(92.5, 0.25))
    assert (value.mean, value.sd, value.difference) == (92.0, 2.0, -0.5)
    assert value.own_text == "92.00 ± 2.00"
    assert value.printed_text == "92.50 ± 0.25"
    assert value.difference_text == "−0.50"
    assert replace(value, printed=Printed(91.0)).difference_text == "+1.00"


def test_one_seed_is_said_and_has_no_deviation():
    value = Value(PERCENT, (90.0,), Printed(91.0))
    assert value.sd is None
    assert value.own_text == "90.00 (one seed)"
    assert value.printed_text == "91.00"
    assert replace(value, over_seeds=False).own_text == "90.00"


def test_what_is_missing_and_what_failed():
    assert Value(PERCENT).own_text == "–"
    assert Value(PERCENT, failed=True).own_text == "failed"
    assert Value(PERCENT).printed_text == "–"
    assert Value(PERCENT, printed=Printed(1.0)).difference_text == "–"


def test_probabilities_and_numbers_of_another_size_are_written_with_three_digits():
    assert Style(None).write(5.1512e-14) == "5.15e-14"
    other = Style(2, significant=True, differs=False)
    value = Value(other, (0.012345,), Printed(13.24))
    assert (value.own_text, value.printed_text) == ("0.0123 (one seed)", "13.24")
    assert value.difference is None


def test_the_best_is_marked_measured_and_printed_apart():
    values = [
        Value(PERCENT, (90.0,), Printed(80.0)),
        Value(PERCENT, (90.004,), Printed(70.0)),
        Value(PERCENT, (80.0,)),
        Value(PERCENT),
    ]
    marked = mark_best(values)
    # 90.00 and 90.004 are written alike.
    assert [value.bold for value in marked] == [True, True, False, False]
    assert [value.printed_bold for value in marked] == [True, False, False, False]


def test_measured_and_printed_ones_are_alike_as_each_is_written():
    style = Style(2, significant=True, best="min")
    marked = mark_best([
        Value(style, (13.24,), Printed(100.11)), Value(style, (13.21,), Printed(100.14)),
    ])  # fmt: skip
    assert [value.bold for value in marked] == [True, True]  # both 13.2
    assert [value.printed_bold for value in marked] == [True, False]


def test_smaller_is_better_where_the_style_says_so_and_one_alone_is_not_marked():
    style = Style(2, best="min")
    assert [v.bold for v in mark_best([Value(style, (3.0,)), Value(style, (2.0,))])] == [
        False, True,
    ]  # fmt: skip
    assert not mark_best([Value(style, (3.0,)), Value(style)])[0].bold
    none = Style(2, best=None)
    assert not any(v.bold for v in mark_best([Value(none, (3.0,)), Value(none, (2.0,))]))


@pytest.fixture
def table():
    full = Value(PERCENT, (90.0, 91.0), Printed(92.0))
    return Table("T", ("data", "score"), ("a", "b"), (
        Row(("x", "ACSA"), (full, Value(PERCENT))),
        Row(("x", "F1"), (Value(PERCENT), Value(PERCENT, printed=Printed(50.0)))),
        Row(("y", "ACSA"), (Value(PERCENT), Value(PERCENT))),
    ))  # fmt: skip


def test_lines_without_anything_are_left_out_and_stubs_are_written_once(table):
    lines = table.lines()
    assert [line.heads for line in lines] == [
        ("x", "ACSA", "measured"), ("", "", "paper"), ("", "", "difference"),
        ("", "F1", "measured"), ("", "", "paper"), ("y", "ACSA", "measured"),
    ]  # fmt: skip
    assert [line.starts for line in lines] == [True, False, False, False, False, True]
    assert [cell.text for cell in lines[2].cells] == ["−1.50", "–"]

"""Warnings of many methods and folds, told once."""

import warnings

import pytest

from osrae.benchmark.gathered import GatheredWarnings
from osrae.errors import DataWarning, InputError


def told(gathered):
    with pytest.warns() as caught:
        gathered.tell(stacklevel=1)
    return [(str(one.message), one.category) for one in caught]


def complain(gathered, title, message, category=DataWarning):
    with gathered.of(title):
        warnings.warn(message, category, stacklevel=1)


def test_what_differs_in_numbers_is_told_once_with_an_example():
    gathered = GatheredWarnings()
    for rows in (310, 305, 310):
        complain(gathered, "ADASYN", f"made {rows} of 320 rows")
    assert told(gathered) == [
        ("ADASYN: made 310 of 320 rows (And 1 more, with other numbers.)", DataWarning)
    ]


def test_what_several_methods_say_is_told_once_and_names_them():
    gathered = GatheredWarnings()
    for number in range(5):
        complain(gathered, f"method {'abcde'[number]}", "a small class")
    assert told(gathered) == [
        ("method a; method b; method c; and 2 more methods: a small class", DataWarning)
    ]


def test_different_things_are_told_each():
    gathered = GatheredWarnings()
    complain(gathered, "a", "one")
    complain(gathered, "a", "other")
    complain(gathered, "a", "one", RuntimeWarning)
    assert [category for _, category in told(gathered)] == [
        DataWarning, DataWarning, RuntimeWarning,
    ]  # fmt: skip


def test_nothing_is_shown_before(recwarn):
    complain(GatheredWarnings(), "a", "one")
    assert not recwarn


def test_names_that_hold_numbers_are_told_each():
    gathered = GatheredWarnings()
    for column in ("V1", "V2"):
        complain(gathered, "a", f"{column} holds 400 categories")
    assert [text for text, _ in told(gathered)] == [
        "a: V1 holds 400 categories", "a: V2 holds 400 categories",
    ]  # fmt: skip


def test_what_was_said_before_an_error_is_told():
    gathered = GatheredWarnings()

    def fail():
        with gathered.of("a"):
            warnings.warn("look", DataWarning, stacklevel=1)
            raise InputError("wrong")

    with pytest.raises(InputError, match="wrong"):
        fail()
    assert told(gathered) == [("a: look", DataWarning)]

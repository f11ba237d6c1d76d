from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from osrae import DataWarning, InputError
from osrae.data.tables import TableEncoder

from .tables_cases import noise, restored, round_trip, same


def test_categories_are_one_hot_and_only_those_that_occurred():
    X = pd.DataFrame({"c": pd.Categorical(["b", "a", "b"], categories=["z", "b", "a"])})
    encoder = TableEncoder().fit(X)
    assert encoder.transform(X).tolist() == [[0, 1], [1, 0], [0, 1]]
    decoded = encoder.inverse_transform(noise(encoder))
    assert set(decoded["c"]) == {"a", "b"}
    assert decoded["c"].dtype == X["c"].dtype


def test_unseen_categories_count_as_none_with_a_warning():
    X = pd.DataFrame({"x": [1.0, 2.0], "colour": ["red", "blue"]})
    encoder = TableEncoder().fit(X)
    new = pd.DataFrame({"x": [1.0, 1.0, 2.0], "colour": ["green", "blue", None]})
    with pytest.warns(DataWarning, match="column 'colour' holds categories unseen .*: green") as w:
        Z = encoder.transform(new)
    assert len(w) == 1
    assert Z[:, 1:].tolist() == [[0, 0], [1, 0], [0, 0]]
    array = np.array([["u"], ["v"]], dtype=object)
    with pytest.warns(DataWarning, match="column 0 holds .*: w"):
        TableEncoder().fit(array).transform(np.array([["w"]], dtype=object))


def test_the_most_frequent_of_too_many_categories_are_learned():
    names = [f"{i:03}" for i in range(300)]
    X = np.array(names + names[44:], dtype=object)[:, None]  # the first 44 occur once
    with pytest.warns(DataWarning, match="column 0 holds 300 categories; the 256 most frequent"):
        encoder = TableEncoder().fit(X)
    assert encoder.description.categories == (256,)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Z = restored(encoder).transform(X)
    assert Z.sum(axis=1).tolist() == [0] * 44 + [1] * 512


@pytest.mark.parametrize(
    ("chosen", "blocks"),
    [
        ("auto", (2,)),
        ([], (2,)),
        (["n"], (3, 2)),
        ("n", (3, 2)),
        ([0], (3, 2)),
        (np.array([0, 2]), (3, 2)),
        (["n", "b"], (3, 2, 2)),
        (np.array(["n", "b"]), (3, 2, 2)),
        ([True, True, False], (3, 2, 2)),
        (np.array([True, False, False]), (3, 2)),
        ({"t"}, (2,)),
    ],
    ids=repr,
)
@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_numbers_can_be_named_as_categories(chosen, blocks, make):
    X = make({"n": [3, 1, 2], "b": [True, False, True], "t": ["u", "v", "u"]})
    encoder = TableEncoder(chosen).fit(X)
    assert encoder.description.categories == blocks
    assert encoder.description.n_continuous == 3 - len(blocks)
    same(round_trip(X, categorical_features=chosen), X)


@pytest.mark.parametrize(
    "X",
    [
        np.array([[3.5, 1], [np.nan, 2], [3.5, 3]]),
        np.array([[3, 1], [9, 2], [3, 3]], dtype=np.int16),
        sparse.csr_matrix(np.array([[3.5, 1], [0, 2], [3.5, 3]])),
        pl.DataFrame({"a": [3.5, float("nan"), None], "b": [1, 2, 3]}),
    ],
    ids=lambda X: type(X).__name__,
)
def test_numeric_categories_in_every_container(X):
    encoder = TableEncoder([0]).fit(X)
    assert (encoder.description.n_continuous, encoder.description.categories) == (1, (2,))
    back = round_trip(X, categorical_features=[0])
    same(back, X.fill_nan(None) if isinstance(X, pl.DataFrame) else X)


def test_integer_categories_are_known_again_as_floats():
    encoder = TableEncoder(["a"]).fit(pd.DataFrame({"a": [1, 2], "b": [0.0, 1.0]}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Z = encoder.transform(pd.DataFrame({"a": [2.0, np.nan], "b": [0.0, 1.0]}))
    assert Z[:, 1:].tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (["nope"], "names ['nope'], but the columns are n, t"),
        ("nope", "names ['nope']"),
        ([2], "names [2]"),
        ([-1], "names [-1]"),
        ([0.5], "names [0.5]"),
        ([True], "mask of 1 entries for 2 columns"),
        ([True, False, True], "mask of 3 entries for 2 columns"),
    ],
)
def test_bad_categorical_features_are_refused(chosen, message):
    X = pd.DataFrame({"n": [3, 1], "t": ["u", "v"]})
    with pytest.raises(InputError) as error:
        TableEncoder(chosen).fit(X)
    assert message in str(error.value)

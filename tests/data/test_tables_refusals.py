from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from osrae import InputError
from osrae.data.tables import TableEncoder

from .tables_cases import restored, same


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.array([[0.0, 1.0], [0.0, np.inf]]), "column 1 holds infinity in row 1"),
        (np.array([[0.0, 1.0], [0.0, 1e305]]), "column 1 holds 1e[+]305 in row 1"),
        (pd.DataFrame({"u": [1.0, 2.0], "v": [-np.inf, 1]}), "column 'v' holds infinity in row 0"),
        (pl.DataFrame({"v": [1.0, None, np.inf]}), "column 'v' holds infinity in row 2"),
        (np.array([["a", np.inf], ["b", 1.0]], dtype=object), "column 1 holds infinity in row 0"),
        (sparse.csr_matrix([[0, np.inf], [1, 0]]), "column 1 holds infinity in row 0"),
    ],
)
def test_infinity_is_refused_by_name(X, message):
    with pytest.raises(InputError, match=message):
        TableEncoder().fit(X)
    last = [X.shape[1] - 1]
    if "infinity" in message:
        with pytest.raises(InputError, match=message):
            TableEncoder(last).fit(X)


def test_infinity_is_refused_at_predict():
    encoder = TableEncoder().fit(pd.DataFrame({"v": [1.0, 2.0]}))
    with pytest.raises(InputError, match="column 'v' holds infinity in row 1"):
        encoder.transform(pd.DataFrame({"v": [1.0, np.inf]}))


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"when": pd.to_datetime(["2020-01-01", "2021-01-01"])}),
        pl.DataFrame({"when": [1, 2]}).with_columns(pl.col("when").cast(pl.Date)),
        pl.DataFrame({"when": [[1], [2, 3]]}),
    ],
)
def test_columns_of_other_types_are_refused_by_name(X):
    with pytest.raises(InputError, match="column 'when' has type"):
        TableEncoder().fit(X)


def test_dates_in_arrays_are_refused():
    with pytest.raises(InputError, match="dtype datetime64"):
        TableEncoder().fit(np.array([["2020-01-01"]], dtype="datetime64[D]"))
    with pytest.raises(TypeError, match="column 0 holds a dict: argument must be a string or a"):
        TableEncoder().fit(np.array([[{"a": 1}]], dtype=object))


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (np.ones((2, 3)), "3 columns, and 2 in training"),
        (pd.DataFrame({"a": [1.0]}), r"missing \['b'\], unknown \[\]"),
        (pd.DataFrame({"a": [1.0], "c": [1]}), r"missing \['b'\], unknown \['c'\]"),
        (pd.DataFrame({"a": [1.0], "b": ["x"]}), "column 'b' holds text or categories, and num"),
        (np.array([[1, "x"]], dtype=object), "column 1 holds text or categories, and numbers"),
    ],
)
def test_other_columns_at_predict_are_refused(new, message):
    encoder = TableEncoder().fit(pd.DataFrame({"a": [1.0, 2.0], "b": [4, 7]}))
    for each in (encoder, restored(encoder)):
        with pytest.raises(InputError, match=message):
            each.transform(new)


def test_categories_that_a_file_cannot_hold_are_refused_there():
    X = pd.DataFrame({"age": pd.cut([1, 5, 9], 3), "x": [1, 2, 3]})
    encoder = TableEncoder().fit(X)
    same(encoder.inverse_transform(encoder.transform(X)), X)
    with pytest.raises(InputError, match="a Interval, which a model file cannot hold"):
        encoder.to_json()

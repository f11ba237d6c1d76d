from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from osrae.data import columns
from osrae.data.columns import view_columns
from osrae.data.tables import TableEncoder
from osrae.errors import InputError


@pytest.mark.parametrize(
    ("X", "kinds"),
    [
        (np.ones((2, 2)), ["number"] * 2),
        (np.ones((2, 1), dtype=np.uint8), ["integer"]),
        (np.ones((2, 1), dtype=bool), ["boolean"]),
        (np.array([["a"]]), ["category"]),
        ([["a", "b"]], ["category"] * 2),
        (sparse.csc_matrix(np.eye(2)), ["number"] * 2),
        (
            np.array([[1, 1.5, True, "a", 1, None, True], [2, 1, None, 1, "1", None, 2]], object),
            ["integer", "number", "boolean", "category", "category", "number", "integer"],
        ),
        (
            pd.DataFrame({"a": [1, 2], "b": [1.5, 2], "c": ["u", "v"], "d": [True, False]}),
            ["integer", "number", "category", "boolean"],
        ),
        (
            pd.DataFrame({"a": [1, None], "b": [True, None], "c": ["u", None]}).convert_dtypes(),
            ["integer", "boolean", "category"],
        ),
        (pd.DataFrame({"a": pd.Categorical([1, 2]), "b": [1.5, "u"]}), ["category", "category"]),
        (
            pl.DataFrame({"a": [1, None], "b": [1.5, None], "c": ["u", None], "d": [None, None]}),
            ["integer", "number", "category", "number"],
        ),
    ],
)
def test_kinds_of_columns(X, kinds):
    assert view_columns(X).kinds == kinds


@pytest.mark.parametrize(
    "X",
    [
        np.array([[1.5, 2], [np.nan, 3], [4.5, 6]]),
        np.array([[1.5, 2], [None, 3], [4.5, 6]], dtype=object),
        pd.DataFrame({"a": [1.5, None, 4.5], "b": [2, 3, 6]}),
        pd.DataFrame({"a": [1.5, None, 4.5], "b": [2, 3, 6]}).convert_dtypes(),
        pl.DataFrame({"a": [1.5, None, 4.5], "b": [2, 3, 6]}),
        sparse.csr_matrix(np.array([[1.5, 2], [np.nan, 3], [4.5, 6]])),
    ],
    ids=lambda X: type(X).__name__,
)
def test_numbers_and_categories_of_any_container(X):
    view = view_columns(X)
    both = view.numbers([0, 1], slice(1, 3))
    assert both.dtype == np.float64
    np.testing.assert_array_equal(both, [[np.nan, 3], [4.5, 6]])
    np.testing.assert_array_equal(view.numbers([1], slice(0, 2)), [[2], [3]])
    np.testing.assert_array_equal(view.numbers([1, 0], slice(0, 1)), [[2, 1.5]])
    assert view.categories(0).tolist() == [1.5, None, 4.5]
    assert view.categories(1).tolist() == [2, 3, 6]
    assert not {type(value) for value in view.categories(1)} & {np.int64, np.float64}


def test_numbers_are_a_copy():
    X = np.ones((2, 2))
    view_columns(X).numbers([0, 1], slice(None))[:] = 5
    assert (X == 1).all()


def test_a_table_read_in_blocks_is_encoded_alike(monkeypatch):
    X = np.random.default_rng(0).normal(3, 2, (50, 4))
    X[X > 6] = np.nan
    whole = TableEncoder().fit(X)
    monkeypatch.setattr(columns, "_BLOCK_VALUES", 12)  # 3 rows
    assert list(view_columns(X).blocks(4))[-1] == slice(48, 50)
    blocks = TableEncoder().fit(X)
    np.testing.assert_allclose(blocks.transform(X), whole.transform(X), rtol=1e-5, atol=1e-6)
    X[37, 2] = np.inf
    with pytest.raises(ValueError, match="column 2 holds infinity in row 37"):
        TableEncoder().fit(X)


def test_a_wide_sparse_matrix_is_not_made_dense_for_one_column(monkeypatch):
    X = sparse.csr_matrix(np.eye(4))
    made = []
    dense = sparse.csr_matrix.toarray
    monkeypatch.setattr(sparse.csr_matrix, "toarray", lambda X: made.append(X.shape) or dense(X))
    view = view_columns(X)
    assert view.categories(2).tolist() == [0, 0, 1, 0]
    assert view.numbers([2], slice(None)).ravel().tolist() == [0, 0, 1, 0]
    assert made == [(4, 1), (4, 1)]


def test_columns_are_named_in_messages():
    assert view_columns(np.ones((1, 2))).name(1) == "column 1"
    assert view_columns(pd.DataFrame({"a": [1], 7: [2]})).name(0) == "column 'a'"
    assert view_columns(pd.DataFrame({"a": [1], 7: [2]})).name(1) == "column 7"


def test_the_type_of_objects_is_that_of_all_of_them():
    late = [None] * 120 + list(range(300))
    frame = pd.DataFrame({
        "number": np.array(late, dtype=object),
        "missing": np.array([None] * 420, dtype=object),
        "boolean": np.array([None] * 120 + [True, False] * 150, dtype=object),
        "text": np.array(["x"] * 419 + [None], dtype=object),
    })  # fmt: skip
    view = view_columns(frame)
    assert view.kinds == ["integer", "number", "boolean", "category"]
    assert view.numbers([0, 2], slice(119, 122))[1:].tolist() == [[0, 1], [1, 0]]
    assert np.isnan(view.numbers([0], slice(5))).all()


@pytest.mark.parametrize("strange", [pd.Timestamp("2020-01-01"), np.datetime64("2020"), [1]])
@pytest.mark.parametrize("make", [pd.DataFrame, np.asarray])
def test_objects_that_are_no_values_are_refused_wherever_they_are(strange, make):
    column = np.empty((121, 1), dtype=object)
    column[:120, 0], column[120, 0] = "x", strange
    with pytest.raises(InputError, match="or drop it"):
        view_columns(make(column))


def test_a_missing_number_of_a_single_row_is_a_number():
    encoder = TableEncoder().fit(pd.DataFrame({"a": [1.0, 2.0, None], "b": ["x", "y", "x"]}))
    one = pd.DataFrame([{"a": None, "b": "x"}])
    assert one["a"].dtype == object
    np.testing.assert_array_equal(
        encoder.transform(one), encoder.transform(one.astype({"a": float}))
    )

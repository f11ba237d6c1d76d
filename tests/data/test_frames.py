from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from pandas.testing import assert_frame_equal, assert_series_equal
from polars.testing import assert_frame_equal as assert_polars_equal
from scipy import sparse

from osrae import InputError
from osrae.data.frames import (
    append_rows,
    column_names,
    is_polars,
    like_container,
    n_rows,
    take_rows,
)

DENSE = np.array([[1.0, 0.0], [0.0, 2.5], [0.0, 0.0]])

PANDAS = pd.DataFrame(
    {
        "whole": pd.array([1, None, 3], dtype="Int64"),
        "kind": pd.Categorical(["b", "a", None], categories=["c", "b", "a"]),
        "text": pd.array(["x", None, "y"], dtype="string"),
        "flag": [True, False, True],
        "float": np.array([0.5, np.nan, 2], dtype=np.float32),
        "object": np.array(["u", 1, None], dtype=object),
        "int8": np.array([1, 2, 3], dtype=np.int8),
    }
)

POLARS = pl.DataFrame(
    {
        "kind": ["b", None, "a"],
        "enum": ["q", "p", None],
        "whole": [1, None, 3],
        "flag": [True, None, False],
        "float": [0.5, None, 2.0],
        "text": ["x", None, "y"],
    },
    schema={
        "kind": pl.Categorical,
        "enum": pl.Enum(["p", "q"]),
        "whole": pl.Int32,
        "flag": pl.Boolean,
        "float": pl.Float32,
        "text": pl.String,
    },
)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, bool, object, "<U3"])
def test_append_to_arrays(dtype):
    X = np.array([[0, 1], [1, 1]]).astype(dtype)
    before = X.copy()
    appended = append_rows(X, np.array([[1, 0]]))
    assert appended.dtype == X.dtype
    assert appended[:2].tolist() == before.tolist() == X.tolist()
    assert appended[2].tolist() == np.array([1, 0]).astype(dtype).tolist()


def test_append_to_a_read_only_array_and_to_pictures():
    X = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    X.flags.writeable = False
    appended = append_rows(X, X[:1])
    assert appended.shape == (3, 3, 3)
    np.testing.assert_array_equal(appended[[0, 1, 0]], appended[[0, 1, 2]])


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (np.array([[5.5, 6.5]]), [[1, "a"], [5.5, 6.5]]),
        ([[2, "b"]], [[1, "a"], [2, "b"]]),
        (np.array([[2, "b"]], dtype=object), [[1, "a"], [2, "b"]]),
    ],
)
def test_append_to_lists(new, expected):
    X = [[1, "a"]]
    assert append_rows(X, new) == expected
    assert X == [[1, "a"]]


@pytest.mark.parametrize(
    "container", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, sparse.csc_array]
)
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
@pytest.mark.parametrize("dense", [True, False])
def test_append_to_sparse_matrices(container, dtype, dense):
    X = container(DENSE.astype(dtype))
    new = np.array([[0.0, 7.0]])
    appended = append_rows(X, new if dense else container(new))
    assert type(appended) is container
    assert appended.dtype == dtype
    np.testing.assert_array_equal(
        appended.toarray(), np.array([*DENSE.astype(dtype).tolist(), [0, 7]])
    )
    np.testing.assert_array_equal(X.toarray(), DENSE.astype(dtype))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_append_to_tensors(dtype, make):
    X = torch.tensor([[1, 2], [3, 4]], dtype=dtype)
    appended = append_rows(X, make([[5.0, 6.0]]))
    assert appended.dtype == dtype
    assert appended.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_append_a_tensor_of_a_type_that_numpy_lacks():
    X = torch.ones(2, 1)
    appended = append_rows(X, torch.zeros(1, 1, dtype=torch.bfloat16))
    assert appended.tolist() == [[1], [1], [0]]


def test_append_to_pandas_keeps_values_and_dtypes():
    X = PANDAS.set_axis([7, 7, 7])
    before = X.copy(deep=True)
    appended = append_rows(X, PANDAS.iloc[[2, 0]])
    assert_frame_equal(appended, PANDAS.iloc[[0, 1, 2, 2, 0]].reset_index(drop=True))
    assert isinstance(appended.index, pd.RangeIndex)
    assert_frame_equal(X, before)


def test_append_to_pandas_casts_new_rows():
    X = PANDAS[["int8", "flag", "kind"]]
    new = pd.DataFrame({"int8": [4.0], "flag": np.array([False], dtype=object), "kind": ["c"]})
    appended = append_rows(X, new)
    assert appended.dtypes.tolist() == X.dtypes.tolist()
    assert appended.iloc[3].tolist() == [4, False, "c"]


@pytest.mark.parametrize(
    "columns", [[3, 1], ["b", 0], [("a", 1), ("a", 2)], pd.Index(["u", "v"], name="columns")]
)
def test_append_to_pandas_keeps_column_labels(columns):
    X = pd.DataFrame([[1, 2]])
    X.columns = columns
    appended = append_rows(X, X)
    assert appended.columns.equals(X.columns)
    assert appended.columns.names == X.columns.names
    assert appended.to_numpy().tolist() == [[1, 2], [1, 2]]
    assert append_rows(X, np.array([[3, 4]])).to_numpy().tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(pd.Categorical(["b", "a"]), index=[5, 5], name="y"),
        pd.Series([1, None], dtype="Int64"),
        pd.Series(["b", "a"], dtype="string"),
    ],
)
def test_append_to_pandas_series(y):
    appended = append_rows(y, y.iloc[[1]].tolist())
    assert_series_equal(appended, y.iloc[[0, 1, 1]].reset_index(drop=True))


def test_append_to_polars_keeps_values_and_dtypes():
    appended = append_rows(POLARS, POLARS[[2, 1]])
    assert_polars_equal(appended, POLARS[[0, 1, 2, 2, 1]])
    assert appended.schema == POLARS.schema


def test_append_to_polars_casts_new_rows():
    new = pl.DataFrame({"whole": [4.0, None], "kind": ["b", "c"]})
    X = POLARS.select("whole", "kind")
    appended = append_rows(X, new)
    assert appended.schema == X.schema
    assert appended.rows() == [(1, "b"), (None, None), (3, "a"), (4, "b"), (None, "c")]
    assert append_rows(X.select("whole"), np.array([[9]])).rows() == [(1,), (None,), (3,), (9,)]


@pytest.mark.parametrize("name", POLARS.columns)
def test_append_to_polars_series(name):
    y = POLARS[name]
    appended = append_rows(y, np.array(y.to_list(), dtype=object)[[1, 2]])
    assert appended.dtype == y.dtype
    assert appended.name == name
    assert appended.to_list() == [y[0], y[1], y[2], y[1], y[2]]


@pytest.mark.parametrize("X", [[[1]], np.eye(2), sparse.csr_matrix(np.eye(2)), torch.eye(2)])
def test_only_data_frames_have_column_names(X):
    assert column_names(X) is None


def test_column_names():
    assert column_names(PANDAS) == list(PANDAS.columns)
    assert column_names(POLARS) == POLARS.columns
    assert column_names(pd.DataFrame([[1, 2]], columns=[5, "a"])) == [5, "a"]


@pytest.mark.parametrize("names", [["a", "b", "a", "c", "c"], ["a", "a", "c", "c", "d"]])
def test_repeated_column_names_are_refused(names):
    with pytest.raises(InputError, match=r"columns of the same name: a, c\. Rename"):
        column_names(pd.DataFrame([[1, 2, 3, 4, 5]], columns=names))


@pytest.mark.parametrize(
    "X",
    [
        DENSE.tolist(),
        DENSE,
        sparse.csr_matrix(DENSE),
        sparse.csc_array(DENSE),
        torch.from_numpy(DENSE),
        pd.DataFrame(DENSE, index=[9, 9, 8]),
        pl.DataFrame(DENSE),
    ],
    ids=lambda X: type(X).__name__,
)
@pytest.mark.parametrize("indices", [[2, 0, 0], np.array([1]), np.array([], dtype=np.int64)])
def test_take_rows(X, indices):
    taken = take_rows(X, indices)
    assert type(taken) is type(X)
    assert n_rows(taken) == len(indices)
    values = taken.toarray() if sparse.issparse(taken) else np.asarray(taken)
    np.testing.assert_array_equal(values.reshape(-1, 2), DENSE[indices])
    assert n_rows(X) == 3


def test_take_rows_of_series():
    assert take_rows(pd.Series([4, 5, 6], index=[2, 0, 1]), [2, 0]).tolist() == [6, 4]
    assert take_rows(pl.Series([4, 5, 6]), [2, 0]).to_list() == [6, 4]


def test_is_polars():
    assert is_polars(POLARS)
    assert is_polars(POLARS["text"])
    assert not is_polars(PANDAS)
    assert not is_polars(DENSE)


def test_rows_return_to_the_users_container():
    assert like_container(DENSE, [[0]]) == DENSE.tolist()
    tensor = like_container(DENSE, torch.zeros(1, dtype=torch.float16))
    assert tensor.dtype == torch.float16
    assert tensor.tolist() == DENSE.tolist()
    assert like_container(sparse.csr_matrix(DENSE), sparse.csc_matrix(DENSE)).format == "csc"
    assert like_container(DENSE, np.eye(2)) is DENSE

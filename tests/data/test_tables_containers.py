from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from osrae import InputError
from osrae.data.tables import TableEncoder

from .tables_cases import noise, restored, round_trip, same


@pytest.mark.parametrize(
    ("make", "names"),
    [(pd.DataFrame, ["a", "b", "c"]), (pd.DataFrame, [2, 0, 1]), (pl.DataFrame, ["a", "b", "c"])],
)
def test_columns_are_found_by_name_at_predict(make, names):
    X = make(dict(zip(names, ([1.0, 2.0], ["u", "v"], [7, 5]), strict=True)))
    encoder = TableEncoder().fit(X)
    for each in (encoder, restored(encoder)):
        Z = each.transform(X[names[::-1]])
        np.testing.assert_array_equal(Z, encoder.transform(X))


@pytest.mark.parametrize(
    "columns",
    [
        [0, 1],
        [5, "5"],
        [("a", 1), ("a", 2)],
        [None, True],
        [1.5, -2],
        pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["u", None]),
        pd.Index(["a", "b"], name="columns"),
        pd.RangeIndex(2),
    ],
    ids=repr,
)
def test_column_labels_of_any_sort_come_back(columns):
    X = pd.DataFrame([[1, "u"], [2, "v"]])
    X.columns = columns
    same(round_trip(X), X)
    assert TableEncoder([columns[0]]).fit(X).description.categories == (2, 2)


def test_read_only_arrays_are_left_alone():
    X = np.array([[1.0, 2.0], [3.0, np.nan]])
    before = X.copy()
    X.flags.writeable = False
    encoder = TableEncoder().fit(X)
    encoder.transform(X)
    np.testing.assert_array_equal(X, before)
    Z = noise(encoder)
    Z.flags.writeable = False
    assert encoder.inverse_transform(Z).flags.writeable


@pytest.mark.parametrize(
    "X",
    [
        container(np.array([[0.0, 1.5], [2, 0], [0, 0]]).astype(dtype))
        for container in (sparse.csr_matrix, sparse.csc_array, sparse.coo_matrix)
        for dtype in (np.float32, np.int64, bool)
    ],
    ids=lambda X: f"{type(X).__name__} {X.dtype}",
)
def test_sparse_matrices_come_back(X):
    back = round_trip(X)
    assert type(back) is type(X)
    same(back, X)
    np.testing.assert_array_equal(
        TableEncoder().fit(X).transform(X), TableEncoder().fit(X.toarray()).transform(X.toarray())
    )


@pytest.mark.parametrize(
    "X",
    [
        np.array([["a", "10"], ["bcd", "9"]]),
        np.array([["a", 1, 2.5], ["bcd", 2, np.nan], [None, 3, 1.0]], dtype=object),
        np.array([[1.5, 2], [0.25, 3]], dtype=np.float16),
    ],
    ids=lambda X: str(X.dtype),
)
def test_arrays_come_back(X):
    back = round_trip(X)
    assert back.dtype == X.dtype
    same(back, X, atol=1e-3)  # the tolerance of a float16
    if X.dtype == object:
        assert [type(value) for value in back[:2].ravel()] == [str, int, float, str, int, float]


PANDAS = pd.DataFrame(
    {
        "Int64": pd.array([1, None, 3], dtype="Int64"),
        "Float32": pd.array([0.5, None, 2.5], dtype="Float32"),
        "boolean": pd.array([True, None, False], dtype="boolean"),
        "string": pd.array(["x", None, "y"], dtype="string"),
        "str": pd.Series(["x", None, "y"], dtype="str"),
        "arrow text": pd.Series(["y", None, "y"], dtype="string[pyarrow]"),
        "arrow number": pd.Series([4, None, 6], dtype="int64[pyarrow]"),
        "arrow float": pd.Series([4.5, None, 6], dtype="double[pyarrow]"),
        "arrow bool": pd.Series([False, None, True], dtype="bool[pyarrow]"),
        "category": pd.Categorical(["b", "a", None], categories=["c", "b", "a"], ordered=True),
        "objects in category": pd.Categorical(
            ["b", "a", None], categories=pd.Index(["b", "a"], dtype=object)
        ),
        "numbers in category": pd.Categorical([3, 1, None]),
        "flags in category": pd.Categorical([True, False, True]),
        "object": pd.Series(["u", 1, None], dtype=object),
        "sparse": pd.arrays.SparseArray([0.0, 0.0, 2.0]),
        "uint8": np.array([0, 255, 7], dtype=np.uint8),
        "float16": np.array([0, 0.5, 7], dtype=np.float16),
    }
).set_axis([3, 3, 1])


@pytest.mark.parametrize("name", PANDAS.columns)
def test_pandas_columns_come_back(name):
    X = PANDAS[[name]]
    same(round_trip(X), X.reset_index(drop=True))


def test_pandas_frames_come_back():
    same(round_trip(PANDAS), PANDAS.reset_index(drop=True))


POLARS = pl.DataFrame(
    {
        "Int32": pl.Series([1, None, 3], dtype=pl.Int32),
        "UInt64": pl.Series([1, 5, 3], dtype=pl.UInt64),
        "Float32": pl.Series([0.5, None, 2.5], dtype=pl.Float32),
        "Boolean": pl.Series([True, None, False]),
        "String": pl.Series(["x", None, "y"]),
        "Categorical": pl.Series(["b", None, "a"], dtype=pl.Categorical),
        "Enum": pl.Series(["b", None, "a"], dtype=pl.Enum(["c", "b", "a"])),
        "Decimal": pl.Series(["1.25", None, "2.5"]).cast(pl.Decimal(10, 2)),
        "Object": pl.Series(["u", 1, None], dtype=pl.Object),
    }
)


@pytest.mark.parametrize("name", POLARS.columns)
def test_polars_columns_come_back(name):
    X = POLARS[[name]]
    back = round_trip(X) if name != "Object" else TableEncoder().fit(X).inverse_transform(np.eye(3))
    assert back.schema == X.schema
    found = sorted(map(str, back[name].to_list()))
    assert found == sorted(map(str, X[name].to_list()))
    if name != "Object":
        same(back, X)


# ---------------------------------------------------------------- any table
_numbers = st.floats(-1e6, 1e6, width=32)
_VALUES = {
    "float64": st.one_of(_numbers, st.just(np.nan)),
    "float32": _numbers,
    "int16": st.integers(-(2**15), 2**15 - 1),
    "bool": st.booleans(),
    "Int32": st.one_of(st.integers(-1000, 1000), st.none()),
    "boolean": st.one_of(st.booleans(), st.none()),
    "category": st.one_of(st.sampled_from("abc"), st.none()),
    "str": st.one_of(st.text(max_size=3), st.none()),
    "string": st.one_of(st.sampled_from(["", "é", "nan", "None"]), st.none()),
}


@st.composite
def frames(draw, least=1):
    kinds = draw(st.lists(st.sampled_from(sorted(_VALUES)), min_size=1, max_size=5))
    n = draw(st.integers(least, 8))
    return pd.DataFrame(
        {
            place: pd.Series(draw(st.lists(_VALUES[kind], min_size=n, max_size=n)), dtype=kind)
            for place, kind in enumerate(kinds)
        }
        | {len(kinds): np.arange(float(n)), len(kinds) + 1: ["u"] + ["v"] * (n - 1)}
    )


def nearly(found, X):
    """Compare; float32 holds a standardised number to 2**-23 of the greatest of its column."""
    for place in X:
        values = X[place]
        if values.dtype.kind == "f" and values.notna().any():
            scale = float(np.abs(values.astype(float) - values.mean()).max())
            expected = values.to_numpy(dtype=float)
            np.testing.assert_allclose(
                found[place].to_numpy(dtype=float), expected, rtol=1e-6, atol=4e-7 * scale
            )
            assert found[place].dtype == values.dtype
        else:
            pd.testing.assert_series_equal(found[place], values)


@given(frames())
@settings(max_examples=40, deadline=None)
def test_any_frame_comes_back(X):
    if len(X) == 1:
        with pytest.raises(InputError, match="one value only"):
            TableEncoder().fit(X)
        return
    nearly(round_trip(X), X)


@given(frames(least=2), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_whatever_is_decoded_occurs_in_the_frame(X, seed):
    encoder = TableEncoder().fit(X)
    decoded = encoder.inverse_transform(noise(encoder, n=20, seed=seed))
    assert decoded.dtypes.tolist() == X.dtypes.tolist()
    for place in X:
        known, found = X[place], decoded[place]
        assert known.isna().any() or not found.isna().any()
        if pd.api.types.is_numeric_dtype(known.dtype) and found.notna().any():
            assert known.min() <= found.min()
            assert found.max() <= known.max()
        else:
            assert set(found.dropna()) <= set(known.dropna())


def test_columns_of_sparse_frames_come_back():
    dense = pd.DataFrame({"a": [0.0, 1.0, 0.0, 3.0], "b": [1.0, 0.0, 0.0, 2.0]})
    X = dense.astype(pd.SparseDtype(float, 0.0))
    encoder = restored(TableEncoder().fit(X))
    assert (encoder.template.dtypes == X.dtypes).all()
    np.testing.assert_array_equal(encoder.transform(X), TableEncoder().fit(X).transform(X))


def test_what_could_not_be_loaded_is_not_saved():
    pa = pytest.importorskip("pyarrow")
    decimals = pd.Series([1, 2, 3]).astype(pd.ArrowDtype(pa.decimal128(30, 2)))
    with pytest.raises(InputError, match="The column 'a' has the type decimal128"):
        TableEncoder().fit(pd.DataFrame({"a": decimals})).to_json()
    dated = pd.DataFrame([[1.0], [2.0]], columns=[pd.Timestamp("2020-01-01")])
    with pytest.raises(InputError, match=r"name of type Timestamp.*columns.astype\(str\)"):
        TableEncoder().fit(dated).to_json()
    whole = pd.DataFrame([[1.0], [2.0]], columns=pd.Index([np.int64(7)], dtype=object))
    assert list(restored(TableEncoder().fit(whole)).template.columns) == [7]


@pytest.mark.parametrize("storage", ["python", "pyarrow"])
@pytest.mark.parametrize("missing", [pd.NA, np.nan])
def test_text_of_any_storage_is_kept_by_a_model(storage, missing):
    X = pd.DataFrame({"a": pd.Series(["u", "v", None], dtype=pd.StringDtype(storage, missing))})
    copy = restored(TableEncoder().fit(X))
    assert copy.inverse_transform(copy.transform(X))["a"].fillna("-").tolist() == ["u", "v", "-"]


def test_text_with_missing_cells_is_text():
    X = pd.DataFrame({"code": ["A1", "007", None, "B"], "n": [1.0, 2.0, 3.0, 4.0]})
    assert TableEncoder().fit(X).text_columns == ["code"]

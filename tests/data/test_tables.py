from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from polars.testing import assert_frame_equal as assert_polars_equal
from scipy import sparse

from osrae import DataWarning, InputError
from osrae.data.tables import TableEncoder


def restored(encoder):
    return TableEncoder.from_json(json.loads(json.dumps(encoder.to_json(), allow_nan=False)))


def round_trip(X, **parameters):
    """Encode and decode, with the encoder and with its copy from JSON; both must agree."""
    encoder = TableEncoder(**parameters).fit(X)
    copy = restored(encoder)
    assert copy.description == encoder.description
    Z = encoder.transform(X)
    np.testing.assert_array_equal(copy.transform(X), Z)
    back, again = encoder.inverse_transform(Z), copy.inverse_transform(Z)
    assert type(again) is type(back)
    same(again, back, rtol=0, atol=0)
    return back


def same(found, expected, rtol=1e-6, atol=1e-6):
    """Compare containers; the tolerances are those of the standardised float32."""
    if isinstance(expected, pd.DataFrame):
        assert_frame_equal(found, expected, check_column_type="equiv", rtol=rtol, atol=atol)
    elif isinstance(expected, pl.DataFrame):
        assert_polars_equal(found, expected, rel_tol=rtol, abs_tol=atol)
    elif expected.dtype == object:
        same(pd.DataFrame(found), pd.DataFrame(expected), rtol, atol)
        assert found.dtype == object
    else:
        assert found.dtype == expected.dtype
        if expected.dtype.kind == "U":
            assert found.tolist() == expected.tolist()
            return
        found, expected = (X.toarray() if sparse.issparse(X) else X for X in (found, expected))
        np.testing.assert_allclose(found, expected, rtol, atol)


def noise(encoder, n=200, size=5.0, seed=0):
    width = encoder.description.shape[0]
    return np.random.default_rng(seed).normal(0, size, (n, width)).astype(np.float32)


# ---------------------------------------------------------------- numbers


def test_numbers_are_standardised():
    X = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]])
    encoder = TableEncoder().fit(X)
    # Column 0: mean 3, variance (4+0+4)/3. Column 1: mean 20, variance (100+100+400)/3 = 200.
    a, b = np.sqrt(8 / 3), np.sqrt(200)
    expected = np.array([[-2 / a, -10 / b], [0, -10 / b], [2 / a, 20 / b]])
    Z = encoder.transform(X)
    assert Z.dtype == np.float32
    np.testing.assert_allclose(Z, expected, rtol=1e-6)
    np.testing.assert_allclose(encoder.transform([[9.0, 0.0]]), [[6 / a, -20 / b]], rtol=1e-6)
    assert (encoder.description.n_continuous, encoder.description.categories) == (2, ())


def test_decoded_numbers_stay_within_the_range_that_occurred():
    encoder = TableEncoder().fit(np.array([[1.0], [2.0], [4.0]]))
    assert encoder.inverse_transform(np.array([[-9.0], [9.0]], np.float32)).tolist() == [[1], [4]]


@pytest.mark.parametrize(
    "X",
    [
        np.array([[-3], [0], [7]], dtype=np.int8),
        np.array([[0], [200], [7]], dtype=np.uint8),
        np.array([[-3], [0], [7]], dtype=object),
        pd.DataFrame({"x": [5, 0, 3]}),
        pd.DataFrame({"x": pd.array([5, None, 0], dtype="Int16")}),
        pd.DataFrame({"x": pd.array([5, None, 0], dtype="int64[pyarrow]")}),
        pd.DataFrame({"x": np.array([5, 0, 3], dtype=object)}),
        pl.DataFrame({"x": [5, None, 0]}, schema={"x": pl.UInt8}),
    ],
    ids=lambda X: type(X).__name__,
)
def test_whole_numbers_are_decoded_as_whole_numbers_in_range(X):
    encoder = TableEncoder().fit(X)
    decoded = encoder.inverse_transform(noise(encoder, size=1.0))
    if isinstance(X, np.ndarray):
        assert decoded.dtype == X.dtype
        known, found = X.ravel().tolist(), decoded.ravel().tolist()
    else:
        assert decoded["x"].dtype == X["x"].dtype
        known, found = X["x"].to_list(), decoded["x"].to_list()
    known = [value for value in known if not pd.isna(value)]
    found = [value for value in found if not pd.isna(value)]
    assert {type(value) for value in found} == {int}
    assert len(set(found)) > 3
    assert min(known) == min(found)
    assert max(known) == max(found)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
@pytest.mark.parametrize("make", [lambda X: X, lambda X: pd.DataFrame({"x": X[:, 0]})])
def test_the_greatest_whole_numbers_do_not_overflow(dtype, make):
    top = np.iinfo(dtype).max
    X = np.array([[0], [top], [top]], dtype=dtype)
    encoder = TableEncoder().fit(make(X))
    back = np.asarray(encoder.inverse_transform(encoder.transform(make(X))))
    assert back.dtype == dtype
    assert back[1, 0] > 0.999 * top
    assert back[0, 0] < 0.001 * top


@pytest.mark.parametrize("size", [1e299, 1e-299, 1e-310])
def test_numbers_of_any_size_are_standardised(size):
    X = np.array([[0.0], [size], [2 * size]])
    encoder = TableEncoder().fit(X)
    Z = encoder.transform(X)
    np.testing.assert_allclose(Z[:, 0], [-np.sqrt(1.5), 0, np.sqrt(1.5)], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(encoder.inverse_transform(Z) / size, X / size, atol=1e-6)


def test_numbers_far_from_zero_keep_their_differences():
    X = 1e9 + np.array([[0.0], [1.0], [3.0]])
    np.testing.assert_allclose(round_trip(X) - 1e9, X - 1e9, atol=1e-6)


@pytest.mark.parametrize(
    "X",
    [
        np.array([[True, False], [False, False], [True, False]]),
        pd.DataFrame({"a": [True, False], "b": [True, True]}),
        pd.DataFrame({"a": pd.array([True, None, False], dtype="boolean")}),
        pd.DataFrame({"a": np.array([True, False], dtype=object)}),
        pl.DataFrame({"a": [True, None, False], "b": [False, False, False]}),
        np.array([[True, 1], [False, 2]], dtype=object),
    ],
    ids=lambda X: type(X).__name__,
)
def test_booleans_come_back_as_booleans(X):
    back = round_trip(X)
    same(back, X)
    first = back[:, 0].tolist() if isinstance(back, np.ndarray) else back["a"].to_list()
    assert {type(value) for value in first if not pd.isna(value)} == {bool}


# ---------------------------------------------------------------- columns without information


CONSTANTS = {
    "array": np.array([[1.0, 0.1], [2.0, 0.1], [4.0, 0.1]]),
    "integers": np.array([[1, 7], [2, 7]]),
    "objects": np.array([[1.5, "u"], [2.0, "u"]], dtype=object),
    "pandas": pd.DataFrame(
        {
            "x": [1.0, 2.0],
            "int": [7, 7],
            "flag": [True, True],
            "Int64": pd.array([3, 3], dtype="Int64"),
            "boolean": pd.array([False, False], dtype="boolean"),
            "text": ["u", "u"],
            "category": pd.Categorical(["b", "b"], categories=["a", "b"]),
        }
    ),
    "pandas missing": pd.DataFrame(
        {
            "x": [1.0, 2.0],
            "float": [np.nan, np.nan],
            "Int64": pd.array([None, None], dtype="Int64"),
            "boolean": pd.array([None, None], dtype="boolean"),
            "string": pd.array([None, None], dtype="string"),
            "category": pd.Categorical([None, None], categories=["a"]),
        }
    ),
    "polars": pl.DataFrame(
        {"x": [1.0, 2.0], "a": [3, 3], "b": ["u", "u"], "c": [True, True]},
        schema_overrides={"a": pl.Int8, "b": pl.Categorical},
    ),
    "polars missing": pl.DataFrame(
        {"x": [1, 2], "a": [None, None], "b": [None, None], "c": [None, None], "d": [None, None]},
        schema_overrides={"b": pl.Int8, "c": pl.String, "d": pl.Boolean},
    ),
    "missing": np.array([[1.0, np.nan], [2.0, np.nan]]),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_columns_of_one_value_are_left_out_and_restored(name):
    X = CONSTANTS[name]
    encoder = TableEncoder().fit(X)
    assert encoder.description.shape == (1,)
    same(round_trip(X), X)


@pytest.mark.parametrize(
    "X",
    [
        np.ones((3, 2)),
        np.full((3, 1), np.nan),
        pd.DataFrame({"a": ["u", "u"], "b": [None, None]}),
        np.zeros((3, 0)),
    ],
)
def test_nothing_to_learn_from_is_refused(X):
    with pytest.raises(InputError, match="holds one value only"):
        TableEncoder().fit(X)


def test_repeated_columns_are_left_out_and_restored():
    X = pd.DataFrame(
        {
            "a": [1.0, 2.0, np.nan],
            "b": ["u", "v", "u"],
            "c": [1.0, 2.0, np.nan],
            "d": ["u", "v", "u"],
            "e": ["v", "u", "u"],  # the same categories, not the same values
            "f": [2.0, 1.0, np.nan],
            "g": pd.Categorical(["u", "v", "u"]),
        }
    )
    encoder = TableEncoder().fit(X)
    # a, f; their missing blocks; b, e
    assert (encoder.description.n_continuous, encoder.description.categories) == (2, (2, 2, 2, 2))
    same(round_trip(X), X)
    decoded = encoder.inverse_transform(noise(encoder))
    assert decoded["a"].equals(decoded["c"])
    assert decoded["b"].equals(decoded["d"])
    assert not decoded["b"].equals(decoded["e"])


# ---------------------------------------------------------------- missing values


def test_missing_numbers_are_the_mean_beside_a_block():
    X = np.array([[1.0, 5.0], [np.nan, 6.0], [3.0, 7.0]])
    encoder = TableEncoder().fit(X)
    assert (encoder.description.n_continuous, encoder.description.categories) == (2, (2,))
    a = np.sqrt(1.5)
    expected = [[-1, -a, 1, 0], [0, 0, 0, 1], [1, a, 1, 0]]
    np.testing.assert_allclose(encoder.transform(X), expected, rtol=1e-6)
    Z = np.array([[0.5, 0, 0.4, 0.6], [0.5, 0, 0.6, 0.4]], dtype=np.float32)
    decoded = encoder.inverse_transform(Z)
    np.testing.assert_allclose(decoded, [[np.nan, 6], [2.5, 6]])


def test_a_number_missing_for_the_first_time_is_the_mean():
    encoder = TableEncoder().fit(np.array([[1.0], [3.0]]))
    assert encoder.transform([[np.nan]]).tolist() == [[0]]


def test_one_value_or_missing_is_no_constant():
    X = np.array([[0.1], [np.nan], [0.1], [0.1]])
    same(round_trip(X), X)
    assert TableEncoder().fit(X).transform(X).tolist() == [[0, 1, 0], [0, 0, 1], [0, 1, 0]] + [
        [0, 1, 0]
    ]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_missing_text_is_a_category(missing):
    X = np.array([["b"], [missing], ["a"]], dtype=object)
    encoder = TableEncoder().fit(X)
    assert encoder.transform(X).tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    back = encoder.inverse_transform(np.eye(3, dtype=np.float32))
    assert back.tolist() == [["a"], ["b"], [None]]


def test_missing_is_the_same_in_every_container():
    expected = [[-1, 1, 0, 0, 1], [0, 0, 1, 1, 0], [1, 1, 0, 1, 0]]
    for X in (
        pd.DataFrame({"x": [1.0, None, 3.0], "t": [None, "a", "a"]}),
        pd.DataFrame({"x": [1, None, 3], "t": [None, "a", "a"]}).convert_dtypes(),
        pd.DataFrame({"x": [1, None, 3], "t": pd.Categorical([None, "a", "a"])}),
        pl.DataFrame({"x": [1, None, 3], "t": [None, "a", "a"]}),
        pl.DataFrame({"x": [1.0, float("nan"), 3.0], "t": [None, "a", "a"]}),
        np.array([[1, None], [np.nan, "a"], [3, "a"]], dtype=object),
    ):
        np.testing.assert_allclose(TableEncoder().fit(X).transform(X), expected, rtol=1e-6)


# ---------------------------------------------------------------- categories


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


# ---------------------------------------------------------------- what is refused


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


# ---------------------------------------------------------------- containers


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
def frames(draw):
    kinds = draw(st.lists(st.sampled_from(sorted(_VALUES)), min_size=1, max_size=5))
    n = draw(st.integers(1, 8))
    return pd.DataFrame(
        {
            place: pd.Series(draw(st.lists(_VALUES[kind], min_size=n, max_size=n)), dtype=kind)
            for place, kind in enumerate(kinds)
        }
        | {len(kinds): np.arange(n + 1)[:n] * 1.0, len(kinds) + 1: ["u"] + ["v"] * (n - 1)}
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


@given(frames(), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_whatever_is_decoded_occurs_in_the_frame(X, seed):
    if len(X) == 1:
        return
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


def test_a_twin_of_integers_among_objects_comes_back_as_integers() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 2, 3, 4]}, dtype=object)
    encoder = TableEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    assert [type(value) for value in back["b"]] == [int] * 4
    assert list(back["b"]) == [1, 2, 3, 4]

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

from osrae import InputError
from osrae.data.tables import TableEncoder

from .tables_cases import noise, round_trip, same

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


def test_decoded_numbers_may_leave_the_range_where_that_is_wanted():
    encoder = TableEncoder(within_range=False).fit(np.array([[1.0], [2.0], [4.0]]))
    mean, deviation = 7 / 3, np.sqrt(14 / 9)
    decoded = encoder.inverse_transform(np.array([[-9.0], [9.0]], np.float32)).ravel()
    np.testing.assert_allclose(decoded, mean + deviation * np.array([-9, 9]), rtol=1e-6)
    again = TableEncoder.from_json(json.loads(json.dumps(encoder.to_json(), allow_nan=False)))
    np.testing.assert_array_equal(again.inverse_transform(np.float32([[-9]])), [[decoded[0]]])


@pytest.mark.parametrize(
    ("X", "least", "greatest"),
    [
        (np.array([[-3], [0], [7]], dtype=np.int8), -128, 127),
        (np.array([[0], [200], [7]], dtype=np.uint8), 0, 255),
        (np.array([[-3], [0], [7]], dtype=np.int64), -(2**53), 2**53),
        (np.array([[True], [False], [True]]), False, True),
        (np.array([[-3], [0], [7]], dtype=object), -(2**53), 2**53),
        (pd.DataFrame({"x": pd.array([5, None, 0], dtype="Int16")}), -(2**15), 2**15 - 1),
        (pd.DataFrame({"x": pd.array([5, None, 0], dtype="uint8[pyarrow]")}), 0, 255),
        (pl.DataFrame({"x": [5, None, 0]}, schema={"x": pl.UInt8}), 0, 255),
    ],
    ids=lambda X: type(X).__name__,
)
def test_whole_numbers_stay_in_what_their_type_holds(X, least, greatest):
    encoder = TableEncoder(within_range=False).fit(X)
    Z = np.zeros((2, *encoder.description.shape), dtype=np.float32)
    Z[:, 0] = [-1e18, 1e18]
    decoded = encoder.inverse_transform(Z)
    found = decoded.ravel() if isinstance(X, np.ndarray) else decoded["x"].to_list()
    assert list(found) == [least, greatest]


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


def test_a_twin_of_integers_among_objects_comes_back_as_integers() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 2, 3, 4]}, dtype=object)
    encoder = TableEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    assert [type(value) for value in back["b"]] == [int] * 4
    assert list(back["b"]) == [1, 2, 3, 4]


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

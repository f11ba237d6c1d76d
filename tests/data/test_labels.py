from __future__ import annotations

import json
import warnings
from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse

from osrae import InputError
from osrae.data.labels import (
    class_numbers,
    encode_labels,
    label_array,
    labels_from_json,
    labels_to_json,
)


def objects(*labels):
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    return array


def same_values_and_types(found, expected):
    assert found.dtype == expected.dtype
    assert [type(label) for label in found] == [type(label) for label in expected]
    assert found.tolist() == expected.tolist()


CONTAINERS = {
    "list": (["b", "a", "b"], ["a", "b"], [1, 0, 1]),
    "tuple": ((7, 3, 7), [3, 7], [1, 0, 1]),
    "bool": ([True, False, True], [False, True], [1, 0, 1]),
    "whole floats": (np.array([2.0, 1.0, 2.0]), [1.0, 2.0], [1, 0, 1]),
    "int8": (np.array([-1, 4, 4], dtype=np.int8), [-1, 4], [0, 1, 1]),
    "torch": (torch.tensor([5, 2, 5]), [2, 5], [1, 0, 1]),
    "torch bool": (torch.tensor([True, False]), [False, True], [1, 0]),
    "torch with gradient": (torch.tensor([1.0, 0.0], requires_grad=True), [0.0, 1.0], [1, 0]),
    "numpy strings": (
        np.array(["b", "a"], dtype=np.dtypes.StringDType()),
        ["a", "b"],
        [1, 0],
    ),
    "pandas text": (pd.Series(["b", "a"], index=[4, 4]), ["a", "b"], [1, 0]),
    "pandas string": (pd.Series(["b", "a"], dtype="string"), ["a", "b"], [1, 0]),
    "pandas arrow": (pd.Series(["b", "a"], dtype="string[pyarrow]"), ["a", "b"], [1, 0]),
    "pandas category": (
        pd.Series(["b", "a"], dtype=pd.CategoricalDtype(["b", "c", "a"])),
        ["a", "b"],
        [1, 0],
    ),
    "pandas numbered category": (pd.Series([3, 1, 3], dtype="category"), [1, 3], [1, 0, 1]),
    "pandas Categorical": (pd.Categorical(["b", "a"]), ["a", "b"], [1, 0]),
    "pandas Int64": (pd.Series([2, 1], dtype="Int64"), [1, 2], [1, 0]),
    "pandas boolean": (pd.Series([True, False], dtype="boolean"), [False, True], [1, 0]),
    "pandas index": (pd.Index(["b", "a"]), ["a", "b"], [1, 0]),
    "pandas frame": (pd.DataFrame({"y": ["b", "a"]}), ["a", "b"], [1, 0]),
    "polars text": (pl.Series(["b", "a"]), ["a", "b"], [1, 0]),
    "polars Categorical": (pl.Series(["b", "a"], dtype=pl.Categorical), ["a", "b"], [1, 0]),
    "polars Enum": (pl.Series(["b", "a"], dtype=pl.Enum(["b", "a"])), ["a", "b"], [1, 0]),
    "polars Int8": (pl.Series([2, 1], dtype=pl.Int8), [1, 2], [1, 0]),
    "polars Boolean": (pl.Series([True, False]), [False, True], [1, 0]),
    "polars frame": (pl.DataFrame({"y": [2, 1]}), [1, 2], [1, 0]),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_classes_are_sorted_and_numbered_from_any_container(name):
    y, expected, numbers = CONTAINERS[name]
    labels = label_array(y)
    assert labels.ndim == 1
    classes, codes = encode_labels(labels)
    assert classes.tolist() == expected
    assert [type(label) for label in classes.tolist()] == [type(label) for label in expected]
    assert codes.dtype == np.int32
    assert codes.tolist() == numbers


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([(1, 1), (0, 2), (0, 1), (0, 2)], [(0, 1), (0, 2), (1, 1)]),
        ([(1,), (0, 2)], [(0, 2), (1,)]),
        ([(0, "a"), (0, 1), "z"], ["z", (0, 1), (0, "a")]),  # int < str < tuple, in each place
        ([3, "three", 3.5], [3.5, 3, "three"]),  # float < int < str
        (["maybe", True, False], [False, True, "maybe"]),
        ([2**70, 1], [1, 2**70]),
        ([date(2021, 1, 1), date(2020, 1, 1)], [date(2020, 1, 1), date(2021, 1, 1)]),
        ([2 + 1j, 1j], [(2 + 1j), 1j]),  # no order: by how they are written
    ],
)
def test_labels_of_any_hashable_sort(labels, expected):
    y = objects(*labels)
    assert label_array(y).tolist() == labels
    classes, codes = encode_labels(y)
    assert classes.dtype == object
    assert classes.ndim == 1
    assert [(type(label), label) for label in classes] == [(type(x), x) for x in expected]
    back = classes[codes]
    assert back.dtype == object
    assert back.tolist() == labels
    assert (classes == classes.copy()).tolist() == [True] * len(classes)
    assert (classes != classes[::-1]).any()


def test_a_list_of_mixed_types_keeps_them():
    labels = label_array(["1", 1, "1", 1])
    classes, codes = encode_labels(labels)
    assert classes.tolist() == [1, "1"]
    assert codes.tolist() == [1, 0, 1, 0]
    assert encode_labels(label_array(pd.Series([1, "a"], dtype="category")))[0].tolist() == [1, "a"]


def test_a_column_is_taken_with_a_warning():
    with pytest.warns(UserWarning, match="column-vector"):
        assert label_array(np.array([[1], [0]])).tolist() == [1, 0]
    with pytest.warns(UserWarning, match="column-vector"):
        assert label_array(np.array([[1], ["a"]], dtype=object)).tolist() == [1, "a"]


@pytest.mark.parametrize(
    "y",
    [
        [1, None],
        ["a", None, None],
        ["a", float("nan")],
        [1.0, float("nan")],
        [1, "a", float("nan")],
        np.array([pd.NA, "a"], dtype=object),
        np.array([pd.NaT, (0, 1)], dtype=object),
        pd.Series(["a", None]),
        pd.Series(["a", None], dtype="string"),
        pd.Series(["a", None], dtype="category"),
        pd.Series([1, None], dtype="Int64"),
        pd.Series([True, None], dtype="boolean"),
        pd.Categorical(["a", None]),
        pd.DataFrame({"y": [1.0, None]}),
        pl.Series([1, None]),
        pl.Series([1.0, float("nan")]),
        pl.Series(["a", None], dtype=pl.Categorical),
        torch.tensor([1.0, float("nan")]),
    ],
)
def test_missing_labels_are_refused(y):
    with pytest.raises(ValueError, match="Input y contains NaN"):
        label_array(y)


def test_the_number_of_missing_labels_is_named():
    with pytest.raises(InputError, match="2 labels are missing"):
        label_array(["a", None, np.nan])
    with pytest.raises(InputError, match="2 labels are missing"):
        label_array(pl.Series(["a", None, None]))
    with pytest.raises(InputError, match="2 labels are missing"):
        label_array(np.array([1.0, np.nan, np.nan]))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.eye(3), r"shape \(3, 3\)"),
        (sparse.csr_matrix(np.eye(3)), r"shape \(3, 3\)"),
        ([(0, 1), (0, 2)], "pass a one-dimensional array of dtype object"),
        ([(0,), (0, 2)], "pass a one-dimensional array of dtype object"),
        (pd.DataFrame({"a": [0, 1], "b": [0, 1]}), r"shape \(2, 2\)"),
        (pl.DataFrame({"a": [0, 1], "b": [0, 1]}), r"shape \(2, 2\)"),
        (objects([0, 1], "a"), "holds a list"),
        ([0.5, 1.25], "Unknown label type: continuous"),
        (objects(0.5, 1), "Unknown label type: continuous"),
        (torch.tensor([0.5, 1.25]), "Unknown label type: continuous"),
        (np.array([1.0, 2.5]), r"not whole, the first 2\.5; classes are whole numbers or text"),
        (np.array([1.0, np.inf]), "infinity, which is no class"),
        (np.array([b"a", b"b"]), "y holds bytes; make them text"),
    ],
)
def test_what_names_no_classes_is_refused(y, message):
    with pytest.raises(ValueError, match=message):
        label_array(y)


@pytest.mark.parametrize(
    "classes",
    [
        np.array(["a", "long"]),
        np.array(["a", "ü"], dtype=object),
        np.array([1, 2**60]),
        np.array([-1, 3], dtype=np.int8),
        np.array([0.1, 1.0], dtype=np.float32),
        np.array([False, True]),
        objects(False, 3, 2.5, "x"),
        objects((0, 1), (0, "a"), ("b", (True, 1.0))),
        objects((0, 1), (0, 2)),
        objects(np.int64(1), np.str_("a"), np.float32(0.1), np.bool_(True)),
    ],
    ids=repr,
)
def test_classes_come_back_from_json_with_their_types(classes):
    content = json.loads(json.dumps(labels_to_json(classes), allow_nan=False))
    same_values_and_types(labels_from_json(content), classes)


@pytest.mark.parametrize(
    "classes",
    [
        objects(date(2020, 1, 1), date(2021, 1, 1)),
        objects((0, None), (0, 1)),
        np.array(["2020-01-01", "2021-01-01"], dtype="datetime64[D]"),
    ],
)
def test_classes_that_json_cannot_hold_are_refused(classes):
    with pytest.raises(InputError, match="model file cannot hold"):
        labels_to_json(classes)


def test_no_container_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for y, _, _ in CONTAINERS.values():
            encode_labels(label_array(y))


def test_numbers_of_classes_in_any_order():
    classes = objects("b", 2, "a")
    numbers = class_numbers(objects("a", 2, 2, "b"), classes)
    assert numbers.tolist() == [2, 1, 1, 0]
    assert numbers.dtype == np.int64
    assert classes[class_numbers([], classes)].tolist() == []


def test_a_list_of_numpys_booleans_is_boolean():
    assert label_array(list(np.array([True, False, True]))).dtype == bool

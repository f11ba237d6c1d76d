from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from osrae import InputError
from osrae.evaluation.inputs import as_labels, check_label_pair


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (["a", "b"], "U"),
        ((1, 2), "i"),
        ([True, False], "b"),
        ([np.int64(1), 2.0], "f"),
        (pd.Series(["a", "b"]), "U"),
        (pd.Series(["a", "b"], dtype="category"), "U"),
        (pd.Series([1, 2], dtype="Int64"), "i"),
        (np.array(["a", "b"], dtype=object), "U"),
        (np.array(["a", "b"], dtype=np.dtypes.StringDType()), "U"),
        (range(2), "i"),
    ],
)
def test_labels_of_any_container(y, kind):
    labels = as_labels(y, "y")
    assert labels.dtype.kind == kind
    assert labels.tolist() == list(y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([], "y is empty"),
        ("a", r"y has shape \(\); expected one dimension"),
        ([[0, 1], [1, 0]], r"y has shape \(2, 2\); expected one dimension"),
        ([0, None, None], r"y lacks 2 label\(s\) \(None or NaN\), the first in row 1"),
        (np.array([0, np.nan]), "y lacks 1 label.*row 1"),
        (["a", np.nan], "y lacks 1 label.*row 1"),
        (pd.Series([1, None], dtype="Int64"), "y lacks 1 label.*row 1"),
        (pd.Series(["a", None]), "y lacks 1 label.*row 1"),
        ([1, "a"], "y holds labels of type int, str; expected text only or numbers only"),
        ([b"a", b"b"], "y holds labels of type bytes"),
        ([[0], [1, 2]], "y holds labels of type list"),
        ([0.5, 1.0], "y holds the value 0.5; expected classes"),
        ([1.0, np.inf], "y holds the value inf"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_bad_labels(y, message):
    with pytest.raises(InputError, match=message):
        as_labels(y, "y")


def test_pairs_must_fit():
    with pytest.raises(InputError, match="y_true has 2 labels and y_pred 3; expected as many"):
        check_label_pair([0, 1], [0, 1, 1])
    with pytest.raises(InputError, match=r"y_true holds text and y_pred numbers.*astype\(str\)"):
        check_label_pair(["0", "1"], [0, 1])
    with pytest.raises(InputError, match="y_pred lacks 1 label"):
        check_label_pair([0, 1], [0, None])
    truth, predicted = check_label_pair([True, False], [1, 0])
    assert (truth == predicted).all()


@pytest.mark.parametrize("y", [[[0], [1]], np.array([["a"], ["b"]]), pd.DataFrame({"y": [1, 2]})])
def test_labels_may_be_a_column(y):
    assert as_labels(y, "y").tolist() == np.asarray(y).ravel().tolist()

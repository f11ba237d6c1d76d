from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.datasets import load_digits

from osrae.errors import InputError
from osrae.methods.deep_classifier import DeepClassifier
from osrae.methods.inputs import check_features

from .deep_cases import FAST

DIGITS, KINDS = load_digits(n_class=2, return_X_y=True)
PICTURES, KINDS = (DIGITS[:40].reshape(-1, 8, 8) * 15).astype(np.uint8), KINDS[:40]


def checked(X, reset=True):
    estimator = BaseEstimator()
    if not reset:
        estimator.n_features_in_ = 64
    return check_features(estimator, X, reset=reset)


@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize(
    "listed",
    [list, tuple, lambda pictures: list(torch.from_numpy(pictures))],
    ids=["list", "tuple", "tensors"],
)
def test_a_list_of_pictures_is_an_array_of_them(listed, colours):
    pictures = PICTURES if colours == 1 else np.stack([PICTURES] * colours, axis=-1)
    found = checked(listed(pictures))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, pictures)


def test_pictures_may_be_nested_lists():
    np.testing.assert_array_equal(checked((PICTURES / 255).tolist()), PICTURES / 255)


def test_pictures_of_different_sizes_are_refused():
    with pytest.raises(InputError, match=r"\(8, 7\), \(8, 8\).* one size"):
        checked([PICTURES[0], PICTURES[1][:, :7]])
    with pytest.raises(InputError, match="64 values per picture"):
        checked([picture[:, :7] for picture in PICTURES], reset=False)


def test_a_list_of_rows_stays_a_table():
    assert checked([[1, "a"], [2, "b"]]).shape == (2, 2)
    assert checked(list(DIGITS[:5])).shape == (5, 64)


def test_a_classifier_trains_on_a_list_as_on_an_array():
    model = DeepClassifier(**FAST, max_steps=4, batch_size=8)
    of_array = model.fit(PICTURES, KINDS).predict_proba(PICTURES)
    of_list = model.fit(list(PICTURES), KINDS.tolist()).predict_proba(list(PICTURES))
    np.testing.assert_array_equal(of_list, of_array)

"""Rows that are repeated are the user's own, to the last digit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse
from sklearn.datasets import load_digits, load_wine

from osrae.errors import InputError
from osrae.methods.mc_ccr import MCCCR
from osrae.methods.mc_rbo import MCRBO
from osrae.methods.rows import sources_of
from osrae.methods.smote import SMOTEFamily

WINE, KINDS = load_wine(return_X_y=True)
#: All of one class, a few of another and one row of a third, in no order of classes.
UNEQUAL = np.r_[np.arange(60, 70), np.arange(50), [150]]
X, Y = WINE[UNEQUAL] / 3, KINDS[UNEQUAL]  # thirds do not fit into single precision


def rows_of(X) -> np.ndarray:
    return X.toarray() if sparse.issparse(X) else np.asarray(X)


def test_sources_are_equal_rows_of_the_class_that_take_turns():
    rows = np.array([[0, 1], [2, 3], [4, 5], [4, 5], [4, 5]], dtype=np.float32)
    new = np.array([[4, 5], [4, 1], [0, 1], [4, 5], [4, 5]], dtype=np.float32)
    codes, new_codes = np.array([0, 0, 1, 0, 1]), np.array([1, 0, 1, 1, 1])
    np.testing.assert_array_equal(sources_of(new, new_codes, rows, codes), [2, -1, -1, 4, 2])
    assert sources_of(new[:0], codes[:0], rows, codes).shape == (0,)


@pytest.mark.parametrize("sampler", [SMOTEFamily(variant="random"), MCRBO(n_steps=0)], ids=str)
def test_rows_that_are_equal_once_encoded_stay_different(sampler):
    """Texts beyond the most frequent ones are all the same to the codec."""
    texts = np.array([f"z{number:04d}" for number in range(400)])
    kinds = np.where((texts >= "z0300") & (texts < "z0320"), "rare", "common")
    asked = pd.DataFrame({"text": texts, "flag": np.arange(400) % 2})
    resampled, _ = sampler.set_params(random_state=0).fit_resample(asked, kinds)
    made = resampled["text"][400:]
    assert set(made) <= set(texts[kinds == "rare"])
    assert made.nunique() > 15


@pytest.mark.parametrize(
    "container", [np.asarray, pd.DataFrame, pl.DataFrame, sparse.csr_matrix, list]
)
@pytest.mark.parametrize(
    "sampler",
    [SMOTEFamily(variant="random"), MCRBO(n_steps=0)],
    ids=lambda sampler: type(sampler).__name__,
)
@pytest.mark.filterwarnings("ignore:Classes with one sample")
def test_repeated_rows_are_copies(sampler, container):
    asked = X.tolist() if container is list else container(X)
    resampled, labels = sampler.set_params(
        sampling_strategy={2: 3, 1: 40}, random_state=0
    ).fit_resample(asked, Y)
    resampled, labels = rows_of(resampled), np.asarray(labels)
    np.testing.assert_array_equal(resampled[: len(X)], X)
    assert len(resampled) == len(X) + 2 + 30
    own = {(*row, label) for row, label in zip(X.tolist(), Y.tolist(), strict=True)}
    made = zip(resampled[len(X) :].tolist(), labels[len(X) :].tolist(), strict=True)
    assert all((*row, label) in own for row, label in made)


@pytest.mark.filterwarnings("ignore:Classes with one sample")
def test_a_class_of_one_row_is_copied_while_others_are_interpolated():
    resampled, labels = SMOTEFamily(random_state=0).fit_resample(X, Y)
    new, kinds = resampled[len(X) :], labels[len(X) :]
    assert (new[kinds == 2] == X[Y == 2]).all()
    assert not any((row == X).all(axis=1).any() for row in new[kinds == 1])


@pytest.mark.parametrize(
    "sampler",
    [SMOTEFamily(), MCRBO(n_steps=0), MCCCR()],
    ids=lambda sampler: type(sampler).__name__,
)
@pytest.mark.parametrize("n_rare", [20, 50], ids=["some are new", "balanced"])
@pytest.mark.filterwarnings("ignore:energy=")
def test_a_fitted_sampler_holds_its_parameters_and_fitted_attributes_only(sampler, n_rare):
    rows = np.r_[np.arange(50), np.arange(60, 60 + n_rare)]
    sampler.set_params(random_state=0).fit_resample(WINE[rows], KINDS[rows])
    assert {name for name in vars(sampler) if not name.endswith("_")} == set(sampler.get_params())


def test_missing_values_are_repeated_as_missing():
    gaps = X[:60].copy()
    gaps[::3, 1] = np.nan
    resampled, _ = SMOTEFamily(variant="random", random_state=0).fit_resample(gaps, Y[:60])
    assert np.isnan(resampled[60:, 1]).any()
    for row in resampled[60:]:
        assert any(np.array_equal(row, old, equal_nan=True) for old in gaps)


def test_pictures_of_floats_are_repeated_unrounded():
    digits, kinds = load_digits(return_X_y=True)
    rows = np.r_[np.flatnonzero(kinds == 0)[:20], np.flatnonzero(kinds == 1)[:4]]
    pictures = digits[rows].reshape(-1, 8, 8) / 16
    resampled, _ = SMOTEFamily(variant="random", random_state=0).fit_resample(pictures, kinds[rows])
    assert all((pictures == picture).all(axis=(1, 2)).any() for picture in resampled[24:])


@pytest.mark.parametrize("n", [30.5, "30", True, None])
def test_counts_that_are_not_whole_are_refused(n):
    with pytest.raises(InputError, match="give a whole number"):
        SMOTEFamily(sampling_strategy={1: n}).fit(X[:60], Y[:60])


def test_whole_counts_of_any_type():
    sampler = SMOTEFamily(sampling_strategy={1: 30.0}).fit(X[:60], Y[:60])
    assert sampler.sampling_strategy_ == {1: 20}


def test_tensors_in_half_precision_and_labels_in_a_column():
    pictures = torch.rand(30, 8, 8).bfloat16()
    labels = torch.arange(30)[:, None] // 22
    resampled, more = SMOTEFamily(random_state=0).fit_resample(pictures, labels)
    assert (resampled.dtype, resampled.shape) == (torch.bfloat16, (44, 8, 8))
    assert torch.equal(resampled[:30], pictures)
    assert (more.dtype, more.shape) == (torch.int64, (44, 1))
    resampled, _ = SMOTEFamily(random_state=0).fit_resample(pictures.flatten(1), labels[:, 0])
    assert resampled.dtype == torch.bfloat16

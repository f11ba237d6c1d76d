"""What over-samplers keep of a fit, and containers that hold pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

from osrae.errors import InputError
from osrae.methods.deepsmote import DeepSMOTE
from osrae.methods.smote import SMOTEFamily

from .deep_cases import FAST, blobs

X, Y = blobs()
LETTERS = np.array(["a", "b", "c"])[Y]
SAMPLERS = [SMOTEFamily(random_state=0), DeepSMOTE(**FAST, max_steps=3, batch_size=16)]


@pytest.fixture(params=SAMPLERS, ids=lambda sampler: type(sampler).__name__)
def sampler(request):
    request.param.fit_resample(X, Y)
    return request.param


def test_fit_forgets_what_was_trained(sampler, tmp_path):
    sampler.fit(X[:, :3], LETTERS)
    fitted = {name for name in vars(sampler) if name.endswith("_")}
    assert fitted == {"n_features_in_", "sampling_strategy_"}
    for question in (lambda: sampler.sample(2, 0), lambda: sampler.save(tmp_path / "model")):
        with pytest.raises(NotFittedError):
            question()


@pytest.mark.parametrize("question", ["fit", "fit_resample"])
def test_data_that_are_refused_leave_the_sampler_as_it_was(sampler, question):
    before = dict(vars(sampler))
    with pytest.raises(InputError):
        getattr(sampler, question)(X[:, :3], np.zeros(len(X)))
    assert vars(sampler) == before


def test_a_fit_resample_that_fails_leaves_the_sampler_as_it_was(sampler, monkeypatch):
    before = dict(vars(sampler))

    def fails(*arguments):
        raise MemoryError

    name = "_run" if isinstance(sampler, DeepSMOTE) else "_resample_rows"
    monkeypatch.setattr(type(sampler), name, fails)
    with pytest.raises(MemoryError):
        sampler.fit_resample(X[:, :3], LETTERS)
    assert vars(sampler) == before


def test_a_warm_sampler_that_is_refused_can_still_be_saved(tmp_path):
    sampler = DeepSMOTE(**FAST, max_steps=3, batch_size=16, warm_start=True)
    sampler.fit_resample(X, Y)
    with pytest.raises(InputError, match="warm_start"):
        sampler.fit_resample(X, LETTERS)
    sampler.save(tmp_path / "model")
    assert DeepSMOTE.load(tmp_path / "model").sampling_strategy_ == {0: 108, 2: 80}


@pytest.mark.parametrize("as_item", [np.asarray, torch.from_numpy, np.ndarray.tolist])
def test_a_list_of_pictures_comes_back_as_one(as_item):
    digits, kinds = load_digits(n_class=2, return_X_y=True)
    rows = np.r_[np.flatnonzero(kinds == 0)[:20], np.flatnonzero(kinds == 1)[:6]]
    asked = [as_item(picture) for picture in digits[rows].reshape(-1, 8, 8) / 16]
    resampled, labels = SMOTEFamily(random_state=0).fit_resample(asked, kinds[rows].tolist())
    assert len(resampled) == len(labels) == 40
    assert {type(picture) for picture in resampled} == {type(asked[0])}
    for old, new in zip(asked, resampled, strict=False):
        np.testing.assert_array_equal(old, new)

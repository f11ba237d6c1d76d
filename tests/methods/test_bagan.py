from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import torch

from osrae.errors import DataWarning, InputError
from osrae.methods.bagan import BAGAN
from osrae.methods.bagan_settings import PRESETS

from .deep_cases import FAST, StopAt, blobs

# ---------------------------------------------------------------- results


@pytest.mark.parametrize("preset", list(PRESETS))
def test_pictures_are_balanced(preset):
    rng = np.random.default_rng(0)
    X, y = rng.integers(256, size=(17, 9, 12, 3), dtype=np.uint8), np.repeat([0, 1, 2], [3, 9, 5])
    sampler = BAGAN(preset=preset, max_steps=4, batch_size=8, latent_dim=4, **FAST)
    X_new, y_new = sampler.fit_resample(X, y)
    assert X_new.dtype == np.uint8
    assert X_new.shape == (27, 9, 12, 3)
    np.testing.assert_array_equal(X_new[:17], X)
    np.testing.assert_array_equal(y_new, [*y, *[0] * 6, *[2] * 4])
    assert sampler.sample(5, 1, random_state=1).shape == (5, 9, 12, 3)  # of the majority, too


@pytest.mark.parametrize("max_steps", [3, 6])
@pytest.mark.parametrize("counts", [(1, 2, 12), (5, 12, 1)])
def test_classes_of_any_size(counts, max_steps):
    X, y = blobs(counts)
    sampler = BAGAN(max_steps=max_steps, batch_size=8, **FAST)
    with pytest.warns(DataWarning, match="one sample"):
        X_new, y_new = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_new[: len(X)], X)
    np.testing.assert_array_equal(np.bincount(y_new), [12, 12, 12])
    assert np.isfinite(X_new).all()
    alone = X_new[len(X) :][y_new[len(X) :] == counts.index(1)]
    np.testing.assert_allclose(alone, np.broadcast_to(alone[0], alone.shape), rtol=1e-9)


def test_tables_with_categories():
    X, y = blobs()
    frame = pd.DataFrame(X[:, :3], columns=["a", "b", "c"])
    frame["colour"] = pd.Categorical(np.array(["red", "green", "blue"])[y])
    frame["many"] = y > 0
    sampler = BAGAN(max_steps=300, learning_rate=1e-3, **FAST)
    X_new, y_new = sampler.fit_resample(frame, y)
    assert list(X_new.dtypes) == list(frame.dtypes)
    pd.testing.assert_frame_equal(X_new[: len(X)], frame)
    np.testing.assert_array_equal(np.bincount(y_new), [120, 120, 120])
    made, classes = X_new[len(X) :], y_new[len(X) :]
    assert (made["colour"] == np.array(["red", "green", "blue"])[classes]).mean() > 0.9


def test_training_in_bfloat16():
    rng = np.random.default_rng(0)
    X, y = rng.random((17, 9, 12), dtype=np.float32), np.repeat([0, 1, 2], [3, 9, 5])
    sampler = BAGAN(max_steps=4, batch_size=8, device="cpu", precision="bfloat16")
    X_new, _ = sampler.fit_resample(X, y)
    assert np.isfinite(X_new).all()
    assert sampler.method_.factors.dtype == torch.float32


# ---------------------------------------------------------------- files and stops


@pytest.mark.parametrize("preset", list(PRESETS))
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(preset, tmp_path):
    """Stops in either stage, and exactly between them."""
    rng = np.random.default_rng(0)
    X, y = rng.random((17, 8, 8), dtype=np.float32), np.repeat([0, 1, 2], [3, 9, 5])
    options = {"preset": preset, "max_steps": 8, "latent_dim": 4, "batch_size": 8, **FAST}
    whole = BAGAN(**options).fit_resample(X, y)
    folder = tmp_path / "run"
    for stop in (2, 4, 6, None):
        callbacks = None if stop is None else [StopAt(stop)]
        sampler = BAGAN(**options, checkpoint_dir=folder, resume=True, callbacks=callbacks)
        resumed = sampler.fit_resample(X, y)
        assert sampler.n_steps_ == (stop or 8)
    np.testing.assert_array_equal(resumed[0], whole[0])


def test_a_second_fit_on_the_same_weights_fits_the_distributions_anew():
    X, y = blobs((12, 30, 5))
    sampler = BAGAN(max_steps=4, warm_start=True, **FAST)
    sampler.fit_resample(X, y)
    means = sampler.method_.means.clone()
    sampler.set_params(max_steps=1).fit_resample(X, y)
    assert sampler.method_.fitted
    assert not torch.equal(sampler.method_.means, means)


def test_pickle():
    X, y = blobs((12, 30, 5))
    sampler = BAGAN(max_steps=4, **FAST)
    sampler.fit_resample(X, y)
    copied = pickle.loads(pickle.dumps(sampler))
    np.testing.assert_array_equal(
        sampler.sample(4, 2, random_state=0), copied.sample(4, 2, random_state=0)
    )


@pytest.mark.parametrize(
    "wrong", [{"preset": "paper"}, {"mode": "random"}, {"latent_dim": 0}, {"shrinkage": -1.0}]
)
def test_wrong_parameters_are_refused(wrong):
    X, y = blobs((12, 30, 5))
    with pytest.raises((InputError, ValueError), match=next(iter(wrong))):
        BAGAN(**wrong).fit_resample(X, y)

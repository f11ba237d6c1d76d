from __future__ import annotations

import dataclasses
import math
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from osrae.errors import InputError
from osrae.methods.deepsmote import DeepSMOTE
from osrae.methods.deepsmote_settings import PRESETS

from .deep_cases import FAST, StopAt, blobs
from .deepsmote_cases import tiny_images


@pytest.fixture
def narrow(monkeypatch):
    """The authors' networks with fewer channels."""
    presets = {
        name: {kind: dataclasses.replace(settings, width=4) for kind, settings in variants.items()}
        for name, variants in PRESETS.items()
    }
    monkeypatch.setattr(DeepSMOTE, "_presets", presets)


# ---------------------------------------------------------------- results


@pytest.mark.parametrize("preset", list(PRESETS))
def test_pictures_are_balanced(preset, narrow):
    X, y = tiny_images((3, 9, 5))
    sampler = DeepSMOTE(preset=preset, max_steps=6, batch_size=8, latent_dim=4, **FAST)
    X_new, y_new = sampler.fit_resample(X, y)
    assert X_new.dtype == np.uint8
    assert X_new.shape == (27, 12, 12)
    np.testing.assert_array_equal(X_new[:17], X)
    np.testing.assert_array_equal(y_new[:17], y)
    np.testing.assert_array_equal(np.bincount(y_new), [9, 9, 9])
    np.testing.assert_array_equal(y_new[17:], [0] * 6 + [2] * 4)
    more = sampler.sample(5, 1, random_state=1)  # of the majority, too
    assert more.shape == (5, 12, 12)


@pytest.mark.parametrize("counts", [(1, 2, 12), (5, 12, 1), (6, 1, 2)])
def test_classes_of_any_size(counts):
    X, y = blobs(counts)
    sampler = DeepSMOTE(max_steps=12, batch_size=8, **FAST)
    with pytest.warns(UserWarning, match="one sample"):
        X_new, y_new = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_new[: len(X)], X)
    np.testing.assert_array_equal(np.bincount(y_new), [max(counts)] * 3)
    assert np.isfinite(X_new).all()
    single = counts.index(1)
    alone = X_new[len(X) :][y_new[len(X) :] == single]
    np.testing.assert_array_equal(alone, np.broadcast_to(alone[0], alone.shape))
    pair = sampler.sample(20, counts.index(2) if 2 in counts else counts.index(5))
    assert len(np.unique(pair, axis=0)) == 20


def test_tables_with_categories():
    X, y = blobs()
    frame = pd.DataFrame(X[:, :3], columns=["a", "b", "c"])
    frame["colour"] = pd.Categorical(np.array(["red", "green", "blue"])[y])
    frame["many"] = y > 0
    sampler = DeepSMOTE(max_steps=300, learning_rate=2e-3, **FAST)
    X_new, y_new = sampler.fit_resample(frame, y)
    assert list(X_new.dtypes) == list(frame.dtypes)
    pd.testing.assert_frame_equal(X_new[: len(X)], frame)
    np.testing.assert_array_equal(np.bincount(y_new), [120, 120, 120])
    made, classes = X_new[len(X) :], y_new[len(X) :]
    assert (made["colour"] == np.array(["red", "green", "blue"])[classes]).mean() > 0.95
    for code in (0, 2):
        away = made.loc[classes == code, ["a", "b", "c"]].mean() - X[y == code, :3].mean(0)
        assert np.abs(away).max() < 0.5  # the blobs' standard deviation is 1


@pytest.mark.parametrize("names", [(2, 0, 1), (1, 0, 2)])
def test_other_names_of_the_classes_change_the_names_and_nothing_else(names):
    X, y = blobs((12, 30, 5))
    renamed = np.array(names)[y]
    results = [DeepSMOTE(max_steps=30, **FAST).fit_resample(X, labels) for labels in (y, renamed)]
    (first, y_first), (second, y_second) = results
    for code in range(3):
        np.testing.assert_array_equal(first[y_first == code], second[y_second == names[code]])


def test_training_in_bfloat16():
    X, y = tiny_images((3, 9, 5))
    sampler = DeepSMOTE(max_steps=2, batch_size=8, device="cpu", precision="bfloat16")
    X_new, _ = sampler.fit_resample((X / 255).astype(np.float32), y)
    assert np.isfinite(X_new).all()
    assert math.isfinite(sampler.history_[-1]["autoencoder"])


# ---------------------------------------------------------------- files and stops


@pytest.mark.parametrize("preset", list(PRESETS))
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(preset, tmp_path, narrow):
    X, y = tiny_images((3, 9, 5))
    options = {"preset": preset, "max_steps": 7, "latent_dim": 4, "batch_size": 8, **FAST}
    whole = DeepSMOTE(**options).fit_resample(X, y)
    folder = tmp_path / "run"
    for stop in (2, 5, None):
        callbacks = None if stop is None else [StopAt(stop)]
        sampler = DeepSMOTE(**options, checkpoint_dir=folder, resume=True, callbacks=callbacks)
        resumed = sampler.fit_resample(X, y)
        assert sampler.n_steps_ == (stop or 7)
    np.testing.assert_array_equal(resumed[0], whole[0])


def test_pickle():
    X, y = blobs((12, 30, 5))
    sampler = DeepSMOTE(max_steps=3, **FAST)
    sampler.fit_resample(X, y)
    copied = pickle.loads(pickle.dumps(sampler))
    np.testing.assert_array_equal(
        sampler.sample(4, 2, random_state=0), copied.sample(4, 2, random_state=0)
    )


def test_training_goes_on_with_other_rows():
    X, y = load_iris(return_X_y=True)
    sampler = DeepSMOTE(max_steps=20, random_state=0, device="cpu", warm_start=True)
    sampler.fit_resample(X[:110], y[:110])
    before = sampler.method_.networks["decoder"].output.weight.clone()
    _, resampled = sampler.fit_resample(X[20:130], y[20:130])
    assert np.bincount(resampled).tolist() == [50, 50, 50]
    after = sampler.method_.networks["decoder"].output.weight
    assert 0 < (after - before).abs().max() < 0.01  # 20 steps of 2e-4, not a new start
    with pytest.raises(InputError, match="ask for others"):
        sampler.set_params(latent_dim=3).fit_resample(X[:110], y[:110])


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "wrong",
    [
        {"preset": "paper"},
        {"penalty": "none"},
        {"k_neighbors": 0},
        {"latent_dim": 0},
        {"class_sample_size": 0},
        {"penalty_weight": -1.0},
    ],
)
def test_wrong_parameters_are_refused(wrong):
    X, y = blobs((12, 30, 5))
    with pytest.raises((InputError, ValueError), match=next(iter(wrong))):
        DeepSMOTE(**wrong).fit_resample(X, y)

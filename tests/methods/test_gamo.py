from __future__ import annotations

import numpy as np
import pytest
import torch

from osrae.errors import InputError
from osrae.methods.gamo import GAMOClassifier
from osrae.methods.gamo_method import GAMO
from osrae.methods.gamo_settings import PRESETS


def blobs(counts, seed=0):
    rng, centres = (
        np.random.default_rng(seed),
        np.random.default_rng(7).normal(size=(3, 8), scale=1.3),
    )
    y = np.repeat(np.arange(3), counts)
    return centres[y] + rng.normal(size=(len(y), 8)), y


@pytest.mark.parametrize("architecture", ["equal", "original"])
@pytest.mark.parametrize("preset", list(PRESETS))
def test_minority_recall_is_that_of_plain_m_or_better(preset, architecture, monkeypatch):
    X, y = blobs((12, 120, 40))
    X_test, y_test = blobs((300, 300, 300), seed=1)
    options = {"preset": preset, "architecture": architecture, "max_steps": 250, "random_state": 0,
               "validation_fraction": 0, "device": "cpu"}  # fmt: skip
    with_fakes = GAMOClassifier(**options).fit(X, y)

    class Plain(GAMO):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.minority = ()

    monkeypatch.setattr(GAMOClassifier, "_method", Plain)
    plain = GAMOClassifier(**options).fit(X, y)
    recalls = [(m.predict(X_test[y_test == 0]) == 0).mean() for m in (with_fakes, plain)]
    assert recalls[0] >= recalls[1] - 0.02
    assert recalls[0] > 0.5


def fitted(X, y, **options):
    defaults = {"max_steps": 20, "random_state": 0, "device": "cpu", "validation_fraction": 0.0}
    return GAMOClassifier(**{**defaults, **options}).fit(X, y)


@pytest.mark.parametrize("preset", list(PRESETS))
def test_a_table_with_named_classes(preset, tmp_path):
    X, codes = blobs((6, 30, 12))
    y = np.array(["rare", "common", "middle"])[codes]
    model = fitted(X, y, preset=preset)
    proba = model.predict_proba(X)
    assert proba.shape == (48, 3)
    np.testing.assert_allclose(proba.sum(1), 1)
    made = model.sample(7, label="rare", random_state=1)
    assert made.shape == (7, 8)
    assert (made >= X[y == "rare"].min(0) - 1e-5).all()
    assert (made <= X[y == "rare"].max(0) + 1e-5).all()
    drawn = model.sample(3, label="common", random_state=1)
    assert all(np.isclose(X[y == "common"], row, atol=1e-5).all(1).any() for row in drawn)
    model.save(tmp_path / "model")
    loaded = GAMOClassifier.load(tmp_path / "model", device="cpu")
    np.testing.assert_array_equal(loaded.predict_proba(X), proba)
    np.testing.assert_array_equal(loaded.sample(7, "rare", random_state=1), made)


@pytest.mark.parametrize("preset", list(PRESETS))
def test_pictures_are_classified_but_not_generated(preset):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, size=(40, 9, 12, 3), dtype=np.uint8)
    y = np.repeat([0, 1], (30, 10))
    model = fitted(X, y, preset=preset, max_steps=6)
    assert model.predict(X).shape == (40,)
    with pytest.raises(InputError, match="GAMO2PIX"):
        model.sample(2, label=1)
    generator = torch.Generator().manual_seed(0)
    f = model.method_.generate_features(torch.ones(4, dtype=torch.int64), generator)
    assert f.shape == (4, 512 if preset == "original" else 256)


def test_smallest_classes_and_the_smallest_batch():
    X, y = blobs((1, 9, 2))
    with pytest.warns(UserWarning, match="one sample"):
        model = fitted(X, y, batch_size=2)
    np.testing.assert_allclose(model.sample(3, label=0), np.repeat(X[:1], 3, axis=0), atol=1e-5)
    balanced = fitted(*blobs((8, 8, 8)))
    assert balanced.sample(2, label=1).shape == (2, 8)


@pytest.mark.parametrize("bad", [{"update": "often"}, {"preset": "paper"}, {"latent_dim": 0}])
def test_bad_parameters_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        fitted(*blobs((4, 8, 4)), **bad)


def test_no_step_on_a_table_is_for_features_alone():
    X, y = blobs((6, 30, 12))
    models = [fitted(X, y, update_features=u, max_steps=None) for u in (None, "frozen_head")]
    assert models[0].n_steps_ == models[1].n_steps_
    np.testing.assert_array_equal(*(model.predict_proba(X) for model in models))


@pytest.mark.parametrize("options", [{}, {"update_features": "joint", "update": "per_class"}])
@pytest.mark.parametrize(("n", "batch_size"), [(33, 32), (17, 2)])
def test_a_last_batch_of_one_picture(n, batch_size, options):
    rng = np.random.default_rng(0)
    X, y = rng.random((n, 8, 8), dtype=np.float32), np.arange(n) % 3 % 2
    steps = 2 * -(-n // batch_size)  # the last batch of an epoch is among them
    model = fitted(X, y, batch_size=batch_size, max_steps=2 * steps, **options)
    assert model.n_steps_ == 2 * steps
    assert np.isfinite(model.predict_proba(X)).all()

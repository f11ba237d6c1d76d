from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score

from osrae.data.description import ImageDescription, TableDescription
from osrae.errors import InputError
from osrae.methods.dgc import DGCClassifier
from osrae.networks.layers import one_hot

TABLE = TableDescription(3, (2, 4))


def blobs(counts, seed):
    rng = np.random.default_rng(seed)
    centres = 4 * np.eye(3, 8)
    X = np.concatenate([rng.normal(centres[c], 1, (n, 8)) for c, n in enumerate(counts)])
    return X, np.repeat(["c", "a", "b"], counts)


@pytest.fixture(scope="module")
def fitted() -> DGCClassifier:
    X, y = blobs((40, 120, 12), seed=0)
    return DGCClassifier(max_steps=150, random_state=0, device="cpu").fit(X, y)


def test_blobs_are_told_apart(fitted):
    X, y = blobs((100, 100, 100), seed=1)
    assert balanced_accuracy_score(y, fitted.predict(X)) > 1 / 3 + 0.2
    probabilities = fitted.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(1), 1)
    np.testing.assert_allclose(fitted.predict_proba(X[:5]), probabilities[:5], rtol=1e-9)
    assert {"warm_up", "recogniser", "model", "classifier", "mmd"} <= set().union(*fitted.history_)


def test_decoded_rows_depend_on_the_row(fitted):
    """Codes did not collapse to the label: within a class, decoding follows the sample."""
    X, y = blobs((0, 200, 0), seed=2)
    method = fitted.method_
    x = torch.from_numpy(fitted.codec_.rows(X)[torch.arange(200)].numpy()).to(method.dtype)
    label = one_hot(torch.zeros(200, dtype=torch.int64), 3, method.dtype)  # "a" comes first
    assert set(y) == {"a"}
    with torch.inference_mode():
        decoded = method.networks["decoder"](method.recogniser(x, label)[0])
    correlations = [np.corrcoef(x[:, j], decoded[:, j])[0, 1] for j in range(8)]
    assert np.mean(correlations) > 0.3


def test_new_rows_lie_in_their_class(fitted):
    new = fitted.sample(60, "b", random_state=0)
    assert new.shape == (60, 8)
    assert (new[:, 2] > np.delete(new, 2, axis=1).max(1)).mean() > 0.8
    np.testing.assert_array_equal(fitted.sample(60, "b", random_state=0), new)


def test_saved_and_loaded_is_the_same(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    loaded = DGCClassifier.load(tmp_path / "model", device="cpu")
    X, _ = blobs((5, 5, 5), seed=3)
    np.testing.assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
    new = [model.sample(4, "c", random_state=1) for model in (fitted, loaded)]
    np.testing.assert_array_equal(*new)


def test_training_goes_on_with_other_data():
    X, y = blobs((20, 40, 8), seed=0)
    model = DGCClassifier(max_steps=40, random_state=0, device="cpu", warm_start=True, n_codes=1)
    model.fit(X, y)
    before = model.method_.networks["decoder"].output.weight.clone()
    X, y = blobs((9, 50, 30), seed=1)
    model.fit(X, y)
    after = model.method_.networks["decoder"].output.weight
    assert 0 < (after - before).abs().max() < 0.02  # 40 steps of 2e-4 at most, not a new start
    assert model.sample(40, "b", random_state=0).shape == (40, 8)
    assert model.method_._n_kept().tolist() == [45, 27, 8]  # what validation leaves


def test_tables_with_categories():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [60, 20])
    X = pd.DataFrame({"size": rng.normal(4 * y), "kind": np.where(y, "x", "y")})
    model = DGCClassifier(max_steps=120, n_codes=1, random_state=0, device="cpu").fit(X, y)
    assert balanced_accuracy_score(y, model.predict(X)) > 0.7
    new = model.sample(9, 1, random_state=0)
    assert list(new.columns) == ["size", "kind"]
    assert set(new["kind"]) <= {"x", "y"}


def test_pictures():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [20, 60, 8])
    X = 0.3 * rng.random((88, 12, 12))
    X[np.arange(88), 3 * y + 2] = 1.0  # one bright row, elsewhere in each class
    model = DGCClassifier(max_steps=12, random_state=0, device="cpu", n_codes=2).fit(X, y)
    assert model.predict_proba(X).shape == (88, 3)
    new = model.sample(3, 2, random_state=0)
    assert new.shape == (3, 12, 12)
    assert 0 <= new.min() < new.max() <= 1


def test_the_authors_networks_go_by_the_size_of_pictures():
    model = DGCClassifier(preset="original", n_codes=5, mmd_weight=10.0)
    settings = model._settings(ImageDescription(28, 28, 1))
    assert (settings.architecture, settings.n_codes, settings.mmd_weight) == ("mnist", 5, 10.0)
    assert model._settings(ImageDescription(64, 64, 3)).architecture == "celeba"
    assert model._settings(TABLE).architecture == "equal"


@pytest.mark.parametrize(
    "parameters", [{"n_codes": 0}, {"head": "tree"}, {"oversampling_rate": -1.0}]
)
def test_parameters_are_checked(parameters):
    X, y = blobs((4, 4, 4), seed=0)
    with pytest.raises(ValueError, match=next(iter(parameters))):
        DGCClassifier(**parameters).fit(X, y)


def test_no_samples_of_an_unknown_class(fitted):
    with pytest.raises(InputError, match="no class"):
        fitted.sample(1, "d")


def test_the_example_in_the_documentation():
    import doctest

    runner = doctest.DocTestRunner()
    example = doctest.DocTestFinder().find(DGCClassifier)
    assert runner.run(example[0]).failed == 0
    assert runner.tries > 0


def test_training_in_bfloat16():
    rng = np.random.default_rng(0)
    X, y = rng.random((40, 8, 8), dtype=np.float32), np.repeat([0, 1, 2], [24, 11, 5])
    model = DGCClassifier(max_steps=6, batch_size=16, warm_up_steps=1, device="cpu",
                          precision="bfloat16", random_state=0).fit(X, y)  # fmt: skip
    probabilities = model.predict_proba(X)
    assert np.isfinite(probabilities).all()
    np.testing.assert_array_equal(probabilities[:1], model.predict_proba(X[:1]))
    assert np.isfinite(model.sample(3, 2, random_state=0)).all()

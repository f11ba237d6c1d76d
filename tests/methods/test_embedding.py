"""Latent vectors are those that are classified, of mirror images, too."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from osrae import RAEClassifier
from osrae.data.samples import Samples
from osrae.evaluation.theory import diagnose
from osrae.methods.deep_classifier import DeepClassifier
from osrae.methods.embedding import encode_samples

from .rae_classifier_cases import FAST, pictures

EXACT = {**FAST, "precision": "float32"}


def colour_pictures(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Digits in three channels of different brightness."""
    X, y = pictures(n)
    return np.stack([X, X // 2, X // 3], axis=-1), y


@pytest.fixture(scope="module")
def rae():
    return RAEClassifier(**EXACT).fit(*colour_pictures())


@pytest.fixture(scope="module")
def plain():
    return DeepClassifier(**EXACT).fit(*colour_pictures())


def encoded(model, X) -> np.ndarray:
    method = model.method_
    return encode_samples(method, Samples(model.codec_.rows(X)), method.encode).numpy()


@pytest.mark.parametrize("kind", ["rae", "plain"])
def test_latent_vectors_of_colour_pictures_are_of_their_mirror_images_too(kind, request):
    model, (X, _) = request.getfixturevalue(kind), colour_pictures()
    assert model.method_.settings.augmentation == "flip-crop"
    Z = model.transform(X)
    both = (encoded(model, X) + encoded(model, X[:, :, ::-1])) / 2
    np.testing.assert_allclose(Z, both, atol=1e-5)
    assert abs(Z - encoded(model, X)).max() > 1e-3
    np.testing.assert_allclose(Z, model.transform(X[:, :, ::-1]), atol=1e-5)
    assert len(model.get_feature_names_out()) == Z.shape[1] == 256


@pytest.mark.parametrize("priors", ["balanced", "train"])
def test_coef_and_intercept_are_what_predicts_colour_pictures(rae, priors):
    X, _ = colour_pictures()
    scores = rae.set_params(priors=priors).transform(X) @ rae.coef_.T + rae.intercept_
    np.testing.assert_allclose(scores, rae.decision_function(X), atol=1e-4)
    rae.set_params(priors="balanced")


def test_the_head_sees_what_transform_returns(plain):
    X, _ = colour_pictures()
    with torch.inference_mode():
        head = plain.method_.final("classifier")
        own = head(torch.from_numpy(plain.transform(X))).double().numpy()
    scores = plain.decision_function(X) * plain.temperature_
    np.testing.assert_allclose(scores - scores[:, :1], own - own[:, :1], atol=1e-4)


def test_latent_samples_are_mixtures_of_what_is_classified(rae, tmp_path):
    X, y = colour_pictures()
    Z, weights, parents = rae.sample_latent(6, 2, random_state=0)
    assert set(y[parents.ravel()]) == {2}
    mixed = np.einsum("nt,ntm->nm", weights, rae.transform(X)[parents])
    np.testing.assert_allclose(Z, mixed, atol=1e-5)
    assert np.isfinite(diagnose(rae, X, y, random_state=0).risk.losses).all()
    rae.save(tmp_path / "model")
    again = RAEClassifier.load(tmp_path / "model", device="cpu")
    np.testing.assert_array_equal(again.sample_latent(6, 2, random_state=0)[0], Z)


def test_samples_are_decoded_of_pictures_alone(rae):
    """What is between a picture and its mirror image is neither."""
    X, _ = colour_pictures()
    _, weights, parents = rae.sample_latent(6, 2, random_state=0)
    mixed = np.einsum("nt,ntm->nm", weights, encoded(rae, X)[parents]).astype(np.float32)
    expected = rae.inverse_transform(mixed, [2] * 6).astype(int)
    assert abs(rae.sample(6, 2, random_state=0).astype(int) - expected).max() <= 1

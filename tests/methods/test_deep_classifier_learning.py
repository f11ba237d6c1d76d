from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, load_iris
from sklearn.metrics import balanced_accuracy_score, recall_score

from osrae.methods.deep_classifier import DeepClassifier
from osrae.methods.losses import LOSSES

from .deep_cases import FAST

IRIS, SPECIES = load_iris(return_X_y=True)
IMAGES, DIGITS = load_digits(return_X_y=True)
IMAGES = (IMAGES.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)


# ---------------------------------------------------------------- digits


def imbalanced_digits():
    """Digits 0 (rare), 1 and 2; the rest to test on."""
    places = [np.flatnonzero(digit == DIGITS) for digit in range(3)]
    train = np.concatenate([places[0][:6], places[1][:100], places[2][:100]])
    test = np.concatenate([place[100:] for place in places])
    return IMAGES[train], DIGITS[train], IMAGES[test], DIGITS[test]


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_learns_digits(loss):
    X, y, X_test, y_test = imbalanced_digits()
    model = DeepClassifier(
        **FAST,
        loss=loss,
        encoder="residual",
        augmentation="digits",
        batch_size=32,
        max_steps=40,
        validation_fraction=0,
    )
    model.fit(X, y)
    assert balanced_accuracy_score(y_test, model.predict(X_test)) > 0.6
    assert model.score(X_test, y_test) > 0.6


@pytest.mark.parametrize("mixup", ["mixup", "remix"])
@pytest.mark.parametrize("sampling", ["instance", "deferred"])
def test_mixtures_learn_digits(mixup, sampling):
    X, y, X_test, y_test = imbalanced_digits()
    model = DeepClassifier(
        **FAST, mixup=mixup, sampling=sampling, batch_size=32, max_steps=40, validation_fraction=0
    )
    assert balanced_accuracy_score(y_test, model.fit(X, y).predict(X_test)) > 0.6


@pytest.mark.parametrize("loss", ["cross_entropy", "ldam"])
def test_half_precision_learns_digits(loss):
    X, y, X_test, y_test = imbalanced_digits()
    model = DeepClassifier(
        **{**FAST, "precision": "bfloat16"}, loss=loss, batch_size=32, max_steps=40
    )
    model.fit(X, y)
    assert all(weight.dtype == torch.float32 for weight in model.method_.parameters())
    assert balanced_accuracy_score(y_test, model.predict(X_test)) > 0.6


# ---------------------------------------------------------------- a rare class that overlaps


def overlapping(n: tuple[int, int], seed: int):
    """Two Gaussians whose means are two standard deviations apart."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], n)
    X = rng.normal(size=(len(y), 4))
    X[:, 0] += 2 * y
    return X, y


@pytest.fixture(scope="module")
def plain_recall():
    return {steps: minority_recall(max_steps=steps) for steps in (60, 600)}


def minority_recall(**parameters) -> float:
    model = DeepClassifier(**FAST, batch_size=64, validation_fraction=0, **parameters)
    model.fit(*overlapping((30, 600), seed=0))  # class 0 is the rare one
    X, y = overlapping((500, 500), seed=1)
    return recall_score(y, model.predict(X), pos_label=0)


@pytest.mark.parametrize(
    "parameters",
    [
        {"loss": "weighted"},
        {"loss": "class_balanced"},
        {"loss": "logit_adjustment"},
        {"loss": "balanced_softmax"},
        {"sampling": "balanced"},
        {"sampling": "square_root"},
        {"priors": "balanced"},
    ],
    ids=str,
)
def test_every_correction_finds_more_of_the_rare_class(parameters, plain_recall):
    assert minority_recall(**parameters, max_steps=60) > plain_recall[60] + 0.05


@pytest.mark.parametrize("parameters", [{"loss": "ldam"}, {"sampling": "deferred"}], ids=str)
def test_deferred_corrections_do_so_in_longer_runs(parameters, plain_recall):
    # Their last fifth comes at low learning rates and begins with other statistics of the batches.
    assert minority_recall(**parameters, max_steps=600) > plain_recall[600] + 0.05


# ---------------------------------------------------------------- other networks


@pytest.mark.parametrize(("encoder", "latent"), [("conv", 5), ("residual", 5), ("resnet18", 5)])
def test_encoders_train_on_colour_pictures_of_odd_size(encoder, latent):
    X = np.random.default_rng(0).random((12, 11, 9, 3), dtype=np.float32)
    y = np.arange(12) % 2
    model = DeepClassifier(**FAST, encoder=encoder, latent_dim=latent, max_steps=2, batch_size=4)
    assert model.fit(X, y).transform(X).shape == (12, latent)


def test_two_stage_trains_on_both_kinds():
    model = DeepClassifier(**FAST, preset="two-stage", max_steps=2, batch_size=8)
    assert model.fit(IMAGES[:24], DIGITS[:24] % 2).transform(IMAGES[:3]).shape == (3, 512)
    assert model.fit(IRIS, SPECIES).transform(IRIS[:3]).shape == (3, 256)

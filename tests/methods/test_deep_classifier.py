from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification
from sklearn.metrics import balanced_accuracy_score

from osrae.errors import InputError
from osrae.methods.deep_classifier import DeepClassifier

from .deep_cases import FAST, StopAt

IRIS, SPECIES = load_iris(return_X_y=True)
RARE = np.concatenate([np.arange(50), np.arange(50, 60), np.arange(100, 150)])


@pytest.fixture(scope="module")
def iris_model():
    model = DeepClassifier(**FAST, max_steps=100, validation_fraction=0.2)
    return model.fit(IRIS[RARE], SPECIES[RARE])


# ---------------------------------------------------------------- priors


def own_logits(model: DeepClassifier, X: np.ndarray) -> np.ndarray:
    """What the trained network computes of rows of a table."""
    method, x = model.method_, torch.from_numpy(model.codec_.rows(X)[torch.arange(len(X))].numpy())
    with torch.inference_mode():
        z = method.averaged["encoder"](x.to(method.dtype))
        return method.averaged["classifier"](z).double().numpy()


def with_priors(model: DeepClassifier, priors) -> DeepClassifier:
    changed = copy.copy(model)
    return changed.set_params(priors=priors)


def test_learned_priors_keep_the_networks_own_decisions(iris_model):
    own = own_logits(iris_model, IRIS)
    assert iris_model.temperature_ != 1
    np.testing.assert_array_equal(iris_model.predict(IRIS), own.argmax(1))
    scores = iris_model.decision_function(IRIS) * iris_model.temperature_
    np.testing.assert_allclose(scores - scores[:, :1], own - own[:, :1], atol=1e-6)


def test_other_priors_follow_from_bayes_rule(iris_model):
    counts = iris_model.method_.class_counts.numpy()
    own, t = own_logits(iris_model, IRIS), iris_model.temperature_
    stated = np.array([0.7, 0.2, 0.1])
    for priors, frequencies in (
        ("balanced", np.ones(3) / 3),
        ("train", iris_model.class_counts_ / iris_model.class_counts_.sum()),
        (stated, stated),
    ):
        odds = frequencies * np.exp((own - np.log(counts / counts.sum())) / t)
        expected = odds / odds.sum(1, keepdims=True)
        proba = with_priors(iris_model, priors).predict_proba(IRIS)
        np.testing.assert_allclose(proba, expected, atol=1e-6)


def test_priors_of_the_data_are_those_that_plain_training_learns():
    model = DeepClassifier(**FAST, max_steps=20, validation_fraction=0).fit(
        IRIS[RARE], SPECIES[RARE]
    )
    train = with_priors(model, "train").predict_proba(IRIS)
    np.testing.assert_allclose(train, model.predict_proba(IRIS), atol=1e-9)


def test_two_classes_have_one_score():
    model = DeepClassifier(**FAST, max_steps=20).fit(IRIS[:100], SPECIES[:100])
    own = own_logits(model, IRIS)
    np.testing.assert_allclose(
        model.decision_function(IRIS) * model.temperature_, own[:, 1] - own[:, 0], atol=1e-6
    )


def overlapping(seed: int = 0):
    return make_classification(
        1000,
        8,
        n_informative=5,
        n_redundant=0,
        n_classes=3,
        weights=[0.9, 0.07, 0.03],
        class_sep=0.7,
        flip_y=0,
        random_state=seed,
    )


def test_weights_of_an_undecided_network_are_not_kept():
    """It names the rare class by chance, which the network's own decisions later hardly do."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [950, 50])
    X = rng.normal(size=(1000, 2)) + y[:, None]
    for seed in range(4):
        model = DeepClassifier(**{**FAST, "random_state": seed}, max_steps=150).fit(X, y)
        assert balanced_accuracy_score(y, with_priors(model, "balanced").predict(X)) > 0.7
        assert model.temperature_ > 0.2


@pytest.mark.parametrize("settings", [{"sampling": "deferred"}, {"loss": "ldam"}], ids=str)
def test_priors_are_those_of_the_weights_that_were_kept(settings):
    """A run that stops before the deferral has learned the data's own frequencies."""
    stopped = DeepClassifier(
        **FAST, **settings, max_steps=100, callbacks=[StopAt(50)], validation_fraction=0
    ).fit(IRIS[RARE], SPECIES[RARE])
    train = with_priors(stopped, "train").predict_proba(IRIS)
    np.testing.assert_allclose(train, stopped.predict_proba(IRIS), atol=1e-9)
    copied = pickle.loads(pickle.dumps(stopped))
    np.testing.assert_array_equal(with_priors(copied, "train").predict_proba(IRIS), train)
    whole = DeepClassifier(**FAST, **settings, max_steps=100, validation_fraction=0)
    whole.fit(IRIS[RARE], SPECIES[RARE])
    train = with_priors(whole, "train").predict_proba(IRIS)
    assert abs(train - whole.predict_proba(IRIS)).max() > 0.01


def test_the_temperature_calibrates_the_scores_that_are_stated():
    X, y = overlapping()
    for priors in ("learned", "balanced"):
        model = DeepClassifier(**FAST, priors=priors, max_steps=60, validation_fraction=0.4).fit(
            X, y
        )
        held = model.validation_indices_
        shares = np.bincount(y[held]) if priors == "learned" else np.ones(3)
        weights = (shares / np.bincount(y[held]) / shares.sum())[y[held]]

        def objective(t, model=model, held=held, weights=weights):
            model.temperature_ = t
            likelihood = model.predict_proba(X[held])[np.arange(len(held)), y[held]]
            return np.log(t) ** 2 / (2 * len(held)) - (weights * np.log(likelihood)).sum()

        fitted = model.temperature_
        grid = np.geomspace(0.05, 20, 400)
        best = grid[np.argmin([objective(t) for t in grid])]
        assert fitted == pytest.approx(best, rel=0.02)


# ---------------------------------------------------------------- the fitted estimator


def test_latent_vectors_are_what_the_head_sees(iris_model):
    Z = iris_model.transform(IRIS)
    assert Z.shape == (150, 8)
    head = iris_model.method_.averaged["classifier"]
    logits = Z.astype(np.float64) @ head.weight.detach().double().numpy().T
    logits += head.bias.detach().double().numpy()
    np.testing.assert_allclose(logits, own_logits(iris_model, IRIS), atol=1e-4)
    assert len(iris_model.get_feature_names_out()) == 8


def test_the_seed_decides_everything():
    parameters = {**FAST, "loss": "ldam", "mixup": "remix", "sampling": "deferred", "max_steps": 12}
    first, second = (DeepClassifier(**parameters).fit(IRIS, SPECIES) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(IRIS), second.predict_proba(IRIS))
    other = DeepClassifier(**{**parameters, "random_state": 1}).fit(IRIS, SPECIES)
    assert not np.array_equal(first.predict_proba(IRIS), other.predict_proba(IRIS))


def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path):
    parameters = {**FAST, "mixup": "mixup", "sampling": "deferred", "loss": "ldam", "max_steps": 20}
    whole = DeepClassifier(**parameters).fit(IRIS, SPECIES)
    there = {"checkpoint_dir": tmp_path / "run", "resume": True}
    stopped = DeepClassifier(**parameters, **there, callbacks=[StopAt(7)]).fit(IRIS, SPECIES)
    assert stopped.n_steps_ == 7
    resumed = DeepClassifier(**parameters, **there).fit(IRIS, SPECIES)
    assert resumed.n_steps_ == 20
    for name, value in whole.method_.state_dict().items():
        assert torch.equal(value, resumed.method_.state_dict()[name]), name


def test_models_survive_clone_and_pickle(iris_model):
    assert clone(iris_model).get_params() == iris_model.get_params()
    copied = pickle.loads(pickle.dumps(iris_model))
    np.testing.assert_allclose(copied.predict_proba(IRIS), iris_model.predict_proba(IRIS))


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "parameters",
    [
        {"loss": "hinge"},
        {"sampling": "uniform"},
        {"mixup": "cutmix"},
        {"mixup_alpha": 0.0},
        {"preset": "paper"},
        {"priors": "learnt"},
        {"latent_dim": 0},
    ],
    ids=str,
)
def test_unknown_values_are_refused_before_training(parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=name):
        DeepClassifier(**FAST, **parameters).fit(IRIS, SPECIES)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"augmentation": "digits"}, "for pictures"),
        ({"augmentation": "crops"}, "flip-crop"),
        ({"encoder": "residual"}, "mlp"),
        ({"priors": [0.5, 0.2, 0.2]}, "sum to 1"),
    ],
    ids=str,
)
def test_what_does_not_fit_the_data_is_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        DeepClassifier(**FAST, **parameters).fit(IRIS, SPECIES)

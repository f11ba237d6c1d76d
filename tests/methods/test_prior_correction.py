import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.svm import SVC, LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from osrae.methods.prior_correction import PriorCorrectedClassifier


@parametrize_with_checks([PriorCorrectedClassifier(LogisticRegression())])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.fixture
def wine():
    """Imbalanced wine; labels are text, the rarest is not the last."""
    X, y = load_wine(return_X_y=True)
    X = (X - X.mean(0)) / X.std(0)
    keep = np.r_[0:59, 59:67, 130:160]
    return X[keep, :2], np.array(["a", "b", "c"])[y[keep]]


def test_probabilities_are_divided_by_the_class_frequencies(wine):
    X, y = wine
    model = PriorCorrectedClassifier(LogisticRegression()).fit(X, y)
    plain = LogisticRegression().fit(X, y).predict_proba(X)
    expected = plain / np.array([59, 8, 30])
    expected /= expected.sum(1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(X), expected)
    assert model.predict(X).tolist() == model.classes_[expected.argmax(1)].tolist()


def test_rare_classes_are_named_more_often(wine):
    X, y = wine
    plain = LogisticRegression().fit(X, y)
    corrected = PriorCorrectedClassifier(LogisticRegression()).fit(X, y)
    assert (corrected.predict(X) == "b").sum() > (plain.predict(X) == "b").sum()
    assert balanced_accuracy_score(y, corrected.predict(X)) > balanced_accuracy_score(
        y, plain.predict(X)
    )


def test_features_are_those_of_the_latest_fit(wine):
    X, y = wine
    model = PriorCorrectedClassifier(LogisticRegression())
    assert not hasattr(model, "n_features_in_")
    model.fit(pd.DataFrame(X, columns=["acid", "ash"]), y)
    assert model.feature_names_in_.tolist() == ["acid", "ash"]
    model.fit(X[:, :1], y)
    assert model.n_features_in_ == 1
    assert not hasattr(model, "feature_names_in_")


def test_there_are_probabilities_only_where_the_classifier_has_some(wine):
    assert not hasattr(PriorCorrectedClassifier(LinearSVC()), "predict_proba")
    model = PriorCorrectedClassifier(SVC(probability=True))
    assert hasattr(model, "predict_proba")
    assert not hasattr(model.set_params(estimator__probability=False), "predict_proba")
    assert hasattr(PriorCorrectedClassifier(LogisticRegression()).fit(*wine), "predict_proba")

"""A classifier's answers, for equally common classes."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from osrae.evaluation.calibration import shift_priors

__all__ = ["PriorCorrectedClassifier"]


def _has_probabilities(model: PriorCorrectedClassifier) -> bool:
    return hasattr(getattr(model, "estimator_", model.estimator), "predict_proba")


class PriorCorrectedClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Predicts as if all classes were equally common.

    A plain classifier learns how common classes are, and seldom names a rare one. Its
    probabilities, divided by the class frequencies of the training data, are those for equally
    common classes: the decision that is best for ACSA if they are well calibrated. It costs
    nothing, so every method for rare classes should be compared with it.

    Parameters
    ----------
    estimator : classifier
        With ``predict_proba``, and without class weights.

    Attributes
    ----------
    classes_ : ndarray of shape (C,)
    estimator_ : classifier
        Trained.
    class_counts_ : ndarray of int, shape (C,)
        Training samples of each class.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        As ``estimator_`` has them.

    References
    ----------
    Saerens, Latinne, Decaestecker. Adjusting the Outputs of a Classifier to New a Priori
    Probabilities. Neural Computation 14, 2002.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from osrae.methods.prior_correction import PriorCorrectedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = PriorCorrectedClassifier(LogisticRegression(max_iter=1000)).fit(X[:110], y[:110])
    >>> model.predict_proba(X[:2]).shape
    (2, 3)
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Train the classifier.

        Parameters
        ----------
        X : what the classifier takes
        y : array-like of shape (n,)

        Returns
        -------
        self
        """
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.estimator_.classes_
        self.class_counts_ = np.array([(np.asarray(y) == c).sum() for c in self.classes_])
        return self

    @property
    def n_features_in_(self) -> int:
        """Number of features, if the classifier counts them."""
        return self.estimator_.n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the features, if the classifier was trained on names."""
        return self.estimator_.feature_names_in_

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities for equally common classes, (n, C)."""
        check_is_fitted(self)
        probabilities = self.estimator_.predict_proba(X)
        return shift_priors(probabilities, self.class_counts_, np.ones(len(self.classes_)))

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest class of every row, (n,)."""
        best = self.predict_proba(X).argmax(1)
        return self.classes_[best]

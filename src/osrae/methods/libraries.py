"""What scikit-learn and imbalanced-learn offer for tables with rare classes, as methods."""

from __future__ import annotations

from typing import Any

from imblearn.ensemble import BalancedRandomForestClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from osrae.methods.prior_correction import PriorCorrectedClassifier
from osrae.methods.two_stage import TwoStageClassifier

__all__ = [
    "balanced_random_forest",
    "corrected_gradient_boosting",
    "corrected_logistic_regression",
    "gradient_boosting",
    "logistic_regression",
    "random_forest",
    "weighted_gradient_boosting",
    "weighted_logistic_regression",
]


def _boosting(**parameters: Any) -> HistGradientBoostingClassifier:
    # Early stopping, scikit-learn's default beyond 10,000 rows, refuses classes of one row.
    return HistGradientBoostingClassifier(early_stopping=False, **parameters)


def gradient_boosting(**parameters: Any) -> TwoStageClassifier:
    """Return scikit-learn's histogram gradient boosting."""
    return TwoStageClassifier(classifier=_boosting(), **parameters)


def weighted_gradient_boosting(**parameters: Any) -> TwoStageClassifier:
    """Return histogram gradient boosting with class weights n / (C n_c)."""
    boosting = _boosting(class_weight="balanced")
    return TwoStageClassifier(classifier=boosting, **parameters)


def corrected_gradient_boosting(**parameters: Any) -> TwoStageClassifier:
    """Return histogram gradient boosting that predicts for equally common classes."""
    boosting = PriorCorrectedClassifier(_boosting())
    return TwoStageClassifier(classifier=boosting, **parameters)


def random_forest(**parameters: Any) -> TwoStageClassifier:
    """Return scikit-learn's random forest."""
    return TwoStageClassifier(classifier=RandomForestClassifier(), **parameters)


def balanced_random_forest(**parameters: Any) -> TwoStageClassifier:
    """Return imbalanced-learn's random forest of trees on balanced bootstraps (Chen et al.)."""
    forest = BalancedRandomForestClassifier(
        sampling_strategy="all", replacement=True, bootstrap=False
    )
    return TwoStageClassifier(classifier=forest, **parameters)


def logistic_regression(**parameters: Any) -> TwoStageClassifier:
    """Return scikit-learn's logistic regression."""
    return TwoStageClassifier(classifier=LogisticRegression(max_iter=1000), **parameters)


def corrected_logistic_regression(**parameters: Any) -> TwoStageClassifier:
    """Return logistic regression that predicts for equally common classes."""
    regression = PriorCorrectedClassifier(LogisticRegression(max_iter=1000))
    return TwoStageClassifier(classifier=regression, **parameters)


def weighted_logistic_regression(**parameters: Any) -> TwoStageClassifier:
    """Return logistic regression with class weights n / (C n_c)."""
    regression = LogisticRegression(max_iter=1000, class_weight="balanced")
    return TwoStageClassifier(classifier=regression, **parameters)

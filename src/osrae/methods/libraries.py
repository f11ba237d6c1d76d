"""What scikit-learn and imbalanced-learn offer for tables with rare classes, as methods."""

from __future__ import annotations

from typing import Any

from imblearn.ensemble import BalancedRandomForestClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from osrae.methods.two_stage import TwoStageClassifier

__all__ = [
    "balanced_random_forest",
    "gradient_boosting",
    "logistic_regression",
    "weighted_gradient_boosting",
    "weighted_logistic_regression",
]


def gradient_boosting(**parameters: Any) -> TwoStageClassifier:
    """Return scikit-learn's histogram gradient boosting."""
    return TwoStageClassifier(classifier=HistGradientBoostingClassifier(), **parameters)


def weighted_gradient_boosting(**parameters: Any) -> TwoStageClassifier:
    """Return histogram gradient boosting with class weights n / (C n_c)."""
    boosting = HistGradientBoostingClassifier(class_weight="balanced")
    return TwoStageClassifier(classifier=boosting, **parameters)


def balanced_random_forest(**parameters: Any) -> TwoStageClassifier:
    """Return imbalanced-learn's random forest of trees on balanced bootstraps (Chen et al.)."""
    forest = BalancedRandomForestClassifier(
        sampling_strategy="all", replacement=True, bootstrap=False
    )
    return TwoStageClassifier(classifier=forest, **parameters)


def logistic_regression(**parameters: Any) -> TwoStageClassifier:
    """Return scikit-learn's logistic regression."""
    return TwoStageClassifier(classifier=LogisticRegression(max_iter=1000), **parameters)


def weighted_logistic_regression(**parameters: Any) -> TwoStageClassifier:
    """Return logistic regression with class weights n / (C n_c)."""
    regression = LogisticRegression(max_iter=1000, class_weight="balanced")
    return TwoStageClassifier(classifier=regression, **parameters)

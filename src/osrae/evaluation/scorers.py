"""Scorers for scikit-learn's model selection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.metrics import make_scorer

from osrae.evaluation.calibration import brier_score, classwise_calibration_error
from osrae.evaluation.classification import mauprc_ova, summary

__all__ = ["SCORERS"]


def _score(y_true: Any, y_pred: Any, name: str) -> float:
    return summary(y_true, y_pred)[name]


def _mauprc_ova(estimator: Any, X: Any, y: Any) -> float:
    """Score with the classes that the estimator knows: a fold may lack one of them."""
    return mauprc_ova(y, estimator.predict_proba(X), estimator.classes_)


def _negative_brier(estimator: Any, X: Any, y: Any) -> float:
    return -brier_score(y, estimator.predict_proba(X), estimator.classes_)


def _negative_calibration_error(estimator: Any, X: Any, y: Any) -> float:
    return -classwise_calibration_error(y, estimator.predict_proba(X), estimator.classes_)


#: By name, for ``scoring=`` of `cross_val_score` (one) or `cross_validate` (all of them); higher is
#: better in each.
SCORERS: dict[str, Callable[..., float]] = {
    **{name: make_scorer(_score, name=name) for name in ("acsa", "gm", "f1", "recall_gm")},
    "mauprc_ova": _mauprc_ova,
    "neg_brier": _negative_brier,
    "neg_calibration_error": _negative_calibration_error,
}

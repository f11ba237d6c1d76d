"""What the commands measure on held-out data."""

from __future__ import annotations

from typing import Any

import numpy as np

from osrae.cli.display import PLAIN_COLUMNS
from osrae.evaluation.classification import per_class_recall, summary

__all__ = ["plain_predictions", "plain_scores", "scores"]


def scores(y_true: Any, y_pred: Any) -> dict[str, Any]:
    """Return the summary scores, and under ``classes`` the recall of every class."""
    table = [
        {"class": str(label), "held_out": int(n), "recall": float(recall)}
        for label, n, recall in zip(*per_class_recall(y_true, y_pred), strict=True)
    ]
    return {"classes": table, **summary(y_true, y_pred)}


def plain_predictions(plain: Any, X: Any) -> dict[str, np.ndarray]:
    """Predict with a classifier trained without oversampling, as it is and corrected, by title."""
    plain.temperature_ = 1.0  # it would move what is predicted for the data's own frequencies
    return {
        title: plain.set_params(priors=priors).predict(X) for title, priors in PLAIN_COLUMNS.items()
    }


def plain_scores(plain: Any, X: Any, y: Any) -> dict[str, dict[str, Any]]:
    """Score the predictions of `plain_predictions`, by title."""
    return {title: scores(y, made) for title, made in plain_predictions(plain, X).items()}

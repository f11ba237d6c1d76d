"""Probabilities for stated class priors."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from osrae.errors import InputError

__all__ = ["fit_temperature", "resolve_priors"]


def fit_temperature(logits: np.ndarray, codes: np.ndarray, priors: np.ndarray) -> float:
    """Find the temperature of the scores for some class priors.

    Minimises the negative log-likelihood, with the classes weighing as the priors say and a
    standard normal prior on the temperature's logarithm.

    Parameters
    ----------
    logits : ndarray of shape (n, C)
        Of held-out rows, for equally common classes.
    codes : ndarray of shape (n,)
        Their class numbers.
    priors : ndarray of shape (C,)
        Positive numbers, which need not sum to 1.

    Returns
    -------
    float
        In [0.05, 20].

    References
    ----------
    Guo, Pleiss, Sun, Weinberger. On Calibration of Modern Neural Networks. ICML 2017.
    """
    scores = logits + np.log(priors)
    weights = (priors / np.bincount(codes, minlength=len(priors)).clip(1))[codes]

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(scores / np.exp(log_temperature), axis=1)
        likelihood = float(np.average(scaled[np.arange(len(codes)), codes], weights=weights))
        # A standard normal prior: a few rows, all classified rightly, prove no certainty.
        return log_temperature**2 / (2 * len(codes)) - likelihood

    bounds = (np.log(0.05), np.log(20.0))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def resolve_priors(priors: Any, counts: np.ndarray) -> np.ndarray:
    """Return class priors as numbers that sum to one.

    Parameters
    ----------
    priors : "balanced", "train" or array-like of shape (C,)
        Uniform, as frequent as in the training data, or stated in the order of ``classes_``.
    counts : ndarray of shape (C,)
        Training samples of each class.

    Raises
    ------
    InputError
        If stated priors are not C positive numbers that sum to 1.
    """
    if isinstance(priors, str) and priors in ("balanced", "train"):
        values = np.ones(len(counts)) if priors == "balanced" else counts
        return values / values.sum()
    try:
        stated = np.asarray(priors, dtype=np.float64)
    except (TypeError, ValueError):
        stated = np.zeros(0)
    if stated.shape != counts.shape or not (stated > 0).all() or not np.isclose(stated.sum(), 1):
        raise InputError(
            f"priors={priors!r}: expected {len(counts)} positive numbers that sum to 1, one for "
            "each entry of classes_ in its order, or 'balanced' or 'train'."
        )
    return stated / stated.sum()

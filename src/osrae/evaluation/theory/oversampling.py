"""Corollary 1: what rows that are mixtures do to the Lipschitz constant of a linear classifier."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import SVC

from osrae.data.labels import encode_labels
from osrae.evaluation.theory.mixtures import Mixtures, check_latents, class_numbers
from osrae.evaluation.theory.preservation import linearly_separable

__all__ = ["OversampledMargins", "hard_margin_norm", "oversampled_margins"]


@dataclass(frozen=True)
class OversampledMargins:
    """Hard-margin classifiers of each class against the rest.

    Attributes
    ----------
    classes : ndarray of shape (C,)
    n, n_mixtures : int
        Rows, and mixtures of them.
    norms : ndarray of shape (C,)
        ‖w‖ of the classifier with the largest margin, which is 1/‖w‖; nan where the class is not
        linearly separable.
    norms_mixtures : ndarray of shape (C,)
        The same on the mixtures alone: never larger.
    norms_both : ndarray of shape (C,)
        The same on rows and mixtures: equal to that on the rows.
    """

    classes: np.ndarray
    n: int
    n_mixtures: int
    norms: np.ndarray
    norms_mixtures: np.ndarray
    norms_both: np.ndarray

    def __str__(self) -> str:
        lines = [
            "Corollary 1: |w| of the classifier with the largest margin, class against rest",
            f"  class      {self.n:6d} rows   with {self.n_mixtures} mixtures   mixtures alone",
        ]
        lines += [
            f"  {label!s:10} {rows:11.4g} {both:16.4g} {alone:16.4g}"
            if np.isfinite(rows)
            else f"  {label!s:10} no margin found"
            for label, rows, both, alone in zip(
                self.classes, self.norms, self.norms_both, self.norms_mixtures, strict=True
            )
        ]
        return "\n".join(lines)


#: Of the solver; where a class is only just separable, it would come to no end without a bound.
_MOST_ITERATIONS = 1_000_000


def hard_margin_norm(Z: Any, members: Any) -> float:
    """Return ``‖w‖`` of the smallest w with ``w·z + b ≥ 1`` on members and ``≤ -1`` on others.

    Parameters
    ----------
    Z : array-like of shape (n, m)
    members : array-like of bool, shape (n,)
        True at least once and False at least once.

    Returns
    -------
    float
        One over the margin; nan where no hyperplane separates, or by so little that the solver
        comes to no end.
    """
    Z, members = check_latents(Z, members)
    if not linearly_separable(Z, members):
        return np.nan
    centre = Z.mean(axis=0)
    size = np.linalg.norm(Z - centre, axis=1).max()
    scaled = (Z - centre) / size
    model = SVC(kernel="linear", C=1e10, tol=1e-6, max_iter=_MOST_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(scaled, members)
    if model.fit_status_:
        return np.nan
    slope = model.coef_[0]
    along = scaled @ slope
    # The solver stops a little short of the constraints; half the gap along w is the margin.
    gap = along[members.astype(bool)].min() - along[~members.astype(bool)].max()
    return float(2 * np.linalg.norm(slope) / gap / size)


def oversampled_margins(Z: Any, y: Any, mixtures: Mixtures) -> OversampledMargins:
    """Compare hard-margin classifiers of rows, of mixtures, and of both.

    Parameters
    ----------
    Z : array-like of shape (n, m)
    y : array-like of shape (n,)
        Labels of at least two classes.
    mixtures : Mixtures
        Mixtures of rows of ``Z``.

    Returns
    -------
    OversampledMargins

    References
    ----------
    Corollary 1; Corollary 2 of the paper's supplementary.
    """
    Z, y = check_latents(Z, y)
    classes, codes = encode_labels(y)
    _, made = class_numbers(mixtures.y, classes)
    sets = {
        "norms": (Z, codes),
        "norms_mixtures": (mixtures.Z, made),
        "norms_both": (np.concatenate([Z, mixtures.Z]), np.concatenate([codes, made])),
    }
    return OversampledMargins(
        classes=classes,
        n=len(Z),
        n_mixtures=len(made),
        **{
            name: np.array([hard_margin_norm(rows, which == c) for c in range(len(classes))])
            for name, (rows, which) in sets.items()
        },
    )

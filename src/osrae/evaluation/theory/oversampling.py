"""Corollary 1: what rows that are mixtures do to the Lipschitz constant of a linear classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import nnls

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
            else f"  {label!s:10} not linearly separable"
            for label, rows, both, alone in zip(
                self.classes, self.norms, self.norms_both, self.norms_mixtures, strict=True
            )
        ]
        return "\n".join(lines)


#: Weight of b² beside ‖w‖², which alone is to be small; of rows about the origin b is no larger.
_PRICE_OF_B = 1e-8


def hard_margin_norm(Z: Any, members: Any) -> float:
    """Return ``‖w‖`` of the smallest w with ``w·z + b ≥ 1`` on members and ``≤ -1`` on others.

    Parameters
    ----------
    Z : array-like of shape (n, m)
    members : array-like of bool, shape (n,)

    Returns
    -------
    float
        One over the margin; nan where no hyperplane separates, or there is nothing on one side.
    """
    Z, members = check_latents(Z, members)
    if len(set(members.tolist())) < 2 or not linearly_separable(Z, members):
        return np.nan
    centre = Z.mean(axis=0)
    size = np.linalg.norm(Z - centre, axis=1).max()
    scaled = (Z - centre) / size
    slope = _least_slope(scaled, np.where(members, 1.0, -1.0))
    along = scaled @ slope
    # By rounding, it may miss the constraints by a little; half the gap along w is the margin.
    gap = along[members.astype(bool)].min() - along[~members.astype(bool)].max()
    return float(2 * np.linalg.norm(slope) / gap / size)


def _least_slope(Z: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Return the smallest w with ``signs · (Z w + b) ≥ 1`` for some b.

    Least distance programming by non-negative least squares, which ends after finitely many steps
    also where rows (nearly) coincide, as mixtures and their parents do: solvers of support vector
    machines may then go round in circles.

    Parameters
    ----------
    Z : ndarray of shape (n, m)
        Separable rows about the origin, of length 1 at most.
    signs : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (m,)

    References
    ----------
    Lawson, Hanson. Solving Least Squares Problems. 1974, chapter 23.
    """
    constraints = np.column_stack([signs[:, None] * Z, signs / np.sqrt(_PRICE_OF_B)])
    target = np.append(np.zeros(constraints.shape[1]), 1.0)
    system = np.vstack([constraints.T, np.ones(len(Z))])
    weights, _ = nnls(system, target)
    residual = system @ weights - target
    return residual[: Z.shape[1]] / -residual[-1]


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

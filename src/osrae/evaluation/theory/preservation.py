"""Proposition 1: which mixtures of latent vectors of one class keep that class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog

from osrae.errors import InputError, OsraeError
from osrae.evaluation.theory.mixtures import Mixtures, check_latents, class_numbers

__all__ = [
    "Preservation",
    "check_linear_classifier",
    "class_margins",
    "label_preservation",
    "linearly_separable",
]


@dataclass(frozen=True)
class Preservation:
    """What a linear classifier does with the members of a class and with their mixtures.

    Attributes
    ----------
    classes : ndarray of shape (C,)
    counts : ndarray of int, shape (C,)
        Latent vectors of each class.
    correct : ndarray of shape (C,)
        Share of them that the classifier gets right; nan for a class without any.
    smallest_margin : ndarray of shape (C,)
        Of a member's logit over the largest other logit; negative where a member is wrong, inf for
        a class without any.
    separated : ndarray of bool, shape (C,)
        Whether the classifier's region of the class holds all its members and no other.
    separable : ndarray of bool, shape (C,)
        Whether some hyperplane has the class on one side and all others on the other.
    kept : ndarray of shape (C,)
        Share of its mixtures that the classifier gives to the class; nan without any.
    kept_all_right, kept_some_wrong : float
        The same share over all classes, for mixtures whose parents are all classified right, and
        for those with a parent that is not; nan without any, or where parents are unknown.
    n_all_right, n_some_wrong : int
        How many mixtures these are.
    """

    classes: np.ndarray
    counts: np.ndarray
    correct: np.ndarray
    smallest_margin: np.ndarray
    separated: np.ndarray
    separable: np.ndarray
    kept: np.ndarray
    kept_all_right: float
    kept_some_wrong: float
    n_all_right: int
    n_some_wrong: int

    def __str__(self) -> str:
        lines = [
            "Proposition 1: label preservation",
            "  class           n   right %   kept %   least margin   apart under L   separable",
        ]
        lines += [
            f"  {label!s:10} {count:6d} {100 * right:9.1f} {100 * kept:8.1f} {margin:14.3g}"
            f" {'yes' if apart else 'no':>15} {'yes' if hyperplane else 'no':>11}"
            for label, count, right, kept, margin, apart, hyperplane in zip(
                self.classes, self.counts, self.correct, self.kept, self.smallest_margin,
                self.separated, self.separable, strict=True,
            )
        ]  # fmt: skip
        if self.n_all_right + self.n_some_wrong:
            lines.append(
                f"  kept {100 * self.kept_all_right:.1f} % of {self.n_all_right} mixtures of "
                f"right parents, {100 * self.kept_some_wrong:.1f} % of {self.n_some_wrong} others"
            )
        return "\n".join(lines)


def check_linear_classifier(
    coef: Any, intercept: Any, n_features: int, n_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of a linear classifier as float64.

    Parameters
    ----------
    coef : array-like of shape (C, m)
    intercept : array-like of shape (C,)
    n_features, n_classes : int
        The m and C that are expected.

    Returns
    -------
    coef : ndarray of shape (C, m)
    intercept : ndarray of shape (C,)

    Raises
    ------
    InputError
        If a shape is another one.
    """
    coef, intercept = np.asarray(coef, np.float64), np.asarray(intercept, np.float64)
    if coef.shape != (n_classes, n_features) or intercept.shape != (n_classes,):
        raise InputError(
            f"coef has shape {coef.shape} and intercept {intercept.shape}; {n_classes} classes of "
            f"{n_features}-dimensional latent vectors need {(n_classes, n_features)} and "
            f"{(n_classes,)}. For a two-class model with a "
            "single row w and number b, pass rows 0, w and numbers 0, b."
        )
    return coef, intercept


def class_margins(
    Z: np.ndarray, codes: np.ndarray, coef: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    """Return by how much the logit of its class exceeds the largest other logit of every row.

    Parameters
    ----------
    Z : ndarray of shape (n, m)
    codes : ndarray of int, shape (n,)
        Class numbers.
    coef : ndarray of shape (C, m)
    intercept : ndarray of shape (C,)

    Returns
    -------
    ndarray of shape (n,)
        Positive where the classifier is right. A concave function of the latent vector: the
        margin of a mixture is at least the weighted mean of its parents' margins.
    """
    logits = Z @ coef.T + intercept
    rows = np.arange(len(Z))
    own = logits[rows, codes]
    logits[rows, codes] = -np.inf
    return own - logits.max(axis=1)


def linearly_separable(Z: Any, members: Any) -> bool:
    """Say whether a hyperplane has ``members`` on one side and all other rows on the other.

    Parameters
    ----------
    Z : array-like of shape (n, m)
    members : array-like of bool, shape (n,)

    Returns
    -------
    bool
        Exact up to the solver's tolerance: a linear program looks for w, b with
        ``w·z + b ≥ 1`` on the members and ``≤ -1`` on the others. True where one side is empty.

    Raises
    ------
    OsraeError
        If the solver finds no answer.
    """
    Z, members = check_latents(Z, members)
    sign = np.where(members.astype(bool), 1.0, -1.0)
    if np.ptp(sign) == 0:
        return True
    spread = Z.std(axis=0)
    scaled = (Z - Z.mean(axis=0)) / np.where(spread > 0, spread, 1)
    rows = sign[:, None] * np.column_stack([scaled, np.ones(len(Z))])
    answer = linprog(
        np.zeros(rows.shape[1]), A_ub=-rows, b_ub=-np.ones(len(rows)), bounds=(None, None)
    )
    if answer.status not in (0, 2):
        raise OsraeError(f"The linear program for separability found no answer: {answer.message}")
    return bool(answer.status == 0 and (rows @ answer.x > 0).all())


def label_preservation(
    Z: Any, y: Any, coef: Any, intercept: Any, mixtures: Mixtures, *, classes: Any = None
) -> Preservation:
    """Measure label preservation of a linear classifier.

    Parameters
    ----------
    Z : array-like of shape (n, m)
        Latent vectors.
    y : array-like of shape (n,)
        Their labels.
    coef : array-like of shape (C, m)
    intercept : array-like of shape (C,)
        The class with the largest ``Z @ coef.T + intercept`` is predicted.
    mixtures : Mixtures
        Fresh mixtures. Their ``parents``, where given, are rows of ``Z``.
    classes : array-like of shape (C,) or None, default=None
        Labels in the order of ``coef``; None takes the sorted labels of ``y``.

    Returns
    -------
    Preservation

    Raises
    ------
    InputError
        If shapes or labels do not fit together.

    References
    ----------
    Proposition 1; Proposition 5 of the paper's supplementary.
    """
    Z, y = check_latents(Z, y)
    classes, codes = class_numbers(y, classes)
    coef, intercept = check_linear_classifier(coef, intercept, Z.shape[1], len(classes))
    right = class_margins(Z, codes, coef, intercept)
    predicted = (Z @ coef.T + intercept).argmax(axis=1)
    _, made = class_numbers(mixtures.y, classes)
    kept = class_margins(mixtures.Z, made, coef, intercept) > 0
    known = mixtures.parents is not None
    all_right = (right > 0)[mixtures.parents].all(axis=1) if known else np.zeros(0, bool)
    numbers = range(len(classes))
    return Preservation(
        classes=classes,
        counts=np.bincount(codes, minlength=len(classes)),
        correct=np.array([_mean(right[codes == c] > 0) for c in numbers]),
        smallest_margin=np.array([right[codes == c].min(initial=np.inf) for c in numbers]),
        separated=np.array(
            [bool(np.all((predicted == c) == (codes == c)) and (right[codes == c] > 0).all())
             for c in numbers]
        ),
        separable=np.array([linearly_separable(Z, codes == c) for c in numbers]),
        kept=np.array([_mean(kept[made == c]) for c in numbers]),
        kept_all_right=_mean(kept[all_right]) if known else np.nan,
        kept_some_wrong=_mean(kept[~all_right]) if known else np.nan,
        n_all_right=int(all_right.sum()),
        n_some_wrong=int((~all_right).sum()),
    )  # fmt: skip


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else np.nan

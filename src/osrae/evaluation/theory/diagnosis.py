"""All diagnostics of a fitted classifier at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from osrae.data.labels import label_array
from osrae.errors import InputError
from osrae.evaluation.theory.bernstein import Bernstein, bernstein_terms
from osrae.evaluation.theory.lipschitz import Interpolation, interpolation
from osrae.evaluation.theory.mixtures import Mixtures, check_latents, class_numbers
from osrae.evaluation.theory.oversampling import OversampledMargins, oversampled_margins
from osrae.evaluation.theory.permutations import within_class_permutation
from osrae.evaluation.theory.preservation import Preservation, label_preservation
from osrae.evaluation.theory.risk import RiskVariance, risk_variance

__all__ = ["Diagnosis", "diagnose", "fresh_mixtures"]

#: Mixtures for every label: losses are skewed, and the variance of a few would be mostly chance.
_MIXTURES_PER_LABEL = 10
#: How far a mixture in half precision may lie from the same mixture in full.
_ROUNDING = 0.02
_NEEDED = ("transform", "sample_latent", "classes_", "coef_", "intercept_")


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found.

    Attributes
    ----------
    preservation : Preservation
        Proposition 1.
    risk : RiskVariance
        Proposition 2.
    bernstein : Bernstein
        Proposition 3.
    interpolation : Interpolation
        Proposition 4.
    margins : OversampledMargins
        Corollary 1.
    """

    preservation: Preservation
    risk: RiskVariance
    bernstein: Bernstein
    interpolation: Interpolation
    margins: OversampledMargins

    def __str__(self) -> str:
        parts = (self.preservation, self.risk, self.bernstein, self.interpolation,
                 self.margins)  # fmt: skip
        return "\n\n".join(str(part) for part in parts)


def fresh_mixtures(
    estimator: Any,
    Z: np.ndarray,
    y: np.ndarray,
    random_state: int | np.random.RandomState | None = None,
) -> Mixtures:
    """Let a fitted classifier make ten mixtures for every training sample.

    Parameters
    ----------
    estimator : RAEClassifier
        Or any object with its ``sample_latent`` and ``classes_``.
    Z : ndarray of shape (n, m)
        Latent vectors of its training data.
    y : ndarray of shape (n,)
    random_state : int, RandomState or None, default=None

    Returns
    -------
    Mixtures
        Class by class, recomputed from ``Z`` with the model's parents and coefficients.

    Raises
    ------
    InputError
        If these parents and coefficients do not give the model's mixtures, since ``Z`` is not
        that of its training data.
    """
    random = check_random_state(random_state)
    classes, codes = class_numbers(y, estimator.classes_)
    counts = _MIXTURES_PER_LABEL * np.bincount(codes, minlength=len(classes))
    made = [
        estimator.sample_latent(int(count), label, random)
        for label, count in zip(classes, counts, strict=True)
        if count
    ]
    latents, alpha, parents = (np.concatenate([part[i] for part in made]) for i in range(3))
    alpha = alpha / alpha.sum(axis=1, keepdims=True, dtype=np.float64)
    numbers = np.repeat(np.arange(len(classes)), counts)
    mixed = None
    if parents.max() < len(Z) and (codes[parents] == numbers[:, None]).all():
        mixed = np.einsum("nt,ntm->nm", alpha, Z[parents])
    if mixed is None or np.linalg.norm(mixed - latents) > _ROUNDING * np.linalg.norm(mixed):
        raise InputError(
            "X and y are not the model's training data: its mixtures are not mixtures of their "
            "latent vectors. Pass X and y as fit got them, all rows in the same order."
        )
    return Mixtures(mixed, classes[numbers], alpha, parents)


def diagnose(
    estimator: Any, X: Any, y: Any, *, random_state: int | np.random.RandomState | None = None
) -> Diagnosis:
    """Apply the paper's propositions to a fitted classifier.

    Parameters
    ----------
    estimator : RAEClassifier
        Fitted; or any object with ``classes_``, ``coef_`` (C, m), ``intercept_`` (C,),
        ``transform(X)`` → (n, m) and ``sample_latent(n, label, random_state)`` → mixtures (n, m),
        their coefficients (n, t) and the rows of their parents (n, t).
    X : as for its `fit`
        Its training data, all rows in the same order.
    y : array-like of shape (n,)
        Their labels.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    Diagnosis
        Printing it shows every number by class. The loss of Propositions 2 and 3 is the
        cross-entropy of the linear classifier as it predicts. Proposition 3 divides it by its
        largest value on ``X`` and the mixtures, and guarantees nothing for rows that the
        classifier was trained on. Proposition 4 is about latent vectors scaled to length 1.

    Raises
    ------
    InputError
        If the estimator lacks an attribute, or ``X`` and ``y`` are not its training data.

    Notes
    -----
    Separability is a linear program and the margin a quadratic one for each class: seconds for a
    thousand rows, minutes for some ten thousand.
    """
    missing = [name for name in _NEEDED if not hasattr(estimator, name)]
    if missing:
        raise InputError(
            f"{type(estimator).__name__} has no {', '.join(missing)}. diagnose needs a fitted "
            "RAEClassifier: call fit first."
        )
    random = check_random_state(random_state)
    labels = label_array(y)
    class_numbers(labels, estimator.classes_)
    Z, labels = check_latents(estimator.transform(X), labels)
    mixtures = fresh_mixtures(estimator, Z, labels, random)
    linear = {"coef": estimator.coef_, "intercept": estimator.intercept_}
    classes = estimator.classes_
    risk = risk_variance(Z, labels, **linear, mixtures=mixtures, classes=classes)
    length = np.linalg.norm(Z, axis=1, keepdims=True)
    return Diagnosis(
        preservation=label_preservation(Z, labels, **linear, mixtures=mixtures, classes=classes),
        risk=risk,
        bernstein=bernstein_terms(
            risk.losses,
            risk.losses_mixed,
            largest_loss=max(risk.losses.max(), risk.losses_mixed.max()),
        ),
        interpolation=interpolation(
            Z / np.where(length > 0, length, 1), labels, within_class_permutation(labels, random)
        ),
        margins=oversampled_margins(Z, labels, _one_per_label(mixtures)),
    )


def _one_per_label(mixtures: Mixtures) -> Mixtures:
    """As many mixtures of each class as it has samples."""
    keep = slice(None, None, _MIXTURES_PER_LABEL)
    return Mixtures(mixtures.Z[keep], mixtures.y[keep], mixtures.alpha[keep])

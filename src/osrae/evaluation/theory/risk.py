"""Proposition 2: the variance of the empirical risk, with and without mixing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from osrae.evaluation.theory.mixtures import Mixtures, check_latents, class_numbers
from osrae.evaluation.theory.preservation import check_linear_classifier

__all__ = ["RiskVariance", "cross_entropy", "curvature", "mixing_threshold", "risk_variance"]


@dataclass(frozen=True)
class RiskVariance:
    """Losses of latent vectors and of mixtures, class by class.

    Attributes
    ----------
    classes : ndarray of shape (C,)
        The classes with at least two latent vectors and two mixtures.
    counts : ndarray of int, shape (C,)
        Latent vectors of each.
    mean, mean_mixed : ndarray of shape (C,)
        Mean loss of latent vectors, and of mixtures.
    variance, variance_mixed : ndarray of shape (C,)
        Variance of the loss V[ℓ(z)], and V[ℓ(αᵀz)].
    curvature : ndarray of shape (C,)
        ``K = E[ℓ(z)]² - ℓ(E[z])²``.
    alpha_norm : ndarray of shape (C,)
        Mean of ‖α‖².
    threshold : ndarray of shape (C,)
        ``1 - K / V[ℓ(z)]``: variance cannot grow where ‖α‖² is no larger.
    mixture_size : int
        t; ‖α‖² is never below 1/t.
    losses, losses_mixed : ndarray
        The losses themselves, of every latent vector and every mixture.

    Notes
    -----
    Where the mixtures' parents are known, E and V of ℓ(z) are taken over them, as often as each
    occurs; otherwise over all latent vectors of the class.
    """

    classes: np.ndarray
    counts: np.ndarray
    mean: np.ndarray
    mean_mixed: np.ndarray
    variance: np.ndarray
    variance_mixed: np.ndarray
    curvature: np.ndarray
    alpha_norm: np.ndarray
    threshold: np.ndarray
    mixture_size: int
    losses: np.ndarray
    losses_mixed: np.ndarray

    @property
    def reduced(self) -> np.ndarray:
        """Whether mixing lowered the variance of the loss, (C,)."""
        return self.variance_mixed <= self.variance

    @property
    def satisfied(self) -> np.ndarray:
        """Whether ‖α‖² is below the threshold, which is sufficient and not necessary, (C,)."""
        return self.alpha_norm <= self.threshold

    @property
    def attainable(self) -> np.ndarray:
        """Whether any α of this size is below the threshold, (C,)."""
        return self.threshold >= 1 / self.mixture_size

    def __str__(self) -> str:
        lines = [
            "Proposition 2: variance of the loss",
            "  class          V[l(z)]  V[l(z')]    ratio   mean a.a    1 - K/V   lower   promised",
        ]
        lines += [
            f"  {label!s:10} {plain:11.3g} {mixed:9.3g} {_ratio(mixed, plain):8.3f} {norm:10.3f} "
            f"{threshold:10.3f} {'yes' if lower else 'no':>7} {'yes' if promised else 'no':>10}"
            for label, plain, mixed, norm, threshold, lower, promised in zip(
                self.classes, self.variance, self.variance_mixed, self.alpha_norm,
                self.threshold, self.reduced, self.satisfied, strict=True,
            )
        ]  # fmt: skip
        return "\n".join(lines)


def cross_entropy(
    Z: np.ndarray, codes: np.ndarray, coef: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    """Return the cross-entropy of a linear classifier, a convex function of the latent vector.

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
    """
    logits = Z @ coef.T + intercept
    # From differences of logits: a small loss would drown in the rounding of large logits.
    return logsumexp(logits - logits[np.arange(len(Z)), codes][:, None], axis=1)


def curvature(losses: np.ndarray, loss_at_mean: float) -> float:
    """Return ``K = (E[ℓ(z)] - ℓ(E[z])) (E[ℓ(z)] + ℓ(E[z]))``, of the proof of Proposition 2.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        ℓ(z) of latent vectors of one class.
    loss_at_mean : float
        ℓ of their mean.

    Returns
    -------
    float
    """
    mean = float(np.mean(losses))
    return (mean - loss_at_mean) * (mean + loss_at_mean)


def mixing_threshold(curvature: float, variance: float) -> float:
    """Return ``1 - K/V``, below which ‖α‖² cannot raise the variance of the loss.

    Parameters
    ----------
    curvature : float
        K.
    variance : float
        V[ℓ(z)], or a lower bound of it. An upper bound, which the paper prints, proves nothing.

    Returns
    -------
    float
        At most 1; -inf where the loss does not vary and is curved.
    """
    if curvature <= 0:
        return 1.0
    return 1 - curvature / variance if variance > 0 else -np.inf


def risk_variance(
    Z: Any, y: Any, coef: Any, intercept: Any, mixtures: Mixtures, *, classes: Any = None
) -> RiskVariance:
    """Compare the variance of the cross-entropy with and without mixing, class by class.

    Parameters
    ----------
    Z : array-like of shape (n, m)
        Latent vectors.
    y : array-like of shape (n,)
        Their labels.
    coef : array-like of shape (C, m)
    intercept : array-like of shape (C,)
    mixtures : Mixtures
    classes : array-like of shape (C,) or None, default=None
        Labels in the order of ``coef``; None takes the sorted labels of ``y``.

    Returns
    -------
    RiskVariance

    Raises
    ------
    InputError
        If shapes or labels do not fit together.

    Notes
    -----
    The variance of a mean of n *independent* losses is the variance of one divided by n. Mixtures
    of one finite sample share parents, so the variance of their mean is larger than that. The
    threshold is for coefficients that do not depend on the latent vectors, which a mixer's do.

    References
    ----------
    Proposition 2; Proposition 6 of the paper's supplementary.
    """
    Z, y = check_latents(Z, y)
    classes, codes = class_numbers(y, classes)
    coef, intercept = check_linear_classifier(coef, intercept, Z.shape[1], len(classes))
    _, made = class_numbers(mixtures.y, classes)
    losses = cross_entropy(Z, codes, coef, intercept)
    mixed = cross_entropy(mixtures.Z, made, coef, intercept)
    kept = [c for c in range(len(classes)) if min(np.sum(codes == c), np.sum(made == c)) > 1]
    sources = [
        np.flatnonzero(codes == c)
        if mixtures.parents is None
        else mixtures.parents[made == c].ravel()
        for c in kept
    ]
    centres = np.array([Z[rows].mean(axis=0) for rows in sources]).reshape(len(kept), Z.shape[1])
    central = cross_entropy(centres, np.array(kept, dtype=np.int64), coef, intercept)
    variance = np.array([losses[rows].var(ddof=1) for rows in sources])
    bends = [curvature(losses[rows], at) for rows, at in zip(sources, central, strict=True)]
    return RiskVariance(
        classes=classes[kept],
        counts=np.array([np.sum(codes == c) for c in kept]),
        mean=np.array([losses[rows].mean() for rows in sources]),
        mean_mixed=np.array([mixed[made == c].mean() for c in kept]),
        variance=variance,
        variance_mixed=np.array([mixed[made == c].var(ddof=1) for c in kept]),
        curvature=np.array(bends),
        alpha_norm=np.array([(mixtures.alpha[made == c] ** 2).sum(1).mean() for c in kept]),
        threshold=np.array([mixing_threshold(k, v) for k, v in zip(bends, variance, strict=True)]),
        mixture_size=mixtures.alpha.shape[1],
        losses=losses,
        losses_mixed=mixed,
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else np.nan

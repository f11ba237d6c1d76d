"""Proposition 3: the empirical Bernstein bound on the risk, with and without mixing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_array

from osrae.errors import InputError

__all__ = ["Bernstein", "bernstein_terms", "empirical_bernstein"]

#: Theorem 6 of Maurer and Pontil needs this many losses.
_LEAST_UNIFORM = 16


@dataclass(frozen=True)
class Bernstein:
    """Terms of the bound, in units of the largest possible loss.

    Attributes
    ----------
    delta : float
        The bound fails with this probability at most.
    n : int
        N, the samples; Eq. 11 counts as many mixtures, as if no two shared a parent.
    risk, risk_mixed : float
        Their means.
    variance, variance_mixed : float
        Their empirical variances V_N and V_N^α.
    variance_term, variance_term_mixed : float
    remainder : float
        The term of order 1/n, with and without mixing.
    """

    delta: float
    n: int
    risk: float
    risk_mixed: float
    variance: float
    variance_mixed: float
    variance_term: float
    variance_term_mixed: float
    remainder: float

    @property
    def bound(self) -> float:
        """What bounds the risk R(f) = E[ℓ(z)]."""
        return self.risk + self.variance_term + self.remainder

    @property
    def bound_mixed(self) -> float:
        """The right side of Eq. 11; it bounds E[ℓ(αᵀz)], which may lie below R(f)."""
        return self.risk_mixed + self.variance_term_mixed + self.remainder

    @property
    def jensen_gap(self) -> float:
        """The estimate of E[ℓ(z)] - E[ℓ(αᵀz)], which Eq. 11 leaves out."""
        return self.risk - self.risk_mixed

    def __str__(self) -> str:
        rows = (
            ("without", self.risk, self.variance_term, self.bound),
            ("mixing", self.risk_mixed, self.variance_term_mixed, self.bound_mixed),
        )
        lines = [
            f"Proposition 3: empirical Bernstein terms, n = {self.n}, delta = {self.delta:g}",
            "           mean loss   variance term   remainder      sum",
            *(
                f"  {name:8} {risk:10.4f} {term:15.4f} {self.remainder:11.4f} {total:8.4f}"
                for name, risk, term, total in rows
            ),
            f"  Jensen gap {self.jensen_gap:.4f}: the row of mixing bounds the loss of mixtures,"
            " not the risk",
        ]
        return "\n".join(lines)


def empirical_bernstein(
    variance: float, n: int, delta: float = 0.05, covering_number: float | None = None
) -> tuple[float, float]:
    """Return the two terms by which a risk can exceed its empirical value.

    Parameters
    ----------
    variance : float
        Unbiased empirical variance of n independent losses in [0, 1].
    n : int
        At least 2, and at least 16 with a covering number.
    delta : float, default=0.05
        Probability of failure, in (0, 1).
    covering_number : float or None, default=None
        N_∞(1/n, F, 2n), at least 1, of the class of loss functions that the classifier was chosen
        from with these samples. None is for one function that was fixed before.

    Returns
    -------
    variance_term, remainder : float
        ``√(2 V ln(2/δ) / n)`` and ``7 ln(2/δ) / (3 (n - 1))`` for one function;
        ``√(18 V ln(10 N_∞/δ) / n)`` and ``15 ln(10 N_∞/δ) / (n - 1)`` for a class.

    Raises
    ------
    InputError
        If a number is out of range.

    References
    ----------
    Maurer and Pontil. Empirical Bernstein Bounds and Sample Variance Penalization. COLT 2009,
    Theorems 4 and 6.
    """
    least = 2 if covering_number is None else _LEAST_UNIFORM
    if n < least or not 0 < delta < 1 or variance < 0 or (covering_number or 1) < 1:
        raise InputError(
            f"n={n}, delta={delta}, variance={variance}, covering_number={covering_number}: n is "
            f"at least {least} here, delta in (0, 1), the variance 0 or more, a covering number "
            "1 or more."
        )
    if covering_number is None:
        log = np.log(2 / delta)
        return float(np.sqrt(2 * variance * log / n)), float(7 * log / (3 * (n - 1)))
    log = np.log(10 * covering_number / delta)
    return float(np.sqrt(18 * variance * log / n)), float(15 * log / (n - 1))


def bernstein_terms(
    losses: Any, losses_mixed: Any, *, largest_loss: float, delta: float = 0.05
) -> Bernstein:
    """Compare the terms of the bound with and without mixing, for one function.

    Parameters
    ----------
    losses : array-like of shape (n,)
        ℓ(z) of samples that the classifier was not chosen with.
    losses_mixed : array-like of shape (n',)
        ℓ(αᵀz) of mixtures; their mean and variance are used, and not how many there are.
    largest_loss : float
        The largest loss there can be; losses are divided by it, since the theorem wants [0, 1].
        A convex loss is never larger on a mixture than on the worst of its parents.
    delta : float, default=0.05
        Probability of failure, in (0, 1).

    Returns
    -------
    Bernstein

    Raises
    ------
    ValueError
        If there are fewer than two losses of a kind, or a loss lies outside [0, largest_loss].

    References
    ----------
    Proposition 3; Proposition 7 of the paper's supplementary. Maurer and Pontil (2009), Theorem 4.
    """
    plain, mixed = (
        check_array(
            values, dtype=np.float64, ensure_2d=False, ensure_min_samples=2, input_name="losses"
        )
        for values in (losses, losses_mixed)
    )
    largest, least = max(plain.max(), mixed.max()), min(plain.min(), mixed.min())
    if least < 0 or largest > largest_loss * (1 + 1e-9) or largest_loss <= 0:
        raise InputError(
            f"Losses lie between {least:.4g} and {largest:.4g}, and largest_loss={largest_loss:.4g}"
            "; losses are 0 or more, and largest_loss is positive and at least as large as each."
        )
    plain, mixed = plain / largest_loss, mixed / largest_loss
    variances = [float(losses.var(ddof=1)) for losses in (plain, mixed)]
    terms, terms_mixed = (empirical_bernstein(v, len(plain), delta) for v in variances)
    return Bernstein(
        delta=delta,
        n=len(plain),
        risk=float(plain.mean()),
        risk_mixed=float(mixed.mean()),
        variance=variances[0],
        variance_mixed=variances[1],
        variance_term=terms[0],
        variance_term_mixed=terms_mixed[0],
        remainder=terms[1],
    )

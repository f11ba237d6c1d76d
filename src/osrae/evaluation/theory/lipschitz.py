"""Proposition 4: the Lipschitz constant of the linear classifier that fits every sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from osrae.data.labels import encode_labels
from osrae.errors import InputError
from osrae.evaluation.theory.mixtures import check_latents
from osrae.evaluation.theory.permutations import mixing_factor, permutation_eigenvalue

__all__ = [
    "Interpolation",
    "interpolation",
    "minimum_norms",
]

#: The Gram matrix's least eigenvalue that the printed bound takes for granted.
_PRINTED_EIGENVALUE = 0.5


@dataclass(frozen=True)
class Interpolation:
    """Minimum-norm interpolation of n rows, and of ``X̄ = αX + (1 - α)PX``.

    Attributes
    ----------
    classes : ndarray of shape (C,)
    n, d : int
        Rows and columns of X.
    smallest_eigenvalue : float
        λ_min(XXᵀ); 0 where n > d, and then nothing interpolates.
    k : float
        λ_min(P + Pᵀ), in [-2, 2].
    alphas : ndarray of shape (A,)
    factors : ndarray of shape (A,)
        d(α), in [0, 1].
    norms : ndarray of shape (C,)
        ‖w‖ of each class against the rest, the Lipschitz constant; nan where nothing interpolates.
    norms_mixed : ndarray of shape (A, C)
        ‖w_α‖, likewise.
    """

    classes: np.ndarray
    n: int
    d: int
    smallest_eigenvalue: float
    k: float
    alphas: np.ndarray
    factors: np.ndarray
    norms: np.ndarray
    norms_mixed: np.ndarray

    @property
    def applies(self) -> bool:
        """Whether λ_min(XXᵀ) ≥ 1/2, without which the proposition says nothing."""
        return self.smallest_eigenvalue >= _PRINTED_EIGENVALUE

    @property
    def bound(self) -> float:
        """√(2n), the bound without mixing."""
        return float(np.sqrt(2 * self.n))

    @property
    def bounds_mixed(self) -> np.ndarray:
        """√(2n / d(α)), the bound with mixing, (A,); infinite where d(α) = 0."""
        with np.errstate(divide="ignore"):
            return np.sqrt(2 * self.n / self.factors)

    @property
    def growth_limit(self) -> float:
        """The corollary's r = (k - 2) / 4, which is never positive."""
        return (self.k - 2) / 4

    def __str__(self) -> str:
        lines = [
            "Proposition 4: minimum-norm interpolation",
            f"  {self.n} rows in {self.d} dimensions; least eigenvalue of XX' "
            f"{self.smallest_eigenvalue:.3g} (the proposition needs {_PRINTED_EIGENVALUE}: it "
            f"{'applies' if self.applies else 'does not apply'})",
        ]
        if np.isnan(self.norms).all():
            return "\n".join(
                [*lines, "  no linear map fits these rows exactly, so there is no |w|"]
            )
        lines.append(f"  k = {self.k:.3f}, the corollary's r = {self.growth_limit:.3f}")
        lines.append(f"  without mixing   largest |w|   {self.norms.max():8.4f} {self._note()}")
        lines += [
            f"  alpha = {alpha:.3f}    largest |w_a| {norms.max():8.4f}   d = {factor:.3f}"
            for alpha, norms, factor in zip(
                self.alphas, self.norms_mixed, self.factors, strict=True
            )
        ]
        return "\n".join(lines)

    def _note(self) -> str:
        return f"  bound {self.bound:.4f}" if self.applies else ""


def minimum_norms(X: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return ``‖w‖`` of the smallest w with ``Xw = target``, for every column of targets.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Its rows may depend on each other.
    targets : ndarray of shape (n, C)

    Returns
    -------
    ndarray of shape (C,)
        nan if there is a column for which no w solves the equations.
    """
    weights = np.linalg.lstsq(X, targets, rcond=None)[0]
    solved = np.allclose(X @ weights, targets, atol=1e-6, rtol=0)
    return np.linalg.norm(weights, axis=0) if solved else np.full(targets.shape[1], np.nan)


def interpolation(
    X: Any, y: Any, permutation: Any, alphas: Sequence[float] | np.ndarray = (0.25, 0.5)
) -> Interpolation:
    """Compare minimum-norm linear classifiers of rows and of mixtures of them.

    Parameters
    ----------
    X : array-like of shape (n, d)
        For the proposition, rows of length 1.
    y : array-like of shape (n,)
        Labels. Each class is taken against the rest, with targets +1 and -1.
    permutation : array-like of int, shape (n,)
        P, which keeps labels in place.
    alphas : sequence of float in [0, 1], default=(0.25, 0.5)

    Returns
    -------
    Interpolation

    Raises
    ------
    InputError
        If ``permutation`` moves a row to another class, or a number is out of range.

    References
    ----------
    Proposition 4; Proposition 8 of the paper's supplementary.
    """
    X, y = check_latents(X, y)
    k, order = permutation_eigenvalue(permutation), np.asarray(permutation)
    classes, codes = encode_labels(y)
    if len(order) != len(y) or (codes[order] != codes).any():
        raise InputError(
            "permutation must keep every row's label: draw one with within_class_permutation(y)."
        )
    alphas = np.atleast_1d(np.asarray(alphas, dtype=np.float64))
    factors = mixing_factor(alphas, k)
    targets = np.where(codes[:, None] == np.arange(len(classes)), 1.0, -1.0)
    return Interpolation(
        classes=classes,
        n=len(X),
        d=X.shape[1],
        smallest_eigenvalue=_smallest_eigenvalue(X),
        k=k,
        alphas=alphas,
        factors=factors,
        norms=minimum_norms(X, targets),
        norms_mixed=np.array(
            [minimum_norms(a * X + (1 - a) * X[order], targets) for a in alphas]
        ),
    )  # fmt: skip


def _smallest_eigenvalue(X: np.ndarray) -> float:
    """The least eigenvalue of ``XXᵀ``."""
    if len(X) > X.shape[1]:
        return 0.0
    return float(np.linalg.svd(X, compute_uv=False)[-1] ** 2)

"""Convex mixtures of latent vectors of one class, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_array, check_random_state

from osrae.data.labels import encode_labels, label_array
from osrae.errors import InputError

__all__ = ["Mixtures", "check_latents", "class_numbers", "draw_mixtures"]


@dataclass(frozen=True)
class Mixtures:
    """Mixtures ``z' = Σ_j α_j z_j`` (Eq. 1).

    Attributes
    ----------
    Z : ndarray of shape (n, m)
    y : ndarray of shape (n,)
        The class of the parents of each.
    alpha : ndarray of shape (n, t)
        Mixing coefficients; none is negative and each row sums to 1.
    parents : ndarray of int, shape (n, t), or None
        Rows of the latent vectors that each was mixed from, where they are known.
    """

    Z: np.ndarray
    y: np.ndarray
    alpha: np.ndarray
    parents: np.ndarray | None = None


def check_latents(Z: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return latent vectors as float64 and their labels as an array.

    Parameters
    ----------
    Z : array-like of shape (n, m)
    y : array-like of shape (n,)

    Returns
    -------
    Z : ndarray of shape (n, m), float64
    y : ndarray of shape (n,)

    Raises
    ------
    ValueError
        If ``Z`` is not a finite matrix, or ``y`` has another length.
    """
    Z, y = check_array(Z, dtype=np.float64, input_name="Z"), label_array(y)
    if len(Z) != len(y):
        raise InputError(f"Z has {len(Z)} rows and y {len(y)} labels; give one label per row.")
    return Z, y


def class_numbers(y: np.ndarray, classes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes, and the number of the class of every label.

    Parameters
    ----------
    y : ndarray of shape (n,)
    classes : array-like of shape (C,) or None
        Labels in the order to number them by; None takes the sorted labels of ``y``.

    Returns
    -------
    classes : ndarray of shape (C,)
    codes : ndarray of int, shape (n,)

    Raises
    ------
    InputError
        If ``y`` holds a label that is not in ``classes``.
    """
    if classes is None:
        return encode_labels(y)
    classes = label_array(classes)
    numbers = {label: number for number, label in enumerate(classes)}
    unknown = list(dict.fromkeys(label for label in y if label not in numbers))
    if unknown:
        raise InputError(
            f"y holds {unknown[0]}, which is not among the classes {classes.tolist()}."
        )
    return classes, np.array([numbers[label] for label in y], dtype=np.int64)


def draw_mixtures(
    Z: Any,
    y: Any,
    *,
    mixing: str | float | Sequence[float] = "uniform",
    mixture_size: int = 2,
    repeats: int = 1,
    random_state: int | np.random.RandomState | None = None,
) -> Mixtures:
    """Mix every latent vector with others of its class.

    Parameters
    ----------
    Z : array-like of shape (n, m)
    y : array-like of shape (n,)
    mixing : "uniform", float or array-like of shape (t,), default="uniform"
        As in `osrae.RAEClassifier`: coefficients uniform on the simplex, from a symmetric
        Dirichlet distribution with this concentration (Beta(a, a) for t = 2), or fixed.
    mixture_size : int, default=2
        t, at least 1.
    repeats : int, default=1
        Mixtures that each row begins, at least 1. Its partners are other members of its class,
        drawn without replacement; a class smaller than t is drawn from with replacement.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    Mixtures
        ``repeats · n`` of them.

    Raises
    ------
    InputError
        If the coefficients are no convex combination, or a number is out of range.
    """
    Z, y = check_latents(Z, y)
    for name, value in (("mixture_size", mixture_size), ("repeats", repeats)):
        if value < 1:
            raise InputError(f"{name}={value}: at least 1 is needed.")
    random = check_random_state(random_state)
    _, codes = encode_labels(y)
    anchors = np.repeat(np.arange(len(y)), repeats)
    alpha = _coefficients(mixing, len(anchors), mixture_size, random)
    parents = np.empty((len(anchors), mixture_size), dtype=np.int64)
    parents[:, 0] = anchors
    for code in np.unique(codes):
        places = np.flatnonzero(codes[anchors] == code)
        parents[places, 1:] = _partners(
            anchors[places], np.flatnonzero(codes == code), mixture_size - 1, random
        )
    return Mixtures(np.einsum("nt,ntm->nm", alpha, Z[parents]), y[anchors], alpha, parents)


def _coefficients(
    mixing: str | float | Sequence[float], n: int, t: int, random: np.random.RandomState
) -> np.ndarray:
    """Draw mixing coefficients, (n, t)."""
    if isinstance(mixing, str):
        if mixing != "uniform":
            raise InputError(f"mixing={mixing!r}; expected 'uniform', a number or {t} numbers.")
        return random.dirichlet(np.ones(t), size=n)
    if np.ndim(mixing) == 0:
        if not mixing > 0:  # type: ignore[operator]
            raise InputError(f"mixing={mixing}: a concentration is positive.")
        return random.dirichlet(np.full(t, mixing), size=n)
    fixed = np.asarray(mixing, dtype=np.float64)
    if fixed.shape != (t,) or (fixed < 0).any() or not np.isclose(fixed.sum(), 1):
        raise InputError(f"mixing={mixing}; expected {t} numbers, none negative, with sum 1.")
    return np.tile(fixed, (n, 1))


def _partners(
    anchors: np.ndarray, members: np.ndarray, wanted: int, random: np.random.RandomState
) -> np.ndarray:
    """Draw other members for each anchor, (len(anchors), wanted)."""
    if len(members) <= wanted:
        return random.choice(members, size=(len(anchors), wanted))
    places = np.searchsorted(members, anchors)
    # Numbers among the others, moved up by one from the anchor on.
    chosen = np.array([random.choice(len(members) - 1, wanted, replace=False) for _ in anchors])
    return members[chosen + (chosen >= places[:, None])]

"""The validation part: what decides early stopping, so that no test data has to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["ValidationSplit", "split_validation"]

#: Most rows of a class that are held back, by all encoders together: the standard error of its
#: recall is 0.7 points at most, and validation does not come to cost more than training.
_MOST_PER_CLASS = 5000


@dataclass(frozen=True)
class ValidationSplit:
    """Row numbers of the two parts, and what became of the small classes.

    Attributes
    ----------
    train, validation : ndarray of int
        Sorted row numbers, together all rows. Disjoint, unless there are several encoders: each row
        of the validation part is held back from one of them, and trains the others.
    held_by : ndarray of int, shape (n_validation,)
        The encoder that each row of the validation part is held back from.
    unvalidated : ndarray of int
        Classes too small to spare a member: wholly in the training part.
    """

    train: np.ndarray
    validation: np.ndarray
    held_by: np.ndarray
    unvalidated: np.ndarray


def split_validation(
    y: np.ndarray, fraction: float, rng: np.random.Generator, n_encoders: int = 1
) -> ValidationSplit:
    """Hold back ``fraction`` of every class that can spare it.

    A class of ``n`` members gives ``round(fraction · n)`` of them, and always keeps one for
    training; where that rounds to zero the class stays whole in training and is named in
    ``unvalidated``. Of several encoders each holds back as much, as far as there are rows for all.
    At most 5000 rows of a class are held back, by all encoders together.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Class numbers 0 … C-1.
    fraction : float
        In [0, 1).
    rng : numpy.random.Generator
    n_encoders : int, default=1

    Returns
    -------
    ValidationSplit
    """
    numbers = np.arange(len(y), dtype=np.int32 if len(y) < 2**31 else np.int64)
    order = rng.permutation(numbers)
    order = order[np.argsort(y[order], kind="stable")]
    counts = np.bincount(y)
    share = min(n_encoders * fraction, 1)
    wanted = np.minimum(np.floor(share * counts + 0.5).astype(int), _MOST_PER_CLASS)
    wanted[np.floor(fraction * counts + 0.5) == 0] = 0
    held = np.minimum(wanted, np.maximum(counts - 1, 0))
    starts = np.cumsum(counts) - counts
    chosen = np.concatenate(
        [order[start : start + n_held] for start, n_held in zip(starts, held, strict=True)]
    )
    # Class by class in turn, so that each encoder holds back as much as the others of every class.
    held_by = np.full(len(y), -1, dtype=np.int16)
    held_by[chosen] = np.arange(len(chosen)) % n_encoders
    in_validation = held_by >= 0
    return ValidationSplit(
        train=numbers if n_encoders > 1 else numbers[~in_validation],
        validation=numbers[in_validation],
        held_by=held_by[in_validation],
        unvalidated=np.flatnonzero((held == 0) & (counts > 0)),
    )

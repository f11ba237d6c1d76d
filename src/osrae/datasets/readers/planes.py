"""Small colour pictures as rows of 3,072 bytes: a red, a green and a blue plane."""

from __future__ import annotations

from typing import Any

import numpy as np

from osrae.errors import InputError

__all__ = ["labelled_planes"]

SIDE = 32
ROW = 3 * SIDE * SIDE


def labelled_planes(
    data: Any, labels: Any, allowed: range, place: str
) -> tuple[np.ndarray, np.ndarray]:
    """Bring the arrays of CIFAR and the downsampled ImageNet to pictures and labels.

    Parameters
    ----------
    data : ndarray of uint8, shape (n, 3072)
    labels : sequence of int, length n
    allowed : range
        The labels there may be.
    place : str
        Names the file in errors.

    Returns
    -------
    X : ndarray of uint8, shape (n, 32, 32, 3)
    y : ndarray of int64, shape (n,)

    Raises
    ------
    InputError
        If shapes, types or labels are others.
    """
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (ROW,):
        found = (
            f"{data.dtype} {data.shape}" if isinstance(data, np.ndarray) else type(data).__name__
        )
        raise InputError(
            f"{place} holds {found} as pictures; expected uint8 (n, {ROW}). Check that it is a "
            "release with pictures of 32 × 32 pixels."
        )
    try:
        y = np.asarray(labels)
    except (ValueError, TypeError) as error:
        raise InputError(f"{place} holds labels that are no list of numbers ({error}).") from error
    if y.shape != (len(data),) or (len(y) and y.dtype.kind not in "iu"):
        raise InputError(
            f"{place} holds {len(data)} pictures and {y.dtype} {y.shape} as labels; expected one "
            "whole number for each. Fetch it again."
        )
    if len(y) and not (allowed.start <= y.min() and y.max() < allowed.stop):
        raise InputError(
            f"{place} holds labels from {y.min()} to {y.max()}; expected {allowed.start} to "
            f"{allowed.stop - 1}. Check that it is the right data set."
        )
    X = data.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(X), y.astype(np.int64)

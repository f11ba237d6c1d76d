"""Feature arrays: what they must be, and how they are read in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from osrae.errors import InputError
from osrae.evaluation.inputs import as_labels

__all__ = ["BLOCK", "blocks", "check_features", "check_labels", "check_pair", "classes_in_both"]

#: Rows read at a time: with 2,048 features, a block takes 32 MiB in float64, and so does the table
#: of products of two blocks.
BLOCK = 2048


def blocks(n: int, size: int = BLOCK) -> Iterator[slice]:
    """Yield slices that cover ``n`` rows in order."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def check_features(features: Any, what: str) -> np.ndarray:
    """Return features as a floating-point array of shape (n, d), without a copy where possible.

    Raises
    ------
    InputError
        If the array is not of that shape, or holds NaN or infinity.
    """
    features = np.asarray(features)
    if features.ndim != 2 or 0 in features.shape:
        raise InputError(
            f"The {what} features have shape {features.shape}; one row for each sample, (n, d), is "
            "needed. For pictures, take features first: see osrae.evaluation.features."
        )
    if features.dtype.kind not in "biuf":
        raise InputError(f"The {what} features are of type {features.dtype}; numbers are needed.")
    if features.dtype not in (np.float32, np.float64):
        # float16 is too coarse for distances, and whole numbers wrap around.
        features = features.astype(np.float32 if features.dtype == np.float16 else np.float64)
    for rows in blocks(len(features)):
        wrong = ~np.isfinite(features[rows]).all(axis=1)
        if wrong.any():
            raise InputError(
                f"Row {rows.start + int(wrong.argmax())} of the {what} features holds NaN or "
                "infinity; every value must be a number. Remove or repair the samples, or look "
                "for what makes the extractor overflow."
            )
    return features


def check_pair(real: Any, generated: Any, least: int, why: str) -> tuple[np.ndarray, np.ndarray]:
    """Return both sides as arrays with as many columns, and at least ``least`` rows each."""
    real, generated = check_features(real, "real"), check_features(generated, "generated")
    if real.shape[1] != generated.shape[1]:
        raise InputError(
            f"Real samples have {real.shape[1]} features and generated ones {generated.shape[1]}; "
            "both must come from the same extractor."
        )
    for features, what in ((real, "real"), (generated, "generated")):
        if len(features) < least:
            raise InputError(
                f"There are {len(features)} {what} samples, and {why} needs at least {least} real "
                "and as many generated ones."
            )
    return real, generated


def check_labels(y: Any, n: int, what: str) -> np.ndarray:
    """Return labels as an array of text or numbers, of shape (n,)."""
    shape = np.shape(y)
    if shape != (n,):
        raise InputError(
            f"The labels of the {what} samples have shape {shape}; there are {n} samples, so "
            f"shape ({n},) is needed."
        )
    return as_labels(y, f"y_{what}")


def classes_in_both(y_real: np.ndarray, y_generated: np.ndarray, least: int) -> np.ndarray:
    """Return the sorted classes, of which both sides must hold at least ``least`` samples each.

    Raises
    ------
    InputError
        If the sides hold different classes, or too few samples of one.
    """
    classes, counts_real = np.unique(y_real, return_counts=True)
    others, counts_generated = np.unique(y_generated, return_counts=True)
    if not np.array_equal(classes, others):
        raise InputError(
            f"The real samples hold the classes {classes.tolist()} and the generated ones "
            f"{others.tolist()}; both must hold the same. Leave out the classes that one side "
            "lacks."
        )
    for label, real, generated in zip(classes, counts_real, counts_generated, strict=True):
        if min(real, generated) < least:
            raise InputError(
                f"Class {label} has {real} real and {generated} generated samples; at least "
                f"{least} of each are needed. Generate more, choose a smaller k, or leave the "
                "class out."
            )
    return classes

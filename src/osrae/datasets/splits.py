"""Imbalanced training parts, balanced and imbalanced test parts, with no row in two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.model_selection import train_test_split

from osrae.datasets.original import Original
from osrae.datasets.profiles import Distribution
from osrae.errors import InputError
from osrae.randomness import numpy_generator

__all__ = [
    "Split",
    "draw_split",
    "imbalanced_split",
    "stratified_split",
    "subsample",
    "whole_table",
]

#: Of each class, for validation, or what is left over if that is less.
_VALIDATION = 300


@dataclass(frozen=True)
class Split:
    """Data with rare classes, in parts for training, validation and tests.

    Attributes
    ----------
    X_train, y_train : ndarray (or data frame, for tables that come as one)
        Imbalanced.
    X_test_balanced, y_test_balanced : ndarray
        Every class equally common.
    X_test_imbalanced, y_test_imbalanced : ndarray
        As imbalanced as the training part. Both test parts are drawn from the same rows, so they
        may share some; neither shares any with the other parts.
    X_validation, y_validation : ndarray or None
        Rows outside the test parts that the training part leaves over: what settings may be chosen
        by. None where nothing is left over.

    Notes
    -----
    A table that is imbalanced by nature has one test part, a stratified one, under both names.
    """

    X_train: Any
    y_train: np.ndarray
    X_test_balanced: Any
    y_test_balanced: np.ndarray
    X_test_imbalanced: Any
    y_test_imbalanced: np.ndarray
    X_validation: Any = None
    y_validation: np.ndarray | None = None


def subsample(
    y: Any, counts: Sequence[int] | Mapping[Any, int], random_state: Any = None
) -> np.ndarray:
    """Draw so many rows of each class, without replacement.

    Parameters
    ----------
    y : array-like of shape (n,)
    counts : sequence of int, or mapping of label to int
        A sequence is in the order of the sorted classes of ``y``; a mapping may leave classes out.
    random_state : int, RandomState, Generator or None

    Returns
    -------
    ndarray of int
        Row numbers, sorted.

    Raises
    ------
    InputError
        If a class has fewer rows than are asked for, or is not there; the message says what there
        is of every such class.
    """
    y = _labels(y)
    classes, available = np.unique(y, return_counts=True)
    there = dict(zip(classes.tolist(), available.tolist(), strict=True))
    sizes = _by_class(list(there), counts)
    lacking = [
        f"{wanted} of class {label} (there are {there.get(label, 0)})"
        for label, wanted in sizes.items()
        if wanted > there.get(label, 0)
    ]
    if lacking:
        raise InputError(
            f"More samples are asked for than there are: {', '.join(lacking)}. Lower these sizes."
        )
    choose = numpy_generator(random_state).choice
    chosen = [
        choose(np.flatnonzero(y == label), size=wanted, replace=False)
        for label, wanted in sizes.items()
    ]
    return np.sort(np.concatenate(chosen))


def draw_split(original: Original, distribution: Distribution, random_state: Any = None) -> Split:
    """Give a data set with a public test part a class distribution.

    The training part and the validation part, 300 of each class or what is left over, come from
    the public training part; both test parts from the public test part.

    Parameters
    ----------
    original : Original
        With a test part.
    distribution : Distribution
    random_state : int, RandomState, Generator or None

    Raises
    ------
    InputError
        If a part has fewer samples of a class than are asked for.
    """
    rng = numpy_generator(random_state)
    X, y, X_test, y_test = original.X_train, original.y_train, original.X_test, original.y_test
    if X_test is None or y_test is None:
        raise InputError("The data have no test part; use imbalanced_split, which makes one.")
    train = subsample(y, distribution.train, rng)
    balanced = subsample(y_test, [distribution.balanced_test] * len(distribution.train), rng)
    tail = subsample(y_test, distribution.imbalanced_test, rng)
    rest = np.setdiff1d(np.arange(len(y)), train)
    parts = [(X, y, train), (X_test, y_test, balanced), (X_test, y_test, tail)]
    return Split(
        *(piece for X, y, rows in parts for piece in (_take(X, rows), y[rows])),
        *_validation(X, y, rest, rng),
    )


def imbalanced_split(
    X: Any,
    y: Any,
    counts: Sequence[int] | Mapping[Any, int],
    test_per_class: int,
    random_state: Any = None,
) -> Split:
    """Give one's own data rare classes and test parts.

    Parameters
    ----------
    X : array-like of shape (n, ...), sparse matrix, or data frame
    y : array-like of shape (n,)
    counts : sequence of int, or mapping of label to int
        Training samples of each class, as from `exponential_counts` or `step_counts`; a sequence
        is in the order of the sorted classes.
    test_per_class : int
        Samples of each class in the balanced test part. The imbalanced one keeps of them as many
        as make it as imbalanced as the training part, and at least one of each class.
    random_state : int, RandomState, Generator or None

    Returns
    -------
    Split
        Its validation part holds 300 of each class, or what is left over if that is less.

    Raises
    ------
    InputError
        If a class has fewer rows than training and test part need together.
    """
    rng = numpy_generator(random_state)
    X, y = X if hasattr(X, "iloc") or issparse(X) else np.asarray(X), _labels(y)
    if X.shape[0] != len(y):
        raise InputError(f"X has {X.shape[0]} rows and y has {len(y)} labels; expected as many.")
    sizes = _by_class(np.unique(y).tolist(), counts)
    _check_rows(y, {label: size + test_per_class for label, size in sizes.items()}, test_per_class)
    balanced = subsample(y, dict.fromkeys(sizes, test_per_class), rng)
    most = max(sizes.values())
    tail = {label: max(1, test_per_class * size // most) for label, size in sizes.items()}
    imbalanced = balanced[subsample(y[balanced], tail, rng)]
    outside = np.setdiff1d(np.arange(len(y)), balanced)
    train = outside[subsample(y[outside], sizes, rng)]
    rest = np.setdiff1d(outside, train)
    rest = rest[np.isin(y[rest], list(sizes))]
    return Split(
        *(piece for rows in (train, balanced, imbalanced) for piece in (_take(X, rows), y[rows])),
        *_validation(X, y, rest, rng),
    )


def stratified_split(original: Original, random_state: Any = None) -> Split:
    """Hold out a quarter of a table that is imbalanced by nature, every class alike.

    The one row of a class that has no
    other is for training.

    Parameters
    ----------
    original : Original
    random_state : int, RandomState, Generator or None
    """
    X, y = whole_table(original)
    seed = int(numpy_generator(random_state).integers(2**31))
    classes, counts = np.unique(y, return_counts=True)
    alone = np.isin(y, classes[counts == 1])
    common, single = np.flatnonzero(~alone), np.flatnonzero(alone)
    train, test = train_test_split(common, test_size=0.25, stratify=y[common], random_state=seed)
    train = np.concatenate([train, single])
    X_test, y_test = _take(X, test), y[test]
    return Split(_take(X, train), y[train], X_test, y_test, X_test, y_test)


def whole_table(original: Original) -> tuple[Any, np.ndarray]:
    """Return all rows and labels, parts in which their makers give them put together."""
    X, y = original.X_train, original.y_train
    if original.X_test is not None and original.y_test is not None:
        X, y = np.concatenate([X, original.X_test]), np.concatenate([y, original.y_test])
    return X, y


def _validation(X: Any, y: np.ndarray, rest: np.ndarray, rng: np.random.Generator) -> tuple:
    """Return (X, y) of the validation part, or nothing if ``rest`` is empty."""
    if not len(rest):
        return ()
    classes, left = np.unique(y[rest], return_counts=True)
    wanted = dict(zip(classes.tolist(), np.minimum(left, _VALIDATION).tolist(), strict=True))
    rows = rest[subsample(y[rest], wanted, rng)]
    return _take(X, rows), y[rows]


def _labels(y: Any) -> np.ndarray:
    labels = np.asarray(y)
    if labels.ndim != 1 or not len(labels):
        raise InputError(f"y has shape {labels.shape}; expected a label for every row.")
    if pd.isna(labels).any():
        raise InputError(f"y has {pd.isna(labels).sum()} missing labels. Remove these rows.")
    return labels


def _by_class(classes: list, counts: Sequence[int] | Mapping[Any, int]) -> dict[Any, int]:
    if not isinstance(counts, Mapping):
        if len(classes) != len(counts):
            raise InputError(
                f"{len(counts)} class sizes are given, and the data have {len(classes)} classes."
            )
        counts = dict(zip(classes, counts, strict=True))
    sizes = dict(counts)
    whole = all(isinstance(n, Integral) and n >= 0 for n in sizes.values())
    if not whole or not any(sizes.values()):
        raise InputError(
            f"Class sizes {list(sizes.values())}: expected whole numbers, none negative and not "
            "all 0."
        )
    return sizes


def _check_rows(y: np.ndarray, needed: Mapping[Any, int], test_per_class: int) -> None:
    if test_per_class < 1:
        raise InputError(f"test_per_class={test_per_class}: expected at least 1.")
    there = {label: int((y == label).sum()) for label in needed}
    lacking = [
        f"class {label} has {there[label]} rows and needs {wanted}"
        for label, wanted in needed.items()
        if wanted > there[label]
    ]
    if lacking:
        raise InputError(
            f"There are too few rows for {test_per_class} test samples of each class beside the "
            f"training part: {', '.join(lacking)}. Lower counts or test_per_class."
        )


def _take(X: Any, rows: np.ndarray) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]

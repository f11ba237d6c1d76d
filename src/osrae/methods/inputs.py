"""Features as estimators take them: checked against scikit-learn's contract."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_consistent_length, validate_data

from osrae.data.frames import column_names, n_rows
from osrae.data.labels import encode_labels, label_array
from osrae.errors import InputError

__all__ = ["check_features", "check_labels", "told_classes"]


def check_features(estimator: BaseEstimator, X: Any, *, reset: bool) -> Any:
    """Check ``X`` and record (``reset``) or compare its features.

    Data frames and arrays of pictures pass through as they are; everything else becomes an array
    or a sparse matrix.

    Raises
    ------
    ValueError
        If ``X`` is empty, or its features are not those of the training data.
    """
    X = _stacked(X) if _lists_pictures(X) else _from_tensor(X)
    if column_names(X) is not None:
        if n_rows(X) == 0:
            raise InputError(f"X is an empty data frame of shape {X.shape}; rows are needed.")
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        return X
    if len(getattr(X, "shape", ())) > 2:
        return _check_pictures(estimator, X, reset=reset)
    return validate_data(
        estimator,
        _rows_of_mixed_types(X),
        reset=reset,
        dtype=None,
        accept_sparse=("csr", "csc"),
        ensure_all_finite="allow-nan",
    )


def _lists_pictures(X: Any) -> bool:
    """Whether ``X`` is a list of pictures, and not of rows."""
    return isinstance(X, list | tuple) and len(X) > 0 and np.ndim(X[0]) > 1


def _stacked(pictures: Sequence[Any]) -> np.ndarray:
    arrays = [np.asarray(_from_tensor(picture)) for picture in pictures]
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) > 1:
        raise InputError(
            f"X is a list of pictures of different shapes: {', '.join(map(str, shapes[:4]))}. "
            "Bring all to one size first."
        )
    return np.stack(arrays)


def _from_tensor(X: Any) -> Any:
    if not hasattr(X, "detach"):
        return X
    X = X.detach().cpu()
    return (X.float() if str(X.dtype) == "torch.bfloat16" else X).numpy()  # unknown to NumPy


def _rows_of_mixed_types(X: Any) -> Any:
    """Keep numbers beside text in a list of rows: NumPy would turn them to text."""
    if isinstance(X, list | tuple) and any(isinstance(row, list | tuple) for row in X):
        values = [value for row in X if isinstance(row, list | tuple) for value in row]
        if any(isinstance(value, str) for value in values):
            return np.array(X, dtype=object)
    return X


def _check_pictures(estimator: BaseEstimator, X: np.ndarray, *, reset: bool) -> np.ndarray:
    n_features = int(np.prod(X.shape[1:]))
    if reset:
        estimator.n_features_in_ = n_features
    elif n_features != estimator.n_features_in_:
        raise InputError(
            f"X holds pictures of shape {X.shape[1:]}, but {type(estimator).__name__} was "
            f"trained on {estimator.n_features_in_} values per picture."
        )
    return X


def check_labels(estimator: BaseEstimator, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct classes and the class number of every row.

    Raises
    ------
    ValueError
        If labels are missing, differ from ``X`` in length, or hold one class only.
    """
    if y is None:
        raise InputError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target "
            "y is None."
        )
    labels = label_array(y)
    check_consistent_length(X, labels)
    classes, codes = encode_labels(labels)
    if len(classes) < 2:
        raise InputError(
            f"y holds one class only ({classes[0]}), and at least two classes are needed: a class "
            "is rare, or told apart, beside others."
        )
    return classes, codes


def told_classes(classes: np.ndarray) -> np.ndarray:
    """Return the classes as other libraries are told of them.

    They take text, numbers and booleans; labels of other or of mixed types are numbers to them.

    Parameters
    ----------
    classes : ndarray of shape (C,)
        As `check_labels` returns them.

    Returns
    -------
    ndarray of shape (C,)
        ``classes`` itself, or what stands for each of them.
    """
    if classes.dtype != object or all(isinstance(label, str) for label in classes):
        return classes
    if isinstance(classes[0], Integral) and len({type(label) for label in classes}) == 1:
        return np.array(classes.tolist())
    return np.arange(len(classes))

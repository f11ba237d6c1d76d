"""Labels of any hashable sort ↔ class numbers."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Number, Real
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from osrae.errors import InputError

__all__ = [
    "class_numbers",
    "encode_labels",
    "label_array",
    "labels_from_json",
    "labels_to_json",
]

_TUPLES = "Where tuples are labels, pass a one-dimensional array of dtype object."


def label_array(y: Any) -> np.ndarray:
    """Return labels as a one-dimensional array, from any container.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, 1)
        A list, array, torch tensor, or pandas or polars series or one-column frame.

    Raises
    ------
    ValueError
        If labels are missing, unhashable, or measurements rather than classes.
    """
    y = _native(y)
    y = _from_sequence(y) if isinstance(y, list | tuple) else y
    y = y if sparse.issparse(y) else np.asarray(y)
    if y.ndim == 2 and y.shape[1] > 1:
        raise InputError(
            "Multilabel and multioutput targets are not supported. y has shape "
            f"{y.shape}; give one label per row. {_TUPLES}"
        )
    y = column_or_1d(y.astype(object) if y.dtype.kind == "T" else y, warn=True)
    if y.dtype == object:
        _refuse_missing(y)
        if _is_mixed(y):
            _check_objects(y)
            return y
    _refuse_measurements(y)
    return y


def encode_labels(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the classes 0 … C-1 in sorted order.

    Returns
    -------
    classes : ndarray of shape (C,)
        The distinct labels; labels of mixed types are sorted by type name, then value.
    codes : ndarray of shape (n,), int32
        Class numbers.
    """
    if y.dtype == object and _is_mixed(y):
        distinct = _sorted(list(dict.fromkeys(y)))
        numbers = {label: number for number, label in enumerate(distinct)}
        classes = np.empty(len(distinct), dtype=object)
        classes[:] = distinct
        return classes, np.array([numbers[label] for label in y], dtype=np.int32)
    classes = np.unique(y)
    # np.unique could number them, too, but sorts row numbers for it, in five times the memory.
    return classes, np.searchsorted(classes, y).astype(np.int32)


def class_numbers(labels: Any, classes: np.ndarray) -> np.ndarray:
    """Return the number of every label's class, (n,), int64.

    Parameters
    ----------
    labels : array-like of shape (n,)
        All of them are among ``classes``.
    classes : ndarray of shape (C,)
    """
    numbers = {label: number for number, label in enumerate(classes.tolist())}
    return np.array([numbers[label] for label in np.asarray(labels).tolist()], dtype=np.int64)


def _native(y: Any) -> Any:
    if hasattr(y, "detach"):  # a torch tensor
        return y.detach().cpu().numpy()
    converted = nw.from_native(y, allow_series=True, pass_through=True)
    if isinstance(converted, nw.DataFrame) and converted.shape[1] == 1:
        converted = converted[converted.columns[0]]
    if isinstance(converted, nw.Series):
        if converted.null_count():
            raise _missing(int(converted.null_count()))
        return converted.to_numpy()
    return y


def _from_sequence(y: list[Any] | tuple[Any, ...]) -> np.ndarray:
    """Make an array that keeps what a list holds: NumPy would turn numbers beside text to text."""
    nested = any(isinstance(label, list | tuple) or np.ndim(label) for label in y)
    if nested or _all(y, str) or _all(y, (Number, np.bool_)):
        try:
            return np.asarray(y)
        except ValueError as error:
            raise InputError(f"y is a list of parts that differ in length. {_TUPLES}") from error
    labels = np.empty(len(y), dtype=object)
    labels[:] = y
    return labels


def _all(y: Iterable[Any], kind: type | tuple[type, ...]) -> bool:
    return all(isinstance(label, kind) for label in y)


def _is_mixed(y: np.ndarray) -> bool:
    """Whether the objects in ``y`` are labels of any sort but text."""
    return not _all(y, str)


def _check_objects(y: np.ndarray) -> None:
    """Refuse objects that name no classes."""
    for label in y:
        try:
            hash(label)
        except TypeError as error:
            raise InputError(
                f"y holds a {type(label).__name__}, which cannot be a label. Labels are text, "
                f"numbers, booleans or other hashable objects. {_TUPLES}"
            ) from error
    if _all(y, Real) and not _all(y, Integral):
        _refuse_measurements(y.astype(np.float64))


def _refuse_measurements(y: np.ndarray) -> None:
    """Refuse what names no classes; numbers must be whole."""
    if y.dtype.kind in "fc":
        lacking = int(np.isnan(y).sum())
        if lacking:
            raise _missing(lacking)
        if not np.isfinite(y).all():
            raise InputError("Input y contains infinity, which is no class.")
        broken = y != np.rint(y)
        if broken.any():
            raise InputError(
                f"Unknown label type: continuous. y holds numbers that are not whole, the first "
                f"{y[broken.argmax()]}; classes are whole numbers or text. If these name classes, "
                "make them text that is no number, as 'class 1.5'."
            )
    if y.dtype.kind == "S":
        raise InputError("y holds bytes; make them text, as [label.decode() for label in y].")
    try:
        check_classification_targets(y)
    except ValueError as error:
        raise InputError(str(error)) from error


def _sorted(labels: list[Any]) -> list[Any]:
    """Sort labels of any sort: by type name, then by value where values have an order."""
    try:
        return sorted(labels, key=_sort_key)
    except TypeError:
        return sorted(labels, key=lambda label: (type(label).__name__, repr(label)))


def _sort_key(label: Any) -> tuple[str, Any]:
    if isinstance(label, tuple):
        return "tuple", tuple(_sort_key(part) for part in label)
    return type(label).__name__, label


def _refuse_missing(y: np.ndarray) -> None:
    import pandas as pd

    missing = int(pd.isna(y).sum())
    if missing:
        raise _missing(missing)


def _missing(count: int) -> InputError:
    return InputError(
        f"Input y contains NaN or None: {count} labels are missing. Remove these rows; a class "
        "cannot be learned from them."
    )


def labels_to_json(classes: np.ndarray) -> dict[str, Any]:
    """Return class labels as JSON values that keep their types.

    Raises
    ------
    InputError
        If a label is none of text, number, boolean or a tuple of these.
    """
    if classes.dtype.kind in "biufU":
        return {"dtype": classes.dtype.str, "values": classes.tolist()}
    return {"dtype": "object", "values": [_tagged(label) for label in classes]}


def labels_from_json(content: dict[str, Any]) -> np.ndarray:
    """Restore what `labels_to_json` returned."""
    if content["dtype"] != "object":
        return np.array(content["values"], dtype=content["dtype"])
    classes = np.empty(len(content["values"]), dtype=object)
    classes[:] = [_untagged(value) for value in content["values"]]
    return classes


def _tagged(label: Any) -> list[Any]:
    if isinstance(label, np.generic) and isinstance(label.item(), str | bool | int | float):
        return ["numpy", [label.dtype.str, label.item()]]
    if isinstance(label, tuple):
        return ["tuple", [_tagged(part) for part in label]]
    if type(label) in (str, bool, int, float):
        return [type(label).__name__, label]
    raise InputError(
        f"The class {label!r} is a {type(label).__name__}, which a model file cannot hold; use "
        "text, numbers, booleans or tuples of these as labels."
    )


def _untagged(value: list[Any]) -> Any:
    kind, content = value
    if kind == "numpy":
        return np.dtype(content[0]).type(content[1])
    return tuple(_untagged(part) for part in content) if kind == "tuple" else content

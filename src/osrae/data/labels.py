"""Labels of any hashable sort ↔ class numbers."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from osrae.errors import InputError

__all__ = ["encode_labels", "label_array", "labels_from_json", "labels_to_json"]


def label_array(y: Any) -> np.ndarray:
    """Return labels as a one-dimensional array, from any container.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, 1)
        A list, array, torch tensor, or pandas or polars series or one-column frame.

    Raises
    ------
    ValueError
        If labels are missing, or are measurements rather than classes.
    """
    y = _native(y)
    if isinstance(y, np.ndarray) and y.ndim == 1 and y.dtype == object and _is_mixed(y):
        _refuse_missing(y)
        return y
    if np.ndim(y) == 2 and np.shape(y)[1] > 1:
        raise InputError(
            "Multilabel and multioutput targets are not supported. y has shape "
            f"{np.shape(y)}; give one label per row."
        )
    y = column_or_1d(y, warn=True)
    if y.dtype == object:
        _refuse_missing(y)
    assert_all_finite(y, input_name="y")
    check_classification_targets(y)
    return y


def encode_labels(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the classes 0 … C-1 in sorted order.

    Returns
    -------
    classes : ndarray of shape (C,)
        The distinct labels; labels of mixed types are sorted by type name, then value.
    codes : ndarray of shape (n,), int64
        Class numbers.
    """
    if y.dtype == object and _is_mixed(y):
        distinct = sorted(set(y), key=lambda label: (type(label).__name__, label))
        numbers = {label: number for number, label in enumerate(distinct)}
        classes = np.empty(len(distinct), dtype=object)
        classes[:] = distinct
        return classes, np.array([numbers[label] for label in y], dtype=np.int64)
    classes, codes = np.unique(y, return_inverse=True)
    return classes, codes.astype(np.int64, copy=False)


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


def _is_mixed(y: np.ndarray) -> bool:
    """Whether labels are neither all strings nor all numbers of one kind."""
    return type_of_target(y) == "unknown"


def _refuse_missing(y: np.ndarray) -> None:
    missing = sum(label is None or label != label for label in y)
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
    if classes.dtype != object:
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
    label = label.item() if isinstance(label, np.generic) else label
    if isinstance(label, tuple):
        return ["tuple", [_tagged(part) for part in label]]
    if isinstance(label, str | bool | int | float):
        return [type(label).__name__, label]
    raise InputError(
        f"The class {label!r} is a {type(label).__name__}, which a model file cannot hold; use "
        "text, numbers, booleans or tuples of these as labels."
    )


def _untagged(value: list[Any]) -> Any:
    kind, content = value
    return tuple(_untagged(part) for part in content) if kind == "tuple" else content

"""The containers that users bring, and rows added to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse

from osrae.errors import InputError

__all__ = [
    "append_rows",
    "column_names",
    "is_polars",
    "like_container",
    "n_rows",
    "take_rows",
    "with_columns_of",
]


def column_names(X: Any) -> list[Any] | None:
    """Return the column labels of a data frame (pandas or polars), None of anything else.

    Raises
    ------
    InputError
        If two columns have the same name.
    """
    if not _is_frame(X):
        return None
    names = list(X.columns)
    if len(set(names)) < len(names):
        repeated = sorted({str(name) for name in names if names.count(name) > 1})
        raise InputError(
            f"The data frame has columns of the same name: {', '.join(repeated)}. Rename or drop "
            "all but one of each."
        )
    return names


def _is_frame(X: Any) -> bool:
    return nw.dependencies.is_pandas_dataframe(X) or nw.dependencies.is_polars_dataframe(X)


def is_polars(X: Any) -> bool:
    """Whether ``X`` is a polars frame or series."""
    return nw.dependencies.is_polars_dataframe(X) or nw.dependencies.is_polars_series(X)


def n_rows(X: Any) -> int:
    """Count the rows of any container."""
    return len(X) if not hasattr(X, "shape") else int(X.shape[0])


def take_rows(X: Any, indices: Sequence[int] | np.ndarray) -> Any:
    """Return the rows ``indices`` of ``X`` in the same container."""
    if isinstance(X, list):
        return [X[index] for index in indices]
    indices = np.asarray(indices) if len(indices) else np.empty(0, dtype=np.int64)
    if nw.dependencies.is_pandas_dataframe(X) or nw.dependencies.is_pandas_series(X):
        return X.iloc[indices]
    if sparse.issparse(X):
        return X.tocsr()[indices].asformat(X.format)
    return X[indices]


def with_columns_of(X: Any, other: Any, positions: Sequence[int]) -> Any:
    """Return ``X`` with some columns replaced by those of ``other``, the same container."""
    if is_polars(X):
        return X.with_columns(other.to_series(place) for place in positions)
    if nw.dependencies.is_pandas_dataframe(X):
        X = X.copy(deep=False)
        for place in positions:
            X.isetitem(place, other.iloc[:, place].array)
        return X
    if sparse.issparse(X):
        return type(X)(with_columns_of(X.toarray(), other.toarray(), positions))
    X = X.copy()
    X[:, positions] = other[:, positions]
    return X


def append_rows(X: Any, new: Any) -> Any:
    """Return the rows of ``X``, unchanged, followed by those of ``new``.

    Parameters
    ----------
    X : ndarray, list, sparse matrix, torch tensor, or pandas or polars frame or series
    new : same container, or an array
        Rows with the columns of ``X``.

    Returns
    -------
    Same container and dtypes as ``X``; a pandas result has a fresh ``RangeIndex``.
    """
    if isinstance(X, list):
        return X + (new if isinstance(new, list) else np.asarray(new).tolist())
    if hasattr(X, "detach"):
        import torch

        below = new if hasattr(new, "detach") else torch.as_tensor(np.asarray(new))
        return torch.cat([X, below.to(X)])
    if sparse.issparse(X):
        below = type(X)(new).astype(X.dtype) if not sparse.issparse(new) else new.astype(X.dtype)
        return sparse.vstack([X, below], format=X.format)
    if is_polars(X):
        return _append_polars(X, new)
    if nw.dependencies.is_pandas_dataframe(X) or nw.dependencies.is_pandas_series(X):
        return _append_pandas(X, new)
    return np.concatenate([X, np.asarray(new).astype(X.dtype, copy=False)])


def _append_pandas(X: Any, new: Any) -> Any:
    import pandas as pd

    if isinstance(X, pd.Series):
        return pd.concat([X, pd.Series(new, dtype=X.dtype, name=X.name)], ignore_index=True)
    if not isinstance(new, pd.DataFrame):
        new = pd.DataFrame(new, columns=X.columns)
    parts = {
        place: pd.concat([X[name], new[name].astype(X[name].dtype)], ignore_index=True)
        for place, name in enumerate(X.columns)
    }
    appended = pd.DataFrame(parts, copy=False)
    appended.columns = X.columns
    return appended


def _append_polars(X: Any, new: Any) -> Any:
    import polars as pl

    if isinstance(X, pl.Series):
        below = pl.Series(X.name, list(new), strict=False).cast(X.dtype)
        return pl.concat([X, below])
    if not isinstance(new, pl.DataFrame):
        new = pl.DataFrame(np.asarray(new), schema=X.columns, orient="row")
    return pl.concat([X, new.cast(dict(X.schema))])


def like_container(rows: Any, X: Any) -> Any:
    """Bring checked ``rows`` back to the container that the user's ``X`` came in."""
    if isinstance(X, list):
        return rows.tolist()
    if hasattr(X, "detach"):
        import torch

        return torch.from_numpy(rows).to(X)
    return rows.asformat(X.format) if sparse.issparse(X) else rows

"""One view of every table: numbers by block of rows, categories by column."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from numbers import Integral, Number
from typing import Any, Literal

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse

from osrae.data.frames import column_names
from osrae.errors import InputError

__all__ = ["Columns", "Kind", "view_columns"]

Kind = Literal["number", "integer", "boolean", "category"]

#: Values that are looked at together; bounds the memory of a pass over a table.
_BLOCK_VALUES = 2**22


class _ColumnTypeError(InputError, TypeError):
    """A column of objects that cannot be used; scikit-learn expects a TypeError."""


class Columns(ABC):
    """A table as the encoder reads it."""

    n_rows: int
    labels: list[Any]  #: Column names, or positions.
    kinds: list[Kind]
    #: Whether `numbers` of scattered rows cost no more than those of a slice.
    takes_rows = False

    @abstractmethod
    def numbers(self, columns: list[int], rows: slice | np.ndarray) -> np.ndarray:
        """Return columns that are no categories as float64 ``(rows, columns)``, NaN if missing."""

    @abstractmethod
    def categories(self, column: int) -> np.ndarray:
        """Return one column as objects, None where missing."""

    def blocks(self, n_columns: int) -> Iterator[slice]:
        """Slice the rows so that a block of ``n_columns`` is of bounded size."""
        step = max(1, _BLOCK_VALUES // max(1, n_columns))
        for start in range(0, self.n_rows, step):
            yield slice(start, min(start + step, self.n_rows))

    def name(self, column: int) -> str:
        """Name a column in messages."""
        label = self.labels[column]
        return f"column {label}" if isinstance(label, int) else f"column '{label}'"


def view_columns(X: Any) -> Columns:
    """View an array, sparse matrix or data frame.

    Raises
    ------
    InputError
        If a column holds what is neither a number nor a category.
    """
    if column_names(X) is not None:
        return _FrameColumns(X)
    if sparse.issparse(X):
        return _MatrixColumns(X.tocsr())
    X = np.asarray(X)
    if X.dtype.kind in "OUST":
        return _ObjectColumns(X.astype(object))
    return _MatrixColumns(X)


class _MatrixColumns(Columns):
    takes_rows = True

    def __init__(self, X: Any) -> None:
        kinds: dict[str, Kind] = {"f": "number", "b": "boolean", "i": "integer", "u": "integer"}
        if X.dtype.kind not in kinds:
            raise InputError(
                f"The table has dtype {X.dtype}; columns must be numbers, booleans, text or "
                "categories. Convert it first (dates, for example, to days)."
            )
        self.X = X
        self.n_rows = X.shape[0]
        self.labels = list(range(X.shape[1]))
        self.kinds = [kinds[X.dtype.kind]] * X.shape[1]

    def numbers(self, columns: list[int], rows: slice | np.ndarray) -> np.ndarray:
        block = self.X[rows]
        if columns != list(range(block.shape[1])):
            block = block[:, columns]
        block = block.toarray() if sparse.issparse(block) else block
        return np.asarray(block).astype(np.float64)

    def categories(self, column: int) -> np.ndarray:
        values = self.X[:, [column]]
        return _objects((values.toarray() if sparse.issparse(values) else values)[:, 0].tolist())


class _ObjectColumns(Columns):
    """An array of objects: a column of nothing but numbers is numeric."""

    def __init__(self, X: np.ndarray) -> None:
        self.X = X
        self.n_rows = X.shape[0]
        self.labels = list(range(X.shape[1]))
        self.kinds = [self._kind(column) for column in self.labels]

    @cached_property
    def _missing(self) -> np.ndarray:
        import pandas as pd

        return pd.isna(self.X)

    def _kind(self, column: int) -> Kind:
        present = self.X[~self._missing[:, column], column]
        for value in present:
            if not isinstance(value, str | Number | np.bool_):
                raise _ColumnTypeError(
                    f"{self.name(column)} holds a {type(value).__name__}: argument must be a "
                    "string or a real number. Convert it (dates, for example, to days since one of "
                    "them) or drop it."
                )
        if all(isinstance(value, bool | np.bool_) for value in present):
            return "boolean" if len(present) else "number"
        if all(isinstance(value, Integral) for value in present):
            return "integer" if len(present) else "number"
        numeric = all(isinstance(value, Number | np.number) for value in present)
        return "number" if numeric else "category"

    def numbers(self, columns: list[int], rows: slice | np.ndarray) -> np.ndarray:
        block = self.X[rows][:, columns].copy()
        block[self._missing[rows][:, columns]] = np.nan
        return block.astype(np.float64)

    def categories(self, column: int) -> np.ndarray:
        return _objects(self.X[:, column].tolist())


class _FrameColumns(Columns):
    """A pandas or polars data frame."""

    def __init__(self, X: Any) -> None:
        self.X = X
        self.n_rows = X.shape[0]
        self.labels = list(X.columns)
        self.series = [_narwhal_series(X[label]) for label in self.labels]
        self.kinds = [self._kind(column) for column in range(len(self.labels))]
        self._objects_as_floats: dict[int, np.ndarray] = {}

    def _kind(self, column: int) -> Kind:
        if self._holds_objects(column):
            return _ObjectColumns(self._raw(column)[:, None]).kinds[0]
        dtype = self.series[column].dtype
        if dtype.is_integer():
            return "integer"
        if dtype.is_numeric():
            return "number"
        if dtype == nw.Boolean:
            return "boolean"
        if dtype in (nw.String, nw.Categorical, nw.Enum):
            return "category"
        if dtype == nw.Unknown and self.series[column].is_null().all():
            return "number"  # polars' type of nothing but nulls
        raise InputError(
            f"{self.name(column)} has type {dtype}; columns must be numbers, booleans, text or "
            "categories. Convert it (dates, for example, to days since one of them) or drop it."
        )

    def _holds_objects(self, column: int) -> bool:
        """Say whether a column is of Python's objects; narwhals looks at the first ones alone."""
        dtype = getattr(self.X[self.labels[column]], "dtype", None)
        return self.series[column].dtype == nw.Object or (
            isinstance(dtype, np.dtype) and dtype.kind == "O"
        )

    def _raw(self, column: int) -> np.ndarray:
        return _objects(self.series[column].to_list())

    def numbers(self, columns: list[int], rows: slice | np.ndarray) -> np.ndarray:
        return np.column_stack([self._floats(column, rows) for column in columns])

    def _floats(self, column: int, rows: slice | np.ndarray) -> np.ndarray:
        series = self.series[column]
        if self._holds_objects(column):
            return self._object_column(column)[rows]
        # Some rows at a time: all of a frame as float64 would be another copy of it.
        part = series[rows]
        values = part.cast(nw.Float64).to_numpy().astype(np.float64)
        return np.where(part.is_null().to_numpy(), np.nan, values)

    def _object_column(self, column: int) -> np.ndarray:
        if column not in self._objects_as_floats:
            objects = _ObjectColumns(self._raw(column)[:, None])
            self._objects_as_floats[column] = objects.numbers([0], slice(None))[:, 0]
        return self._objects_as_floats[column]

    def categories(self, column: int) -> np.ndarray:
        return self._raw(column)


def _narwhal_series(series: Any) -> Any:
    """Wrap a column; pandas' sparse ones become dense, for narwhals does not know them."""
    if hasattr(getattr(series, "dtype", None), "fill_value"):
        series = series.sparse.to_dense()
    return nw.from_native(series, series_only=True)


def _objects(values: list[Any]) -> np.ndarray:
    """Make a column of Python's own types, in which every sort of missing is None."""
    import pandas as pd

    column = np.empty(len(values), dtype=object)
    column[:] = [value.item() if isinstance(value, np.generic) else value for value in values]
    column[pd.isna(column)] = None
    return column

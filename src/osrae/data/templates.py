"""Empty containers that remember what the user's table looked like."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from osrae.data.frames import column_names, is_polars, take_rows

__all__ = ["fill_template", "make_template", "template_from_json", "template_to_json"]


def make_template(X: Any) -> Any:
    """Return ``X`` without its rows: container, columns and types alone."""
    if column_names(X) is not None:
        return take_rows(X, np.empty(0, dtype=np.int64)) if not is_polars(X) else X.clear()
    if sparse.issparse(X):
        return type(X)((0, X.shape[1]), dtype=X.dtype)
    return np.empty((0, np.asarray(X).shape[1]), dtype=np.asarray(X).dtype)


def fill_template(template: Any, columns: list[np.ndarray]) -> Any:
    """Return a container like ``template`` with these columns."""
    if column_names(template) is None:
        return _fill_array(template, columns)
    if is_polars(template):
        return _fill_polars(template, columns)
    return _fill_pandas(template, columns)


def _fill_array(template: Any, columns: list[np.ndarray]) -> Any:
    if template.dtype.kind in "OUST":
        rows = np.empty((len(columns[0]), len(columns)), dtype=object)
        for place, column in enumerate(columns):
            rows[:, place] = column.tolist()
        return rows if template.dtype == object else rows.astype(template.dtype.kind)
    rows = np.column_stack([column.astype(np.float64) for column in columns])
    dense = rows.astype(template.dtype)
    return type(template)(dense) if sparse.issparse(template) else dense


def _fill_pandas(template: Any, columns: list[np.ndarray]) -> Any:
    import pandas as pd

    filled = {
        place: _pandas_column(column, template.iloc[:, place].dtype)
        for place, column in enumerate(columns)
    }
    frame = pd.DataFrame(filled)
    frame.columns = template.columns
    return frame


def _pandas_column(values: np.ndarray, dtype: Any) -> Any:
    import pandas as pd

    if pd.api.types.is_bool_dtype(dtype):
        values = _booleans(values)
    elif pd.api.types.is_object_dtype(dtype) and values.dtype != object:
        values = values.astype(object)
    return pd.Series(values, dtype=values.dtype).astype(dtype)


def _fill_polars(template: Any, columns: list[np.ndarray]) -> Any:
    import polars as pl

    filled = []
    for column, (name, dtype) in zip(columns, template.schema.items(), strict=True):
        values = _booleans(column) if dtype == pl.Boolean else column
        plain = [None if value is None or value != value else value for value in values.tolist()]
        filled.append(pl.Series(name, plain, strict=False).cast(dtype))
    return pl.DataFrame(filled)


def _booleans(values: np.ndarray) -> np.ndarray:
    plain = np.empty(len(values), dtype=object)
    plain[:] = [None if v is None or v != v else bool(v) for v in values.tolist()]
    return plain if any(value is None for value in plain) else plain.astype(bool)


def template_to_json(template: Any) -> dict[str, Any]:
    """Describe a template as plain JSON values."""
    names = column_names(template)
    if names is None:
        kind = "sparse" if sparse.issparse(template) else "array"
        content = {"container": kind, "dtype": template.dtype.str, "n_columns": template.shape[1]}
        return content | ({"class": type(template).__name__} if kind == "sparse" else {})
    if is_polars(template):
        dtypes = [_polars_type(dtype) for dtype in template.dtypes]
        return {"container": "polars", "names": names, "dtypes": dtypes}
    dtypes = [_pandas_type(dtype) for dtype in template.dtypes]
    return {"container": "pandas", "names": [str(name) for name in names], "dtypes": dtypes}


def _pandas_type(dtype: Any) -> dict[str, Any]:
    if dtype.name == "category":
        categories = dtype.categories.tolist()
        return {"name": "category", "categories": categories, "ordered": dtype.ordered}
    return {"name": str(dtype)}


def _polars_type(dtype: Any) -> dict[str, Any]:
    name = type(dtype).__name__
    return {"name": name} | ({"categories": dtype.categories.to_list()} if name == "Enum" else {})


def template_from_json(content: dict[str, Any]) -> Any:
    """Restore a template; a polars one becomes pandas where polars is not installed."""
    container = content["container"]
    if container == "array":
        return np.empty((0, content["n_columns"]), dtype=content["dtype"])
    if container == "sparse":
        return getattr(sparse, content["class"])((0, content["n_columns"]), dtype=content["dtype"])
    if container == "polars":
        try:
            return _polars_template(content)
        except ImportError:
            content = {**content, "dtypes": [{"name": "object"} for _ in content["dtypes"]]}
    return _pandas_template(content)


def _polars_template(content: dict[str, Any]) -> Any:
    import polars as pl

    types = [
        pl.Enum(dtype["categories"]) if dtype["name"] == "Enum" else getattr(pl, dtype["name"])
        for dtype in content["dtypes"]
    ]
    return pl.DataFrame(schema=dict(zip(content["names"], types, strict=True)))


def _pandas_template(content: dict[str, Any]) -> Any:
    import pandas as pd

    columns = {}
    for name, dtype in zip(content["names"], content["dtypes"], strict=True):
        kind: Any = dtype["name"]
        if kind == "category":
            kind = pd.CategoricalDtype(dtype["categories"], dtype["ordered"])
        columns[name] = pd.Series([], dtype=kind)
    return pd.DataFrame(columns)

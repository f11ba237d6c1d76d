"""Empty containers that remember what the user's table looked like."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from osrae.data.frames import column_names, is_polars, take_rows
from osrae.errors import InputError

__all__ = [
    "fill_template",
    "holds_objects",
    "integer_range",
    "make_template",
    "template_from_json",
    "template_to_json",
]

_EXACT = 2.0**53  # whole numbers up to here are exact as floats


def make_template(X: Any) -> Any:
    """Return ``X`` without its rows: container, columns and types alone."""
    if column_names(X) is not None:
        return take_rows(X, np.empty(0, dtype=np.int64)) if not is_polars(X) else X.clear()
    if sparse.issparse(X):
        return type(X)((0, X.shape[1]), dtype=X.dtype)
    return np.empty((0, np.asarray(X).shape[1]), dtype=np.asarray(X).dtype)


def holds_objects(template: Any, column: int) -> bool:
    """Whether the column at a place holds Python objects rather than values of one type."""
    if column_names(template) is None:
        return template.dtype == object
    if is_polars(template):
        return str(template.dtypes[column]) == "Object"
    return str(template.dtypes.iloc[column]) == "object"


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
    dense = _whole(rows, template.dtype)
    return type(template)(dense) if sparse.issparse(template) else dense


def integer_range(template: Any, position: int) -> tuple[float, float]:
    """Return the least and the greatest whole number that a column holds and a float tells."""
    if column_names(template) is None:
        dtype = template.dtype
    else:
        dtype = template.dtypes[position] if is_polars(template) else template.dtypes.iloc[position]
    name = str(dtype).lower().split("[")[0]  # Int8 of pandas and polars, int8[pyarrow]
    try:
        limits = np.iinfo(name)
    except (TypeError, ValueError):  # Python's own, in a column of objects
        return -_EXACT, _EXACT
    return max(float(limits.min), -_EXACT), min(float(limits.max), _EXACT)


def _whole(values: np.ndarray, dtype: Any) -> np.ndarray:
    """Cast floats, staying within what an integer type holds (2**63 as a float exceeds int64)."""
    if dtype.kind in "iu" and dtype.itemsize == 8:
        values = np.minimum(values, np.nextafter(float(np.iinfo(dtype).max), 0))
    return values.astype(dtype)


def _fill_pandas(template: Any, columns: list[np.ndarray]) -> Any:
    import pandas as pd

    filled = {
        place: _pandas_column(column, template.iloc[:, place].dtype)
        for place, column in enumerate(columns)
    }
    frame = pd.DataFrame(filled, copy=False)
    frame.columns = template.columns
    return frame


def _pandas_column(values: np.ndarray, dtype: Any) -> Any:
    import pandas as pd

    if pd.api.types.is_bool_dtype(dtype):
        values = _booleans(values)
    elif pd.api.types.is_object_dtype(dtype) and values.dtype != object:
        values = values.astype(object)
    if isinstance(dtype, np.dtype) and dtype.kind in "iu" and values.dtype != object:
        values = _whole(values, dtype)
    return pd.Series(values, dtype=values.dtype).astype(dtype)


def _fill_polars(template: Any, columns: list[np.ndarray]) -> Any:
    import polars as pl

    filled = []
    for column, (name, dtype) in zip(columns, template.schema.items(), strict=True):
        values = _booleans(column) if dtype == pl.Boolean else column
        plain = [None if value is None or value != value else value for value in values.tolist()]
        if dtype == pl.Object:
            filled.append(pl.Series(name, plain, dtype=dtype))
        else:
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
    for name, kept in zip(names, dtypes, strict=True):
        _check_restorable(name, kept)
    return {
        "container": "pandas",
        "names": [_json_label(name) for name in names],
        "levels": [_json_label(name) for name in template.columns.names],
        "nested": template.columns.nlevels > 1,
        "dtypes": dtypes,
    }


def _json_label(label: Any) -> Any:
    """Keep a column label that JSON has a type for, with tuples as lists.

    Raises
    ------
    InputError
        For others.
    """
    if isinstance(label, tuple):
        return [_json_label(part) for part in label]
    label = label.item() if isinstance(label, np.generic) else label
    if label is None or type(label) in (str, bool, int, float):
        return label
    raise InputError(
        f"The column {label!r} has a name of type {type(label).__name__}, which a model file "
        "cannot hold; name columns by text before training (df.columns = df.columns.astype(str))."
    )


def _column_label(value: Any) -> Any:
    return tuple(_column_label(part) for part in value) if isinstance(value, list) else value


def _pandas_type(dtype: Any) -> dict[str, Any]:
    if dtype.name == "category":
        categories = dtype.categories.tolist()
        of = str(dtype.categories.dtype)
        return {"name": "category", "categories": categories, "of": of, "ordered": dtype.ordered}
    if hasattr(dtype, "fill_value"):
        fill = None if dtype.fill_value != dtype.fill_value else dtype.fill_value
        fill = fill.item() if isinstance(fill, np.generic) else fill
        return {"name": "sparse", "of": str(dtype.subtype), "fill": fill}
    return {"name": str(dtype)}


def _check_restorable(name: Any, kept: dict[str, Any]) -> None:
    """Refuse now what could not be read later."""
    try:
        _restored_type(kept)
    except (TypeError, NotImplementedError) as error:  # pandas' own, of what it cannot read
        raise InputError(
            f"The column {name!r} has the type {kept['name']}, which a model file cannot hold; "
            "convert it (to float, category or str) before training."
        ) from error


def _restored_type(kept: dict[str, Any]) -> Any:
    import pandas as pd

    if kept["name"] == "sparse":
        fill = np.nan if kept["fill"] is None else kept["fill"]
        return pd.SparseDtype(kept["of"], fill)
    if kept["name"] == "category":
        return pd.CategoricalDtype(pd.Index(kept["categories"], dtype=kept["of"]), kept["ordered"])
    return pd.api.types.pandas_dtype(kept["name"])


def _polars_type(dtype: Any) -> dict[str, Any]:
    name = type(dtype).__name__
    if name == "Enum":
        return {"name": name, "categories": dtype.categories.to_list()}
    if name == "Decimal":
        return {"name": name, "precision": dtype.precision, "scale": dtype.scale}
    return {"name": name}


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
            objects = [{"name": "object"} for _ in content["dtypes"]]
            content = {**content, "dtypes": objects, "levels": [None], "nested": False}
    return _pandas_template(content)


def _polars_template(content: dict[str, Any]) -> Any:
    import polars as pl

    types = []
    for dtype in content["dtypes"]:
        kind = getattr(pl, dtype["name"])
        arguments = {key: value for key, value in dtype.items() if key != "name"}
        types.append(kind(**arguments))
    return pl.DataFrame(schema=dict(zip(content["names"], types, strict=True)))


def _pandas_template(content: dict[str, Any]) -> Any:
    import pandas as pd

    columns = {
        place: pd.Series([], dtype=_restored_type(kept))
        for place, kept in enumerate(content["dtypes"])
    }
    template = pd.DataFrame(columns)
    labels = [_column_label(name) for name in content["names"]]
    index = pd.Index(labels, tupleize_cols=content["nested"])
    template.columns = index.set_names([_column_label(name) for name in content["levels"]])
    return template

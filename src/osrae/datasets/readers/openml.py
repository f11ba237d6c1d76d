"""Tables as OpenML distributes them: ARFF, dense and sparse, and Parquet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from osrae.data.archives import read_file
from osrae.datasets.original import Original
from osrae.errors import InputError

__all__ = ["read_openml"]

_PARQUET = (".parquet", ".pq")
_ARFF = (".arff", ".arff.gz")


def read_openml(path: Path, target: str, minority: Collection[str | int]) -> Original:
    """Read a table of OpenML with two classes: the minority and all others.

    Parameters
    ----------
    path : Path
        A file ending in ``.arff``, ``.arff.gz``, ``.parquet`` or ``.pq``.
    target : str
        The column of the classes; all others are features and must hold numbers.
    minority : collection of str or int
        The classes that make up the minority. A number is the same as its text.

    Returns
    -------
    Original
        In one part, dense: features as float64, missing ones as NaN; labels 1 (minority) and -1.

    Raises
    ------
    InputError
        If the file cannot be read, the column is missing, features are no numbers, or the column
        holds not both the minority and others. For ARFF also if the package ``liac-arff`` is
        missing.
    """
    name = path.name.lower()
    if not name.endswith(_PARQUET + _ARFF):
        raise InputError(f"{path} ends in none of {', '.join(_ARFF + _PARQUET)}. Pass such a file.")
    X, classes = (_parquet if name.endswith(_PARQUET) else _arff)(path, target)
    wanted = {_label(value) for value in minority}
    found = {_label(value) for value in set(classes)}
    if not wanted <= found or wanted == found or not wanted:
        raise InputError(
            f"The column {target} of {path} holds {', '.join(sorted(found)[:20]) or 'nothing'}; "
            f"expected {', '.join(sorted(wanted))} as the minority, and others."
        )
    return Original(X, np.array([1 if _label(value) in wanted else -1 for value in classes]))


def _label(value: Any) -> str:
    """Return a class as text; 1, 1.0 and "1" are the same."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _parquet(path: Path, target: str) -> tuple[np.ndarray, list[Any]]:
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are of these
        raise InputError(
            f"{path} cannot be read as a Parquet file ({error}); fetch it again."
        ) from error
    _check_target(path, target, [str(name) for name in frame.columns])
    features = frame.drop(columns=target)
    try:
        return features.to_numpy(dtype=np.float64, na_value=np.nan), frame[target].tolist()
    except (ValueError, TypeError) as error:
        raise _no_numbers(path, error) from error


def _check_target(path: Path, target: str, columns: list[str]) -> None:
    if target not in columns:
        some = ", ".join([*columns[:5], "…", *columns[-5:]] if len(columns) > 10 else columns)
        raise InputError(f"{path} has no column {target!r}; it has {some}. Name one of these.")


def _no_numbers(path: Path, error: Exception) -> InputError:
    return InputError(
        f"A feature of {path} is no number ({error}). Turn categories into numbers first."
    )


def _arff(path: Path, target: str) -> tuple[np.ndarray, list[Any]]:
    try:
        import arff
    except ModuleNotFoundError as error:
        raise InputError(
            f"To read {path}, the package liac-arff is needed: pip install 'osrae[datasets]'."
        ) from error
    try:
        lines = read_file(path).decode("utf-8").splitlines()
        is_sparse = _first_row(lines).startswith("{")
        # Row by row: lists of Python numbers take far more memory than the array.
        content = arff.load(iter(lines), return_type=arff.LOD_GEN if is_sparse else arff.DENSE_GEN)
        names = [name for name, _ in content["attributes"]]
        _check_target(path, target, names)
        kinds = [kind for _, kind in content["attributes"]]
        place = names.index(target)
        rows = _filled(content["data"], kinds) if is_sparse else content["data"]
        return _numbers(path, rows, place)
    except InputError:
        raise
    except (arff.ArffException, ValueError) as error:
        raise InputError(f"{path} cannot be read as ARFF ({error}); fetch it again.") from error


def _first_row(lines: list[str]) -> str:
    is_data = False
    for line in lines:
        text = line.strip()
        if is_data and text and not text.startswith("%"):
            return text
        is_data = is_data or text.lower() == "@data"
    return ""


def _filled(rows: Iterator[dict[int, Any]], kinds: list[Any]) -> Iterator[list[Any]]:
    """Add what a sparse row leaves out: zeros, and of a category the first that is declared."""
    omitted = [kind[0] if isinstance(kind, list) else 0 for kind in kinds]
    for row in rows:
        filled = list(omitted)
        for place, value in row.items():
            filled[place] = value
        yield filled


def _numbers(path: Path, rows: Iterator[list[Any]], place: int) -> tuple[np.ndarray, list[Any]]:
    features, classes = [], []
    for row in rows:
        values = list(row)
        classes.append(values.pop(place))
        try:
            features.append(np.array(values, dtype=np.float64))
        except (ValueError, TypeError) as error:
            raise _no_numbers(path, error) from error
    if not features:
        raise InputError(f"{path} holds no rows. Fetch it again.")
    return np.stack(features), classes

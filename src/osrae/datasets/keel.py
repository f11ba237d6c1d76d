"""Tables in the format of the KEEL repository, and in the dense ARFF that it comes from."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pandas as pd

from osrae.datasets.original import Original
from osrae.errors import InputError

__all__ = ["read_keel"]

_MISSING = ("?", "<null>")
#: @attribute name type, where the name may be quoted and the type is a word or a list in braces.
_ATTRIBUTE = re.compile(
    r"""@attribute\s+(?:'([^']+)'|"([^"]+)"|([^\s{]+))\s*(\{.*\}|\w+)""", re.IGNORECASE
)


def read_keel(path: Path) -> Original:
    """Read a KEEL ``.dat`` file or a dense ``.arff`` file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Original
        ``X_train`` is a data frame: numbers as float64 (int64 where the file says integer and
        none is missing), nominal attributes as categories. ``y_train`` is the attribute that
        ``@outputs`` names, the last one if nothing does, as text.

    Raises
    ------
    InputError
        If the file has no attributes or no data, or a row of another length.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error}).") from error
    head, mark, body = re.split(r"(?im)^(@data)\s*$", text, maxsplit=1) if _has_data(text) else (
        text, "", "")  # fmt: skip
    attributes = [
        (next(filter(None, match.groups()[:3])), match[4]) for match in _ATTRIBUTE.finditer(head)
    ]
    if not attributes or not mark:
        raise InputError(
            f"{path} is no KEEL or ARFF file: expected lines of @attribute and one of @data."
        )
    frame = _rows(path, body, attributes)
    target = _target(head, attributes)
    if target not in frame:
        raise InputError(f"{path} names {target!r} as its output, which is no attribute.")
    return Original(frame.drop(columns=target), frame[target].astype(str).to_numpy().astype(str))


def _has_data(text: str) -> bool:
    return re.search(r"(?im)^@data\s*$", text) is not None


def _target(head: str, attributes: list[tuple[str, str]]) -> str:
    named = re.search(r"(?im)^@outputs?\s+(\S+)", head)
    return named[1].strip("'\"") if named else attributes[-1][0]


def _rows(path: Path, body: str, attributes: list[tuple[str, str]]) -> pd.DataFrame:
    """Parse the lines after @data; the columns get the types that the attributes state."""
    names = [name for name, _ in attributes]
    lines = [line for line in body.splitlines() if line.strip() and not line.startswith("%")]
    for number, line in enumerate(lines, start=1):
        if line.count(",") != len(names) - 1:
            raise InputError(
                f"{path}: row {number} of the data has {line.count(',') + 1} values; expected "
                f"{len(names)}."
            )
    frame = pd.read_csv(
        io.StringIO("\n".join(lines)), header=None, names=names, dtype=str,
        skipinitialspace=True, na_values=_MISSING, keep_default_na=False,
    )  # fmt: skip
    if frame.empty:
        raise InputError(f"{path} holds no rows.")
    return pd.DataFrame({name: _typed(path, frame[name], kind) for name, kind in attributes})


def _typed(path: Path, column: pd.Series, kind: str) -> pd.Series:
    column = column.str.strip()
    if kind.startswith("{"):
        values = [value.strip().strip("'\"") for value in kind.strip("{}").split(",")]
        return column.str.strip("'\"").astype(pd.CategoricalDtype(list(dict.fromkeys(values))))
    try:
        numbers = pd.to_numeric(column)
    except ValueError as error:
        raise InputError(f"{path}: {error} of column {column.name!r}, which is {kind}.") from error
    whole = kind.lower() == "integer" and not numbers.isna().any()
    return numbers.astype("int64" if whole else "float64")

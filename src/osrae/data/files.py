"""Files of tables: CSV, TSV and Parquet ↔ pandas data frames."""

from __future__ import annotations

import difflib
import os
import secrets
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from osrae.errors import InputError
from osrae.storage import explain_os_errors

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "TABLE_SUFFIXES",
    "is_parquet",
    "is_table",
    "read_cells",
    "read_table",
    "split_target",
    "write_table",
]

TABLE_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".parquet", ".pq")
_PARQUET = (".parquet", ".pq")
_MOST_NAMES = 20


def is_table(path: str | os.PathLike[str]) -> bool:
    """Whether the name of ``path`` ends like a table's (see `TABLE_SUFFIXES`)."""
    return Path(path).name.lower().endswith(TABLE_SUFFIXES)


def is_parquet(path: Path) -> bool:
    """Whether the name of ``path`` ends like that of a Parquet file."""
    return path.name.lower().endswith(_PARQUET)


def _separator(path: Path) -> str:
    return "\t" if path.name.lower().endswith(".tsv") else ","


def _check_suffix(path: Path) -> None:
    if not is_table(path):
        raise InputError(
            f"{path} does not end like a table; expected one of {', '.join(TABLE_SUFFIXES)}. "
            "Convert or rename it."
        )


def read_table(path: str | os.PathLike[str], *, text: Sequence[str] = ()) -> pd.DataFrame:
    """Read a CSV file (UTF-8, first line the column names) or a Parquet file.

    Parameters
    ----------
    path : path-like
        A file ending in one of `TABLE_SUFFIXES`, in upper or lower case.
    text : sequence of str
        Columns of a CSV file that are text even where they look like numbers.

    Returns
    -------
    pandas.DataFrame
        At least one row; no two columns of the same name.

    Raises
    ------
    InputError
        If the file is missing, empty, damaged, not of these formats, or repeats a column name.
    """
    path = Path(path)
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder; expected a file: {', '.join(TABLE_SUFFIXES)}.")
    if not os.path.exists(path):
        raise InputError(f"{path} does not exist; expected a table. Check the path.")
    _check_suffix(path)
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty (0 bytes); expected a table. Make or copy it again.")
    frame = _read_parquet(path) if is_parquet(path) else _read_csv(path, text)
    if frame.empty:
        raise InputError(
            f"{path} has {len(frame)} rows and {frame.shape[1]} columns; expected at least 1 each."
        )
    return frame


def read_cells(path: Path) -> pd.DataFrame:
    """Read the cells of a CSV file that `read_table` can read, as the text that they are."""
    import pandas as pd

    return pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False, **_options(path))


def _options(path: Path) -> dict[str, Any]:
    # "utf-8-sig" also takes files without the mark that Excel puts in front.
    return {"sep": _separator(path), "encoding": "utf-8-sig"}


def _read_csv(path: Path, text: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    options = _options(path)
    try:
        # Read as a row of data: as a header, pandas would rename what is repeated.
        header = pd.read_csv(
            path, header=None, nrows=1, dtype=str, keep_default_na=False, **options
        )
        _check_names(path, header.iloc[0].tolist())
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # In pieces, a column could get different types on different lines. Without
            # index_col=False, surplus fields would make the first column an index.
            types = dict.fromkeys(text, str)
            return pd.read_csv(path, low_memory=False, index_col=False, dtype=types, **options)
    except pd.errors.EmptyDataError as error:
        raise InputError(f"{path} is empty; expected a line of column names and rows.") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 ({error}); expected UTF-8 text. Save it again as UTF-8."
        ) from error
    except pd.errors.ParserError as error:
        raise InputError(
            f"{path} is no well-formed table ({str(error).strip()}); expected as many fields on "
            "each line as there are column names. Repair that line."
        ) from error
    except pd.errors.ParserWarning as error:
        raise InputError(
            f"{path} has {header.shape[1]} column names, and its lines have more fields; expected "
            "one name for each. Name all columns in the first line."
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from error


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        # Not by pandas: it would read a folder above named "a=b" as a further column.
        with parquet.ParquetFile(path) as file:
            _check_names(path, file.schema_arrow.names)
            return file.read().to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path} cannot be read ({str(error).strip()}); it is damaged, or not of the format "
        "that its name says. Make or copy it again."
    )


def _check_names(path: Path, names: list[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError(
            f"{path} has columns of the same name: {', '.join(map(repr, repeated))}. Rename or "
            "remove all but one of each."
        )


def split_target(frame: pd.DataFrame, target: str) -> tuple[pd.DataFrame, pd.Series]:
    """Return the columns but ``target``, and ``target``.

    Raises
    ------
    InputError
        If there is no such column, or no other.
    """
    names = [str(name) for name in frame.columns]
    if target not in frame.columns:
        similar = difflib.get_close_matches(target, names, n=1)
        hint = f" Did you mean {similar[0]!r}?" if similar else ""
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        raise InputError(
            f"There is no column {target!r}; there are {', '.join(names[:_MOST_NAMES])}{more}."
            f"{hint or ' Choose one of them.'}"
        )
    if len(names) == 1:
        raise InputError(f"{target!r} is the only column; expected others to predict it from.")
    missing = int(frame[target].isna().sum())
    if missing:
        raise InputError(
            f"The column {target!r} has {missing} cells that are empty, or that say None, NA, NaN "
            "or null, which counts as empty. Remove these rows, or write a class of that name in "
            "another way."
        )
    return frame.drop(columns=target), frame[target]


def write_table(path: str | os.PathLike[str], frame: pd.DataFrame) -> None:
    """Write a data frame as its suffix says; an existing file is replaced.

    An index becomes columns if it has a name, as Parquet files of pandas may have it.

    Parameters
    ----------
    path : path-like
        A file ending in one of `TABLE_SUFFIXES`; it changes only once all is written.
    frame : pandas.DataFrame

    Raises
    ------
    InputError
        If the suffix is not one of these, the place cannot be written, or a column does not fit
        into the format.
    """
    path = Path(path)
    _check_suffix(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder and is not replaced; choose another name.")
    named = [n for n in frame.index.names if n is not None and n not in frame.columns]
    frame = frame.reset_index(named) if named else frame
    temporary = path.parent / f".osrae-{secrets.token_hex(8)}.tmp"
    with explain_os_errors(path):
        try:
            with temporary.open("xb") as file:
                _write(file, path, frame)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def _write(file: IO[bytes], path: Path, frame: pd.DataFrame) -> None:
    if not is_parquet(path):
        packed: Literal["gzip"] | None = "gzip" if path.name.lower().endswith(".gz") else None
        frame.to_csv(file, index=False, sep=_separator(path), mode="wb", compression=packed)
        return
    try:
        frame.to_parquet(file, engine="pyarrow", index=False)
    # What pyarrow raises of values that have no Parquet type; its errors are among these.
    except (ValueError, TypeError, NotImplementedError) as error:
        raise InputError(
            f"The table cannot be written to {path} as Parquet ({error}); expected values of one "
            "type in each column. Convert that column, or write .csv."
        ) from error

"""Pictures in Parquet files, as the Hugging Face Hub distributes data sets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from osrae.data.picture_files import decode_picture, stack_pictures
from osrae.datasets.original import Original
from osrae.errors import InputError

__all__ = ["read_parquet_pictures"]

_PICTURE_COLUMNS = ("img", "image")
#: So many encoded pictures are in memory at a time.
_ROWS = 1024


def read_parquet_pictures(folder: Path, label: str = "label") -> Original:
    """Read the training and the test part of a picture data set of the Hugging Face Hub.

    Such are MNIST, Fashion-MNIST, CIFAR-10, CIFAR-100 and SVHN's ``cropped_digits`` there.

    Parameters
    ----------
    folder : Path
        Holds ``train-*.parquet`` and ``test-*.parquet``, or one folder that does. Each part may
        consist of several files (``train-00000-of-00002.parquet`` …). The column ``img`` or
        ``image`` holds encoded pictures.
    label : str, default="label"
        The column of the labels: whole numbers, for example ``"fine_label"`` in CIFAR-100.

    Returns
    -------
    Original
        Pictures of shape (n, h, w) if all are grey, otherwise (n, h, w, 3). Names of classes if
        the files have them.

    Raises
    ------
    InputError
        If files or columns are missing, a file is damaged, or pictures differ in size.
    """
    folder = _folder_of_parts(folder)
    parts, names = [], []
    for part in ("train", "test"):
        files = _shards(folder, part)
        labels: list[int] = []
        pictures = [picture for file in files for picture in _rows(file, label, labels)]
        _check_sizes(pictures, f"the {part} part of {folder}")
        parts.append((stack_pictures(pictures), np.array(labels, np.int64)))
        names.append(_class_names(files[0], label))
    (X_train, y_train), (X_test, y_test) = parts
    return Original(X_train, y_train, X_test, y_test, names[0])


def _folder_of_parts(folder: Path) -> Path:
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; expected one with train-*.parquet.")
    places = [
        place
        for place in [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
        if any(place.glob("train-*.parquet")) and any(place.glob("test-*.parquet"))
    ]
    if not places:
        raise InputError(
            f"Neither {folder} nor a folder in it holds train-*.parquet and test-*.parquet. Check "
            "the path, or fetch the data set again."
        )
    if len(places) > 1:
        listed = ", ".join(map(str, places))
        raise InputError(f"Several folders hold such Parquet files: {listed}. Pass one of them.")
    return places[0]


def _shards(folder: Path, part: str) -> list[Path]:
    """Return the files of a part in order, all of those that their names promise."""
    files = sorted(folder.glob(f"{part}-*.parquet"))
    promised = {int(n) for file in files for n in re.findall(r"-of-(\d+)", file.stem)}
    if promised and promised != {len(files)}:
        raise InputError(
            f"{folder} holds {len(files)} files of the {part} part; their names say that there "
            f"are {' or '.join(map(str, sorted(promised)))}. Fetch the missing ones."
        )
    return files


def _rows(path: Path, label: str, labels: list[int]) -> Iterator[np.ndarray]:
    """Yield the decoded pictures of a file, and append their labels on the way."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            pictures = _picture_column(path, file.schema_arrow.names, label)
            for batch in file.iter_batches(_ROWS, columns=[pictures, label]):
                for cell, number in zip(
                    batch.column(pictures).to_pylist(), batch.column(label).to_pylist(), strict=True
                ):
                    place = f"Row {len(labels)} (of {path.name} and the files before it)"
                    if type(number) is not int:
                        raise InputError(f"{place} has the label {number!r}; expected a number.")
                    labels.append(number)
                    yield _without_opacity(decode_picture(_content(cell, place), place, None))
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{path} cannot be read as a Parquet file ({error}); fetch it again."
        ) from error


def _picture_column(path: Path, columns: list[str], label: str) -> str:
    found = [name for name in _PICTURE_COLUMNS if name in columns]
    if not found or label not in columns:
        raise InputError(
            f"{path} has the columns {', '.join(columns)}; expected {label} and one of "
            f"{', '.join(_PICTURE_COLUMNS)}. Check that it is the right data set."
        )
    return found[0]


def _content(cell: Any, place: str) -> bytes:
    content = cell.get("bytes") if isinstance(cell, dict) else cell
    if not isinstance(content, bytes):
        raise InputError(
            f"{place} holds no picture; expected its bytes, or a structure with the field bytes."
        )
    return content


def _without_opacity(picture: np.ndarray) -> np.ndarray:
    return picture[..., :3] if picture.ndim == 3 else picture


def _check_sizes(pictures: list[np.ndarray], place: str) -> None:
    sizes = {picture.shape[:2] for picture in pictures}
    if len(sizes) != 1:
        some = ", ".join(f"{height} × {width}" for height, width in sorted(sizes)[:3])
        raise InputError(f"The pictures of {place} have the sizes {some or 'of none'}; not one.")


def _class_names(path: Path, label: str) -> tuple[str, ...]:
    """Return the names that the Hub's own library writes into the file, if it did."""
    from pyarrow.parquet import read_schema

    metadata = read_schema(path).metadata or {}
    try:
        names = json.loads(metadata[b"huggingface"])["info"]["features"][label]["names"]
    except (KeyError, TypeError, ValueError):
        return ()
    return tuple(map(str, names)) if isinstance(names, list) else ()

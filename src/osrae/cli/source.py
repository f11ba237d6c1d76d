"""The user's data, from a table file or a picture folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osrae.data.files import is_table, read_table, split_target
from osrae.data.folders import read_folder
from osrae.data.labels import encode_labels, label_array, labels_to_json
from osrae.errors import InputError

__all__ = ["Source", "read_source"]


@dataclass(frozen=True)
class Source:
    """What ``DATA`` holds.

    Attributes
    ----------
    X : DataFrame or ndarray
        The table without its target, or pictures.
    y : Series or ndarray
        Labels.
    files : list of str or None
        Where each picture came from; None for a table.
    """

    X: Any
    y: Any
    files: list[str] | None

    @property
    def is_table(self) -> bool:
        """Whether the data is a table."""
        return self.files is None


def read_source(path: Path, target: str | None, size: tuple[int, int] | None) -> Source:
    """Read labelled data.

    Raises
    ------
    InputError
        If it cannot be read, or ``target`` or ``size`` do not belong to this kind of data.
    """
    if is_table(path):
        if size is not None:
            raise InputError(f"--size is for pictures, and {path} is a table; leave it out.")
        frame = read_table(path)
        if target is None:
            raise InputError(
                f"{path} is a table: say which column holds the class with --target. It has "
                f"the columns {', '.join(map(str, frame.columns[:20]))}."
            )
        X, y = split_target(frame, target)
        _check_labels(target, y)
        return Source(X, y, None)
    if target is not None:
        raise InputError(
            f"--target is for tables (.csv, .tsv, .parquet), and {path} is read as pictures, "
            "whose classes are the folders; leave it out."
        )
    folder = read_folder(path, size=size)
    return Source(folder.pictures, folder.labels, folder.files)


def _check_labels(target: str, y: Any) -> None:
    """Refuse a column that holds no classes, or none that a model's file can hold."""
    try:
        labels_to_json(encode_labels(label_array(y))[0])
    except InputError as error:
        raise InputError(f"The column {target} cannot be the class: {error}") from error

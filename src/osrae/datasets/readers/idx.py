"""IDX files, as MNIST and Fashion-MNIST are distributed."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from osrae.data.archives import read_file
from osrae.datasets.original import Original
from osrae.errors import InputError

__all__ = ["read_idx", "read_idx_pictures"]

#: Element types of the IDX format, big-endian.
_IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file, plain or gzipped (``.gz``), as MNIST is distributed.

    Returns
    -------
    ndarray
        Shape and type as the file's header says.

    Raises
    ------
    InputError
        If the file is damaged, no IDX file, or unpacks to more than 1 GiB.
    """
    content = read_file(path)
    start = 4 + 4 * content[3] if len(content) > 3 else 4
    if content[:2] != b"\0\0" or len(content) < start or content[2] not in _IDX_TYPES:
        raise InputError(f"{path} is no IDX file: it begins with {content[:4].hex(' ')!r}.")
    shape = np.frombuffer(content[4:start], ">i4").tolist()
    dtype = np.dtype(_IDX_TYPES[content[2]])
    expected = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or len(content) - start != expected:
        raise InputError(
            f"{path} is damaged: its header promises {expected} bytes of {tuple(shape)} values, "
            f"and it holds {len(content) - start}. Fetch it again."
        )
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="))


def read_idx_pictures(folder: Path) -> Original:
    """Read MNIST, Fashion-MNIST or another set of the same four files.

    Parameters
    ----------
    folder : Path
        Holds ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte``
        and ``t10k-labels-idx1-ubyte``, each gzipped (``.gz``) or not; a dot before ``idx`` will
        also do (``train-images.idx3-ubyte``).

    Returns
    -------
    Original
        Pictures of shape (n, h, w), labels as int64; without names of classes.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the files do not fit together.
    """
    (X_train, y_train), (X_test, y_test) = (_part(folder, part) for part in ("train", "t10k"))
    if X_train.shape[1:] != X_test.shape[1:]:
        raise InputError(
            f"The training pictures of {folder} are {X_train.shape[1:]} and the test pictures "
            f"{X_test.shape[1:]} pixels; these are files of two data sets."
        )
    return Original(X_train, y_train, X_test, y_test)


def _part(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    X, y = read_idx(_find(folder, part, "images", 3)), read_idx(_find(folder, part, "labels", 1))
    if X.ndim != 3 or y.ndim != 1 or len(X) != len(y) or {X.dtype, y.dtype} != {np.dtype(np.uint8)}:
        raise InputError(
            f"The {part} files of {folder} hold {X.dtype} {X.shape} as pictures and {y.dtype} "
            f"{y.shape} as labels; expected uint8 (n, h, w) and (n,). Fetch them again."
        )
    return X, y.astype(np.int64)


def _find(folder: Path, part: str, what: str, n_axes: int) -> Path:
    names = [
        f"{part}-{what}{mark}idx{n_axes}-ubyte{packed}" for mark in "-." for packed in ("", ".gz")
    ]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"{folder} has none of {', '.join(names)}; fetch the data set again.")

"""Readers of the public layouts."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from osrae.errors import InputError

__all__ = ["read_idx", "read_optical_digits"]

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
        If the file is damaged, or no IDX file.
    """
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read ({error}); fetch it again.") from error
    start = 4 + 4 * content[3] if len(content) > 3 else 4
    if content[:2] != b"\0\0" or len(content) < start or content[2] not in _IDX_TYPES:
        raise InputError(f"{path} is no IDX file: it begins with {content[:4].hex(' ')!r}.")
    shape = np.frombuffer(content[4:start], ">i4")
    dtype = np.dtype(_IDX_TYPES[content[2]])
    expected = int(np.prod(shape)) * dtype.itemsize
    if len(content) - start != expected:
        raise InputError(
            f"{path} is cut short: its header promises {expected} bytes of {tuple(shape.tolist())} "
            f"values, and it holds {len(content) - start}. Fetch it again."
        )
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="))


def read_optical_digits(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read UCI's ``optdigits.tra`` (or ``.tes``): 64 counts from 0 to 16, then the digit.

    Returns
    -------
    X : ndarray of shape (n, 64)
    digits : ndarray of int, shape (n,)
    """
    try:
        table = np.loadtxt(path, delimiter=",", dtype=np.int64, ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as numbers with commas ({error}).") from error
    if table.shape[1] != 65:
        raise InputError(f"{path} has {table.shape[1]} columns; 64 pixels and the digit make 65.")
    return table[:, :64].astype(np.float64), table[:, 64]

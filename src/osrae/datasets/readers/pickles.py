"""Pickles of arrays, lists and texts, read without running any code that they name."""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from osrae.errors import InputError

__all__ = ["read_pickle"]

#: Element types by their name in a pickle.
_TYPES = ("b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8")
_ORDERS = ("|", "<", ">", "=")


def read_pickle(content: bytes, place: str) -> dict[str, Any]:
    """Read a pickled dict as CIFAR and the downsampled ImageNet are distributed.

    Unpickling normally calls whatever functions a file names. Here, a file may name nothing but
    those by which NumPy writes an array, and even these are replaced by code that only takes bytes
    for numbers.

    Parameters
    ----------
    content : bytes
        Of Python 2 or 3, any protocol.
    place : str
        Names the file in errors.

    Returns
    -------
    dict
        Its keys as str; arrays of numbers, lists, and texts, those of Python 2 as bytes.

    Raises
    ------
    InputError
        If the file is damaged, or asks for anything else.
    """
    try:
        loaded = _ArrayUnpickler(io.BytesIO(content), encoding="bytes").load()
        if type(loaded) is not dict:
            raise pickle.UnpicklingError(f"it holds a {type(loaded).__name__}, not a dict")
        return {
            _text(key): value.array() if isinstance(value, _Array) else value
            for key, value in loaded.items()
        }
    # Damaged bytes make unpickling fail in every way: KeyError, IndexError, MemoryError …
    except Exception as error:
        raise InputError(
            f"{place} cannot be read ({error}); expected a pickled dict of arrays and lists. "
            "No code in it was run. Fetch it again from its original source."
        ) from error


def _text(value: Any) -> str:
    if not isinstance(value, bytes | str):
        raise pickle.UnpicklingError(f"the key {value!r:.40} is no text")
    return value.decode() if isinstance(value, bytes) else value


class _DataType:
    """What ``numpy.dtype`` of a pickle becomes."""

    def __init__(self, name: bytes | str, *_: object) -> None:
        self.name, self.order = _text(name), "|"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = _text(state[1])

    def numpy(self) -> np.dtype:
        if self.name not in _TYPES or self.order not in _ORDERS:
            raise pickle.UnpicklingError(f"arrays of {self.order}{self.name:.40} are not read")
        return np.dtype(f"{self.order}{self.name}")


class _Array:
    """What an array of a pickle becomes."""

    def __init__(self, *state: Any) -> None:
        self._state = state

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, is_fortran, content = state
        self._state = content, dtype, shape, "F" if is_fortran else "C"

    def array(self) -> np.ndarray:
        content, described, shape, order = self._state
        dtype = described.numpy()
        if math.prod(shape) * dtype.itemsize != len(content):
            raise pickle.UnpicklingError(f"{len(content)} bytes are no array of shape {shape}")
        array = np.frombuffer(content, dtype).reshape(shape, order="F" if order == "F" else "C")
        return array.astype(dtype.newbyteorder("="), copy=False)


class _Call:
    """A function of ours under a name in a pickle; a pickle can do nothing with it but call it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError("it changes a function")


def _encoded(text: str, encoding: str) -> bytes:
    """Undo how Python 3 writes bytes for Python 2."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes written as {encoding!r:.40}")
    return text.encode("latin-1")


#: Functions by their names without the modules' underscores, which depend on NumPy's version.
_FUNCTIONS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): lambda *_: _Array(),
    ("numpy.core.numeric", "_frombuffer"): _Array,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _DataType,
    ("_codecs", "encode"): _encoded,
    ("__builtin__", "bytes"): lambda: b"",  # how Python 3 writes no bytes for Python 2
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        function = _FUNCTIONS.get((module.replace("numpy._core", "numpy.core"), name))
        if function is None:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not allowed")
        return _Call(function)

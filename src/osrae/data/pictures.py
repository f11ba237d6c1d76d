"""Arrays of pictures ↔ what the networks see."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from osrae.data.description import ImageDescription
from osrae.errors import InputError

__all__ = ["PictureFormat", "from_network", "read_format", "to_network"]

_CHANNELS = (1, 3, 4)
_LEAST_SIZE = 8
_EXPECTED = (
    "pictures are (n, height, width) or (n, height, width, channels) with 1, 3 or 4 channels, as "
    "uint8 (0 to 255) or float (0 to 1)"
)


@dataclass(frozen=True)
class PictureFormat:
    """Layout and type of a user's pictures.

    Parameters
    ----------
    height, width, channels : int
    has_channel_axis : bool
        Whether a picture has a last axis for channels, or its rows are flattened with one.
    flat : bool
        Whether pictures are flat rows.
    dtype : str
        NumPy's name of the type; ``uint8`` ranges from 0 to 255, floats from 0 to 1.
    """

    height: int
    width: int
    channels: int
    has_channel_axis: bool
    flat: bool
    dtype: str

    @property
    def description(self) -> ImageDescription:
        """What the networks need to know."""
        return ImageDescription(self.height, self.width, self.channels)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one picture in the user's array."""
        if self.flat:
            return (self.height * self.width * self.channels,)
        size = (self.height, self.width)
        return (*size, self.channels) if self.has_channel_axis else size

    def to_json(self) -> dict[str, Any]:
        """Return the format as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> PictureFormat:
        """Restore a format from `to_json`."""
        return cls(**content)


def read_format(X: Any, image_shape: tuple[int, ...] | None = None) -> PictureFormat:
    """Find out how pictures are given.

    Parameters
    ----------
    X : array of shape (n, h, w), (n, h, w, c), or (n, h · w · c) with ``image_shape``
    image_shape : tuple of int or None
        ``(h, w)`` or ``(h, w, c)`` of flat rows.

    Raises
    ------
    InputError
        If shape, type or range is not that of pictures; the message names what was found.
    """
    X = np.asarray(X)
    flat = X.ndim == 2 and image_shape is not None
    shape = tuple(image_shape) if flat and image_shape is not None else X.shape[1:]
    if image_shape is not None and tuple(image_shape) != shape:
        raise InputError(f"image_shape={image_shape}, but the pictures have shape {X.shape[1:]}.")
    if len(shape) not in (2, 3):
        raise InputError(f"Found an array of shape {X.shape}; {_EXPECTED}.")
    _check_size(X, shape)
    if flat and X.shape[1] != int(np.prod(shape)):
        raise InputError(
            f"Rows have {X.shape[1]} values, but image_shape={shape} needs {int(np.prod(shape))}."
        )
    if len(X) == 0:
        raise InputError(f"Found no pictures (an array of shape {X.shape}).")
    _check_values(X)
    return PictureFormat(
        height=int(shape[0]),
        width=int(shape[1]),
        channels=int(shape[2]) if len(shape) == 3 else 1,
        has_channel_axis=len(shape) == 3,
        flat=flat,
        dtype=X.dtype.name,
    )


def _check_size(X: np.ndarray, shape: tuple[int, ...]) -> None:
    if len(shape) == 3 and shape[2] not in _CHANNELS:
        hint = ""
        if shape[0] in _CHANNELS:
            hint = " It looks channels-first: use X.transpose(0, 2, 3, 1)."
        raise InputError(
            f"Found an array of shape {X.shape} with {shape[2]} channels; {_EXPECTED}.{hint}"
        )
    if min(shape[:2]) < _LEAST_SIZE:
        raise InputError(
            f"Pictures are {shape[0]} × {shape[1]} pixels (array of shape {X.shape}); at least "
            f"{_LEAST_SIZE} × {_LEAST_SIZE} are needed. Enlarge them, or pass them as a table of "
            "flat rows."
        )


def _check_values(X: np.ndarray) -> None:
    """Check type and range: bytes, or numbers from 0 to 1."""
    if X.dtype == np.uint8:
        return
    if X.dtype.kind != "f":
        raise InputError(
            f"Pictures of type {X.dtype} (shape {X.shape}) are ambiguous; use "
            "X.astype(np.uint8) for values from 0 to 255."
        )
    low, high = float(X.min()), float(X.max())
    if not np.isfinite([low, high]).all():
        raise InputError("Pictures hold NaN or infinity; every pixel must be a number from 0 to 1.")
    if low < 0 or high > 1:
        raise InputError(
            f"Pictures of type {X.dtype} must range from 0 to 1, and range from {low:g} to "
            f"{high:g}; divide by their greatest possible value (often 255), or use uint8."
        )


def to_network(X: Any, picture_format: PictureFormat) -> np.ndarray:
    """Return pictures channels first: ``(n, c, h, w)``, ``uint8`` as it is, floats as float32.

    Raises
    ------
    InputError
        If ``X`` differs from the format in shape or type.
    """
    X = np.asarray(X)
    f = picture_format
    if X.shape[1:] != f.shape:
        raise InputError(
            f"Pictures have shape {X.shape[1:]} (array of shape {X.shape}); {f.shape} in training."
        )
    if (X.dtype == np.uint8) != (f.dtype == "uint8"):
        raise InputError(
            f"Pictures have type {X.dtype}, and {f.dtype} in training; the ranges differ (0 to "
            "255, 0 to 1). Convert them."
        )
    _check_values(X)
    pictures = X.reshape(len(X), f.height, f.width, f.channels).transpose(0, 3, 1, 2)
    pictures = pictures if X.dtype == np.uint8 else pictures.astype(np.float32, copy=False)
    # torch neither takes arrays that may not be written nor strides that run backwards.
    if not pictures.flags.writeable or min(pictures.strides) < 0:
        pictures = pictures.copy()
    return pictures


def from_network(pictures: np.ndarray, picture_format: PictureFormat) -> np.ndarray:
    """Return decoded pictures in the user's layout, type and range.

    Parameters
    ----------
    pictures : ndarray of shape (n, c, h, w), float
        Values from 0 to 1; others are clipped.
    picture_format : PictureFormat
    """
    values = np.clip(pictures, 0, 1).transpose(0, 2, 3, 1)
    if picture_format.dtype == "uint8":
        values = np.rint(values * 255)
    values = values.astype(picture_format.dtype)
    return np.ascontiguousarray(values.reshape(len(values), *picture_format.shape))

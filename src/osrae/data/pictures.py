"""Arrays of pictures ↔ what the networks see."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from osrae.data.description import ImageDescription
from osrae.errors import InputError

__all__ = ["LEAST_SIZE", "PictureFormat", "from_network", "read_format", "to_network"]

_CHANNELS = (1, 3, 4)
#: Least height and width in pixels.
LEAST_SIZE = 8
_EXPECTED = (
    "pictures are (n, height, width) or (n, height, width, channels) with 1, 3 or 4 channels, as "
    "uint8 (0 to 255) or float (0 to 1)"
)


@dataclass(frozen=True)
class PictureFormat:
    """Layout and type of a user's pictures.

    Parameters
    ----------
    height, width : int
        Size in pixels, at least 8 each.
    channels : int
        1 (grey), 3 (colour) or 4 (colour and opacity).
    has_channel_axis : bool
        Whether a picture has a last axis for channels, or its rows are flattened with one.
    flat : bool
        Whether pictures are flat rows.
    dtype : str
        NumPy's name of the type: ``"uint8"`` or a float type.
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
    def maximum(self) -> int:
        """Value of a full channel: 255 of bytes, 1 of floats."""
        return 255 if self.dtype == "uint8" else 1

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
    X : array or tensor of shape (n, h, w), (n, h, w, c), or (n, h · w · c) with ``image_shape``
        ``uint8`` from 0 to 255, or float from 0 to 1.
    image_shape : tuple of int or None
        ``(h, w)`` or ``(h, w, c)`` of flat rows.

    Raises
    ------
    InputError
        If shape, type or range is not that of pictures; the message names what was found.
    """
    X = _as_array(X)
    flat = X.ndim == 2 and image_shape is not None
    shape = _checked_image_shape(image_shape) if image_shape is not None else X.shape[1:]
    if not flat:
        _check_axes(X)
        if shape != X.shape[1:]:
            raise InputError(
                f"image_shape={shape}, but each picture of the array of shape {X.shape} has shape "
                f"{X.shape[1:]}. Leave out image_shape, which is for flat rows."
            )
    elif X.shape[1] != np.prod(shape):
        raise InputError(
            f"image_shape={shape} needs rows of {np.prod(shape)} values, and the rows of the array "
            f"of shape {X.shape} have {X.shape[1]}. Set image_shape to the (height, width) or "
            "(height, width, channels) of these pictures."
        )
    _check_size(X, shape)
    _check_values(X)
    return PictureFormat(
        height=int(shape[0]),
        width=int(shape[1]),
        channels=int(shape[2]) if len(shape) == 3 else 1,
        has_channel_axis=len(shape) == 3,
        flat=flat,
        dtype=X.dtype.name,
    )


def _as_array(X: Any) -> np.ndarray:
    if hasattr(X, "detach"):  # a torch tensor
        X = X.detach().cpu()
        if str(X.dtype) == "torch.bfloat16":  # unknown to NumPy
            X = X.float()
    try:
        return np.asarray(X)
    except ValueError as error:
        raise InputError(
            "The pictures differ in size, so they make no array. Bring all to one size first; "
            f"{_EXPECTED}."
        ) from error


def _checked_image_shape(image_shape: tuple[int, ...]) -> tuple[int, ...]:
    shape = tuple(image_shape)
    whole = all(isinstance(size, int | np.integer) and size > 0 for size in shape)
    if not whole or len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in _CHANNELS):
        raise InputError(
            f"image_shape={image_shape} must be (height, width) or (height, width, channels) in "
            "whole numbers, with 1, 3 or 4 channels."
        )
    return shape


def _check_axes(X: np.ndarray) -> None:
    """Check number and order of the axes."""
    found = f"Found an array of shape {X.shape}; {_EXPECTED}."
    if X.ndim == 2:
        raise InputError(f"{found} For flat rows, set image_shape=(height, width[, channels]).")
    if X.ndim not in (3, 4):
        raise InputError(found)
    if X.ndim == 3 and X.shape[2] in _CHANNELS and X.shape[1] >= LEAST_SIZE:
        raise InputError(f"{found} It looks like a single picture: use X[None].")
    if X.ndim == 4 and X.shape[3] not in _CHANNELS:
        hint = (
            " It looks channels-first: use X.transpose(0, 2, 3, 1)."
            if X.shape[1] in _CHANNELS
            else ""
        )
        raise InputError(found + hint)


def _check_size(X: np.ndarray, shape: tuple[int, ...]) -> None:
    if len(X) == 0:
        raise InputError(f"Found 0 pictures (an array of shape {X.shape}); at least 1 is needed.")
    if min(shape[:2]) < LEAST_SIZE:
        raise InputError(
            f"Pictures are {shape[0]} × {shape[1]} pixels (array of shape {X.shape}); at least "
            f"{LEAST_SIZE} × {LEAST_SIZE} are needed. Enlarge them, or pass them as a table of "
            "flat rows."
        )


def _check_values(X: np.ndarray) -> None:
    """Check type and range: bytes, or numbers from 0 to 1."""
    if X.dtype == np.uint8:
        return
    found = f"Found pictures of type {X.dtype} (shape {X.shape})"
    if X.dtype == bool:
        raise InputError(f"{found}; {_EXPECTED}. Use X.astype(np.uint8) * 255.")
    if X.dtype.kind in "iu":
        raise InputError(
            f"{found} from {X.min()} to {X.max()}; {_EXPECTED}. Bring the values to 0 to 255 and "
            "cast to uint8: X.astype(np.uint8)."
        )
    if X.dtype.kind != "f":
        raise InputError(f"{found}; {_EXPECTED}.")
    # NaN and infinity reach the extremes: one pass finds all three mistakes.
    low, high = float(X.min()), float(X.max())
    if not np.isfinite([low, high]).all():
        count = X.size - int(np.isfinite(X).sum())
        raise InputError(
            f"{found} with {count} values that are NaN or infinite; every value must be a number "
            "from 0 to 1. Remove or repair these pictures."
        )
    if low < 0 or high > 1:
        raise InputError(
            f"{found} from {low:g} to {high:g}; floats must range from 0 to 1. "
            f"{_rescaling(low, high)}"
        )


def _rescaling(low: float, high: float) -> str:
    if low >= -1 and high <= 1:
        return "If they were scaled to -1 to 1, use (X + 1) / 2."
    if low >= 0 and high <= 255:
        return "If they range from 0 to 255, divide by 255 or use X.astype(np.uint8)."
    return "Undo the standardisation, or divide by the greatest possible value."


def to_network(X: Any, picture_format: PictureFormat) -> np.ndarray:
    """Bring pictures to the networks' layout; a view of ``X`` where that is possible.

    Parameters
    ----------
    X : array or tensor
        Pictures of the layout, size and range in ``picture_format``.
    picture_format : PictureFormat

    Returns
    -------
    ndarray of shape (n, c, h, w)
        ``uint8`` from 0 to 255 as it is; floats as float32.

    Raises
    ------
    InputError
        If ``X`` differs from the format in shape or type, or its values from the range.
    """
    X = _as_array(X)
    f = picture_format
    if X.shape[1:] != f.shape:
        hint = ""
        if X.ndim == 4 and f.has_channel_axis and X.shape[1:] == f.description.shape:
            hint = ": it looks channels-first, use X.transpose(0, 2, 3, 1)"
        raise InputError(
            f"Found pictures of shape {X.shape[1:]} (array of shape {X.shape}), and the training "
            f"pictures had shape {f.shape}. Bring them to that shape{hint}."
        )
    if len(X) == 0:
        raise InputError(f"Found 0 pictures (an array of shape {X.shape}); at least 1 is needed.")
    _check_values(X)
    if (X.dtype == np.uint8) != (f.maximum == 255):
        raise InputError(
            f"Found pictures of type {X.dtype}, and the training pictures had type {f.dtype}, "
            f"from 0 to {f.maximum}. Convert them to that type and range."
        )
    pictures = X.reshape(len(X), f.height, f.width, f.channels).transpose(0, 3, 1, 2)
    pictures = pictures if X.dtype == np.uint8 else pictures.astype(np.float32, copy=False)
    # torch takes neither arrays that may not be written nor strides that run backwards.
    if not pictures.flags.writeable or min(pictures.strides) < 0:
        pictures = pictures.copy()
    return pictures


def from_network(pictures: np.ndarray, picture_format: PictureFormat) -> np.ndarray:
    """Return decoded pictures in the user's layout, type and range.

    Parameters
    ----------
    pictures : ndarray of shape (n, c, h, w), float32
        Values from 0 to 1; others are clipped.
    picture_format : PictureFormat

    Returns
    -------
    ndarray of shape (n, h, w), (n, h, w, c) or (n, h · w · c)
        As ``picture_format`` says; bytes are rounded to the nearest.
    """
    values = np.clip(pictures, 0, 1).transpose(0, 2, 3, 1)
    if picture_format.dtype == "uint8":
        values = np.rint(values * picture_format.maximum)
    values = values.astype(picture_format.dtype)
    return np.ascontiguousarray(values.reshape(len(values), *picture_format.shape))

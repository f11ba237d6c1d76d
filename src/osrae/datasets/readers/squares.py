"""Photographs → small square colour pictures."""

from __future__ import annotations

import numpy as np
from PIL import Image

from osrae.data.picture_files import decode_picture

__all__ = ["SIDE", "small_square"]

SIDE = 32


def small_square(content: bytes, place: str) -> np.ndarray:
    """Decode a photograph, cut the square from its middle, and shrink it.

    Each pixel of the square counts for exactly one pixel of the result, which is the mean of those
    that count for it (Pillow's box filter). The downsampled ImageNet was made with this filter,
    too. Grey becomes colour.

    Parameters
    ----------
    content : bytes
        Of a JPEG, PNG or other picture file.
    place : str
        Names the file in errors.

    Returns
    -------
    ndarray of uint8, shape (32, 32, 3)

    Raises
    ------
    InputError
        If it cannot be decoded.

    References
    ----------
    P. Chrabaszcz, I. Loshchilov, F. Hutter. A Downsampled Variant of ImageNet as an Alternative to
    the CIFAR Datasets. arXiv:1707.08819, 2017.
    """
    picture = decode_picture(content, place, None)
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side]
    if square.ndim == 2:
        square = np.repeat(square[:, :, None], 3, axis=2)
    image = Image.fromarray(np.ascontiguousarray(square[:, :, :3]))
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))

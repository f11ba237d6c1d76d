"""Bytes of picture files ↔ arrays."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageOps

from osrae.errors import InputError

__all__ = ["decode_picture", "encode_picture", "stack_pictures"]

#: No other of Pillow's readers is tried: some start programs (EPS), and all are open to attack.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")


def decode_picture(data: bytes, name: str, size: tuple[int, int] | None) -> np.ndarray:
    """Return one picture as grey (h, w), colour (h, w, 3), or with opacity (h, w, 4)."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.mode in ("I", "F"):
                raise InputError(
                    f"{name} has 32 bits per pixel; expected 8 or 16. Convert it to 8 bits."
                )
            ImageOps.exif_transpose(image, in_place=True)
            picture = _as_bytes(image)
            if size is not None and picture.size != (size[1], size[0]):
                picture = picture.resize((size[1], size[0]), Image.Resampling.BICUBIC)
            return np.asarray(picture)
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise InputError(f"{name} is too large ({error}). Make it smaller or remove it.") from error
    # Damaged bytes make Pillow's readers fail in every way: OSError, SyntaxError, struct.error …
    except Exception as error:
        raise InputError(
            f"{name} cannot be decoded ({error}); expected a whole PNG, JPEG, BMP, GIF, WebP or "
            "TIFF. Replace or remove it."
        ) from error


def _as_bytes(image: Image.Image) -> Image.Image:
    """Bring any mode to L, RGB or RGBA."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.uint32)
        return Image.fromarray(((values + 128) // 257).astype(np.uint8))  # 65535 is 255 · 257
    wanted = "L" if image.mode in ("1", "L") else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def stack_pictures(pictures: list[np.ndarray]) -> np.ndarray:
    """Bring all to the channels that any of them needs; ``pictures`` is emptied on the way."""
    channels = max(picture.shape[2] if picture.ndim == 3 else 1 for picture in pictures)
    size = pictures[0].shape[:2]
    shape = (len(pictures), *size) if channels == 1 else (len(pictures), *size, channels)
    stacked = np.empty(shape, np.uint8)
    for index in reversed(range(len(pictures))):
        picture = pictures.pop()  # its memory is free before the next one is copied
        if channels == 1:
            stacked[index] = picture
            continue
        colour = picture[:, :, None] if picture.ndim == 2 else picture
        stacked[index, :, :, :3] = colour[:, :, :3]
        if channels == 4:
            stacked[index, :, :, 3] = colour[:, :, 3] if colour.shape[2] == 4 else 255
    return stacked


def encode_picture(picture: np.ndarray) -> bytes:
    """Return one picture as the bytes of a PNG file."""
    if picture.dtype != np.uint8:
        picture = np.rint(picture.astype(np.float64) * 255).astype(np.uint8)
    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[:, :, 0]
    # Written by Pillow itself, a full disk may come as an error without its reason.
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, "PNG")
    return buffer.getvalue()

"""What users bring → what networks see, and back, under one interface for both kinds of data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import torch

from osrae.data.description import DataDescription
from osrae.data.frames import append_rows
from osrae.data.pictures import PictureFormat, from_network, read_format, to_network
from osrae.data.samples import Rows, TableRows
from osrae.data.tables import TableEncoder

__all__ = [
    "Codec",
    "PictureCodec",
    "TableCodec",
    "append_decoded",
    "codec_from_json",
    "fit_codec",
]


class Codec(Protocol):
    """A fitted translation between the user's data and the networks' arrays."""

    @property
    def description(self) -> DataDescription:
        """Kind and size of the data."""

    def encode(self, X: Any) -> np.ndarray:
        """Return ``uint8`` or ``float32`` rows for the networks."""

    def rows(self, X: Any) -> Rows:
        """Return what `encode` does, but encode rows only when they are taken where that pays."""

    def decode(self, rows: np.ndarray) -> Any:
        """Return the user's container for ``float32`` rows that a decoder made."""

    def to_json(self) -> dict[str, Any]:
        """Return the codec as plain JSON values."""


class TableCodec:
    """Tables of mixed types."""

    def __init__(self, encoder: TableEncoder) -> None:
        self.encoder = encoder
        self.description = encoder.description

    def encode(self, X: Any) -> np.ndarray:
        """Encode rows to ``float32`` (n, width)."""
        return self.encoder.transform(X)

    def rows(self, X: Any) -> Rows:
        """Return rows of numbers that are encoded when they are taken; others are so at once."""
        view = self.encoder.view(X)
        if self.encoder.encodes_rows(view):
            return TableRows(self.encoder, view)
        return torch.from_numpy(self.encoder.encode(view))

    def decode(self, rows: np.ndarray) -> Any:
        """Decode encoded rows into the user's columns and container."""
        return self.encoder.inverse_transform(rows)

    def to_json(self) -> dict[str, Any]:
        """Return the codec as plain JSON values."""
        return {"kind": "table", "encoder": self.encoder.to_json()}


class PictureCodec:
    """Pictures of one format."""

    def __init__(self, picture_format: PictureFormat) -> None:
        self.format = picture_format
        self.description = picture_format.description

    def encode(self, X: Any) -> np.ndarray:
        """Return pictures channels first, ``uint8`` or ``float32``."""
        return to_network(X, self.format)

    def rows(self, X: Any) -> Rows:
        """Return pictures as a tensor, of the same memory where their type and layout allow it."""
        return torch.from_numpy(self.encode(X))

    def decode(self, rows: np.ndarray) -> Any:
        """Return pictures in the user's layout, dtype and range."""
        return from_network(rows, self.format)

    def to_json(self) -> dict[str, Any]:
        """Return the codec as plain JSON values."""
        return {"kind": "pictures", "format": self.format.to_json()}


def append_decoded(codec: Codec, X: Any, blocks: Iterable[np.ndarray], n_new: int) -> Any:
    """Return ``X`` unchanged, followed by new rows, in the container of ``X``.

    Parameters
    ----------
    codec : Codec
    X : any container of the user's
    blocks : iterable of ndarray
        Rows that a decoder made, ``n_new`` in all. Beside an array they are decoded one by one,
        so that only the result itself takes memory.
    n_new : int
    """
    if not isinstance(X, np.ndarray):
        return append_rows(X, codec.decode(np.concatenate(list(blocks))))
    result = np.empty((len(X) + n_new, *X.shape[1:]), X.dtype)
    result[: len(X)] = X
    start = len(X)
    for block in blocks:
        result[start : start + len(block)] = codec.decode(block)
        start += len(block)
    return result


def fit_codec(
    X: Any,
    image_shape: tuple[int, ...] | None,
    categorical_features: Any,
    within_range: bool = True,
) -> TableCodec | PictureCodec:
    """Learn the translation from the training data.

    Anything with three or more dimensions, or with an ``image_shape``, is pictures. Of these and
    with ``within_range``, decoded numbers stay in the range that occurred or may occur.
    """
    if image_shape is not None or len(getattr(X, "shape", ())) > 2:
        return PictureCodec(read_format(X, image_shape))
    return TableCodec(TableEncoder(categorical_features, within_range).fit(X))


def codec_from_json(content: dict[str, Any]) -> TableCodec | PictureCodec:
    """Restore a codec from `Codec.to_json`."""
    if content["kind"] == "pictures":
        return PictureCodec(PictureFormat.from_json(content["format"]))
    return TableCodec(TableEncoder.from_json(content["encoder"]))

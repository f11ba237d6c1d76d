"""What users bring → what networks see, and back, under one interface for both kinds of data."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from osrae.data.description import DataDescription
from osrae.data.frames import append_rows
from osrae.data.pictures import PictureFormat, from_network, read_format, to_network
from osrae.data.tables import TableEncoder

__all__ = ["Codec", "PictureCodec", "TableCodec", "codec_from_json", "fit_codec"]


class Codec(Protocol):
    """A fitted translation between the user's data and the networks' arrays."""

    @property
    def description(self) -> DataDescription:
        """Kind and size of the data."""

    def encode(self, X: Any) -> np.ndarray:
        """Return ``uint8`` or ``float32`` rows for the networks."""

    def decode(self, rows: np.ndarray) -> Any:
        """Return the user's container for ``float32`` rows that a decoder made."""

    def append(self, X: Any, new: Any) -> Any:
        """Return ``X`` unchanged, followed by ``new``, in the container of ``X``."""

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

    def decode(self, rows: np.ndarray) -> Any:
        """Decode encoded rows into the user's columns and container."""
        return self.encoder.inverse_transform(rows)

    def append(self, X: Any, new: Any) -> Any:
        """Append rows, keeping container and dtypes."""
        return append_rows(X, new)

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

    def decode(self, rows: np.ndarray) -> Any:
        """Return pictures in the user's layout, dtype and range."""
        return from_network(rows, self.format)

    def append(self, X: Any, new: Any) -> Any:
        """Append pictures, keeping container, layout and dtype."""
        return append_rows(X, new)

    def to_json(self) -> dict[str, Any]:
        """Return the codec as plain JSON values."""
        return {"kind": "pictures", "format": self.format.to_json()}


def fit_codec(
    X: Any, image_shape: tuple[int, ...] | None, categorical_features: Any
) -> TableCodec | PictureCodec:
    """Learn the translation from the training data.

    Anything with three or more dimensions, or with an ``image_shape``, is pictures.
    """
    if image_shape is not None or len(getattr(X, "shape", ())) > 2:
        return PictureCodec(read_format(X, image_shape))
    return TableCodec(TableEncoder(categorical_features).fit(X))


def codec_from_json(content: dict[str, Any]) -> TableCodec | PictureCodec:
    """Restore a codec from `Codec.to_json`."""
    if content["kind"] == "pictures":
        return PictureCodec(PictureFormat.from_json(content["format"]))
    return TableCodec(TableEncoder.from_json(content["encoder"]))

"""What the networks need to know of the data: its kind and its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

__all__ = ["DataDescription", "DataKind", "ImageDescription", "TableDescription"]

DataKind = Literal["pictures", "tables"]


@dataclass(frozen=True)
class ImageDescription:
    """Pictures of one size; the networks see them as ``(n, channels, height, width)`` in [0, 1].

    Parameters
    ----------
    height, width : int
        Size in pixels, at least 8 each.
    channels : int
        1 (grey), 3 (colour) or 4 (colour and opacity).
    """

    height: int
    width: int
    channels: int

    kind: ClassVar[DataKind] = "pictures"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one picture inside the networks, channels first."""
        return (self.channels, self.height, self.width)


@dataclass(frozen=True)
class TableDescription:
    """An encoded table: first the continuous columns, then one block per categorical column.

    Parameters
    ----------
    n_continuous : int
        Number of leading continuous (standardised) columns.
    categories : tuple of int
        Width of each one-hot block that follows, in order; each at least 2.
    """

    n_continuous: int
    categories: tuple[int, ...] = ()

    kind: ClassVar[DataKind] = "tables"

    @property
    def shape(self) -> tuple[int]:
        """Shape of one encoded row."""
        return (self.n_continuous + sum(self.categories),)


DataDescription = ImageDescription | TableDescription

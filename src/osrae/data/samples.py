"""Samples as training and prediction take them: some at a time, in any order, without a copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from osrae.data.columns import Columns
from osrae.data.tables import TableEncoder

__all__ = ["Rows", "Samples", "TableRows"]


class Rows(Protocol):
    """What rows can be taken from: a tensor, or a table that encodes them when they are taken."""

    def __len__(self) -> int: ...

    def __getitem__(self, places: Tensor) -> Tensor: ...


class Samples:
    """Samples as the networks' owner holds them, or some of them, without a copy.

    Parameters
    ----------
    x : Rows
        ``uint8`` pictures (0 to 255), or ``float32`` pictures in [0, 1] or encoded rows.
    places : Tensor of shape (n,) or None
        The rows of ``x`` that are meant; None for all.
    """

    def __init__(self, x: Rows, places: Tensor | None = None) -> None:
        self.x, self.places = x, places

    def __len__(self) -> int:
        return len(self.x if self.places is None else self.places)

    def take(self, indices: Tensor, device: torch.device) -> Tensor:
        """Gather ``indices`` as float32 on ``device``; bytes become values in [0, 1]."""
        places = indices if self.places is None else self.places[indices]
        x = self.x[places].to(device, non_blocking=True)
        return x.float().div_(255) if x.dtype == torch.uint8 else x

    def blocks(self, size: int, device: torch.device) -> Iterator[Tensor]:
        """Gather all samples, ``size`` at a time."""
        for start in range(0, len(self), size):
            yield self.take(torch.arange(start, min(start + size, len(self))), device)


class TableRows:
    """A table whose rows are encoded when they are taken, so that it needs no memory of its own.

    Parameters
    ----------
    encoder : TableEncoder
    view : Columns
        Of which ``encoder.encodes_rows`` says so.
    """

    def __init__(self, encoder: TableEncoder, view: Columns) -> None:
        self.encoder, self.view = encoder, view

    def __len__(self) -> int:
        return self.view.n_rows

    def __getitem__(self, places: Tensor) -> Tensor:
        """Return encoded rows ``(n, width)``."""
        Z = np.empty((len(places), *self.encoder.description.shape), dtype=np.float32)
        self.encoder.encode_numbers(self.view, places.numpy(), Z)
        return torch.from_numpy(Z)

"""Exponential moving averages of weights and running statistics."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import torch
from torch import Tensor, nn

__all__ = ["update_average"]


@torch.no_grad()
def update_average(average: nn.Module, live: nn.Module, decay: float, step: int) -> None:
    """Move ``average`` towards ``live``: ``a ← decay · a + (1 - decay) · w``.

    Running statistics of batch normalisation are averaged like weights; counters are copied.

    Parameters
    ----------
    average, live : torch.nn.Module
        Two modules of the same structure.
    decay : float
        In [0, 1). The effective decay grows as ``(1 + step) / (10 + step)`` up to this value,
        so that the random initial weights are forgotten at once.
    step : int
        Updates so far.
    """
    effective = min(decay, (1 + step) / (10 + step))
    pairs = list(zip(_tensors(average), _tensors(live), strict=True))
    floating = [pair for pair in pairs if pair[0].is_floating_point()]
    ours, theirs = (list(side) for side in zip(*floating, strict=True))
    torch._foreach_lerp_(ours, theirs, 1 - effective)
    for a, w in pairs:
        if not a.is_floating_point():
            a.copy_(w)


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    """Weights and all buffers, without the names that a ``state_dict`` takes a while to make."""
    return chain(module.parameters(), module.buffers())

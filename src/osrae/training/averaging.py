"""Exponential moving averages of weights and running statistics."""

from __future__ import annotations

import torch
from torch import nn

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
    ours, theirs = average.state_dict(), live.state_dict()
    floating = [name for name, value in ours.items() if value.is_floating_point()]
    torch._foreach_lerp_(
        [ours[name] for name in floating], [theirs[name] for name in floating], 1 - effective
    )
    for name in ours.keys() - set(floating):
        ours[name].copy_(theirs[name])

"""Control over the running statistics of batch normalisation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["frozen_statistics"]


@contextmanager
def frozen_statistics(module: nn.Module) -> Iterator[None]:
    """Normalise by the batch inside the context, but leave running statistics as they are."""
    norms = [layer for layer in module.modules() if isinstance(layer, _BatchNorm)]
    tracking = [norm.track_running_stats for norm in norms]
    running = [(norm.running_mean, norm.running_var) for norm in norms]
    for norm in norms:
        norm.track_running_stats = False
        norm.running_mean = norm.running_var = None
    try:
        yield
    finally:
        for norm, tracked, (mean, variance) in zip(norms, tracking, running, strict=True):
            norm.track_running_stats = tracked
            norm.running_mean, norm.running_var = mean, variance

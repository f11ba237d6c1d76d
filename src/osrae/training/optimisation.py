"""Who learns from which loss, and how fast."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer

__all__ = ["cosine_factor", "move", "owned_parameters", "set_rate_factor"]


def owned_parameters(optimizer: Optimizer) -> list[Parameter]:
    """List the parameters that ``optimizer`` moves."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def move(optimizers: Mapping[str, Optimizer], losses: Mapping[str, Tensor]) -> None:
    """Step ``optimizers[name]`` on ``losses[name]`` for every loss, all from the same weights.

    Gradients reach an optimizer's own parameters only: who learns from a loss is decided by
    this pairing, not by freezing. All gradients are taken before any weight moves, as in
    Algorithm 1, where the losses of one iteration belong to one set of weights.
    """
    gradients: list[tuple[Optimizer, list[Parameter], list[Tensor | None]]] = []
    for name, loss in losses.items():
        own = owned_parameters(optimizers[name])
        _forget_gradients(own)
        loss.backward(inputs=own, retain_graph=True)
        gradients.append((optimizers[name], own, [parameter.grad for parameter in own]))
        _forget_gradients(own)
    for optimizer, own, values in gradients:
        for parameter, gradient in zip(own, values, strict=True):
            parameter.grad = gradient
        optimizer.step()
        _forget_gradients(own)


def _forget_gradients(parameters: Iterable[Parameter]) -> None:
    for parameter in parameters:
        parameter.grad = None


def cosine_factor(progress: float, warmup: float = 0.05) -> float:
    """Share of the full learning rate: linear warm-up, then half a cosine to zero."""
    if progress < warmup:
        return (progress + 1e-3) / (warmup + 1e-3)
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def set_rate_factor(optimizers: Iterable[Optimizer], factor: float) -> None:
    """Scale every learning rate to ``factor`` times the one the optimizer was made with."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = factor * group.setdefault("full_lr", group["lr"])

"""Who learns from which loss, and how fast."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim.adamw import adamw

__all__ = ["AdamW", "cosine_factor", "move", "set_rate_factor"]


class AdamW:
    """Adam with decoupled weight decay, all parameters in one fused operation.

    The arithmetic is torch's. Its class is not used, because making one imports torch's compiler,
    which takes longer than training on a small table.

    Parameters
    ----------
    parameters : iterable of Parameter
        On their final device.
    learning_rate : float
    betas : tuple of float
        Decay of the first and of the second moment.
    weight_decay : float
        0 is plain Adam.

    References
    ----------
    Loshchilov, Hutter. Decoupled Weight Decay Regularization. ICLR 2019.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        learning_rate: float,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
    ) -> None:
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.weight_decay = learning_rate, betas, weight_decay
        self.rate_factor = 1.0
        # In the memory layout of their weights: the operation walks all of them in step.
        self.first = [torch.zeros_like(p, requires_grad=False) for p in self.parameters]
        self.second = [torch.zeros_like(p, requires_grad=False) for p in self.parameters]
        self.steps = [torch.zeros((), device=p.device) for p in self.parameters]

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor | None]) -> None:
        """Move every parameter that has a gradient."""
        moving = [
            (parameter, _like(gradient, parameter), *moments)
            for parameter, gradient, *moments in zip(
                self.parameters, gradients, self.first, self.second, self.steps, strict=True
            )
            if gradient is not None
        ]
        if not moving:
            return
        parameters, slopes, first, second, steps = (
            list(values) for values in zip(*moving, strict=True)
        )
        adamw(
            parameters,
            slopes,
            first,
            second,
            [],
            steps,
            fused=True,
            amsgrad=False,
            maximize=False,
            beta1=self.betas[0],
            beta2=self.betas[1],
            lr=self.rate_factor * self.learning_rate,
            weight_decay=self.weight_decay,
            eps=1e-8,
        )

    def state_dict(self) -> dict[str, Tensor]:
        """Return moments and numbers of steps by name, sharing their memory."""
        lists = {"first": self.first, "second": self.second, "steps": self.steps}
        return {
            f"{place}.{name}": value
            for name, values in lists.items()
            for place, value in enumerate(values)
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state_dict` returned."""
        for name, value in self.state_dict().items():
            value.copy_(state[name])


def _like(gradient: Tensor, parameter: Parameter) -> Tensor:
    """Bring a gradient to the memory layout of its weight, if it has another."""
    if gradient.stride() == parameter.stride():
        return gradient
    return torch.empty_like(parameter).copy_(gradient)


def move(optimizers: Mapping[str, AdamW], losses: Mapping[str, Tensor]) -> None:
    """Step ``optimizers[name]`` on ``losses[name]`` for every loss, all from the same weights.

    Gradients reach an optimizer's own parameters only: who learns from a loss is decided by
    this pairing, not by freezing. All gradients are taken before any weight moves, as in
    Algorithm 1, where the losses of one iteration belong to one set of weights.
    """
    gradients = {
        name: torch.autograd.grad(
            loss, optimizers[name].parameters, retain_graph=True, allow_unused=True
        )
        for name, loss in losses.items()
    }
    for name, values in gradients.items():
        optimizers[name].step(values)


def cosine_factor(progress: float, warmup: float = 0.05) -> float:
    """Share of the full learning rate: linear warm-up, then half a cosine to zero."""
    if progress < warmup:
        return (progress + 1e-3) / (warmup + 1e-3)
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def set_rate_factor(optimizers: Iterable[AdamW], factor: float) -> None:
    """Set every learning rate to ``factor`` times the one the optimizer was made with."""
    for optimizer in optimizers:
        optimizer.rate_factor = factor

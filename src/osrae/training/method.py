"""What a deep method gives to the engine; everything else is the engine's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from osrae.training.batches import Batch
from osrae.training.optimisation import AdamW

__all__ = ["Method"]


class Method(nn.Module, ABC):
    """A trainable system: networks, one training step, and the classifier that comes of it.

    Attributes
    ----------
    networks : torch.nn.ModuleDict
        The networks that learn, by name.
    optimizers : dict of str to AdamW
        One per loss; the parameters that an optimizer owns are those the loss moves.
    precision : torch.dtype
        Type of matrix products, set by the engine.
    """

    networks: nn.ModuleDict
    optimizers: dict[str, AdamW]
    precision: torch.dtype = torch.float32

    @abstractmethod
    def prepare(self, counts: Tensor) -> None:
        """Make fresh optimizers for a run that begins on ``counts`` (C,) samples of each class."""

    @property
    @abstractmethod
    def tuple_size(self) -> int:
        """Samples of one class in a tuple."""

    @abstractmethod
    def class_probabilities(self, counts: Tensor, progress: float) -> Tensor:
        """How often each class is drawn at ``progress`` in [0, 1), given the class counts."""

    @abstractmethod
    def training_step(self, draw: Callable[[], Batch]) -> dict[str, Tensor]:
        """Do one step and return its losses, each named after the network that it moves."""

    @abstractmethod
    def logits(self, x: Tensor) -> Tensor:
        """Classify: ``(n, …)`` to ``(n, C)``, by the weights that evaluation uses.

        The logits are for equally common classes.
        """

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """Type of the weights."""
        return next(self.parameters()).dtype

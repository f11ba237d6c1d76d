"""What a deep method gives to the engine; everything else is the engine's."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from osrae.data.description import DataDescription
from osrae.networks.pooled import Whitening
from osrae.training.batches import Source, TrainingData
from osrae.training.optimisation import AdamW
from osrae.training.settings import Settings

__all__ = ["Classifies", "Generates", "Method"]

#: Samples that whitening filters are computed from, at most.
_WHITENED_ROWS = 2000


class Method(nn.Module, ABC):
    """A trainable system: its networks, and one training step.

    What must survive a stop is a parameter, a buffer or the state of an optimizer; every buffer
    has its final shape from the constructor on.

    Parameters
    ----------
    description : DataDescription
    class_counts : Tensor of shape (C,)
        Training samples of each class.
    settings : Settings
        Plain values: everything that defines this variant of the method.

    Attributes
    ----------
    networks : torch.nn.ModuleDict
        The networks that learn, by name.
    optimizers : dict of str to AdamW
        One per loss; the parameters that an optimizer owns are those the loss moves.
    precision : torch.dtype
        Type of matrix products, set before a run.
    """

    #: Networks that serve training alone, and are not part of a saved model.
    not_kept: ClassVar[tuple[str, ...]] = ()
    #: Rows of the history that a run leaves, about; each costs a pass over the validation part.
    n_evaluations: ClassVar[int] = 40

    settings: Settings
    networks: nn.ModuleDict
    averaged: nn.ModuleDict  #: Moving averages of networks, by their names.
    optimizers: dict[str, AdamW]
    class_counts: Tensor
    precision: torch.dtype = torch.float32
    #: The loss whose mean since the latest row of the history decides which weights are kept,
    #: where no validation part does.
    kept_by_loss: str | None = None

    def __init__(
        self, description: DataDescription, class_counts: Tensor, settings: Settings
    ) -> None:
        super().__init__()
        self.description, self.settings, self.optimizers = description, settings, {}
        self.register_buffer("class_counts", class_counts.to(torch.int64).clone())
        self.averaged = nn.ModuleDict()

    @abstractmethod
    def prepare(self, data: TrainingData) -> None:
        """Begin a run, on the networks' final device: make fresh optimizers."""

    @abstractmethod
    def training_step(self, source: Source) -> dict[str, Tensor]:
        """Do one step and return its losses, each named after the network that it moves."""

    def conclude(self, data: TrainingData) -> None:
        """Compute what results need of the training data, after training and without gradients."""

    @property
    def n_classes(self) -> int:
        """C."""
        return len(self.class_counts)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """Type of the weights."""
        return next(self.parameters()).dtype

    def keep_averages(self, *names: str) -> None:
        """Let results be computed by moving averages of these networks."""
        for name in names:
            self.averaged[name] = copy.deepcopy(self.networks[name]).requires_grad_(False)

    def whiten(self, data: TrainingData) -> None:
        """Fit every layer that whitens to some of the samples, evenly spaced."""
        layers = [layer for layer in self.modules() if isinstance(layer, Whitening)]
        if layers:
            n = min(len(data), _WHITENED_ROWS)
            places = torch.linspace(0, len(data) - 1, n, dtype=torch.float64).long()
            x = data.x.take(places, torch.device("cpu"))
            for layer in layers:
                layer.fit(x)

    def final(self, name: str) -> nn.Module:
        """Return the network by which results are computed: averaged where averages are kept."""
        return self.averaged[name] if name in self.averaged else self.networks[name]

    def kept_tensors(self) -> dict[str, Tensor]:
        """Return what a saved model holds: of an averaged network the average only."""
        averaged = tuple(f"networks.{name}." for name in self.averaged)
        return {
            name: value
            for name, value in self.state_dict().items()
            if not self._only_trains(name) and not name.startswith(averaged)
        }

    def load_kept_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Go back to what `kept_tensors` returned; networks become their averages.

        Raises
        ------
        RuntimeError
            If a tensor is missing, unknown or of another shape.
        """
        own = {name: v for name, v in self.state_dict().items() if self._only_trains(name)}
        live = {
            name.replace("averaged.", "networks.", 1): value
            for name, value in tensors.items()
            if name.startswith("averaged.")
        }
        self.load_state_dict({**own, **tensors, **live})

    def _only_trains(self, name: str) -> bool:
        return name.startswith(tuple(f"networks.{network}." for network in self.not_kept))

    def portable(self) -> Self:
        """Return a copy on the CPU without what only training needs."""
        optimizers, self.optimizers = self.optimizers, {}
        try:
            return copy.deepcopy(self).cpu()
        finally:
            self.optimizers = optimizers


class Classifies(Method):
    """A method that comes to a classifier."""

    @abstractmethod
    def logits(self, x: Tensor) -> Tensor:
        """Classify: ``(n, …)`` to ``(n, C)``, by the weights that evaluation uses.

        The logits are for equally common classes.
        """

    def logits_of_each(self, x: Tensor) -> Tensor:
        """Classify by each encoder that holds back rows of its own: ``(n, …)`` to ``(K, n, C)``."""
        return self.logits(x)[None]


class Generates(Method):
    """A method that makes new samples."""

    @abstractmethod
    def generate(self, codes: Tensor, generator: torch.Generator) -> Tensor:
        """Make one sample of each class number in ``codes`` (n,): rows ``(n, …)``.

        Pictures have values in [0, 1], tables are encoded rows.
        """

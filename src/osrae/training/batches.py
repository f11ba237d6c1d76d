"""Mini-batches of same-class tuples, drawn without Python-level work per sample."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from osrae.data.samples import Samples

__all__ = ["Batch", "TrainingData", "TupleSampler"]


@dataclass(frozen=True)
class TrainingData:
    """Samples and their classes.

    Parameters
    ----------
    x : Samples
    y : Tensor of shape (n,)
        Class numbers 0 … C-1.
    """

    x: Samples
    y: Tensor

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Batch:
    """One draw of same-class tuples.

    Parameters
    ----------
    x : Tensor of shape (t, B, ...)
        ``x[0]`` are the anchors, ``x[1:]`` their partners of the same class.
    y : Tensor of shape (B,)
        Class numbers.
    generator : torch.Generator
        The source of every further random number of this step, on the device of ``x``.
    step : int
        The training step, counted from 0.
    progress : float
        ``step / max_steps``, in [0, 1).
    """

    x: Tensor
    y: Tensor
    generator: torch.Generator
    step: int
    progress: float


class TupleSampler:
    """Draws tuples of ``tuple_size`` samples of one class.

    Inside a tuple nothing is drawn twice while the class has at least ``tuple_size``
    members; a smaller class is drawn from with replacement, so that a class of one member
    is paired with itself.

    Parameters
    ----------
    y : Tensor of shape (n,)
        Class numbers 0 … ``n_classes - 1``; every class has at least one member.
    n_classes : int
    tuple_size : int
        t, at least 1.
    batch_size : int
        Tuples in a batch.
    """

    def __init__(self, y: Tensor, n_classes: int, tuple_size: int, batch_size: int) -> None:
        order = torch.argsort(y, stable=True)
        self.order = order.int() if len(y) < 2**31 else order
        self.counts = torch.bincount(y, minlength=n_classes)
        self.starts = torch.cumsum(self.counts, 0) - self.counts
        self.tuple_size = tuple_size
        self.batch_size = batch_size

    def draw(
        self, class_probabilities: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draw one batch.

        Parameters
        ----------
        class_probabilities : Tensor of shape (C,)
            How often each class is drawn; need not sum to one.
        generator : torch.Generator
            On the CPU.

        Returns
        -------
        indices : Tensor of shape (t, B)
            Row numbers into the data.
        y : Tensor of shape (B,)
            Class numbers.
        """
        y = torch.multinomial(
            class_probabilities, self.batch_size, replacement=True, generator=generator
        )
        return self.members(y, generator), y

    def members(self, y: Tensor, generator: torch.Generator) -> Tensor:
        """Draw a tuple of each class in ``y`` (B,): row numbers of shape (t, B)."""
        uniform = torch.rand(self.tuple_size, len(y), generator=generator, dtype=torch.float64)
        return self.order[self.starts[y] + _distinct_ranks(uniform, self.counts[y])]


def _distinct_ranks(uniform: Tensor, counts: Tensor) -> Tensor:
    """Turn uniform numbers (t, B) into ranks below ``counts``, distinct where that is possible.

    The j-th rank is drawn from ``counts - j`` values and then moved past the smaller ranks
    that are already taken, which makes every ordered t-subset equally likely.
    """
    t = len(uniform)
    enough = counts >= t
    ranks = torch.empty(uniform.shape, dtype=torch.int64)
    for j in range(t):
        free = torch.where(enough, counts - j, counts)
        rank = (uniform[j] * free).long()
        taken = ranks[:j].sort(dim=0).values
        for other in taken:
            rank = rank + (enough & (rank >= other))
        ranks[j] = rank
    return ranks

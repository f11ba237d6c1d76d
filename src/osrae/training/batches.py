"""Which rows a training step sees, drawn without Python-level work per row."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from osrae.data.samples import Samples
from osrae.training.seeding import fresh_generator, reseed

__all__ = ["Batch", "ClassIndex", "Source", "TrainingData"]


@dataclass(frozen=True)
class TrainingData:
    """Samples and their classes.

    Parameters
    ----------
    x : Samples
    y : Tensor of shape (n,)
        Class numbers 0 … C-1.
    held_by : Tensor of shape (n,) or None
        The encoder, of several, that does not learn from a row; -1 where all do. None where rows
        are held back from all of them.
    """

    x: Samples
    y: Tensor
    held_by: Tensor | None = None

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
    held_by : Tensor of shape (t, B) or None
        The encoder that does not learn from a sample, as in `TrainingData`.
    """

    x: Tensor
    y: Tensor
    generator: torch.Generator
    step: int
    progress: float
    held_by: Tensor | None = None


class ClassIndex:
    """The rows of each class.

    Parameters
    ----------
    y : Tensor of shape (n,)
        Class numbers 0 … ``n_classes - 1``; every class has at least one member.
    n_classes : int
    """

    def __init__(self, y: Tensor, n_classes: int) -> None:
        order = torch.argsort(y, stable=True)
        self.order = order.int() if len(y) < 2**31 else order
        self.counts = torch.bincount(y, minlength=n_classes)
        self.starts = torch.cumsum(self.counts, 0) - self.counts

    def rows(self, code: int) -> Tensor:
        """Return the rows of one class, ascending."""
        start = int(self.starts[code])
        return self.order[start : start + int(self.counts[code])]

    def tuples(self, y: Tensor, size: int, generator: torch.Generator) -> Tensor:
        """Draw ``size`` rows of each class in ``y`` (B,): row numbers of shape (size, B).

        Inside a tuple nothing is drawn twice while the class has at least ``size`` members; a
        smaller class is drawn from with replacement, so that a class of one member is paired with
        itself.
        """
        shape = size, len(y)
        uniform = torch.rand(shape, generator=generator, dtype=torch.float64, device=y.device)
        return self.order[self.starts[y] + _distinct_ranks(uniform, self.counts[y])]


class Source:
    """What a training step draws from: rows, and every other random number.

    Each step has random numbers of its own, decided by the seed and the number of the step.

    Parameters
    ----------
    data : TrainingData
    n_classes : int
        C.
    max_steps : int
    seed : int
    device : torch.device
        Where rows are brought to.

    Attributes
    ----------
    counts : Tensor of shape (C,)
        Training rows of each class.
    generator : torch.Generator
        On ``device``: the source of every random number of this step but which rows.
    step : int
        The training step, counted from 0.
    """

    def __init__(
        self, data: TrainingData, n_classes: int, max_steps: int, seed: int, device: torch.device
    ) -> None:
        self.data, self.max_steps, self.seed, self.device = data, max_steps, seed, device
        self.index = ClassIndex(data.y, n_classes)
        self.counts = self.index.counts
        self.generator = torch.Generator(device)
        self.step = 0
        self._rows_generator = torch.Generator()
        self._epoch: tuple[int, Tensor] | None = None

    @property
    def progress(self) -> float:
        """``step / max_steps``, in [0, 1)."""
        return self.step / self.max_steps

    def begin(self, step: int) -> None:
        """Set every generator to the state that belongs to ``step``."""
        self.step = step
        reseed(self._rows_generator, self.seed, "batches", step)
        reseed(self.generator, self.seed, "training", step)

    def tuples(self, size: int, tuple_size: int, class_probabilities: Tensor) -> Batch:
        """Draw ``size`` tuples of ``tuple_size`` rows of one class.

        Parameters
        ----------
        size, tuple_size : int
        class_probabilities : Tensor of shape (C,)
            How often each class is drawn; need not sum to one.
        """
        rows, y = self._tuples(size, tuple_size, class_probabilities)
        x = self.data.x.take(rows.flatten(), self.device).unflatten(0, rows.shape)
        held_by = self.data.held_by
        held_by = None if held_by is None else held_by[rows].to(self.device)
        return Batch(x, y.to(self.device), self.generator, self.step, self.progress, held_by)

    def random_rows(self, size: int, class_probabilities: Tensor) -> Tensor:
        """Draw ``size`` rows, whose classes have the given probabilities (C,)."""
        return self._tuples(size, 1, class_probabilities)[0][0]

    def _tuples(
        self, size: int, tuple_size: int, class_probabilities: Tensor
    ) -> tuple[Tensor, Tensor]:
        y = torch.multinomial(
            class_probabilities, size, replacement=True, generator=self._rows_generator
        )
        return self.index.tuples(y, tuple_size, self._rows_generator), y

    def members(self, code: int, size: int) -> Tensor:
        """Draw ``size`` distinct rows of one class, all of them if there are not so many."""
        rows = self.index.rows(code)
        return rows[torch.randperm(len(rows), generator=self._rows_generator)[:size]]

    def epoch_rows(self, size: int, place: int) -> Tensor:
        """Return rows ``place … place + size - 1`` of an endless series of shuffled epochs.

        Every epoch holds every row once. A step that takes ``place = step * size`` goes through
        the data without a short last batch, and a run that is resumed goes on in mid-epoch.
        """
        parts = []
        while size > 0:
            epoch, start = divmod(place, len(self.data))
            part = self._shuffled(epoch)[start : start + size]
            parts.append(part)
            place, size = place + len(part), size - len(part)
        return torch.cat(parts)

    def _shuffled(self, epoch: int) -> Tensor:
        if self._epoch is None or self._epoch[0] != epoch:
            generator = fresh_generator(self.seed, "epochs", epoch)
            self._epoch = epoch, torch.randperm(len(self.data), generator=generator)
        return self._epoch[1]

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return samples ``(n, ...)`` as float32 and their class numbers ``(n,)``."""
        return self.data.x.take(rows, self.device), self.data.y[rows].long().to(self.device)


def _distinct_ranks(uniform: Tensor, counts: Tensor) -> Tensor:
    """Turn uniform numbers (t, B) into ranks below ``counts``, distinct where that is possible.

    The j-th rank is drawn from ``counts - j`` values and then moved past the smaller ranks
    that are already taken, which makes every ordered t-subset equally likely.
    """
    t = len(uniform)
    enough = counts >= t
    ranks = torch.empty_like(uniform, dtype=torch.int64)
    for j in range(t):
        free = torch.where(enough, counts - j, counts)
        rank = (uniform[j] * free).long()
        taken = ranks[:j].sort(dim=0).values
        for other in taken:
            rank = rank + (enough & (rank >= other))
        ranks[j] = rank
    return ranks

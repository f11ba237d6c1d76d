"""What the settings of every deep method have."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the settings of every deep method have.

    Parameters
    ----------
    learning_rate : float
    batch_size : int
        Samples in a step.
    max_steps : int or None
        Length of the run; None is ``epochs`` passes over the data.
    epochs : float
        Passes over the data, where ``max_steps`` is None.
    least_steps : int
        Least length of such a run: few samples make short epochs.
    """

    learning_rate: float = 2e-4
    batch_size: int = 100
    max_steps: int | None = None
    epochs: float = 100
    least_steps: int = 0

    @property
    def n_encoders(self) -> int:
        """Encoders that hold back rows of their own."""
        return 1

    def resolve_steps(self, n_samples: int) -> int:
        """Return the length of a run on ``n_samples`` samples."""
        return self.full_steps(n_samples) if self.max_steps is None else self.max_steps

    def full_steps(self, n_samples: int) -> int:
        """Return the length of a run that ``max_steps`` does not shorten or prolong."""
        return max(self.least_steps, self.steps_of(self.epochs, n_samples))

    def steps_of(self, epochs: float, n_samples: int) -> int:
        """Return the steps, at least one, in which ``epochs`` passes over the data are made."""
        return max(1, math.ceil(epochs * n_samples / self.batch_size))

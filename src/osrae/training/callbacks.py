"""Hooks into a training run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["NOT_LOSSES", "Callback", "TrainingState"]


#: What a row of the history holds besides the losses.
NOT_LOSSES = ("step", "validation_acsa", "seconds")


@dataclass
class TrainingState:
    """What a run has come to; callbacks read it, and may set ``stop``.

    Attributes
    ----------
    max_steps : int
        Steps that the run will take at most.
    step : int
        Steps done.
    losses : dict of str to float
        Losses of the latest step, by network.
    history : list of dict
        One row per evaluation: ``step``, the mean of each loss since the row before,
        ``validation_acsa`` (None without a validation part), ``seconds``.
    best_step : int or None
        The first step with the best score.
    best_score : float
        Its validation ACSA; where a loss decides which weights are kept, minus that loss.
    kept_step : int or None
        The step whose weights are kept: the latest whose score is within one standard error of
        the best.
    sums : dict of str to list
        Sum and number of each loss since the latest row of the history.
    stop : bool
        Set to end the run after this step.
    reason : str
        Why the run ended: ``"max_steps"``, ``"patience"``, ``"callback"`` or ``"interrupt"``;
        empty while it goes on.
    """

    max_steps: int
    step: int = 0
    losses: dict[str, float] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    best_step: int | None = None
    best_score: float = float("-inf")
    kept_step: int | None = None
    sums: dict[str, list[float]] = field(default_factory=dict)
    stop: bool = False
    reason: str = ""


class Callback:
    """Base of callbacks: override what is needed; every hook gets the run's state."""

    def on_start(self, state: TrainingState) -> None:
        """Training begins, or goes on from a checkpoint at ``state.step``."""

    def on_step(self, state: TrainingState) -> None:
        """A step is done."""

    def on_evaluation(self, state: TrainingState) -> None:
        """A row was added to ``state.history``."""

    def on_checkpoint(self, state: TrainingState) -> None:
        """A checkpoint was written, from which training would go on at ``state.step``."""

    def on_end(self, state: TrainingState) -> None:
        """Training is over, for whatever reason."""

"""How long training takes, and how long it may be, so that it fits into a given time."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from osrae.benchmark.models import networks
from osrae.data.labels import encode_labels, label_array
from osrae.training.callbacks import Callback, TrainingState

__all__ = ["TrainingPlan", "fit_to_budget"]

#: Steps that are timed, after as many that are not.
_TIMED = 4
#: Length of a trial run of a method whose steps are not all alike. GAMO's features learn, and then
#: its game is played, for a fortieth of a run at least: here in turns of eight steps, each of which
#: begins with what is not timed.
_MIXED_STEPS = 320
#: Least share of a two-stage method's time that its classifier gets.
_CLASSIFIER_SHARE = 2 / 3


class _Clock(Callback):
    """Takes the processor time of every step, and stops after so many, or so many seconds.

    The first step, which pays for more than itself, does not count towards the seconds.
    """

    def __init__(self, most_steps: int, most_seconds: float) -> None:
        self.most_steps, self.most_seconds = most_steps, most_seconds
        self.durations: list[float] = []
        self.latest = 0.0

    def on_start(self, state: TrainingState) -> None:
        self.latest = time.process_time()

    def on_step(self, state: TrainingState) -> None:
        now = time.process_time()
        self.durations.append(now - self.latest)
        self.latest = now
        spent = sum(self.durations[1:])
        state.stop = len(self.durations) >= self.most_steps or spent > self.most_seconds


def _step_seconds(durations: Sequence[float], phases: Sequence[str]) -> float:
    """Return the processor time of a step, the mean over the phases that steps go through in turn.

    Of each phase, every other ``_TIMED`` steps count; where there is none, any but the first step
    of all; and where there is none, that.
    """
    of_phase: dict[str, list[int]] = {phase: [] for phase in phases}
    for step in range(len(durations)):
        of_phase[phases[step % len(phases)]].append(step)
    costs = {
        phase: fmean(durations[step] for step in _counted(steps))
        for phase, steps in of_phase.items() if steps
    }  # fmt: skip
    return max(fmean(costs[phase] for phase in phases if phase in costs), 1e-6)


def _counted(steps: Sequence[int]) -> Sequence[int]:
    return (
        [step for step in steps if step // _TIMED % 2] or [step for step in steps if step] or steps
    )


@dataclass(frozen=True)
class _Stage:
    """A network's training: its steps, and what each costs."""

    steps: int
    step_seconds: float

    @property
    def seconds(self) -> float:
        return self.steps * self.step_seconds

    def affordable(self, seconds: float) -> int | None:
        """Return the steps that fit into a time; None if all do."""
        steps = max(1, int(seconds / self.step_seconds))
        return None if steps >= self.steps else steps


@dataclass(frozen=True)
class TrainingPlan:
    """The stages of a model that train a network, by their place in it.

    Some steps of each were taken and timed, in processor time, which other work on the machine
    changes little.

    Attributes
    ----------
    stages : dict of str to stage
        Keys are ``""`` for a model of one stage, and ``"sampler"`` and ``"classifier"``.
    """

    stages: dict[str, _Stage]

    @classmethod
    def of(cls, model: Any, X: Any, y: np.ndarray, most_seconds: float = math.inf) -> Self:
        """Time the stages of an untrained model on its training data.

        Parameters
        ----------
        model : estimator
        X, y : training data
        most_seconds : float
            The steps that are timed of a stage take little more processor time than this.
        """
        n_rows = len(y)
        if getattr(model, "sampler", None) is not None:  # it makes all classes as large
            counts = np.bincount(encode_labels(label_array(y))[1])
            n_rows = len(counts) * int(counts.max())
        rows = {"": n_rows, "sampler": len(y), "classifier": n_rows}
        return cls({
            name: _time(part, X, y, rows[name], most_seconds)
            for name, part in networks(model).items()
        })  # fmt: skip

    @property
    def seconds(self) -> float:
        """Processor time of the whole training, as far as it is of networks."""
        return sum(stage.seconds for stage in self.stages.values())

    def shortened(self, model: Any, seconds: float) -> Any:
        """Set ``max_steps`` of the stages that are too long for this processor time.

        A sampler gets a third of it, and more if its classifier does not need the rest.

        Parameters
        ----------
        model : the model that was timed, or a copy
        seconds : float
        """
        for name, allowed in self._shares(seconds).items():
            steps = self.stages[name].affordable(allowed)
            if steps is not None:
                (getattr(model, name) if name else model).set_params(max_steps=steps)
        return model

    def _shares(self, seconds: float) -> dict[str, float]:
        """Share a time out among the stages."""
        if len(self.stages) < 2:
            return dict.fromkeys(self.stages, seconds)
        first, second = self.stages["sampler"], self.stages["classifier"]
        reserved = min(second.seconds, _CLASSIFIER_SHARE * seconds)
        sampler = min(first.seconds, seconds - reserved)
        return {"sampler": sampler, "classifier": seconds - sampler}


def fit_to_budget(model: Any, X: Any, y: np.ndarray, core_seconds: float) -> Any:
    """Shorten the stages of ``model`` that would train for longer than there is time.

    Parameters
    ----------
    model : estimator
        Untrained; its ``max_steps`` is set, and it is returned.
    X, y : training data
    core_seconds : float
        Processor time of all stages together, in seconds of one core.
    """
    return TrainingPlan.of(model, X, y).shortened(model, core_seconds)


def _time(part: Any, X: Any, y: np.ndarray, n_rows: int, most_seconds: float) -> _Stage:
    """Time a stage that will be trained on ``n_rows`` rows like those of ``X``."""
    length, timed = _trial(part.get_params(deep=False))
    clock = _Clock(timed, most_seconds)
    probe = clone(part).set_params(max_steps=length, callbacks=[clock], verbose=0)
    probe.fit_resample(X, y) if hasattr(probe, "fit_resample") else probe.fit(X, y)
    max_steps = part._settings(probe.codec_.description).max_steps
    settings = replace(probe.method_.settings, max_steps=max_steps)
    seconds = _step_seconds(clock.durations, getattr(settings, "phases", ("",)))
    return _Stage(settings.resolve_steps(n_rows), seconds)


def _trial(parameters: Mapping[str, Any]) -> tuple[int, int]:
    """Return the length of a trial run, and after how many of its steps it ends."""
    if "steps_per_class" in parameters:  # all of them: the second stage takes its share of a run
        return _MIXED_STEPS, _MIXED_STEPS
    if "update_features" in parameters:
        return _MIXED_STEPS, 4 * _TIMED
    return 2 * _TIMED + 1, 2 * _TIMED + 1

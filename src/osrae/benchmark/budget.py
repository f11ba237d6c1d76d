"""How long training takes, and how long it may be, so that it fits into a given time."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from osrae.data.labels import encode_labels, label_array
from osrae.methods.two_stage import TwoStageClassifier
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
    """Takes the processor time of every other ``_TIMED`` steps, so many times, and stops.

    It stops earlier once the steps have taken ``most_seconds``.
    """

    def __init__(self, times: int, most_seconds: float) -> None:
        self.left, self.most_seconds = times, most_seconds
        self.spent, self.timed = 0.0, 0
        self.began = self.started = self.latest = 0.0
        self.steps = 0  # after the first, which pays for more than itself

    def on_step(self, state: TrainingState) -> None:
        now = self.latest = time.process_time()
        self.steps = state.step - 1
        if not self.steps:
            self.began = now
        turn, within = divmod(state.step, _TIMED)
        if not within and turn % 2:
            self.started = now
        elif not within:
            self.spent, self.timed = self.spent + now - self.started, self.timed + _TIMED
            self.left -= 1
        state.stop = not self.left or now - self.began > self.most_seconds

    @property
    def step_seconds(self) -> float:
        """Processor time of a step, at least of those that were timed."""
        if self.timed:
            return max(self.spent, 1e-6) / self.timed
        return max(self.latest - self.began, 1e-6) / max(1, self.steps)


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
        if not isinstance(model, TwoStageClassifier):
            parts = {"": (model, len(y))}
        else:
            counts = np.bincount(encode_labels(label_array(y))[1])
            n_rows = len(y) if model.sampler is None else len(counts) * int(counts.max())
            parts = {"sampler": (model.sampler, len(y)), "classifier": (model.classifier, n_rows)}
        stages = {
            name: _time(part, X, y, n_rows, most_seconds) for name, (part, n_rows) in parts.items()
        }
        return cls({name: stage for name, stage in stages.items() if stage is not None})

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


def _time(part: Any, X: Any, y: np.ndarray, n_rows: int, most_seconds: float) -> _Stage | None:
    """Time a stage that will be trained on ``n_rows`` rows like those of ``X``.

    None if it trains no network.
    """
    if part is None or "max_steps" not in part.get_params(deep=False):
        return None
    length, times = _trial(part.get_params(deep=False))
    clock = _Clock(times, most_seconds)
    probe = clone(part).set_params(max_steps=length, callbacks=[clock], verbose=0)
    probe.fit_resample(X, y) if hasattr(probe, "fit_resample") else probe.fit(X, y)
    max_steps = part._settings(probe.codec_.description, n_rows).max_steps
    settings = replace(probe.method_.settings, max_steps=max_steps)
    return _Stage(settings.resolve_steps(n_rows), clock.step_seconds)


def _trial(parameters: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many steps a trial run has, and how often some of them are timed."""
    if "steps_per_class" in parameters:  # all of them: the second stage takes its share of a run
        return _MIXED_STEPS, _MIXED_STEPS // (2 * _TIMED)
    if "update_features" in parameters:
        return _MIXED_STEPS, 2
    return 2 * _TIMED, 1

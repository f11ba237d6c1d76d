"""How long a training run may be, so that it fits into a given processor time."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from sklearn.base import clone

from osrae.methods.two_stage import TwoStageClassifier
from osrae.training.callbacks import Callback, TrainingState

__all__ = ["fit_to_budget"]

#: Steps that are timed, after as many that are not.
_TIMED = 4
#: GAMO renews its hull in every step of a run of few: there, the first steps of a longer one count.
_LONG = 10_000
#: Share of a two-stage method's budget that a sampler gets which trains a network.
_SAMPLER_SHARE = 1 / 3


class _Clock(Callback):
    """Takes the processor time of the steps after the first ones, and stops."""

    def __init__(self) -> None:
        self.started = self.seconds = 0.0

    def on_step(self, state: TrainingState) -> None:
        if state.step == _TIMED:
            self.started = time.process_time()
        self.seconds = time.process_time() - self.started
        state.stop = state.step == 2 * _TIMED


def fit_to_budget(model: Any, X: Any, y: np.ndarray, core_seconds: float) -> Any:
    """Shorten the stages of ``model`` that would train for longer than there is time.

    Some steps of each are taken and timed, in processor time, which other work on the machine
    changes little. Stages that are shorter than the budget, or have no steps, stay as they are.

    Parameters
    ----------
    model : estimator
        Its ``max_steps`` is set, and it is returned.
    X, y : training data
    core_seconds : float
        Processor time of all stages together, in seconds of one core.
    """
    if not isinstance(model, TwoStageClassifier):
        return _shorten(model, X, y, len(y), core_seconds)
    share = _SAMPLER_SHARE if "max_steps" in model.sampler.get_params() else 0.0
    _shorten(model.sampler, X, y, len(y), share * core_seconds)
    counts = np.unique(y, return_counts=True)[1]
    balanced = len(counts) * counts.max()
    _shorten(model.classifier, X, y, balanced, (1 - share) * core_seconds)
    return model


def _shorten(part: Any, X: Any, y: np.ndarray, n_rows: int, core_seconds: float) -> Any:
    """Set the steps of a stage that will be trained on ``n_rows`` rows like those of ``X``."""
    if "max_steps" not in part.get_params():
        return part
    clock = _Clock()
    length = _LONG if "update_features" in part.get_params() else 2 * _TIMED
    probe = clone(part).set_params(max_steps=length, callbacks=[clock], verbose=0)
    probe.fit_resample(X, y) if hasattr(probe, "fit_resample") else probe.fit(X, y)
    affordable = max(1, int(core_seconds / (clock.seconds / _TIMED)))
    wanted = part._settings(probe.codec_.description, n_rows).resolve_steps(n_rows)
    return part if wanted <= affordable else part.set_params(max_steps=affordable)

"""The training of a cell, in as many sittings as it takes.

Hours of training are not lost with the process, nor when the machine starts again: what is kept, in
a folder of the cell's own, is checkpoints of its networks, how long they are trained, and what that
took.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from osrae.benchmark.budget import fit_to_budget
from osrae.benchmark.machine import Meter, code_state, machine, versions
from osrae.benchmark.models import networks
from osrae.errors import InputError, OsraeError
from osrae.storage import atomic_file, explain_os_errors, read_json, write_json
from osrae.training.callbacks import Callback, TrainingState

__all__ = ["fit"]

_NOTES = "sittings.json"
_KEY_LENGTH = 12


def fit(
    model: Any, X: Any, y: np.ndarray, core_minutes: float | None = None, folder: Path | None = None
) -> tuple[str, dict[str, Any]]:
    """Train, and go on where an earlier sitting was stopped, to the same result.

    What one code, with its libraries and its machine, has begun, no other goes on with: it begins
    again in a place of its own. A checkout with changes may have others tomorrow, and keeps
    nothing.

    Parameters
    ----------
    model : estimator
        Untrained.
    X, y : training data
    core_minutes : float or None
        Processor time that training may take, about; None is as long as the model says.
    folder : Path or None
        Of this cell alone, made if need be; None keeps nothing.

    Returns
    -------
    started : str
        When the first sitting began.
    cost : dict
        What all sittings took, as far as it was not lost, see `Meter.to_dict`; and ``sittings``.
    """
    place = _own_place(folder)
    with _forgetting(place):
        before = _read(place)
        notes = before or _begin(model, X, y, core_minutes)
        for name, steps in notes["max_steps"].items():
            networks(model)[name].set_params(max_steps=steps)
        meter = Meter()
        if place is not None:
            if before is None:
                _write(place, notes)
            keeper = _Keeper(place, notes, meter)
            for name, part in networks(model).items():
                own = place / (name or "model")
                part.set_params(checkpoint_dir=own, resume=True, callbacks=[keeper])
        with meter:
            model.fit(X, y)
    return notes["started"], _cost(notes, meter)


@contextmanager
def _forgetting(place: Path | None) -> Iterator[None]:
    """Keep nothing of a training that would come to the same error again."""
    try:
        yield
    except OsraeError:
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)
        raise


def _begin(model: Any, X: Any, y: np.ndarray, core_minutes: float | None) -> dict[str, Any]:
    """Decide how long to train; that is not decided again, when another timing might differ."""
    started = datetime.now(UTC).isoformat(timespec="seconds")
    if core_minutes is not None:
        fit_to_budget(model, X, y, 60 * core_minutes)
    steps = {name: part.get_params()["max_steps"] for name, part in networks(model).items()}
    return {
        "started": started,
        "max_steps": steps,
        "cost": {"wall_seconds": 0.0, "cpu_seconds": 0.0, "energy_joules": 0.0, "sittings": 0},
    }


def _own_place(folder: Path | None) -> Path | None:
    """Return where this code keeps what it trains on this machine; others may be at work, too."""
    code = code_state()
    if folder is None or str(code).endswith("-dirty"):
        return None
    made = json.dumps([code, versions(), machine()], sort_keys=True)
    return folder / hashlib.sha256(made.encode()).hexdigest()[:_KEY_LENGTH]


def _read(place: Path | None) -> dict[str, Any] | None:
    """Read what an earlier sitting left, if there is one."""
    notes = None if place is None else place / _NOTES
    return read_json(notes) if notes is not None and notes.exists() else None


def _write(place: Path, notes: dict[str, Any]) -> None:
    path = place / _NOTES
    with explain_os_errors(path):
        place.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as temporary:
            write_json(temporary, notes)


def _cost(notes: dict[str, Any], meter: Meter) -> dict[str, Any]:
    """Add this sitting to those before."""
    own = {**meter.to_dict(), "sittings": 1}
    return {
        name: None if value is None or own[name] is None else value + own[name]
        for name, value in notes["cost"].items()
    }


class _Keeper(Callback):
    """Notes with every checkpoint what the training has taken up to there."""

    def __init__(self, place: Path, notes: dict[str, Any], meter: Meter) -> None:
        self.place, self.notes, self.meter = place, notes, meter

    def on_checkpoint(self, state: TrainingState) -> None:
        self.meter.read()
        with suppress(InputError):  # as a checkpoint that cannot be written, it costs no training
            _write(self.place, {**self.notes, "cost": _cost(self.notes, self.meter)})

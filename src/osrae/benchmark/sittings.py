"""The training of a cell, in as many sittings as it takes.

Hours of training are lost neither with the process nor with the machine: what is kept, in a folder
of the cell's own, is checkpoints of its networks, how long they are trained, and what that took.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from osrae.benchmark.budget import fit_to_budget
from osrae.benchmark.machine import Meter, code_state, machine, versions
from osrae.benchmark.models import networks
from osrae.errors import ModelFileError
from osrae.storage import atomic_file, explain_os_errors, read_json, write_json
from osrae.training.callbacks import Callback, TrainingState

__all__ = ["fit"]

_NOTES = "sittings.json"


def fit(
    model: Any, X: Any, y: np.ndarray, core_minutes: float | None = None, folder: Path | None = None
) -> tuple[str, dict[str, Any]]:
    """Train, and go on where an earlier sitting was stopped, to the same result.

    A sitting is gone on with by the same code and libraries on the same kind of machine; what
    others have left is begun again.

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
    notes = _read(folder)
    if notes is None:
        notes = _begin(model, X, y, core_minutes)
    for name, steps in notes["max_steps"].items():
        networks(model)[name].set_params(max_steps=steps)
    if folder is None:
        with Meter() as meter:
            model.fit(X, y)
        return notes["started"], _cost(notes, meter)
    _write(folder, notes)
    keeper = _Keeper(folder, notes)
    for name, part in networks(model).items():
        place = folder / (name or "model")
        part.set_params(checkpoint_dir=place, resume=True, callbacks=[keeper])
    with keeper.meter:
        model.fit(X, y)
    return notes["started"], _cost(notes, keeper.meter)


def _begin(model: Any, X: Any, y: np.ndarray, core_minutes: float | None) -> dict[str, Any]:
    """Decide how long to train; that is not decided again, when another timing might differ."""
    started = datetime.now(UTC).isoformat(timespec="seconds")
    if core_minutes is not None:
        fit_to_budget(model, X, y, 60 * core_minutes)
    steps = {name: part.get_params()["max_steps"] for name, part in networks(model).items()}
    return {
        "made": _made(),
        "started": started,
        "max_steps": steps,
        "cost": {"wall_seconds": 0.0, "cpu_seconds": 0.0, "energy_joules": 0.0, "sittings": 0},
    }


def _made() -> dict[str, Any]:
    return {"code": code_state(), "versions": versions(), "machine": machine()}


def _read(folder: Path | None) -> dict[str, Any] | None:
    """Read what an earlier sitting left; None, and nothing is left, if it cannot be gone on with.

    A checkout with changes may have others today.
    """
    if folder is None or not folder.exists():
        return None
    try:
        notes = read_json(folder / _NOTES)
    except ModelFileError:
        notes = {}
    made = _made()
    if notes.get("made") == made and not str(made["code"]).endswith("-dirty"):
        return notes
    with explain_os_errors(folder):
        shutil.rmtree(folder)
    return None


def _write(folder: Path, notes: dict[str, Any]) -> None:
    path = folder / _NOTES
    with explain_os_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
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

    def __init__(self, folder: Path, notes: dict[str, Any]) -> None:
        self.folder, self.notes, self.meter = folder, notes, Meter()

    def on_checkpoint(self, state: TrainingState) -> None:
        self.meter.read()
        _write(self.folder, {**self.notes, "cost": _cost(self.notes, self.meter)})

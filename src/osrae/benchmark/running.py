"""One cell, from its data to what is measured of it."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np

from osrae.benchmark.cells import Cell
from osrae.benchmark.machine import Meter, code_state, machine, peak_memory, versions
from osrae.benchmark.measures import (
    predictions,
    score_samples,
    score_test,
    shown_latent,
    shown_samples,
)
from osrae.benchmark.models import make_model, stages
from osrae.benchmark.parts import Parts, load_parts
from osrae.benchmark.sittings import fit
from osrae.storage import finite, jsonable

__all__ = ["run_cell"]


def run_cell(
    cell: Cell, folder: Path | None = None, unfinished: Path | None = None
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Train and measure.

    Nothing but the training rows decides anything; every test part is used once, at the end.

    Parameters
    ----------
    cell : Cell
    folder : Path or None
        Where the data lie, see `osrae.datasets.load_original`.
    unfinished : Path or None
        Folder of this cell alone, for what an interrupted training is gone on with from; None
        keeps nothing.

    Returns
    -------
    result : dict
        What JSON can hold: ``cell``, ``data_note``, ``classes`` (training samples of each),
        ``tests``, ``generation``, ``stages`` (settings, steps, curves), ``cost``, ``made``.
    arrays : dict of str to ndarray
        Predictions, samples, latent vectors, see `osrae.benchmark.measures`.

    Raises
    ------
    InputError
        If the cell cannot be run; the message says why.
    """
    model, parts = make_model(cell), load_parts(cell, folder)
    started, training = fit(model, parts.X, parts.y, cell.core_minutes, unfinished)
    tests, arrays, predicting = _scores(model, parts)
    generation = score_samples(model, parts, cell.seed)
    arrays |= shown_samples(model, parts, cell.seed)
    arrays |= shown_latent(model, parts, cell.seed)
    labels, counts = np.unique(parts.y, return_counts=True)
    result = {
        "cell": cell.to_dict(),
        "title": cell.title,
        "data_note": parts.note,
        "classes": [
            {"class": str(label), "training": int(n)}
            for label, n in zip(labels, counts, strict=True)
        ],
        "main_test": parts.main_test,
        "tests": tests,
        "generation": generation,
        "stages": [_stage(part) for part in stages(model)],
        "whole_run": all(part.get_params().get("max_steps") is None for part in stages(model)),
        "cost": {
            "training": training,
            "prediction": predicting,
            "peak_memory_bytes": peak_memory(),
        },
        "made": {
            "started": started,
            "machine": machine(),
            "versions": versions(),
            "code": code_state(),
        },
    }
    return result, arrays


def _is_finite(value: Any) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def _scores(
    model: Any, parts: Parts
) -> tuple[dict[str, Any], dict[str, np.ndarray], dict[str, Any]]:
    """Score on every test part, and say what the predictions needed."""
    tests: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    with Meter() as meter:
        answers = {name: predictions(model, X) for name, (X, _) in parts.tests.items()}
    for name, (_, y) in parts.tests.items():
        tests[name], made = score_test(y, *answers[name], model.classes_)
        arrays |= {f"{name}/{kind}": values for kind, values in made.items()}
    rows = sum(len(y) for _, y in parts.tests.values())
    return tests, arrays, {**meter.to_dict(), "rows": rows}


def _stage(part: Any) -> dict[str, Any]:
    """Describe one trained stage: what it ran with, for how long, and its curves."""
    description: dict[str, Any] = {"estimator": type(part).__name__}
    if hasattr(part, "method_"):
        description["settings"] = jsonable(dataclasses.asdict(part.method_.settings))
        description["steps"] = part.n_steps_
        description["history"] = [finite(row) for row in part.history_]
        return description
    parameters = part.get_params(deep=False)
    plain = str | int | bool | None
    description["settings"] = {
        name: value if isinstance(value, plain) or _is_finite(value) else repr(value)
        for name, value in parameters.items()
    }
    return description

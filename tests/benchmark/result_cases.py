"""Small results, written as the benchmark writes them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from osrae.benchmark.cells import Cell
from osrae.benchmark.outcomes import Outcome
from osrae.benchmark.results import Result, Results

MADE = {
    "machine": {"processor": "Z80", "cores": 2, "threads": 2, "gpu": None, "system": "CP/M"},
    "versions": {"python": "3.12.1", "torch": "2.13.0", "pandas": None},
    "code": "abc1234",
}
GENERATION = {
    "extractor": "Inception-v3, 2048 features", "samples_of_a_class": 800, "frechet": 20.0,
    "density": 0.5, "coverage": 0.25,
}  # fmt: skip


def write(
    folder: Path,
    cell: Cell,
    tests: Mapping[str, Mapping[str, float]],
    *,
    steps: int = 100,
    cpu_seconds: float = 60.0,
    generation: Mapping[str, Any] | None = None,
    arrays: Mapping[str, np.ndarray] | None = None,
    classes: Mapping[str, int] | None = None,
    whole: bool = True,
    note: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Result:
    """Write a result that is done: ``tests`` are scores by test part, the main one first."""
    content = {
        "status": "done",
        "cell": cell.to_dict(),
        "title": cell.title,
        "data_note": note,
        "classes": [{"class": c, "training": n} for c, n in (classes or {}).items()],
        "main_test": next(iter(tests)),
        "tests": {name: {"summary": dict(scores)} for name, scores in tests.items()},
        "generation": generation,
        "stages": [
            {
                "estimator": "RAEClassifier",
                "settings": dict(settings or {}),
                "steps": steps,
                "history": [],
            }
        ],
        "whole_run": whole,
        "cost": {"training": {"wall_seconds": cpu_seconds, "cpu_seconds": cpu_seconds}},
        "made": MADE,
    }
    return Results(folder).write(Outcome(content, _npz(arrays or {})))


def write_failed(folder: Path, cell: Cell, message: str = "no memory") -> Result:
    """Write a result that came to an error."""
    error = {"type": "MemoryError", "message": message, "traceback": ""}
    content = {"status": "failed", "cell": cell.to_dict(), "error": error, "made": MADE}
    return Results(folder).write(Outcome(content))


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def scores(acsa: float) -> dict[str, float]:
    """Scores that differ from each other, so that none is taken for another."""
    return {"acsa": acsa, "f1": acsa - 0.01, "gm": acsa + 0.01, "recall_gm": acsa - 0.02,
            "mauprc_ova": acsa + 0.02}  # fmt: skip

"""The training and test rows of a cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold

from osrae.benchmark.cells import Cell
from osrae.data.frames import take_rows
from osrae.datasets import describe, load_original, load_split
from osrae.datasets.registry import find
from osrae.datasets.splits import whole_table
from osrae.errors import InputError

__all__ = ["Parts", "load_parts"]


@dataclass(frozen=True)
class Parts:
    """Rows to train on and rows to test on.

    Attributes
    ----------
    X, y : training rows and labels
    tests : dict of str to (X, y)
        Test parts by name: ``"balanced"`` and ``"imbalanced"``, or one ``"test"``.
    note : str or None
        How the data differ from their original release, if they do.
    """

    X: Any
    y: np.ndarray
    tests: dict[str, tuple[Any, np.ndarray]]
    note: str | None = None

    @property
    def pictures(self) -> bool:
        """Whether the rows are pictures."""
        return np.ndim(self.X) > 2

    @property
    def main_test(self) -> str:
        """The test part whose scores are compared first."""
        return next(iter(self.tests))


def load_parts(cell: Cell, folder: Path | None = None) -> Parts:
    """Load a cell's data and split it.

    Raises
    ------
    InputError
        If the data set is unknown or not there, or a class is too small for the folds.
    """
    if cell.folds is not None:
        return _fold(cell, folder)
    split = load_split(cell.data, folder, cell.seed)
    note = _note(cell.data, folder)
    balanced = (split.X_test_balanced, split.y_test_balanced)
    if split.X_test_imbalanced is split.X_test_balanced:
        return Parts(split.X_train, split.y_train, {"test": balanced}, note)
    imbalanced = (split.X_test_imbalanced, split.y_test_imbalanced)
    tests = {"balanced": balanced, "imbalanced": imbalanced}
    return Parts(split.X_train, split.y_train, tests, note)


def _note(name: str, folder: Path | None) -> str | None:
    """Say how the data that were loaded differ from their release."""
    entry = describe(name)
    found = None if entry.bundled is not None else find(entry, folder)
    return found.layout.note or None if found is not None else None


def _fold(cell: Cell, folder: Path | None) -> Parts:
    """Split by stratified cross-validation, shuffled by the cell's seed.

    Rows of a class with fewer rows than there are folds are left out: some folds could not be
    tested on it.
    """
    assert cell.folds is not None
    X, y_all = whole_table(load_original(cell.data, folder))
    kept = rows_in_folds(cell.data, y_all, cell.folds)
    X, y = take_rows(X, kept), y_all[kept]
    folds = StratifiedKFold(cell.folds, shuffle=True, random_state=cell.seed).split(y, y)
    train, test = list(folds)[cell.fold or 0]
    tests = {"test": (take_rows(X, test), y[test])}
    notes = [_note(cell.data, folder), _small_classes(y_all, y, cell.folds)]
    note = "; ".join(text for text in notes if text) or None
    return Parts(take_rows(X, train), y[train], tests, note)


def _small_classes(y_all: np.ndarray, y: np.ndarray, folds: int) -> str | None:
    """Name the classes that were left out, and say why."""
    gone = np.setdiff1d(y_all, y).astype(str).tolist()
    if not gone:
        return None
    return f"without {', '.join(gone)}: of a class with fewer than {folds} rows no fold can be made"


def rows_in_folds(data: str, y: np.ndarray, folds: int) -> np.ndarray:
    """Return the rows of the classes that every fold can be tested on.

    Raises
    ------
    InputError
        If there are fewer than two such classes.
    """
    classes, counts = np.unique(y, return_counts=True)
    fitting = classes[counts >= folds]
    if len(fitting) < 2:
        raise InputError(
            f"{data}: fewer than two classes have {folds} rows or more; use fewer folds."
        )
    return np.flatnonzero(np.isin(y, fitting))

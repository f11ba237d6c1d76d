"""Scores of methods over data sets as one complete table, and their ranks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from osrae.errors import InputError

__all__ = ["ScoreTable", "check_table"]

# Scores that agree in so many digits are tied: means over seeds carry rounding errors.
_DIGITS = 12


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Scores of k methods on N data sets, complete and finite.

    Attributes
    ----------
    scores : ndarray of float64, shape (N, k)
        Mean over the seeds.
    spread : ndarray of float64, shape (N, k)
        Standard deviation over the seeds (divisor n - 1); NaN where there is one seed.
    seeds : ndarray of int, shape (N, k)
        How many seeds each mean is over.
    datasets, methods : tuple
        Labels of the rows and of the columns.
    higher_is_better : bool
    dropped_datasets, dropped_methods : tuple
        What was left out because a score was missing.
    """

    scores: np.ndarray
    spread: np.ndarray
    seeds: np.ndarray
    datasets: tuple[Any, ...]
    methods: tuple[Any, ...]
    higher_is_better: bool
    dropped_datasets: tuple[Any, ...] = ()
    dropped_methods: tuple[Any, ...] = ()

    @property
    def equal_seeds(self) -> bool:
        """Whether every mean is over the same number of seeds."""
        return bool((self.seeds == self.seeds.flat[0]).all())

    def column(self, method: Any) -> int:
        """Return the number of a method's column.

        Raises
        ------
        InputError
            If the table does not have the method.
        """
        if method not in self.methods:
            have = ", ".join(map(str, self.methods))
            raise InputError(f"There is no method {method!r} in the table; it has {have}.")
        return self.methods.index(method)

    def ranks(self) -> np.ndarray:
        """Return the rank of every method on every data set, shape (N, k).

        1 is best; tied methods get the mean of their ranks. Scores that agree in 12 digits of the
        data set's largest score are tied.
        """
        scores = -self.scores if self.higher_is_better else self.scores
        return rankdata(_rounded(scores, self.scores), axis=1)

    def differences(self, first: Any, second: Any) -> np.ndarray:
        """Return by how much one method is better than another on every data set, shape (N,).

        Parameters
        ----------
        first, second : labels of two methods
            A value is positive where ``first`` is better.
        """
        pair = self.scores[:, [self.column(first), self.column(second)]]
        difference = pair[:, 0] - pair[:, 1]
        return _rounded(difference if self.higher_is_better else -difference, pair)


def _rounded(values: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Round each row of ``values`` to 12 digits of the largest number in that row of ``scores``."""
    size = np.abs(scores).max(axis=1)
    exponent = np.ceil(np.log10(np.where(size > 0, size, 1.0))).astype(int)
    decimals = np.clip(_DIGITS - exponent, -290, 290)
    return np.array([np.round(row, d) for row, d in zip(values, decimals, strict=True)])


def check_table(table: object) -> None:
    """Refuse what is not a ScoreTable, above all the DataFrame that one is made from."""
    if not isinstance(table, ScoreTable):
        raise InputError(
            f"The table is a {type(table).__name__}, not a ScoreTable; pass score_table(df), which "
            "makes one of a DataFrame df."
        )

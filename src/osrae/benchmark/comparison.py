"""What came of a comparison on one data set: ranks, intervals, differences that matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t

from osrae.benchmark.candidates import Candidate
from osrae.errors import InputError
from osrae.evaluation.statistics import CorrelatedTPosterior, bayesian_correlated_t
from osrae.evaluation.statistics.bayesian import ROUNDING

__all__ = ["LEAST_SHARE", "Comparison", "Example", "FoldScores", "MethodResult", "share_until"]

_LEVEL = 0.95
_HALF = 0.5
#: Finding out how long a method takes costs up to a fifth of its time.
_WITH_TRIALS = 1.2
#: Less of its training than this says nothing about a method.
LEAST_SHARE = 0.25


def share_until(rank: int, last: int) -> float:
    """Return the share of a budget that the methods up to a rank may take.

    A third for what always takes part, two for that and what comes next; everything at the end.

    Parameters
    ----------
    rank : int
        See `Candidate.rank`.
    last : int
        The highest rank in the comparison.
    """
    return 1.0 if rank >= last else (rank + 1) / 3


@dataclass(frozen=True)
class FoldScores:
    """One method on one fold.

    Attributes
    ----------
    acsa, f1, gm : float
    recalls : ndarray of shape (C,)
        NaN for a class that is not in the test part.
    seconds : float
        By the clock, of training and prediction.
    test : ndarray of int
        Rows that were predicted.
    predicted : ndarray of int, shape (n_test,)
        Class numbers.
    probabilities : ndarray of shape (n_test, C), or None
    """

    acsa: float
    f1: float
    gm: float
    recalls: np.ndarray
    seconds: float
    test: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None


@dataclass
class MethodResult:
    """One method in a comparison.

    Attributes
    ----------
    candidate : Candidate
    folds : list of FoldScores
        One for every fold of every repetition; empty if it was not measured.
    left_out : str
        Why it was not measured; empty if it was.
    shortened : float
        Share of its full training that there was time for; 1 is all of it.
    needs : float
        Seconds of all its folds, trained in full; 0 if nothing is known of it.
    """

    candidate: Candidate
    folds: list[FoldScores] = field(default_factory=list)
    left_out: str = ""
    shortened: float = 1.0
    needs: float = 0.0

    @property
    def acsa(self) -> np.ndarray:
        """ACSA on every fold."""
        return np.array([fold.acsa for fold in self.folds])

    @property
    def recalls(self) -> np.ndarray:
        """Mean recall of every class, (C,); NaN for one that was never tested."""
        recalls = np.array([fold.recalls for fold in self.folds])
        tested = ~np.isnan(recalls).all(axis=0)
        means = np.full(recalls.shape[1], np.nan)
        means[tested] = np.nanmean(recalls[:, tested], axis=0)
        return means

    @property
    def seconds(self) -> float:
        """Mean time of training and predicting a fold."""
        return float(np.mean([fold.seconds for fold in self.folds]))


@dataclass(frozen=True)
class Example:
    """A model that was trained on the first fold, to be looked at.

    Attributes
    ----------
    title : str
        Of its method.
    model : estimator
    X_train, y_train, X_test, y_test
    acsa : float
        On the test part.
    """

    title: str
    model: Any
    X_train: Any
    y_train: np.ndarray
    X_test: Any
    y_test: np.ndarray
    acsa: float

    @property
    def rank(self) -> tuple[bool, float]:
        """A latent space comes before none, then the higher score."""
        return hasattr(self.model, "sample_latent"), self.acsa


@dataclass(frozen=True)
class Comparison:
    """Methods on one data set, by repeated stratified cross-validation.

    Attributes
    ----------
    classes : ndarray of shape (C,)
    counts : ndarray of int, shape (C,)
        Rows of each class.
    codes : ndarray of int, shape (n,)
        Class number of every row.
    data : {"pictures", "tables"}
    n_folds, n_repeats : int
    rope : float
        Differences of ACSA up to this size make no difference in practice.
    results : tuple of MethodResult
        Of all methods, also of those that were left out, in the order in which they ran.
    seconds : float
        Of the whole comparison, by the clock.
    random_state : int
    interrupted : bool
        Whether it was stopped before all methods had run.
    example : Example or None
        Of the methods that make samples, the best on the first fold; one with a latent space if
        any has.
    """

    classes: np.ndarray
    counts: np.ndarray
    codes: np.ndarray
    data: str
    n_folds: int
    n_repeats: int
    rope: float
    results: tuple[MethodResult, ...]
    seconds: float
    random_state: int
    interrupted: bool = False
    example: Example | None = None

    @property
    def measured(self) -> list[MethodResult]:
        """The methods that were measured, best mean ACSA first."""
        measured = [result for result in self.results if result.folds]
        return sorted(measured, key=lambda result: -result.acsa.mean())

    @property
    def comparable(self) -> list[MethodResult]:
        """The measured methods that had a quarter of their training or more; all, if none had."""
        measured = self.measured
        return [result for result in measured if result.shortened >= LEAST_SHARE] or measured

    @property
    def left_out(self) -> list[MethodResult]:
        """The methods that were not measured."""
        return [result for result in self.results if not result.folds]

    @property
    def cut_short(self) -> list[MethodResult]:
        """The methods that had time for less than half of their training."""
        return [result for result in self.measured if result.shortened < _HALF]

    @property
    def enough(self) -> float:
        """The budget, in seconds, that trains plain models and what comes next in full.

        0 if this one did.
        """
        first = [result for result in self.results if result.candidate.rank <= 1]
        if not any(r.needs and (r.left_out or r.shortened < 1) for r in first):
            return 0.0
        last = max(result.candidate.rank for result in self.results)
        spent = least = 0.0
        for rank in (0, 1):
            group = [result for result in first if result.candidate.rank == rank]
            for place, result in enumerate(group):
                # What a method may take is shared out among those of its group that are left.
                in_turn = (spent + (len(group) - place) * result.needs) / share_until(rank, last)
                at_least = 3 * len(group) * result.needs
                least = max(least, min(in_turn, at_least))
                spent += result.needs
        return _WITH_TRIALS * least

    def result(self, name: str) -> MethodResult:
        """Return one method's result.

        Raises
        ------
        InputError
            If it was not measured.
        """
        found = {result.candidate.name: result for result in self.measured}
        if name not in found:
            raise InputError(f"{name!r} was not measured; there are {', '.join(found)}.")
        return found[name]

    @property
    def rope_text(self) -> str:
        """The region of practical equivalence in words, as "1 point"."""
        points = f"{100 * self.rope:g}"
        return f"{points} point{'' if points == '1' else 's'}"

    def interval(self, scores: Sequence[float] | np.ndarray) -> tuple[float, float]:
        """Return the 95 % interval of a mean over the folds, within 0 and 1.

        Training sets of folds overlap, so that the mean is less certain than it seems: the variance
        is s²(1/n + ρ/(1 - ρ)) with ρ = 1/k for k folds (Nadeau and Bengio, 2003). NaN where the
        scores of all folds are the same: that is no evidence that they always are.
        """
        values = np.asarray(scores, dtype=float)
        if np.ptp(values) <= ROUNDING:
            return np.nan, np.nan
        n, rho = len(values), 1 / self.n_folds
        scale = values.std(ddof=1) * np.sqrt(1 / n + rho / (1 - rho))
        reach = float(t.ppf((1 + _LEVEL) / 2, n - 1) * scale)
        return max(float(values.mean()) - reach, 0.0), min(float(values.mean()) + reach, 1.0)

    def compare(self, first: str, second: str) -> CorrelatedTPosterior:
        """Compare two methods: `osrae.evaluation.statistics.bayesian_correlated_t` on their folds.

        ``p_left`` is the probability that ``first`` is better by more than ``rope``, ``p_rope``
        that both are practically the same, ``p_right`` that ``second`` is better.
        """
        one, other = self.result(first), self.result(second)
        alike = np.array_equal(one.acsa, other.acsa) and all(
            np.array_equal(a.predicted, b.predicted)
            for a, b in zip(one.folds, other.folds, strict=True)
        )
        return bayesian_correlated_t(
            one.acsa,
            other.acsa,
            rope=self.rope,
            test_fraction=1 / self.n_folds,
            # What predicts the same for every row is the same; equal scores may be by chance.
            resolution=0.0 if alike else self._resolution,
        )

    @property
    def _resolution(self) -> float:
        """How much one row of the rarest class that is tested changes the ACSA of a fold."""
        tested = self.counts[self.counts > 1]
        return float(self.n_folds / (len(tested) * tested.min()))

    @property
    def rarest(self) -> int:
        """Number of the rarest class that can be tested: a class of one row never is."""
        return int(np.where(self.counts > 1, self.counts, self.counts.sum() + 1).argmin())

    def table(self) -> pd.DataFrame:
        """Return the ranked methods.

        Returns
        -------
        DataFrame
            Indexed by name, best first: ``title``; ``acsa`` and its 95 % interval ``low``,
            ``high``; ``f1``, ``gm``; ``rarest``, the recall of the rarest class that is tested;
            ``p_best_better``,
            the probability that the first method is better by more than ``rope``, and ``p_same``,
            that both are practically the same; ``seconds`` for a fold; ``shortened``.
        """
        measured = self.measured
        rows = []
        for result in measured:
            low, high = self.interval(result.acsa)
            beside = self.compare(measured[0].candidate.name, result.candidate.name)
            same = result is measured[0]
            rows.append(
                {
                    "method": result.candidate.name,
                    "title": result.candidate.title,
                    "acsa": result.acsa.mean(),
                    "low": low,
                    "high": high,
                    "f1": np.mean([fold.f1 for fold in result.folds]),
                    "gm": np.mean([fold.gm for fold in result.folds]),
                    "rarest": result.recalls[self.rarest],
                    "p_best_better": np.nan if same else beside.p_left,
                    "p_same": np.nan if same else beside.p_rope,
                    "seconds": result.seconds,
                    "shortened": result.shortened,
                }
            )
        return pd.DataFrame(rows).set_index("method")

    def recalls(self) -> pd.DataFrame:
        """Return the mean recall of every class (rows, rarest last) by every method (columns)."""
        order = np.argsort(-self.counts, kind="stable")
        columns = {result.candidate.name: result.recalls[order] for result in self.measured}
        return pd.DataFrame(columns, index=pd.Index(self.classes[order], name="class"))

    def predictions(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Return true classes, and what a method said of every row when it was in the test part.

        Of the first repetition. The third is probabilities (n, C), None if it gives none.
        """
        folds = self.result(name).folds[: self.n_folds]
        rows = np.concatenate([fold.test for fold in folds])
        predicted = np.concatenate([fold.predicted for fold in folds])
        told: list[Any] = [fold.probabilities for fold in folds]
        probabilities = None if any(p is None for p in told) else np.concatenate(told)
        return self.classes[self.codes[rows]], self.classes[predicted], probabilities

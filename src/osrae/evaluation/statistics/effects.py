"""How large the difference of two methods over data sets is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata, t

from osrae.errors import InputError
from osrae.evaluation.statistics.tables import ScoreTable, check_table

__all__ = ["EffectSizes", "effect_sizes"]


@dataclass(frozen=True)
class EffectSizes:
    """How much better one method is than another; positive values favour the first.

    Attributes
    ----------
    wins, ties, losses : int
        On how many data sets the first is better, equal, worse.
    rank_biserial : float in [-1, 1]
        (W⁺ - W⁻) / (W⁺ + W⁻) of the Wilcoxon signed ranks: how one-sided the differences are,
        large ones counting more.
    a12 : float in [0, 1]
        Vargha and Delaney's A: the probability that a score of the first, on any data set, beats a
        score of the second, on any data set; 0.5 is no difference. It does not use the pairing.
    cliffs_delta : float in [-1, 1]
        2 · a12 - 1.
    mean_difference, low, high : float
        Mean of the paired differences and its confidence interval (Student), in units of the
        score.
    """

    wins: int
    ties: int
    losses: int
    rank_biserial: float
    a12: float
    cliffs_delta: float
    mean_difference: float
    low: float
    high: float


def effect_sizes(
    table: ScoreTable, first: Any, second: Any, *, confidence: float = 0.95
) -> EffectSizes:
    """Return how large the difference of two methods is.

    Parameters
    ----------
    table : ScoreTable
    first, second : labels of methods in the table
    confidence : float in (0, 1), default=0.95
        Of the interval of the mean difference.

    Returns
    -------
    EffectSizes

    Raises
    ------
    InputError
        If ``table`` is no ScoreTable, a method is not in it, or ``confidence`` is not between 0
        and 1.

    References
    ----------
    Kerby, Comprehensive Psychology 3 (2014), for the rank-biserial correlation; ties have the
    ranks that Demšar, JMLR 7 (2006), section 3.1.3, gives them (differences of 0 are ranked and
    split evenly). Vargha and Delaney, Journal of Educational and Behavioral Statistics 25 (2000).
    """
    check_table(table)
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}; give a level between 0 and 1, say 0.95.")
    difference = table.differences(first, second)
    n, mean = len(difference), float(difference.mean())
    half = float(t.ppf((1 + confidence) / 2, n - 1) * difference.std(ddof=1) / np.sqrt(n))
    a12 = _vargha_delaney(table, first, second)
    return EffectSizes(
        wins=int((difference > 0).sum()),
        ties=int((difference == 0).sum()),
        losses=int((difference < 0).sum()),
        rank_biserial=_rank_biserial(difference),
        a12=a12,
        cliffs_delta=2 * a12 - 1,
        mean_difference=mean,
        low=mean - half,
        high=mean + half,
    )


def _rank_biserial(difference: np.ndarray) -> float:
    """Sum of the signed ranks over the sum of all ranks."""
    ranks = rankdata(np.abs(difference))
    return float((np.sign(difference) * ranks).sum() / ranks.sum())


def _vargha_delaney(table: ScoreTable, first: Any, second: Any) -> float:
    """Share of all pairs of scores in which the first is better, ties counting half."""
    x, y = (table.scores[:, table.column(name)] for name in (first, second))
    better = x[:, None] - y if table.higher_is_better else y - x[:, None]
    return float(np.heaviside(better, 0.5).mean())

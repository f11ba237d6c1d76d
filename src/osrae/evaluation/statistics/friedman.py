"""The Friedman test and the correction of Iman and Davenport."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2, f

from osrae.evaluation.statistics.tables import ScoreTable, check_table

__all__ = ["FriedmanResult", "average_ranks", "friedman_test"]


@dataclass(frozen=True, eq=False)
class FriedmanResult:
    """Whether all of k methods can be equally good on N data sets.

    Attributes
    ----------
    average_ranks : Series of float, length k
        Indexed by method; 1 is best.
    chi2, chi2_p : float
        Friedman's statistic, not corrected for ties, and its p-value (k - 1 degrees of freedom).
    f, f_p : float
        The less conservative statistic of Iman and Davenport, and its p-value. Where all data sets
        rank the methods alike the statistic is infinite, and its distribution would call two data
        sets a proof. There the p-value is exact: the probability of N equal orders, k!^(1 - N).
    f_degrees : tuple of two ints
        k - 1 and (k - 1)(N - 1).
    tie_factor : float in [0, 1]
        1 without ties, 0 if all methods are tied on all data sets. ``chi2 / tie_factor`` is the
        statistic corrected for ties (that of ``scipy.stats.friedmanchisquare``).
    """

    average_ranks: pd.Series
    chi2: float
    chi2_p: float
    f: float
    f_p: float
    f_degrees: tuple[int, int]
    tie_factor: float


def average_ranks(table: ScoreTable) -> pd.Series:
    """Return the mean rank of each method over the data sets.

    Parameters
    ----------
    table : ScoreTable

    Returns
    -------
    Series of float, length k
        Indexed by method, in the table's order. 1 is best; ties share the mean of their ranks.

    Raises
    ------
    InputError
        If ``table`` is no ScoreTable.
    """
    check_table(table)
    return pd.Series(
        table.ranks().mean(axis=0), index=pd.Index(table.methods, name="method"), name="rank"
    )


def friedman_test(table: ScoreTable) -> FriedmanResult:
    """Test whether all methods are equally good.

    The statistic is 12N / (k(k + 1)) · (Σ R² - k(k + 1)²/4) with average ranks R. It is not
    corrected for ties, like the published ones and like the standard error of the post-hoc tests;
    with ties it is too small, hence conservative. ``tie_factor`` gives the corrected one.

    Parameters
    ----------
    table : ScoreTable

    Returns
    -------
    FriedmanResult

    Raises
    ------
    InputError
        If ``table`` is no ScoreTable.

    References
    ----------
    Demšar, Statistical comparisons of classifiers over multiple data sets, JMLR 7 (2006),
    section 3.2.2. Iman and Davenport, Communications in Statistics A9 (1980).
    """
    check_table(table)
    ranks = table.ranks()
    n, k = ranks.shape
    means = average_ranks(table)
    most = n * (k - 1)
    # Centred, so that equal ranks give exactly 0.
    statistic = 12 * n / (k * (k + 1)) * float(((means - (k + 1) / 2) ** 2).sum())
    rest = most - statistic
    degrees = (k - 1, (k - 1) * (n - 1))
    # The same order on every data set leaves nothing but rounding errors.
    if rest < 1e-12 * most:
        ratio, ratio_p = np.inf, math.exp((1 - n) * math.lgamma(k + 1))
    else:
        ratio = (n - 1) * statistic / rest
        ratio_p = float(f.sf(ratio, *degrees))
    return FriedmanResult(
        average_ranks=means,
        chi2=statistic,
        chi2_p=float(chi2.sf(statistic, k - 1)),
        f=float(ratio),
        f_p=ratio_p,
        f_degrees=degrees,
        tie_factor=_tie_factor(ranks),
    )


def _tie_factor(ranks: np.ndarray) -> float:
    """1 - Σ (t³ - t) / (N k(k² - 1)) over all groups of t tied methods."""
    n, k = ranks.shape
    sizes = [np.unique(row, return_counts=True)[1] for row in ranks]
    tied = sum(int((t**3 - t).sum()) for t in sizes)
    return 1 - tied / (n * k * (k**2 - 1))

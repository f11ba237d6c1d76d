"""Which methods differ, after a Friedman test: all pairs, or all against one control."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy.stats import norm, studentized_range

from osrae.errors import InputError
from osrae.evaluation.statistics.adjust import (
    MOST_METHODS,
    adjust_bergmann_hommel,
    adjust_bonferroni,
    adjust_holm,
    adjust_shaffer,
)
from osrae.evaluation.statistics.friedman import average_ranks
from osrae.evaluation.statistics.tables import ScoreTable, check_table

__all__ = ["Adjustment", "all_pairs", "bonferroni_dunn_cd", "nemenyi_cd", "one_against_all"]

Adjustment = Literal["nemenyi", "bonferroni", "holm", "shaffer", "bergmann_hommel"]
_ADJUSTMENTS = get_args(Adjustment)
_FROM_P = {
    "bonferroni": adjust_bonferroni,
    "holm": adjust_holm,
    "shaffer": adjust_shaffer,
    "bergmann_hommel": adjust_bergmann_hommel,
}


def all_pairs(
    table: ScoreTable, *, adjust: Adjustment | Sequence[Adjustment] | None = None
) -> pd.DataFrame:
    """Compare every method with every other by their average ranks.

    Parameters
    ----------
    table : ScoreTable
    adjust : str or sequence of str, default=None
        Which adjusted p-values to compute: ``"nemenyi"``, ``"bonferroni"``, ``"holm"``,
        ``"shaffer"``, ``"bergmann_hommel"``. None: all five for up to 12 methods; for more,
        ``"bergmann_hommel"``, which takes at most 12, is left out.

        ``"nemenyi"`` is the test of Nemenyi as Demšar gives it, with the studentised range: a
        value is at most α where the ranks differ by ``nemenyi_cd`` or more. García and Herrera
        call p times the number of pairs Nemenyi's test; that is ``"bonferroni"`` here, and never
        smaller.

    Returns
    -------
    DataFrame with k(k - 1)/2 rows, the smallest p-value first
        Columns ``first``, ``second``; ``rank_difference``, R_first - R_second, negative where
        ``first`` is better; ``z``, that divided by √(k(k + 1)/(6N)); ``p``, two-sided and not
        adjusted; and one column per adjustment.

    Raises
    ------
    InputError
        If ``table`` is no ScoreTable, an adjustment is unknown, or ``"bergmann_hommel"`` is asked
        for with more than 12 methods.

    References
    ----------
    Demšar, JMLR 7 (2006), section 3.2.2. García and Herrera, JMLR 9 (2008), sections 2 and 3.
    """
    check_table(table)
    k = len(table.methods)
    if adjust is None:
        names = [name for name in _ADJUSTMENTS if name != "bergmann_hommel" or k <= MOST_METHODS]
    else:
        names = [adjust] if isinstance(adjust, str) else list(adjust)
    unknown = [name for name in names if name not in _ADJUSTMENTS]
    if unknown:
        raise InputError(f"There is no adjustment {unknown[0]!r}; use {', '.join(_ADJUSTMENTS)}.")
    frame = _compared(table, list(combinations(table.methods, 2)))
    p = frame["p"].to_numpy()
    for name in names:
        frame[name] = (
            _nemenyi(frame["z"].to_numpy(), p, k) if name == "nemenyi" else _FROM_P[name](p)
        )
    return frame.sort_values("p", kind="stable", ignore_index=True)


def _nemenyi(z: np.ndarray, p: np.ndarray, n_methods: int) -> np.ndarray:
    """Probability that the largest of all differences of ranks is at least the one found."""
    adjusted = studentized_range.sf(np.abs(z) * np.sqrt(2), n_methods, np.inf)
    # Below about 1e-10 its rounding errors show; it lies between p and Bonferroni's bound.
    return np.clip(adjusted, p, adjust_bonferroni(p))


def one_against_all(table: ScoreTable, control: Any) -> pd.DataFrame:
    """Compare one method, the control, with each of the others by their average ranks.

    Fewer comparisons than all pairs, hence more power: the right test for a new method.

    Parameters
    ----------
    table : ScoreTable
    control : label of a method in the table

    Returns
    -------
    DataFrame with k - 1 rows, the smallest p-value first
        Columns ``method``; ``rank_difference``, R_control - R_method, negative where the control
        is better; ``z``; ``p``, two-sided and not adjusted; ``bonferroni_dunn`` and ``holm``,
        adjusted. Holm's are never larger.

    Raises
    ------
    InputError
        If ``table`` is no ScoreTable or does not have the control.

    References
    ----------
    Demšar, JMLR 7 (2006), section 3.2.2.
    """
    check_table(table)
    table.column(control)
    pairs = [(control, method) for method in table.methods if method != control]
    frame = _compared(table, pairs).drop(columns="first").rename(columns={"second": "method"})
    frame["bonferroni_dunn"] = adjust_bonferroni(frame["p"].to_numpy())
    frame["holm"] = adjust_holm(frame["p"].to_numpy())
    return frame.sort_values("p", kind="stable", ignore_index=True)


def _compared(table: ScoreTable, pairs: Sequence[tuple[Any, Any]]) -> pd.DataFrame:
    """Difference of average ranks, z and p of each pair."""
    ranks = average_ranks(table)
    first, second = (list(side) for side in zip(*pairs, strict=True))
    difference = ranks.loc[first].to_numpy() - ranks.loc[second].to_numpy()
    z = difference / _standard_error(*table.scores.shape)
    return pd.DataFrame(
        {
            "first": first,
            "second": second,
            "rank_difference": difference,
            "z": z,
            "p": 2 * norm.sf(np.abs(z)),
        }
    )


def nemenyi_cd(n_datasets: int, n_methods: int, alpha: float = 0.05) -> float:
    """Return the difference of average ranks from which on two of all methods differ.

    Parameters
    ----------
    n_datasets, n_methods : int, at least 2
    alpha : float in (0, 1), default=0.05
        Family-wise error rate.

    Returns
    -------
    float
        q/√2 · √(k(k + 1)/(6N)), q the quantile of the studentised range for infinitely many
        degrees of freedom.

    References
    ----------
    Demšar, JMLR 7 (2006), section 3.2.2 and table 5a.
    """
    _check_sizes(n_datasets, n_methods, alpha)
    q = studentized_range.ppf(1 - alpha, n_methods, np.inf) / np.sqrt(2)
    return float(q * _standard_error(n_datasets, n_methods))


def bonferroni_dunn_cd(n_datasets: int, n_methods: int, alpha: float = 0.05) -> float:
    """Return the difference of average ranks from which on a method differs from the control.

    Parameters
    ----------
    n_datasets, n_methods : int, at least 2
        The control counts as a method.
    alpha : float in (0, 1), default=0.05
        Family-wise error rate.

    Returns
    -------
    float
        The normal quantile of 1 - α/(2(k - 1)), times √(k(k + 1)/(6N)).

    References
    ----------
    Demšar, JMLR 7 (2006), section 3.2.2 and table 5b.
    """
    _check_sizes(n_datasets, n_methods, alpha)
    q = norm.isf(alpha / (2 * (n_methods - 1)))
    return float(q * _standard_error(n_datasets, n_methods))


def _standard_error(n_datasets: int, n_methods: int) -> float:
    """Standard deviation of a difference of average ranks if all methods are equal."""
    return float(np.sqrt(n_methods * (n_methods + 1) / (6 * n_datasets)))


def _check_sizes(n_datasets: int, n_methods: int, alpha: float) -> None:
    """Refuse sizes and levels for which there is no critical difference."""
    if n_datasets < 2 or n_methods < 2 or not 0 < alpha < 1:
        raise InputError(
            f"Found {n_datasets} data set(s), {n_methods} method(s) and alpha {alpha}; there must "
            "be at least two of each, and alpha between 0 and 1."
        )

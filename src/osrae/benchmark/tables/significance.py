"""Table 2: whether the method is better than each baseline, over data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np
import pandas as pd

from osrae.benchmark.measured import Store
from osrae.benchmark.published import Printed, printed
from osrae.benchmark.tables.columns import DATA_TITLES, find, method_title
from osrae.benchmark.tables.model import Row, Style, Table, Value
from osrae.benchmark.tables.notes import made_with
from osrae.errors import InputError
from osrae.evaluation.statistics import (
    FriedmanResult,
    ScoreTable,
    all_pairs,
    bayesian_signed_rank,
    friedman_test,
    score_table,
)

__all__ = ["table_2"]

_METHOD = "rae"
_BASELINES = ("deepsmote", "gamo", "dgc", "bagan")
_LEVEL = 0.05
#: Half a region of practical equivalence: one point of ACSA.
_ROPE = 0.01
_PROBABILITY = Style(decimals=None, best=None, differs=False)
_RANKS = Style(decimals=2, best=None, differs=False)
_COUNT = Style(decimals=0, best=None, differs=False)
_COLUMNS = ("better on", "worse on", "mean rank behind RAE", "Shaffer p", "Holm p",
            "Bayesian, not better", "Bayesian, equal in practice")  # fmt: skip


def table_2(store: Store) -> Table:
    """Make Table 2 of all data sets that there are results on.

    Scores are averaged over folds and seeds of a data set first. A baseline that was measured on
    fewer than half of the data sets of the method is left out, so that it does not cost the others
    theirs; then every data set on which one of the rest is missing. Of a data set, only results of
    the parting into training and test rows count that most methods have.
    """
    found = {
        (d, m): f
        for d in store.data
        for m in (_METHOD, *_BASELINES)
        if (f := find(store, d, m)) is not None and f.shown.cell.folds == store.folds(d)
    }
    means = {place: fmean(runs) for place, f in found.items() if (runs := f.shown.scores("acsa"))}
    methods, data = _complete(means)
    if len(methods) < 2 or len(data) < 2:
        raise InputError(
            f"Table 2 needs RAE and at least one of its baselines ({', '.join(_BASELINES)}) on the "
            f"same two data sets or more; there are {len(data)} such data sets. `osrae bench run` "
            "measures more, on any data set of `osrae datasets --all`."
        )
    scores = pd.DataFrame([[means[d, m] for m in methods] for d in data], data, methods)
    table = score_table(scores)
    rows = tuple(
        Row((method_title(name),), _compared(table, name) if name in methods else _empty(name))
        for name in _BASELINES
    )
    shown = [f for (d, m), f in found.items() if m in methods and d in data]
    notes = [
        *_said(table, friedman_test(table)),
        *_left_out(means, methods, data),
        *made_with(shown, spread=False),
    ]
    caption = (
        "Table 2. RAE against each baseline over data sets: ACSA on the main test part, level "
        f"{_LEVEL}."
    )
    return Table(caption, ("baseline",), _COLUMNS, rows, tuple(notes))


def _complete(means: Mapping[tuple[str, str], float]) -> tuple[list[str], list[str]]:
    """Return methods and data sets without a gap."""
    own = [d for d, m in means if m == _METHOD]
    methods = [_METHOD] if own else []
    methods += [m for m in _BASELINES if own and 2 * sum((d, m) in means for d in own) >= len(own)]
    return methods, [d for d in own if all((d, m) in means for m in methods)]


def _compared(table: ScoreTable, name: str) -> tuple[Value, ...]:
    pairs = all_pairs(table, adjust=("shaffer", "holm"))
    pair = pairs[(pairs["first"] == _METHOD) & (pairs["second"] == name)].iloc[0]
    differences = table.differences(_METHOD, name)
    bayesian = bayesian_signed_rank(table, _METHOD, name, rope=_ROPE, random_state=0)
    ahead = bool(pair["rank_difference"] < 0)
    return (
        Value(_COUNT, (float((differences > 0).sum()),), over_seeds=False),
        Value(_COUNT, (float((differences < 0).sum()),), over_seeds=False),
        Value(_RANKS, (-float(pair["rank_difference"]),), over_seeds=False),
        _probability(pair["shaffer"], ahead, printed(2, "", "shaffer", name)),
        _probability(pair["holm"], ahead),
        _probability(1 - bayesian.p_left, True, printed(2, "", "bayesian", name)),
        Value(_PROBABILITY, (bayesian.p_rope,), over_seeds=False),
    )


def _probability(p: float | None, ahead: bool, paper: Printed | None = None) -> Value:
    """Return a p-value, bold where it is significant and in favour of the method."""
    return Value(
        _PROBABILITY,
        () if p is None else (max(0.0, float(p)),),
        paper,
        bold=p is not None and ahead and bool(p < _LEVEL),
        printed_bold=paper is not None and paper.value < _LEVEL,
        over_seeds=False,
    )


def _empty(name: str) -> tuple[Value, ...]:
    """Return the paper's values of a baseline that cannot be tested."""
    tests = ("", "", "", "shaffer", "", "bayesian", "")
    return tuple(_probability(None, False, printed(2, "", test, name)) for test in tests)


def _said(table: ScoreTable, friedman: FriedmanResult) -> list[str]:
    ranks = ", ".join(f"{method_title(str(m))} {r:.2f}" for m, r in friedman.average_ranks.items())
    names = ", ".join(DATA_TITLES.get(d, d) for d in table.datasets)
    spread = float(np.ptp(friedman.average_ranks))
    differ = "differ" if friedman.f_p < _LEVEL and spread else "cannot be told apart"
    return [
        f"{len(table.datasets)} data sets: {names}.",
        f"Friedman: χ² = {friedman.chi2:.2f}, p = {friedman.chi2_p:.3g}; Iman and Davenport: "
        f"F = {friedman.f:.2f}, p = {friedman.f_p:.3g}: the methods {differ}. Average ranks (1 is "
        f"best): {ranks}.",
        "Shaffer and Holm: post-hoc tests of all pairs by average ranks, adjusted p. Bayesian: "
        "signed-rank test, probabilities that RAE is not better, and that both are equal in "
        "practice, which is ACSA within one point; from 50,000 samples of the posterior. "
        f"Bold: below {_LEVEL}, in favour of RAE. Few data sets have little power, and a "
        "large p does not show that methods are equal.",
        "The paper's p-values are of its own data sets and are not expected to be met.",
    ]


def _left_out(
    means: Mapping[tuple[str, str], float], methods: Sequence[str], data: Sequence[str]
) -> list[str]:
    """Say which data sets and baselines were left out."""
    rest = dict.fromkeys(d for d, m in means if d not in data)
    without = [m for m in _BASELINES if m not in methods]
    notes = []
    if rest:
        names = ", ".join(DATA_TITLES.get(d, d) for d in rest)
        notes.append(f"Left out, because one of the methods has no result there: {names}.")
    if without:
        names = ", ".join(method_title(m) for m in without)
        notes.append(f"Left out, measured on fewer than half of RAE's data sets: {names}.")
    return notes

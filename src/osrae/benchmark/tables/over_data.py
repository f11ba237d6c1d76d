"""What tables over many data sets share: scores without a gap, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

import pandas as pd

from osrae.benchmark.measured import Store
from osrae.benchmark.tables.columns import Found, data_title, find, method_title
from osrae.datasets.collection import source_of
from osrae.evaluation.statistics import ScoreTable, friedman_test, score_table

__all__ = [
    "LEVEL",
    "ROPE",
    "by_source",
    "data_listed",
    "friedman_note",
    "gapless",
    "left_out",
    "left_out_notes",
    "main_scores",
]

LEVEL = 0.05
#: Half a region of practical equivalence: one point of ACSA.
ROPE = 0.01


def main_scores(
    store: Store, methods: Mapping[str, tuple[str, ...]], score: str = "acsa"
) -> tuple[dict[tuple[str, str], Found], dict[tuple[str, str], float]]:
    """Return results, and their mean score on the main test part, by data set and method.

    Of a data set, only results of the parting into training and test rows count that most methods
    have.

    Parameters
    ----------
    store : Store
    methods : mapping of str to tuple of str
        Titles of the methods wanted on each data set.
    score : str
        Of `osrae.evaluation.classification.summary`.
    """
    found = {
        (d, m): f
        for d, names in methods.items()
        for m in names
        if (f := find(store, d, m)) is not None and f.shown.cell.folds == store.folds(d)
    }
    means = {place: fmean(runs) for place, f in found.items() if (runs := f.shown.scores(score))}
    return found, means


def data_listed(table: ScoreTable) -> str:
    """Name the data sets."""
    names = ", ".join(map(data_title, table.datasets))
    return f"{len(table.datasets)} data sets: {names}."


def friedman_note(table: ScoreTable) -> str:
    """Say whether methods differ by rank at all."""
    test = friedman_test(table)
    apart = test.f_p < LEVEL and bool(test.average_ranks.max() > test.average_ranks.min())
    return (
        f"Friedman: χ² = {test.chi2:.2f}, p = {test.chi2_p:.3g}; Iman and Davenport: "
        f"F = {test.f:.2f}, p = {test.f_p:.3g}: the methods "
        f"{'differ' if apart else 'cannot be told apart'}."
    )


def gapless(means: Mapping[tuple[str, str], float]) -> ScoreTable | None:
    """Make the table of the methods and data sets that have a score for every pair.

    Methods measured on fewer than half of the data sets are left out, so that they do not cost the
    others theirs; then every data set on which one of the rest is missing.

    Parameters
    ----------
    means : mapping of (data set, method) to float

    Returns
    -------
    ScoreTable or None
        None if fewer than two methods or two data sets are left.
    """
    data = list(dict.fromkeys(d for d, _ in means))
    methods = list(dict.fromkeys(m for _, m in means))
    methods = [m for m in methods if 2 * sum((d, m) in means for d in data) >= len(data)]
    data = [d for d in data if all((d, m) in means for m in methods)]
    if len(data) < 2 or len(methods) < 2:
        return None
    return score_table(pd.DataFrame([[means[d, m] for m in methods] for d in data], data, methods))


def by_source(table: ScoreTable) -> ScoreTable:
    """Average over the data sets that are made of the same rows, see `source_of`."""
    scores = pd.DataFrame(table.scores, list(table.datasets), list(table.methods))
    sources = [source_of(str(data)) for data in table.datasets]
    return score_table(scores.groupby(sources, sort=True).mean())


def left_out(
    means: Mapping[tuple[str, str], float], table: ScoreTable, wanted: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """Return the methods and the data sets that `gapless` left out, or there was nothing of."""
    methods = dict.fromkeys((*wanted, *(m for _, m in means)))
    data = dict.fromkeys(d for d, _ in means)
    return (
        [m for m in methods if m not in table.methods],
        [d for d in data if d not in table.datasets],
    )


def left_out_notes(
    means: Mapping[tuple[str, str], float], table: ScoreTable, wanted: Sequence[str] = ()
) -> list[str]:
    """Say what `gapless` left out, and why."""
    methods, data = left_out(means, table, wanted)
    notes = []
    if methods:
        names = ", ".join(map(method_title, methods))
        notes.append(f"Left out, measured on fewer than half of the data sets: {names}.")
    if data:
        names = ", ".join(map(data_title, data))
        notes.append(f"Left out, because a method has no result there: {names}.")
    return notes

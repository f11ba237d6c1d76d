"""Ranks of any methods over data sets, and how each stands beside one of them."""

from __future__ import annotations

import pandas as pd

from osrae.benchmark.measured import Store
from osrae.benchmark.tables.columns import PERCENT, method_title
from osrae.benchmark.tables.model import Row, Style, Table, Value, one_number
from osrae.benchmark.tables.notes import made_with
from osrae.benchmark.tables.over_data import (
    LEVEL,
    ROPE,
    data_listed,
    friedman_note,
    gapless,
    left_out_notes,
    main_scores,
)
from osrae.errors import InputError
from osrae.evaluation.statistics import (
    ScoreTable,
    average_ranks,
    bayesian_signed_rank,
    nemenyi_cd,
    one_against_all,
)

__all__ = ["ranks_table"]

_PROBABILITY = Style(decimals=None, best=None, differs=False)
_RANK = Style(decimals=2, best=None, differs=False)
_COUNT = Style(decimals=0, best=None, differs=False)
_COLUMNS = ("mean rank", "mean ACSA, %", "better on", "worse on", "Holm p", "better", "equal",
            "worse")  # fmt: skip


def ranks_table(store: Store, against: str | None = None) -> Table:
    """Rank methods over data sets, and compare each with one of them.

    Parameters
    ----------
    store : Store
    against : str or None
        Title of a method, see `Cell.title`; None for the one of the best mean rank.

    Returns
    -------
    Table
        The best rank first. Scores are averaged over folds and seeds of a data set first. What
        was measured on too few data sets is left out, see `gapless`.

    Raises
    ------
    InputError
        If fewer than two methods were measured on the same two data sets, or ``against`` on fewer
        than half of them.
    """
    found, means = main_scores(store, {d: store.titles(d) for d in store.data})
    table = gapless(means)
    if table is None:
        raise InputError(
            "Ranks need two methods or more on the same two data sets or more; `osrae bench run` "
            "measures them."
        )
    ranks = average_ranks(table).sort_values(kind="stable")
    control = ranks.index[0] if against is None else against
    if control not in table.methods:
        there = ", ".join(map(str, table.methods))
        raise InputError(f"{control!r} was not measured on enough data sets; there are {there}.")
    p = one_against_all(table, control).set_index("method")["holm"]
    difference = nemenyi_cd(len(table.datasets), len(table.methods), LEVEL)
    group = ranks.index[ranks <= ranks.iloc[0] + difference]
    rows = tuple(
        Row((method_title(name),), _values(table, name, control, ranks, p, name in group))
        for name in ranks.index
    )
    best, title = method_title(ranks.index[0]), method_title(control)
    notes = [
        data_listed(table),
        friedman_note(table),
        f"Bold ranks cannot be told apart from that of {best}: they differ by less than the "
        f"critical difference of {difference:.2f} (Nemenyi, level {LEVEL}).",
        f"Better on, worse on: data sets, beside {title}. Holm: test of mean ranks beside "
        f"{title}, adjusted p. Better, equal, worse: probability that a method is better than "
        f"{title} on a new data set by more than one point of ACSA, equal within one point, or "
        "worse (Bayesian signed-rank test, 50,000 samples of the posterior).",
        *left_out_notes(means, table),
        *made_with([f for (d, m), f in found.items() if m in table.methods and d in table.datasets],
                   spread=False),
    ]  # fmt: skip
    caption = f"Methods over {len(table.datasets)} data sets, by mean rank; each beside {title}."
    return Table(caption, ("method",), _COLUMNS, rows, tuple(notes))


def _values(
    table: ScoreTable, name: str, control: str, ranks: pd.Series, p: pd.Series, leads: bool
) -> tuple[Value, ...]:
    mean = 100 * float(table.scores[:, table.column(name)].mean())
    own = (one_number(_RANK, float(ranks[name]), bold=leads), one_number(PERCENT, mean))
    if name == control:
        return (*own, *(Value(style) for style in (_COUNT, _COUNT, *[_PROBABILITY] * 4)))
    apart = table.differences(name, control)
    beside = bayesian_signed_rank(table, name, control, rope=ROPE, random_state=0)
    chances = (p[name], beside.p_left, beside.p_rope, beside.p_right)
    return (
        *own,
        *(one_number(_COUNT, float(n)) for n in ((apart > 0).sum(), (apart < 0).sum())),
        *(one_number(_PROBABILITY, max(0.0, float(chance))) for chance in chances),
    )

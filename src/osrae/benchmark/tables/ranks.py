"""Ranks of any methods over data sets, and how each stands beside one of them."""

from __future__ import annotations

import pandas as pd

from osrae.benchmark.measured import Store
from osrae.benchmark.tables.columns import PERCENT, data_title, method_title, title_of
from osrae.benchmark.tables.model import Row, Style, Table, Value, one_number
from osrae.benchmark.tables.notes import made_with
from osrae.benchmark.tables.over_data import (
    LEVEL,
    ROPE,
    by_source,
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

__all__ = ["SCORES", "ranks_table"]

_PROBABILITY = Style(decimals=None, best=None, differs=False)
_RANK = Style(decimals=2, best=None, differs=False)
_COUNT = Style(decimals=0, best=None, differs=False)
_APART = Style(decimals=2, best=None, differs=False, signed=True)
#: What `ranks_table` ranks by, and what tables call it.
SCORES = {"acsa": "ACSA", "gm": "GM", "f1": "F1", "mauprc_ova": "mAUPRC"}


def ranks_table(
    store: Store, against: str | None = None, score: str = "acsa", sources: bool = False
) -> Table:
    """Rank methods over data sets, and compare each with one of them.

    Parameters
    ----------
    store : Store
    against : str or None
        A method, as `Cell.title` or tables call it; None for the one of the best mean rank.
    score : {"acsa", "gm", "f1", "mauprc_ova"}
    sources : bool
        Whether data sets of the same rows count as one, with the mean of their scores: they are not
        independent, as every test here takes data sets to be.

    Returns
    -------
    Table
        The best rank first. Scores are averaged over folds and seeds of a data set first. What
        was measured on too few data sets is left out, see `gapless`.

    Raises
    ------
    InputError
        If there is no such score, if fewer than two methods were measured on the same two data
        sets, or ``against`` on fewer than half of them.
    """
    if score not in SCORES:
        raise InputError(f"score={score!r}: expected one of {', '.join(SCORES)}.")
    found, means = main_scores(store, {d: store.titles(d) for d in store.data}, score)
    whole = gapless(means)
    table = by_source(whole) if whole is not None and sources else whole
    if whole is None or table is None or len(table.datasets) < 2:
        raise InputError(
            "Ranks need two methods or more on the same two data sets or more; `osrae bench run` "
            "measures them."
        )
    ranks = average_ranks(table).sort_values(kind="stable")
    control = ranks.index[0] if against is None else title_of(store, against)
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
        data_listed(whole),
        friedman_note(table),
        f"Bold ranks cannot be told apart from that of {best}: they differ by less than the "
        f"critical difference of {difference:.2f} (Nemenyi, level {LEVEL}).",
        f"Better on, worse on: data sets, beside {title}. Holm: test of mean ranks beside "
        f"{title}, adjusted p. Better, equal, worse: probability that a method is better than "
        f"{title} on a new data set by more than one point of {SCORES[score]}, equal within one "
        "point, or worse (Bayesian signed-rank test, 50,000 samples of the posterior).",
        f"Difference: mean over data sets, in points, beside {title}, with its standard error.",
        *left_out_notes(means, whole),
        *made_with([f for (d, m), f in found.items() if m in whole.methods and d in whole.datasets],
                   spread=False),
    ]  # fmt: skip
    if sources:
        names = ", ".join(map(data_title, table.datasets))
        notes.insert(1, f"Of {len(table.datasets)} sources, each the mean of its own: {names}.")
    what = "sources of data" if sources else "data sets"
    caption = f"Methods over {len(table.datasets)} {what}, by mean rank; each beside {title}."
    columns = ("mean rank", f"mean {SCORES[score]}, %", "difference", "s.e.", "better on",
               "worse on", "Holm p", "better", "equal", "worse")  # fmt: skip
    return Table(caption, ("method",), columns, rows, tuple(notes))


def _values(
    table: ScoreTable, name: str, control: str, ranks: pd.Series, p: pd.Series, leads: bool
) -> tuple[Value, ...]:
    mean = 100 * float(table.scores[:, table.column(name)].mean())
    own = (one_number(_RANK, float(ranks[name]), bold=leads), one_number(PERCENT, mean))
    if name == control:
        beside_itself = (_APART, PERCENT, _COUNT, _COUNT, *[_PROBABILITY] * 4)
        return (*own, *(Value(style) for style in beside_itself))
    apart = table.differences(name, control)
    beside = bayesian_signed_rank(table, name, control, rope=ROPE, random_state=0)
    chances = (p[name], beside.p_left, beside.p_rope, beside.p_right)
    return (
        *own,
        one_number(_APART, 100 * float(apart.mean())),
        one_number(PERCENT, 100 * float(apart.std(ddof=1) / len(apart) ** 0.5)),
        *(one_number(_COUNT, float(n)) for n in ((apart > 0).sum(), (apart < 0).sum())),
        *(one_number(_PROBABILITY, max(0.0, float(chance))) for chance in chances),
    )

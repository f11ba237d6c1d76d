"""Table 2: whether the method is better than each baseline, over data sets."""

from __future__ import annotations

from osrae.benchmark.measured import Store
from osrae.benchmark.published import Printed, printed
from osrae.benchmark.tables.columns import method_title
from osrae.benchmark.tables.model import Row, Style, Table, Value
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
from osrae.evaluation.statistics import ScoreTable, all_pairs, average_ranks, bayesian_signed_rank

__all__ = ["table_2"]

_METHOD = "rae"
_BASELINES = ("deepsmote", "gamo", "dgc", "bagan")
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
    found, means = main_scores(store, dict.fromkeys(store.data, (_METHOD, *_BASELINES)))
    own = [d for d, m in means if m == _METHOD]
    means = {(d, m): mean for (d, m), mean in means.items() if d in own}
    table = gapless(means)
    if table is None:
        raise InputError(
            f"Table 2 needs RAE and at least one of its baselines ({', '.join(_BASELINES)}) on the "
            f"same two data sets or more. `osrae bench run` measures more, on any data set of "
            "`osrae datasets --all`."
        )
    methods, data = table.methods, table.datasets
    rows = tuple(
        Row((method_title(name),), _compared(table, name) if name in methods else _empty(name))
        for name in _BASELINES
    )
    shown = [f for (d, m), f in found.items() if m in methods and d in data]
    notes = [
        *_said(table),
        *left_out_notes(means, table, _BASELINES),
        *made_with(shown, spread=False),
    ]
    caption = (
        "Table 2. RAE against each baseline over data sets: ACSA on the main test part, level "
        f"{LEVEL}."
    )
    return Table(caption, ("baseline",), _COLUMNS, rows, tuple(notes))


def _compared(table: ScoreTable, name: str) -> tuple[Value, ...]:
    pairs = all_pairs(table, adjust=("shaffer", "holm"))
    pair = pairs[(pairs["first"] == _METHOD) & (pairs["second"] == name)].iloc[0]
    differences = table.differences(_METHOD, name)
    bayesian = bayesian_signed_rank(table, _METHOD, name, rope=ROPE, random_state=0)
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
        bold=p is not None and ahead and bool(p < LEVEL),
        printed_bold=paper is not None and paper.value < LEVEL,
        over_seeds=False,
    )


def _empty(name: str) -> tuple[Value, ...]:
    """Return the paper's values of a baseline that cannot be tested."""
    tests = ("", "", "", "shaffer", "", "bayesian", "")
    return tuple(_probability(None, False, printed(2, "", test, name)) for test in tests)


def _said(table: ScoreTable) -> list[str]:
    ranks = ", ".join(f"{method_title(str(m))} {r:.2f}" for m, r in average_ranks(table).items())
    return [
        data_listed(table),
        f"{friedman_note(table)} Average ranks (1 is best): {ranks}.",
        "Shaffer and Holm: post-hoc tests of all pairs by average ranks, adjusted p. Bayesian: "
        "signed-rank test, probabilities that RAE is not better, and that both are equal in "
        "practice, which is ACSA within one point; from 50,000 samples of the posterior. "
        f"Bold: below {LEVEL}, in favour of RAE. Few data sets have little power, and a "
        "large p does not show that methods are equal.",
        "The paper's p-values are of its own data sets and are not expected to be met.",
    ]

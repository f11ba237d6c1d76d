"""Every method beside one of them, data set by data set."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from osrae.benchmark.measured import Measured, Store
from osrae.benchmark.results import Result
from osrae.benchmark.tables.columns import DATA_TITLES, PERCENT, Found, find, method_title
from osrae.benchmark.tables.model import Row, Style, Table, Value
from osrae.benchmark.tables.notes import made_with
from osrae.errors import InputError
from osrae.evaluation.statistics import AcsaDifference, acsa_difference

__all__ = ["against_table"]

_APART = Style(best=None, differs=False, signed=True)
_MINUTES = Style(decimals=1, best=None, differs=False)
_COLUMNS = ("ACSA, %", "difference", "from", "to", "core minutes")


def against_table(store: Store, against: str) -> Table:
    """Compare every method with one of them on the main test part of every data set.

    Parameters
    ----------
    store : Store
    against : str
        Title of a method, see `Cell.title`.

    Returns
    -------
    Table
        Of every data set the method of the highest ACSA first. Differences are over the seeds that
        both methods have.

    Raises
    ------
    InputError
        If nothing was measured of that method.
    """
    controls = {d: f for d in store.data if (f := find(store, d, against)) and f.shown.whole}
    if not controls:
        there = sorted({title for d in store.data for title in store.titles(d)})
        raise InputError(f"There is no result of {against!r}; there are {', '.join(there)}.")
    rows, shown = [], []
    for data, control in controls.items():
        found = _comparable(store, data, control)
        shown += found
        for f in sorted(found, key=lambda f: -float(np.mean(f.shown.scores("acsa")))):
            values = _values(f.shown, control.shown)
            rows.append(Row((DATA_TITLES.get(data, data), f.column), values))
    title = method_title(against)
    notes = (
        f"Difference: by how much ACSA is above that of {title}, in points, over the seeds of "
        "both, with its 95 % interval (from, to), which allows for other test rows and, where "
        "there are several seeds, for other seeds. Bold: the interval is on one side of 0; "
        "intervals are not corrected for how many there are.",
        *made_with(shown),
    )
    caption = f"Methods beside {title}, ACSA on the main test part."
    return Table(caption, ("data", "method"), _COLUMNS, tuple(rows), notes)


def _comparable(store: Store, data: str, control: Found) -> list[Found]:
    """Return what was measured on the test rows of the control, itself among it."""
    found = (find(store, data, title) for title in store.titles(data))
    folds = control.shown.cell.folds
    return [f for f in found if f and f.shown.whole and f.shown.cell.folds == folds]


def _values(shown: Measured, control: Measured) -> tuple[Value, ...]:
    minutes = [r.content["cost"]["training"]["cpu_seconds"] / 60 for r in shown.whole]
    acsa = Value(PERCENT, tuple(100 * score for score in shown.scores("acsa")))
    cost = Value(_MINUTES, (float(np.mean(minutes)),), over_seeds=False)
    apart = None if shown is control else _difference(shown, control)
    if apart is None:
        return (acsa, *[Value(_APART, over_seeds=False)] * 3, cost)
    sure = apart.low > 0 or apart.high < 0
    told = (
        Value(_APART, (100 * number,), bold=sure and number == apart.mean, over_seeds=False)
        for number in (apart.mean, apart.low, apart.high)
    )
    return (acsa, *told, cost)


def _difference(shown: Measured, control: Measured) -> AcsaDifference | None:
    """Compare predictions of the seeds that both have; None if there are none."""
    own, others = _predictions(shown.whole), _predictions(control.whole)
    seeds = [s for s in own if s in others and np.array_equal(own[s][0], others[s][0])]
    if not seeds:
        return None
    truths, first = zip(*(own[s] for s in seeds), strict=True)
    return acsa_difference(truths, first, [others[s][1] for s in seeds])


def _predictions(results: Iterable[Result]) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Return true and predicted classes of every seed's test rows, fold after fold."""
    parts: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
    for result in results:
        arrays, test = result.arrays(), result.content["main_test"]
        if f"{test}/predicted" in arrays:
            told = arrays[f"{test}/true"], arrays[f"{test}/predicted"]
            parts.setdefault(result.cell.seed, []).append(told)
    return {
        seed: (np.concatenate([y for y, _ in folds]), np.concatenate([p for _, p in folds]))
        for seed, folds in parts.items()
    }

"""Every method beside one of them, data set by data set."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from osrae.benchmark.measured import Measured, Store
from osrae.benchmark.results import Result
from osrae.benchmark.tables.columns import (
    PERCENT,
    Found,
    data_title,
    find,
    method_title,
    title_of,
    value,
)
from osrae.benchmark.tables.model import Row, Style, Table, Value, one_number
from osrae.benchmark.tables.notes import made_with
from osrae.errors import InputError
from osrae.evaluation.statistics import AcsaDifference, acsa_difference

__all__ = ["against_table"]

_APART = Style(best=None, differs=False, signed=True)
_MINUTES = Style(decimals=1, best=None, differs=False)
_COUNT = Style(decimals=0, best=None, differs=False)
_COLUMNS = ("ACSA, %", "difference", "from", "to", "common seeds", "core minutes")


def against_table(store: Store, against: str) -> Table:
    """Compare every method with one of them on the main test part of every data set.

    Parameters
    ----------
    store : Store
    against : str
        A method, as `Cell.title` or tables call it.

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
    name = title_of(store, against)
    controls = {d: f for d in store.data if (f := find(store, d, name)) and f.shown.whole}
    if not controls:
        raise InputError(f"Every cell of {against!r} failed: there is nothing to compare with.")
    rows: list[Row] = []
    shown: list[Found] = []
    elsewhere: list[str] = []
    for data, control in controls.items():
        own, unlike = _of_data(store, data, control.shown.cell.folds)
        rows += _rows(data, own, control.shown)
        shown += own
        elsewhere += [f"{method_title(title)} on {data_title(data)}" for title in unlike]
    title = method_title(name)
    notes = [
        f"Difference: by how much ACSA is above that of {title}, in points, over the seeds that "
        "both have (so it need not be the difference of the two means), all folds of a seed taken "
        "together; from, to: its 95 % interval, which allows for other test rows and, from two "
        "seeds on, for other seeds. Bold: the interval is on one side of 0; intervals are not "
        "corrected for how many there are.",
        *([f"Left out, measured on other test rows: {', '.join(elsewhere)}."] if elsewhere else []),
        *made_with(shown),
    ]
    caption = f"Methods beside {title}, ACSA on the main test part."
    return Table(caption, ("data", "method"), _COLUMNS, tuple(rows), tuple(notes))


def _of_data(store: Store, data: str, folds: int | None) -> tuple[list[Found], list[str]]:
    """Return what was measured in the same parting, and the methods measured in others alone."""
    found, unlike = [], []
    for title in store.titles(data):
        groups = store.groups(data, title)
        alike = [group for group in groups if group.cell.folds == folds]
        if alike:
            others = sum(bool(group.whole) for group in alike[1:])
            found.append(Found(method_title(title), data, alike[0], others))
        else:
            unlike.append(title)
    return found, unlike


def _rows(data: str, found: Iterable[Found], control: Measured) -> list[Row]:
    rows = [Row((data_title(data), f.column), _values(f, control)) for f in found]
    return sorted(rows, key=lambda row: -(row.values[0].mean or 0.0))


def _values(found: Found, control: Measured) -> tuple[Value, ...]:
    shown = found.shown
    acsa = value(found, PERCENT, "acsa")
    minutes = [r.content["cost"]["training"]["cpu_seconds"] / 60 for r in shown.whole]
    cost = one_number(_MINUTES, float(np.mean(minutes))) if minutes else Value(_MINUTES)
    apart = None if shown is control else _difference(shown, control)
    if apart is None:
        return (acsa, *[Value(_APART)] * 3, Value(_COUNT), cost)
    sure = apart.low > 0 or apart.high < 0
    return (
        acsa,
        one_number(_APART, 100 * apart.mean, bold=sure),
        one_number(_APART, 100 * apart.low),
        one_number(_APART, 100 * apart.high),
        one_number(_COUNT, len(apart.runs)),
        cost,
    )


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

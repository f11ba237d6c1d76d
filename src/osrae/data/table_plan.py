"""What a table's columns become in the matrix that networks see, and how that is learned."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from osrae.data.columns import Columns, Kind
from osrae.errors import DataWarning, InputError

__all__ = [
    "GREATEST",
    "CategoryColumn",
    "FixedColumn",
    "NumberColumn",
    "Plan",
    "check_finite",
    "make_plan",
]

#: Numbers beyond this size are refused: their sums would overflow.
GREATEST = 1e300
#: Categories of a column that get a place of their own; rarer ones are encoded as none.
_MOST_CATEGORIES = 256


@dataclass
class NumberColumn:
    """What was learned of a column of numbers, whole numbers or booleans.

    ``low`` and ``high`` bound what is decoded.
    """

    position: int
    kind: Kind
    mean: float
    scale: float
    low: float
    high: float
    has_missing: bool


@dataclass
class CategoryColumn:
    """What was learned of a column of categories; None among them is "missing"."""

    position: int
    categories: list[Any]
    complete: bool = True  #: False if rare categories were left out.


@dataclass
class FixedColumn:
    """A column of one value, or one that repeats another; it is not in the matrix."""

    position: int
    value: Any = None
    same_as: int | None = None


@dataclass
class Plan:
    """The matrix, left to right: numbers, then one block per entry of the two lists below."""

    numbers: list[NumberColumn] = field(default_factory=list)
    categories: list[CategoryColumn] = field(default_factory=list)
    fixed: list[FixedColumn] = field(default_factory=list)

    def indicators(self) -> list[int]:
        """Places (in ``numbers``) of the columns that have a block "missing: no, yes"."""
        return [place for place, column in enumerate(self.numbers) if column.has_missing]


def make_plan(view: Columns, categorical_features: Any) -> Plan:
    """Plan the matrix of a table.

    Parameters
    ----------
    view : Columns
    categorical_features : "auto" or array-like of int, str or bool
        As `TableEncoder` has it.

    Raises
    ------
    InputError
        If a column cannot be used, values are infinite, or no column varies.
    """
    chosen = _chosen_categories(categorical_features, view)
    plan = Plan()
    numeric = [j for j, kind in enumerate(view.kinds) if kind != "category" and j not in chosen]
    _plan_numbers(plan, view, numeric)
    alike: dict[Any, list[int]] = {}
    n_columns = len(view.labels)
    for position in sorted(set(range(n_columns)) - set(numeric)):
        _plan_categories(plan, view, position, alike)
    if not plan.numbers and not plan.categories:
        raise InputError(
            f"Each of the {n_columns} columns holds one value only: there is nothing to learn "
            "from. Check how the data was read."
        )
    return plan


def _chosen_categories(chosen: Any, view: Columns) -> set[int]:
    """Positions of the columns that are named categories."""
    if isinstance(chosen, str) and chosen == "auto":
        return set()
    chosen = [chosen] if isinstance(chosen, str) else list(chosen)
    if chosen and all(isinstance(entry, bool | np.bool_) for entry in chosen):
        if len(chosen) != len(view.labels):
            raise InputError(
                f"categorical_features is a mask of {len(chosen)} entries for "
                f"{len(view.labels)} columns; give one entry per column."
            )
        return set(np.flatnonzero(chosen).tolist())
    places = {label: place for place, label in enumerate(view.labels)}
    unknown = [entry for entry in chosen if entry not in places and not _is_place(entry, view)]
    if unknown:
        raise InputError(
            f"categorical_features names {unknown}, but the columns are "
            f"{', '.join(map(str, view.labels))}."
        )
    return {places[entry] if entry in places else int(entry) for entry in chosen}


def _is_place(entry: Any, view: Columns) -> bool:
    return isinstance(entry, int | np.integer) and 0 <= int(entry) < len(view.labels)


def _plan_numbers(plan: Plan, view: Columns, positions: list[int]) -> None:
    """Plan numeric columns from their statistics, which take two passes over the data."""
    if not positions:
        return
    mean, deviation, low, high, present = _statistics(view, positions)
    first_of: dict[tuple[float, ...], list[int]] = {}
    for place, position in enumerate(positions):
        if present[place] == 0:
            plan.fixed.append(FixedColumn(position, None))
        elif low[place] == high[place] and present[place] == view.n_rows:
            to_kind = {"boolean": bool, "integer": int}.get(view.kinds[position], float)
            plan.fixed.append(FixedColumn(position, to_kind(low[place])))
        else:
            key = (mean[place], deviation[place], low[place], high[place], present[place])
            twin = _twin(view, position, first_of.setdefault(key, []))
            if twin is not None:
                plan.fixed.append(FixedColumn(position, same_as=twin))
                continue
            first_of[key].append(position)
            plan.numbers.append(
                NumberColumn(
                    position=position,
                    kind=view.kinds[position],
                    mean=float(mean[place]),
                    scale=float(deviation[place]) or 1.0,
                    low=float(low[place]),
                    high=float(high[place]),
                    has_missing=bool(present[place] < view.n_rows),
                )
            )


def _statistics(view: Columns, positions: list[int]) -> tuple[np.ndarray, ...]:
    """Mean, standard deviation, least, greatest and number of the values present."""
    p = len(positions)
    total, present = np.zeros(p), np.zeros(p, dtype=np.int64)
    low, high = np.full(p, np.inf), np.full(p, -np.inf)
    for rows in view.blocks(p):
        block = view.numbers(positions, rows)
        check_finite(block, view, positions, rows)
        missing = np.isnan(block)
        present += (~missing).sum(axis=0)
        total += np.where(missing, 0, block).sum(axis=0)
        low = np.minimum(low, np.where(missing, np.inf, block).min(axis=0, initial=np.inf))
        high = np.maximum(high, np.where(missing, -np.inf, block).max(axis=0, initial=-np.inf))
    mean = np.where(present > 0, np.clip(total / np.maximum(present, 1), low, high), 0)
    # In units of the greatest distance, squares neither overflow nor vanish.
    unit = np.where(present > 0, np.maximum(high - mean, mean - low), 1)
    unit[unit == 0] = 1
    squares = np.zeros(p)
    for rows in view.blocks(p):
        distance = (view.numbers(positions, rows) - mean) / unit
        squares += np.nansum(distance * distance, axis=0)
    return mean, unit * np.sqrt(squares / np.maximum(present, 1)), low, high, present


def _twin(view: Columns, position: int, candidates: list[int]) -> int | None:
    """Find an earlier column with the very same values, among those with the same statistics."""
    for candidate in candidates:
        if view.kinds[candidate] != view.kinds[position]:
            continue
        pair = view.numbers([candidate, position], slice(None))
        if np.array_equal(pair[:, 0], pair[:, 1], equal_nan=True):
            return candidate
    return None


def _plan_categories(plan: Plan, view: Columns, position: int, alike: dict[Any, list[int]]) -> None:
    """Plan one column; ``alike`` holds those before it by their categories and counts."""
    values = view.categories(position)
    _check_categories(values, view, position)
    categories, counts = _distinct(values)
    key = tuple((type(c), c, count) for c, count in zip(categories, counts.tolist(), strict=True))
    before = alike.setdefault(key, [])
    for twin in before if len(categories) > 1 else []:
        if view.categories(twin).tolist() == values.tolist():
            plan.fixed.append(FixedColumn(position, same_as=twin))
            return
    before.append(position)
    complete = len(categories) <= _MOST_CATEGORIES
    if not complete:
        warnings.warn(
            f"{view.name(position)} holds {len(categories)} categories; the {_MOST_CATEGORIES} "
            "most frequent are learned, the others count as none. Drop the column if it names "
            "single rows.",
            DataWarning,
            stacklevel=2,
        )
        kept = np.argsort(-counts, kind="stable")[:_MOST_CATEGORIES]
        categories = [categories[place] for place in sorted(kept)]
    if len(categories) < 2:
        plan.fixed.append(FixedColumn(position, categories[0] if categories else None))
    else:
        plan.categories.append(CategoryColumn(position, categories, complete))


def _distinct(values: np.ndarray) -> tuple[list[Any], np.ndarray]:
    """Distinct values in a stable order (by type, then value; missing last) and their counts."""
    counts: dict[Any, int] = {}
    for value in values.tolist():
        counts[value] = counts.get(value, 0) + 1
    order = sorted(counts, key=lambda v: (v is None, type(v).__name__, v if v is not None else 0))
    return order, np.array([counts[value] for value in order])


def _check_categories(values: np.ndarray, view: Columns, position: int) -> None:
    for row, value in enumerate(values):
        if isinstance(value, float) and np.isinf(value):
            raise InputError(
                f"{view.name(position)} holds infinity in row {row}. Replace it by a number, or "
                "by a missing value."
            )


def check_finite(
    block: np.ndarray, view: Columns, positions: list[int], rows: slice | np.ndarray
) -> None:
    """Refuse a block of numbers of which one is too great, by its column and row."""
    great = np.abs(block) > GREATEST
    if great.any():
        row, place = np.argwhere(great)[0]
        number = rows.start + row if isinstance(rows, slice) else rows[row]
        found = "infinity" if np.isinf(block[row, place]) else f"{block[row, place]:g}"
        raise InputError(
            f"{view.name(positions[place])} holds {found} in row {number}; numbers up to "
            f"{GREATEST:g} in size are taken. Replace it by such a number, or by a missing value."
        )

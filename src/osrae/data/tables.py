"""Tables of mixed types ↔ the matrix that networks see."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from osrae.data.columns import Columns, Kind, view_columns
from osrae.data.description import TableDescription
from osrae.data.frames import column_names
from osrae.data.templates import (
    fill_template,
    holds_objects,
    make_template,
    template_from_json,
    template_to_json,
)
from osrae.errors import DataWarning, InputError

__all__ = ["TableEncoder"]

#: Numbers beyond this size are refused: their sums would overflow.
_GREATEST = 1e300
#: Categories of a column that get a place of their own; rarer ones are encoded as none.
_MOST_CATEGORIES = 256


@dataclass
class _NumberColumn:
    """What was learned of a column of numbers, whole numbers or booleans."""

    position: int
    kind: Kind
    mean: float
    scale: float
    low: float
    high: float
    has_missing: bool


@dataclass
class _CategoryColumn:
    """What was learned of a column of categories; None among them is "missing"."""

    position: int
    categories: list[Any]
    complete: bool = True  #: False if rare categories were left out.


@dataclass
class _FixedColumn:
    """A column of one value, or one that repeats another; it is not in the matrix."""

    position: int
    value: Any = None
    same_as: int | None = None


@dataclass
class _Plan:
    """The matrix, left to right: numbers, then one block per entry of the two lists below."""

    numbers: list[_NumberColumn] = field(default_factory=list)
    categories: list[_CategoryColumn] = field(default_factory=list)
    fixed: list[_FixedColumn] = field(default_factory=list)

    def indicators(self) -> list[int]:
        """Places (in ``numbers``) of the columns that have a block "missing: no, yes"."""
        return [place for place, column in enumerate(self.numbers) if column.has_missing]


@dataclass(frozen=True)
class _Learned:
    """What encoding needs of the plan's columns of numbers, gathered once for all batches."""

    positions: list[int]
    mean: np.ndarray
    scale: np.ndarray
    indicators: list[int]


class TableEncoder:
    """Translates tables of mixed types to ``float32`` matrices and back.

    Numbers are standardised; on the way back they are clipped to the range that occurred, and
    whole numbers are rounded. A missing number is encoded as the mean, beside a block of two
    columns that says whether it is missing if that occurred in `fit`. Text and categories become
    one-hot blocks, in which missing is a category of its own. Columns of one value, and columns
    that repeat an earlier one, are left out and restored.

    Parameters
    ----------
    categorical_features : "auto" or array-like of int, str or bool, default="auto"
        Columns that are categories although they hold numbers, by position, name or mask;
        ``"auto"`` takes text and categorical columns alone. Those are categories in any case.

    Attributes
    ----------
    description : TableDescription
        Widths of the encoded matrix.
    """

    description: TableDescription

    def __init__(self, categorical_features: Any = "auto") -> None:
        self.categorical_features = categorical_features

    def fit(self, X: Any) -> TableEncoder:
        """Learn the columns of ``X``.

        Parameters
        ----------
        X : array, sparse matrix or data frame of shape (n, p)

        Raises
        ------
        InputError
            If a column cannot be used, values are infinite, or no column varies.
        """
        view = view_columns(X)
        self.template = make_template(X)
        self.n_columns = len(view.labels)
        chosen = self._chosen_categories(view)
        plan = _Plan()
        numeric = [j for j, kind in enumerate(view.kinds) if kind != "category" and j not in chosen]
        _plan_numbers(plan, view, numeric)
        alike: dict[Any, list[int]] = {}
        for position in sorted(set(range(self.n_columns)) - set(numeric)):
            _plan_categories(plan, view, position, alike)
        if not plan.numbers and not plan.categories:
            raise InputError(
                f"Each of the {self.n_columns} columns holds one value only: there is nothing to "
                "learn from. Check how the data was read."
            )
        self._set_plan(plan)
        return self

    def _set_plan(self, plan: _Plan) -> None:
        self.plan = plan
        self._learned = _Learned(
            positions=[column.position for column in plan.numbers],
            mean=np.array([column.mean for column in plan.numbers]),
            scale=np.array([column.scale for column in plan.numbers]),
            indicators=plan.indicators(),
        )
        blocks = [2] * len(plan.indicators()) + [len(c.categories) for c in plan.categories]
        self.description = TableDescription(len(plan.numbers), tuple(blocks))

    def _chosen_categories(self, view: Columns) -> set[int]:
        chosen = self.categorical_features
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

    @property
    def text_columns(self) -> list[Any]:
        """Labels of the data frame's columns whose categories are all text."""
        names = column_names(self.template) or range(self.n_columns)
        return [
            names[column.position]
            for column in self.plan.categories
            if all(isinstance(category, str) for category in column.categories)
        ]

    def transform(self, X: Any) -> np.ndarray:
        """Encode ``X``.

        Parameters
        ----------
        X : any container of the columns that `fit` saw

        Returns
        -------
        ndarray of shape (n, width), float32

        Raises
        ------
        InputError
            If the columns are not those of the training data, or values are infinite.
        """
        return self.encode(self.view(X))

    def encode(self, view: Columns) -> np.ndarray:
        """Encode all rows of a `view`."""
        Z = np.zeros((view.n_rows, *self.description.shape), dtype=np.float32)
        for rows in view.blocks(len(self.plan.numbers)):
            self.encode_numbers(view, rows, Z[rows])
        start = len(self.plan.numbers) + 2 * len(self.plan.indicators())
        for column in self.plan.categories:
            codes, unseen = _codes(view.categories(column.position), column.categories)
            if unseen and column.complete:
                warnings.warn(
                    f"{view.name(column.position)} holds categories unseen in training, which "
                    f"count as none: {', '.join(map(str, unseen[:5]))}.",
                    DataWarning,
                    stacklevel=2,
                )
            known = np.flatnonzero(codes >= 0)
            Z[known, start + codes[known]] = 1
            start += len(column.categories)
        return Z

    def encodes_rows(self, view: Columns) -> bool:
        """Whether scattered rows of ``view`` are encoded as fast as neighbours."""
        return view.takes_rows and not self.plan.categories

    def view(self, X: Any) -> Columns:
        """View ``X``, whose columns must be those of the training data."""
        view = view_columns(self._ordered(X))
        if len(view.labels) != self.n_columns:
            raise InputError(
                f"The table has {len(view.labels)} columns, and {self.n_columns} in training."
            )
        self._check_kinds(view)
        return view

    def _check_kinds(self, view: Columns) -> None:
        for column in self.plan.numbers:
            if view.kinds[column.position] == "category":
                raise InputError(
                    f"{view.name(column.position)} holds text or categories, and numbers in "
                    "training. Bring it to numbers."
                )

    def _ordered(self, X: Any) -> Any:
        """Bring the columns of a data frame to the order of the training data."""
        names, learned = column_names(X), column_names(self.template)
        if names is None or learned is None or names == learned:
            return X
        if len(names) == len(learned) and set(names) == set(learned):
            return X[learned]
        missing = [name for name in learned if name not in names]
        unknown = [name for name in names if name not in learned]
        raise InputError(
            f"The columns are not those of the training data: missing {missing}, unknown "
            f"{unknown}. Give the data frame the {len(learned)} columns that it had in training."
        )

    def encode_numbers(self, view: Columns, rows: slice | np.ndarray, Z: np.ndarray) -> None:
        """Write the encoded numbers of ``rows``, and what is missing, to the left of ``Z``."""
        n, learned = len(self.plan.numbers), self._learned
        if not n:
            return
        block = view.numbers(learned.positions, rows)
        missing = None
        # One pass clears most blocks: the greatest value of one with a hole is NaN.
        if not np.abs(block).max(initial=0) <= _GREATEST:
            _check_finite(block, view, learned.positions, rows)
            missing = np.isnan(block)
        block -= learned.mean
        block /= learned.scale
        if missing is not None:
            block[missing] = 0
        Z[:, :n] = block
        if learned.indicators:
            stop = n + 2 * len(learned.indicators)
            absent = np.False_ if missing is None else missing[:, learned.indicators]
            Z[:, n + 1 : stop : 2] = absent
            Z[:, n:stop:2] = ~absent

    def inverse_transform(self, Z: np.ndarray) -> Any:
        """Decode a matrix into rows of the container, columns and types that `fit` saw.

        Parameters
        ----------
        Z : ndarray of shape (n, width)

        Returns
        -------
        array, sparse matrix or data frame of shape (n, p)
        """
        values: dict[int, np.ndarray] = {}
        numbers, indicators = self.plan.numbers, self.plan.indicators()
        for place, column in enumerate(numbers):
            decoded = Z[:, place].astype(np.float64) * column.scale + column.mean
            decoded = np.clip(decoded, column.low, column.high)
            values[column.position] = np.rint(decoded) if column.kind != "number" else decoded
        start = len(numbers)
        for place in indicators:
            missing = Z[:, start + 1] > Z[:, start]
            values[numbers[place].position][missing] = np.nan
            start += 2
        for block in self.plan.categories:
            known = np.empty(len(block.categories), dtype=object)
            known[:] = block.categories
            stop = start + len(known)
            values[block.position] = known[Z[:, start:stop].argmax(axis=1)]
            start = stop
        for column in numbers:
            if column.kind != "number" and holds_objects(self.template, column.position):
                whole = bool if column.kind == "boolean" else int
                values[column.position] = _python_values(values[column.position], whole)
        for fixed in self.plan.fixed:
            values[fixed.position] = (
                np.full(len(Z), fixed.value, dtype=object)
                if fixed.same_as is None
                else values[fixed.same_as]
            )
        return fill_template(self.template, [values[j] for j in range(self.n_columns)])

    def to_json(self) -> dict[str, Any]:
        """Return the encoder as plain JSON values; they restore it to the bit.

        Raises
        ------
        InputError
            If a category is none of text, number and boolean.
        """
        for column in self.plan.categories:
            _check_writable(column.categories)
        for fixed in self.plan.fixed:
            _check_writable([fixed.value])
        return {
            "n_columns": self.n_columns,
            "template": template_to_json(self.template),
            "numbers": [asdict(column) for column in self.plan.numbers],
            "categories": [asdict(column) for column in self.plan.categories],
            "fixed": [asdict(column) for column in self.plan.fixed],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> TableEncoder:
        """Restore an encoder from `to_json`."""
        encoder = cls()
        encoder.n_columns = content["n_columns"]
        encoder.template = template_from_json(content["template"])
        encoder._set_plan(
            _Plan(
                [_NumberColumn(**column) for column in content["numbers"]],
                [_CategoryColumn(**column) for column in content["categories"]],
                [_FixedColumn(**column) for column in content["fixed"]],
            )
        )
        return encoder


def _is_place(entry: Any, view: Columns) -> bool:
    return isinstance(entry, int | np.integer) and 0 <= int(entry) < len(view.labels)


def _plan_numbers(plan: _Plan, view: Columns, positions: list[int]) -> None:
    """Plan numeric columns from their statistics, which take two passes over the data."""
    if not positions:
        return
    mean, deviation, low, high, present = _statistics(view, positions)
    first_of: dict[tuple[float, ...], list[int]] = {}
    for place, position in enumerate(positions):
        if present[place] == 0:
            plan.fixed.append(_FixedColumn(position, None))
        elif low[place] == high[place] and present[place] == view.n_rows:
            to_kind = {"boolean": bool, "integer": int}.get(view.kinds[position], float)
            plan.fixed.append(_FixedColumn(position, to_kind(low[place])))
        else:
            key = (mean[place], deviation[place], low[place], high[place], present[place])
            twin = _twin(view, position, first_of.setdefault(key, []))
            if twin is not None:
                plan.fixed.append(_FixedColumn(position, same_as=twin))
                continue
            first_of[key].append(position)
            plan.numbers.append(
                _NumberColumn(
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
        _check_finite(block, view, positions, rows)
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


def _plan_categories(
    plan: _Plan, view: Columns, position: int, alike: dict[Any, list[int]]
) -> None:
    """Plan one column; ``alike`` holds those before it by their categories and counts."""
    values = view.categories(position)
    _check_categories(values, view, position)
    categories, counts = _distinct(values)
    key = tuple((type(c), c, count) for c, count in zip(categories, counts.tolist(), strict=True))
    before = alike.setdefault(key, [])
    for twin in before if len(categories) > 1 else []:
        if view.categories(twin).tolist() == values.tolist():
            plan.fixed.append(_FixedColumn(position, same_as=twin))
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
        plan.fixed.append(_FixedColumn(position, categories[0] if categories else None))
    else:
        plan.categories.append(_CategoryColumn(position, categories, complete))


def _distinct(values: np.ndarray) -> tuple[list[Any], np.ndarray]:
    """Distinct values in a stable order (by type, then value; missing last) and their counts."""
    counts: dict[Any, int] = {}
    for value in values.tolist():
        counts[value] = counts.get(value, 0) + 1
    order = sorted(counts, key=lambda v: (v is None, type(v).__name__, v if v is not None else 0))
    return order, np.array([counts[value] for value in order])


def _codes(values: np.ndarray, categories: list[Any]) -> tuple[np.ndarray, list[Any]]:
    """Places of ``values`` in ``categories`` (-1: not there), and the values that are not."""
    places = {category: place for place, category in enumerate(categories)}
    codes = np.array([places.get(value, -1) for value in values.tolist()], dtype=np.int64)
    unseen = {value for value in values[codes < 0].tolist() if value is not None}
    return codes, sorted(unseen, key=str)


def _python_values(values: np.ndarray, kind: type) -> np.ndarray:
    """Make objects of a Python type; missing stays NaN."""
    column = values.astype(object)
    present = ~np.isnan(values)
    column[present] = [kind(value) for value in values[present]]
    return column


def _check_writable(categories: list[Any]) -> None:
    for value in categories:
        if value is not None and type(value) not in (str, bool, int, float):
            raise InputError(
                f"The category {value!r} is a {type(value).__name__}, which a model file cannot "
                "hold; bring the column to text or numbers before training."
            )


def _check_categories(values: np.ndarray, view: Columns, position: int) -> None:
    for row, value in enumerate(values):
        if isinstance(value, float) and np.isinf(value):
            raise InputError(
                f"{view.name(position)} holds infinity in row {row}. Replace it by a number, or "
                "by a missing value."
            )


def _check_finite(
    block: np.ndarray, view: Columns, positions: list[int], rows: slice | np.ndarray
) -> None:
    great = np.abs(block) > _GREATEST
    if great.any():
        row, place = np.argwhere(great)[0]
        number = rows.start + row if isinstance(rows, slice) else rows[row]
        found = "infinity" if np.isinf(block[row, place]) else f"{block[row, place]:g}"
        raise InputError(
            f"{view.name(positions[place])} holds {found} in row {number}; numbers up to "
            f"{_GREATEST:g} in size are taken. Replace it by such a number, or by a missing value."
        )

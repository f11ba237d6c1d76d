"""Tables of mixed types ↔ the matrix that networks see."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from osrae.data.columns import Columns, view_columns
from osrae.data.description import TableDescription
from osrae.data.frames import column_names
from osrae.data.table_plan import (
    GREATEST,
    CategoryColumn,
    FixedColumn,
    NumberColumn,
    Plan,
    check_finite,
    make_plan,
)
from osrae.data.templates import (
    fill_template,
    holds_objects,
    integer_range,
    make_template,
    template_from_json,
    template_to_json,
)
from osrae.errors import DataWarning, InputError

__all__ = ["TableEncoder"]


@dataclass(frozen=True)
class _Learned:
    """What encoding needs of the plan's columns of numbers, gathered once for all batches."""

    positions: list[int]
    mean: np.ndarray
    scale: np.ndarray
    indicators: list[int]


class TableEncoder:
    """Translates tables of mixed types to ``float32`` matrices and back.

    Numbers are standardised; on the way back they are clipped, and whole numbers are rounded. A
    missing number is encoded as the mean, beside a block of two columns that says whether it is
    missing if that occurred in `fit`. Text and categories become one-hot blocks, in which missing
    is a category of its own. Columns of one value, and columns that repeat an earlier one, are left
    out and restored.

    Parameters
    ----------
    categorical_features : "auto" or array-like of int, str or bool, default="auto"
        Columns that are categories although they hold numbers, by position, name or mask;
        ``"auto"`` takes text and categorical columns alone. Those are categories in any case.
    within_range : bool, default=True
        Whether decoded numbers are clipped to the range that occurred, which what a network made
        may leave by accident; else to what the type of a column of whole numbers holds.

    Attributes
    ----------
    description : TableDescription
        Widths of the encoded matrix.
    """

    description: TableDescription

    def __init__(self, categorical_features: Any = "auto", within_range: bool = True) -> None:
        self.categorical_features = categorical_features
        self.within_range = within_range

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
        plan = make_plan(view, self.categorical_features)
        if not self.within_range:
            plan.numbers = [self._widened(column) for column in plan.numbers]
        self._set_plan(plan)
        return self

    def _widened(self, column: NumberColumn) -> NumberColumn:
        """Let decoded numbers be all that the type of the column holds."""
        low, high = -GREATEST, GREATEST
        if column.kind == "boolean":
            return column
        if column.kind == "integer":
            low, high = integer_range(self.template, column.position)
        return replace(column, low=min(low, column.low), high=max(high, column.high))

    def _set_plan(self, plan: Plan) -> None:
        self.plan = plan
        self._learned = _Learned(
            positions=[column.position for column in plan.numbers],
            mean=np.array([column.mean for column in plan.numbers]),
            scale=np.array([column.scale for column in plan.numbers]),
            indicators=plan.indicators(),
        )
        blocks = [2] * len(plan.indicators()) + [len(c.categories) for c in plan.categories]
        self.description = TableDescription(len(plan.numbers), tuple(blocks))

    @property
    def text_columns(self) -> list[Any]:
        """Labels of the data frame's columns whose categories are text, or missing."""
        names = column_names(self.template) or range(self.n_columns)
        return [
            names[column.position]
            for column in self.plan.categories
            if all(isinstance(category, str | None) for category in column.categories)
        ]

    @property
    def category_positions(self) -> list[int]:
        """Places of the columns of categories, and of those that repeat one."""
        own = [column.position for column in self.plan.categories]
        return own + [fixed.position for fixed in self.plan.fixed if fixed.same_as in own]

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
        if not np.abs(block).max(initial=0) <= GREATEST:
            check_finite(block, view, learned.positions, rows)
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
            Plan(
                [NumberColumn(**column) for column in content["numbers"]],
                [CategoryColumn(**column) for column in content["categories"]],
                [FixedColumn(**column) for column in content["fixed"]],
            )
        )
        return encoder


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

"""Results of an experiment, long or wide, read as one checked table of scores."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from osrae.errors import DataWarning, InputError
from osrae.evaluation.statistics.tables import ScoreTable

__all__ = ["Missing", "score_table"]

Missing = Literal["error", "drop datasets", "drop methods"]
_LONG = ("dataset", "method", "score")
_SHOWN = 20


def score_table(
    data: pd.DataFrame, *, higher_is_better: bool = True, missing: Missing = "error"
) -> ScoreTable:
    """Bring results of an experiment to a table of data sets and methods.

    Parameters
    ----------
    data : DataFrame
        Long, one row per result: columns ``dataset``, ``method``, ``score`` and, where methods
        were run more than once, ``seed`` (other columns are not read). Or wide: the index names
        the data sets, every column is a method. A score of NaN is missing in both.
    higher_is_better : bool, default=True
        False for errors, losses and times.
    missing : {"error", "drop datasets", "drop methods"}, default="error"
        What to do where a method has no score on a data set: refuse, or leave out every data set,
        or every method, that has a gap. What was left out is in the result.

    Returns
    -------
    ScoreTable
        Rows and columns in the order in which ``data`` names them first.

    Raises
    ------
    InputError
        If a score is missing and ``missing="error"``; if rows occur twice, scores are infinite or
        not numbers, or fewer than two methods or data sets are left.

    Warns
    -----
    DataWarning
        If some means are over fewer seeds than others; it names them.
    """
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"The scores are a {type(data).__name__}; give a pandas DataFrame.")
    if missing not in ("error", "drop datasets", "drop methods"):
        raise InputError(
            f"missing is {missing!r}; it can be 'error', 'drop datasets' or 'drop methods'."
        )
    found = [name for name in _LONG if name in data.columns]
    if 0 < len(found) < len(_LONG):
        raise InputError(
            f"The table has a column {found[0]!r} but not all of {', '.join(_LONG)}. A long table "
            "needs all three; a wide one has data sets as its index and only methods as columns."
        )
    mean, spread, seeds = _from_long(data) if found else _from_wide(data)
    rows, columns = _complete(mean.isna(), missing)
    scores, spreads, counts = (
        frame.to_numpy()[np.ix_(rows, columns)] for frame in (mean, spread, seeds)
    )
    table = ScoreTable(
        scores=scores,
        spread=spreads,
        seeds=counts,
        datasets=tuple(mean.index[rows]),
        methods=tuple(mean.columns[columns]),
        higher_is_better=higher_is_better,
        dropped_datasets=tuple(mean.index[~rows]),
        dropped_methods=tuple(mean.columns[~columns]),
    )
    if min(scores.shape) < 2:
        rest = " after leaving out what is incomplete" if mean.isna().any(axis=None) else ""
        raise InputError(
            f"The table has {len(table.datasets)} data set(s) and {len(table.methods)} method(s)"
            f"{rest}; a comparison needs at least two of each."
        )
    _warn_of_fewer_seeds(table)
    return table


def _warn_of_fewer_seeds(table: ScoreTable) -> None:
    """Name the means that are over fewer seeds than the others."""
    if table.equal_seeds:
        return
    most = table.seeds.max()
    fewer = [
        (table.datasets[i], table.methods[j], f"{table.seeds[i, j]} of {most}")
        for i, j in np.argwhere(table.seeds < most)
    ]
    warnings.warn(
        f"{len(fewer)} of {table.seeds.size} means are over fewer seeds than others (data set, "
        f"method, seeds): {_listed(fewer)}. Such a mean varies more, and is biased if runs failed "
        "for a reason that affects the score; run the seeds again, or leave out the data set.",
        DataWarning,
        stacklevel=3,
    )


def _from_long(data: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Mean, spread and number of seeds, data sets by methods, from one row per result."""
    keys = ["dataset", "method"] + (["seed"] if "seed" in data.columns else [])
    for name in keys:
        if data[name].isna().any():
            raise InputError(
                f"Column {name!r} is empty in {data[name].isna().sum()} row(s); name it in each."
            )
    frame = data[keys].assign(score=_numbers(data["score"].to_frame())["score"])
    endless = frame[np.isinf(frame["score"])]
    if len(endless):
        raise InputError(
            f"{len(endless)} score(s) are infinite: {_listed(endless[keys].to_numpy())}. Set the "
            "scores of runs that failed to NaN, so that they count as missing, or give finite ones."
        )
    twice = frame[frame.duplicated(keys)]
    if len(twice):
        advice = "Keep one row each" if "seed" in keys else "Add a column 'seed' for repeated runs"
        raise InputError(
            f"{len(twice)} row(s) repeat a {', '.join(keys)}: {_listed(twice[keys].to_numpy())}. "
            f"{advice}."
        )
    order = [frame[name].unique() for name in ("dataset", "method")]
    scored = frame.dropna(subset="score")
    cells = scored.groupby(["dataset", "method"], sort=False, observed=True)["score"]
    mean, spread, seeds = (
        cells.agg(of).unstack().reindex(index=order[0], columns=order[1])
        for of in ("mean", "std", "count")
    )
    return mean, spread, seeds.fillna(0).astype(int)


def _from_wide(data: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Scores, an unknown spread and one seed per cell."""
    for axis, name in ((data.index, "data set"), (data.columns, "method")):
        if axis.has_duplicates:
            twice = axis[axis.duplicated()].unique()
            raise InputError(
                f"{len(twice)} {name}(s) occur twice: {_listed(twice)}. Give each a name of its "
                "own; for repeated runs use a long table with a column 'seed'."
            )
    scores = _numbers(data)
    endless = np.argwhere(np.isinf(scores.to_numpy()))
    if len(endless):
        cells = [(scores.index[i], scores.columns[j]) for i, j in endless]
        raise InputError(
            f"{len(cells)} score(s) are infinite: {_listed(cells)}. Leave those cells empty (NaN) "
            "or give finite scores."
        )
    return scores, scores * np.nan, scores.notna().astype(int)


def _numbers(data: pd.DataFrame) -> pd.DataFrame:
    """The same frame as float64, or an error that names the columns that hold no numbers."""
    text = [c for c in data.columns if not pd.api.types.is_numeric_dtype(data[c].dtype)]
    if text:
        raise InputError(
            f"Column(s) {_listed(text)} hold no numbers; scores must be numbers, and in a wide "
            "table the names of the data sets are the index (DataFrame.set_index)."
        )
    return data.astype("float64")


def _complete(gaps: pd.DataFrame, missing: Missing) -> tuple[np.ndarray, np.ndarray]:
    """Which data sets and which methods are kept, as two boolean arrays."""
    holes = gaps.to_numpy()
    rows, columns = np.logical_not(holes).all(axis=1), np.logical_not(holes).all(axis=0)
    if missing == "error" and holes.any():
        pairs = [(gaps.index[i], gaps.columns[j]) for i, j in np.argwhere(holes)]
        raise InputError(
            f"{len(pairs)} of {holes.size} scores are missing (data set, method): "
            f"{_listed(pairs)}. Give them, or choose missing='drop datasets' (leaves out "
            f"{(~rows).sum()} of {len(gaps)}) or missing='drop methods' (leaves out "
            f"{(~columns).sum()} of {len(gaps.columns)})."
        )
    return (rows | True, columns) if missing == "drop methods" else (rows, columns | True)


def _listed(items: Sequence[Any] | np.ndarray | pd.Index) -> str:
    """The first items in words, and how many more there are."""
    words = [
        f"({', '.join(map(str, item))})" if isinstance(item, tuple | np.ndarray) else str(item)
        for item in items[:_SHOWN]
    ]
    more = len(items) - len(words)
    return ", ".join(words) + (f" and {more} more" if more else "")

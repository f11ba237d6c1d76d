"""``osrae resample``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.markup import escape
from rich.table import Table

from osrae.cli.display import console
from osrae.cli.options import MethodOptions, parse_strategy
from osrae.cli.runs import (
    Stopped,
    check_output_file,
    check_output_folder,
    checkpoint_beside,
    keep_checkpoints,
)
from osrae.cli.source import Source, read_source
from osrae.data.files import TABLE_SUFFIXES, is_parquet, is_table, read_cells, write_table
from osrae.data.folders import write_folder
from osrae.data.labels import encode_labels, label_array
from osrae.errors import InputError
from osrae.methods.rae_oversampler import RAEOversampler
from osrae.methods.registry import available, get
from osrae.training.checkpoint import has_checkpoint, remove_checkpoint

#: Columns of a table's result that say what became of each row.
_NEW, _MOVED = "synthetic", "moved"


def run(
    data: Path,
    target: str | None,
    output: Path,
    size: tuple[int, int] | None,
    method: MethodOptions,
    strategy: str,
    counts: list[str] | None,
    resume: bool,
) -> None:
    """Train, and write the data with new samples."""
    if is_table(data):
        check_output_file(output, TABLE_SUFFIXES, data)
    else:
        check_output_folder(output)
    checkpoint = checkpoint_beside(output, "checkpoint", resume)
    sampler = _sampler(method, checkpoint, resume)
    source = read_source(data, target, size)
    labels = label_array(source.y)
    sampler.set_params(sampling_strategy=parse_strategy(strategy, counts, np.unique(labels)))
    if source.is_table:
        _check_columns(data, [*source.X.columns, target], sampler)
    try:
        X, y = sampler.fit_resample(source.X, source.y)
    except KeyboardInterrupt:
        goes_on = has_checkpoint(checkpoint)
        raise Stopped(
            "Stopped; nothing was written to the output."
            + (" The same command with --resume goes on." if goes_on else "")
        ) from None
    if source.is_table:
        assert target is not None  # or the table would not have been read
        X[target] = y
        typed = is_parquet(data) or is_parquet(output)
        given = source.X.assign(**{target: source.y})
        rows = X if typed else _as_given(X, given, read_cells(data), sampler)
        write_table(output, rows.assign(**{_NEW: sampler.synthetic_mask_}, **_moved(sampler)))
    else:
        _write_pictures(output, sampler, source, X, y)
    remove_checkpoint(checkpoint)
    before, labels = labels, label_array(y)
    console.print(_counts(before, labels, sampler.synthetic_mask_))
    if sampler.cleans:
        _say_what_was_cleaned(sampler, len(source.y))
    balanced = len(set(np.bincount(encode_labels(labels)[1]))) == 1
    console.print(f"{'Balanced' if balanced else 'Resampled'} data: {output}", markup=False)


def _sampler(method: MethodOptions, checkpoint: Path, resume: bool) -> Any:
    """Make the sampler that the options name."""
    entry = get(method.name)
    if entry.kind != "sampler":
        names = ", ".join(known.name for known in available(kind="sampler"))
        raise InputError(
            f"--method {method.name} is a classifier and writes no rows; samplers are {names}."
        )
    sampler = entry.estimator(**method.parameters(entry))
    keep_checkpoints(method.name, {checkpoint: sampler}, resume)
    return sampler


def _check_columns(data: Path, columns: list[Any], sampler: Any) -> None:
    """Refuse a table whose columns have the names of those that are added."""
    marks = {_NEW: "new"} | ({_MOVED: "moved"} if sampler.cleans else {})
    for name, rows in marks.items():
        if name in columns:
            raise InputError(f'{data} has a column "{name}", which marks {rows} rows; rename it.')


def _as_given(
    rows: pd.DataFrame, given: pd.DataFrame, cells: pd.DataFrame, sampler: Any
) -> pd.DataFrame:
    """Write the rows that were given, and not moved, as they are in the file.

    As numbers, 007 would become 7, and a column with an empty cell get decimal points. A value of
    other rows that the file has, too, is written as it is there: a class has one spelling.

    Parameters
    ----------
    rows, given : DataFrame
        After resampling and before.
    cells : DataFrame of str
        What the file has of ``given``.
    """
    kept = np.asarray(sampler.kept_indices_) if sampler.cleans else np.arange(len(cells))
    same = np.flatnonzero(~sampler.moved_mask_[: len(kept)]) if sampler.cleans else kept
    written = rows.astype(object)
    for name in rows.columns:
        spelled = dict(zip(given[name].tolist(), cells[name], strict=True))
        written[name] = [spelled.get(value, value) for value in rows[name].tolist()]
    written.iloc[same] = cells[rows.columns].iloc[kept[same]].to_numpy()
    return written


def _moved(sampler: Any) -> dict[str, Any]:
    """Return the column that marks moved rows, of a sampler that moves any."""
    return {_MOVED: sampler.moved_mask_} if sampler.cleans else {}


def _say_what_was_cleaned(sampler: Any, n: int) -> None:
    moved, removed = int(sampler.moved_mask_.sum()), n - len(sampler.kept_indices_)
    console.print(f'{moved} of {n} rows were moved; the column "{_MOVED}" marks them.')
    if removed:
        console.print(f"{removed} of {n} rows were removed.")


def _write_pictures(
    output: Path, sampler: Any, source: Source, X: np.ndarray, y: np.ndarray
) -> None:
    """Write a folder of pictures, and in its manifest where each new one came from, if known."""
    assert source.files is not None
    kept = sampler.kept_indices_ if sampler.cleans else range(len(source.files))
    files = [source.files[row] for row in kept]
    columns = {name: mask.tolist() for name, mask in _moved(sampler).items()}
    if isinstance(sampler, RAEOversampler):
        columns["mixed_from"] = [""] * len(files) + _mixtures(sampler, np.array(source.files))
    write_folder(output, X, y, synthetic=sampler.synthetic_mask_, sources=files, columns=columns)


def _mixtures(sampler: RAEOversampler, files: np.ndarray) -> list[str]:
    return [
        " + ".join(f"{weight:.4f} * {name}" for weight, name in zip(*terms, strict=True))
        for terms in zip(sampler.mixing_weights_, files[sampler.parent_indices_], strict=True)
    ]


def _counts(before: np.ndarray, y: np.ndarray, synthetic: np.ndarray) -> Table:
    table = Table(title="Samples of each class")
    for title in ("class", "before", "new", "after"):
        table.add_column(title, justify="left" if title == "class" else "right")
    given, names = before.astype(str), y.astype(str)
    for name in np.unique(names):
        of_class = names == name
        counts = (given == name).sum(), (synthetic & of_class).sum(), of_class.sum()
        table.add_row(escape(name), *map(str, counts))
    return table

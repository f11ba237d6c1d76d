"""``osrae resample``."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from rich.markup import escape
from rich.table import Table

from osrae import RAEOversampler
from osrae.cli.display import console
from osrae.cli.options import MethodOptions, parse_strategy
from osrae.cli.runs import Stopped, check_output_file, check_output_folder, checkpoint_beside
from osrae.cli.source import Source, read_source
from osrae.data.files import TABLE_SUFFIXES, is_table, write_table
from osrae.data.folders import write_folder
from osrae.data.labels import label_array
from osrae.errors import InputError

_MARK = "synthetic"


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
        check_output_file(output, TABLE_SUFFIXES)
    else:
        check_output_folder(output)
    checkpoint = checkpoint_beside(output, "checkpoint", resume)
    source = read_source(data, target, size)
    labels = label_array(source.y)
    parameters = method.parameters(RAEOversampler) | {
        "sampling_strategy": parse_strategy(strategy, counts, np.unique(labels)),
        "checkpoint_dir": checkpoint,
        "resume": resume,
    }
    if source.is_table and _MARK in source.X.columns:
        raise InputError(f'{data} has a column "{_MARK}", which marks new rows; rename it.')
    sampler = RAEOversampler(**parameters)
    try:
        X, y = sampler.fit_resample(source.X, source.y)
    except KeyboardInterrupt:
        raise Stopped(
            "Stopped; nothing was written to the output. The same command with --resume goes on."
        ) from None
    if source.is_table:
        X[target] = y
        write_table(output, X.assign(**{_MARK: sampler.synthetic_mask_}))
    else:
        _write_pictures(output, sampler, source, X, y)
    shutil.rmtree(checkpoint, ignore_errors=True)
    console.print(_counts(label_array(y), sampler.synthetic_mask_))
    console.print(f"Balanced data: {output}", markup=False)


def _write_pictures(
    output: Path, sampler: RAEOversampler, source: Source, X: np.ndarray, y: np.ndarray
) -> None:
    """Write a folder of pictures, and in its manifest where each new one came from."""
    assert source.files is not None
    names = np.array(source.files)[sampler.parent_indices_]
    mixed_from = [
        " + ".join(f"{weight:.4f} * {name}" for weight, name in zip(*terms, strict=True))
        for terms in zip(sampler.mixing_weights_, names, strict=True)
    ]
    write_folder(
        output,
        X,
        y,
        synthetic=sampler.synthetic_mask_,
        sources=source.files,
        columns={"mixed_from": [""] * len(source.files) + mixed_from},
    )


def _counts(y: np.ndarray, synthetic: np.ndarray) -> Table:
    table = Table(title="Samples of each class")
    for title in ("class", "before", "new", "after"):
        table.add_column(title, justify="left" if title == "class" else "right")
    names = y.astype(str)
    for name in np.unique(names):
        new = int((synthetic & (names == name)).sum())
        after = int((names == name).sum())
        table.add_row(escape(name), str(after - new), str(new), str(after))
    return table

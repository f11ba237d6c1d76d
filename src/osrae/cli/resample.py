"""``osrae resample``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from osrae.cli.display import console
from osrae.cli.options import MethodOptions, parse_strategy
from osrae.cli.runs import Stopped, check_output_file, check_output_folder, checkpoint_beside
from osrae.cli.source import Source, read_source
from osrae.data.files import TABLE_SUFFIXES, is_table, write_table
from osrae.data.folders import write_folder
from osrae.data.labels import encode_labels, label_array
from osrae.errors import InputError
from osrae.methods.rae_oversampler import RAEOversampler
from osrae.methods.registry import available, get

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
    sampler = _sampler(method, checkpoint, resume)
    source = read_source(data, target, size)
    labels = label_array(source.y)
    sampler.set_params(sampling_strategy=parse_strategy(strategy, counts, np.unique(labels)))
    if source.is_table and _MARK in source.X.columns:
        raise InputError(f'{data} has a column "{_MARK}", which marks new rows; rename it.')
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
    labels = label_array(y)
    console.print(_counts(labels, sampler.synthetic_mask_))
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
    if "checkpoint_dir" in sampler.get_params():
        sampler.set_params(checkpoint_dir=checkpoint, resume=resume)
    return sampler


def _write_pictures(
    output: Path, sampler: Any, source: Source, X: np.ndarray, y: np.ndarray
) -> None:
    """Write a folder of pictures, and in its manifest where each new one came from, if known."""
    assert source.files is not None
    kept = getattr(sampler, "kept_indices_", np.arange(len(source.files)))
    files = [source.files[row] for row in kept]
    columns = {}
    if isinstance(sampler, RAEOversampler):
        columns["mixed_from"] = [""] * len(files) + _mixtures(sampler, np.array(source.files))
    write_folder(output, X, y, synthetic=sampler.synthetic_mask_, sources=files, columns=columns)


def _mixtures(sampler: RAEOversampler, files: np.ndarray) -> list[str]:
    return [
        " + ".join(f"{weight:.4f} * {name}" for weight, name in zip(*terms, strict=True))
        for terms in zip(sampler.mixing_weights_, files[sampler.parent_indices_], strict=True)
    ]


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

"""Pictures that methods made: kept by ``methods.py`` with its results, and drawn side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from osrae.datasets import Split
from osrae.methods.generating import Generator

SHOWN = 5
_PANELS_PER_ROW = 5


def save_samples(maker: Any, split: Split, folder: Path, name: str) -> None:
    """Write pictures of every class but the largest, and as many real ones of the split."""
    if np.ndim(split.X_train) < 3 or not isinstance(maker, Generator):
        return
    classes, counts = np.unique(split.y_train, return_counts=True)
    rarer = classes[counts < counts.max()]
    try:
        made = {str(label): np.asarray(maker.sample(SHOWN, label, 0)) for label in rarer}
    except ValueError:  # GAMO's points are features
        return
    real = {str(label): split.X_train[split.y_train == label][:SHOWN] for label in rarer}
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / f"{name}.npz", **made)
    np.savez_compressed(folder / f"real-{name.partition('-')[2]}.npz", **real)


def draw(folder: Path, data: str, seed: int, titles: Sequence[tuple[str, str]]) -> Figure | None:
    """Draw what every method made: a panel for each, a row of it for each of the rarer classes.

    Parameters
    ----------
    folder : Path
        Where `save_samples` wrote.
    data : str
        Name of the data set.
    seed : int
    titles : sequence of (name, title)
        Methods, and what to write above them; those without pictures are left out.

    Returns
    -------
    Figure or None
        None if there are no pictures.
    """
    wanted = [(f"{name}_{data}-{seed}.npz", title) for name, title in (("real", "real"), *titles)]
    found = [(folder / name.replace("_", "-", 1), title) for name, title in wanted]
    found = [(path, title) for path, title in found if path.exists()]
    if len(found) < 2:
        return None
    n_rows = -(-len(found) // _PANELS_PER_ROW)
    figure = Figure(figsize=(2.1 * _PANELS_PER_ROW + 0.9, 3.9 * n_rows), dpi=110)
    panels = figure.subplots(n_rows, _PANELS_PER_ROW, squeeze=False).flat
    for axes in panels:
        axes.set_axis_off()
    for number, (axes, (path, title)) in enumerate(zip(figure.axes, found, strict=False)):
        with np.load(path) as arrays:
            labels, blocks = list(arrays), [_row(arrays[label]) for label in arrays]
        axes.imshow(
            np.concatenate(blocks), cmap="gray_r", vmin=0, vmax=255, interpolation="nearest"
        )
        axes.set_title(title, fontsize=11)
        if number % _PANELS_PER_ROW == 0:
            height = len(blocks[0])
            for place, label in enumerate(labels):
                axes.text(-4, (place + 0.5) * height, label, ha="right", va="center", fontsize=9)
    figure.subplots_adjust(left=0.075, right=0.995, top=0.95, bottom=0.01, wspace=0.05, hspace=0.1)
    return figure


def _row(pictures: np.ndarray) -> np.ndarray:
    """Lay pictures side by side, as uint8."""
    if pictures.dtype != np.uint8:
        pictures = np.rint(255 * pictures.astype(np.float64)).astype(np.uint8)
    return np.concatenate(list(pictures), axis=1)

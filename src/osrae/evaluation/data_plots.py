"""Plots of a data set: how common its classes are, and what they look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

__all__ = ["data_overview"]

_COLOURS = ("#1f5fa8", "#e08a1e", "#7a9a3a", "#8b8b8b")
#: Classes below each other in a plot of pictures, and up to which there are names on an axis.
_MOST_ROWS, _MOST_NAMES = 20, 20
#: Points of a class in a scatter plot.
_MOST_POINTS = 400


def data_overview(
    title: str,
    counts: Mapping[str, Sequence[int]],
    names: Sequence[str],
    X: Any,
    y: np.ndarray,
) -> Figure:
    """Draw the class distribution, and below it samples of every class.

    Parameters
    ----------
    title : str
    counts : mapping of str to sequence of int
        Samples of each class by the name of the part, as ``{"training": [4000, 2000]}``.
    names : sequence of str
        Of the classes, in the order of their sorted labels.
    X : ndarray of shape (n, h, w) or (n, h, w, c), uint8, or a table
        Of a table, the two main directions are drawn (PCA of standardised columns, categories as
        one column each).
    y : ndarray of shape (n,)

    Returns
    -------
    Figure
    """
    pictures = not isinstance(X, pd.DataFrame) and X.ndim >= 3
    blocks = -(-len(names) // _MOST_ROWS)
    height = 0.42 * min(len(names), _MOST_ROWS) + 0.3 if pictures else 4.2
    per_class = 12 if blocks == 1 else 4
    width = max(7.5, blocks * (0.42 * per_class + 1.0) if pictures else 7.5)
    figure = Figure(figsize=(width, 3.4 + height), dpi=120, layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=[3.4, height], squeeze=False)[:, 0]
    _draw_counts(upper.add_subplot(), title, counts, names)
    if pictures:
        _draw_pictures(lower.add_subplot(), X, y, names, per_class)
    else:
        _draw_points(lower.add_subplot(), X, y, names)
    return figure


def _draw_counts(
    axes: Axes, title: str, counts: Mapping[str, Sequence[int]], names: Sequence[str]
) -> None:
    places = np.arange(len(names))
    width = 0.85 / len(counts)
    for number, (part, sizes) in enumerate(counts.items()):
        if len(names) > _MOST_NAMES:
            axes.step(places, sizes, where="mid", label=part, color=_COLOURS[number])
            continue
        shift = (number - (len(counts) - 1) / 2) * width
        bars = axes.bar(places + shift, sizes, width, label=part, color=_COLOURS[number])
        if len(names) <= 12:
            crowded = len(names) * len(counts) > 15
            axes.bar_label(bars, fontsize=5 if crowded else 7, padding=1, rotation=90 * crowded)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    every = np.concatenate([np.asarray(sizes) for sizes in counts.values()])
    axes.set_ylim(max(every.min() / 3, 0.5), every.max() * 2)
    axes.set_ylabel("samples")
    axes.set_title(title, fontsize=10, loc="left")
    if len(names) <= _MOST_NAMES:
        slanted = max(map(len, names)) * len(names) > 90
        axes.set_xticks(places, names, fontsize=8, rotation=35 if slanted else 0,
                        ha="right" if slanted else "center")  # fmt: skip
    else:
        axes.set_xlabel("class")
    if len(counts) > 1:
        axes.legend(fontsize=8, frameon=False, ncols=len(counts), loc="lower right",
                    bbox_to_anchor=(1, 0.98))  # fmt: skip
    axes.spines[["top", "right"]].set_visible(False)


def _draw_pictures(
    axes: Axes, X: np.ndarray, y: np.ndarray, names: Sequence[str], per_class: int
) -> None:
    """Draw one wide picture: blocks of classes side by side, a class in each row."""
    height, width = X.shape[1] + 2, X.shape[2] + 2
    labels = np.unique(y)
    blocks = -(-len(labels) // _MOST_ROWS)
    margin = int(2.2 * width)
    step = per_class * width + margin
    shape = (min(len(labels), _MOST_ROWS) * height, blocks * step, *X.shape[3:])
    canvas = np.full(shape, 255, np.uint8)
    for number, label in enumerate(labels):
        top = number % _MOST_ROWS * height
        left = number // _MOST_ROWS * step + margin
        for place, picture in enumerate(X[np.flatnonzero(y == label)[:per_class]]):
            start = left + place * width
            canvas[top : top + height - 2, start : start + width - 2] = picture
        axes.text(left - 4, top + height / 2, _short(names[number]), ha="right", va="center",
                  fontsize=7)  # fmt: skip
    axes.imshow(canvas, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_axis_off()


def _short(name: str, most: int = 11) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _draw_points(axes: Axes, X: Any, y: np.ndarray, names: Sequence[str]) -> None:
    labels, codes = np.unique(y, return_inverse=True)
    rows = np.concatenate(
        [np.flatnonzero(codes == code)[:_MOST_POINTS] for code in range(len(labels))]
    )
    table = pd.get_dummies(pd.DataFrame(X), dtype=float)
    plane = make_pipeline(SimpleImputer(), StandardScaler(), PCA(min(2, table.shape[1])))
    points = plane.fit_transform(table.to_numpy(dtype=np.float64)[rows])
    points = np.column_stack([points, np.zeros(len(points))])[:, :2]
    colours = mpl.colormaps["tab10" if len(labels) <= 10 else "turbo"]
    for code in np.argsort(-np.bincount(codes[rows]), kind="stable"):
        shade = colours(code if len(labels) <= 10 else code / (len(labels) - 1))
        x, height = points[codes[rows] == code].T
        axes.scatter(x, height, s=9, alpha=0.7, color=shade,
                     label=_short(names[code], 24), linewidths=0)  # fmt: skip
    axes.set_title(f"at most {_MOST_POINTS} samples of each class, two main directions (PCA)",
                   fontsize=9)  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5),
                ncols=-(-len(labels) // 20))  # fmt: skip

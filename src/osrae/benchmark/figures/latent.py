"""Figure 2: the latent space of the method on every data set."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from osrae.benchmark.figures.names import class_name
from osrae.benchmark.measured import Store
from osrae.benchmark.results import Result
from osrae.benchmark.tables.columns import DATA_TITLES, find
from osrae.evaluation.plots import project

__all__ = ["draw_latent"]

_PANELS_PER_ROW = 3
#: Up to so many classes have a legend, and colours that can be told apart.
_MOST_NAMES = 10
#: Mixtures lie among the samples of their class: a darker shade tells them apart.
_DARKER = 0.55


def draw_latent(store: Store) -> Figure | None:
    """Draw latent vectors of test samples and mixtures in two dimensions, coloured by class.

    A panel for each of the paper's data sets that there are vectors of, of the first seed.

    Returns
    -------
    Figure or None
        None if there are none.
    """
    found = [(d, result) for d in DATA_TITLES if (result := _with_vectors(store, d)) is not None]
    if not found:
        return None
    columns = min(len(found), _PANELS_PER_ROW)
    rows = -(-len(found) // columns)
    figure = Figure(figsize=(3.9 * columns, 4.6 * rows + 0.4), dpi=150, layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in panels[len(found) :]:
        axes.set_axis_off()
    for axes, (data, result) in zip(panels, found, strict=False):
        _draw_panel(axes, data, result)
    handles = [
        Line2D([], [], linestyle="", marker=marker, color="#555555", markersize=5, label=label)
        for marker, label in (("o", "test sample"), ("x", "mixture of training samples"))
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False, fontsize=9)
    return figure


def _with_vectors(store: Store, data: str) -> Result | None:
    found = find(store, data, "rae")
    results = found.shown.whole if found else ()
    return next((result for result in results if "latent/z" in result.arrays()), None)


def _draw_panel(axes: Axes, data: str, result: Result) -> None:
    arrays = result.arrays()
    labels, mixture = arrays["latent/labels"], arrays["latent/mixture"]
    classes = _in_order([row["class"] for row in result.content["classes"]], labels)
    points = project(arrays["latent/z"])
    for number, label in enumerate(classes):
        colour = _colour(number, len(classes))
        x, y = points[(labels == label) & ~mixture].T
        axes.scatter(x, y, s=9, marker="o", color=colour, alpha=0.7, linewidths=0)
        x, y = points[(labels == label) & mixture].T
        darker = tuple(_DARKER * channel for channel in colour[:3])
        axes.scatter(x, y, s=14, marker="x", color=darker, linewidths=0.8)
    acsa = result.score("acsa")
    told = "" if acsa is None else f", ACSA {100 * acsa:.1f} %"
    axes.set_title(f"{DATA_TITLES[data]}{told}", fontsize=10)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_box_aspect(1)
    if len(classes) <= _MOST_NAMES:
        handles = [
            Line2D([], [], linestyle="", marker="o", color=_colour(number, len(classes)),
                   markersize=4, label=class_name(data, label))
            for number, label in enumerate(classes)
        ]  # fmt: skip
        axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.01), fontsize=6.5,
                    ncols=5 if len(classes) > 5 else len(classes), frameon=False,
                    columnspacing=0.8, handletextpad=0.1)  # fmt: skip
    else:
        axes.set_xlabel(f"{len(classes)} classes, from the largest (violet) to the rarest (red)",
                        fontsize=7)  # fmt: skip


def _in_order(classes: Sequence[str], labels: np.ndarray) -> list[str]:
    """Return the classes that there are vectors of, in the order of the training data."""
    there = set(labels.tolist())
    return [label for label in classes if label in there]


def _colour(number: int, n_classes: int) -> tuple[float, float, float, float]:
    if n_classes <= _MOST_NAMES:
        return mpl.colormaps["tab10"](number)
    return mpl.colormaps["turbo"](number / (n_classes - 1))

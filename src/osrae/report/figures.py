"""Pictures of a report, each with the words and the numbers for those who do not see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from osrae.evaluation.statistics import (
    ScoreTable,
    average_ranks,
    critical_difference_diagram,
)
from osrae.report.page import Column, DataTable, Figure, Gallery, LegendEntry
from osrae.report.svg import COLOURS, FAINT, INK, MUTED, figure_svg
from osrae.training.callbacks import NOT_LOSSES

__all__ = ["class_marks", "critical_difference", "latent_space", "reliability", "training_curves"]

_SCORE = "Validation ACSA, %"
Mark = Literal["dot", "square", "triangle", "diamond"]
#: Shapes by name, with matplotlib's: with eight colours they tell 32 classes apart.
_SHAPES: tuple[tuple[Mark, str], ...] = (
    ("dot", "o"), ("square", "s"), ("triangle", "^"), ("diamond", "D"),
)  # fmt: skip


def class_marks(n_classes: int) -> list[tuple[int, Mark]]:
    """Return the number of a colour and a shape for each class; after 32 they repeat."""
    return [
        (number % len(COLOURS), _SHAPES[number // len(COLOURS) % len(_SHAPES)][0])
        for number in range(n_classes)
    ]


def training_curves(history: Sequence[Mapping[str, Any]]) -> Gallery:
    """Draw every loss, and the validation score where there is one, over the steps.

    Parameters
    ----------
    history : sequence of mapping
        ``history_`` of a fitted estimator.
    """
    recorded = dict.fromkeys(name for row in history for name in row)
    names = ["validation_acsa", *(name for name in recorded if name not in NOT_LOSSES)]
    curves = {
        name: [
            (row["step"], float(row[name]) * (100 if name == "validation_acsa" else 1))
            for row in history
            if row.get(name) is not None
        ]
        for name in names
    }
    drawn = {_title(name): dict(points) for name, points in curves.items() if points}
    columns = [Column("step", "number", 0), *(Column(title, "number", 3) for title in drawn)]
    steps = sorted({step for points in drawn.values() for step in points})
    rows = [(step, *(points.get(step) for points in drawn.values())) for step in steps]
    numbers = DataTable("The numbers behind the curves", columns, rows)
    return Gallery([_curve(title, points) for title, points in drawn.items()], numbers)


def _title(name: str) -> str:
    return _SCORE if name == "validation_acsa" else f"Loss of the {name}"


def _curve(title: str, points: Mapping[int, float]) -> Figure:
    steps, values = np.array(list(points.items()), dtype=np.float64).T
    figure, axes = _axes(3.4, 2.1)
    axes.plot(steps, values, color=COLOURS[0], linewidth=1.6, marker="o" * (len(steps) == 1))
    axes.set_xlabel("step")
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    ends = f"{values[0]:.4g} at step {steps[0]:.0f}, {values[-1]:.4g} at step {steps[-1]:.0f}"
    return Figure(figure_svg(figure), f"{title} over the steps of training: {ends}.", title)


def latent_space(
    points: np.ndarray,
    codes: np.ndarray,
    mixed: np.ndarray,
    names: Sequence[str],
    what: str,
) -> Figure:
    """Draw latent vectors that were brought to the plane, a colour and shape for each class.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
    codes : ndarray of int, shape (n,)
        Class numbers.
    mixed : ndarray of bool, shape (n,)
        True for mixtures, drawn as outlines.
    names : sequence of str
        Of the classes.
    what : str
        What the filled marks are, as "held-out samples".
    """
    figure, axes = _axes(5.6, 4.6, bare=True)
    shapes = dict(_SHAPES)
    marks = class_marks(len(names))
    for code, (colour, mark) in enumerate(marks):
        shade, shape = COLOURS[colour], shapes[mark]
        for part, chosen in (("mixed", mixed), ("real", ~mixed)):
            of_class = points[(codes == code) & chosen]
            if not len(of_class):
                continue
            fill, line = ("none", 0.7) if part == "mixed" else (shade, 0.0)
            x, height = of_class.T
            axes.scatter(
                x, height, s=15, marker=shape, facecolors=fill, edgecolors=shade, linewidths=line,
                gid=f"class-{code}.{part}",
            )  # fmt: skip
    n_mixed = int(mixed.sum())
    outlines = f" and {n_mixed} mixtures of training samples" if n_mixed else ""
    legend = [
        LegendEntry(name, *marks[code], group=f"class-{code}")
        for code, name in enumerate(names)
        if (codes == code).any()
    ]
    return Figure(
        figure_svg(figure),
        f"Scatter plot of {len(points) - n_mixed} {what}{outlines} in the latent space, brought "
        f"to the plane by t-SNE; {len(legend)} classes. How far the classes lie apart is in the "
        "table of neighbours below it.",
        f"Filled: {what}."
        + (" Outlines: mixtures, which are new members of their class." if n_mixed else "")
        + " Distances between groups mean little in such a picture; who lies beside whom does. "
        "Pick a class to see it alone.",
        legend,
        data=_neighbours(points[~mixed], codes[~mixed], names),
    )


def _neighbours(points: np.ndarray, codes: np.ndarray, names: Sequence[str]) -> DataTable:
    """How often the neighbour of a sample in the picture is of its own class."""
    squares = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(squares, np.inf)
    nearest = codes[squares.argmin(axis=1)]
    rows = [
        (names[code], int((codes == code).sum()),
         100 * float((nearest[codes == code] == code).mean()))
        for code in np.unique(codes)
    ]  # fmt: skip
    return DataTable(
        "Neighbours in this picture",
        [Column("class"), Column("drawn", "number"),
         Column("nearest neighbour is of the same class, %", "bar", limits=(0, 100))],
        rows,
    )  # fmt: skip


def reliability(table: pd.DataFrame, error: float) -> Figure:
    """Draw how often predictions are right against how sure the model was.

    Parameters
    ----------
    table : DataFrame
        Of `osrae.evaluation.calibration.reliability_table`.
    error : float in [0, 1]
        The expected calibration error.
    """
    figure, axes = _axes(3.9, 3.5)
    axes.plot([0, 100], [0, 100], color=MUTED, linewidth=1, linestyle=(0, (3, 3)))
    sure, right, share = (100 * table[name] for name in ("confidence", "accuracy", "share"))
    axes.vlines(sure, np.minimum(sure, right), np.maximum(sure, right), color=COLOURS[1],
                linewidth=1.4, alpha=0.6)  # fmt: skip
    axes.scatter(sure, right, s=20 + 1.5 * share, color=COLOURS[0], linewidths=0, zorder=3,
                 clip_on=False)  # fmt: skip
    axes.set_xlim(0, 103)
    axes.set_ylim(0, 103)
    axes.set_xlabel("how sure the model was, %")
    axes.set_ylabel("how often it was right, %")
    columns = [
        Column("from, %", "number", 0), Column("to, %", "number", 0),
        Column("share of predictions, %", "bar"), Column("how sure, %", "number"),
        Column("how often right, %", "number"),
    ]  # fmt: skip
    names = ["low", "high", "share", "confidence", "accuracy"]
    numbers = DataTable(
        "The numbers behind it",
        columns,
        [tuple(float(100 * value) for value in row) for row in table[names].to_numpy()],
    )
    return Figure(
        figure_svg(figure),
        f"Reliability diagram of {len(table)} groups of predictions. On average over the "
        f"predictions, sureness and share of right ones differ by {100 * error:.1f} points.",
        "A dot is a group of predictions that the model was about equally sure of; large dots are "
        "many. Below the diagonal it was too sure, above it not sure enough.",
        data=numbers,
    )


def critical_difference(table: ScoreTable) -> Figure:
    """Draw average ranks and which methods do not differ significantly (Nemenyi, level 0.05)."""
    diagram = critical_difference_diagram(table)
    ranks = average_ranks(table).sort_values(kind="stable")
    order = ", ".join(f"{name} ({rank:.2f})" for name, rank in ranks.items())
    numbers = DataTable(
        "Average ranks",
        [Column("method"), Column("average rank", "number", 2)],
        [(str(name), float(rank)) for name, rank in ranks.items()],
    )
    return Figure(
        figure_svg(diagram),
        f"Critical-difference diagram over {len(table.datasets)} data sets. Average ranks, best "
        f"first: {order}.",
        "The best method is on the right. A bar joins methods that do not differ significantly; "
        "its dots are the methods it joins.",
        data=numbers,
    )


def _axes(width: float, height: float, bare: bool = False) -> tuple[Canvas, Axes]:
    """An empty plot of this size in inches, in the page's colours."""
    figure = Canvas(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    if bare:
        axes.set_axis_off()
        return figure, axes
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(labelsize=8.5, colors=MUTED, labelcolor=MUTED, length=0)
    axes.xaxis.label.set(color=INK, size=9)
    axes.yaxis.label.set(color=INK, size=9)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes

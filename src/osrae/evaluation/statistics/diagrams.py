"""The diagram of average ranks and critical differences; it is returned, not shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from osrae.evaluation.statistics.drawing import (
    BLUE,
    EDGE,
    GREY,
    ORANGE,
    SIZE,
    canvas,
    plain,
    text_width,
)
from osrae.evaluation.statistics.friedman import average_ranks
from osrae.evaluation.statistics.posthoc import Adjustment, all_pairs, nemenyi_cd
from osrae.evaluation.statistics.tables import ScoreTable, check_table

__all__ = ["critical_difference_diagram"]

# Inches, which are the unit of the axes too.
_ROW, _BAR = 0.24, 0.11


def critical_difference_diagram(
    table: ScoreTable,
    *,
    alpha: float = 0.05,
    test: Adjustment = "nemenyi",
) -> Figure:
    """Draw the average ranks of all methods, and which of them do not differ significantly.

    The best method is on the right. A thick bar joins methods of which no two differ; its dots
    are the methods it joins, so that a method between two dots is not taken for one of them.

    Parameters
    ----------
    table : ScoreTable
    alpha : float in (0, 1), default=0.05
        Family-wise error rate.
    test : {"nemenyi", "bonferroni", "holm", "shaffer", "bergmann_hommel"}, default="nemenyi"
        Methods differ if the p-value that ``all_pairs`` gives in this column is at most
        ``alpha``. For ``"nemenyi"`` that is so if their ranks differ by the critical difference,
        which is drawn.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If ``table`` is no ScoreTable, ``alpha`` is not between 0 and 1, or the test is unknown or
        takes fewer methods.

    References
    ----------
    Demšar, JMLR 7 (2006), section 3.2.4.
    """
    check_table(table)
    ranks = average_ranks(table).sort_values(kind="stable")
    n, k = table.scores.shape
    difference = nemenyi_cd(n, k, alpha)
    alike = _alike(all_pairs(table, adjust=test), list(ranks.index), test, alpha)
    bars = _levels(_cliques(alike))
    labels = [plain(f"{name}  {rank:.2f}") for name, rank in ranks.items()]
    half = (k + 1) // 2
    right, left = (
        max(text_width(label) for label in side) for side in (labels[:half], labels[half:])
    )
    scale = max(4.0, 0.4 * k)
    top = 0.35 + (0.4 if test == "nemenyi" else 0)
    depth = top + _BAR * (max((level for level, _ in bars), default=-1) + 2) + _ROW * (half + 0.3)
    # With few data sets the critical difference is longer than the axis.
    length = difference / (k - 1) * scale if test == "nemenyi" else 0
    best = EDGE + left + 0.3 + scale
    width = max(best + 0.3 + right, best - scale + length) + EDGE
    figure, axes = canvas(width, depth)
    x = best - (ranks.to_numpy() - 1) / (k - 1) * scale
    _draw_scale(axes, best, scale, k, top)
    if test == "nemenyi":
        _draw_difference(axes, best - scale, length, f"{difference:.2f}")
    lowest = _draw_bars(axes, x, bars, top)
    _draw_names(axes, x, labels, (best - scale - 0.2, best + 0.2), top, lowest)
    return figure


def _alike(pairs: pd.DataFrame, names: list[Any], test: str, alpha: float) -> np.ndarray:
    """Which methods do not differ by their adjusted p-values, (k, k) in the order of ``names``."""
    alike = np.eye(len(names), dtype=bool)
    for first, second, p in zip(pairs["first"], pairs["second"], pairs[test], strict=True):
        i, j = names.index(first), names.index(second)
        alike[i, j] = alike[j, i] = p > alpha
    return alike


def _cliques(alike: np.ndarray) -> list[list[int]]:
    """The largest groups, of two or more, of which no two differ (Bron and Kerbosch)."""
    near = [set(np.flatnonzero(row).tolist()) - {i} for i, row in enumerate(alike)]
    found: list[list[int]] = []

    def grow(group: list[int], candidates: set[int], done: set[int]) -> None:
        if not candidates:
            if not done and len(group) > 1:
                found.append(sorted(group))
            return
        # A largest group holds the pivot or a method that differs from it: the others can wait.
        pivot = max(candidates | done, key=lambda i: len(near[i] & candidates))
        for i in candidates - near[pivot]:
            grow([*group, i], candidates & near[i], done & near[i])
            candidates = candidates - {i}
            done = done | {i}

    grow([], set(range(len(alike))), set())
    return sorted(found)


def _levels(cliques: list[list[int]]) -> list[tuple[int, list[int]]]:
    """Put each group on the highest level where it touches no other."""
    ends: list[int] = []
    levels = []
    for clique in cliques:
        level = next((i for i, end in enumerate(ends) if end < clique[0]), len(ends))
        ends[level : level + 1] = [clique[-1]]
        levels.append((level, clique))
    return levels


def _draw_scale(axes: Axes, best: float, scale: float, k: int, top: float) -> None:
    """The axis of ranks, 1 on the right."""
    axes.plot([best - scale, best], [top, top], color="black", linewidth=1)
    for rank in range(1, k + 1):
        x = best - (rank - 1) / (k - 1) * scale
        axes.plot([x, x], [top, top - 0.07], color="black", linewidth=1)
        axes.text(x, top - 0.1, str(rank), fontsize=SIZE, ha="center", va="bottom")


def _draw_difference(axes: Axes, start: float, length: float, words: str) -> None:
    """The critical difference as a length, above the left end of the axis."""
    axes.plot([start, start + length], [0.28, 0.28], color=ORANGE, linewidth=2)
    for end in (start, start + length):
        axes.plot([end, end], [0.23, 0.33], color=ORANGE, linewidth=1.2)
    axes.text(start, 0.2, f"critical difference {words}", fontsize=SIZE - 1, va="bottom")


def _draw_bars(axes: Axes, x: np.ndarray, bars: list[tuple[int, list[int]]], top: float) -> float:
    """The bars of methods that do not differ; returns where the lowest lies."""
    lowest = top
    for level, clique in bars:
        y = top + _BAR * (level + 1)
        lowest = max(lowest, y)
        places = x[clique]
        axes.plot(places[[0, -1]], [y, y], color=BLUE, linewidth=3, solid_capstyle="round")
        axes.plot(places, np.full(len(places), y), "o", color=BLUE, markersize=4.5, zorder=3)
    return lowest


def _draw_names(
    axes: Axes,
    x: np.ndarray,
    labels: Sequence[str],
    margins: tuple[float, float],
    top: float,
    lowest: float,
) -> None:
    """A line from each rank to its name: the better half on the right, the others on the left."""
    half = (len(x) + 1) // 2
    for i, label in enumerate(labels):
        right = i < half
        # The outermost method is the topmost, so that no lines cross.
        y = lowest + _ROW * (0.8 + (i if right else len(x) - 1 - i))
        margin = margins[right]
        axes.plot([x[i], x[i], margin], [top, y, y], color=GREY, linewidth=0.8, zorder=1)
        gap = 0.06 if right else -0.06
        axes.text(margin + gap, y, label, fontsize=SIZE, ha="left" if right else "right",
                  va="center")  # fmt: skip

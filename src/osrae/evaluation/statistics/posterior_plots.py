"""Plots of Bayesian posteriors; each returns a figure and shows nothing."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import t

from osrae.errors import InputError
from osrae.evaluation.statistics.bayesian import CorrelatedTPosterior, SignedRankPosterior
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

__all__ = ["posterior_density", "posterior_simplex"]


def posterior_simplex(posterior: SignedRankPosterior) -> Figure:
    """Draw the posterior samples of a signed-rank test in a triangle.

    A sample is near a corner if that outcome has nearly all data sets; the lines bound the regions
    in which an outcome is the most probable.

    Parameters
    ----------
    posterior : SignedRankPosterior
        With a region of practical equivalence that has a width.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If ``rope`` was 0: all samples lie on one edge of the triangle.

    References
    ----------
    Benavoli, Corani, Demšar and Zaffalon, JMLR 18 (2017), figure 8.
    """
    if posterior.rope == 0:
        raise InputError("The posterior has rope = 0, so there is no triangle; use a rope above 0.")
    corners = np.array([[0, 0], [0.5, np.sqrt(0.75)], [1, 0]])
    words = [
        plain(f"{who}\n{p:.3f}")
        for who, p in (
            (f"{posterior.first} better", posterior.p_left),
            ("practically equivalent", posterior.p_rope),
            (f"{posterior.second} better", posterior.p_right),
        )
    ]
    need = [max(map(text_width, text.split("\n"))) for text in words]
    side = max(3.4, sum(need[::2]) / 2 + 0.4)
    figure, axes = canvas(side + sum(need[::2]) / 2 + 2 * EDGE, side * corners[1, 1] + 1.0)
    corners = corners * [side, -side] + [need[0] / 2 + EDGE, side * corners[1, 1] + 0.5]
    points = posterior.samples @ corners
    axes.hexbin(points[:, 0], points[:, 1], gridsize=70, mincnt=1, bins="log", cmap="Blues",
                extent=(corners[0, 0], corners[2, 0], corners[1, 1], corners[0, 1]))  # fmt: skip
    axes.plot(*corners[[0, 1, 2, 0]].T, color="black", linewidth=1)
    for i, j in combinations(range(3), 2):
        middle = corners[[i, j]].mean(axis=0)
        axes.plot(*np.stack([corners.mean(axis=0), middle]).T, color=ORANGE, linewidth=1)
    for (x, y), text, place in zip(corners, words, ("top", "bottom", "top"), strict=True):
        axes.text(x, y + (0.06 if place == "top" else -0.06), text, fontsize=SIZE, ha="center",
                  va=place)  # fmt: skip
    return figure


def posterior_density(
    posterior: CorrelatedTPosterior, names: tuple[str, str] = ("first", "second")
) -> Figure:
    """Draw the posterior of the mean difference on one data set, coloured by its three regions.

    Parameters
    ----------
    posterior : CorrelatedTPosterior
    names : tuple of two strings
        Names of the first and the second method.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If the differences do not vary, so that there is no density.

    References
    ----------
    Benavoli, Corani, Demšar and Zaffalon, JMLR 18 (2017), figure 3.
    """
    if posterior.scale == 0:
        raise InputError("All differences are the same: the posterior is a point, not a density.")
    student = t(posterior.degrees, posterior.mean, posterior.scale)
    low = min(student.ppf(0.001), -1.3 * posterior.rope)
    high = max(student.ppf(0.999), 1.3 * posterior.rope)
    figure = Figure(figsize=(6, 3.6), dpi=120)
    axes = figure.add_subplot()
    edges = [low, -posterior.rope, posterior.rope, high]
    outcomes = (
        (BLUE, f"{names[0]} better", posterior.p_left),
        (GREY, "practically equivalent", posterior.p_rope),
        (ORANGE, f"{names[1]} better", posterior.p_right),
    )
    for start, end, (colour, who, p) in zip(edges, edges[1:], outcomes, strict=False):
        x = np.linspace(start, end, 200)
        label = plain(f"{who}: {p:.3f}")
        axes.fill_between(x, student.pdf(x), color=colour, alpha=0.75, linewidth=0, label=label)
    for edge in edges[1:3]:
        axes.axvline(edge, color="black", linewidth=0.8, linestyle=":")
    axes.set_xlim(low, high)
    axes.set_ylim(bottom=0)
    axes.set_yticks([])
    axes.set_xlabel(
        "difference of the mean scores, positive where the second is better", fontsize=SIZE
    )
    axes.tick_params(labelsize=8)
    axes.legend(fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
    figure.tight_layout()
    return figure

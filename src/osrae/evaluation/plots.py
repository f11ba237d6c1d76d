"""Plots of a training run and of what it made; each returns a figure and shows nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from sklearn.manifold import TSNE

from osrae.training.callbacks import NOT_LOSSES

__all__ = ["latent_space", "project", "sample_rows", "training_curves"]

_PERPLEXITY = 30.0


def training_curves(history: Sequence[dict[str, Any]]) -> Figure:
    """Plot every loss, and the validation ACSA where there is one, over the steps.

    Parameters
    ----------
    history : sequence of dict
        ``history_`` of a fitted estimator.

    Returns
    -------
    Figure
    """
    names = [name for name in dict.fromkeys(k for row in history for k in row)
             if name not in NOT_LOSSES]  # fmt: skip
    curves = {name: _curve(history, name) for name in [*names, "validation_acsa"]}
    curves = {name: curve for name, curve in curves.items() if len(curve)}
    figure = Figure(figsize=(3 * min(len(curves), 3), 2.4 * -(-len(curves) // 3)), dpi=120)
    for position, (name, curve) in enumerate(curves.items(), start=1):
        axes = figure.add_subplot(-(-len(curves) // 3), min(len(curves), 3), position)
        accuracy = name == "validation_acsa"
        axes.plot(curve[:, 0], curve[:, 1] * (100 if accuracy else 1), color="#1f5fa8")
        axes.set_title("validation ACSA (%)" if accuracy else f"loss of the {name}", fontsize=9)
        axes.set_xlabel("step", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
    figure.tight_layout()
    return figure


def _curve(history: Sequence[dict[str, Any]], name: str) -> np.ndarray:
    """Steps and values of a quantity, (n, 2), where it was recorded."""
    return np.array([(row["step"], row[name]) for row in history if row.get(name) is not None])


def project(z: np.ndarray, seed: int = 0) -> np.ndarray:
    """Bring latent vectors to the plane by t-SNE, the same at every call.

    Parameters
    ----------
    z : ndarray of shape (n, m)
        At least two.
    seed : int

    Returns
    -------
    ndarray of shape (n, 2)
    """
    z = np.asarray(z, dtype=np.float32)
    perplexity = min(_PERPLEXITY, (len(z) - 1) / 3)
    start = "pca" if z.shape[1] > 1 else "random"
    return TSNE(2, perplexity=perplexity, init=start, random_state=seed).fit_transform(z)


def latent_space(
    points: np.ndarray, labels: np.ndarray, synthetic: np.ndarray, counts: dict[Any, int]
) -> Figure:
    """Plot latent vectors that were brought to the plane, coloured by class.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
    labels : ndarray of shape (n,)
    synthetic : ndarray of bool, shape (n,)
        True for mixtures, drawn as crosses.
    counts : dict of label to int
        Training samples of each class, for the legend.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(7, 5), dpi=120)
    axes = figure.add_subplot()
    colours = mpl.colormaps["tab10" if len(counts) <= 10 else "turbo"]
    for number, (label, count) in enumerate(counts.items()):
        shade = colours(number if len(counts) <= 10 else number / (len(counts) - 1))
        real, made = ((labels == label) & (synthetic == new) for new in (False, True))
        dots, crosses = points[real].T, points[made].T
        axes.scatter(dots[0], dots[1], s=14, color=shade, label=f"{label}  (n = {count})")
        axes.scatter(crosses[0], crosses[1], s=14, color=shade, marker="x", linewidths=0.7)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title("latent space: dots are real samples, crosses are mixtures", fontsize=10)
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.tight_layout()
    return figure


def sample_rows(groups: Sequence[tuple[str, np.ndarray, np.ndarray]], per_row: int = 10) -> Figure:
    """Draw real pictures beside generated ones, one class per row.

    Parameters
    ----------
    groups : sequence of (name, real, generated)
        Pictures of shape (n, h, w) or (n, h, w, c), uint8 or float in [0, 1].
    per_row : int
        Most pictures of each kind in a row.

    Returns
    -------
    Figure
    """
    blocks = [_framed(block[:per_row], per_row) for _, *pair in groups for block in pair]
    height, width = blocks[0].shape[:2]
    figure = Figure(figsize=(2 * per_row * 0.42 + 1.2, len(groups) * 0.46 + 0.4), dpi=140)
    for number, block in enumerate(blocks):
        axes = figure.add_subplot(len(groups), 2, number + 1)
        axes.imshow(block, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
        axes.set_axis_off()
        if number < 2:
            axes.set_title(("real", "generated")[number], fontsize=10)
        if number % 2 == 0:
            axes.text(-0.04 * width, height / 2, groups[number // 2][0], ha="right", va="center")
    figure.subplots_adjust(left=0.1, right=0.99, top=0.9, bottom=0.02, wspace=0.06, hspace=0.08)
    return figure


def _framed(pictures: np.ndarray, per_row: int) -> np.ndarray:
    """Lay pictures side by side with a gap, and blank where there are too few."""
    scale = 1 if pictures.dtype == np.uint8 else 255
    pictures = np.rint(np.asarray(pictures, dtype=np.float64) * scale).astype(np.uint8)
    blank = 0 if pictures.ndim == 3 else 255
    row = np.full((per_row, *pictures.shape[1:]), blank, np.uint8)
    row[: len(pictures)] = pictures
    border = [(0, 0), (1, 1), (1, 1)] + [(0, 0)] * (pictures.ndim - 3)
    return np.concatenate(list(np.pad(row, border, constant_values=blank)), axis=1)

"""What the parts of theory.py share: plots in one style, data, and the logistic loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

IMAGES = Path(__file__).parents[1] / "docs" / "images"
BLUE, ORANGE, GREY, RED = "#1f5fa8", "#d9822b", "#7a7a7a", "#b03a2e"


def softplus(margin: np.ndarray) -> np.ndarray:
    """The logistic loss of a margin."""
    return np.logaddexp(0, -margin)


def panels(count: int) -> tuple[Figure, list]:
    figure = Figure(figsize=(4.3 * count, 3.5), dpi=120)
    axes = [figure.add_subplot(1, count, place + 1) for place in range(count)]
    for panel in axes:
        panel.grid(alpha=0.3)
        panel.set_axisbelow(True)
    return figure, axes


def save(figure: Figure, name: str) -> None:
    figure.tight_layout()
    figure.savefig(IMAGES / f"theory-{name}.png")


def finish(panel, title: str, x: str, y: str) -> None:
    panel.set_title(title, fontsize=9)
    panel.set_xlabel(x, fontsize=9)
    panel.set_ylabel(y, fontsize=9)
    panel.tick_params(labelsize=8)
    if panel.get_legend_handles_labels()[0]:
        panel.legend(fontsize=7.5)


def digits_in_four_dimensions() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Digits where a linear classifier makes mistakes, and that classifier."""
    X, y = load_digits(return_X_y=True)
    Z = PCA(4, random_state=0).fit_transform(X) / 10
    model = LogisticRegression(max_iter=1000).fit(Z, y)
    return Z, y, model.coef_, model.intercept_


def on_the_sphere(n: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, d))
    y = np.repeat([-1, 1], [n // 2, n - n // 2])
    return X / np.linalg.norm(X, axis=1, keepdims=True), y

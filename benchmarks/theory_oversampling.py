"""Corollary 1: what mixtures beside the rows do to the norm of a classifier."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from theory_shared import BLUE, GREY, ORANGE, RED, finish, on_the_sphere, panels, save

from osrae.evaluation.theory import draw_mixtures, oversampled_margins
from osrae.evaluation.theory.lipschitz import minimum_norms
from osrae.evaluation.theory.permutations import mixing_factor


def growth(panel) -> None:
    """‖w‖ of the least interpolator over the number of rows."""
    n, d = 48, 600
    X, y = on_the_sphere(n, d, 0)
    targets = y[:, None].astype(float)
    norm = float(minimum_norms(X, targets)[0])
    made = draw_mixtures(X, y, repeats=3, random_state=0)
    order = np.random.default_rng(0).permutation(len(made.y))
    counts = np.arange(6, len(order) + 1, 6)
    alone, both = [], []
    for count in counts:
        Z, labels = made.Z[order[:count]], made.y[order[:count], None].astype(float)
        alone.append(minimum_norms(Z, labels)[0])
        both.append(minimum_norms(np.r_[X, Z], np.r_[targets, labels])[0])
    print(f"  ‖w‖ {norm:.6f}; mixtures alone {alone[0]:.4f} to {alone[-1]:.6f}; with the originals "
          f"within {np.abs(np.array(both) - norm).max():.0e}")  # fmt: skip
    worst = np.sqrt(2 * (n + counts) / mixing_factor(0.25, -1))
    panel.plot((n + counts) / n, both, color=BLUE, lw=4, alpha=0.5, label="originals and mixtures")
    panel.plot(counts / n, alone, color=ORANGE, label="mixtures alone")
    panel.plot((n + counts) / n, worst, color=RED, ls="--", label="printed bound, k = −1, α = 1/4")
    panel.axhline(np.sqrt(2 * n), color=GREY, ls="--", label="bound without mixing")
    panel.set_ylim(0, 28)
    finish(panel, "least interpolating classifier", "rows / N", "‖w‖")


def hard_margin() -> None:
    Z, y = load_digits(return_X_y=True)
    Z, y = Z[:600], y[:600]
    result = oversampled_margins(Z, y, draw_mixtures(Z, y, random_state=0))
    print(f"  digits, hard margin: both/rows {np.nanmin(result.norms_both / result.norms):.6f} to "
          f"{np.nanmax(result.norms_both / result.norms):.6f}; mixtures alone/rows "
          f"{np.nanmin(result.norms_mixtures / result.norms):.3f} to "
          f"{np.nanmax(result.norms_mixtures / result.norms):.3f}")  # fmt: skip


def soft_norm(kind: str, X: np.ndarray, y: np.ndarray, penalty: float) -> float:
    """‖w‖ that minimises the mean loss plus penalty/2 · ‖w‖²; the intercept is free."""
    if kind == "logistic":
        model = LogisticRegression(C=1 / (penalty * len(y)), tol=1e-8, max_iter=10000)
        return float(np.linalg.norm(model.fit(X, y).coef_))
    X, y = X - X.mean(axis=0), y - y.mean()
    gram = X.T @ X / len(y) + penalty / 2 * np.eye(X.shape[1])
    return float(np.linalg.norm(np.linalg.solve(gram, X.T @ y / len(y))))


def soft(panel) -> None:
    penalties = np.logspace(-4, 0, 13)
    lines = {("logistic", 1): (ORANGE, "-"), ("ridge", 1): (ORANGE, "--"),
             ("logistic", 6): (BLUE, "-"), ("ridge", 6): (BLUE, "--")}  # fmt: skip
    for (kind, distance), (colour, style) in lines.items():
        ratios = []
        for seed in range(10):
            random = np.random.default_rng(seed)
            y = np.repeat([-1, 1], 100)
            X = random.normal(size=(200, 5))
            X[:, 0] += distance / 2 * y
            made = draw_mixtures(X, y, random_state=seed)
            more = np.r_[X, made.Z], np.r_[y, made.y]
            ratios.append([soft_norm(kind, *more, p) / soft_norm(kind, X, y, p) for p in penalties])
        mean = np.mean(ratios, axis=0)
        print(f"  {kind}, classes {distance} apart: ‖w‖ with mixtures / without", end=" ")
        print(f"{mean[0]:.3f} (penalty 1e-4), {mean[6]:.3f} (1e-2), {mean[-1]:.3f} (1)")
        name = "apart" if distance == 6 else "overlapping"
        panel.plot(penalties, mean, color=colour, ls=style, label=f"{kind}, classes {name}")
    panel.axhline(1, color="black", lw=0.8)
    panel.set_xscale("log")
    finish(panel, "with a penalty: N mixtures added to N rows", "penalty",
           "‖w‖ with mixtures / without")  # fmt: skip


def corollary_study() -> None:
    print("Corollary 1")
    figure, (left, right) = panels(2)
    growth(left)
    soft(right)
    save(figure, "oversampling")
    hard_margin()

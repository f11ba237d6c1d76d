"""Proposition 4: norms of least interpolators of mixed rows, and their bounds."""

from __future__ import annotations

import numpy as np
from theory_shared import BLUE, GREY, ORANGE, RED, finish, on_the_sphere, panels, save

from osrae.evaluation.theory import interpolation


def cycles(length: int, n: int) -> np.ndarray:
    """The permutation whose cycles all have this length."""
    return np.arange(n).reshape(-1, length)[:, (np.arange(length) + 1) % length].ravel()


def lipschitz_study() -> None:
    print("Proposition 4")
    n, d = 48, 600
    X, y = on_the_sphere(n, d, 0)
    alphas = np.linspace(0, 1, 41)
    figure, (left, right) = panels(2)
    for length, colour in ((1, BLUE), (3, GREY), (2, ORANGE)):
        result = interpolation(X, y, cycles(length, n), alphas)
        shown = np.where(result.bounds_mixed < 24, result.bounds_mixed, np.nan)
        left.plot(alphas, shown, color=colour, ls="--",
                  label=f"√(2N/d(α)), cycles of {length}: k = {result.k:.0f}")  # fmt: skip
        left.plot(alphas, result.norms_mixed[:, 1], ".", color=colour, ms=(11, 7, 3)[length - 1])
        away = result.norms_mixed[:, 1] / result.norms[1]
        print(f"  cycles of {length}: k {result.k:.2f}, ‖w‖ {result.norms[1]:.4f}, √(2N) "
              f"{result.bound:.4f}, ‖w_α‖/‖w‖ within {np.abs(np.delete(away, 20) - 1).max():.1e} "
              f"of 1 but {away[20]:.4f} at 1/2; bound at 1/2 {result.bounds_mixed[20]:.2f}, "
              f"λ_min {result.smallest_eigenvalue:.3f}")  # fmt: skip
    left.plot([], [], ".", color="black", label="‖w_α‖ (the same for all)")
    left.set_ylim(5, 34)
    finish(left, f"N = {n} points on the sphere in {d} dimensions", "α", "Lipschitz constant")
    ratios = np.linspace(0.01, 0.3, 25)
    for dimension, colour in ((100, GREY), (600, BLUE)):
        least = [
            np.mean([interpolation_eigenvalue(max(1, round(r * dimension)), dimension, s)
                     for s in range(5)])
            for r in ratios
        ]  # fmt: skip
        right.plot(ratios, least, ".", color=colour, label=f"measured, d = {dimension}")
    right.plot(ratios, (1 - np.sqrt(ratios)) ** 2, color=BLUE, label="(1 − √(N/d))²")
    limit = (1 - np.sqrt(0.5)) ** 2
    right.axhline(0.5, color=RED, ls="--", label=f"needed: 1/2, so N ≤ {limit:.3f} d")
    finish(right, "λ_min(XXᵀ), which must be at least 1/2", "N / d", "λ_min")
    save(figure, "lipschitz")
    for dimension in (8, 64, 600):
        n = 1
        while np.mean([interpolation_eigenvalue(n + 1, dimension, s) for s in range(20)]) >= 0.5:
            n += 1
        print(f"  d = {dimension}: λ_min is at least 1/2 (mean of 20 draws) up to N = {n}")


def interpolation_eigenvalue(n: int, d: int, seed: int) -> float:
    X, _ = on_the_sphere(n, d, seed)
    return float(np.linalg.eigvalsh(X @ X.T)[0])

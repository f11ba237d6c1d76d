"""Proposition 3: the empirical Bernstein bound, and how often it is below the risk."""

from __future__ import annotations

import numpy as np
from theory_shared import BLUE, ORANGE, RED, finish, panels, save, softplus

from osrae.evaluation.theory.bernstein import empirical_bernstein


def bound_study() -> None:
    """Margins uniform on [-2, 6], the logistic loss over its largest value, pairs at α = 1/2."""
    print("Proposition 3")
    largest, delta, repeats = float(softplus(np.array(-2.0))), 0.05, 400
    grid = np.linspace(-2, 6, 200001)
    risk = np.trapezoid(softplus(grid), grid) / 8 / largest
    random = np.random.default_rng(2)
    sizes = np.unique(np.logspace(1.5, 5, 15).astype(int))
    names = ("no mixing, N samples", "mixing, as printed", "mixing, plus Jensen gap")
    bounds = np.empty((len(sizes), 3, repeats))
    for place, n in enumerate(sizes):
        for trial in range(repeats):
            z = random.uniform(-2, 6, (2, n))
            losses, mixed = softplus(z) / largest, softplus(z.mean(axis=0)) / largest
            gap = losses.mean(axis=0) - mixed
            bounds[place, :, trial] = (
                upper(losses[0], delta),
                upper(mixed, delta),
                upper(mixed, delta / 2) + upper(gap, delta / 2),
            )
    figure, (left, right) = panels(2)
    for number, name in enumerate(names):
        colour = (BLUE, ORANGE, RED)[number]
        left.plot(sizes, bounds[:, number].mean(axis=1), color=colour, label=name)
        failed = (bounds[:, number] < risk).mean(axis=1)
        right.plot(sizes, 100 * failed, color=colour, label=name)
        print(f"  {name}: at N = {sizes[-1]} mean {bounds[-1, number].mean():.4f}, "
              f"below the risk {risk:.4f} in {100 * failed[-1]:.0f} % of {repeats}")  # fmt: skip
        print(f"    most failures over all N: {100 * failed.max():.1f} %")
    left.axhline(risk, color="black", ls=":", label="the risk R(f)")
    right.axhline(100 * delta, color="black", ls=":", label="δ")
    for panel in (left, right):
        panel.set_xscale("log")
    finish(left, "bound on the risk, mean of 400 data sets", "N", "loss / largest loss")
    finish(right, "how often the bound is below the risk", "N", "share of data sets (%)")
    save(figure, "bound")
    for n in (1000, 10**4, 10**5):
        terms = empirical_bernstein(0.25, n, 0.05, covering_number=1)
        print(f"  |2z-1| on 0, 1: risk 1, bound of Theorem 6 at N = {n}: {0.5 + sum(terms):.3f}")


def upper(losses: np.ndarray, delta: float) -> float:
    """The empirical Bernstein bound on the mean."""
    return losses.mean() + sum(empirical_bernstein(losses.var(ddof=1), len(losses), delta))

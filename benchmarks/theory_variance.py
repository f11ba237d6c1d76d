"""Proposition 2: when mixing lowers the variance of the loss."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.special import expit, roots_hermitenorm
from theory_shared import (
    BLUE,
    GREY,
    ORANGE,
    RED,
    digits_in_four_dimensions,
    finish,
    panels,
    save,
    softplus,
)

from osrae.evaluation.theory import draw_mixtures, risk_variance
from osrae.evaluation.theory.risk import curvature, mixing_threshold


def two_point_variances(z: np.ndarray, loss, alphas: np.ndarray) -> tuple[float, float, np.ndarray]:
    """V[ℓ(z)], K and V[ℓ(αz₁ + (1-α)z₂)] of a uniform distribution on points, exactly."""
    first, second = np.array(list(product(z, z))).T
    mixed = [loss(a * first + (1 - a) * second).var() for a in alphas]
    return loss(z).var(), curvature(loss(z), loss(z.mean())), np.array(mixed)


def counterexample(panel) -> None:
    z = np.array([-1.1, -0.9, 0.9, 1.1])
    alphas = np.linspace(0.5, 1, 101)
    variance, bend, mixed = two_point_variances(z, np.abs, alphas)
    bound = 2.5
    norm = alphas**2 + (1 - alphas) ** 2
    print(f"  loss |z| on {z}: V {variance:.4g}, K {bend:.4g}, B {bound}")
    print(f"    printed threshold {1 - bend / bound:.3f}, V at α = 1/2: {mixed[0]:.4g}")
    squares = two_point_variances(z, np.square, alphas)
    print(f"    loss z²: V {squares[0]:.4g}, K {squares[1]:.4g}, V at 1/2 {squares[2][0]:.4g}")
    panel.plot(norm, mixed, color=ORANGE, label="V[ℓ(αᵀz)]")
    panel.axhline(variance, color=BLUE, label="V[ℓ(z)]")
    panel.axvspan(0.5, 1 - bend / bound, color=RED, alpha=0.15, label="‖α‖² ≤ 1 − K/B, B = 2.5")
    finish(panel, "ℓ(z) = |z| on ±0.9, ±1.1", "‖α‖²", "variance")


def census() -> None:
    """Random convex losses on random points: how often each threshold is wrong."""
    random = np.random.default_rng(0)
    satisfied, broken, lowered = np.zeros(2, int), np.zeros(2, int), np.zeros(2, int)
    cases, alphas = 4000, np.linspace(0.5, 0.99, 15)
    norm = alphas**2 + (1 - alphas) ** 2
    for _ in range(cases):
        slopes, heights, z = random.normal(size=(3, 3))

        def loss(x, slopes=slopes, heights=heights):
            return np.maximum(0, (slopes * np.asarray(x)[..., None] + heights).max(-1))

        variance, bend, mixed = two_point_variances(z, loss, alphas)
        upper = loss(z).max() ** 2 / 4
        if upper == 0:
            continue
        thresholds = mixing_threshold(bend, upper), mixing_threshold(bend, variance)
        below = np.array([norm <= threshold for threshold in thresholds])
        grew = mixed > variance * (1 + 1e-9) + 1e-12
        satisfied += below.sum(axis=1)
        broken += (below & grew).sum(axis=1)
        lowered += [np.sum(~grew), len(norm)]
    for name, holds, fails in zip(("1 - K/B", "1 - K/V"), satisfied, broken, strict=True):
        print(f"  census: ‖α‖² ≤ {name}: {holds} cases, variance grew in {fails}")
    print(f"  census: variance did not grow in {100 * lowered[0] / lowered[1]:.0f} % of all")


def logistic_loss_of_a_gaussian(panel) -> None:
    """The threshold over how well a class is classified; margins are N(μ, 1)."""
    nodes, weights = roots_hermitenorm(80)
    weights = weights / weights.sum()
    means = np.linspace(-3, 5, 81)

    def moments(mean: float, scale: float) -> tuple[float, float]:
        losses = softplus(mean + scale * nodes)
        first = weights @ losses
        return first, weights @ (losses - first) ** 2

    thresholds, ratios = [], []
    for mean in means:
        risk, variance = moments(mean, 1)
        at_mean = float(softplus(np.array(mean)))
        thresholds.append(1 - (risk - at_mean) * (risk + at_mean) / variance)
        ratios.append(moments(mean, np.sqrt(0.5))[1] / variance)
    thresholds = np.array(thresholds)
    void = means[thresholds < 0.5]
    print(f"  logistic loss: no pair below the threshold for μ from {void[0]:.1f} to "
          f"{void[-1]:.1f}; the ratio is {min(ratios):.2f} to {max(ratios):.2f}")  # fmt: skip
    panel.plot(means, ratios, color=ORANGE, label="V[ℓ(αᵀz)] / V[ℓ(z)] at α = 1/2")
    panel.plot(means, thresholds, color=BLUE, label="1 − K/V")
    panel.axhline(0.5, color=GREY, ls=":", label="least ‖α‖² of a pair")
    panel.fill_between(means, 0, 1, where=thresholds < 0.5, color=RED, alpha=0.1, lw=0,
                       label="no α meets the threshold")  # fmt: skip
    panel.set_ylim(0, 1)
    finish(panel, "logistic loss, margins from N(μ, 1)", "μ", "ratio")


def shared_parents(panel) -> None:
    """Variance of the mean over repeated data sets, in units of V[ℓ]/N."""
    random, size, repeats = np.random.default_rng(1), 100, 20000
    z = random.normal(1, 2, (repeats, size))
    fresh = random.normal(1, 2, (2, repeats, size))
    shuffled = random.permuted(z, axis=1)
    drawn = [np.take_along_axis(z, random.integers(size, size=z.shape), 1) for _ in range(2)]
    schemes = {
        "no mixing": z,
        "independent pairs\n(the proof)": fresh.mean(axis=0),
        "partners by\npermutation": (z + shuffled) / 2,
        "partners drawn": (z + drawn[0]) / 2,
        "both drawn": (drawn[0] + drawn[1]) / 2,
    }
    for number, (name, loss) in enumerate({"linear": np.negative, "logistic": softplus}.items()):
        unit = loss(z).var() / size
        values = [loss(points).mean(axis=1).var() / unit for points in schemes.values()]
        panel.barh(np.arange(5) - 0.2 + 0.4 * number, values, 0.38, label=f"{name} loss",
                   color=(BLUE, ORANGE)[number])  # fmt: skip
        print(f"  shared parents, {name} loss: {np.round(values, 2)} of {list(schemes)}")
    panel.set_yticks(range(5), list(schemes))
    panel.invert_yaxis()
    panel.axvline(1, color="black", lw=0.8)
    finish(panel, "variance of the mean of N losses, α = 1/2", "in units of V[ℓ(z)] / N", "")


def laws_of_alpha() -> None:
    Z, y, coef, intercept = digits_in_four_dimensions()
    for t in (2, 3, 4):
        laws = {"1/t": [1 / t] * t, "simplex": "uniform", "Dirichlet(2)": 2.0}
        for name, mixing in laws.items():
            made = draw_mixtures(Z, y, mixing=mixing, mixture_size=t, repeats=20, random_state=0)
            result = risk_variance(Z, y, coef, intercept, made)
            ratio = result.variance_mixed / result.variance
            print(f"  digits, t = {t}, α {name:12}: mean ‖α‖² "
                  f"{result.alpha_norm.mean():.3f}, ratio "
                  f"{ratio.min():.2f} to {ratio.max():.2f} by class, below the threshold "
                  f"{result.satisfied.sum()}/10")  # fmt: skip


def risk_variance_study() -> None:
    print("Proposition 2")
    figure, axes = panels(3)
    counterexample(axes[0])
    logistic_loss_of_a_gaussian(axes[1])
    shared_parents(axes[2])
    save(figure, "variance")
    census()
    laws_of_alpha()


def logistic_expansion() -> None:
    """K/V of the logistic loss for narrow classes, against -log(p) p / (1-p)."""
    print("Narrow classes: K/V")
    nodes, weights = roots_hermitenorm(40)
    for margin in (-4.0, 0.0, 4.0):
        losses = softplus(margin + 0.01 * nodes)
        share = weights / weights.sum()
        risk = share @ losses
        ratio = (risk**2 - softplus(np.array(margin)) ** 2) / (share @ (losses - risk) ** 2)
        p = expit(margin)
        print(f"  margin {margin:+.0f}: {ratio:.4f}, formula {-np.log(p) * p / (1 - p):.4f}")

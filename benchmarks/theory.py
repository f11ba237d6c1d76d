"""Check the paper's propositions numerically, and make the plots and numbers of docs/theory.md.

    python benchmarks/theory.py

Every number on that page is printed here under the name of its section. Seeded; about a minute
and a half.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.special import expit, roots_hermitenorm
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from osrae import RAEClassifier
from osrae.evaluation.theory import (
    diagnose,
    draw_mixtures,
    interpolation,
    label_preservation,
    oversampled_margins,
    plots,
    risk_variance,
)
from osrae.evaluation.theory.bernstein import empirical_bernstein
from osrae.evaluation.theory.lipschitz import minimum_norms
from osrae.evaluation.theory.permutations import mixing_factor
from osrae.evaluation.theory.preservation import class_margins
from osrae.evaluation.theory.risk import cross_entropy, curvature, mixing_threshold

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


# ------------------------------------------------------------------ Proposition 1


def digits_in_four_dimensions() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Digits where a linear classifier makes mistakes, and that classifier."""
    X, y = load_digits(return_X_y=True)
    Z = PCA(4, random_state=0).fit_transform(X) / 10
    model = LogisticRegression(max_iter=1000).fit(Z, y)
    return Z, y, model.coef_, model.intercept_


def label_preservation_study() -> None:
    print("Proposition 1")
    Z, y, coef, intercept = digits_in_four_dimensions()
    right = class_margins(Z, y, coef, intercept)
    figure, (bars, scatter) = panels(2)
    for offset, t, colour in ((-0.2, 2, BLUE), (0.2, 3, ORANGE)):
        made = draw_mixtures(Z, y, mixture_size=t, repeats=20, random_state=0)
        wrong = (right[made.parents] <= 0).sum(axis=1)
        margin = class_margins(made.Z, made.y, coef, intercept)
        shares = [100 * np.mean(margin[wrong == count] > 0) for count in range(t + 1)]
        counts = np.bincount(wrong, minlength=t + 1)
        bars.bar(np.arange(t + 1) + offset, shares, 0.38, color=colour, label=f"t = {t}")
        print(f"  t = {t}: kept {np.round(shares, 1)} % of {counts} mixtures with 0, 1, … wrong")
        weighted = (made.alpha * right[made.parents]).sum(axis=1)
        print(f"  t = {t}: least margin minus weighted parents' {np.min(margin - weighted):.1e}")
        if t == 2:
            one = wrong == 1
            scatter.plot(weighted[one], margin[one], ".", ms=2, color=GREY, rasterized=True)
    bars.set_xticks(range(4))
    finish(bars, "mixtures that keep their class", "parents that L gets wrong", "share (%)")
    ends = np.array(scatter.get_xlim())
    scatter.plot(ends, ends, color=RED, lw=1, label="margin = weighted mean")
    finish(scatter, "pairs with one wrong parent: margins", "weighted mean of the parents' margins",
           "margin of the mixture")  # fmt: skip
    save(figure, "preservation")
    row = np.array([[-3.0], [-2], [-0.5], [0.5], [2], [3]])
    labels = np.repeat([0, 1, 2], 2)
    linear = np.array([[-2.0], [0], [2]]), np.array([-2.0, 0.5, -2])
    made = draw_mixtures(row, labels, repeats=200, random_state=0)
    result = label_preservation(row, labels, *linear, made)
    print(f"  three classes in a row: separable {result.separable}, kept {result.kept}")


# ------------------------------------------------------------------ Proposition 2


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


# ------------------------------------------------------------------ Proposition 3


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


# ------------------------------------------------------------------ Proposition 4


def on_the_sphere(n: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, d))
    y = np.repeat([-1, 1], [n // 2, n - n // 2])
    return X / np.linalg.norm(X, axis=1, keepdims=True), y


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


# ------------------------------------------------------------------ Corollary 1


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


# ------------------------------------------------------------------ a fitted model


def own_model() -> None:
    """The example of the page."""
    X, y = load_digits(return_X_y=True)
    X, y = X[:1000] / 16, y[:1000]
    model = RAEClassifier(image_shape=(8, 8), mixing="mixer", max_steps=40, device="cpu",
                          random_state=0).fit(X, y)  # fmt: skip
    result = diagnose(model, X, y, random_state=0)
    print(result)
    Z = model.transform(X)
    own_coefficients(model, Z, y)
    drawn = {
        "preservation": plots.preservation_bars(result.preservation),
        "variance": plots.risk_variance_bars(result.risk),
        "bound": plots.bernstein_bars(result.bernstein),
        "margins": plots.margin_bars(result.margins),
    }
    for name, figure in drawn.items():
        figure.savefig(IMAGES / f"theory-model-{name}.png")


def own_coefficients(model: RAEClassifier, Z: np.ndarray, y: np.ndarray) -> None:
    """V[ℓ(αᵀz)] / V[ℓ(z)] for the mixer's α, and for the same α dealt out to other pairs."""
    random = np.random.default_rng(0)
    ratios: dict[str, list[float]] = {"the mixer's": [], "the same, shuffled": []}
    for label in model.classes_:
        _, alpha, parents = model.sample_latent(5000, label, 0)
        coef, intercept = model.coef_, model.intercept_
        variance = cross_entropy(Z, y, coef, intercept)[parents].var()
        codes = np.full(len(alpha), label)
        for name, dealt in zip(ratios, (alpha, random.permutation(alpha)), strict=True):
            mixed = np.einsum("nt,ntm->nm", dealt, Z[parents])
            ratios[name].append(cross_entropy(mixed, codes, coef, intercept).var() / variance)
    for name, values in ratios.items():
        print(f"  ratio of variances by class, α {name}: {np.round(values, 2)}")


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


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    label_preservation_study()
    risk_variance_study()
    logistic_expansion()
    bound_study()
    lipschitz_study()
    corollary_study()
    own_model()


if __name__ == "__main__":
    main()

"""The example of docs/theory.md: diagnostics of a fitted model."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from theory_shared import IMAGES

from osrae import RAEClassifier
from osrae.evaluation.theory import diagnose, plots
from osrae.evaluation.theory.risk import cross_entropy


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

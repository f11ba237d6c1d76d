"""Plots of the diagnostics; each returns a figure and shows nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from osrae.evaluation.theory.bernstein import Bernstein
from osrae.evaluation.theory.lipschitz import Interpolation
from osrae.evaluation.theory.oversampling import OversampledMargins
from osrae.evaluation.theory.preservation import Preservation
from osrae.evaluation.theory.risk import RiskVariance

__all__ = [
    "bernstein_bars",
    "interpolation_curves",
    "margin_bars",
    "preservation_bars",
    "risk_variance_bars",
]

_PLAIN, _MIXED, _OTHER = "#1f5fa8", "#d9822b", "#7a7a7a"


def preservation_bars(result: Preservation) -> Figure:
    """Plot the share of members that are classified right, and of mixtures that keep the class.

    Parameters
    ----------
    result : Preservation

    Returns
    -------
    Figure
        A class that no hyperplane separates from the others has an asterisk.
    """
    figure, axes = _one_panel(len(result.classes))
    names = [
        f"{label}{'' if apart else '*'}"
        for label, apart in zip(result.classes, result.separable, strict=True)
    ]
    series = {"members classified right": result.correct, "mixtures that keep it": result.kept}
    _bars(axes, names, {name: 100 * values for name, values in series.items()})
    lowest = 100 * np.nanmin([result.correct, result.kept])
    axes.set_ylim(max(0.0, lowest - 10), 100)
    _label(axes, "class (* not linearly separable from the rest)", "share (%)")
    return _finished(figure, "Proposition 1: label preservation")


def risk_variance_bars(result: RiskVariance) -> Figure:
    """Plot the ratio of variances by class, with ‖α‖² and the threshold that would promise it.

    Parameters
    ----------
    result : RiskVariance

    Returns
    -------
    Figure
    """
    figure, axes = _one_panel(len(result.classes))
    names = [str(label) for label in result.classes]
    places = np.arange(len(names))
    ratio = np.divide(result.variance_mixed, result.variance,
                      out=np.full(len(names), np.nan), where=result.variance > 0)  # fmt: skip
    axes.bar(places, ratio, 0.6, color=_MIXED, label="variance with mixing / without")
    axes.plot(places, result.alpha_norm, "_", color=_PLAIN, ms=16, mew=2, label="mean of ‖α‖²")
    axes.plot(places, np.clip(result.threshold, 0, None), "v", color=_OTHER, ms=6,
              label="threshold 1 − K/V (0 if below)")  # fmt: skip
    axes.axhline(1, color="black", lw=0.8)
    axes.axhline(1 / result.mixture_size, color=_PLAIN, lw=0.8, ls=":", label="least ‖α‖² = 1/t")
    axes.set_xticks(places, names)
    axes.set_ylim(0, max(1.1, 1.1 * np.nanmax(np.append(ratio, 0))))
    _label(axes, "class", "ratio, or ‖α‖²")
    return _finished(figure, "Proposition 2: variance of the loss")


def bernstein_bars(result: Bernstein) -> Figure:
    """Plot the terms of the bound, stacked, with and without mixing and with the missing term.

    Parameters
    ----------
    result : Bernstein

    Returns
    -------
    Figure
    """
    figure, axes = _one_panel(3)
    mixed = np.array([result.risk_mixed, 0, result.variance_term_mixed, result.remainder])
    corrected = mixed + [0, max(result.jensen_gap, 0), 0, 0]
    columns = np.array([[result.risk, 0, result.variance_term, result.remainder], mixed, corrected])
    labels = ("mean loss", "Jensen gap", "variance term", "remainder")
    bottom = np.zeros(3)
    for label, colour, part in zip(
        labels, (_PLAIN, "#b03a2e", _MIXED, "#bdbdbd"), columns.T, strict=True
    ):
        axes.bar(range(3), part, 0.6, bottom=bottom, color=colour, label=label)
        bottom += part
    axes.set_xticks(
        range(3), ["without mixing:\nbounds the risk", "mixing, as printed:\ndoes not",
                   "mixing, with\nthe missing term"]
    )  # fmt: skip
    _label(axes, "", "loss / largest loss")
    return _finished(figure, f"Proposition 3: terms of the bound, δ = {result.delta:g}")


def interpolation_curves(result: Interpolation) -> Figure:
    """Plot ‖w_α‖ and its bound over α, with ‖w‖ and its bound.

    Parameters
    ----------
    result : Interpolation

    Returns
    -------
    Figure
        Of the class with the largest ‖w‖. Curves are missing where nothing interpolates.
    """
    figure, axes = _one_panel(3)
    if np.isfinite(result.norms).all():
        worst = int(result.norms.argmax())
        axes.axhline(result.norms[worst], color=_PLAIN, lw=4, alpha=0.35, label="‖w‖, no mixing")
        axes.plot(result.alphas, result.norms_mixed[:, worst], "o", color=_MIXED, ms=4,
                  label="‖w_α‖, mixing")  # fmt: skip
        axes.axhline(result.bound, color=_PLAIN, ls="--", label="√(2N), no mixing")
        finite = np.where(result.factors > 0, result.bounds_mixed, np.nan)
        axes.plot(result.alphas, finite, color=_MIXED, ls="--", label="√(2N/d(α)), mixing")
        axes.set_ylim(0, 3 * result.bound)
    else:
        text = f"{result.n} rows in {result.d} dimensions:\nno linear map fits them exactly"
        axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes)
    premise = "" if result.applies else "\npremise λ_min(XXᵀ) ≥ 1/2 not met: bounds need not hold"
    axes.set_xlim(0, 1)
    _label(axes, "α", "Lipschitz constant")
    return _finished(figure, f"Proposition 4: interpolation, k = {result.k:.2f}{premise}")


def margin_bars(result: OversampledMargins) -> Figure:
    """Plot ‖w‖ of the hard-margin classifiers of rows, of rows and mixtures, and of mixtures.

    Parameters
    ----------
    result : OversampledMargins

    Returns
    -------
    Figure
        Classes that no hyperplane separates from the others have no bars.
    """
    figure, axes = _one_panel(len(result.classes))
    series = {
        "rows": result.norms,
        "rows and mixtures": result.norms_both,
        "mixtures alone": result.norms_mixtures,
    }
    _bars(axes, [str(label) for label in result.classes], series)
    _label(axes, "class", "‖w‖ = 1 / margin")
    return _finished(figure, "Corollary 1: Lipschitz constant of the hard-margin classifier")


def _one_panel(n_groups: int) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(min(3.6 + 0.5 * n_groups, 12), 3.4), dpi=120)
    return figure, figure.add_subplot()


def _bars(axes: Axes, names: Sequence[str], series: dict[str, np.ndarray]) -> None:
    """Draw groups of bars side by side."""
    width = 0.8 / len(series)
    for number, (name, values) in enumerate(series.items()):
        places = np.arange(len(names)) + (number - (len(series) - 1) / 2) * width
        axes.bar(places, values, width, label=name, color=(_PLAIN, _OTHER, _MIXED)[number]
                 if len(series) == 3 else (_PLAIN, _MIXED)[number])  # fmt: skip
    axes.set_xticks(range(len(names)), names)


def _label(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)


def _finished(figure: Figure, title: str) -> Figure:
    """Put the legend beside the axes, and the title above."""
    axes = figure.axes[0]
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    axes.set_title(title, fontsize=10)
    figure.tight_layout()
    return figure

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from osrae.evaluation.theory import (
    bernstein_terms,
    draw_mixtures,
    interpolation,
    label_preservation,
    oversampled_margins,
    plots,
    risk_variance,
)

RANDOM = np.random.default_rng(0)
Y = np.repeat([0, 1, 2], 10)
Z = RANDOM.normal(size=(30, 2)) + 3 * np.array([[0, 0], [2, 0], [0.3, 0.3]])[Y]
COEF, INTERCEPT = np.array([[-1.0, -1], [2, -1], [0, 1]]), np.zeros(3)
MADE = draw_mixtures(Z, Y, random_state=0)


def drawn(figure: Figure) -> np.ndarray:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return np.asarray(Image.open(buffer).convert("RGB"))


def heights(figure: Figure) -> np.ndarray:
    return np.array([[bar.get_height() for bar in group] for group in figure.axes[0].containers])


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_preservation():
    result = label_preservation(Z, Y, COEF, INTERCEPT, MADE)
    figure = plots.preservation_bars(result)
    np.testing.assert_allclose(heights(figure), 100 * np.array([result.correct, result.kept]))
    names = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert names == [f"{c}{'' if result.separable[c] else '*'}" for c in range(3)]
    assert "1" in names
    assert "2*" in names
    assert len(np.unique(drawn(figure))) > 10


def test_risk_variance():
    result = risk_variance(Z, Y, COEF, INTERCEPT, MADE)
    figure = plots.risk_variance_bars(result)
    np.testing.assert_allclose(heights(figure)[0], result.variance_mixed / result.variance)
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    np.testing.assert_allclose(lines["mean of ‖α‖²"], result.alpha_norm)
    assert (lines["threshold 1 − K/V (0 if below)"] >= 0).all()
    assert len(np.unique(drawn(figure))) > 10


def test_bernstein():
    result = bernstein_terms([0.0, 1, 0.5], [0.2, 0.4, 0.3], largest_loss=1)
    figure = plots.bernstein_bars(result)
    totals = [result.bound, result.bound_mixed, result.bound_mixed + result.jensen_gap]
    np.testing.assert_allclose(heights(figure).sum(axis=0), totals)
    assert legend(figure) == ["mean loss", "Jensen gap", "variance term", "remainder"]


def test_interpolation():
    X, y = np.eye(4)[:3], np.array([0, 0, 1])
    result = interpolation(X, y, [1, 0, 2], [0.25, 0.5])
    figure = plots.interpolation_curves(result)
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    np.testing.assert_allclose(lines["‖w‖, no mixing"], np.sqrt(3))
    np.testing.assert_allclose(lines["‖w_α‖, mixing"], np.sqrt([3, 3]))
    # d(1/4) = 1/4, and no bound is left at 1/2.
    np.testing.assert_allclose(lines["√(2N/d(α)), mixing"], [np.sqrt(24), np.nan])
    assert "premise" not in figure.axes[0].get_title()


def test_where_nothing_interpolates_the_plot_says_so():
    figure = plots.interpolation_curves(interpolation(Z, Y, np.arange(30)))
    assert "30 rows in 2 dimensions" in figure.axes[0].texts[0].get_text()
    assert "premise" in figure.axes[0].get_title()
    assert len(np.unique(drawn(figure))) > 10


def test_margins():
    result = oversampled_margins(Z, Y, MADE)
    figure = plots.margin_bars(result)
    expected = [result.norms, result.norms_both, result.norms_mixtures]
    np.testing.assert_allclose(heights(figure), expected)
    assert legend(figure) == ["rows", "rows and mixtures", "mixtures alone"]
    assert np.isnan(result.norms).any()
    assert result.norms[1] == pytest.approx(result.norms_both[1], rel=1e-4)

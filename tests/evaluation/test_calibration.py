from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import brier_score_loss

from osrae import InputError
from osrae.evaluation.calibration import (
    brier_score,
    classwise_calibration_error,
    expected_calibration_error,
    reliability_table,
    shift_priors,
)

PROBA = np.array([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7], [0.1, 0.9]])
LABELS = np.array([0, 1, 1, 1])


def gaussians(shares, n: int, seed: int = 0):
    """Two unit Gaussians at ±1, with the exact posterior for equally common classes."""
    rng = np.random.default_rng(seed)
    y = rng.choice(2, size=n, p=shares)
    x = rng.normal(2 * y - 1)
    densities = np.column_stack([norm.pdf(x, -1), norm.pdf(x, 1)])
    return y, densities / densities.sum(1, keepdims=True)


def test_brier_by_hand():
    squares = [2 * 0.2**2, 2 * 0.6**2, 2 * 0.3**2, 2 * 0.1**2]
    assert brier_score(LABELS, PROBA) == pytest.approx(np.mean(squares))
    binary = brier_score_loss(LABELS, PROBA[:, 1], scale_by_half=True)
    assert brier_score(LABELS, PROBA[:, 1]) == pytest.approx(2 * binary)
    # The one sample of class 0 counts as much as the three of class 1 together.
    weighted = 0.5 * squares[0] + 0.5 * np.mean(squares[1:])
    for priors in ("balanced", [1, 1], {0: 0.5, 1: 0.5}):
        assert brier_score(LABELS, PROBA, priors=priors) == pytest.approx(weighted)


def test_brier_of_many_classes_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    proba, y = rng.dirichlet(np.ones(5), size=200), rng.integers(5, size=200)
    expected = brier_score_loss(y, proba, labels=range(5), scale_by_half=False)
    assert brier_score(y, proba, classes=range(5)) == pytest.approx(expected, abs=1e-12)


def test_calibration_error_by_hand():
    # Two bins: (0.5, 0.75] holds 0.6 (wrong) and 0.7 (right), (0.75, 1] holds 0.8 and 0.9 (right).
    table = reliability_table(LABELS, PROBA, n_bins=4)
    assert table["low"].tolist() == [0.5, 0.75]
    np.testing.assert_allclose(table["confidence"], [0.65, 0.85])
    np.testing.assert_allclose(table["accuracy"], [0.5, 1.0])
    expected = 0.5 * 0.15 + 0.5 * 0.15
    assert expected_calibration_error(LABELS, PROBA, n_bins=4) == pytest.approx(expected)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below():
    table = reliability_table([0, 1], [[0.75, 0.25], [0.0, 1.0]], n_bins=4)
    assert table["high"].tolist() == [0.75, 1.0]


def test_exact_posteriors_are_calibrated_and_their_shift_is_exact():
    rare = np.array([0.9, 0.1])
    y, balanced = gaussians(rare, 200_000)
    shifted = shift_priors(balanced, [1, 1], rare)
    # For Gaussians the shifted log-odds are 2x + log(0.1 / 0.9).
    odds = np.log(balanced[:, 1] / balanced[:, 0]) + np.log(0.1 / 0.9)
    np.testing.assert_allclose(np.log(shifted[:, 1] / shifted[:, 0]), odds, atol=1e-9)
    for error in (expected_calibration_error, classwise_calibration_error):
        assert error(y, shifted) < 0.005
        assert error(y, balanced, priors="balanced") < 0.01
    # The symmetry of this problem hides the wrong frequencies from the predicted class alone.
    assert expected_calibration_error(y, balanced) < 0.005
    assert classwise_calibration_error(y, balanced) > 0.1
    assert classwise_calibration_error(y, shifted, priors="balanced") > 0.1


def test_classwise_error_by_hand():
    # One bin: |mean probability − frequency| of each class, 0.45 − 0.25 and 0.55 − 0.75.
    assert classwise_calibration_error(LABELS, PROBA, n_bins=1) == pytest.approx(0.2)
    # "balanced" weights: class 0 has the mean ½·0.8 + ½·⅓ = 0.5667 and the frequency ½.
    expected = 0.5 * 0.8 + 0.5 / 3 - 0.5
    assert classwise_calibration_error(LABELS, PROBA, priors="balanced", n_bins=1) == pytest.approx(
        expected
    )


def test_shifting_there_and_back_changes_nothing():
    proba = np.random.default_rng(1).dirichlet(np.ones(3), size=20)
    old, new = [5, 3, 2], [1, 1, 8]
    np.testing.assert_allclose(shift_priors(shift_priors(proba, old, new), new, old), proba)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"proba": PROBA * 2}, "sum to 1"),
        ({"proba": PROBA - [0.5, -0.5]}, "negative"),
        ({"priors": "train"}, "expected 'balanced'"),
        ({"priors": [1, 0]}, "2 positive numbers"),
        ({"priors": [1, 1, 1]}, "2 positive numbers"),
        ({"priors": {0: 1}}, r"no number for the classes \[1\]"),
        ({"priors": {0: 1, 1: 1, 2: 1}}, r"priors holds \[2\], for which there is no column"),
        ({"priors": ["much", "little"]}, "frequencies is no array of numbers"),
        ({"proba": np.full((4, 2), "a")}, "proba is no array of numbers"),
        ({"proba": PROBA[:3]}, r"proba has shape \(3, 2\); expected \(4, 2\)"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InputError, match=message):
        brier_score(LABELS, **{"proba": PROBA, **arguments})


def test_bad_input_of_the_other_functions():
    with pytest.raises(InputError, match="n_bins=0"):
        expected_calibration_error(LABELS, PROBA, n_bins=0)
    with pytest.raises(InputError, match="shape"):
        shift_priors([0.5, 0.5], [1, 1], [1, 1])
    with pytest.raises(InputError, match="2 positive numbers"):
        shift_priors(PROBA, [1, -1], [1, 1])
    with pytest.raises(InputError, match=r"proba has shape \(0, 2\)"):
        shift_priors(np.zeros((0, 2)), [1, 1], [1, 1])
    with pytest.raises(InputError, match=r"old is a mapping; .*\[old\[label\] for label in"):
        shift_priors(PROBA, {0: 1, 1: 3}, [1, 1])
    with pytest.raises(InputError, match="new is a mapping"):
        shift_priors(PROBA, [1, 3], {0: 1, 1: 1})
    with pytest.raises(InputError, match=r"no array of numbers.*balanced"):
        shift_priors(PROBA, [1, 3], "balanced")


@pytest.mark.parametrize(
    "function",
    [brier_score, expected_calibration_error, classwise_calibration_error, reliability_table],
)
@pytest.mark.filterwarnings("error")
def test_labels_and_bins_are_checked(function):
    with pytest.raises(InputError, match="y_true is empty"):
        function([], np.zeros((0, 2)), [0, 1])
    with pytest.raises(InputError, match="y_true lacks 1 label"):
        function([0, 1, np.nan, 1], PROBA)
    with pytest.raises(InputError, match="y_true holds labels of type int, str"):
        function([0, 1, "1", 1], PROBA)
    if function is not brier_score:
        for n_bins in (2.5, "15", True, None):
            with pytest.raises(InputError, match=r"n_bins=.*expected a whole number from 1"):
                function(LABELS, PROBA, n_bins=n_bins)


@pytest.mark.parametrize("priors", [[0.5, 0.3, 0.2], {0: 5, 1: 3, 2: 2}, "balanced"])
def test_weight_on_a_class_without_samples_is_refused(priors):
    """Otherwise the scores would be those of other frequencies than were asked for."""
    proba = np.column_stack([PROBA, np.zeros(4)])
    with pytest.raises(InputError, match=r"weight to the classes \[2\].*y_true holds no sample"):
        brier_score(LABELS, proba, classes=[0, 1, 2], priors=priors)
    # Without priors, a class that is not there needs no weight.
    assert brier_score(LABELS, proba, classes=[0, 1, 2]) == brier_score(LABELS, PROBA)

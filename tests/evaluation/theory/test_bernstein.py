from __future__ import annotations

import numpy as np
import pytest

from osrae.errors import InputError
from osrae.evaluation.theory.bernstein import bernstein_terms, empirical_bernstein


def test_terms_of_both_theorems():
    log = np.log(2 / 0.1)
    variance_term, remainder = empirical_bernstein(0.04, 101, 0.1)
    assert variance_term == pytest.approx(np.sqrt(2 * 0.04 * log / 101))
    assert remainder == pytest.approx(7 * log / 300)
    log = np.log(10 * 5 / 0.1)
    variance_term, remainder = empirical_bernstein(0.04, 101, 0.1, covering_number=5)
    assert variance_term == pytest.approx(np.sqrt(18 * 0.04 * log / 101))
    assert remainder == pytest.approx(15 * log / 100)


def test_the_bound_holds_for_coins():
    random = np.random.default_rng(0)
    failures = 0
    for _ in range(2000):
        losses = random.random(100) < 0.3
        terms = empirical_bernstein(losses.var(ddof=1), 100, 0.1)
        failures += losses.mean() + sum(terms) < 0.3
    assert failures <= 0.1 * 2000


@pytest.mark.parametrize(
    "wrong",
    [
        {"n": 1},
        {"n": 15, "covering_number": 3},
        {"delta": 0},
        {"delta": 1},
        {"variance": -1},
        {"covering_number": 0.5},
    ],
)
def test_numbers_out_of_range(wrong):
    with pytest.raises(InputError, match="n is at least"):
        empirical_bernstein(**{"variance": 0.1, "n": 100, "delta": 0.1, **wrong})


def test_every_number_by_hand():
    result = bernstein_terms([0, 2, 4, 2], [1, 1, 2], largest_loss=4, delta=0.2)
    log = np.log(10)
    assert result.n == 4
    assert result.risk == 0.5
    assert result.risk_mixed == pytest.approx(1 / 3)
    assert result.variance == pytest.approx(8 / 3 / 16)
    assert result.variance_mixed == pytest.approx(1 / 3 / 16)
    assert result.variance_term == pytest.approx(np.sqrt(2 * 8 / 48 * log / 4))
    assert result.remainder == pytest.approx(7 * log / 9)
    assert result.bound == pytest.approx(0.5 + result.variance_term + 7 * log / 9)
    assert result.bound_mixed == pytest.approx(1 / 3 + np.sqrt(2 / 48 * log / 4) + 7 * log / 9)
    assert result.jensen_gap == pytest.approx(1 / 6)
    assert "Jensen gap 0.1667" in str(result)


def test_the_printed_bound_is_below_the_risk():
    """|2z - 1| is always 1 on {0, 1}; of mixtures at α = 1/2 it is 1 in half of the cases."""
    z = np.random.default_rng(0).integers(0, 2, size=(2, 5000))
    plain, mixed = np.abs(2 * z[0] - 1), np.abs(z.sum(axis=0) - 1)
    result = bernstein_terms(plain, mixed, largest_loss=1)
    assert result.risk == 1
    assert result.bound_mixed < 1 <= result.bound
    uniform = empirical_bernstein(result.variance_mixed, 5000, 0.05, covering_number=1)
    assert result.risk_mixed + sum(uniform) < 1


@pytest.mark.parametrize(
    ("plain", "largest"), [([0.5, 2.0], 1.0), ([-0.1, 0.5], 1.0), ([0.0, 0.0], 0.0)]
)
def test_losses_out_of_range(plain, largest):
    with pytest.raises(InputError, match="Losses lie between"):
        bernstein_terms(plain, [0.0, 0.0], largest_loss=largest)


def test_one_loss_has_no_variance():
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        bernstein_terms([0.5], [0.2, 0.3], largest_loss=1)

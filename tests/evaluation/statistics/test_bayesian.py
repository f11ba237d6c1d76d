from __future__ import annotations

import baycomp
import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from osrae.errors import InputError
from osrae.evaluation.statistics import bayesian as module
from osrae.evaluation.statistics import (
    bayesian_correlated_t,
    bayesian_signed_rank,
    score_table,
)


def probabilities(posterior) -> list[float]:
    return [posterior.p_left, posterior.p_rope, posterior.p_right]


def paired(differences, *, higher_is_better: bool = True):
    """A table in which method b is better than a by the given differences."""
    sign = 1 if higher_is_better else -1
    wide = pd.DataFrame({"a": 0.0, "b": sign * np.asarray(differences, dtype=float)})
    return score_table(wide, higher_is_better=higher_is_better)


# Notebook 6 of the tutorial by Benavoli et al. (2017), which prints the paper's table: left, rope
# and right for rope = 0.01.
PRINTED = [
    ("nbc", "aode", 0.000, 0.123, 0.877),
    ("nbc", "hnb", 0.000, 0.001, 0.999),
    ("nbc", "j48", 0.228, 0.006, 0.766),
    ("nbc", "j48gr", 0.179, 0.004, 0.817),
    ("aode", "hnb", 0.001, 0.965, 0.034),
    ("aode", "j48", 0.904, 0.034, 0.062),
    ("aode", "j48gr", 0.883, 0.046, 0.071),
    ("hnb", "j48", 0.962, 0.020, 0.019),
    ("hnb", "j48gr", 0.950, 0.026, 0.024),
    ("j48", "j48gr", 0.000, 1.000, 0.000),
]


@pytest.mark.parametrize(("first", "second", "left", "rope", "right"), PRINTED)
def test_signed_rank_of_benavoli_2017(benavoli, first, second, left, rope, right):
    posterior = bayesian_signed_rank(benavoli, first, second, rope=0.01, random_state=0)
    # Two Monte Carlo errors of at most 0.0019 and 0.0019, four times.
    np.testing.assert_allclose(probabilities(posterior), [left, rope, right], atol=0.011)
    assert posterior.samples.shape == (50_000, 3)
    np.testing.assert_allclose(posterior.samples.sum(axis=1), 1)


@pytest.mark.parametrize("rope", [0.0, 0.01])
@pytest.mark.parametrize("strength", [0.5, 2.0])
def test_samples_are_those_of_baycomp(benavoli, rope, strength):
    x, y = (benavoli.scores[:, benavoli.column(name)] for name in ("nbc", "j48"))
    options = {"nsamples": 3000, "random_state": 7}
    expected = baycomp.SignedRankTest.sample(x, y, rope, prior=strength, **options)
    ours = bayesian_signed_rank(
        benavoli, "nbc", "j48", rope=rope, prior_strength=strength, n_samples=3000, random_state=7
    )
    np.testing.assert_allclose(ours.samples, expected, atol=1e-10)
    reference = baycomp.SignedRankTest(x, y, rope, prior=strength, **options).probs()
    np.testing.assert_allclose(probabilities(ours), reference, atol=1e-12)


@pytest.mark.parametrize(
    ("z", "place", "strength", "expected"),
    [
        # The right wins if (w1 + w2)² > 1/2 with w1 + w2 ~ Beta(2, s): the prior lies left.
        (5.0, "left", 1.5, (beta.cdf(np.sqrt(0.5), 2, 1.5), 0, beta.sf(np.sqrt(0.5), 2, 1.5))),
        # 1 < z < 2: only pairs without the 0 of the prior are beyond the rope of 1.
        (1.5, "rope", 1.5, (0, beta.cdf(np.sqrt(0.5), 2, 1.5), beta.sf(np.sqrt(0.5), 2, 1.5))),
        # z > 2: all pairs but that of the prior with itself.
        (5.0, "rope", 1.5, (0, beta.sf(np.sqrt(0.5), 1.5, 2), beta.cdf(np.sqrt(0.5), 1.5, 2))),
        (-5.0, "right", 1.5, (beta.sf(np.sqrt(0.5), 2, 1.5), 0, beta.cdf(np.sqrt(0.5), 2, 1.5))),
        (5.0, "right", 1.5, (0, 0, 1)),
    ],
)
@pytest.mark.parametrize("higher_is_better", [True, False])
def test_the_prior_by_hand(z, place, strength, expected, higher_is_better):
    posterior = bayesian_signed_rank(
        paired([z, z], higher_is_better=higher_is_better), "a", "b",
        rope=1.0, prior_place=place, prior_strength=strength, random_state=1,
    )  # fmt: skip
    np.testing.assert_allclose(probabilities(posterior), expected, atol=0.01)


def test_pairs_on_the_edge_count_half_on_both_sides():
    # 0.1 + 0.2 is not 0.3 in binary, but z_i + z_j = 2 rope here.
    posterior = bayesian_signed_rank(
        paired([0.1, 0.2]), "a", "b", rope=0.15, n_samples=2000, random_state=0
    )
    w = np.random.RandomState(0).dirichlet([0.5, 1, 1], 2000)
    np.testing.assert_allclose(posterior.samples[:, 2], w[:, 1] * w[:, 2] + w[:, 2] ** 2)
    np.testing.assert_array_equal(posterior.samples[:, 0], 0)


def test_equal_methods_without_a_rope_are_even():
    posterior = bayesian_signed_rank(paired([0, 0, 0]), "a", "b", rope=0, random_state=0)
    np.testing.assert_allclose(probabilities(posterior), [0.5, 0, 0.5])
    posterior = bayesian_signed_rank(paired([0, 0, 0]), "a", "b", rope=0.1, random_state=0)
    np.testing.assert_allclose(probabilities(posterior), [0, 1, 0])


def test_swapping_the_methods_swaps_the_sides(benavoli):
    options = {"rope": 0.01, "n_samples": 500, "random_state": 5}
    one = bayesian_signed_rank(benavoli, "nbc", "hnb", **options)
    other = bayesian_signed_rank(benavoli, "hnb", "nbc", **options)
    np.testing.assert_array_equal(one.samples[:, 0], other.samples[:, 2])
    assert (one.first, one.second, one.rope) == ("nbc", "hnb", 0.01)


def test_blocks_do_not_change_the_samples(benavoli, monkeypatch):
    options = {"rope": 0.01, "n_samples": 1000, "random_state": 5}
    whole = bayesian_signed_rank(benavoli, "nbc", "aode", **options)
    monkeypatch.setattr(module, "_BLOCK_BYTES", 55 * 8 * 300)
    parts = bayesian_signed_rank(benavoli, "nbc", "aode", **options)
    np.testing.assert_allclose(parts.samples, whole.samples, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rope": -0.1}, "rope is -0.1"),
        ({"rope": np.nan}, "rope is nan"),
        ({"prior_place": "middle"}, "prior_place is 'middle'; it can be 'left', 'rope' or"),
        ({"prior_strength": 0}, "prior_strength is 0 and n_samples 50000"),
        ({"n_samples": 0}, "n_samples 0"),
        ({"second": "c"}, "no method 'c'"),
    ],
)
def test_bad_parameters_of_the_signed_rank_test(change, message):
    options = {"first": "a", "second": "b", "rope": 0.1} | change
    with pytest.raises(InputError, match=message):
        bayesian_signed_rank(paired([1, 2]), **options)


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        # The tutorial's notebook on the correlated t test: AODE first, then NBC, rope 0.01.
        ("anneal", (0.9542966354882696, 0.04570306097263277, 3.0353909763469744e-07)),
        ("audiology", (0.08214267577999079, 0.9085092663989454, 0.009348057821063849)),
    ],
)
def test_correlated_t_of_benavoli_2017(folds, dataset, expected):
    first, second = folds[f"{dataset} aode"], folds[f"{dataset} nbc"]
    posterior = bayesian_correlated_t(first, second, rope=0.01, test_fraction=0.1)
    # The file has three decimals of a percent, the notebook had all.
    np.testing.assert_allclose(probabilities(posterior), expected, atol=3e-4)


def test_the_posterior_that_the_tutorial_prints(folds):
    posterior = bayesian_correlated_t(
        folds["audiology aode"], folds["audiology nbc"], rope=0.01, test_fraction=0.1
    )
    assert posterior.mean == pytest.approx(-0.0026088997156299564, abs=1e-8)
    assert posterior.scale == pytest.approx(0.005270342447276725, abs=1e-8)
    assert posterior.degrees == 99


def test_the_documentation_of_baycomp(folds):
    # One run of ten folds of sonar, in percent.
    x, y = (100 * folds[f"sonar {name}"][:10] for name in ("nbc", "j48"))
    posterior = bayesian_correlated_t(x, y, rope=0, test_fraction=0.1)
    np.testing.assert_allclose(
        probabilities(posterior), [0.4145119975061462, 0, 0.5854880024938538], atol=1e-10
    )
    posterior = bayesian_correlated_t(x, y, rope=0.5, test_fraction=0.1)
    expected = [0.28584464173791002, 0.2691518716880249, 0.44500348657406508]
    np.testing.assert_allclose(probabilities(posterior), expected, atol=1e-10)


@pytest.mark.parametrize(("folds_", "runs"), [(10, 1), (5, 3), (2, 5)])
@pytest.mark.parametrize("rope", [0.0, 0.02])
def test_against_baycomp_for_other_designs(folds_, runs, rope):
    x, y = np.random.default_rng(folds_).normal(0.8, 0.05, (2, folds_ * runs))
    expected = baycomp.CorrelatedTTest(x, y, rope, runs)
    ours = bayesian_correlated_t(x, y, rope=rope, test_fraction=1 / folds_)
    reference = expected.probs()
    reference = reference if rope else (reference[0], 0, reference[1])
    np.testing.assert_allclose(probabilities(ours), reference, atol=1e-10)
    assert ours.scale**2 == pytest.approx(expected.var, rel=1e-12)
    errors = bayesian_correlated_t(
        -x, -y, rope=rope, test_fraction=1 / folds_, higher_is_better=False
    )
    assert probabilities(errors) == probabilities(ours)


@pytest.mark.parametrize(
    ("difference", "rope", "expected"),
    [(0.0, 0.0, (0.5, 0, 0.5)), (1.0, 0.0, (0, 0, 1)), (-1.0, 0.5, (1, 0, 0)),
     (0.25, 0.5, (0, 1, 0)), (0.5, 0.5, (0, 1, 0))],
)  # fmt: skip
def test_differences_that_do_not_vary(difference, rope, expected):
    posterior = bayesian_correlated_t(
        np.zeros(4), np.full(4, difference), rope=rope, test_fraction=0.25
    )
    assert posterior.scale == 0
    assert tuple(probabilities(posterior)) == expected


@pytest.mark.parametrize(
    ("first", "second", "fraction", "message"),
    [
        ([1, 2, 3], [1, 2], 0.1, r"shapes \(3,\) and \(2,\)"),
        ([1], [2], 0.1, "at least two scores"),
        ([1, np.nan], [1, 2], 0.1, "not all finite"),
        ([[1, 2]], [[1, 2]], 0.1, "two vectors"),
        ([1, 2], [2, 1], 10, "test_fraction is 10; give the share"),
    ],
)
def test_bad_input_of_the_correlated_t_test(first, second, fraction, message):
    with pytest.raises(InputError, match=message):
        bayesian_correlated_t(first, second, rope=0.1, test_fraction=fraction)

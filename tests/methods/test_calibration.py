from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from osrae import InputError
from osrae.methods.calibration import fit_temperature, resolve_priors


def test_a_known_temperature_is_found():
    """Labels drawn from softmax(logits / 3): the temperature is 3, up to noise."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 4)) * 4
    probabilities = softmax(logits / 3, axis=1)
    codes = (probabilities.cumsum(1) > rng.random((len(logits), 1))).argmax(1)
    assert fit_temperature(logits, codes, np.ones(logits.shape[1])) == pytest.approx(3, rel=0.05)


def test_it_minimises_the_balanced_likelihood_with_its_prior():
    rng = np.random.default_rng(1)
    codes = np.repeat([0, 1], [40, 5])
    logits = rng.normal(size=(45, 2)) + 2 * np.eye(2)[codes]
    weights = np.where(codes == 0, 1 / 40, 1 / 5)

    def objective(temperature):
        chosen = log_softmax(logits / temperature, axis=1)[np.arange(45), codes]
        return np.log(temperature) ** 2 / 90 - (weights * chosen).sum() / 2

    found = fit_temperature(logits, codes, np.ones(logits.shape[1]))
    grid = np.geomspace(0.05, 20, 2000)
    assert found == pytest.approx(grid[np.argmin([objective(t) for t in grid])], rel=0.01)


def test_scores_and_likelihood_are_those_for_the_priors():
    rng = np.random.default_rng(2)
    codes = np.repeat([0, 1], [40, 5])
    logits, priors = rng.normal(size=(45, 2)) + 2 * np.eye(2)[codes], np.array([8.0, 2.0])
    weights = np.where(codes == 0, 0.8 / 40, 0.2 / 5)

    def objective(temperature):
        scores = (logits + np.log([0.8, 0.2])) / temperature
        chosen = log_softmax(scores, axis=1)[np.arange(45), codes]
        return np.log(temperature) ** 2 / 90 - (weights * chosen).sum()

    found = fit_temperature(logits, codes, priors)
    grid = np.geomspace(0.05, 20, 2000)
    assert found == pytest.approx(grid[np.argmin([objective(t) for t in grid])], rel=0.01)


def test_a_few_rows_that_are_all_right_prove_no_certainty():
    logits = np.array([[5.0, 0.0], [0.0, 5.0]])
    assert 0.2 < fit_temperature(logits, np.array([0, 1]), np.ones(2)) < 1


def test_priors():
    counts = np.array([30, 10])
    np.testing.assert_allclose(resolve_priors("balanced", counts), [0.5, 0.5])
    np.testing.assert_allclose(resolve_priors("train", counts), [0.75, 0.25])
    np.testing.assert_allclose(resolve_priors([0.9, 0.1], counts), [0.9, 0.1])
    for wrong in (
        [0.5, 0.4],
        [1.0, 0.0],
        [1.5, -0.5],
        [0.2, 0.3, 0.5],
        {0: 0.5, 1: 0.5},
        ["a", "b"],
    ):
        with pytest.raises(InputError, match="2 positive numbers that sum to 1"):
            resolve_priors(wrong, counts)

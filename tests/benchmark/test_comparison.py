from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from osrae.errors import InputError
from osrae.evaluation.statistics import bayesian_correlated_t

from .comparisons import CODES, comparison

GOOD, FAIR = [0.80, 0.84, 0.82, 0.86, 0.83], [0.70, 0.72, 0.75, 0.71, 0.72]


@pytest.fixture
def found():
    return comparison({"logistic-regression": FAIR, "rae": GOOD, "gradient-boosting": FAIR[::-1]})


def test_methods_are_ranked_by_their_mean(found):
    table = found.table()
    assert table.index[0] == "rae"
    assert table.acsa.tolist() == sorted(table.acsa, reverse=True)
    assert table.acsa["rae"] == pytest.approx(np.mean(GOOD))
    assert np.isnan(table.p_same["rae"])


def test_the_interval_allows_for_folds_that_share_training_rows(found):
    mean, sd = np.mean(GOOD), np.std(GOOD, ddof=1)
    reach = t.ppf(0.975, 4) * sd * np.sqrt(1 / 5 + (1 / 5) / (4 / 5))  # Nadeau and Bengio
    assert found.interval(GOOD) == pytest.approx((mean - reach, mean + reach))
    row = found.table().loc["rae"]
    assert (row.low, row.high) == pytest.approx((mean - reach, mean + reach))


def test_an_interval_stays_within_what_a_mean_can_be(found):
    assert found.interval([0.2, 0.9, 1.0, 0.1, 1.0]) == (0.0, 1.0)


def test_folds_without_spread_have_no_interval(found):
    assert np.isnan(found.interval([1.0] * 5)).all()


@pytest.mark.parametrize(
    ("rope", "text"), [(0.01, "1 point"), (0.03, "3 points"), (0.005, "0.5 points")]
)
def test_the_rope_in_words(rope, text):
    assert comparison({"rae": GOOD}, rope=rope).rope_text == text


def test_differences_are_judged_by_the_correlated_t_test(found):
    expected = bayesian_correlated_t(GOOD, FAIR, rope=0.01, test_fraction=0.2)
    row = found.table().loc["logistic-regression"]
    assert row.p_best_better == pytest.approx(expected.p_left)
    assert row.p_same == pytest.approx(expected.p_rope)
    assert expected.p_left > 0.9


def test_recalls_have_the_rarest_class_last(found):
    recalls = found.recalls()
    assert recalls.index.tolist() == ["a", "b", "c"]
    assert recalls.columns[0] == "rae"
    assert recalls["rae"].tolist() == pytest.approx([np.mean(GOOD)] * 3)


def test_predictions_are_those_of_rows_when_they_were_held_out(found):
    true, predicted, probabilities = found.predictions("rae")
    assert sorted(true) == sorted(np.array(["a", "b", "c"])[CODES])
    assert (true == predicted).all()
    assert probabilities.shape == (100, 3)


def test_a_method_that_was_not_measured_is_named(found):
    with pytest.raises(InputError, match="'gamo' was not measured; there are rae, "):
        found.compare("rae", "gamo")


def test_the_budget_that_would_train_in_full_what_comes_first():
    found = comparison({"logistic-regression": FAIR, "rae": GOOD, "gradient-boosting": FAIR})
    assert found.enough == 0
    plain, first, _ = found.results
    plain.needs, first.needs, first.shortened = 10.0, 100.0, 0.5
    # Nothing comes after the next ones: they get what the plain models leave.
    assert found.enough == pytest.approx(1.2 * 110)
    plain.needs = 50.0  # half of a third is for it, the other half for gradient boosting
    assert found.enough == pytest.approx(1.2 * 300)
    with_others = comparison({"logistic-regression": FAIR, "rae": GOOD})
    for result, rank in zip(with_others.results, (1, 2), strict=True):
        result.candidate = replace(result.candidate, rank=rank)
        result.needs, result.left_out = 60.0, "needs about 60 s"
    assert with_others.enough == pytest.approx(1.2 * 90)  # two thirds are for the first of the two


def test_folds_that_agree_by_chance_are_no_certainty():
    """Two folds with one row of the rarest class each: one row more changes ACSA by a third."""
    few = np.array([2, 2, 2])
    scores = {"logistic-regression": [0.7] * 2, "rae": [0.5] * 2}
    beside = comparison(scores, counts=few, n_folds=2).compare("logistic-regression", "rae")
    scale = 1 / 3 * np.sqrt(1 / 2 + 1)  # s, and 1 / n + ρ / (1 - ρ) with ρ = 1 / 2
    assert beside.p_left == pytest.approx(t.sf((0.01 - 0.2) / scale, 1))
    same = comparison({"logistic-regression": [0.7] * 2, "rae": [0.7] * 2}, counts=few, n_folds=2)
    assert same.compare("logistic-regression", "rae").p_rope == 1
    for fold, result in enumerate(same.results[0].folds):  # the same scores, other predictions
        same.results[0].folds[fold] = replace(result, predicted=result.predicted[::-1])
    by_chance = same.compare("logistic-regression", "rae")
    assert by_chance.p_left == pytest.approx(t.sf(0.01 / scale, 1))


def test_rounding_errors_are_no_spread():
    found = comparison({"rae": [0.2 - 1e-16, 0.2 + 1e-16, 0.2, 0.2, 0.2]})
    assert np.isnan(found.interval(found.measured[0].acsa)).all()


def test_the_rarest_class_is_one_that_is_tested():
    found = comparison({"rae": [0.8] * 5}, counts=np.array([60, 1, 10]))
    assert found.rarest == 2
    assert found.table().loc["rae", "rarest"] == pytest.approx(0.8)

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, f, friedmanchisquare

from osrae.evaluation.statistics import average_ranks, friedman_test, score_table


def test_demsar_2006_table_6(demsar_printed):
    result = friedman_test(demsar_printed)
    np.testing.assert_allclose(result.average_ranks, [3.143, 2.0, 2.893, 1.964], atol=5e-4)
    assert result.chi2 == pytest.approx(9.28, abs=0.005)
    assert result.f == pytest.approx(3.69, abs=0.005)
    assert result.f_degrees == (3, 39)
    # "The critical value of F(3,39) for α = 0.05 is 2.85, so we reject the null-hypothesis."
    assert f.isf(0.05, 3, 39) == pytest.approx(2.85, abs=0.005)
    assert result.f_p < 0.05


def test_the_printed_scores_tie_where_the_paper_had_more_digits(demsar):
    # C4.5+cf and C4.5+m+cf share ranks 2 and 3 on voting, half a rank over 14 data sets.
    expected = [3.143, 2.0, 2.893 + 0.5 / 14, 1.964 - 0.5 / 14]
    np.testing.assert_allclose(average_ranks(demsar), expected, atol=5e-4)


def test_garcia_herrera_2008_as_scmamp_prints_it(garcia_herrera):
    result = friedman_test(garcia_herrera)
    np.testing.assert_allclose(
        result.average_ranks, [2.1, 3.25, 2.2, 4.333333, 3.116667], atol=5e-7
    )
    assert result.chi2 == pytest.approx(39.647, abs=5e-4)
    assert result.chi2_p == pytest.approx(5.121e-08, rel=1e-4)
    assert result.f == pytest.approx(14.309, abs=5e-4)
    assert result.f_p == pytest.approx(1.593e-09, rel=1e-3)
    assert result.f_degrees == (4, 116)


@pytest.mark.parametrize("ties", [False, True])
def test_against_scipy(ties):
    scores = np.random.default_rng(0).normal(size=(11, 5))
    scores = scores.round(0) if ties else scores
    result = friedman_test(score_table(pd.DataFrame(scores)))
    reference = friedmanchisquare(*scores.T)
    # scipy corrects for ties.
    assert result.chi2 / result.tie_factor == pytest.approx(reference.statistic, rel=1e-12)
    if ties:
        assert result.tie_factor < 1
    else:
        assert result.tie_factor == 1
        assert result.chi2_p == pytest.approx(reference.pvalue, rel=1e-9)


def test_the_tie_factor_by_hand():
    # Rows with ties of 3, of 2, and none: 1 - (24 + 6) / (3 · 3 · 8).
    wide = pd.DataFrame([[1, 1, 1], [1, 1, 2], [1, 2, 3]], columns=list("abc"))
    assert friedman_test(score_table(wide)).tie_factor == pytest.approx(1 - 30 / 72)


def test_iman_and_davenport_by_hand():
    # Ranks (1, 2), (1, 2), (2, 1): means 4/3 and 5/3, statistic 6 · (2/36) = 1/3.
    result = friedman_test(score_table(pd.DataFrame([[2, 1], [2, 1], [1, 2]])))
    assert result.chi2 == pytest.approx(1 / 3)
    assert result.chi2_p == pytest.approx(chi2.sf(1 / 3, 1))
    assert result.f == pytest.approx(2 * (1 / 3) / (3 - 1 / 3))
    assert result.f_p == pytest.approx(f.sf(0.25, 1, 2))


def test_few_data_sets_that_agree_prove_little():
    # Of two methods one is ahead on all of three tables in a quarter of all cases.
    result = friedman_test(score_table(pd.DataFrame([[2, 1], [2, 1], [2, 1]])))
    assert result.f == np.inf
    assert result.f_p == pytest.approx(0.25)


def test_methods_in_the_same_order_everywhere_and_tied_everywhere():
    same = friedman_test(score_table(pd.DataFrame(np.tile([3.0, 2.0, 1.0], (7, 1)))))
    assert same.chi2 == pytest.approx(14)
    assert same.f == np.inf
    assert same.f_p == pytest.approx(6.0**-6)  # that six tables repeat the order of the first
    tied = friedman_test(score_table(pd.DataFrame(np.ones((4, 3)))))
    assert (tied.chi2, tied.chi2_p, tied.f, tied.f_p, tied.tie_factor) == (0, 1, 0, 1, 0)

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, ttest_rel, wilcoxon

from osrae.errors import InputError
from osrae.evaluation.statistics import effect_sizes, score_table


def test_signed_ranks_of_demsar_2006_table_2(demsar):
    # C4.5+m against C4.5: R⁺ = 93, R⁻ = 12, differences of 0 ranked and split.
    effects = effect_sizes(demsar, "C4.5+m", "C4.5")
    assert effects.rank_biserial == pytest.approx((93 - 12) / (93 + 12))
    assert (effects.wins, effects.ties, effects.losses) == (10, 2, 2)


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_against_scipy(higher_is_better):
    sign = 1 if higher_is_better else -1
    x, y = np.random.default_rng(4).normal([[0.3], [0.0]], 1, (2, 17))
    table = score_table(
        pd.DataFrame({"x": sign * x, "y": sign * y}), higher_is_better=higher_is_better
    )
    effects = effect_sizes(table, "x", "y", confidence=0.9)
    reference = ttest_rel(x, y)
    interval = reference.confidence_interval(0.9)
    assert effects.mean_difference == pytest.approx((x - y).mean())
    assert effects.low == pytest.approx(interval.low)
    assert effects.high == pytest.approx(interval.high)
    assert effects.a12 == pytest.approx(mannwhitneyu(x, y).statistic / 17**2)
    assert effects.cliffs_delta == pytest.approx(2 * effects.a12 - 1)
    # alternative="greater" returns W⁺; all ranks sum to 17 · 18 / 2.
    positive = wilcoxon(x, y, alternative="greater").statistic
    assert effects.rank_biserial == pytest.approx(2 * positive / 153 - 1)


def test_small_numbers_by_hand():
    table = score_table(pd.DataFrame({"x": [3.0, 5.0, 1.0, 2.0], "y": [1.0, 5.0, 2.0, 2.0]}))
    effects = effect_sizes(table, "x", "y")
    # Differences 2, 0, -1, 0 with ranks 4, 1.5, 3, 1.5.
    assert effects.rank_biserial == pytest.approx((4 - 3) / 10)
    assert (effects.wins, effects.ties, effects.losses) == (1, 2, 1)
    # Of 16 pairs 3 > 1, 2, 2; 5 > 1, 2, 2; 2 > 1 are wins; 5 = 5, 1 = 1, 2 = 2, 2 = 2 ties.
    assert effects.a12 == pytest.approx((7 + 4 / 2) / 16)
    assert effects.mean_difference == pytest.approx(0.25)


def test_equal_methods_have_no_effect():
    effects = effect_sizes(score_table(pd.DataFrame(np.ones((5, 2)), columns=["x", "y"])), "x", "y")
    assert effects.rank_biserial == effects.cliffs_delta == effects.mean_difference == 0
    assert (effects.wins, effects.ties, effects.losses) == (0, 5, 0)
    assert effects.a12 == 0.5


def test_bad_levels_are_refused(demsar):
    with pytest.raises(InputError, match="confidence is 95; give a level between 0 and 1"):
        effect_sizes(demsar, "C4.5+m", "C4.5", confidence=95)

"""The numbers that the page docs/statistics.md gives are computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from osrae.evaluation.statistics import (
    all_pairs,
    bayesian_correlated_t,
    bayesian_signed_rank,
    bonferroni_dunn_cd,
    effect_sizes,
    friedman_test,
    nemenyi_cd,
    one_against_all,
)

PAGE = (Path(__file__).parents[3] / "docs" / "statistics.md").read_text(encoding="utf-8")


def words(numbers, digits: int) -> str:
    return ", ".join(f"{number:.{digits}f}" for number in numbers)


def last_cells() -> list[str]:
    """What the page says is ours, row by row."""
    table = PAGE.split("## Published numbers and ours")[1].split("\n\n")[1]
    return [row.split("|")[4].strip() for row in table.splitlines()[2:]]


def test_the_numbers_that_are_ours(demsar, demsar_printed, garcia_herrera, benavoli, folds):
    friedman = friedman_test(demsar_printed)
    effects = effect_sizes(demsar, "C4.5+m", "C4.5")
    positive = 105 * (1 + effects.rank_biserial) / 2
    other = friedman_test(garcia_herrera)
    pairs = all_pairs(garcia_herrera).set_index(["first", "second"])["p"]
    expected = [
        words(friedman.average_ranks, 3),
        words([friedman.chi2, friedman.f], 2),
        words([nemenyi_cd(14, 4)], 2),
        words([bonferroni_dunn_cd(14, 4)], 2),
        words(one_against_all(demsar_printed, "C4.5")["z"], 3),
        words([positive, 105 - positive], 0),
        words([other.chi2], 3),
        words([other.f], 3),
        f"{pairs['C4.5', 'Kernel']:.6e}",
        words([pairs["Kernel", "CN2"]], 9),
    ]
    rows = last_cells()
    assert rows[:10] == expected
    for row, pair in zip(
        rows[10:13], [("nbc", "aode"), ("nbc", "j48"), ("aode", "j48")], strict=True
    ):
        found = bayesian_signed_rank(benavoli, *pair, rope=0.01, random_state=0)
        probabilities = [found.p_left, found.p_rope, found.p_right]
        np.testing.assert_allclose([float(w) for w in row.split(",")], probabilities, atol=0.011)
    t = bayesian_correlated_t(
        folds["anneal aode"], folds["anneal nbc"], rope=0.01, test_fraction=0.1
    )
    assert rows[13] == words([t.p_left, t.p_rope], 5)
    x, y = (100 * folds[f"sonar {name}"][:10] for name in ("nbc", "j48"))
    t = bayesian_correlated_t(x, y, rope=0.5, test_fraction=0.1)
    assert rows[14] == words([t.p_left, t.p_rope, t.p_right], 5)
    printed = friedman_test(demsar)
    assert f"χ² = {printed.chi2:.2f} and F = {printed.f:.2f}" in PAGE
    assert words(printed.average_ranks[:3], 3) in PAGE
    assert f"ours is {nemenyi_cd(30, 5):.3f}" in PAGE

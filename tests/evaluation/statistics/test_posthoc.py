from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scikit_posthocs
from scipy.stats import norm

from osrae.errors import InputError
from osrae.evaluation.statistics import (
    adjust_bergmann_hommel,
    adjust_shaffer,
    all_pairs,
    bonferroni_dunn_cd,
    nemenyi_cd,
    one_against_all,
    score_table,
)

# friedmanPost(data.gh.2008), as the documentation of scmamp prints it; z
# follows from p.
RAW = {
    ("C4.5", "k-NN(k=1)"): 0.004848763,
    ("C4.5", "NaiveBayes"): 8.064959e-01,
    ("C4.5", "Kernel"): 4.486991e-08,
    ("C4.5", "CN2"): 0.012763008,
    ("k-NN(k=1)", "NaiveBayes"): 0.010112334,
    ("k-NN(k=1)", "Kernel"): 0.007963489,
    ("k-NN(k=1)", "CN2"): 0.743971478,
    ("NaiveBayes", "Kernel"): 1.736118e-07,
    ("NaiveBayes", "CN2"): 0.024744672,
    ("Kernel", "CN2"): 0.002880485,
}


def test_all_pairs_of_garcia_herrera_2008(garcia_herrera):
    frame = all_pairs(garcia_herrera).set_index(["first", "second"])
    assert frame["p"].is_monotonic_increasing
    assert set(frame.index) == set(RAW)
    for pair, p in RAW.items():
        assert frame.loc[pair, "p"] == pytest.approx(p, rel=1e-6)
    ordered = frame.loc[list(RAW)]
    np.testing.assert_allclose(np.abs(ordered["z"]), norm.isf(np.array([*RAW.values()]) / 2), 1e-6)
    assert ordered.loc[("C4.5", "Kernel"), "rank_difference"] == pytest.approx(-2.233333, abs=1e-6)
    # García and Herrera's "Nemenyi".
    np.testing.assert_allclose(ordered["bonferroni"], np.minimum(1, 10 * ordered["p"]))
    np.testing.assert_allclose(ordered["shaffer"], adjust_shaffer(ordered["p"]))
    np.testing.assert_allclose(ordered["bergmann_hommel"], adjust_bergmann_hommel(ordered["p"]))


def test_nemenyi_is_that_of_scikit_posthocs(garcia_herrera):
    frame = all_pairs(garcia_herrera, adjust="nemenyi")
    reference = scikit_posthocs.posthoc_nemenyi_friedman(
        pd.DataFrame(garcia_herrera.scores, columns=garcia_herrera.methods)
    )
    expected = [reference.loc[first, second] for first, second in frame[["first", "second"]].values]
    np.testing.assert_allclose(frame["nemenyi"], expected, rtol=1e-6)


@pytest.mark.parametrize(("n", "k"), [(14, 3), (30, 8), (25, 14)])
def test_nemenyi_and_its_critical_difference_agree(n, k):
    scores = np.random.default_rng(k).normal(size=(n, k)) + np.linspace(0, 2.5, k)
    frame = all_pairs(score_table(pd.DataFrame(scores)), adjust="nemenyi")
    for alpha in (0.01, 0.05, 0.1):
        differs = frame["rank_difference"].abs() >= nemenyi_cd(n, k, alpha)
        assert 0 < differs.sum() < len(frame)
        assert ((frame["nemenyi"] <= alpha) == differs).all()


def test_tiny_p_values_of_nemenyi_keep_their_bounds():
    # 300 data sets in the same order: z reaches 36, p 1e-286.
    frame = all_pairs(score_table(pd.DataFrame(np.tile(np.arange(10.0), (300, 1)))))
    assert (frame["nemenyi"] >= frame["p"]).all()
    assert (frame["nemenyi"] <= frame["bonferroni"]).all()
    assert frame["nemenyi"].min() > 0


def test_one_adjustment_needs_no_list(garcia_herrera):
    pd.testing.assert_frame_equal(
        all_pairs(garcia_herrera, adjust="shaffer"), all_pairs(garcia_herrera, adjust=["shaffer"])
    )


def test_holm_and_shaffer_of_garcia_herrera_2008_by_hand(garcia_herrera):
    frame = all_pairs(garcia_herrera)
    p = sorted(RAW.values())
    # Holm: 10, 9, 8, …; Shaffer for five methods: S(5) = {0, 1, 2, 3, 4, 6, 10}.
    for column, factors in (
        ("holm", [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("shaffer", [10, 6, 6, 6, 6, 4, 4, 3, 2, 1]),
    ):
        expected = np.minimum(1, np.maximum.accumulate(np.array(factors) * p))
        np.testing.assert_allclose(frame[column], expected, rtol=1e-6)


def test_bergmann_hommel_keeps_two_pairs_of_garcia_herrera_2008(garcia_herrera):
    # What the test of hyp-test (E. Gonzàlez i Pellicer) says is not rejected at 0.05.
    frame = all_pairs(garcia_herrera, adjust=["bergmann_hommel"])
    kept = frame[frame["bergmann_hommel"] > 0.05]
    assert set(zip(kept["first"], kept["second"], strict=True)) == {
        ("C4.5", "NaiveBayes"),
        ("k-NN(k=1)", "CN2"),
    }
    assert list(frame.columns) == [
        "first", "second", "rank_difference", "z", "p", "bergmann_hommel"]  # fmt: skip


def test_demsar_2006_against_the_control(demsar_printed):
    frame = one_against_all(demsar_printed, "C4.5").set_index("method")
    assert list(frame.index) == ["C4.5+m+cf", "C4.5+m", "C4.5+cf"]
    # z and p of section 3.2.2, from rounded ranks, and that Holm's procedure rejects two.
    np.testing.assert_allclose(frame["z"], [2.416, 2.342, 0.512], atol=1e-3)
    np.testing.assert_allclose(frame["p"], [0.016, 0.019, 0.607], atol=2e-3)
    assert list(frame["holm"] < 0.05) == [True, True, False]
    np.testing.assert_allclose(frame["bonferroni_dunn"], np.minimum(1, 3 * frame["p"]))


def test_the_control_is_better_where_the_difference_is_negative(demsar_printed):
    frame = one_against_all(demsar_printed, "C4.5+m").set_index("method")
    assert frame.loc["C4.5", "rank_difference"] == pytest.approx(2.0 - 3.143, abs=5e-4)
    with pytest.raises(InputError, match="no method 'C5' in the table"):
        one_against_all(demsar_printed, "C5")


# Table 5 of Demšar (2006); for two methods the test is that of one normal difference.
Q05 = {2: 1.960, 3: 2.343, 4: 2.569, 5: 2.728, 6: 2.850, 7: 2.949, 8: 3.031, 9: 3.102, 10: 3.164}
Q10 = {2: 1.645, 3: 2.052, 4: 2.291, 5: 2.459, 6: 2.589, 7: 2.693, 8: 2.780, 9: 2.855, 10: 2.920}


@pytest.mark.parametrize(("alpha", "table"), [(0.05, Q05), (0.1, Q10)])
def test_nemenyi_quantiles_of_demsar_2006(alpha, table):
    for k, q in table.items():
        error = np.sqrt(k * (k + 1) / (6 * 20))
        assert nemenyi_cd(20, k, alpha) / error == pytest.approx(q, abs=1.1e-3)


def test_critical_differences_of_demsar_2006():
    assert nemenyi_cd(14, 4) == pytest.approx(1.25, abs=0.005)
    error = np.sqrt(4 * 5 / (6 * 14))
    assert bonferroni_dunn_cd(14, 4) / error == pytest.approx(2.394, abs=5e-4)
    # The paper cuts 1.168 to 1.16.
    assert bonferroni_dunn_cd(14, 4) == pytest.approx(1.16, abs=0.01)
    assert bonferroni_dunn_cd(14, 4, 0.1) == pytest.approx(1.04, abs=0.005)


def test_two_methods_need_no_adjustment():
    frame = all_pairs(score_table(pd.DataFrame([[1, 2], [3, 5], [4, 1], [2, 3]])))
    for name in ("nemenyi", "bonferroni", "holm", "shaffer", "bergmann_hommel"):
        assert frame[name].item() == frame["p"].item()
    # Ranks 2, 2, 1, 2 and 1, 1, 2, 1: difference 0.5, standard error √(6 / 24).
    assert frame["z"].item() == pytest.approx(0.5 / 0.5)


def test_thirteen_methods_go_without_bergmann_hommel():
    scores = np.random.default_rng(0).normal(size=(5, 13))
    columns = ["first", "second", "rank_difference", "z", "p"]
    adjusted = ["nemenyi", "bonferroni", "holm", "shaffer"]
    assert list(all_pairs(score_table(pd.DataFrame(scores)))) == columns + adjusted
    twelve = all_pairs(score_table(pd.DataFrame(scores[:, :12])))
    assert list(twelve) == [*columns, *adjusted, "bergmann_hommel"]


def test_what_cannot_be_done_is_refused():
    scores = pd.DataFrame(np.random.default_rng(0).normal(size=(5, 13)))
    table = score_table(scores)
    with pytest.raises(InputError, match="partitions of 13 methods"):
        all_pairs(table, adjust="bergmann_hommel")
    for unknown in ("hochberg", ["hochberg"]):
        with pytest.raises(InputError, match="no adjustment 'hochberg'; use nemenyi, bonferroni,"):
            all_pairs(table, adjust=unknown)
    for arguments in ((1, 4, 0.05), (14, 1, 0.05), (14, 4, 0.0)):
        for difference in (nemenyi_cd, bonferroni_dunn_cd):
            with pytest.raises(InputError, match="at least two of each"):
                difference(*arguments)

from __future__ import annotations

from itertools import combinations, pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrae.errors import InputError
from osrae.evaluation.statistics import (
    adjust_bergmann_hommel,
    adjust_bonferroni,
    adjust_holm,
    adjust_shaffer,
)

# From the vignette "Statistical assessment of the differences" of scmamp: p-values of Friedman's
# aligned ranks on the data of García and Herrera (2008), adjusted by Shaffer's procedure and by
# Bergmann and Hommel's. Pairs of C4.5, k-NN, NaiveBayes, Kernel, CN2 in the order of combinations.
RAW = [1.174850e-03, 3.341698e-01, 2.843421e-10, 1.845167e-02, 2.265711e-02,
       2.197407e-03, 3.742777e-01, 9.226472e-08, 1.643229e-01, 7.793722e-05]  # fmt: skip
SHAFFER = [7.049103e-03, 6.683396e-01, 2.843421e-09, 7.380668e-02, 9.062842e-02,
           1.318444e-02, 6.683396e-01, 5.535883e-07, 4.929688e-01, 4.676233e-04]  # fmt: skip
BERGMANN = [7.049103e-03, 6.683396e-01, 2.843421e-09, 5.535501e-02, 6.797132e-02,
            8.789629e-03, 6.683396e-01, 5.535883e-07, 1.643229e-01, 3.117489e-04]  # fmt: skip


def exhaustive_sets(k: int) -> list[tuple[int, ...]]:
    """All sets of pairs that can be equal with no other pair equal, by the definition."""
    pairs = list(combinations(range(k), 2))
    number = {pair: i for i, pair in enumerate(pairs)}
    triples = [
        [number[tuple(sorted(pair))] for pair in ((a, b), (b, c), (a, c))]
        for a, b, c in permutations(range(k), 3)
    ]
    subsets = (
        tuple(i for i in range(len(pairs)) if bits >> i & 1) for bits in range(1, 2 ** len(pairs))
    )
    return [
        chosen
        for chosen in subsets
        if all(c in chosen for a, b, c in triples if a in chosen and b in chosen)
    ]


SETS = {k: exhaustive_sets(k) for k in (2, 3, 4, 5)}


def by_definition(p: list[float], k: int) -> list[float]:
    worst = [
        max(len(chosen) * min(p[j] for j in chosen) for chosen in SETS[k] if i in chosen)
        for i in range(len(p))
    ]
    return [min(1, value) for value in worst]


def test_against_the_tables_that_scmamp_prints():
    np.testing.assert_allclose(adjust_shaffer(RAW), SHAFFER, rtol=1e-6)
    np.testing.assert_allclose(adjust_bergmann_hommel(RAW), BERGMANN, rtol=1e-6)


def test_bonferroni_and_holm_by_hand():
    p = [0.01, 0.04, 0.03, 0.5]
    np.testing.assert_allclose(adjust_bonferroni(p), [0.04, 0.16, 0.12, 1])
    # Sorted 0.01, 0.03, 0.04, 0.5 times 4, 3, 2, 1; 0.08 is lifted to 0.09.
    np.testing.assert_allclose(adjust_holm(p), [0.04, 0.09, 0.09, 0.5])


def test_shaffer_by_hand():
    # Of the pairs of four methods 0, 1, 2, 3 or 6 can be equal: factors 6, 3, 3, 3, 2, 1.
    p = [0.001, 0.002, 0.003, 0.01, 0.1, 0.7]
    np.testing.assert_allclose(adjust_shaffer(p), [0.006, 0.006, 0.009, 0.03, 0.2, 0.7])
    np.testing.assert_allclose(adjust_shaffer([0.02, 0.01, 0.3]), [0.03, 0.03, 0.3])


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_shaffer_counts_are_the_sizes_of_the_exhaustive_sets(k):
    sizes = {0} | {len(chosen) for chosen in SETS[k]}
    m = k * (k - 1) // 2
    p = np.linspace(0.001, 0.01, m)
    factors = [max(s for s in sizes if s <= m - i) for i in range(m)]
    expected = [max(factors[j] * p[j] for j in range(i + 1)) for i in range(m)]
    np.testing.assert_allclose(adjust_shaffer(p), expected)


def test_there_are_as_many_exhaustive_sets_as_the_bell_numbers_say():
    assert [len(SETS[k]) + 1 for k in (2, 3, 4, 5)] == [2, 5, 15, 52]


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_bergmann_hommel_is_its_definition(k):
    random = np.random.default_rng(k)
    for _ in range(20):
        p = random.uniform(size=k * (k - 1) // 2) ** 3
        np.testing.assert_allclose(adjust_bergmann_hommel(p), by_definition(list(p), k))


@given(st.integers(2, 7).flatmap(lambda k: st.lists(
    st.floats(0, 1), min_size=k * (k - 1) // 2, max_size=k * (k - 1) // 2)))  # fmt: skip
def test_each_procedure_is_at_least_as_powerful_as_the_one_before(p):
    adjusted = [f(p) for f in (adjust_bonferroni, adjust_holm, adjust_shaffer)]
    adjusted.append(adjust_bergmann_hommel(p))
    for weaker, stronger in pairwise(adjusted):
        assert (stronger <= weaker * (1 + 1e-12)).all()
        assert (stronger >= p).all()


def test_ten_methods_in_groups():
    # Two groups of five methods, alike inside (p = 0.9) and different across (p = 1e-6): the whole
    # set is the largest with a small p, and the two groups together have 20 pairs.
    same = np.array([(i < 5) == (j < 5) for i, j in combinations(range(10), 2)])
    adjusted = adjust_bergmann_hommel(np.where(same, 0.04, 1e-6))
    np.testing.assert_allclose(adjusted[same], 20 * 0.04)
    np.testing.assert_allclose(adjusted[~same], 45e-6)


def test_too_many_methods_are_refused_with_their_number():
    with pytest.raises(InputError, match=r"27,644,437 partitions of 13 methods; at most 12"):
        adjust_bergmann_hommel(np.full(78, 0.5))


@pytest.mark.parametrize("adjust", [adjust_shaffer, adjust_bergmann_hommel])
def test_p_values_of_some_pairs_are_refused(adjust):
    with pytest.raises(InputError, match="4 p-values, which is not the number of all pairs"):
        adjust([0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize("p", [[], [0.1, 1.2, 0.3], [np.nan], [[0.1]]])
def test_what_is_no_vector_of_p_values_is_refused(p):
    for adjust in (adjust_bonferroni, adjust_holm, adjust_shaffer, adjust_bergmann_hommel):
        with pytest.raises(InputError, match="give a vector of p-values"):
            adjust(p)

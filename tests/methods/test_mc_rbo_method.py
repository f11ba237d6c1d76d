from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import chisquare

from osrae.methods import mc_rbo_method
from osrae.methods.mc_rbo_method import (
    ShuffledMoves,
    opponents,
    oversample_class,
    oversample_classes,
    potential,
)

from .mc_rbo_cases import WIDE, slow_potential, three_classes, two_classes

# ---------------------------------------------------------------- potential


def test_potential_is_opponents_minus_own():
    own, rivals = two_classes()
    x = np.random.default_rng(1).normal(size=(4, 3))
    points = np.concatenate([own, rivals])
    distances = np.abs(x[:, None] - points).sum(2) / 0.8
    signs = np.repeat([[-1.0, 1.0]], 4, axis=0).repeat([len(own), len(rivals)], axis=1)
    expected = [slow_potential(row, own, rivals, 0.8) for row in x]
    np.testing.assert_allclose(potential(distances, signs), expected, atol=1e-12)


def test_potential_of_points_beyond_27_gammas_is_zero():
    assert potential(np.array([[27.5, 1e9]]), np.array([[1.0, -1.0]])) == 0


def test_potential_leaves_its_arguments():
    distances = np.array([[1.0, 2.0]])
    potential(distances, np.array([[1.0, -1.0]]))
    np.testing.assert_array_equal(distances, [[1.0, 2.0]])


# ---------------------------------------------------------------- lists of moves


def drawn(moves, walkers, n):
    return np.stack([moves.next(walkers) for _ in range(n)], axis=1)


def test_a_list_holds_every_move_once_and_then_ends():
    walkers = np.arange(50)
    moves = ShuffledMoves(50, 4, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(drawn(moves, walkers, 8)), np.tile(np.arange(8), (50, 1)))
    np.testing.assert_array_equal(drawn(moves, walkers, 3), np.full((50, 3), -1))


def test_a_new_list_lacks_the_way_back():
    walkers, n = np.arange(60), 3
    moves = ShuffledMoves(60, 4, np.random.default_rng(0))
    last = drawn(moves, walkers, n)[:, -1]
    moves.restart(walkers, last)
    for row, move in zip(drawn(moves, walkers, 7), last, strict=True):
        assert sorted(row) == [m for m in range(8) if m != move ^ 1]
    np.testing.assert_array_equal(drawn(moves, walkers, 2), np.full((60, 2), -1))


def test_only_the_walkers_asked_for_take_a_move():
    moves = ShuffledMoves(3, 2, np.random.default_rng(0))
    first = drawn(moves, np.array([1]), 4)[0]
    assert sorted(first) == [0, 1, 2, 3]
    np.testing.assert_array_equal(np.sort(drawn(moves, np.array([0, 2]), 4)), [[0, 1, 2, 3]] * 2)
    np.testing.assert_array_equal(moves.next(np.array([1])), [-1])


@pytest.mark.parametrize("restarted", [False, True])
def test_every_order_is_as_likely(restarted):
    n = 24_000
    walkers = np.arange(n)
    moves = ShuffledMoves(n, 2, np.random.default_rng(3))
    alphabet, length = [0, 1, 2, 3], 4
    if restarted:  # a list that was used in part, then one without the way back of move 2
        drawn(moves, walkers, 3)
        moves.restart(walkers, np.full(n, 2))
        alphabet, length = [0, 1, 2], 3
    taken = drawn(moves, walkers, length)
    counts = [int((taken == order).all(axis=1).sum()) for order in itertools.permutations(alphabet)]
    assert sum(counts) == n
    assert chisquare(counts).pvalue > 1e-3


def test_very_many_coordinates_fit_the_list():
    moves = ShuffledMoves(2, 20_000, np.random.default_rng(0))
    taken = drawn(moves, np.arange(2), 500)
    assert taken.min() >= 0
    assert taken.max() >= 2**15
    assert all(len(set(row)) == 500 for row in taken)


# ---------------------------------------------------------------- opponents and classes


def test_opponents_are_drawn_from_the_larger_classes_alone():
    _, codes = three_classes()
    rng = np.random.default_rng(0)
    of_second = opponents(2, codes, len(codes), "sampling", rng)
    assert len(of_second) == 41
    assert set(codes[of_second]) == {1}
    assert len(set(of_second)) < 41  # with replacement
    of_third = opponents(0, codes, len(codes), "sampling", rng)
    np.testing.assert_array_equal(np.bincount(codes[of_third]), [0, 20, 20])


def test_opponents_include_points_made_before_but_none_that_are_not_made_yet():
    _, codes = three_classes()
    n = len(codes)
    enlarged = np.concatenate([codes, np.full(21, 2), np.full(30, -1)])
    draws = np.concatenate(
        [opponents(0, enlarged, n, "sampling", np.random.default_rng(s)) for s in range(60)]
    )
    of_second = draws[enlarged[draws] == 2]
    assert len(of_second) == 60 * 20
    members = np.flatnonzero(enlarged == 2)
    assert set(of_second) == set(members)
    assert chisquare([int((of_second == m).sum()) for m in members]).pvalue > 1e-3
    assert draws.max() < n + 21


def test_the_complete_decomposition_takes_all_original_rows_of_other_classes():
    _, codes = three_classes()
    enlarged = np.concatenate([codes, np.full(21, 2)])
    rng = np.random.default_rng(0)
    for code in range(3):
        found = opponents(code, enlarged, len(codes), "complete", rng)
        np.testing.assert_array_equal(found, np.flatnonzero(codes != code))


def test_the_largest_class_stands_against_all_others():
    _, codes = three_classes()
    found = opponents(1, codes, len(codes), "sampling", np.random.default_rng(0))
    np.testing.assert_array_equal(found, np.flatnonzero(codes != 1))


def test_where_classes_outnumber_rows_each_gives_one_opponent():
    codes = np.repeat(np.arange(6), [3, 2, 2, 2, 2, 1])
    found = opponents(5, codes, len(codes), "sampling", np.random.default_rng(0))
    np.testing.assert_array_equal(np.bincount(codes[found]), [1, 1, 1, 1, 1])


@pytest.mark.parametrize("decomposition", ["sampling", "complete"])
def test_classes_get_exactly_the_points_that_were_asked_for(decomposition):
    rows, codes = three_classes()
    before = rows.copy()
    n_new = np.array([30, 0, 21])
    points, point_codes = oversample_classes(
        rows, codes, n_new, WIDE, decomposition, np.random.default_rng(0)
    )
    np.testing.assert_array_equal(rows, before)
    np.testing.assert_array_equal(points[: len(rows)], before)
    np.testing.assert_array_equal(point_codes[: len(rows)], codes)
    np.testing.assert_array_equal(point_codes[len(rows) :], np.repeat([0, 2], [30, 21]))
    for x, code in zip(points[len(rows) :], point_codes[len(rows) :], strict=True):
        nearest = np.abs(rows[codes == code] - x).sum(1).min()
        assert nearest <= WIDE.n_steps * WIDE.step


def test_smaller_classes_walk_against_enlarged_ones_and_their_own_original_points(monkeypatch):
    rows, codes = three_classes()
    calls = []

    def spied(own, rivals, n, how, rng, *rest):
        calls.append((own, rivals, oversample_class(own, rivals, n, how, rng)))
        return calls[-1][2]

    monkeypatch.setattr(mc_rbo_method, "oversample_class", spied)
    oversample_classes(
        rows, codes, np.array([30, 0, 21]), WIDE, "sampling", np.random.default_rng(0)
    )
    (second_own, _, second), (third_own, third_rivals, _) = calls
    np.testing.assert_array_equal(second_own, rows[codes == 2])
    np.testing.assert_array_equal(third_own, rows[codes == 0])

    def held(points):
        return sum((points == x).all(axis=1).any() for x in third_rivals)

    assert held(rows[codes == 1]) == 20
    assert held(np.concatenate([second_own, second])) == 20
    assert held(second) > 0


def test_classes_of_equal_size_are_taken_from_the_last():
    codes = np.repeat([0, 1, 2], [5, 9, 5])
    found = opponents(2, codes, 19, "sampling", np.random.default_rng(0))
    assert set(codes[found]) == {1}
    found = opponents(0, codes, 19, "sampling", np.random.default_rng(0))
    assert set(codes[found]) == {1, 2}

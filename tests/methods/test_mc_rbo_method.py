from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import chisquare

from osrae.methods import mc_rbo_method
from osrae.methods.mc_rbo_method import (
    RadialWalk,
    ShuffledMoves,
    nearest_opponent_distance,
    neighbourhoods,
    opponents,
    oversample_class,
    oversample_classes,
    potential,
    walk,
)

from .mc_rbo_cases import three_classes

WIDE = RadialWalk(gamma=1.5, step=0.02, n_steps=250, n_neighbors=6)


# ---------------------------------------------------------------- the slow version


def slow_potential(x, own, rivals, gamma) -> float:
    """Φ at one point, written out."""
    total = 0.0
    for k in rivals:
        total += math.exp(-((sum(abs(a - b) for a, b in zip(x, k, strict=True)) / gamma) ** 2))
    for k in own:
        total -= math.exp(-((sum(abs(a - b) for a, b in zip(x, k, strict=True)) / gamma) ** 2))
    return total


def slow_walk(seed, own, rivals, lists, gamma, step, n_steps):
    """One walk, move by move; ``lists(way_back)`` gives the list that begins.

    Returns the steps away from the seed, |Φ| at the end, and every point that was tried.
    """
    away = [0] * len(seed)
    height = abs(slow_potential(seed, own, rivals, gamma))
    moves, tried = lists(None), []
    for _ in range(n_steps):
        if not moves:
            break
        move = moves.pop(0)
        candidate = list(away)
        candidate[move // 2] += 1 if move % 2 else -1
        x = [s + step * a for s, a in zip(seed, candidate, strict=True)]
        tried.append(x)
        if abs(slow_potential(x, own, rivals, gamma)) < height:
            away, height = candidate, abs(slow_potential(x, own, rivals, gamma))
            moves = lists(move ^ 1)
    return away, height, tried


def slow_neighbours(points, seed, k):
    """The seed and its k nearest other rows."""
    others = [i for i in range(len(points)) if i != seed]
    return {seed, *sorted(others, key=lambda i: np.abs(points[i] - points[seed]).sum())[:k]}


def given_list(rng, n_coordinates, way_back):
    return [int(m) for m in rng.permutation(2 * n_coordinates) if m != way_back]


class GivenMoves:
    """Lists of moves that a slow walk can have, too: those of generators 0, 1, …"""

    made = 0

    def __init__(self, n_walkers, n_coordinates, rng=None):
        self.d = n_coordinates
        self.rngs = [np.random.default_rng(GivenMoves.made + w) for w in range(n_walkers)]
        self.lists = [given_list(rng, self.d, None) for rng in self.rngs]
        GivenMoves.made += n_walkers

    def next(self, walkers):
        return np.array([self.lists[w].pop(0) if self.lists[w] else -1 for w in walkers])

    def restart(self, walkers, moves):
        for w, move in zip(walkers, moves, strict=True):
            self.lists[w] = given_list(self.rngs[w], self.d, move ^ 1)


@pytest.fixture
def given_moves(monkeypatch):
    monkeypatch.setattr(GivenMoves, "made", 0)
    return GivenMoves


def given_lists(number, n_coordinates):
    rng = np.random.default_rng(number)
    return lambda way_back: given_list(rng, n_coordinates, way_back)


def two_classes(n_own=8, n_rivals=20, d=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_own, d)), rng.normal(size=(n_rivals, d)) + 0.7


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


# ---------------------------------------------------------------- walks


@pytest.mark.parametrize("d", [1, 3, 12])
def test_walk_equals_the_slow_one_along_the_same_lists(d, given_moves):
    rng = np.random.default_rng(d)
    points, places = rng.normal(size=(3, 7, d)), np.array([0, 0, 0, 1, 2, 2])
    is_own = rng.random((3, 7)) < 0.4
    is_own[:, 0] = True
    starts = points[places, 0]
    away = walk(
        starts, np.ascontiguousarray(points.transpose(0, 2, 1)), np.where(is_own, -1.0, 1.0),
        places, given_moves(6, d), 0.01, 330,
    )  # fmt: skip
    lengths = []
    for w, place in enumerate(places):
        own, rivals = points[place][is_own[place]], points[place][~is_own[place]]
        expected, _, tried = slow_walk(starts[w], own, rivals, given_lists(w, d), 1.0, 0.01, 330)
        np.testing.assert_array_equal(away[w], expected)
        lengths.append(len(tried))
    assert np.abs(away).sum() > 100
    assert max(lengths) > 100  # beyond the first time that distances are computed anew


class RecordedMoves(ShuffledMoves):
    """Shuffled moves, written down walker by walker."""

    def __init__(self, n_walkers, n_coordinates, rng):
        super().__init__(n_walkers, n_coordinates, rng)
        self.record = [[] for _ in range(n_walkers)]

    def next(self, walkers):
        moves = super().next(walkers)
        for w, move in zip(walkers, moves, strict=True):
            self.record[w].append(int(move))
        return moves


class Replay:
    """A list for the slow walk: whatever was recorded next, across restarts."""

    def __init__(self, record):
        self.record = [move for move in record if move >= 0]

    def __bool__(self):
        return bool(self.record)

    def pop(self, place):
        return self.record.pop(place)


def replay(record):
    whole = Replay(record)
    return lambda way_back: whole


def test_distances_of_a_walk_equal_recomputed_ones(monkeypatch):
    """Tried distances, updated by one term a step, beside those of every point that was tried."""
    own, rivals = two_classes(d=5)
    own = own * 100  # large numbers, so that rounding shows
    seen = []

    def spied(distances, signs):
        seen.append(distances.copy())
        return potential(distances, signs)

    monkeypatch.setattr(mc_rbo_method, "potential", spied)
    near = np.concatenate([own[:2], rivals[:4] + 100])
    signs = np.array([[-1.0, -1, 1, 1, 1, 1]])
    moves = RecordedMoves(2, 5, np.random.default_rng(0))
    scale = 300.0
    walk(
        np.repeat(own[:1], 2, 0) / scale, near.T[None] / scale, signs, np.zeros(2, int), moves,
        0.01, 100,
    )  # fmt: skip
    for w in range(2):
        _, _, tried = slow_walk(
            own[0] / scale, near[:2] / scale, near[2:] / scale,
            replay(moves.record[w]), 1.0, 0.01, 100,
        )  # fmt: skip
        assert len(tried) > 20
        for step, x in enumerate(tried):
            exact = np.abs(np.array(x) - near / scale).sum(1)
            np.testing.assert_allclose(seen[1 + step][w], exact, rtol=0, atol=1e-9)


def test_shuffled_moves_lead_a_walk_by_the_rule():
    """Replay what a random walk tried: it keeps a move exactly where the slow walk does."""
    own, rivals = two_classes(d=4, seed=3)
    points = np.concatenate([own[:3], rivals[:5]])
    moves = RecordedMoves(20, 4, np.random.default_rng(1))
    signs = np.where(np.arange(8) < 3, -1.0, 1.0)[None]
    away = walk(
        np.repeat(own[:1], 20, 0), points.T[None].copy(), signs, np.zeros(20, int), moves, 0.02, 240
    )
    for w in range(20):
        expected, _, _ = slow_walk(
            own[0], own[:3], rivals[:5], replay(moves.record[w]), 1.0, 0.02, 240
        )
        np.testing.assert_array_equal(away[w], expected)


def test_no_walk_ends_farther_from_zero_potential_than_it_began():
    own, rivals = two_classes()
    how = RadialWalk(gamma=1.5, step=0.02, n_steps=150, n_neighbors=None)
    new, seeds = with_seeds(own, rivals, 40, how)
    ends = [abs(slow_potential(x, own, rivals, 1.5)) for x in new]
    begins = [abs(slow_potential(own[s], own, rivals, 1.5)) for s in seeds]
    assert all(end <= begin + 1e-12 for end, begin in zip(ends, begins, strict=True))
    assert sum(ends) < 0.5 * sum(begins)


def with_seeds(own, rivals, n, how, seed=0):
    """New points, and the seed of each: those that the same generator draws."""
    new = oversample_class(own, rivals, n, how, np.random.default_rng(seed))
    return new, np.sort(np.random.default_rng(seed).integers(len(own), size=n))


def test_points_move_by_whole_steps_and_no_farther_than_their_number():
    own, rivals = two_classes(d=6)
    how = RadialWalk(gamma=2.0, step=0.03, n_steps=170, n_neighbors=9)
    new, seeds = with_seeds(own, rivals, 60, how)
    steps = (new - own[seeds]) / 0.03
    np.testing.assert_allclose(steps, steps.round(), atol=1e-9)
    travelled = np.abs(steps.round()).sum(1)
    assert travelled.max() <= 170
    assert travelled.min() > 0


def test_where_no_opponent_is_felt_every_move_away_is_kept():
    """Only the seed's own potential is above 0: a walk of noise, away from it at every step."""
    own, rivals = np.zeros((1, 200)), np.full((30, 200), 1.0)
    how = RadialWalk(gamma=0.05, step=0.001, n_steps=40)
    new = oversample_class(own, rivals, 25, how, np.random.default_rng(0))
    travelled = (np.abs(new).sum(1) / 0.001).round()
    assert travelled.min() > 25  # a move back to a coordinate's start is refused, none else
    assert np.abs(new).max() < 0.01


def test_walkers_where_no_potential_is_felt_do_not_move():
    away = walk(
        np.zeros((2, 3)), np.full((1, 3, 4), 20.0), np.ones((1, 4)), np.zeros(2, int),
        ShuffledMoves(2, 3, np.random.default_rng(0)), 0.001, 50,
    )  # fmt: skip
    np.testing.assert_array_equal(away, 0)


def test_one_dimension_ends_half_way_to_the_opponent():
    how = RadialWalk(gamma=1.0, step=0.01)
    new = oversample_class(np.zeros((1, 1)), np.ones((1, 1)), 50, how, np.random.default_rng(0))
    assert np.abs(new - 0.5).max() <= 0.01 + 1e-12


def test_without_steps_points_are_copies_from_uniform_seeds():
    own, rivals = two_classes()
    how = RadialWalk(gamma=1.0, step=0.01, n_steps=0)
    new = oversample_class(own, rivals, 8000, how, np.random.default_rng(0))
    counts = [int((new == row).all(axis=1).sum()) for row in own]
    assert sum(counts) == 8000
    assert chisquare(counts).pvalue > 1e-3


# ---------------------------------------------------------------- one class


def test_neighbourhoods_equal_a_slow_search(monkeypatch):
    rng = np.random.default_rng(0)
    points, seeds = rng.normal(size=(60, 7)), np.array([0, 3, 17, 59])
    whole = neighbourhoods(points, seeds, 9)
    monkeypatch.setattr(mc_rbo_method, "_BLOCK_BYTES", 60 * 8)  # a seed at a time
    for found in (whole, neighbourhoods(points, seeds, 9)):
        assert [set(row) for row in found] == [slow_neighbours(points, s, 9) for s in seeds]


def test_a_seed_is_among_its_neighbours_whatever_copies_it_has():
    points = np.concatenate([np.zeros((6, 2)), np.ones((5, 2))])
    for row, seed in zip(neighbourhoods(points, np.arange(6), 3), range(6), strict=True):
        assert seed in row
        assert len(set(row)) == 4
        assert max(row) < 6


@pytest.mark.parametrize("block_bytes", [2**26, 4000])
@pytest.mark.parametrize("n_neighbors", [6, 200, None])
def test_oversampling_a_class_equals_the_slow_version(
    n_neighbors, block_bytes, given_moves, monkeypatch
):
    monkeypatch.setattr(mc_rbo_method, "ShuffledMoves", given_moves)
    monkeypatch.setattr(mc_rbo_method, "_BLOCK_BYTES", block_bytes)
    own, rivals = two_classes()
    how = RadialWalk(gamma=1.5, step=0.02, n_steps=130, n_neighbors=n_neighbors)
    new, seeds = with_seeds(own, rivals, 12, how)
    points = np.concatenate([own, rivals])
    for w, seed in enumerate(seeds):
        k = min(n_neighbors or 200, len(points) - 1)
        near = slow_neighbours(points, seed, k)
        away, _, _ = slow_walk(
            own[seed], points[[i for i in near if i < 8]], points[[i for i in near if i >= 8]],
            given_lists(w, 3), 1.5, 0.02, 130,
        )  # fmt: skip
        np.testing.assert_allclose(new[w], own[seed] + 0.02 * np.array(away), atol=1e-9)


def test_walkers_are_split_without_loss_into_blocks_of_bounded_size(monkeypatch):
    monkeypatch.setattr(mc_rbo_method, "_BLOCK_BYTES", 100_000)
    places = np.sort(np.random.default_rng(0).integers(40, size=300))
    blocks = mc_rbo_method._walker_blocks(np.unique(places, return_inverse=True)[1], 5, 26)
    np.testing.assert_array_equal(np.concatenate(blocks), np.arange(300))
    near = [len(np.unique(places[block])) * 5 * 26 * 8 for block in blocks]
    walkers = [len(block) * (3 * 26 + 2 * 5) * 8 for block in blocks]  # three arrays (W, M) at once
    assert len(blocks) >= 4
    assert max(a + b for a, b in zip(near, walkers, strict=True)) <= 100_000


def test_the_unit_nn_is_the_median_distance_to_the_nearest_opponent():
    own, rivals = two_classes(n_own=7)
    nearest = [min(np.abs(x - k).sum() for k in rivals) for x in own]
    unit = sorted(nearest)[3]
    assert nearest_opponent_distance(own, rivals) == pytest.approx(unit, abs=1e-12)
    relative = RadialWalk(gamma=0.8, step=0.01, n_steps=120, unit="nn")
    absolute = RadialWalk(gamma=0.8 * unit, step=0.01 * unit, n_steps=120)
    a, b = (
        oversample_class(own, rivals, 20, how, np.random.default_rng(0))
        for how in (relative, absolute)
    )
    np.testing.assert_allclose(a, b, atol=1e-9)


def test_with_the_unit_nn_the_scale_of_the_data_does_not_matter():
    own, rivals = two_classes()
    how = RadialWalk(gamma=1.0, step=0.01, n_steps=120, unit="nn")
    once = oversample_class(own, rivals, 20, how, np.random.default_rng(0))
    twice = oversample_class(4 * own, 4 * rivals, 20, how, np.random.default_rng(0))
    np.testing.assert_allclose(twice, 4 * once, rtol=1e-12)


def test_opponents_at_the_points_of_the_class_leave_copies():
    own, _ = two_classes()
    how = RadialWalk(gamma=1.0, step=0.01, unit="nn")
    new, seeds = with_seeds(own, own.copy(), 20, how)
    np.testing.assert_array_equal(new, own[seeds])


def test_the_type_of_rows_stays():
    own, rivals = (rows.astype(np.float32) for rows in two_classes())
    assert oversample_class(own, rivals, 5, WIDE, np.random.default_rng(0)).dtype == np.float32


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

    def spied(own, rivals, n, how, rng):
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

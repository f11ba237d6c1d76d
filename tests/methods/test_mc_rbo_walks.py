from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from osrae.methods import mc_rbo_method
from osrae.methods.mc_rbo_method import (
    RadialWalk,
    ShuffledMoves,
    nearest_opponent_distance,
    neighbourhoods,
    oversample_class,
    potential,
    walk,
)

from .mc_rbo_cases import (
    WIDE,
    GivenMoves,
    given_lists,
    slow_neighbours,
    slow_potential,
    slow_walk,
    two_classes,
)


@pytest.fixture
def given_moves(monkeypatch):
    monkeypatch.setattr(GivenMoves, "made", 0)
    return GivenMoves


def with_seeds(own, rivals, n, how, seed=0):
    """New points, and the seed of each: those that the same generator draws."""
    new = oversample_class(own, rivals, n, how, np.random.default_rng(seed))
    return new, np.sort(np.random.default_rng(seed).integers(len(own), size=n))


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
        expected, tried = slow_walk(starts[w], own, rivals, given_lists(w, d), 1.0, 0.01, 330)
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
        _, tried = slow_walk(
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
        expected, _ = slow_walk(
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
        away, _ = slow_walk(
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

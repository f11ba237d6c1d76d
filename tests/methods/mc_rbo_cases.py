"""What the tests of MC-RBO's modules share: data, and plain versions by loops."""

from __future__ import annotations

import math

import numpy as np

from osrae.methods.mc_rbo_method import RadialWalk

WIDE = RadialWalk(gamma=1.5, step=0.02, n_steps=250, n_neighbors=6)


def three_classes(seed=0, sizes=(11, 41, 20), d=3):
    """Class 1 is the largest, class 0 the smallest."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    return rng.normal(size=(len(codes), d)) + codes[:, None], codes


def two_classes(n_own=8, n_rivals=20, d=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_own, d)), rng.normal(size=(n_rivals, d)) + 0.7


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

    Returns the steps away from the seed, and every point that was tried.
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
    return away, tried


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


def given_lists(number, n_coordinates):
    rng = np.random.default_rng(number)
    return lambda way_back: given_list(rng, n_coordinates, way_back)

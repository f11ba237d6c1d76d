"""Multi-class radial-based oversampling: points that walk to where class potentials cancel.

A new point starts at a point of its class and moves one coordinate by one step at a time. A move is
kept if it brings the potential, opponents minus own class, closer to zero. All walks of a block run
together, as arrays: a step changes one coordinate, so it changes every L1 distance by one term.

Notation: ``n`` rows, ``d`` coordinates, ``C`` classes, ``S`` seeds (points of the class), ``W``
walkers, each of which began at a seed, and ``M`` near points whose potentials act on a walker.

References
----------
Krawczyk, Koziarski, Wozniak. Radial-Based Oversampling for Multiclass Imbalanced Data
Classification. IEEE Transactions on Neural Networks and Learning Systems 31(8), 2020.
Koziarski, Krawczyk, Wozniak. Radial-Based Oversampling for Noisy Imbalanced Data Classification.
Neurocomputing 343, 2019.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from scipy.spatial.distance import cdist

from osrae.methods.progress import Advance, part_of, silent

__all__ = [
    "Decomposition",
    "RadialWalk",
    "ShuffledMoves",
    "Unit",
    "nearest_opponent_distance",
    "neighbourhoods",
    "opponents",
    "oversample_class",
    "oversample_classes",
    "potential",
    "walk",
]

#: Bytes that a block of distances, or of walkers, takes at most.
_BLOCK_BYTES = 2**26
#: Walkers of a block at most: their distances to 26 points stay in a core's cache.
_BLOCK_WALKERS = 2048
#: Steps after which distances are computed anew, so that rounding errors do not add up.
_LEG = 100

Decomposition = Literal["sampling", "complete"]
Unit = Literal["absolute", "nn"]


@dataclass(frozen=True)
class RadialWalk:
    """How points walk; the fields are those parameters of `MCRBO`."""

    gamma: float
    step: float
    n_steps: int = 500
    n_neighbors: int | None = 25
    unit: Unit = "absolute"


def potential(distances: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Sum the potentials of points at L1 distances that are counted in gammas.

    ``Φ = Σ_opponents exp(-δ²) - Σ_own class exp(-δ²)``.

    Parameters
    ----------
    distances : ndarray of shape (W, M)
        Non-negative, ``δ = ‖x - k‖₁ / γ``.
    signs : ndarray of shape (W, M)
        1 for opponents, -1 for points of the class itself.

    Returns
    -------
    ndarray of shape (W,)
    """
    powers = np.multiply(distances, distances)
    np.negative(powers, out=powers)
    np.exp(powers, out=powers)
    return np.einsum("wm,wm->w", powers, signs)


class ShuffledMoves:
    """Each walker's list of moves in random order, of which no more is drawn than is taken.

    Move ``2a`` leads down coordinate ``a``, move ``2a + 1`` up. A list is the front of a
    Fisher-Yates shuffle, which may begin from any order: a new list begins with what the one
    before left. A uniform order of all moves but the way back is one of all moves in which the way
    back is skipped.
    """

    def __init__(self, n_walkers: int, n_coordinates: int, rng: np.random.Generator) -> None:
        self.n_moves, self.rng = 2 * n_coordinates, rng
        kind = np.int16 if self.n_moves < 2**15 else np.int32
        self.order = np.empty((n_walkers, self.n_moves + 1), dtype=kind)
        self.order[:, :-1] = np.arange(self.n_moves)
        self.order[:, -1] = -1  # the end of every list
        self.taken = np.zeros(n_walkers, dtype=np.int64)
        self.way_back = np.full(n_walkers, -2, dtype=np.int64)

    def next(self, walkers: np.ndarray) -> np.ndarray:
        """Return the next move of each walker, -1 where its list is at its end."""
        moves = self._draw(walkers)
        again = np.flatnonzero(moves == self.way_back[walkers])
        if len(again):
            moves[again] = self._draw(walkers[again])
        return moves

    def _draw(self, walkers: np.ndarray) -> np.ndarray:
        order, taken = self.order.reshape(-1), self.taken[walkers]
        left = self.n_moves - taken
        first = walkers * self.order.shape[1] + taken
        chosen = first + (self.rng.random(len(walkers)) * left).astype(np.int64)
        moves = order[chosen]
        order[chosen] = order[first]
        order[first] = moves
        self.taken[walkers] = np.minimum(taken + 1, self.n_moves)
        return moves.astype(np.int64)

    def restart(self, walkers: np.ndarray, moves: np.ndarray) -> None:
        """Begin new lists, without the way back, for walkers that kept these moves."""
        self.taken[walkers] = 0
        self.way_back[walkers] = moves ^ 1


def walk(
    starts: np.ndarray,
    near: np.ndarray,
    signs: np.ndarray,
    places: np.ndarray,
    moves: ShuffledMoves,
    step: float,
    n_steps: int,
) -> np.ndarray:
    """Let walkers walk, all at once; lengths are counted in gammas.

    ``n_steps`` times, each tries its next move, and keeps it if ``|Φ|`` becomes smaller. A walker
    at the end of its list has no move left that would, and stays.

    Parameters
    ----------
    starts : ndarray of float64, shape (W, d)
    near : ndarray of float64, shape (S, d, M)
        Groups of points that act on walkers, coordinates first.
    signs : ndarray of shape (S, M)
        1 for opponents, -1 for points of the class itself.
    places : ndarray of int, shape (W,)
        The group of each walker, ascending.
    moves : ShuffledMoves
    step : float
    n_steps : int

    Returns
    -------
    ndarray of int32, shape (W, d)
        How many steps each walker is away from its start along each coordinate.
    """
    n_walkers, n_coordinates = starts.shape
    columns = near.reshape(-1, near.shape[2])  # a row for each group and coordinate
    away = np.zeros((n_walkers, n_coordinates), dtype=np.int32)
    walkers = np.arange(n_walkers)
    for leg in range(0, n_steps, _LEG):
        if not len(walkers):
            break
        place = places[walkers]
        column, row, sign = place * n_coordinates, walkers * n_coordinates, signs[place]
        distances = _distances(starts[walkers] + step * away[walkers], near, place)
        height = np.abs(potential(distances, sign))
        for _ in range(min(_LEG, n_steps - leg)):
            move = moves.next(walkers)
            ended = move < 0
            coordinate = np.where(ended, 0, move >> 1)
            entry = row + coordinate
            here = starts.reshape(-1)[entry] + step * away.reshape(-1)[entry]
            offsets = here[:, None] - columns.take(column + coordinate, axis=0)
            tried = distances - np.abs(offsets)
            offsets += np.where(move & 1, step, -step)[:, None]
            tried += np.abs(offsets, out=offsets)
            tried_height = np.abs(potential(tried, sign))
            kept = np.flatnonzero((tried_height < height) & ~ended)
            distances[kept], height[kept] = tried[kept], tried_height[kept]
            away.reshape(-1)[entry[kept]] += np.where(move[kept] & 1, 1, -1).astype(np.int32)
            moves.restart(walkers[kept], move[kept])
        walkers = walkers[~ended]
    return away


def _distances(points: np.ndarray, near: np.ndarray, place: np.ndarray) -> np.ndarray:
    """L1 distances (W, M) of walkers to the points of their groups."""
    distances = np.empty((len(points), near.shape[2]))
    bounds = np.flatnonzero(np.diff(place, prepend=-1, append=len(near)))
    for start, stop in pairwise(bounds):
        distances[start:stop] = cdist(points[start:stop], near[place[start]].T, "cityblock")
    return distances


def neighbourhoods(points: np.ndarray, seeds: np.ndarray, k: int) -> np.ndarray:
    """Find each seed and its ``k`` nearest points (L1), which may be copies of it.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    seeds : ndarray of int, shape (S,)
        Rows of ``points``.
    k : int
        Below n.

    Returns
    -------
    ndarray of int, shape (S, k + 1)
        Rows of ``points``.
    """
    near = []
    for block, distances in _distance_blocks(points[seeds], points):
        itself = torch.from_numpy(seeds[block])[:, None]
        distances.scatter_(1, itself, -1.0)
        near.append(distances.topk(k + 1, largest=False).indices.numpy())
    return np.concatenate(near)


def nearest_opponent_distance(own: np.ndarray, rivals: np.ndarray) -> float:
    """Median, over the points of a class, of the L1 distance to the nearest opponent.

    Points that coincide with an opponent do not count; 0 if all do.
    """
    blocks = _distance_blocks(own, rivals)
    nearest = np.concatenate([block.min(1).values.numpy() for _, block in blocks])
    return float(np.median(nearest[nearest > 0])) if nearest.any() else 0.0


def _distance_blocks(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[slice, torch.Tensor]]:
    """L1 distances in float64 of some rows of ``x`` at a time to all of ``y``."""
    parts = torch.from_numpy(y).split(max(_BLOCK_BYTES // (8 * y.shape[1]), 1))
    rows = max(_BLOCK_BYTES // (8 * max(y.shape)), 1)
    for start in range(0, len(x), rows):
        block = slice(start, start + rows)
        some = torch.from_numpy(x[block]).double()
        yield block, torch.cat([torch.cdist(some, part.double(), p=1) for part in parts], 1)


def oversample_class(
    own: np.ndarray,
    rivals: np.ndarray,
    n: int,
    how: RadialWalk,
    rng: np.random.Generator,
    advance: Advance = silent,
) -> np.ndarray:
    """Make new points of one class.

    Parameters
    ----------
    own, rivals : ndarray of shape (n_own, d) and (n_rivals, d)
        The points of the class, and its opponents.
    n : int
        How many; their seeds are drawn from ``own`` with replacement.
    how : RadialWalk
    rng : numpy.random.Generator
    advance : callable
        Is told which share of them is made.

    Returns
    -------
    ndarray of shape (n, d), of the type of ``own``
        In the order of their seeds.
    """
    seeds = np.sort(rng.integers(len(own), size=n))
    new = own[seeds]
    unit = 1.0 if how.unit == "absolute" else nearest_opponent_distance(own, rivals)
    gamma, step = how.gamma * unit, how.step / how.gamma
    if n == 0 or gamma == 0:  # a width of 0 leaves no potential, hence no move that lowers it
        return new
    points = np.concatenate([own, rivals])
    if how.n_neighbors is None or how.n_neighbors + 1 >= len(points):
        index, places = np.arange(len(points))[None], np.zeros(n, dtype=np.int64)  # one group
    else:
        used, places = np.unique(seeds, return_inverse=True)
        index = neighbourhoods(points, used, how.n_neighbors)
    for block in _walker_blocks(places, own.shape[1], index.shape[1]):
        first, last = places[block[0]], places[block[-1]]
        group = index[first : last + 1]
        near = np.ascontiguousarray(points[group].transpose(0, 2, 1), dtype=np.float64)
        near /= gamma
        starts = new[block].astype(np.float64)
        away = walk(
            starts / gamma,
            near,
            np.where(group < len(own), -1.0, 1.0),
            places[block] - first,
            ShuffledMoves(len(block), own.shape[1], rng),
            step,
            how.n_steps,
        )
        new[block] = starts + step * gamma * away
        advance((block[-1] + 1) / n)
    return new


def _walker_blocks(places: np.ndarray, n_coordinates: int, n_near: int) -> list[np.ndarray]:
    """Split walkers, grouped by place, so that the arrays of each part stay small."""
    of_walker = max(8 * (6 * n_near + 5 * n_coordinates), _BLOCK_BYTES // _BLOCK_WALKERS)
    of_group = 2 * 8 * n_coordinates * n_near
    sizes = np.cumsum(of_walker + of_group * (np.diff(places, prepend=-1) > 0))
    return np.split(np.arange(len(places)), np.flatnonzero(np.diff(sizes // _BLOCK_BYTES)) + 1)


def opponents(
    code: int,
    codes: np.ndarray,
    n_original: int,
    decomposition: Decomposition,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the rows that a class walks against.

    ``"sampling"``: with the classes in descending order of size, class i = 1, 2, … takes
    ⌊n_max / i⌋ rows of each class before it, drawn with replacement from all that class has by
    then. The largest class has none before it. ``"complete"``: all original rows of all other
    classes, for the largest class too.

    Parameters
    ----------
    code : int
    codes : ndarray of int, shape (n,)
        Class numbers of the original rows, then of new ones (-1: not made yet).
    n_original : int
    decomposition : {"sampling", "complete"}
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int
        Rows, perhaps some more than once.
    """
    sizes, order = np.bincount(codes[:n_original]), _largest_first(codes[:n_original])
    before = order[: np.flatnonzero(order == code)[0]]
    if decomposition == "complete" or not len(before):
        return np.flatnonzero(codes[:n_original] != code)
    drawn = max(int(sizes.max()) // len(before), 1)
    return np.concatenate([rng.choice(np.flatnonzero(codes == other), drawn) for other in before])


def _largest_first(codes: np.ndarray) -> np.ndarray:
    """Classes in descending order of size, equal ones as in the authors' code: last one first."""
    return np.argsort(np.bincount(codes), kind="stable")[::-1]


def oversample_classes(
    rows: np.ndarray,
    codes: np.ndarray,
    n_new: np.ndarray,
    how: RadialWalk,
    decomposition: Decomposition,
    rng: np.random.Generator,
    advance: Advance = silent,
) -> tuple[np.ndarray, np.ndarray]:
    """Make new points of all classes, from the largest class to the smallest.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
    codes : ndarray of int, shape (n,)
    n_new : ndarray of int, shape (C,)
    how : RadialWalk
    decomposition : {"sampling", "complete"}
    rng : numpy.random.Generator
    advance : callable
        Is told which share of them is made.

    Returns
    -------
    points : ndarray of shape (n + n_new.sum(), d)
        ``rows``, then the new points, class by class in the order of class numbers.
    point_codes : ndarray of int, shape (n + n_new.sum(),)
    """
    n = len(rows)
    points = np.empty((n + n_new.sum(), rows.shape[1]), rows.dtype)
    point_codes = np.full(len(points), -1)
    points[:n], point_codes[:n] = rows, codes
    starts = n + np.cumsum(n_new) - n_new
    done, share = 0.0, n_new / max(n_new.sum(), 1)
    for code in _largest_first(codes):
        if n_new[code]:
            made = slice(starts[code], starts[code] + n_new[code])
            rivals = points[opponents(code, point_codes, n, decomposition, rng)]
            own, part = rows[codes == code], part_of(advance, done, done + share[code])
            points[made] = oversample_class(own, rivals, n_new[code], how, rng, part)
            point_codes[made] = code
            done += share[code]
    return points, point_codes

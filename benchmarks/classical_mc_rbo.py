"""MC-RBO beside its authors' code."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np
from classical_tables import in_unit_cube, table, untied
from classical_timing import beside
from scipy.spatial.distance import cdist
from two_samples import Row, Table, over_seeds, two_samples

from osrae.methods import mc_rbo_method as mc_rbo
from osrae.methods.mc_rbo_method import RadialWalk

RBO_TABLES = ("newthyroid", "glass", "ecoli", "cleveland", "vehicle", "yeast", "page-blocks",
              "satimage")  # fmt: skip
#: Tables of which the authors' MC-RBO makes all classes in seconds.
RBO_WHOLE_TABLES = ("newthyroid", "glass", "vehicle", "cleveland", "dermatology")
_WALKS = 24


def our_rbo(data: Table, how: RadialWalk, seed: int) -> Table:
    """All points after a run of ours."""
    rows, codes = data
    counts = np.bincount(codes)
    rng = np.random.default_rng(seed)
    n_new = counts.max() - counts
    return mc_rbo.oversample_classes(rows, codes, n_new, how, "sampling", rng)


def their_rbo(theirs: ModuleType, data: Table, how: RadialWalk, seed: int) -> Table:
    """All points after a run of theirs."""
    np.random.seed(seed)  # noqa: NPY002
    method = theirs.MultiClassRBO(gamma=how.gamma, step_size=how.step, n_steps=how.n_steps)
    points, codes = method.fit_sample(*data)
    return points, codes.astype(int)


def their_walks(
    theirs: ModuleType, own: np.ndarray, rivals: np.ndarray, n: int, how: RadialWalk, seed: int
) -> np.ndarray:
    """New points of one class by their binary RBO."""
    X = np.concatenate([own, rivals])
    y = np.repeat([1.0, 0.0], [len(own), len(rivals)])
    np.random.seed(seed)  # noqa: NPY002
    rbo = theirs.RBO(how.gamma, how.step, how.n_steps, minority_class=1.0, n=n)
    return np.array(rbo.fit_sample(X, y))


def rare_class(data: Table) -> tuple[np.ndarray, np.ndarray, float]:
    """The smallest class of ten rows at least, its opponents, and a width that they can feel."""
    rows, codes = data
    counts = np.bincount(codes)
    fit = np.flatnonzero((counts >= 10) & (counts < counts.max()))
    code = int(min(fit, key=lambda code: counts[code]))
    rng = np.random.default_rng(0)
    rivals = rows[mc_rbo.opponents(code, codes, len(codes), "sampling", rng)]
    own = rows[codes == code]
    return own, rivals, mc_rbo.nearest_opponent_distance(own, rivals)


def shuffled(
    n_dimensions: int, excluded: tuple[int, int] | None, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Make a list of moves as theirs does: coordinate and sign, taken from the end."""
    every = [(dimension, sign) for dimension in range(n_dimensions) for sign in (-1, 1)]
    every = [move for move in every if move != excluded]
    return [every[place] for place in rng.permutation(len(every))]


class TheirLists:
    """Stands for their function: lists of walk 0, 1, … come from generators 0, 1, …"""

    def __init__(self) -> None:
        self.walk = -1

    def __call__(
        self, n_dimensions: int, excluded_direction: tuple[int, int] | None = None
    ) -> list[tuple[int, int]]:
        if excluded_direction is None:
            self.walk += 1
            self.rng = np.random.default_rng(self.walk)
        return shuffled(n_dimensions, excluded_direction, self.rng)


class OurLists:
    """Stands for `ShuffledMoves`: the same lists; ``first`` counts walks over all blocks."""

    def __init__(self, first: Iterator[int], n_walkers: int, n_coordinates: int, _: Any) -> None:
        self.n_coordinates = n_coordinates
        self.rngs = [np.random.default_rng(next(first)) for _ in range(n_walkers)]
        self.lists = [shuffled(n_coordinates, None, rng) for rng in self.rngs]

    def next(self, walkers: np.ndarray) -> np.ndarray:
        moves = [self.lists[walker].pop() if self.lists[walker] else None for walker in walkers]
        return np.array([-1 if m is None else 2 * m[0] + (m[1] > 0) for m in moves])

    def restart(self, walkers: np.ndarray, moves: np.ndarray) -> None:
        for walker, move in zip(walkers, moves, strict=True):
            back = (int(move >> 1), 1 - 2 * int(move & 1))
            self.lists[walker] = shuffled(self.n_coordinates, back, self.rngs[walker])


class GivenSeeds:
    """Stands for a generator that draws these seeds."""

    def __init__(self, seeds: np.ndarray) -> None:
        self.seeds = seeds

    def integers(self, *_: Any, **__: Any) -> np.ndarray:
        return self.seeds


def rbo_agreement(theirs: ModuleType) -> Iterator[Row]:
    """Compare potentials, and walks of a rare class along given lists of moves."""
    for name in (*RBO_TABLES, "synthetic"):
        rows, codes = in_unit_cube(untied(table(name)))
        own, rivals, unit = rare_class((rows, codes))
        signs = np.repeat([-1.0, 1.0], [len(own), len(rivals)])
        for gamma in (0.05, unit):
            rng = np.random.default_rng(0)
            points = rows[rng.integers(len(rows), size=50)]
            points = points + rng.normal(scale=0.01, size=points.shape)
            apart = cdist(points, np.concatenate([own, rivals]), "cityblock") / gamma
            ours = mc_rbo.potential(apart, np.tile(signs, (50, 1)))
            other = [theirs.mutual_class_potential(p, rivals, own, gamma) for p in points]
            off = float(np.abs(ours - other).max())
            how = RadialWalk(gamma, gamma / 50)
            # The seeds that they draw first of all.
            np.random.seed(3)  # noqa: NPY002
            drawn = [np.random.choice(range(len(own))) for _ in range(_WALKS)]  # noqa: NPY002
            seeds = np.sort(drawn)
            lists = functools.partial(OurLists, iter(range(_WALKS)))
            with (
                mock.patch.object(theirs, "generate_possible_directions", TheirLists()),
                mock.patch.object(mc_rbo, "ShuffledMoves", lists),
            ):
                b = their_walks(theirs, own, rivals, _WALKS, how, 3)
                a = mc_rbo.oversample_class(own, rivals, _WALKS, how, GivenSeeds(seeds))  # type: ignore[arg-type]
            yield {
                "method": "MC-RBO",
                "case": f"{name}, gamma {gamma:.3g}",
                "potential": off,
                "walks": _WALKS,
                "equal_to_1e-9": int((np.abs(a - b).max(1) < 1e-9).sum()),
                "mean_steps_away": float(np.abs(a - own[seeds]).sum(1).mean() / how.step),
            }


def walk_statistics(
    new: np.ndarray, own: np.ndarray, rivals: np.ndarray, gamma: float
) -> np.ndarray:
    """Where walks end, how far from the nearest row of the class, and at which potential."""
    near = own[cdist(new, own, "cityblock").argmin(1)]
    away = new - near
    signs = np.tile(np.repeat([-1.0, 1.0], [len(own), len(rivals)]), (len(new), 1))
    apart = cdist(new, np.concatenate([own, rivals]), "cityblock") / gamma
    lengths = np.abs(away).sum(1), np.abs(away).max(1), (np.abs(away) > 1e-12).sum(1)
    return np.column_stack([*lengths, mc_rbo.potential(apart, signs), new, away])


def rbo_distribution(theirs: ModuleType, seeds: int) -> Iterator[Row]:
    """Walks of a rare class against given opponents, and whole runs.

    Walks are independent, given the opponents: those of all runs are one sample.
    """
    for name in (*RBO_TABLES, "synthetic"):
        own, rivals, unit = rare_class(in_unit_cube(table(name)))
        how = RadialWalk(unit, unit / 50, 100)
        samples = [
            [their_walks(theirs, own, rivals, 5, how, seed) for seed in range(seeds)],
            [mc_rbo.oversample_class(own, rivals, 5, how, np.random.default_rng(seed))
             for seed in range(seeds)],
        ]  # fmt: skip
        found = [walk_statistics(np.concatenate(s), own, rivals, unit) for s in samples]
        yield {"method": "MC-RBO", "case": f"{name}, walks", **two_samples(*found)}
    for name in RBO_WHOLE_TABLES:
        data = in_unit_cube(table(name))
        unit = rare_class(data)[2]
        how = RadialWalk(unit, unit / 10, 25)
        run = functools.partial(their_rbo, theirs, data, how)
        found_whole = over_seeds(functools.partial(our_rbo, data, how), run, seeds)
        yield {"method": "MC-RBO", "case": f"{name}, whole runs", **found_whole}


def rbo_speed(theirs: ModuleType) -> Iterator[Row]:
    data, how = in_unit_cube(table("synthetic")), RadialWalk(1.0, 0.001)
    others = {"authors": functools.partial(their_rbo, theirs, data, how, 0)}
    return beside("MC-RBO", "5,000 × 64", functools.partial(our_rbo, data, how, 0), others)

"""The spheres of MC-CCR: how they grow, what they push away, and the points drawn in them.

The notation is that of `osrae.methods.mc_ccr_method`.

References
----------
Koziarski, Woźniak. CCR: A Combined Cleaning and Resampling Algorithm for Imbalanced Data
Classification. International Journal of Applied Mathematics and Computer Science 27(4), 2017.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from scipy.sparse import csr_array

from osrae.methods.progress import Advance, silent

__all__ = [
    "CCRSettings",
    "Spheres",
    "allocate",
    "draw_inside",
    "grow",
    "seed_probabilities",
    "sphere_radii",
]

#: Bytes that a block of distances, or of new rows, takes at most: little more than a cache holds.
_BLOCK_BYTES = 2**22
#: Opponents whose distances are sorted first; few spheres take in more.
_NEAREST = 32
#: Opponents this near a centre, in units of the coordinates' size, count as coincident: rounding
#: errors would decide the direction in which they are pushed.
_COINCIDENT = 1e-9
_LEAST_RADIUS = 1e-300
#: What single precision may miss of squared distances, in units of the largest squared lengths.
_SLACK = 1e-5


@dataclass(frozen=True)
class CCRSettings:
    """How spheres grow and are filled; the fields are those parameters of `MCCCR`, and two more."""

    energy: float = 0.25
    energy_unit: Literal["absolute", "nn"] = "absolute"
    cleaning: Literal["translate", "remove", "ignore"] = "translate"
    selection: Literal["proportional", "random"] = "proportional"
    norm: float = 1.0
    ball: Literal["radius", "volume"] = "radius"
    decomposition: Literal["sampling", "complete"] = "sampling"
    original: bool = False  #: As the authors' code rounds, and spends the last energy.
    #: Leading coordinates in which points move; the others are categories. None is all.
    n_moving: int | None = None


def sphere_radii(distances: np.ndarray, energy: float, original: bool = False) -> np.ndarray:
    """Spend all energy: the r with ``r + Σ_j max(0, r - d_j) = E``, for every centre.

    That is the least of ``r_k = (E + d_1 + … + d_k) / (k + 1)`` over the k nearest opponents, of
    which no more are looked at than it takes to see that the next one stays outside.

    Parameters
    ----------
    distances : ndarray of shape (m, n)
    energy : float
        E, at least 0.
    original : bool, default=False
        Where all opponents are inside, expand the rest at the price of n instead of n + 1, as the
        authors' code does.

    Returns
    -------
    ndarray of shape (m,), float64
    """
    n = distances.shape[1]
    radii = np.full(len(distances), float(energy))
    if not n:
        return radii
    growing, k = np.arange(len(distances)), min(_NEAREST, n)
    while len(growing):
        nearest = np.partition(distances[growing], k - 1, axis=1)[:, :k]
        nearest.sort(axis=1)
        spent = energy + nearest.cumsum(axis=1, dtype=np.float64)
        radii[growing] = (spent / np.arange(2, k + 2)).min(axis=1).clip(max=energy)
        all_inside = nearest[:, -1] < radii[growing]
        if k == n:
            if original:
                rest = spent[:, -1] - (n + 1) * nearest[:, -1]
                radii[growing] = np.where(all_inside, nearest[:, -1] + rest / n, radii[growing])
            break
        growing, k = growing[all_inside], min(4 * k, n)
    return radii


@dataclass(frozen=True)
class Spheres:
    """Spheres around centres, and what they do to the opponents inside."""

    radii: np.ndarray  #: (m,)
    inside: np.ndarray  #: bool (n,): opponents that lie in some sphere.
    translations: np.ndarray | None  #: (n, d): the sums of shifts, if `cleaning` moves.


def grow(
    centres: np.ndarray,
    opponents: np.ndarray,
    settings: CCRSettings,
    rng: np.random.Generator,
    advance: Advance = silent,
) -> Spheres:
    """Grow spheres among opponents (binary CCR, without new points).

    An opponent inside a sphere is shifted along the ray from the centre to the surface:
    ``(r_i / d_ij - 1) (x_j - x_i)``. Shifts from several spheres add up, so the sum may end inside
    yet another one. One that coincides with a centre leaves in a random direction. Of a point with
    categories the numbers alone move, as far as it takes to be on the surface.

    Parameters
    ----------
    centres : ndarray of shape (m, d)
    opponents : ndarray of shape (n, d)
        At least one.
    settings : CCRSettings
    rng : numpy.random.Generator
    advance : callable
        Is told which share of the centres has its sphere.
    """
    # Differences do not change with the origin, and a near one keeps rounding errors small.
    origin = centres.mean(axis=0, dtype=np.float64)
    centres, opponents = centres - origin, opponents - origin
    energy = settings.energy
    if settings.energy_unit == "nn":
        blocks = _distances(centres, opponents, settings.norm)
        nearest = np.concatenate([near.min(axis=1) for _, near in blocks])
        energy *= float(np.median(nearest[nearest > 0])) if nearest.any() else 0.0
    rows, columns = _in_reach(centres, opponents, energy, settings.norm)
    if len(columns) < len(opponents):
        settings = replace(settings, original=False)  # no sphere has all opponents inside
    near = _grow(centres[rows], opponents[columns], energy, settings, rng, advance)
    radii, inside = np.full(len(centres), float(energy)), np.zeros(len(opponents), dtype=bool)
    radii[rows], inside[columns] = near.radii, near.inside
    if near.translations is None:
        return Spheres(radii, inside, None)
    translations = np.zeros_like(opponents)
    translations[columns] = near.translations
    return Spheres(radii, inside, translations)


def _in_reach(
    centres: np.ndarray, opponents: np.ndarray, energy: float, norm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres with an opponent within E, the largest radius, and such opponents.

    The Euclidean distance, which is a product, is at most that of a norm of lower order. Pairs that
    single precision cannot tell stay.
    """
    if norm > 2:
        return np.arange(len(centres)), np.arange(len(opponents))
    rows, columns = np.zeros(len(centres), dtype=bool), np.zeros(len(opponents), dtype=bool)
    a, b = torch.from_numpy(centres).float(), torch.from_numpy(opponents).float()
    of_a, of_b = a.square().sum(1), b.square().sum(1)
    bound = energy * energy + _SLACK * float(of_a.max() + of_b.max())
    for block in _blocks(len(a), len(b)):
        far = torch.addmm(of_b, a[block], b.T, alpha=-2) >= bound - of_a[block, None]
        rows[block] = ~far.all(1).numpy()
        columns |= ~far.all(0).numpy()
    return np.flatnonzero(rows), np.flatnonzero(columns)


def _grow(
    centres: np.ndarray,
    opponents: np.ndarray,
    energy: float,
    settings: CCRSettings,
    rng: np.random.Generator,
    advance: Advance,
) -> Spheres:
    """Grow spheres as `grow` does, of this energy, among rows with a near origin."""
    coincident = _COINCIDENT * np.abs(centres).max(initial=0)
    radii, inside = np.empty(len(centres)), np.zeros(len(opponents), dtype=bool)
    translations = np.zeros_like(opponents) if settings.cleaning == "translate" else None
    leap = np.zeros(len(opponents))
    moving = slice(settings.n_moving)
    starts, targets = centres[:, moving], opponents[:, moving]
    for block, near in _distances(centres, opponents, settings.norm):
        r = radii[block] = sphere_radii(near, energy, settings.original)
        i, j = np.nonzero(near < r[:, None])
        inside[j] = True
        advance(block.stop / len(centres))
        if translations is None or not len(j) or not targets.shape[1]:
            continue
        to_centre, to_surface = near[i, j], r[i]
        if targets.shape[1] < opponents.shape[1]:
            moved = _distance_matrix(starts[block], targets, settings.norm)[i, j]
            to_surface = _share_of(to_surface, to_centre, moved, settings.norm)
            to_centre = moved
        on_top = to_centre <= coincident
        leap += np.bincount(j[on_top], to_surface[on_top], len(opponents))
        stretch = np.divide(to_surface, to_centre, out=np.ones_like(to_centre), where=~on_top) - 1
        hit, place = np.unique(j, return_inverse=True)
        weights = csr_array((stretch, (place, i)), (len(hit), len(r)))
        translations[hit, moving] += weights.sum(axis=1)[:, None] * targets[hit]
        translations[hit, moving] -= weights @ starts[block]
    if translations is not None and leap.any():
        leaping = np.flatnonzero(leap)
        # Directions of the jitter ±U(1, 2) in every coordinate.
        shape = len(leaping), targets.shape[1]
        jitter = rng.uniform(1, 2, shape) * rng.choice([-1.0, 1.0], shape)
        translations[leaping, moving] += leap[leaping, None] * _unit(jitter, settings.norm)
    return Spheres(radii, inside, translations)


def _share_of(radii: np.ndarray, whole: np.ndarray, part: np.ndarray, norm: float) -> np.ndarray:
    """Return the length of a part of coordinates that brings the whole to ``radii``.

    The other coordinates stay as they are: ``(r^p - whole^p + part^p)^(1/p)``.
    """
    if np.isinf(norm):
        return radii
    return (radii**norm - (whole**norm - part**norm).clip(min=0)) ** (1 / norm)


def _distances(a: np.ndarray, b: np.ndarray, norm: float) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of rows of ``a`` and their distances to all of ``b``, in float64."""
    for block in _blocks(len(a), len(b)):
        yield block, _distance_matrix(a[block], b, norm)


def _distance_matrix(a: np.ndarray, b: np.ndarray, norm: float) -> np.ndarray:
    # The product form of the Euclidean distance loses half the digits.
    exact = "donot_use_mm_for_euclid_dist"
    return torch.cdist(torch.from_numpy(a), torch.from_numpy(b), norm, exact).numpy()


def _blocks(n_rows: int, width: int) -> Iterator[slice]:
    size = max(1, _BLOCK_BYTES // (8 * max(1, width)))
    return (slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size))


def _unit(directions: np.ndarray, norm: float) -> np.ndarray:
    return directions / np.linalg.norm(directions, ord=norm, axis=1, keepdims=True)


def allocate(
    radii: np.ndarray, n_new: int, rng: np.random.Generator, original: bool = False
) -> np.ndarray:
    """Share new points out to seeds, inversely to their radii ("proportional").

    Shares are rounded to the sum ``n_new``: those with the largest remainders are rounded up, equal
    ones in random order.

    Parameters
    ----------
    radii : ndarray of shape (m,)
        Non-negative; 0 counts as tiny.
    n_new : int
    rng : numpy.random.Generator
    original : bool, default=False
        Round each share by itself, as the authors' code does, whatever the sum.

    Returns
    -------
    ndarray of int, shape (m,)
    """
    shares = n_new * seed_probabilities(radii)
    if original:
        return np.rint(shares).astype(np.int64)
    counts = np.floor(shares).astype(np.int64)
    order = rng.permutation(len(radii))
    order = order[np.argsort((counts - shares)[order], kind="stable")]
    counts[order[: n_new - counts.sum()]] += 1
    return counts


def seed_probabilities(radii: np.ndarray) -> np.ndarray:
    """Return the shares of new points of seeds (m,), inverse to their radii; they sum to 1."""
    inverse = 1 / np.maximum(radii, _LEAST_RADIUS)
    return inverse / inverse.sum()


def draw_inside(
    centres: np.ndarray, radii: np.ndarray, settings: CCRSettings, rng: np.random.Generator
) -> np.ndarray:
    """Draw one point in each sphere: a uniform vector of the cube, brought to a random length.

    Parameters
    ----------
    centres : ndarray of shape (n, d)
    radii : ndarray of shape (n,)
    settings : CCRSettings
        Lengths are uniform up to the radius, so that points are dense at the centre, or with
        ``ball="volume"`` as those of points that fill the ball evenly. Categories are the
        centre's.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n, d), dtype of ``centres``
    """
    drawn = centres.copy()
    moving = drawn[:, : settings.n_moving]
    if not moving.shape[1]:
        return drawn
    power = 1 / moving.shape[1] if settings.ball == "volume" else 1
    for block in _blocks(*moving.shape):
        directions = _unit(rng.uniform(-1, 1, moving[block].shape), settings.norm)
        lengths = rng.random(len(directions)) ** power * radii[block]
        moving[block] += lengths[:, None] * directions
    return drawn

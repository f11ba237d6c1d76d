"""Multi-class combined cleaning and resampling (MC-CCR).

Every point of a class grows a sphere on a budget of energy; opponents inside are pushed to its
surface, and new points are drawn inside, more of them where spheres are small. Classes take turns
by size, each against those that are larger.

Notation: ``m`` centres (points of the class whose turn it is), ``n`` opponents, ``d`` coordinates,
``E`` energy, ``D`` (m, n) distances, ``r`` (m,) radii. All distances are of the p-norm ``norm``.

References
----------
Koziarski, Woźniak, Krawczyk. Combined Cleaning and Resampling Algorithm for Multi-Class Imbalanced
Data with Label Noise. Knowledge-Based Systems 204, 2020.
Koziarski, Woźniak. CCR: A Combined Cleaning and Resampling Algorithm for Imbalanced Data
Classification. International Journal of Applied Mathematics and Computer Science 27(4), 2017.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from osrae.errors import InputError
from osrae.methods.mc_ccr_spheres import CCRSettings, Spheres, allocate, draw_inside, grow
from osrae.methods.progress import Advance, part_of, silent

__all__ = ["Resampled", "grow_in_place", "resample"]


@dataclass(frozen=True)
class Resampled:
    """What became of ``n`` rows, and ``n_new`` new ones, class by class in order of number."""

    translations: np.ndarray  #: (n, d): how far each row was moved.
    kept: np.ndarray  #: bool (n,): False where a row was removed.
    centres: np.ndarray  #: (n, d): where each row was when its class had its turn.
    radii: np.ndarray  #: (n,): of each row's sphere; NaN where it grew none.
    new_rows: np.ndarray  #: (n_new, d)
    new_codes: np.ndarray  #: int (n_new,)
    seeds: np.ndarray  #: int (n_new,): the row in whose sphere each was drawn.


@dataclass
class _Class:
    """The points of a class, its rows first and then new ones, while others have their turn."""

    rows: np.ndarray  # int (n_c,): their places in the data
    points: np.ndarray  # (n_c + new, d)
    kept: np.ndarray  # bool (n_c + new,)
    seeds: np.ndarray  # int (new,)

    def append(self, points: np.ndarray, seeds: np.ndarray) -> None:
        self.points = np.concatenate([self.points, points])
        self.kept = np.append(self.kept, np.ones(len(points), dtype=bool))
        self.seeds = seeds


def resample(
    rows: np.ndarray,
    codes: np.ndarray,
    n_new: np.ndarray,
    settings: CCRSettings,
    rng: np.random.Generator,
    advance: Advance = silent,
) -> Resampled:
    """Clean and resample, class after class by descending size.

    In the decomposition "sampling", the opponents of class number i in this order are
    ``⌊n_max / i⌋`` points of each of the i larger classes, which had their turn and are about equal
    in size by then; in "complete", all points of all other classes. The largest class moves nobody;
    it grows spheres only if new rows of it are asked for, among untouched rows of the others.

    Parameters
    ----------
    rows : ndarray of shape (n, d), float
    codes : ndarray of int, shape (n,)
        Class numbers; every class has a row.
    n_new : ndarray of int, shape (C,)
        New rows of each class. Rows that were removed before the turn of a class are made up for,
        where new ones of it are asked for.
    settings : CCRSettings
    rng : numpy.random.Generator
    advance : callable
        Is told which share of the work is done.

    Raises
    ------
    InputError
        If cleaning removes all rows of a class.
    """
    counts = np.bincount(codes, minlength=len(n_new))
    # Of equal classes the last one first, as in the authors' code.
    order = np.argsort(counts, kind="stable")[::-1].tolist()
    state = [_members(rows, codes, code) for code in range(len(counts))]
    centres, radii = rows.copy(), np.full(len(rows), np.nan)
    ends = np.cumsum(counts[order]) / len(rows)
    for place, code in enumerate(order):
        if place == 0 and n_new[code] == 0:
            continue
        own = state[code]
        others = order[:place] or order[1:]
        if settings.decomposition == "complete":
            others = [other for other in order if other != code]
        cleaning = settings if place else replace(settings, cleaning="ignore")
        part = part_of(advance, ends[place] - counts[code] / len(rows), ends[place])
        spheres = _turn(own, [state[other] for other in others], counts.max(), cleaning, rng, part)
        alive = np.flatnonzero(own.kept)
        centres[own.rows[alive]], radii[own.rows[alive]] = own.points[alive], spheres.radii
        missing = counts[code] + n_new[code] - len(alive) if n_new[code] else 0
        chosen = _seeds(spheres.radii, missing, settings, rng)
        drawn = draw_inside(own.points[alive[chosen]], spheres.radii[chosen], settings, rng)
        own.append(drawn, own.rows[alive[chosen]])
    return _assembled(rows, state, centres, radii)


def _members(rows: np.ndarray, codes: np.ndarray, code: int) -> _Class:
    places = np.flatnonzero(codes == code)
    return _Class(places, rows[places], np.ones(len(places), dtype=bool), places[:0])


def _turn(
    own: _Class,
    others: list[_Class],
    n_max: int,
    settings: CCRSettings,
    rng: np.random.Generator,
    advance: Advance = silent,
) -> Spheres:
    """Grow the spheres of one class, and clean the others' points that took part."""
    chosen = [np.flatnonzero(other.kept) for other in others]
    if settings.decomposition == "sampling":
        # Fewer than that many rows may be left; and there may be more classes than rows.
        share = max(1, n_max // len(others))
        chosen = [rng.choice(k, min(share, len(k)), replace=False, shuffle=False) for k in chosen]
    opponents = np.concatenate([c.points[k] for c, k in zip(others, chosen, strict=True)])
    spheres = grow(own.points[own.kept], opponents, settings, rng, advance)
    ends = np.cumsum([len(k) for k in chosen])[:-1]
    for c, k, inside in zip(others, chosen, np.split(spheres.inside, ends), strict=True):
        if settings.cleaning == "remove":
            c.kept[k[inside]] = False
            if not c.kept.any():
                raise InputError(
                    f"cleaning='remove' with energy={settings.energy:g} ({settings.energy_unit}) "
                    f"takes away every row of a class of {len(c.rows)}. Set a smaller energy, or "
                    "cleaning='translate'."
                )
    if spheres.translations is not None:
        for c, k, shift in zip(others, chosen, np.split(spheres.translations, ends), strict=True):
            c.points[k] += shift.astype(c.points.dtype, copy=False)
    return spheres


def _seeds(
    radii: np.ndarray, n_new: int, settings: CCRSettings, rng: np.random.Generator
) -> np.ndarray:
    """Choose the sphere of each new point, in ascending order."""
    if settings.selection == "random":
        return np.sort(rng.integers(len(radii), size=n_new))
    return np.repeat(np.arange(len(radii)), allocate(radii, n_new, rng, settings.original))


def _assembled(
    rows: np.ndarray, state: list[_Class], centres: np.ndarray, radii: np.ndarray
) -> Resampled:
    translations, kept = np.zeros_like(rows), np.ones(len(rows), dtype=bool)
    news, seeds = [], []
    for own in state:
        n = len(own.rows)
        translations[own.rows] = own.points[:n] - rows[own.rows]
        kept[own.rows] = own.kept[:n]
        news.append(own.points[n:][own.kept[n:]])
        seeds.append(own.seeds[own.kept[n:]])
    new_codes = np.repeat(np.arange(len(state)), [len(new) for new in news])
    return Resampled(
        translations, kept, centres, radii, np.concatenate(news), new_codes, np.concatenate(seeds)
    )


def grow_in_place(
    rows: np.ndarray,
    codes: np.ndarray,
    seeds: np.ndarray,
    settings: CCRSettings,
    rng: np.random.Generator,
) -> np.ndarray:
    """Grow the spheres of a class among rows of all others, and move nobody.

    Parameters
    ----------
    rows : ndarray of shape (n, d), float
    codes : ndarray of int, shape (n,)
        Class numbers; every class has a row.
    seeds : ndarray of int, shape (m,)
        Rows of one class, ascending: the centres.
    settings : CCRSettings
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (m,)
        Radii.
    """
    state = [_members(rows, codes, code) for code in np.unique(codes)]
    own = state.pop(codes[seeds[0]])
    own.kept = np.isin(own.rows, seeds)
    n_max = np.bincount(codes).max()
    return _turn(own, state, n_max, replace(settings, cleaning="ignore"), rng).radii

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

import numbers
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from sklearn.utils._param_validation import Interval, StrOptions

from osrae.data.codec import append_decoded
from osrae.data.frames import append_rows, take_rows
from osrae.errors import InputError
from osrae.methods.inputs import check_labels
from osrae.methods.parameters import estimator, positive
from osrae.methods.rows import RowOversampler, encoded_rows

__all__ = [
    "MCCCR",
    "CCRSettings",
    "Resampled",
    "Spheres",
    "allocate",
    "draw_inside",
    "grow",
    "resample",
    "sphere_radii",
]

#: Bytes that a block of distances, or of new rows, takes at most.
_BLOCK_BYTES = 2**26
#: Opponents this near a centre, in units of the coordinates' size, count as coincident: rounding
#: errors would decide the direction in which they are pushed.
_COINCIDENT = 1e-9
_LEAST_RADIUS = 1e-300


@dataclass(frozen=True)
class CCRSettings:
    """How spheres grow and are filled; the fields are those parameters of `MCCCR`."""

    energy: float = 0.25
    energy_unit: Literal["absolute", "nn"] = "absolute"
    cleaning: Literal["translate", "remove", "ignore"] = "translate"
    selection: Literal["proportional", "random"] = "proportional"
    norm: float = 1.0
    ball: Literal["radius", "volume"] = "radius"
    decomposition: Literal["sampling", "complete"] = "sampling"
    original: bool = False  #: As the authors' code rounds, and spends the last energy.


def sphere_radii(distances: np.ndarray, energy: float, original: bool = False) -> np.ndarray:
    """Spend all energy: the r with ``r + Σ_j max(0, r - d_j) = E``, for every centre.

    That is the least of ``r_k = (E + d_1 + … + d_k) / (k + 1)`` over the k nearest opponents. It is
    found by Newton's method: from ``r = E`` down, ``r ← (E + Σ_inside d_j) / (1 + #inside)`` until
    no opponent leaves, which ends because the function is convex and of finitely many pieces.

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
    ndarray of shape (m,)
    """
    radii = np.full(len(distances), float(energy))
    shrinking = np.arange(len(distances))
    while len(shrinking):
        near = distances[shrinking]
        inside = near < radii[shrinking, None]
        bound = (energy + np.where(inside, near, 0).sum(axis=1)) / (1 + inside.sum(axis=1))
        smaller = bound < radii[shrinking]
        shrinking = shrinking[smaller]
        radii[shrinking] = bound[smaller]
    n = distances.shape[1]
    if original and n:
        farthest = distances.max(axis=1)
        spent = (n + 1) * farthest - distances.sum(axis=1)
        radii = np.where(farthest < radii, farthest + (energy - spent) / n, radii)
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
) -> Spheres:
    """Grow spheres among opponents (binary CCR, without new points).

    An opponent inside a sphere is shifted along the ray from the centre to the surface:
    ``(r_i / d_ij - 1) (x_j - x_i)``. Shifts from several spheres add up, so the sum may end inside
    yet another one. One that coincides with a centre leaves in a random direction.

    Parameters
    ----------
    centres : ndarray of shape (m, d)
    opponents : ndarray of shape (n, d)
        At least one.
    settings : CCRSettings
    rng : numpy.random.Generator
    """
    # Differences do not change with the origin, and a near one keeps rounding errors small.
    origin = centres.mean(axis=0, dtype=np.float64)
    centres, opponents = centres - origin, opponents - origin
    energy = settings.energy
    if settings.energy_unit == "nn":
        blocks = _distances(centres, opponents, settings.norm)
        energy *= float(np.median(np.concatenate([near.min(axis=1) for _, near in blocks])))
    coincident = _COINCIDENT * np.abs(centres).max(initial=0)
    radii, inside = np.empty(len(centres)), np.zeros(len(opponents), dtype=bool)
    translations = np.zeros_like(opponents) if settings.cleaning == "translate" else None
    leap = np.zeros(len(opponents))
    for block, near in _distances(centres, opponents, settings.norm):
        r = radii[block] = sphere_radii(near, energy, settings.original)
        within = near < r[:, None]
        hit = np.flatnonzero(within.any(axis=0))
        inside[hit] = True
        if translations is None or not len(hit):
            continue
        near, within = near[:, hit], within[:, hit]
        on_top = within & (near <= coincident)
        leap[hit] += r @ on_top
        weights = np.zeros_like(near)
        np.divide(r[:, None], near, out=weights, where=within & ~on_top)
        weights -= within & ~on_top
        translations[hit] += weights.sum(axis=0)[:, None] * opponents[hit]
        translations[hit] -= weights.T @ centres[block]
    if translations is not None and leap.any():
        leaping = np.flatnonzero(leap)
        # Directions of the jitter ±U(1, 2) in every coordinate.
        shape = len(leaping), opponents.shape[1]
        jitter = rng.uniform(1, 2, shape) * rng.choice([-1.0, 1.0], shape)
        translations[leaping] += leap[leaping, None] * _unit(jitter, settings.norm)
    return Spheres(radii, inside, translations)


def _distances(a: np.ndarray, b: np.ndarray, norm: float) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of rows of ``a`` and their distances to all of ``b``, in float64."""
    below = torch.from_numpy(b)
    for block in _blocks(len(a), len(b)):
        # The product form of the Euclidean distance loses half the digits.
        exact = "donot_use_mm_for_euclid_dist"
        yield block, torch.cdist(torch.from_numpy(a[block]), below, norm, exact).numpy()


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
    shares = n_new * _probabilities(radii)
    if original:
        return np.rint(shares).astype(np.int64)
    counts = np.floor(shares).astype(np.int64)
    order = rng.permutation(len(radii))
    order = order[np.argsort((counts - shares)[order], kind="stable")]
    counts[order[: n_new - counts.sum()]] += 1
    return counts


def _probabilities(radii: np.ndarray) -> np.ndarray:
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
        ``ball="volume"`` as those of points that fill the ball evenly.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n, d), dtype of ``centres``
    """
    drawn = np.empty_like(centres)
    power = 1 / centres.shape[1] if settings.ball == "volume" else 1
    for block in _blocks(*centres.shape):
        directions = _unit(rng.uniform(-1, 1, drawn[block].shape), settings.norm)
        lengths = rng.random(len(directions)) ** power * radii[block]
        drawn[block] = centres[block] + lengths[:, None] * directions
    return drawn


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
        New rows of each class. Rows of a class that were removed before its turn are made up for.
    settings : CCRSettings
    rng : numpy.random.Generator

    Raises
    ------
    InputError
        If cleaning removes all rows of a class.
    """
    counts = np.bincount(codes, minlength=len(n_new))
    order = np.argsort(-counts, kind="stable").tolist()
    state = [_members(rows, codes, code) for code in range(len(counts))]
    centres, radii = rows.copy(), np.full(len(rows), np.nan)
    for place, code in enumerate(order):
        if place == 0 and n_new[code] == 0:
            continue
        own = state[code]
        others = order[:place] or order[1:]
        if settings.decomposition == "complete":
            others = [other for other in order if other != code]
        cleaning = settings if place else replace(settings, cleaning="ignore")
        spheres = _turn(own, [state[other] for other in others], counts.max(), cleaning, rng)
        alive = np.flatnonzero(own.kept)
        centres[own.rows[alive]], radii[own.rows[alive]] = own.points[alive], spheres.radii
        missing = counts[code] + n_new[code] - len(alive)
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
) -> Spheres:
    """Grow the spheres of one class, and clean the others' points that took part."""
    chosen = [np.flatnonzero(other.kept) for other in others]
    if settings.decomposition == "sampling":
        # Fewer than that many rows may be left; and there may be more classes than rows.
        share = max(1, n_max // len(others))
        chosen = [rng.choice(k, min(share, len(k)), replace=False, shuffle=False) for k in chosen]
    opponents = np.concatenate([c.points[k] for c, k in zip(others, chosen, strict=True)])
    spheres = grow(own.points[own.kept], opponents, settings, rng)
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


@estimator
class MCCCR(RowOversampler):
    """Combined cleaning and resampling: rarer classes get room, and new points where it is tight.

    Around every point of a rarer class a sphere grows until its energy is spent, which it is the
    sooner the more points of other classes it meets. Those are pushed out to its surface; new
    points are drawn inside. So rows of ``X`` are moved, those of the largest class above all.

    Parameters
    ----------
    preset : {"default", "original"}, default="default"
        ``"original"`` is the authors' code: energy 0.25 for pictures, too, shares of new points
        rounded one by one (so that their sum may differ from what was asked for), and a lower
        price of the last energy where all opponents are inside a sphere.
    energy : float or None, default=None
        What a sphere has to spend, at least 0; None takes 1 for the unit ``"nn"`` and 0.25 for
        ``"absolute"``.
    energy_unit : {"absolute", "nn"} or None, default=None
        Of standardised columns and of pixels in [0, 1], or the median distance from a point of
        the class to its nearest opponent; None takes ``"nn"`` for pictures, else ``"absolute"``.
    cleaning : {"translate", "remove", "ignore"}, default="translate"
        Whether opponents inside are moved, taken away, or left.
    selection : {"proportional", "random"}, default="proportional"
        Whether spheres get new points inversely to their radii, or at random.
    norm : float, default=1.0
        p of the distance, at least 1; ``np.inf`` is the greatest difference.
    ball : {"radius", "volume"}, default="radius"
        Whether distances of new points from the centre are uniform up to the radius, or as those
        of points that fill the ball evenly.
    decomposition : {"sampling", "complete"}, default="sampling"
        Opponents of the i-th class by size: as many points of each larger class as make the size
        of the largest in all, or all points of all other classes.
    {shared}

    Attributes
    ----------
    {shared_attributes}
    radii_ : ndarray of shape (n,)
        Of the sphere of each row of ``X``, in standardised columns or pixels in [0, 1]; NaN where
        none grew.
    translations_ : ndarray of shape (n, d)
        How far each row was moved, in the same coordinates.
    kept_indices_ : ndarray of int
        Rows of ``X`` that were kept: all, unless ``cleaning="remove"``.

    Notes
    -----
    `fit_resample` returns the rows of ``X`` that were kept, in their order and where they were
    moved to, then the new ones. All classes but the largest have their turn, those of which
    ``sampling_strategy`` wants no new rows, too. ``cleaning="remove"`` takes away new rows of
    larger classes as well. Both show in ``sampling_strategy_``, which counts what was added.

    After cleaning, opponents are outside a sphere if no other sphere overlaps it; shifts out of
    several spheres add up and may end in one of them.

    `sample` draws seeds at random, in the shares of ``selection``. For the largest class, spheres
    grow among rows of the others.

    References
    ----------
    Koziarski, Woźniak, Krawczyk. Combined Cleaning and Resampling Algorithm for Multi-Class
    Imbalanced Data with Label Noise. Knowledge-Based Systems 204, 2020.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae.methods.mc_ccr import MCCCR
    >>> X, y = load_iris(return_X_y=True)
    >>> sampler = MCCCR(random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X[:110], y[:110])
    >>> X_new.shape, int(sampler.synthetic_mask_.sum())
    ((150, 4), 40)
    """

    preset: str = "default"
    energy: float | None = None
    energy_unit: str | None = None
    cleaning: str = "translate"
    selection: str = "proportional"
    norm: float = 1.0
    ball: str = "radius"
    decomposition: str = "sampling"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **RowOversampler._parameter_constraints,
        "preset": [StrOptions({"default", "original"})],
        "energy": [positive("left"), None],
        "energy_unit": [StrOptions({"absolute", "nn"}), None],
        "cleaning": [StrOptions({"translate", "remove", "ignore"})],
        "selection": [StrOptions({"proportional", "random"})],
        "norm": [Interval(numbers.Real, 1, None, closed="both")],
        "ball": [StrOptions({"radius", "volume"})],
        "decomposition": [StrOptions({"sampling", "complete"})],
    }
    _fitted_arrays: ClassVar[tuple[str, ...]] = (
        "centres_",
        "centre_codes_",
        "radii_",
        "kept_indices_",
    )

    @property
    def _settings(self) -> CCRSettings:
        original = self.preset == "original"
        unit = self.energy_unit or ("absolute" if original or self._table else "nn")
        energy = self.energy
        if energy is None:
            energy = 1.0 if unit == "nn" else 0.25
        names = ("cleaning", "selection", "norm", "ball", "decomposition")
        choices: dict[str, Any] = {name: getattr(self, name) for name in names}
        return CCRSettings(energy, unit, original=original, **choices)  # type: ignore[arg-type]

    def _resample_rows(
        self, rows: np.ndarray, codes: np.ndarray, n_new: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        result = resample(rows, codes, n_new, self._settings, rng)
        self.translations_, self.kept_indices_ = result.translations, np.flatnonzero(result.kept)
        self.centres_, self.centre_codes_, self.radii_ = result.centres, codes, result.radii
        self._new_codes = result.new_codes
        return result.new_rows

    def _sample_rows(self, n: int, code: int, rng: np.random.Generator) -> np.ndarray:
        settings, codes = self._settings, self.centre_codes_
        grown = np.flatnonzero((codes == code) & ~np.isnan(self.radii_))
        radii = self.radii_[grown]
        if not len(grown):
            grown = np.intersect1d(np.flatnonzero(codes == code), self.kept_indices_)
            state = [_members(self.centres_, codes, other) for other in np.unique(codes)]
            own = state.pop(code)
            own.kept = np.isin(own.rows, grown)
            largest = self.class_counts_.max()
            radii = _turn(own, state, largest, replace(settings, cleaning="ignore"), rng).radii
        shares = _probabilities(radii) if settings.selection == "proportional" else None
        seeds = rng.choice(len(grown), size=n, p=shares)
        return draw_inside(self.centres_[grown[seeds]], radii[seeds], settings, rng)

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        """Learn from checked data, move and remove rows, and append new ones."""
        classes, codes = check_labels(self, X, y)
        self._learn(X, classes, codes)
        kept, new_codes, new = self.kept_indices_, self._new_codes, self._new
        del self._new_codes, self._new
        counts = np.bincount(new_codes, minlength=len(classes))
        self.sampling_strategy_ = {
            label: int(counts[self._code_of(label)]) for label in self.sampling_strategy_
        }
        self.synthetic_mask_ = np.arange(len(kept) + len(new)) >= len(kept)
        X = append_decoded(self.codec_, self._cleaned(X), [self._shaped(new)], len(new))
        return X, np.concatenate([y[kept], classes[new_codes].astype(y.dtype, copy=False)])

    def _cleaned(self, X: Any) -> Any:
        """Return the rows that were kept; only those that were moved pass through the codec."""
        moved = np.flatnonzero(self.translations_.any(axis=1))
        places = np.arange(len(self.translations_))
        if len(moved):
            places[moved] = len(places) + np.arange(len(moved))
            rows = encoded_rows(self.codec_, take_rows(X, moved)) + self.translations_[moved]
            X = append_rows(X, self.codec_.decode(self._shaped(rows)))
        return take_rows(X, places[self.kept_indices_])

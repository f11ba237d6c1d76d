"""MC-CCR as an over-sampler; what it does is in `osrae.methods.mc_ccr_method`.

References
----------
Koziarski, Woźniak, Krawczyk. Combined Cleaning and Resampling Algorithm for Multi-Class Imbalanced
Data with Label Noise. Knowledge-Based Systems 204, 2020.
"""

from __future__ import annotations

import numbers
import warnings
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from osrae.data.codec import TableCodec, append_decoded
from osrae.data.frames import append_rows, take_rows, with_columns_of
from osrae.errors import DataWarning
from osrae.methods.inputs import check_labels
from osrae.methods.mc_ccr_method import grow_in_place, resample
from osrae.methods.mc_ccr_spheres import CCRSettings, draw_inside, seed_probabilities
from osrae.methods.parameters import estimator, positive
from osrae.methods.progress import Advance, silent
from osrae.methods.rows import RowOversampler, encoded_rows, with_copies

__all__ = ["MCCCR"]


@estimator
class MCCCR(RowOversampler):
    """Combined cleaning and resampling: rarer classes get room, and new points where it is tight.

    Around every point of a rarer class a sphere grows until its energy is spent, which it is the
    sooner the more points of other classes it meets. Those are pushed out to its surface; new
    points are drawn inside. So rows of ``X`` are moved, those of the largest class above all.

    Parameters
    ----------
    preset : {"default", "original"}, default="default"
        ``"original"`` is the authors' code: energy 0.25 whatever the data, shares of new points
        rounded one by one (so that their sum may differ from what was asked for), and a lower
        price of the last energy where all opponents are inside a sphere.
    energy : float or None, default=None
        What a sphere has to spend, at least 0; None takes 1 for the unit ``"nn"`` and 0.25 for
        ``"absolute"``.
    energy_unit : {"absolute", "nn"} or None, default=None
        Of standardised columns and of pixels in [0, 1], or the median distance from a point of
        the class to its nearest opponent, of those that coincide with none; None takes ``"nn"``,
        or ``"absolute"`` under ``preset="original"``. Distances grow with the number of columns,
        so that no absolute energy fits all data.
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
        How far each row was moved, in the same coordinates. As ``moved_mask_``, it belongs to the
        latest result, and is not saved.
    moved_mask_ : ndarray of bool, shape (n_resampled,)
        True for the rows of the result that are rows of ``X`` that were moved.
    kept_indices_ : ndarray of int
        Rows of ``X`` that were kept: all, unless ``cleaning="remove"``.
    seed_indices_ : ndarray of int, shape (n_new,)
        Row of ``X`` in whose sphere each new row was drawn; of the latest result, and not saved.

    Notes
    -----
    `fit_resample` returns the rows of ``X`` that were kept, in their order and where they were
    moved to, then the new ones. All classes but the largest have their turn, those of which
    ``sampling_strategy`` wants no new rows, too. ``cleaning="remove"`` takes away new rows of
    larger classes as well. Both show in ``sampling_strategy_``, which counts what was added.

    Categories of a table, and what is missing of it, count in distances and stay as they are: of a
    row that is moved its own, of a new row its seed's.

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
    >>> from osrae import MCCCR
    >>> X, y = load_iris(return_X_y=True)
    >>> sampler = MCCCR(random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X[:110], y[:110])
    >>> X_new.shape, int(sampler.synthetic_mask_.sum())
    ((150, 4), 40)
    """

    cleans: ClassVar[bool] = True

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
        unit = self.energy_unit or ("absolute" if original else "nn")
        energy = self.energy
        if energy is None:
            energy = 1.0 if unit == "nn" else 0.25
        names = ("cleaning", "selection", "norm", "ball", "decomposition")
        choices: dict[str, Any] = {name: getattr(self, name) for name in names}
        moving = None if self._table is None else self._table.n_continuous
        return CCRSettings(energy, unit, original=original, n_moving=moving, **choices)  # type: ignore[arg-type]

    def _resample_rows(
        self,
        rows: np.ndarray,
        codes: np.ndarray,
        n_new: np.ndarray,
        rng: np.random.Generator,
        advance: Advance = silent,
    ) -> np.ndarray:
        result = resample(rows, codes, n_new, self._settings, rng, advance)
        self.translations_, self.kept_indices_ = result.translations, np.flatnonzero(result.kept)
        self.centres_, self.centre_codes_, self.radii_ = result.centres, codes, result.radii
        self.seed_indices_ = result.seeds
        counts = np.bincount(result.new_codes, minlength=len(n_new))
        self.sampling_strategy_ = {
            label: int(counts[self._code_of(label)]) for label in self.sampling_strategy_
        }
        grown = self.radii_[~np.isnan(self.radii_)]
        cleaned = result.translations.any() or not result.kept.all()
        if grown.any() and not cleaned and self.cleaning != "ignore":
            remedy = "a larger energy"
            if self._settings.energy_unit == "absolute":
                remedy = f"energy_unit='nn', or {remedy}"
            warnings.warn(
                f"energy={self._settings.energy:g} ({self._settings.energy_unit}) reaches no row "
                f"of another class: nothing was cleaned, and new rows lie within "
                f"{grown.max():.2g} of old ones. Set {remedy}.",
                DataWarning,
                stacklevel=2,
            )
        return result.new_rows

    def _sample_rows(self, n: int, code: int, rng: np.random.Generator) -> np.ndarray:
        settings, codes = self._settings, self.centre_codes_
        grown = np.flatnonzero((codes == code) & ~np.isnan(self.radii_))
        radii = self.radii_[grown]
        if not len(grown):
            grown = np.intersect1d(np.flatnonzero(codes == code), self.kept_indices_)
            radii = grow_in_place(self.centres_, codes, grown, settings, rng)
        shares = seed_probabilities(radii) if settings.selection == "proportional" else None
        seeds = rng.choice(len(grown), size=n, p=shares)
        return draw_inside(self.centres_[grown[seeds]], radii[seeds], settings, rng)

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        """Learn from checked data, move and remove rows, and append new ones."""
        classes, codes = check_labels(self, X, y)
        new, sources = self._learn(X, classes, codes)
        kept, new_codes = self.kept_indices_, np.sort(self._wanted_codes())
        self.synthetic_mask_ = np.arange(len(kept) + len(new)) >= len(kept)
        moved = self.translations_[kept].any(axis=1)
        self.moved_mask_ = np.append(moved, np.zeros(len(new), dtype=bool))
        made = append_decoded(self.codec_, self._cleaned(X), [self._shaped(new)], len(new))
        labels = np.concatenate([y[kept], classes[new_codes].astype(y.dtype, copy=False)])
        return with_copies(made, X, sources), labels

    def _cleaned(self, X: Any) -> Any:
        """Return the rows that were kept; only those that were moved pass through the codec."""
        moved = np.flatnonzero(self.translations_.any(axis=1))
        places = np.arange(len(self.translations_))
        if len(moved):
            places[moved] = len(places) + np.arange(len(moved))
            own = take_rows(X, moved)
            rows = encoded_rows(self.codec_, own) + self.translations_[moved]
            decoded = self.codec_.decode(self._shaped(rows))
            if isinstance(self.codec_, TableCodec):
                # A category too rare to be encoded would become another one.
                decoded = with_columns_of(decoded, own, self.codec_.encoder.category_positions)
            X = append_rows(X, decoded)
        return take_rows(X, places[self.kept_indices_])

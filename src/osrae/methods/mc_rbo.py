"""MC-RBO as an over-sampler; what it does is in `osrae.methods.mc_rbo_method`.

References
----------
Krawczyk, Koziarski, Wozniak. Radial-Based Oversampling for Multiclass Imbalanced Data
Classification. IEEE Transactions on Neural Networks and Learning Systems 31(8), 2020.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import StrOptions

from osrae.methods.mc_rbo_method import (
    Decomposition,
    RadialWalk,
    Unit,
    opponents,
    oversample_class,
    oversample_classes,
)
from osrae.methods.parameters import estimator, positive, whole
from osrae.methods.progress import Advance, silent
from osrae.methods.rows import RowOversampler

__all__ = ["MCRBO"]


@estimator
class MCRBO(RowOversampler):
    """Multi-class radial-based oversampling (MC-RBO), for tables and pictures.

    A new sample walks from a sample of its class to where the potentials of the class and of the
    classes larger than it cancel.

    Parameters
    ----------
    gamma : float or None, default=None
        Width of a sample's potential. None: 0.05 where the unit is ``"absolute"``, 1 where it is
        ``"nn"``.
    step : float or None, default=None
        Length of a move along one coordinate. None: 0.001.
    n_steps : int, default=500
        Moves that a walk tries; 0 repeats samples.
    n_neighbors : int or None, default=25
        Samples nearest to the first one whose potentials count, beside its own; None counts all
        samples, in a time that grows with their number.
    unit : {"absolute", "nn"} or None, default=None
        What ``gamma`` and ``step`` count: 1 of the encoded columns (numbers are standardised,
        pictures are in [0, 1]), or the median L1 distance from the samples of a class to their
        nearest opponent. None: ``"absolute"`` for tables, ``"nn"`` for pictures.
    decomposition : {"sampling", "complete"}, default="sampling"
        The opponents of a class: ⌊n_max / i⌋ samples of each of the i larger classes, new ones
        among them, or all samples of all other classes.
    {shared}

    Attributes
    ----------
    {shared_attributes}
    points_ : ndarray of shape (n_resampled, d)
        The encoded rows, then the new ones, class by class.
    point_codes_ : ndarray of int, shape (n_resampled,)
        Their class numbers.

    Notes
    -----
    Where the distance from a sample to its nearest opponent is many gammas, the only potential
    that is felt is the sample's own, and the walk is noise.

    References
    ----------
    Krawczyk, Koziarski, Wozniak. Radial-Based Oversampling for Multiclass Imbalanced Data
    Classification. IEEE Transactions on Neural Networks and Learning Systems 31(8), 2020.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae import MCRBO
    >>> X, y = load_iris(return_X_y=True)
    >>> sampler = MCRBO(unit="nn", random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X[:110], y[:110])
    >>> X_new.shape, int(sampler.synthetic_mask_.sum())
    ((150, 4), 40)
    """

    gamma: float | None = None
    step: float | None = None
    n_steps: int = 500
    n_neighbors: int | None = 25
    unit: Unit | None = None
    decomposition: Decomposition = "sampling"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **RowOversampler._parameter_constraints,
        "gamma": [positive(), None],
        "step": [positive(), None],
        "n_steps": [whole(0)],
        "n_neighbors": [whole(1), None],
        "unit": [StrOptions({"absolute", "nn"}), None],
        "decomposition": [StrOptions({"sampling", "complete"})],
    }
    _fitted_arrays: ClassVar[tuple[str, ...]] = ("points_", "point_codes_")

    @property
    def _walk(self) -> RadialWalk:
        unit = self.unit or ("nn" if self._table is None else "absolute")
        gamma = self.gamma or {"absolute": 0.05, "nn": 1.0}[unit]
        return RadialWalk(gamma, self.step or 0.001, self.n_steps, self.n_neighbors, unit)

    def _resample_rows(
        self,
        rows: np.ndarray,
        codes: np.ndarray,
        n_new: np.ndarray,
        rng: np.random.Generator,
        advance: Advance = silent,
    ) -> np.ndarray:
        self.points_, self.point_codes_ = oversample_classes(
            rows, codes, n_new, self._walk, self.decomposition, rng, advance
        )
        return self.points_[len(rows) :]

    def _sample_rows(self, n: int, code: int, rng: np.random.Generator) -> np.ndarray:
        n_original = int(self.class_counts_.sum())
        rivals = opponents(code, self.point_codes_, n_original, self.decomposition, rng)
        own = np.flatnonzero(self.point_codes_[:n_original] == code)
        return oversample_class(self.points_[own], self.points_[rivals], n, self._walk, rng)

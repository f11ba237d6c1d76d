"""AMDO as an over-sampler; what it does is in `osrae.methods.amdo_method`.

References
----------
Yang, Kuang, Zhang, Zhang. AMDO: An Over-Sampling Technique for Multi-Class Imbalanced Problems.
IEEE Transactions on Knowledge and Data Engineering 30(9), 2018.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import StrOptions

from osrae.errors import InputError
from osrae.methods.amdo_method import (
    Contours,
    Simplex,
    choose_seeds,
    count_same_class,
    draw,
    fit_contours,
    hvdm_columns,
    partially_balanced_counts,
)
from osrae.methods.parameters import estimator, positive, whole
from osrae.methods.progress import Advance, silent
from osrae.methods.rows import RowOversampler

__all__ = ["AMDO"]

#: Rows by which a class is learned that gets none when resampling, but may be sampled later.
_ROWS_OF_OTHER_CLASSES = 1000


@estimator
class AMDO(RowOversampler):
    """Over-sampler that draws on the probability contours of each class.

    A new row has the Mahalanobis distance to the class mean of a row of the class, which is drawn
    among those whose neighbours are often of the class, too.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        As everywhere in imbalanced-learn (``"auto"`` balances), or ``"partial"``, the published
        rule: the rarest class grows by its own size until its share is above 2 / (3C - 1).
    min_same_class_neighbors : int, default=5
        K1, the least number of neighbours of its class that a row needs for new ones to be drawn
        on its contour. Classes with fewer than two such rows do with 1, or without.
    n_neighbors : int, default=10
        K2, the neighbours in question.
    simplex : {"uniform", "dirichlet"}, default="uniform"
        How a new row's squared distance is divided among the principal components: by uniform
        numbers, or such that it is uniform on the contour in whitened space.
    n_components : float, default=1.0
        Share of the variance of a class that the principal components in use hold at least. Of
        pictures, 0.95 leaves out much noise.
    {shared}

    Attributes
    ----------
    {shared_attributes}
    seed_indices_ : ndarray of int, shape (n_new,)
        Row of ``X`` on whose contour each new row lies. It belongs to the latest result, and is not
        saved.

    Notes
    -----
    Neighbours are found by HVDM among all rows. In a class of no more rows than columns, all
    contours are one.

    References
    ----------
    Yang, Kuang, Zhang, Zhang. AMDO: An Over-Sampling Technique for Multi-Class Imbalanced
    Problems. IEEE Transactions on Knowledge and Data Engineering 30(9), 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae import AMDO
    >>> X, y = load_iris(return_X_y=True)
    >>> X_new, y_new = AMDO(random_state=0).fit_resample(X[:110], y[:110])
    >>> X_new.shape
    (150, 4)
    """

    min_same_class_neighbors: int = 5
    n_neighbors: int = 10
    simplex: Simplex = "uniform"
    n_components: float = 1.0

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **RowOversampler._parameter_constraints,
        "sampling_strategy": [
            *RowOversampler._parameter_constraints["sampling_strategy"],
            StrOptions({"partial"}),
        ],
        "min_same_class_neighbors": [whole(1)],
        "n_neighbors": [whole(1)],
        "simplex": [StrOptions({"uniform", "dirichlet"})],
        "n_components": [positive("right", 1)],
    }
    #: The contours of all classes, one after another, and whose each is.
    _fitted_arrays = ("_means", "_axes", "_axis_codes", "_radii", "_weights", "_seed_codes")

    def _check(self, X: Any, y: Any) -> tuple[Any, np.ndarray, bool]:
        if self.min_same_class_neighbors > self.n_neighbors:
            raise InputError(
                f"min_same_class_neighbors={self.min_same_class_neighbors} of "
                f"n_neighbors={self.n_neighbors} neighbours can be of one class at no row; lower "
                "the first, or raise the second."
            )
        return super()._check(X, y)

    def _resolve_strategy(
        self, labels: np.ndarray, classes: np.ndarray, codes: np.ndarray
    ) -> dict[Any, int]:
        if self.sampling_strategy != "partial":
            return super()._resolve_strategy(labels, classes, codes)
        counts = np.bincount(codes)
        new = partially_balanced_counts(counts) - counts
        return {classes[code]: int(new[code]) for code in np.flatnonzero(new)}

    def _resample_rows(
        self,
        rows: np.ndarray,
        codes: np.ndarray,
        n_new: np.ndarray,
        rng: np.random.Generator,
        advance: Advance = silent,
    ) -> np.ndarray:
        contours, members = zip(*self._fit_classes(rows, codes, n_new, advance), strict=True)
        self._keep(contours)
        drawn = [self._draw(count, code, rng) for code, count in enumerate(n_new)]
        self.seed_indices_ = np.concatenate(
            [of_class[seeds] for of_class, (_, seeds) in zip(members, drawn, strict=True)]
        )
        return np.concatenate([new for new, _ in drawn])

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        resampled = super()._fit_resample(X, y)
        # Classes have been in the order of their numbers, and get that of the strategy.
        order = np.argsort(np.argsort(self._wanted_codes(), kind="stable"))
        self.seed_indices_ = self.seed_indices_[order]
        return resampled

    def _fit_classes(
        self, rows: np.ndarray, codes: np.ndarray, n_new: np.ndarray, advance: Advance
    ) -> Iterator[tuple[Contours, np.ndarray]]:
        """Find the contours of each class, and the rows that they go through."""
        table = self._table
        n_continuous = rows.shape[1] if table is None else table.n_continuous
        categories = () if table is None else table.categories
        by_class = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
        members = [
            of_class if count else _spread(of_class, _ROWS_OF_OTHER_CLASSES)
            for of_class, count in zip(by_class, n_new, strict=True)
        ]
        columns = hvdm_columns(rows, codes, n_continuous, categories)
        asked = np.concatenate(members)
        n_same = count_same_class(columns, codes, asked, self.n_neighbors, advance)
        stops = np.cumsum([len(of_class) for of_class in members])
        for of_class, same in zip(members, np.split(n_same, stops[:-1]), strict=True):
            seeds, weights = choose_seeds(same, self.min_same_class_neighbors)
            chosen = of_class[seeds]
            yield fit_contours(rows[chosen], weights, n_continuous, self.n_components), chosen

    def _keep(self, contours: Sequence[Contours]) -> None:
        """Set the fitted arrays."""
        codes = np.arange(len(contours))
        self._means = np.stack([c.mean for c in contours])
        self._axes = np.concatenate([c.axes for c in contours])
        self._axis_codes = np.repeat(codes, [len(c.axes) for c in contours])
        self._radii = np.concatenate([c.radii for c in contours])
        self._weights = np.concatenate([c.weights for c in contours])
        self._seed_codes = np.repeat(codes, [len(c.radii) for c in contours])

    def _contours(self, code: int) -> Contours:
        """Return what `_keep` kept of one class."""
        of_axis, of_seed = self._axis_codes == code, self._seed_codes == code
        return Contours(
            self._means[code], self._axes[of_axis], self._radii[of_seed], self._weights[of_seed]
        )

    def _sample_rows(self, n: int, code: int, rng: np.random.Generator) -> np.ndarray:
        return self._draw(n, code, rng)[0]

    def _draw(self, n: int, code: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Make ``n`` rows of a class, and say on which of its contours each lies."""
        contours = self._contours(code)
        seeds = rng.choice(len(contours.weights), size=n, p=contours.weights)
        return draw(contours, seeds, rng, self.simplex), seeds


def _spread(members: np.ndarray, most: int) -> np.ndarray:
    """Return all of them, or ``most`` at even distances."""
    if len(members) <= most:
        return members
    return members[np.linspace(0, len(members) - 1, most).astype(np.int64)]

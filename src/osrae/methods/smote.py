"""imbalanced-learn's SMOTE family, for tables of all types and for pictures.

References
----------
Chawla, Bowyer, Hall, Kegelmeyer. SMOTE: Synthetic Minority Over-sampling Technique. JAIR 16, 2002.
Han, Wang, Mao. Borderline-SMOTE: A New Over-Sampling Method in Imbalanced Data Sets Learning.
ICIC 2005.
Nguyen, Cooper, Kamei. Borderline Over-Sampling for Imbalanced Data Classification. IJKESDP 3,
2011 (SVM-SMOTE).
He, Bai, Garcia, Li. ADASYN: Adaptive Synthetic Sampling Approach for Imbalanced Learning.
IJCNN 2008.
Douzas, Bacao, Last. Improving Imbalanced Learning Through a Heuristic Oversampling Method Based on
K-Means and SMOTE. Information Sciences 465, 2018.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from imblearn.over_sampling import (
    ADASYN,
    SMOTE,
    SVMSMOTE,
    BorderlineSMOTE,
    KMeansSMOTE,
    RandomOverSampler,
)
from sklearn.utils._param_validation import StrOptions

from osrae.errors import DataWarning, InputError
from osrae.methods.base import listed
from osrae.methods.inputs import told_classes
from osrae.methods.parameters import estimator, whole
from osrae.methods.progress import Advance, silent
from osrae.methods.rows import RowOversampler

__all__ = ["VARIANTS", "SMOTEFamily"]

#: imbalanced-learn's over-samplers, and what each calls the number of neighbours.
VARIANTS: Mapping[str, tuple[type, str | None]] = {
    "smote": (SMOTE, "k_neighbors"),
    "borderline": (BorderlineSMOTE, "k_neighbors"),
    "svm": (SVMSMOTE, "k_neighbors"),
    "kmeans": (KMeansSMOTE, "k_neighbors"),
    "adasyn": (ADASYN, "n_neighbors"),
    "random": (RandomOverSampler, None),
}

#: The variants that make as many rows as are asked for.
_EXACT = frozenset({"smote", "random"})

#: Rows that are drawn at a time at least where a variant makes more or fewer.
_ENOUGH = 20

#: Rows, of any class, among which borderline and SVM-SMOTE look for a row's class (their default).
_DANGER_NEIGHBORS = 10


@estimator
class SMOTEFamily(RowOversampler):
    """SMOTE and its relatives of imbalanced-learn, on tables of all types and on pictures.

    New samples lie on the line from a sample to one of its neighbours of the same class.

    Parameters
    ----------
    variant : {"smote", "borderline", "svm", "kmeans", "adasyn", "random"}, default="smote"
        Which samples are interpolated; ``"random"`` repeats samples, in `fit_resample` as they are,
        in `sample` up to single precision.
    n_neighbors : int, default=5
        Neighbours inside the class; in a class of fewer, all of them. A class of one sample is
        repeated.
    {shared}

    Attributes
    ----------
    {shared_attributes}

    Notes
    -----
    imbalanced-learn does the work, class by class, on standardised columns, indicators of
    categories (a new sample has the category of the largest) and flattened pictures.

    `fit_resample` returns what it makes. For ``"smote"`` and ``"random"`` that is what was asked
    for; ``"adasyn"`` and ``"kmeans"`` round shares of it, ``"svm"`` may make half, and
    ``"borderline"`` nothing of a class that has no rows beside others'. A `DataWarning` says where
    numbers differ, and ``sampling_strategy_`` counts what was made. `sample` returns as many as it
    is asked for.

    A variant may find no row of a class to start from, which is an `InputError`.

    References
    ----------
    See the module.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae.methods.smote import SMOTEFamily
    >>> X, y = load_iris(return_X_y=True)
    >>> X_new, y_new = SMOTEFamily(random_state=0).fit_resample(X[:110], y[:110])
    >>> X_new.shape
    (150, 4)
    """

    variant: str = "smote"
    n_neighbors: int = 5

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **RowOversampler._parameter_constraints,
        "variant": [StrOptions(set(VARIANTS))],
        "n_neighbors": [whole(1)],
    }
    _fitted_arrays: ClassVar[tuple[str, ...]] = ("rows_", "codes_")

    @property
    def _within_range(self) -> bool:
        """Only SVM-SMOTE goes beyond all rows; the others do so by rounding errors."""
        return self.variant != "svm"

    def _resample_rows(
        self,
        rows: np.ndarray,
        codes: np.ndarray,
        n_new: np.ndarray,
        rng: np.random.Generator,
        advance: Advance = silent,
    ) -> np.ndarray:
        self.rows_, self.codes_ = rows, codes
        new = []
        for code, n in enumerate(n_new):
            new.append(self._make(int(n), code, rng, n / max(1, n_new.sum())))
            advance((code + 1) / len(n_new))
        asked, made = self.sampling_strategy_, [len(part) for part in new]
        self.sampling_strategy_ = {label: made[self._code_of(label)] for label in asked}
        self._warn_of_differences(asked)
        return np.concatenate(new)

    def _warn_of_differences(self, asked: Mapping[Any, int]) -> None:
        made = self.sampling_strategy_
        different = [
            f"{made[label]} of {n} for the class {label}"
            for label, n in asked.items()
            if made[label] != n
        ]
        if different:
            warnings.warn(
                f"variant={self.variant!r} made another number of rows than was asked for: "
                f"{listed(np.array(different))}. variant='smote' makes exactly as many.",
                DataWarning,
                stacklevel=2,
            )

    def _sample_rows(self, n: int, code: int, rng: np.random.Generator) -> np.ndarray:
        if self.variant in _EXACT:
            return self._make(n, code, rng)
        missing = self.class_counts_.max() - self.class_counts_
        share = missing[code] / missing.sum() if missing[code] else 1.0
        # Variants that share few rows out round some shares to nothing, so ask for enough.
        asked = max(n, _ENOUGH, int((self.codes_ == code).sum()))
        parts: list[np.ndarray] = []
        while sum(map(len, parts)) < n:
            part = self._make(asked, code, rng, share)
            if not len(part):
                raise self._refusal(code, "it finds no row of the class beside other classes")
            parts.append(part)
        return rng.permutation(np.concatenate(parts))[:n]

    def _make(self, n: int, code: int, rng: np.random.Generator, share: float = 1.0) -> np.ndarray:
        """Return what imbalanced-learn makes of one class when asked for ``n`` rows.

        ``share`` is the class's of all new rows, by which k-means SMOTE chooses clusters.
        """
        members = self.rows_[self.codes_ == code]
        if n == 0:
            return members[:0]
        if len(members) == 1:
            return np.repeat(members, n, axis=0)
        kind, neighbours = VARIANTS[self.variant]
        options: dict[str, float] = {}
        if neighbours is not None:
            options[neighbours] = min(self.n_neighbors, len(members) - 1)
        if issubclass(kind, BorderlineSMOTE | SVMSMOTE):
            options["m_neighbors"] = min(_DANGER_NEIGHBORS, len(self.rows_) - 1)
        if kind is KMeansSMOTE:
            options["cluster_balance_threshold"] = share / 2
        told = told_classes(self.classes_)
        sampler = kind(
            sampling_strategy={told[code]: len(members) + n},
            random_state=int(rng.integers(2**31)),
            **options,
        )
        try:
            resampled, _ = sampler.fit_resample(self.rows_, told[self.codes_])
        except (RuntimeError, ValueError) as error:
            raise self._refusal(code, f"{type(sampler).__name__} says: {error}") from error
        return resampled[len(self.rows_) :]

    def _refusal(self, code: int, reason: str) -> InputError:
        label, count = self.classes_[code], self.class_counts_[code]
        return InputError(
            f"variant={self.variant!r} makes no rows of the class {label}, which has {count}: "
            f"{reason.rstrip('.')}. Use variant='smote', which asks nothing of where rows lie."
        )

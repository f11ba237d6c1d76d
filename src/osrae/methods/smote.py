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

from osrae.methods.parameters import estimator, whole
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


@estimator
class SMOTEFamily(RowOversampler):
    """SMOTE and its relatives of imbalanced-learn, on tables of all types and on pictures.

    New samples lie on the line from a sample to one of its neighbours of the same class.

    Parameters
    ----------
    variant : {"smote", "borderline", "svm", "kmeans", "adasyn", "random"}, default="smote"
        Which samples are interpolated; ``"random"`` repeats samples.
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
    categories (a new sample has the category of the largest) and flattened pictures. ADASYN makes
    about as many samples as are asked for; ``sampling_strategy_`` counts what was made.

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

    def _resample_rows(
        self, rows: np.ndarray, codes: np.ndarray, n_new: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        self.rows_, self.codes_ = rows, codes
        new = [self._sample_rows(int(n), code, rng) for code, n in enumerate(n_new)]
        made = [len(part) for part in new]
        self.sampling_strategy_ = {
            label: made[self._code_of(label)] for label in self.sampling_strategy_
        }
        return np.concatenate(new)

    def _sample_rows(self, n: int, code: int, rng: np.random.Generator) -> np.ndarray:
        members = self.rows_[self.codes_ == code]
        if n == 0:
            return members[:0]
        if len(members) == 1:
            return np.repeat(members, n, axis=0)
        kind, neighbours = VARIANTS[self.variant]
        options = (
            {} if neighbours is None else {neighbours: min(self.n_neighbors, len(members) - 1)}
        )
        sampler = kind(
            sampling_strategy={code: len(members) + n},
            random_state=int(rng.integers(2**31)),
            **options,
        )
        resampled, _ = sampler.fit_resample(self.rows_, self.codes_)
        return resampled[len(self.rows_) :]

"""The method as an over-sampler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import StrOptions

from osrae.data.samples import Rows
from osrae.methods.bank import LatentBank
from osrae.methods.parameters import estimator
from osrae.methods.presets import PRESETS_TO_RESAMPLE
from osrae.methods.rae_common import RAEEstimator
from osrae.methods.resampling import DeepOversampler
from osrae.training.splitting import ValidationSplit

__all__ = ["RAEOversampler"]


@estimator
class RAEOversampler(RAEEstimator, DeepOversampler):
    """Over-sampler whose new samples keep their class, for tables and pictures.

    New samples are decoded from convex mixtures of latent vectors of one class. To new rows of
    tables, the default preset adds what the decoder loses of their parents, in the same shares
    (``D(Σ α_j z_j) + Σ α_j (x_j - D(z_j))``, which is not in the paper): what stands behind a
    sampler takes rows that lack the detail of real ones for a class of their own.

    Parameters
    ----------
    preset : {"default", "paper", "reference"}, default="default"
        ``"paper"`` is the text of the paper, ``"reference"`` adds what its authors' code does
        beyond it, ``"default"`` is what was found to work best on validation data. Every
        parameter that follows and is None takes the preset's value.
    {network}
    latent_dim : int or None, default=None
        m, the size of the latent space.
    class_sampling : {"balanced", "instance", "deferred"} or None, default=None
        How often each class is drawn in training: all alike, as often as it occurs, or first
        the latter and later the former.
    augmentation : str or None, default=None
        Policy for pictures, a key of ``osrae.training.augmentation.POLICIES``, or ``"auto"``:
        pictures are moved and in part hidden; those in colour are mirrored, too. The decoder is
        to give back what was there before.
    learning_rate : float or None, default=None
        Of the encoder (and of the other networks unless the preset has a rate for them).
    weight_decay : float or None, default=None
        Of the encoder's AdamW, as torch counts it (multiplied by the learning rate).
    batch_size : int or None, default=None
        Tuples in a batch: t times as many samples.
    max_steps : int or None, default=None
        Length of training in steps; the default preset counts epochs instead.
    {shared}

    Attributes
    ----------
    {shared_attributes}
    parent_indices_ : ndarray of int, shape (n_new, t)
        Rows of ``X`` that each new row was mixed from. As ``mixing_weights_``, it belongs to the
        latest result, and is not saved.
    mixing_weights_ : ndarray of shape (n_new, t)
        The mixing coefficients; none is negative and each row sums to 1.

    See Also
    --------
    RAEClassifier : Classifies without a second training.

    Notes
    -----
    A table is a 2-D array, a scipy sparse matrix, a list of rows, or a pandas or polars data
    frame; columns may be numbers, booleans, categories or text, and may have missing values.
    Pictures are arrays or torch tensors of shape (n, h, w) or (n, h, w, c), with h, w ≥ 8 and c
    one of 1, 3, 4, as uint8 (0 to 255) or float (0 to 1).

    What is saved or pickled lets up to 1000 training rows of each class be reconstructed; those of
    tables exactly, under the default preset.

    References
    ----------
    Mondal, Singhal, Tiwary, Singla, Prathosh. Minority Oversampling for Imbalanced Data via
    Class-Preserving Regularized Auto-Encoders. AISTATS 2023.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae import RAEOversampler
    >>> X, y = load_iris(return_X_y=True)
    >>> sampler = RAEOversampler(max_steps=200, random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X[:110], y[:110])
    >>> X_new.shape, int(sampler.synthetic_mask_.sum())
    ((150, 4), 40)
    """

    validation_fraction: float = 0.0

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **RAEEstimator._parameter_constraints,
        **DeepOversampler._parameter_constraints,
        "preset": [StrOptions(set(PRESETS_TO_RESAMPLE))],
    }
    _presets = PRESETS_TO_RESAMPLE

    def _learn(self, X: Any, classes: np.ndarray, codes: np.ndarray) -> None:
        super()._learn(X, classes, codes)
        origins = sum(self.sampling_strategy_.values()), self.method_.tuple_size
        self.parent_indices_ = np.empty(origins, dtype=np.int64)
        self.mixing_weights_ = np.empty(origins, dtype=np.float32)

    def _after_training(self, x: Rows, codes: np.ndarray, split: ValidationSplit) -> None:
        rarer = {self._code_of(label) for label, new in self.sampling_strategy_.items() if new}
        self._all_parents = LatentBank.build(self.method_, x, codes, whole=rarer)
        self.bank_ = self._all_parents.trimmed()

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        try:
            return super()._fit_resample(X, y)
        finally:
            # `sample` mixes what a file holds, too, so that a loaded model makes the same samples.
            self.__dict__.pop("_all_parents", None)

    def _rows_to_append(self, wanted: np.ndarray) -> Iterator[np.ndarray]:
        """Make new rows, and write down where each comes from."""
        start = 0
        for rows, parents, weights in self._all_parents.decoded(self.method_, wanted, self.seed_):
            block = slice(start, start + len(rows))
            self.parent_indices_[block], self.mixing_weights_[block] = parents, weights
            start = block.stop
            yield rows

"""The method as a classifier."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils._param_validation import StrOptions
from torch import Tensor

from osrae.data.labels import label_array
from osrae.data.samples import Rows, Samples
from osrae.errors import InputError
from osrae.methods.bank import LatentBank, decode_samples
from osrae.methods.embedding import EmbeddingClassifier, encode_samples
from osrae.methods.parameters import estimator, whole
from osrae.methods.rae_common import RAEEstimator
from osrae.training.splitting import ValidationSplit

__all__ = ["RAEClassifier"]


@estimator
class RAEClassifier(EmbeddingClassifier, RAEEstimator):
    """Classifier that holds its recall on rare classes.

    An auto-encoder learns a latent space in which a linear classifier separates the classes, and
    convex mixtures of latent vectors of one class are trained on as members of that class.

    Parameters
    ----------
    preset : {"default", "strong", "paper", "reference"}, default="default"
        ``"paper"`` is the text of the paper, ``"reference"`` adds what its authors' code does
        beyond it, ``"default"`` is what was found to work best on validation data within a quarter
        of an hour of two cores, and ``"strong"`` within three hours: for pictures a larger encoder
        and a longer run, for tables the same. Every parameter that follows and is None takes the
        preset's value.
    {network}
    ensemble_size : int or None, default=None
        Encoders side by side. Each has a part of the latent space, holds back other rows, and
        classifies alone while it is trained; together they classify by the mean of their logits.
    latent_dim : int or None, default=None
        The size of the latent space; of each encoder's part.
    mixup : {"none", "mixup", "cutmix"} or None, default=None
        How samples of different classes are mixed, too, in the steps that train encoder and
        classifier alone: not at all, as weighted sums, or by putting a piece of one picture into
        another (in half of the batches). For pictures under the presets default and strong; the
        others have no such steps.
    class_sampling : {"balanced", "instance", "deferred"} or None, default=None
        How often each class is drawn in training: all alike, as often as it occurs, or first
        the latter and later the former. However it is, predictions are for ``priors``.
    oversampling : bool, default=True
        Whether to mix, and to draw classes other than as they occur (a switch of Table 4).
        False trains the same network plainly, with nothing mixed: the baseline.
    decoder : bool, default=True
        Whether decoder and critic are trained (a switch of Table 4). Without them there is
        no `sample` and no `inverse_transform`.
    augmentation : str or None, default=None
        Policy for pictures, a key of ``osrae.training.augmentation.POLICIES``, or ``"auto"``:
        pictures are moved and in part hidden; those in colour are mirrored, too.
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
    coef_ : ndarray of shape (C, m)
        The linear classifier on latent vectors; m is ``ensemble_size · latent_dim``.
    intercept_ : ndarray of shape (C,)
        Its intercepts, under the stated priors.

    See Also
    --------
    RAEOversampler : Writes new samples instead, for any classifier.

    Notes
    -----
    A table is a 2-D array, a scipy sparse matrix, a list of rows, or a pandas or polars data
    frame; columns may be numbers, booleans, categories or text, and may have missing values.
    Pictures are arrays or torch tensors of shape (n, h, w) or (n, h, w, c), with h, w ≥ 8 and c
    one of 1, 3, 4, as uint8 (0 to 255) or float (0 to 1).

    References
    ----------
    Mondal, Singhal, Tiwary, Singla, Prathosh. Minority Oversampling for Imbalanced Data via
    Class-Preserving Regularized Auto-Encoders. AISTATS 2023.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae import RAEClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = RAEClassifier(max_steps=200, random_state=0).fit(X[:110], y[:110])
    >>> model.predict_proba(X[:2]).shape
    (2, 3)
    """

    oversampling: bool = True
    decoder: bool = True
    mixup: str | None = None
    ensemble_size: int | None = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **RAEEstimator._parameter_constraints,
        **EmbeddingClassifier._parameter_constraints,
        "oversampling": ["boolean"],
        "decoder": ["boolean"],
        "ensemble_size": [whole(1), None],
        "mixup": [StrOptions({"none", "mixup", "cutmix"}), None],
    }

    def _after_training(self, x: Rows, codes: np.ndarray, split: ValidationSplit) -> None:
        super()._after_training(x, codes, split)
        method = self.method_
        self.bank_ = bank = LatentBank.build(method, x, codes, split.train)
        if method.mirrors:
            bank.embedded = encode_samples(method, Samples(x, bank.rows), method.embed)

    def inverse_transform(self, Z: Any, y: Any = None) -> Any:
        """Decode latent vectors into samples.

        Where pictures are classified with their mirror images, what `transform` returns is between
        the two, and so is what comes back.

        Parameters
        ----------
        Z : array-like of shape (n, m)
        y : array-like of shape (n,) or None
            Classes that the decoder is told; None takes the linear classifier's.

        Returns
        -------
        X : same container as the training data

        Raises
        ------
        InputError
            If ``Z`` holds no latent vectors, ``y`` is not as long or names other classes, or the
            model has no decoder.
        """
        self._check_fitted()
        self._check_generates()
        z = self._latent_vectors(Z)
        codes = self._classes_of(z) if y is None else self._codes_of(y, len(z))
        return self.codec_.decode(decode_samples(self.method_, z, codes).numpy())

    def _latent_vectors(self, Z: Any) -> Tensor:
        """Return latent vectors ``(n, m)`` of the user's on the host, checked."""
        with np.errstate(over="ignore"):  # what overflows is refused below
            z = torch.as_tensor(np.asarray(Z, dtype=np.float32))
        if z.ndim != 2 or z.shape[1] != self.method_.latent_dim:
            raise InputError(
                f"Z has shape {tuple(z.shape)}; latent vectors are (n, {self.method_.latent_dim})."
            )
        if not z.isfinite().all():
            raise InputError(
                "Z holds values that are missing, or infinite in float32; give finite numbers, as "
                "transform returns them."
            )
        return z

    def _classes_of(self, z: Tensor) -> Tensor:
        """Return the class number of each latent vector, (n,), by the linear classifier."""
        with torch.inference_mode():
            return self.method_.classify(z.to(self.method_.device)).argmax(1).cpu()

    def _codes_of(self, y: Any, n: int) -> Tensor:
        """Return the class number of each of ``n`` labels."""
        labels = label_array(y)
        if len(labels) != n:
            raise InputError(
                f"y holds {len(labels)} labels, and Z {n} latent vectors; give one label for each."
            )
        return torch.tensor([self._code_of(label) for label in labels], dtype=torch.int64)

    @property
    def coef_(self) -> np.ndarray:
        """Weights of the linear classifier on latent vectors, of shape (C, m).

        With `intercept_` they are what predicts: ``transform(X) @ coef_.T + intercept_`` are the
        scores behind `predict`, under the stated priors.
        """
        return self._linear()[0]

    @property
    def intercept_(self) -> np.ndarray:
        """Intercepts of the linear classifier, of shape (C,), see `coef_`."""
        return self._linear()[1]

    def _linear(self) -> tuple[np.ndarray, np.ndarray]:
        self._check_fitted()
        m = self.method_.latent_dim
        points = torch.cat([torch.zeros(1, m), torch.eye(m)])
        with torch.inference_mode():
            logits = self.method_.classify(points.to(self.method_.device)).double().cpu().numpy()
        scores = self._stated(logits)
        return (scores[1:] - scores[0]).T, scores[0]

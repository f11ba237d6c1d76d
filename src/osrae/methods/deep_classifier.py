"""The plain classifier: one network, trained on the samples there are.

What every over-sampling method has to beat: the encoder that it has itself, a linear head, and
one of the losses, ways of sampling or mixtures that were published for data with rare classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import StrOptions

from osrae.data.description import DataDescription
from osrae.methods.classifying import ClassifyingEstimator
from osrae.methods.embedding import EmbeddingClassifier
from osrae.methods.losses import LOSSES
from osrae.methods.parameters import estimator, positive, whole
from osrae.methods.plain_method import SAMPLING, PlainClassifier
from osrae.methods.plain_settings import PRESETS, PlainSettings
from osrae.methods.settings import resolve_encoder_settings

__all__ = ["DeepClassifier"]


@estimator
class DeepClassifier(EmbeddingClassifier):
    """Plain network with the losses, sampling and mixtures of the literature on rare classes.

    Parameters
    ----------
    loss : str, default="cross_entropy"
        ``"cross_entropy"``; ``"weighted"``, with class weights n / (C n_c); ``"focal"`` (γ = 2);
        ``"class_balanced"``, weighted by effective numbers of samples (β = 0.9999); ``"ldam"``,
        margins that are larger for rarer classes on normalised features, and weights by effective
        numbers in the last fifth of the run (LDAM-DRW); ``"logit_adjustment"`` (τ = 1);
        ``"balanced_softmax"``, which is the same loss by other authors.
    sampling : {"instance", "balanced", "square_root", "deferred"}, default="instance"
        Classes are drawn as often as they occur, all alike, by the square root of their counts,
        or all alike in the last fifth of the run only.
    mixup : {"mixup", "remix", "cutmix"} or None, default=None
        Train on mixtures of two samples, whose labels are mixed in the same shares, or in favour
        of a class that is at least 3 times rarer; or (pictures) on pictures in which a rectangle
        is of another one.
    mixup_alpha : float, default=1.0
        The shares are Beta(α, α) distributed.
    preset : {"default", "strong", "two-stage"}, default="default"
        ``"default"`` and, for pictures, ``"strong"`` have the encoder (for tables the one of Table
        18) and the length of run of `RAEClassifier`'s presets of these names. ``"two-stage"`` is
        the classifier that published over-sampling methods are judged by: ResNet-18 (for tables
        the network of Table 18), 50 epochs, nothing else; with ``validation_fraction=0`` for its
        last weights. Every parameter that follows and is None takes the preset's value.
    {network}
    latent_dim : int or None, default=None
        m, the size of the latent vectors, which the linear head sees.
    augmentation : str or None, default=None
        Policy for pictures, a key of ``osrae.training.augmentation.POLICIES``, or ``"auto"``:
        pictures are moved and in part hidden; those in colour are mirrored, too.
    weight_decay : float or None, default=None
        Of AdamW, as torch counts it (multiplied by the learning rate).
    priors : {"learned", "balanced", "train"} or array-like of shape (C,), default="learned"
        The class frequencies that predictions are for. ``"learned"`` takes the network's own
        scores, as the articles do; the others correct these, by Bayes' rule, for the frequencies
        that training implied: for the cross-entropy those of the data, for balanced sampling,
        class weights n / (C n_c) and adjusted logits all alike. The focal loss, LDAM's margins and
        mixtures change scores in ways that are not corrected for. Read at prediction, so it may be
        changed after `fit`. Which weights are kept is decided by predictions for equally common
        classes, whatever is stated; ``temperature_`` is for the network's own scores where `fit`
        finds ``"learned"``.
    {shared}

    Attributes
    ----------
    {shared_attributes}

    See Also
    --------
    RAEClassifier : Trains on mixtures of latent vectors of one class, too.

    Notes
    -----
    Tables, pictures and labels may come in every form that `RAEClassifier` takes.

    References
    ----------
    See `osrae.methods.losses`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae.methods.deep_classifier import DeepClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DeepClassifier(loss="logit_adjustment", max_steps=100, random_state=0)
    >>> model.fit(X[:110], y[:110]).predict_proba(X[:2]).shape
    (2, 3)
    """

    loss: str = "cross_entropy"
    sampling: str = "instance"
    mixup: str | None = None
    mixup_alpha: float = 1.0
    preset: str = "default"
    encoder: str | None = None
    latent_dim: int | None = None
    weight_averaging: float | None = None
    augmentation: str | None = None
    weight_decay: float | None = None
    priors: str | Sequence[float] = "learned"

    _method = PlainClassifier
    _presets = PRESETS
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ClassifyingEstimator._parameter_constraints,
        "loss": [StrOptions(set(LOSSES))],
        "sampling": [StrOptions(set(SAMPLING))],
        "mixup": [StrOptions({"mixup", "remix", "cutmix"}), None],
        "mixup_alpha": [positive()],
        "preset": [StrOptions(set(PRESETS))],
        "encoder": [str, None],
        "latent_dim": [whole(1), None],
        "weight_averaging": [positive("left", 1), None],
        "augmentation": [str, None],
        "weight_decay": [positive("left"), None],
        "priors": [StrOptions({"learned", "balanced", "train"}), "array-like"],
    }

    def _settings(self, description: DataDescription) -> PlainSettings:
        overrides = self._overrides()
        return resolve_encoder_settings(self._presets, self.preset, description, overrides)

    def _check_priors(self, counts: np.ndarray) -> None:
        if not self._keeps_own_scores():
            super()._check_priors(counts)

    @property
    def _trained(self) -> PlainClassifier:
        assert isinstance(self.method_, PlainClassifier)
        return self.method_

    def _calibrated_priors(self) -> np.ndarray:
        own = self._keeps_own_scores()
        return self._trained.learned_priors().numpy() if own else super()._calibrated_priors()

    def _keeps_own_scores(self) -> bool:
        return isinstance(self.priors, str) and self.priors == "learned"

    def _stated(self, logits: np.ndarray) -> np.ndarray:
        if not self._keeps_own_scores():
            return super()._stated(logits)
        # All of the own logits is divided: the class that they favour stays the same.
        return (logits + self._trained.learned_priors().log().numpy()) / self.temperature_
